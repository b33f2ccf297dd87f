/* verdict: what mail servers change on the way is no difference, and what a replay cannot copy is
 * one. */
#include "admin/show/verdict.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT INT64_C(1795278031123456) /* 2026-11-21T16:20:31.123456Z */
#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define FRONT                                                                \
    "2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[12345]: "        \
    "id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ mode=submit uid=4079 gid=4079 pid=12345 " \
    "cwd=/var/www/web274/htdocs cwd_uid=4079 "
#define BACK " mta=postfix action=deliver"

static const struct {
    const char *what, *record; /* the record's claims */
    const char *from, *subject, *msgid;
    enum verdict_kind kind;
    unsigned differs;
} texts[] = {
    {"all the same", "from=a@b subject=Hi msgid=\"<1@b>\"", "a@b", "Hi", "<1@b>", VERDICT_MATCHES,
     0},
    {"nothing to compare", "from=a@b subject=Hi", NULL, NULL, NULL, VERDICT_UNCOMPARED, 0},
    {"the record has nothing", "rcpts=1", "a@b", "Hi", "<1@b>", VERDICT_UNCOMPARED, 0},
    {"another subject", "from=a@b subject=Hi", "a@b", "Ho", NULL, VERDICT_DIFFERS,
     1U << VERDICT_SUBJECT},
    {"another from", "from=a@b subject=Hi", "c@b", "Hi", NULL, VERDICT_DIFFERS, 1U << VERDICT_FROM},
    {"another Message-ID", "msgid=\"<1@b>\"", NULL, NULL, "<2@b>", VERDICT_DIFFERS,
     1U << VERDICT_MSGID},
    {"a Message-ID that goes on", "msgid=\"<1@b>\"", NULL, NULL, "<1@b>x", VERDICT_DIFFERS,
     1U << VERDICT_MSGID},
    {"everything differs", "from=a@b subject=Hi msgid=\"<1@b>\"", "x@y", "no", "<2>",
     VERDICT_DIFFERS, 1U << VERDICT_FROM | 1U << VERDICT_SUBJECT | 1U << VERDICT_MSGID},
    {"folded otherwise", "subject=\"Good  day  to you\"", NULL, "Good\tday to you", NULL,
     VERDICT_MATCHES, 0},
    {"\\t is a tab", "subject=\"Good\\tday\"", NULL, "Good day", NULL, VERDICT_MATCHES, 0},
    {"encoded on the way", "subject=\"Grüße aus Köln\"", NULL,
     "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IGF1cyBLw7Zsbg==?=", NULL, VERDICT_MATCHES, 0},
    {"encoded otherwise", "subject=\"=?UTF-8?B?R3LDvMOfZQ==?=\"", NULL,
     "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", NULL, VERDICT_MATCHES, 0},
    {"a spam filter's mark", "subject=Hi", NULL, "[SPAM] ***JUNK*** Hi", NULL, VERDICT_MATCHES, 0},
    {"a mark of the caller's own", "subject=\"[x] Hi\"", NULL, "[x] Hi", NULL, VERDICT_MATCHES, 0},
    {"a mark that is none", "subject=Hi", NULL, "[SPAM Hi", NULL, VERDICT_DIFFERS,
     1U << VERDICT_SUBJECT},
    {"cut: the beginning counts", "subject=\"Good da\\...\"", NULL, "Good day", NULL,
     VERDICT_MATCHES, 0},
    {"cut: another beginning", "subject=\"Good da\\...\"", NULL, "Good night", NULL,
     VERDICT_DIFFERS, 1U << VERDICT_SUBJECT},
    {"cut within an encoded-word", "subject=\"Good =?UTF-8?B?R3LD\\...\"", NULL,
     "Good =?UTF-8?B?R3LDvMOfZQ==?=", NULL, VERDICT_MATCHES, 0},
    {"cut before anything could be read", "subject=\"=?UTF-8?B?R3LD\\...\"", NULL,
     "=?UTF-8?B?QUJD?=", NULL, VERDICT_UNCOMPARED, 0},
    {"a name written otherwise", "from=\"Shop <a@b>\"", "\"Shop\" <A@B>", NULL, NULL,
     VERDICT_MATCHES, 0},
    {"the domain is the server's", "from=web274", "web274@mail.example.test (web274)", NULL, NULL,
     VERDICT_MATCHES, 0},
    {"the server put the sender's name there", "from=a@b", "Web Two <a@b>", NULL, NULL,
     VERDICT_MATCHES, 0},
    {"a domain behind a domain", "from=a@b", "a@b@c", NULL, NULL, VERDICT_DIFFERS,
     1U << VERDICT_FROM},
    {"a longer address", "from=a@b", "a@bc", NULL, NULL, VERDICT_DIFFERS, 1U << VERDICT_FROM},
    {"the same name, another address", "from=\"Shop <a@b>\"", "Shop <c@d>", NULL, NULL,
     VERDICT_DIFFERS, 1U << VERDICT_FROM},
};

