/* sendmailfile: what Sendmail 8.17.1.9 writes (most of these were cut out of its queues), and what
 * it never does. */
#include "admin/queue/sendmailfile.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWN "X-Additional-Header"

/* An exact-sized copy with one byte to write behind, so that a sanitizer sees one too far. */
static char *copy;

static void teardown(void)
{
    free(copy);
    copy = NULL;
}

static enum sendmailfile_how parse(const char *text, size_t len, struct sendmailfile *ret)
{
    teardown();
    copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    memset(ret, 0x47, sizeof *ret);
    return sendmailfile_parse(copy, len, OWN, ret);
}

#define WHOLE(text, ret) ck_assert_int_eq(parse(text, sizeof(text) - 1, ret), SENDMAILFILE_WHOLE)

#define SUBMITTED                                                                               \
    "V8\nT1795306242\nK1795306243\nN1\nP120134\nI0/41/4696\n"                                   \
    "Mhost map: lookup (example.net): deferred\nF8bs\n$_web274@localhost\n${daemon_flags}c u\n" \
    "Sme@example.test\nrRFC822; a@example.net\nRPFD:a@example.net\nRPFD:b@example.net\n"        \
    "H?P?Return-Path: <\201g>\n"                                                                \
    "H??Received: (from web274@localhost)\n"                                                    \
    "\tby mail.example.test (8.17.1.9/8.17.1.9/Submit) id 6AM0AgK7001519;\n"                    \
    "\tSun, 22 Nov 2026 00:10:42 GMT\n"                                                         \
    "H?D?Date: Sun, 22 Nov 2026 00:10:42 GMT\n"                                                 \
    "H?F?From: me@mail.example.test\n"                                                          \
    "H?M?Message-Id: <202611220010.6AM0AgK7001519@mail.example.test>\n"                         \
    "H??X-Authentication-Warning: mail.example.test: web274 set sender to me@example.test\n"    \
    "\tusing -f\n"

#define OURS \
    "H??X-Additional-Header: /var/www/web274; uid=4079; pid=1519; id=01M809EG1NY8VAQ6ZX9SVB7TX1\n"

START_TEST(submitted_here)
{
    struct sendmailfile f;

    WHOLE(SUBMITTED OURS "H??To: a@example.net\n"
                         "H??Subject: \303\377\204rger \303\274\n\tand more\n"
                         "H??X-Additional-Header: /forged; uid=1\nH??Subject: second\n.\n",
          &f);
    ck_assert_int_eq(f.created, 1795306242);
    ck_assert_int_eq(f.tries, 1);
    ck_assert_str_eq(f.user, "web274");
    ck_assert_ptr_null(f.client);
    ck_assert_ptr_null(f.login);
    ck_assert_ptr_null(f.quarantine);
    ck_assert_ptr_null(f.body_dir);
    ck_assert_str_eq(f.sender, "me@example.test");
    ck_assert_str_eq(f.reason, "host map: lookup (example.net): deferred");
    ck_assert_uint_eq(f.rcpts, 2);
    ck_assert_str_eq(f.rcpt[0], "a@example.net");
    ck_assert_str_eq(f.rcpt[1], "b@example.net");
    ck_assert_str_eq(f.header,
                     "/var/www/web274; uid=4079; pid=1519; id=01M809EG1NY8VAQ6ZX9SVB7TX1");
    ck_assert(f.header_placed);
    ck_assert_str_eq(f.subject, "\303\204rger \303\274\tand more");
    ck_assert_str_eq(f.from, "me@mail.example.test");
}
END_TEST

/* A field of the message itself above our header: the wrapper never puts it so. */
START_TEST(our_header_below_others)
{
    struct sendmailfile f;

    WHOLE(SUBMITTED "H??To: a@example.net\n" OURS ".\n", &f);
    ck_assert_ptr_nonnull(f.header);
    ck_assert(!f.header_placed);
    WHOLE(SUBMITTED "H??To: a@example.net\n.\n", &f);
    ck_assert_ptr_null(f.header);
    WHOLE(SUBMITTED "H??x-additional-header \t:no blank\n.\n", &f);
    ck_assert_str_eq(f.header, "no blank");
}
END_TEST

#define RELAYED                                                                                  \
    "V8\nT1795306243\nK0\nN0\nP30403\nFbs\n$_localhost "                                         \
    "[127.0.0.1]\n$rESMTP\n$smail.example.test\n"                                                \
    "${daemon_flags}\nS<web274@mail.example.test>\nrRFC822; nobodyhere@mail.example.test\n"      \
    "RPFD:<nobodyhere@mail.example.test>\nH?P?Return-Path: <\201g>\n"                            \
    "H??Received: from mail.example.test (localhost [127.0.0.1])\n"                              \
    "\tby mail.example.test (8.17.1.9/8.17.1.9/Debian-2+deb12u2) with ESMTP id 6AM0AhJI001548\n" \
    "\tfor <nobodyhere@mail.example.test>; Sun, 22 Nov 2026 00:10:43 GMT\n"                      \
    "H??Received: (from web274@localhost)\n"                                                     \
    "\tby mail.example.test (8.17.1.9/8.17.1.9/Submit) id 6AM0AgxX001524;\n"                     \
    "\tSun, 22 Nov 2026 00:10:42 GMT\nH??From: web274@mail.example.test\n"                       \
    "H??Message-Id: <202611220010.6AM0AgxX001524@mail.example.test>\n"

START_TEST(came_by_smtp)
{
    struct sendmailfile f;

    WHOLE(RELAYED OURS "H??Subject: x\n.\n", &f);
    ck_assert_ptr_null(f.user);
    ck_assert_str_eq(f.client, "127.0.0.1");
    ck_assert_str_eq(f.sender, "web274@mail.example.test");
    ck_assert_str_eq(f.rcpt[0], "nobodyhere@mail.example.test");
    ck_assert(f.header_placed);
    ck_assert_ptr_null(f.reason);
}
END_TEST

