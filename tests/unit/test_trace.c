/* trace: the choice of a call's mail, the lives of a queue id, what leads to what, and the order of
 * calls and mails. */
#include "support.h"
#include "trace/trace_order.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND TRACE_SECOND
#define T (INT64_C(1795304938) * SECOND)
#define ID "01M8086PR6M6C877MN049VXVYH"
#define OTHER "01M8086PS0H907Z4CE7T2CWVN1"

static struct trace_table *table;
static struct trace_wanted wanted;
static struct trace_choice choice;
static char user[] = "web274", msgid[] = "<own@x>";

static void begin(void)
{
    table = trace_table_new();
    wanted = (struct trace_wanted){.record = true,
                                   .id = ID,
                                   .time = T,
                                   .within = 60 * SECOND,
                                   .uid = 4079,
                                   .pid = 512,
                                   .user = user,
                                   .summary = true};
}

static void end(void)
{
    trace_table_free(table);
}

static struct mail_event event(enum mail_kind kind, const char *id, double seconds)
{
    return (struct mail_event){.kind = kind,
                               .mta = "postfix",
                               .queue_id = id,
                               .time = T + (int64_t)(seconds * 1e6),
                               .uid = -1,
                               .pid = -1,
                               .size = -1,
                               .nrcpt = -1};
}

static void say(const struct mail_event *e)
{
    trace_join_event(table, &wanted, e);
}

static void submit(const char *id, double seconds, long long uid)
{
    struct mail_event e = event(MAIL_SUBMITTED, id, seconds);

    e.uid = uid;
    say(&e);
}

static void message_id(const char *id, double seconds, const char *text)
{
    struct mail_event e = event(MAIL_MSGID, id, seconds);

    e.msgid = text;
    say(&e);
}

static void header(const char *id, double seconds, const char *trace)
{
    struct mail_event e = event(MAIL_TRACE, id, seconds);

    e.trace = trace;
    say(&e);
}

static void deliver(const char *id, double seconds, const char *rcpt, enum mail_outcome outcome)
{
    struct mail_event e = event(MAIL_RECIPIENT, id, seconds);

    e.rcpt = rcpt;
    e.outcome = outcome;
    say(&e);
}

static void removed(const char *id, double seconds)
{
    struct mail_event e = event(MAIL_REMOVED, id, seconds);

    say(&e);
}

static void choose(void)
{
    trace_join_choose(table, &wanted, &choice);
}

static void want(enum trace_sure sure, size_t count, const char *first)
{
    choose();
    ck_assert_int_eq(choice.sure, sure);
    ck_assert_uint_eq(choice.count, count);
    if (count > 0) {
        ck_assert_str_eq(choice.item[0]->id, first);
    }
}

START_TEST(by_time)
{
    submit("BEFORE1", -3, 4079);
    submit("OURS11", 0.1, 4079);
    submit("THEIRS", 0.2, 4080);
    submit("LATE11", 61, 4079);
    want(TRACE_SURE_TIME, 1, "OURS11");
    submit("SECOND", 5, 4079);
    want(TRACE_SURE_ONE_OF, 2, "OURS11");
}
END_TEST

START_TEST(by_message_id)
{
    wanted.msgid = msgid;
    submit("THEIRS", 0.1, 4080);
    message_id("THEIRS", 0.1, "<own@x>");
    submit("WRONG1", 0.2, 4079);
    message_id("WRONG1", 0.2, "<other@x>");
    submit("OURS11", 0.3, 4079);
    message_id("OURS11", 0.3, "<own@x>");
    want(TRACE_SURE_MSGID, 1, "OURS11");
    /* THEIRS is looked at in the next pass, since its first line had gone by */
    ck_assert(table->dirty);
    trace_table_again(table);
    submit("THEIRS", 0.1, 4080);
    message_id("THEIRS", 0.1, "<own@x>");
    choose();
    ck_assert_uint_eq(choice.strangers, 1);
    ck_assert_int_eq(choice.stranger, 4080);
}
END_TEST

START_TEST(message_id_alone_is_nothing)
{
    wanted.msgid = msgid;
    for (int pass = 0; pass < 2; pass++) {
        trace_table_again(table);
        submit("THEIRS", 0.1, 4080);
        message_id("THEIRS", 0.1, "<own@x>");
    }
    want(TRACE_SURE_NOTHING, 0, NULL);
}
END_TEST