static struct record_scratch scratch;

static void parse(const char *claims, struct record_line *ret)
{
    static char line[2048];

    (void)snprintf(line, sizeof line, FRONT "%s" BACK, claims);
    ck_assert_msg(record_line_parse(line, strlen(line), RECORDS_FILE, AT, &scratch, ret), "%s",
                  line);
}

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

START_TEST(compares_texts)
{
    struct pasted_message message = {.from = copy(texts[_i].from),
                                     .subject = copy(texts[_i].subject),
                                     .msgid = copy(texts[_i].msgid),
                                     .date = -1,
                                     .received = -1,
                                     .submitter = -1};
    struct record_line record;
    struct verdict verdict;

    parse(texts[_i].record, &record);
    verdict = verdict_reach(&message, NULL, &record);
    ck_assert_msg(verdict.kind == texts[_i].kind && verdict.differs == texts[_i].differs,
                  "%s: kind %d, differs %#x", texts[_i].what, verdict.kind, verdict.differs);
    free(message.from);
    free(message.subject);
    free(message.msgid);
}
END_TEST

static const struct {
    const char *what;
    int64_t received, date;
    long long submitter;
    struct verdict_header header;
    unsigned compared, differs;
} facts[] = {
    {"nothing known", -1, -1, -1, {NULL, -1, -1, false}, 0, 0},
    {"taken at once", AT + SECOND, -1, -1, {NULL, -1, -1, false}, 1U << VERDICT_TIME, 0},
    {"the queue was down a day", AT + DAY, -1, -1, {NULL, -1, -1, false}, 1U << VERDICT_TIME, 0},
    {"taken before it was sent",
     AT - DAY,
     -1,
     -1,
     {NULL, -1, -1, false},
     1U << VERDICT_TIME,
     1U << VERDICT_TIME},
    {"sent again a month later",
     AT + 30 * DAY,
     AT,
     -1,
     {NULL, -1, -1, false},
     1U << VERDICT_TIME,
     1U << VERDICT_TIME},
    {"only a Date, a bit off", -1, AT + 2 * DAY, -1, {NULL, -1, -1, false}, 1U << VERDICT_TIME, 0},
    {"only a Date, of another year",
     -1,
     AT - 300 * DAY,
     -1,
     {NULL, -1, -1, false},
     1U << VERDICT_TIME,
     1U << VERDICT_TIME},
    {"the mail server saw the same uid", -1, -1, 4079, {NULL, -1, -1, false}, 1U << VERDICT_UID, 0},
    {"the mail server saw a neighbour's",
     -1,
     -1,
     4080,
     {NULL, -1, -1, false},
     1U << VERDICT_UID,
     1U << VERDICT_UID},
    {"the header as it was",
     -1,
     -1,
     -1,
     {"/var/www/web274", 4079, 12345, false},
     1U << VERDICT_UID | 1U << VERDICT_PID | 1U << VERDICT_PATH,
     0},
    {"path = full", -1, -1, -1, {"/var/www/web274/htdocs", -1, -1, false}, 1U << VERDICT_PATH, 0},
    {"gone meanwhile",
     -1,
     -1,
     -1,
     {"/var/www/web274 (deleted)", -1, -1, false},
     1U << VERDICT_PATH,
     0},
    {"cut for length", -1, -1, -1, {"/var/www/%...", -1, -1, false}, 0, 0},
    {"another path",
     -1,
     -1,
     -1,
     {"/var/www/web27", -1, -1, false},
     1U << VERDICT_PATH,
     1U << VERDICT_PATH},
    {"another uid in the header",
     -1,
     -1,
     -1,
     {NULL, 4080, -1, false},
     1U << VERDICT_UID,
     1U << VERDICT_UID},
    {"another pid", -1, -1, -1, {NULL, -1, 1, false}, 1U << VERDICT_PID, 1U << VERDICT_PID},
    {"not as we write it",
     -1,
     -1,
     -1,
     {NULL, -1, -1, true},
     1U << VERDICT_HEADER,
     1U << VERDICT_HEADER},
};

START_TEST(compares_facts)
{
    const struct pasted_message message = {
        .date = facts[_i].date, .received = facts[_i].received, .submitter = facts[_i].submitter};
    struct record_line record;
    struct verdict verdict;

    parse("rcpts=1", &record);
    verdict = verdict_reach(&message, &facts[_i].header, &record);
    ck_assert_msg(verdict.compared == facts[_i].compared && verdict.differs == facts[_i].differs,
                  "%s: compared %#x, differs %#x", facts[_i].what, verdict.compared,
                  verdict.differs);
    ck_assert_int_eq(verdict.kind, facts[_i].differs != 0 ? VERDICT_DIFFERS : VERDICT_UNCOMPARED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tc = tcase_create("verdict");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_loop_test(tc, compares_texts, 0, sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(tc, compares_facts, 0, sizeof facts / sizeof facts[0]);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
