/* eximfile: what Exim 4.96 writes (most of these were cut out of its spool), what older ones did,
 * and what none does. */
#include "admin/queue/eximfile.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWN "X-Additional-Header"

static char *copy, *journal_copy;

static void teardown(void)
{
    free(copy);
    free(journal_copy);
    copy = journal_copy = NULL;
}

/* An exact-sized copy with one byte to write behind, so that a sanitizer sees one too far. */
static char *exact(const char *text, size_t len)
{
    char *to = malloc(len + 1);

    ck_assert_ptr_nonnull(to);
    memcpy(to, text, len);
    to[len] = '\0';
    return to;
}

static bool parse(const char *text, const char *journal, struct eximfile *ret)
{
    teardown();
    copy = exact(text, strlen(text));
    journal_copy = journal != NULL ? exact(journal, strlen(journal)) : NULL;
    memset(ret, 0x47, sizeof *ret);
    return eximfile_parse(copy, strlen(text), journal_copy, journal != NULL ? strlen(journal) : 0,
                          OWN, ret);
}

#define START                                                          \
    "1xUutF-0000JX-0A-H\nweb274 4079 4079\n<web274@example.test>\n"    \
    "1795305185 0\n-received_time_usec .052965\n"                      \
    "-received_time_complete 1795305185.053075\n-ident web274\n"       \
    "-received_protocol local\n-body_linecount 1\n"                    \
    "-max_received_linelength 87\n-auth_id web274\n"                   \
    "-auth_sender web274@example.test\n-allow_unqualified_recipient\n" \
    "-allow_unqualified_sender\n-deliver_firsttime\n-local\n-tls_resumption A\n"
#define RCPTS "3\na@example.net\nb@example.net\nd@example.net\n"
#define RECEIVED                                                               \
    "160P Received: from web274 by mail.example.test with local (Exim 4.96)\n" \
    "\t(envelope-from <web274@example.test>)\n\tid 1xUutF-0000JX-0A;\n"        \
    "\tSat, 21 Nov 2026 23:53:05 +0000\n"
#define OURS                                                          \
    "088  X-Additional-Header: /var/www/web274; uid=4079; pid=1211; " \
    "id=01M808E7RQBMP1FZ84A60GV97V\n"
#define REST                                                                  \
    "033T To: a@example.net, b@example.net\n019* Bcc: d@example.net\n"        \
    "021  Subject: hello\n\ttail\n036  Date: Sat, 21 Nov 2020 23:48:06 GMT\n" \
    "018I Message-Id: <1@x>\n026F From: web274@example.test\n"

START_TEST(submitted_here)
{
    struct eximfile f;

    ck_assert(parse(START "XX\n" RCPTS "\n" RECEIVED OURS REST, NULL, &f));
    ck_assert_str_eq(f.id, "1xUutF-0000JX-0A");
    ck_assert_str_eq(f.user, "web274");
    ck_assert_int_eq(f.uid, 4079);
    ck_assert_str_eq(f.sender, "web274@example.test");
    ck_assert_int_eq(f.received, 1795305185052965);
    ck_assert(f.local && f.first && !f.frozen);
    ck_assert_ptr_null(f.login); /* -auth_id is the caller's login */
    ck_assert_ptr_null(f.client);
    ck_assert_uint_eq(f.rcpts, 3);
    ck_assert_str_eq(f.rcpt[2], "d@example.net");
    ck_assert_str_eq(f.header,
                     "/var/www/web274; uid=4079; pid=1211; id=01M808E7RQBMP1FZ84A60GV97V");
    ck_assert(f.header_placed);
    ck_assert_str_eq(f.subject, "hello\ttail");
    ck_assert_str_eq(f.from, "web274@example.test");
    ck_assert_uint_eq(f.header_bytes, 160 + 88 + 33 + 21 + 36 + 18 + 26); /* not the deleted one */
}
END_TEST

START_TEST(our_header_below_others)
{
    struct eximfile f;

    ck_assert(parse(START "XX\n" RCPTS "\n" RECEIVED "007  A: bcd\n" OURS, NULL, &f));
    ck_assert_ptr_nonnull(f.header);
    ck_assert(!f.header_placed);
    ck_assert(
        parse(START "XX\n" RCPTS "\n" RECEIVED "024* X-Additional-Header: no\n" OURS, NULL, &f));
    ck_assert_str_eq(f.header,
                     "/var/www/web274; uid=4079; pid=1211; id=01M808E7RQBMP1FZ84A60GV97V");
    ck_assert(f.header_placed);
}
END_TEST