/* The value of $_ and of the macros that Sendmail keeps if told to. */
START_TEST(peers)
{
    static const struct {
        const char *macros, *user, *client, *login;
    } rows[] = {
        {"$_web274@localhost\n", "web274", NULL, NULL},
        {"$_@localhost\n", NULL, NULL, NULL},
        {"$_web274@localhost.example.test\n", NULL, NULL, NULL},
        {"$_web274@localhost [127.0.0.1]\n", NULL, "127.0.0.1",
         NULL}, /* identd says so, who is asked by the client */
        {"$_host.example [192.0.2.1] (may be forged)\n", NULL, "192.0.2.1", NULL},
        {"$_localhost [IPv6:0:0:0:0:0:0:0:1]\n", NULL, "0:0:0:0:0:0:0:1", NULL},
        {"$_x [\n", NULL, NULL, NULL},
        {"$_x []\n", NULL, NULL, NULL},
        {"$rSMTP\n${client_addr}192.0.2.2\n", NULL, "192.0.2.2", NULL},
        {"${client_addr}192.0.2.2\n$_h [192.0.2.3]\n", NULL, "192.0.2.3", NULL},
        {"${client_addr}0\n", NULL, NULL, NULL},
        {"$_h [192.0.2.3]\n${auth_authen}joe@example.test\n", NULL, "192.0.2.3",
         "joe@example.test"},
        {"${auth_authen}\n", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        struct sendmailfile f;
        int len = snprintf(text, sizeof text, "V8\nT1\n%sSa\n.\n", rows[i].macros);

        ck_assert_msg(parse(text, (size_t)len, &f) == SENDMAILFILE_WHOLE, "%s", rows[i].macros);
        ck_assert_pstr_eq(f.user, rows[i].user);
        ck_assert_pstr_eq(f.client, rows[i].client);
        ck_assert_pstr_eq(f.login, rows[i].login);
    }
}
END_TEST

START_TEST(reasons_and_recipients)
{
    struct sendmailfile f;

    WHOLE("V8\nT1\nqbecause, "
          "so\nMwhole\nS<>\nd/var/spool/mqueue/q2\nC:a\nQrfc822;x\nRPFD:a@x\nMsecond: why\n"
          "RPNSFD:<b@x>\nMthird\nRA:|\"/bin/x: y\"\nR:d\n.\n",
          &f);
    ck_assert_str_eq(f.quarantine, "because, so");
    ck_assert_str_eq(f.sender, "");
    ck_assert_str_eq(f.body_dir, "/var/spool/mqueue/q2");
    ck_assert_uint_eq(f.rcpts, 4);
    ck_assert_str_eq(f.rcpt[1], "b@x");
    ck_assert_str_eq(f.rcpt[2], "|\"/bin/x: y\"");
    ck_assert_str_eq(f.reason, "second: why"); /* a recipient's before the message's */
}
END_TEST

START_TEST(not_whole)
{
    static const struct {
        const char *text;
        enum sendmailfile_how how;
    } rows[] = {
        {"", SENDMAILFILE_UNFINISHED},
        {"V8", SENDMAILFILE_UNFINISHED},
        {"V8\n", SENDMAILFILE_UNFINISHED},
        {"V8\nT1\nSa\nH??A: b\n", SENDMAILFILE_UNFINISHED},
        {"V8\nT1\nSa\n.", SENDMAILFILE_UNFINISHED},
        {"V8\nT1\nSa\n.\nH??A: b\n", SENDMAILFILE_BAD}, /* readqf() calls that an attack */
        {"V8\nT1\nSa\n.\n\n", SENDMAILFILE_BAD},
        {"T1\nV8\nSa\n.\n", SENDMAILFILE_BAD},
        {"Vx\nT1\nSa\n.\n", SENDMAILFILE_BAD},
        {"V8\nSa\n.\n", SENDMAILFILE_BAD},
        {"V8\nT1\n.\n", SENDMAILFILE_BAD},
        {"V8\nTx\nSa\n.\n", SENDMAILFILE_BAD},
        {"V8\nT-1\nSa\n.\n", SENDMAILFILE_BAD},
        {"V8\nT99999999999999999999\nSa\n.\n", SENDMAILFILE_BAD},
        {"V8\nT1\nSa\nRno colon\n.\n", SENDMAILFILE_BAD},
        {"V8\nT1\nSa\nH??no colon\n.\n", SENDMAILFILE_BAD},
        {"V8\nT1\nSa\nH?A: b\n.\n", SENDMAILFILE_BAD},
        {"V8\nT1\nSa\n\n.\n", SENDMAILFILE_BAD},
        {"V8\nT1\nSa\nYnew in some later version\nH:\n.\n", SENDMAILFILE_WHOLE},
        {"V9\nT1\nSa\n.\n", SENDMAILFILE_WHOLE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sendmailfile f;
        enum sendmailfile_how how = parse(rows[i].text, strlen(rows[i].text), &f);

        ck_assert_msg(how == rows[i].how, "%s: %d", rows[i].text, (int)how);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sendmailfile");
    TCase *all = tcase_create("all");

    suite_add_tcase(suite, all);
    tcase_add_checked_fixture(all, NULL, teardown);
    tcase_add_test(all, submitted_here);
    tcase_add_test(all, our_header_below_others);
    tcase_add_test(all, came_by_smtp);
    tcase_add_test(all, peers);
    tcase_add_test(all, reasons_and_recipients);
    tcase_add_test(all, not_whole);
    return support_run(suite);
}