START_TEST(given_message_id_is_not_ours_without_one)
{
    submit("GIVEN1", 0.1, 4079);
    message_id("GIVEN1", 0.1, "<given@x>");
    submit("MADE11", 0.2, 4079);
    message_id("MADE11", 0.2, "<2026.MADE11@mail>");
    want(TRACE_SURE_TIME, 1, "MADE11");
}
END_TEST

START_TEST(by_header)
{
    for (int pass = 0; pass < 2; pass++) {
        trace_table_again(table);
        submit("FIRST1", 0.1, 4079);
        header("FIRST1", 0.1, OTHER);
        header("FIRST1", 0.1, ID); /* a copy below another call's header */
        submit("OURS11", 0.2, 4079);
        header("OURS11", 0.2, ID);
        submit("REPLAY", 9, 4080);
        header("REPLAY", 9, ID);
        submit("AGAIN1", 90, 4079);
        header("AGAIN1", 90, ID);
    }
    want(TRACE_SURE_HEADER, 1, "OURS11");
    ck_assert_uint_eq(choice.strangers, 1);
    ck_assert_uint_eq(choice.replayed, 1);
}
END_TEST

START_TEST(header_without_a_record_is_a_claim)
{
    wanted = (struct trace_wanted){.id = ID};
    submit("CLAIM1", 0.1, 4080);
    header("CLAIM1", 0.1, ID);
    want(TRACE_SURE_CLAIM, 1, "CLAIM1");
}
END_TEST

START_TEST(by_process)
{
    struct mail_event e = event(MAIL_SUBMITTED, "1xUuph-0000JQ-1a", 3600);

    e.mta = "exim";
    e.user = "web274";
    e.pid = 512;
    say(&e);
    want(TRACE_SURE_PID, 1, "1xUuph-0000JQ-1a");
    e.queue_id = "1xUuph-0000JQ-2b";
    e.user = "web275";
    e.time = T + SECOND;
    say(&e);
    want(TRACE_SURE_PID, 1, "1xUuph-0000JQ-1a");
}
END_TEST

START_TEST(postfix_pid_is_pickups)
{
    struct mail_event e = event(MAIL_SUBMITTED, "OURS11", 3600);

    e.uid = 4079;
    e.pid = 512;
    say(&e);
    want(TRACE_SURE_NOTHING, 0, NULL);
}
END_TEST

START_TEST(lives)
{
    trace_table_add(table, "REUSED", T, TRACE_CANDIDATE, "");
    submit("REUSED", -100, 4080);
    deliver("REUSED", -99, "old@x", MAIL_SENT);
    removed("REUSED", -98);
    submit("REUSED", 0, 4079);
    deliver("REUSED", 1, "a@x", MAIL_DEFERRED);
    deliver("REUSED", 2, "a@x", MAIL_SENT);
    removed("REUSED", 3);
    submit("REUSED", 4, 4080); /* forged, or of a later one */
    deliver("REUSED", 5, "new@x", MAIL_BOUNCED);
    ck_assert_int_eq(table->item[0]->mail->uid, 4079);
    ck_assert_uint_eq(table->item[0]->mail->rcpt_count, 1);
    ck_assert_str_eq(table->item[0]->mail->rcpts[0]->rcpt, "a@x");
    ck_assert_uint_eq(table->item[0]->mail->rcpts[0]->tries, 2);
    ck_assert_uint_eq(table->item[0]->mail->counts[MAIL_SENT], 1);
    ck_assert_uint_eq(table->item[0]->mail->counts[MAIL_DEFERRED], 0);
}
END_TEST

START_TEST(contradiction)
{
    submit("OURS11", 0.1, 4079);
    submit("OURS11", 0.2, 4080);
    ck_assert_int_eq(table->item[0]->mail->uid, 4079);
    ck_assert_int_eq(table->item[0]->mail->other_uid, 4080);
}
END_TEST

START_TEST(expiry_is_of_those_who_wait)
{
    struct mail_event e = event(MAIL_RECIPIENT, "OURS11", 9);

    submit("OURS11", 0.1, 4079);
    deliver("OURS11", 1, "a@x", MAIL_SENT);
    deliver("OURS11", 1, "b@x", MAIL_DEFERRED);
    e.outcome = MAIL_EXPIRED;
    say(&e);
    ck_assert_int_eq(table->item[0]->mail->rcpts[0]->outcome, MAIL_SENT);
    ck_assert_int_eq(table->item[0]->mail->rcpts[1]->outcome, MAIL_EXPIRED);
}
END_TEST

