/* commandline: what an admin pastes is what was asked for, or nothing. */
#include "admin/queue/commandline.h"

#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(text) text, sizeof text

static const struct {
    const char *what, *words;
    size_t len;
    const char *want; /* NULL: none */
} rows[] = {
    {"plain words",
     WORDS("/usr/sbin/mailorigin\0hold\0--uid\0"
           "4079"),
     "mailorigin hold --yes --uid 4079"},
    {"a blank, a star and a dollar sign in quotes", WORDS("m\0drop\0--dir=/a b/$(id)/*"),
     "mailorigin drop --yes '--dir=/a b/$(id)/*'"},
    {"an empty word", WORDS("m\0drop\0--sender\0"), "mailorigin drop --yes --sender ''"},
    {"UTF-8", WORDS("m\0drop\0--dir\0/\xc3\xa4"), "mailorigin drop --yes --dir '/\xc3\xa4'"},
    {"a quote: never without that word", WORDS("m\0drop\0--uid=1\0--sender=o'brien@a.test"), NULL},
    {"a double quote is printed otherwise", WORDS("m\0drop\0--from=\"x\""), NULL},
    {"a backslash is printed otherwise", WORDS("m\0drop\0--dir=/a\\b"), NULL},
    {"a control byte is printed otherwise", WORDS("m\0drop\0--dir=/a\033[2J"), NULL},
    {"no command", WORDS("m"), NULL},
    {"not the whole of it", "m\0drop\0--uid", 12, NULL},
    {"nothing", "", 0, NULL},
};

START_TEST(is_as_asked)
{
    char text[64];
    bool good = commandline_with(rows[_i].words, rows[_i].len, "--yes", text, sizeof text);

    ck_assert_msg(good == (rows[_i].want != NULL), "%s", rows[_i].what);
    if (good) {
        ck_assert_str_eq(text, rows[_i].want);
    }
}
END_TEST

START_TEST(leaves_nothing_out_for_want_of_room)
{
    char text[64];

    for (size_t cap = 12; cap < sizeof text; cap++) {
        bool good = commandline_with(WORDS("m\0drop\0--uid=1\0--state=held"), "--yes", text, cap);

        ck_assert(!good || strcmp(text, "mailorigin drop --yes --uid=1 --state=held") == 0);
    }
    ck_assert(
        commandline_with(WORDS("m\0drop\0--uid=1\0--state=held"), "--yes", text, sizeof text));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("commandline");
    Suite *suite = suite_create("commandline");

    tcase_add_loop_test(cases, is_as_asked, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(cases, leaves_nothing_out_for_want_of_room);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