/* Variables may hold anything; what a client said is marked as tainted with a second dash. */
START_TEST(came_by_smtp)
{
    struct eximfile f;

    ck_assert(parse("1xUutH-0000K4-0N-H\nDebian-exim 100 102\n<>\n1795305187 0\n--helo_name x\n"
                    "-host_address [127.0.0.1]:48324\n-host_auth plain_test\n"
                    "-host_auth_pubname PLAIN\n-interface_address [127.0.0.1]:25\n"
                    "-received_protocol esmtpa\n-aclm _x 8\na\nb\nXX\n3\n-body_linecount 1\n"
                    "--auth_id web274\n-frozen 1795305351\n-(pgsql)aclc y 2\n\n\n\n"
                    "XX\n1\na@example.com\n\n014  Subject: auth\n",
                    NULL, &f));
    ck_assert(!f.local && f.frozen && !f.first);
    ck_assert_str_eq(f.login, "web274");
    ck_assert_str_eq(f.client, "127.0.0.1");
    ck_assert_str_eq(f.sender, "");
    ck_assert_str_eq(f.subject, "auth");
    ck_assert_ptr_null(f.header);
}
END_TEST

/* A trusted caller may give a sender, and then -local is not there. */
START_TEST(local_without_saying_so)
{
    struct eximfile f;

    ck_assert(parse("1xUutH-0000K4-0N-H\nroot 0 0\n<x@y>\n1 0\n-received_protocol local\nXX\n0\n\n",
                    NULL, &f));
    ck_assert(f.local);
    ck_assert_int_eq(f.uid, 0);
    ck_assert_uint_eq(f.rcpts, 0);
}
END_TEST