START_TEST(hops)
{
    struct mail_event e = event(MAIL_RECIPIENT, "FIRST1", 2);

    e.rcpt = "a@x";
    e.next_id = "SECOND";
    e.next_local = true;
    submit("FIRST1", 0.1, 4079);
    deliver("SECOND", 1, "a@x", MAIL_SENT); /* logged before the first says where it went */
    say(&e);
    ck_assert(table->dirty);
    ck_assert_uint_eq(table->count, 2);
    trace_table_again(table);
    submit("FIRST1", 0.1, 4079);
    deliver("SECOND", 1, "a@x", MAIL_SENT);
    say(&e);
    ck_assert(!table->dirty);
    ck_assert_str_eq(table->item[1]->from, "FIRST1");
    ck_assert_uint_eq(table->item[1]->mail->counts[MAIL_SENT], 1);
    want(TRACE_SURE_TIME, 1, "FIRST1");
    e.next_local = false; /* another server's id is not ours */
    e.next_id = "FAROFF";
    say(&e);
    ck_assert_uint_eq(table->count, 2);
}
END_TEST

START_TEST(bounded)
{
    char id[16];

    for (int i = 0; i < 3 * TRACE_MAILS; i++) {
        (void)snprintf(id, sizeof id, "ID%08d", i);
        trace_table_add(table, id, T, TRACE_HOP, "X");
    }
    ck_assert_uint_eq(table->count, TRACE_MAILS);
    ck_assert_uint_eq(table->lost, 2 * TRACE_MAILS);
}
END_TEST

/* Calls are numbers, ours 0; mails are letters; in order of time, a tenth of a second apart. */
static const struct {
    const char *moments, *want; /* want: the candidates left; ours comes at "0" */
    bool one_of;
} orders[] = {
    {"0a", "a", false},     {"0a1b", "a", false},
    {"1a0b", "b", false},   {"01ab", "ab", true},
    {"10ab", "ab", true},   {"1a0b2c", "b", false},
    {"0a12bc", "a", false}, {"120abc3d", "abc", true},
    {"0ab", "ab", true},    /* b has no call */ {"01a", "a", true},
    {"0a1bc", "abc", true},
};

START_TEST(order)
{
    struct trace_order o = {0};
    char left[16] = "", id[] = "MAIL-x";
    size_t n = strlen(orders[_i].moments);

    o.moment = calloc(n, sizeof *o.moment);
    ck_assert_ptr_nonnull(o.moment);
    for (size_t i = 0; i < n; i++) {
        char c = orders[_i].moments[i];
        double at =
            ((double)i - (double)(strchr(orders[_i].moments, '0') - orders[_i].moments)) / 10;

        o.moment[o.count].time = T + (int64_t)(at * 1e6) + 1;
        o.moment[o.count].call = c <= '9';
        o.moment[o.count].wanted = c == '0';
        id[5] = c;
        memcpy(o.moment[o.count++].id, id, sizeof id);
        if (c > '9') {
            submit(id, at + 1e-6, 4079);
        }
    }
    choose();
    trace_order_narrow(&o, &wanted, &choice);
    for (size_t i = 0; i < choice.count; i++) {
        left[i] = choice.item[i]->id[5];
    }
    ck_assert_str_eq(left, orders[_i].want);
    ck_assert_int_eq(choice.sure, orders[_i].one_of ? TRACE_SURE_ONE_OF : TRACE_SURE_TIME);
    free(o.moment);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace");
    TCase *tc = tcase_create("trace");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, by_time);
    tcase_add_test(tc, by_message_id);
    tcase_add_test(tc, message_id_alone_is_nothing);
    tcase_add_test(tc, given_message_id_is_not_ours_without_one);
    tcase_add_test(tc, by_header);
    tcase_add_test(tc, header_without_a_record_is_a_claim);
    tcase_add_test(tc, by_process);
    tcase_add_test(tc, postfix_pid_is_pickups);
    tcase_add_test(tc, lives);
    tcase_add_test(tc, contradiction);
    tcase_add_test(tc, expiry_is_of_those_who_wait);
    tcase_add_test(tc, hops);
    tcase_add_test(tc, bounded);
    tcase_add_loop_test(tc, order, 0, sizeof orders / sizeof orders[0]);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
