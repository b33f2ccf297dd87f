/* repeats: a record that was delivered twice, what looks like it and is none, and the bound of what
 * is remembered. */
#include "records/repeats.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static bool seen(struct repeats *repeats, const char *host, unsigned number, size_t more)
{
    char id[32];
    struct record_line line = {.time = 1000000 + number, .have = UINT64_C(1) << RECORD_ID};

    (void)snprintf(id, sizeof id, "01KAMX3F8Q7ZV2N5T0%08u", number);
    line.host = (struct slice){.ptr = host, .len = strlen(host)};
    line.line.len = 300 + more;
    line.value[RECORD_ID] = (struct slice){.ptr = id, .len = strlen(id)};
    return repeats_seen(repeats, &line);
}

START_TEST(knows_what_came_before)
{
    struct repeats *repeats = repeats_new();

    ck_assert(!seen(repeats, "web1", 1, 0));
    ck_assert(seen(repeats, "web1", 1, 0));
    ck_assert(!seen(repeats, "web1", 1, 20)); /* a correction is longer */
    ck_assert(!seen(repeats, "web1", 2, 0));
    ck_assert(!seen(repeats, "web2", 1, 0)); /* another server's */
    repeats_free(repeats);
    repeats_free(NULL);
}
END_TEST

START_TEST(remembers_the_last_of_each_server)
{
    struct repeats *repeats = repeats_new();

    ck_assert(!seen(repeats, "quiet", 7, 0));
    for (unsigned i = 0; i < 10 * REPEATS_WINDOW; i++) {
        ck_assert(!seen(repeats, "web1", i, 0));
        ck_assert(seen(repeats, "web1", i < REPEATS_WINDOW ? 0 : i - REPEATS_WINDOW + 1, 0));
    }
    ck_assert(!seen(repeats, "web1", 0, 0)); /* long ago: memory has an end */
    ck_assert(seen(repeats, "quiet", 7, 0));
    repeats_free(repeats);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("repeats");
    TCase *tc = tcase_create("repeats");

    tcase_add_test(tc, knows_what_came_before);
    tcase_add_test(tc, remembers_the_last_of_each_server);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return support_run(suite());
}