START_TEST(client_addresses)
{
    static const struct {
        const char *line, *client;
    } rows[] = {
        {"[127.0.0.1]:25", "127.0.0.1"}, {"[2001:db8::1]:25", "2001:db8::1"},
        {"[127.0.0.1", "127.0.0.1"},     {"127.0.0.1.25", "127.0.0.1"},
        {"127.0.0.1", "127.0.0.1"},      {"2001:db8::1.25", "2001:db8::1"},
        {"2001:db8::1", "2001:db8::1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct eximfile f;
        char text[256];

        (void)snprintf(text, sizeof text,
                       "1xUutH-0000K4-0N-H\nexim 1 1\n<x@y>\n1 0\n-host_address %s\nXX\n0\n\n",
                       rows[i].line);
        ck_assert(parse(text, NULL, &f));
        ck_assert_str_eq(f.client, rows[i].client);
        ck_assert(!f.local);
    }
}
END_TEST

/* Who has his mail already: the tree, and the journal since. */
START_TEST(reached)
{
    struct eximfile f;

    ck_assert(parse(START "YY b@example.net\nNY a a@x\nNN x@y\nNN z@y\n" RCPTS "\n", NULL, &f));
    ck_assert_uint_eq(f.rcpts, 2);
    ck_assert_str_eq(f.rcpt[0], "a@example.net");
    ck_assert_str_eq(f.rcpt[1], "d@example.net");
    ck_assert(parse(START "NN b@example.net\n" RCPTS "\n", "a@example.net\nd@example.net\n", &f));
    ck_assert_uint_eq(f.rcpts, 0);
    ck_assert(parse(START "XX\n" RCPTS "\n", "a@example.net\nd@example.net", &f)); /* half a line */
    ck_assert_uint_eq(f.rcpts, 2);
    ck_assert(parse(START "XX\n" RCPTS "\n", "", &f));
    ck_assert_uint_eq(f.rcpts, 3);
}
END_TEST

/* What stands behind an address (Exim 4.96 and its ancestors, src/spool_in.c). */
START_TEST(notes_behind_addresses)
{
    static const struct {
        const char *line, *address;
    } rows[] = {
        {"late@example.test rfc822;a+20b@example.test 25,12  0,-1#3", "late@example.test"},
        {"a@b.c  0,0 e@f.g 5,0#3", "a@b.c"},
        {"a@b.c e@f.g 5,1#1", "a@b.c"},
        {"a@b.c  0,-1#1", "a@b.c"},
        {"\"a 5\"@b.c rfc822;x 8,0#2", "\"a 5\"@b.c"},
        {"a@b.c 4", "a@b.c"},
        {"a@b.c 4,0,0", "a@b.c"},
        {"a@b9", "a@b9"},
        {"a@[192.0.2.1]", "a@[192.0.2.1]"},
        {"a@b.c 9#0", "a@b.c 9"},
        {"a@b.c e@f.g 99,1#1", NULL},
        {"a@b.c e@f.g 18446744073709551615,1#1", NULL},
        {"1,1#1", NULL},
        {"#3", NULL},
        {" 0,0#1", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct eximfile f;
        char text[1024];
        bool whole;

        (void)snprintf(text, sizeof text, START "XX\n1\n%s\n\n", rows[i].line);
        whole = parse(text, NULL, &f);
        ck_assert_msg(whole == (rows[i].address != NULL), "%s", rows[i].line);
        if (whole) {
            ck_assert_str_eq(f.rcpt[0], rows[i].address);
        }
    }
}
END_TEST

START_TEST(none_of_exims)
{
    static const char *const rows[] = {
        "",
        "1xUutF-0000JX-0A-H",
        "1xUutF-0000JX-0A-D\nx 1 1\n<>\n1 0\nXX\n0\n\n",
        "1xUutF_0000JX-0A-H\nx 1 1\n<>\n1 0\nXX\n0\n\n",
        "1xUutF-0000JX-0A-H\nx 1\n<>\n1 0\nXX\n0\n\n",
        "1xUutF-0000JX-0A-H\nx a 1\n<>\n1 0\nXX\n0\n\n",
        "1xUutF-0000JX-0A-H\nx 1 1\n<\n1 0\nXX\n0\n\n",
        "1xUutF-0000JX-0A-H\nx 1 1\n<>\nx 0\nXX\n0\n\n",
        "1xUutF-0000JX-0A-H\nx 1 1\n<>\n1\nXX\n0\n\n",
        "1xUutF-0000JX-0A-H\nx 1 1\n<>\n9223372036854775807 0\nXX\n0\n\n",
        START,
        START "-aclm x 999999\nab\nXX\n0\n\n",
        START "-aclm x 18446744073709551615\nab\nXX\n0\n\n",
        START "-aclm x\nXX\n0\n\n",
        START "-aclm x 1\nab\nXX\n0\n\n",
        START "YN a@b\n0\n\n",
        START "Y\n0\n\n",
        START "XX\n2\na@b\n\n",
        START "XX\nx\n\n",
        START "XX\n99999999999999999999\na@b\n\n",
        START "XX\n0\nno blank line",
        START "XX\n0\n\n12  too short\n",
        START "XX\n0\n\n006  A: bcd\n",
        START "XX\n0\n\n000  \n",
        START "XX\n0\n\n999999999  A: b\n",
        START "XX\n0\n\nnone\n",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct eximfile f;

        ck_assert_msg(!parse(rows[i], NULL, &f), "row %zu: %s", i, rows[i]);
    }
}
END_TEST

START_TEST(ids)
{
    ck_assert(eximfile_id("1xUutF-0000JX-0A", 16));
    ck_assert(eximfile_id("1rYVLF-00000004mKp-2oFm", 23));
    ck_assert(!eximfile_id("1xUutF-0000JX-0A", 15));
    ck_assert(!eximfile_id("1rYVLF-0000004mKp-2oFmx", 23));
    ck_assert(!eximfile_id("../../-0000JX-0A", 16));
    ck_assert(!eximfile_id("", 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eximfile");
    TCase *all = tcase_create("all");

    suite_add_tcase(suite, all);
    tcase_add_checked_fixture(all, NULL, teardown);
    tcase_add_test(all, submitted_here);
    tcase_add_test(all, our_header_below_others);
    tcase_add_test(all, came_by_smtp);
    tcase_add_test(all, local_without_saying_so);
    tcase_add_test(all, client_addresses);
    tcase_add_test(all, reached);
    tcase_add_test(all, notes_behind_addresses);
    tcase_add_test(all, none_of_exims);
    tcase_add_test(all, ids);
    return support_run(suite);
}
