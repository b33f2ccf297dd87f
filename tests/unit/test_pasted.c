/* pasted: headers, messages, bounces and reports as they come in real life, and what must not be
 * taken for one. */
#include "admin/show/pasted.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID "01KAMX3F8Q7ZV2N5T0C9R4E6HJ"
#define OTHER "01KAMX3F8Q7ZV2N5T0C9R4E6HK"
#define VALUE "/var/www/web274; uid=4079; pid=12345; id=" ID
#define OURS "X-Additional-Header: " VALUE "\n"
#define FORGED "X-Additional-Header: /var/www/web275; uid=4080; pid=1; id=" OTHER "\n"
#define FROM "From: Shop <shop@example.org>\n"
#define MAIL                                                                                  \
    "Received: by mail.example.test (Postfix, from userid 4079)\n\tid 4F1; Sat, 21 Nov 2026 " \
    "16:20:32 +0000 (UTC)\n" OURS "To: a@example.net\nSubject: Good\n day\n" FROM             \
    "Message-ID: <1@example.org>\nDate: Sat, 21 Nov 2026 17:20:31 +0100\n"

/* "base64 of MAIL", so that a test shows what it decodes. */
static const char mail64[] =
    "UmVjZWl2ZWQ6IGJ5IG1haWwuZXhhbXBsZS50ZXN0IChQb3N0Zml4LCBmcm9tIHVzZXJpZCA0MDc5\n"
    "KQoJaWQgNEYxOyBTYXQsIDIxIE5vdiAyMDI2IDE2OjIwOjMyICswMDAwIChVVEMpClgtQWRkaXRp\n"
    "b25hbC1IZWFkZXI6IC92YXIvd3d3L3dlYjI3NDsgdWlkPTQwNzk7IHBpZD0xMjM0NTsgaWQ9MDFL\n"
    "QU1YM0Y4UTdaVjJONVQwQzlSNEU2SEoKVG86IGFAZXhhbXBsZS5uZXQKU3ViamVjdDogR29vZAog\n"
    "ZGF5CkZyb206IFNob3AgPHNob3BAZXhhbXBsZS5vcmc+Ck1lc3NhZ2UtSUQ6IDwxQGV4YW1wbGUu\n"
    "b3JnPgpEYXRlOiBTYXQsIDIxIE5vdiAyMDI2IDE3OjIwOjMxICswMTAwCg==\n";

static const struct {
    const char *what, *text;
    int where; /* of the message that has the header; -1: none has */
    const char *header, *from, *subject, *msgid;
} cases[] = {
    {"a bare header line", OURS, PASTED_OUTER, VALUE, NULL, NULL, NULL},
    {"without a newline, other case", "x-additional-header:" VALUE, PASTED_OUTER, VALUE, NULL, NULL,
     NULL},
    {"folded, CRLF",
     "X-Additional-Header: /var/www/web274;\r\n uid=4079; pid=12345;\r\n\tid=" ID "\r\n",
     PASTED_OUTER, "/var/www/web274; uid=4079; pid=12345;\tid=" ID, NULL, NULL, NULL},
    {"a message", MAIL "\nBuy!\n", PASTED_OUTER, VALUE, "Shop <shop@example.org>", "Good day",
     "<1@example.org>"},
    {"blank lines and From_ in front", "\n\nFrom x Sat Nov 21\n" MAIL "\n", PASTED_OUTER, VALUE,
     "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"the topmost of two counts", OURS FORGED FROM "\n", PASTED_OUTER, VALUE,
     "Shop <shop@example.org>", NULL, NULL},
    {"a forged one in the body does not", OURS FROM "\n" FORGED, PASTED_OUTER, VALUE,
     "Shop <shop@example.org>", NULL, NULL},
    {"all of it quoted", "> X-Additional-Header: " VALUE "\n> Subject: Hi\n>\n> text\n",
     PASTED_OUTER, VALUE, NULL, "Hi", NULL},
    {"quoted twice", ">> X-Additional-Header: " VALUE "\n>> Subject: Hi\n", PASTED_OUTER, VALUE,
     NULL, "Hi", NULL},
    {"a Postfix bounce",
     "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\nSubject: Undelivered Mail "
     "Returned to Sender\n"
     "Message-Id: <b@mx.example.net>\n"
     "Content-Type: multipart/report; "
     "report-type=delivery-status;\n\tboundary=\"9F/mx.example.net\"\n\n"
     "This is a MIME-encapsulated message.\n\n--9F/mx.example.net\nContent-Type: text/plain; "
     "charset=us-ascii\n\n"
     "I'm sorry\n\n--9F/mx.example.net\nContent-Description: Delivery report\nContent-Type: "
     "message/delivery-status\n\n"
     "Final-Recipient: rfc822; a@example.net\n\n--9F/mx.example.net\nContent-Type: "
     "message/rfc822\n\n" MAIL "\nBuy!\n\n--9F/mx.example.net--\n",
     PASTED_RETURNED, VALUE, "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"a bounce with the header section only, torn at its end",
     "From: postmaster@example.net\nContent-Type: multipart/report; "
     "boundary=b\n\n--b\n\nfailed\n--b\n"
     "Content-Type: text/rfc822-headers\n\n" MAIL,
     PASTED_RETURNED, VALUE, "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"an Exchange bounce: message/rfc822 in CRLF, boundary with blanks",
     "From: postmaster@corp.example\r\nContent-Type: multipart/report; charset=x; boundary=\"a "
     "b\"\r\n\r\n--a b\r\n"
     "Content-Type: text/plain\r\n\r\nno\r\n--a b\r\nContent-Type: message/rfc822\r\n\r\n"
     "X-Additional-Header: " VALUE "\r\nSubject: Hi\r\n\r\nx\r\n--a b--\r\n",
     PASTED_RETURNED, VALUE, NULL, "Hi", NULL},
    {"a bounce that returns a message with a forged one attached: the returned counts",
     "From: m@x\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
     "message/rfc822\n\n" OURS "Subject: Spam\nContent-Type: multipart/mixed; "
     "boundary=c\n\n--c\nContent-Type: message/rfc822\n\n" FORGED
     "Subject: neighbour\n\n--c--\n--b--\n",
     PASTED_RETURNED, VALUE, NULL, "Spam", NULL},
    {"an abuse report (ARF)",
     "From: <abuse@isp.example>\nSubject: FW: spam\nMIME-Version: 1.0\nContent-Type: "
     "multipart/report; "
     "report-type=feedback-report;\n     "
     "boundary=\"part1_13d.2e68ed54_boundary\"\n\n--part1_13d.2e68ed54_boundary\n"
     "Content-Type: text/plain\n\nabuse\n--part1_13d.2e68ed54_boundary\nContent-Type: "
     "message/feedback-report\n\n"
     "Feedback-Type: abuse\nVersion: 1\n\n--part1_13d.2e68ed54_boundary\nContent-Type: "
     "message/rfc822\n"
     "Content-Disposition: inline\n\n" MAIL "\nBuy\n--part1_13d.2e68ed54_boundary--\n",
     PASTED_RETURNED, VALUE, "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"forwarded as attachment, base64", NULL /* made of mail64 */, PASTED_ATTACHED, VALUE,
     "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"forwarded as attachment, quoted-printable",
     "From: c@d\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
     "Content-Transfer-Encoding: quoted-printable\n\nX-Additional-Header: /var/www/web274; "
     "uid=3D4079; pid=3D12345;=\n"
     " id=3D" ID "\nSubject: Hi\n\n--b--\n",
     PASTED_ATTACHED, VALUE, NULL, "Hi", NULL},
    {"header lines pasted into a complaint",
     "From: c@d\nSubject: complaint\n\nHello, I got this:\n\nReturn-Path: <x@y>\n" MAIL "\nBuy!\n",
     PASTED_TEXT, VALUE, "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"the same, quoted and wrapped by the mail program",
     "From: c@d\n\nHello\n> Subject: Hi\n> X-Additional-Header: /var/www/web274; uid=4079; "
     "pid=12345;\n> id=" ID "\n> From: Shop <shop@example.org>\n>\n> Buy!\n> From: nobody\n",
     PASTED_TEXT, VALUE, "Shop <shop@example.org>", "Hi", NULL},
    {"indented, a qmail bounce",
     "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nHi. This is the qmail-send "
     "program.\n\n--- Below this "
     "line is a copy of the message.\n\n    X-Additional-Header: " VALUE
     "\n    Subject: Hi\n\n    text\n",
     PASTED_TEXT, VALUE, NULL, "Hi", NULL},
    {"a bounce whose beginning was not copied",
     "--9F/x\nContent-Type: message/rfc822\n\n" MAIL "\nBuy\n--9F/x--\n", PASTED_TEXT, VALUE,
     "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"a text part in base64 with the header in it", NULL, PASTED_TEXT, VALUE,
     "Shop <shop@example.org>", "Good day", "<1@example.org>"},
    {"nothing of ours", "From: c@d\nSubject: x\n\nHello\n", -1, NULL, NULL, NULL, NULL},
    {"the name within a line is none", "see X-Additional-Header: " VALUE "\n", -1, NULL, NULL, NULL,
     NULL},
    {"nothing at all", "", -1, NULL, NULL, NULL, NULL},
};

#define CASES (sizeof cases / sizeof cases[0])

/* The text of a case; those with base64 are put together here. */
static const char *text_of(int i)
{
    static char text[4096];

    if (cases[i].text != NULL) {
        return cases[i].text;
    }
    (void)snprintf(text, sizeof text,
                   "From: c@d\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: %s\n"
                   "Content-Transfer-Encoding: base64\n\n%s\n--b--\n",
                   cases[i].where == PASTED_ATTACHED ? "message/rfc822" : "text/plain", mail64);
    return text;
}

static void is_text(const char *what, const char *got, const char *want)
{
    ck_assert_msg((got == NULL) == (want == NULL) && (got == NULL || strcmp(got, want) == 0),
                  "%s: got %s, want %s", what, got, want);
}

START_TEST(finds)
{
    const char *text = text_of(_i), *what = cases[_i].what;
    const struct pasted_message *message = NULL;
    struct pasted pasted;

    pasted_read(text, strlen(text), "X-Additional-Header", &pasted);
    for (size_t i = pasted.count; i-- > 0;) {
        if (pasted.message[i].header != NULL) {
            message = &pasted.message[i];
        }
    }
    ck_assert_msg((message != NULL) == (cases[_i].where >= 0), "%s", what);
    if (message != NULL) {
        ck_assert_msg((int)message->where == cases[_i].where, "%s: where is %d", what,
                      message->where);
        is_text(what, message->header, cases[_i].header);
        is_text(what, message->from, cases[_i].from);
        is_text(what, message->subject, cases[_i].subject);
        is_text(what, message->msgid, cases[_i].msgid);
    }
    pasted_free(&pasted);
}
END_TEST

/* Received below our header came with the message: a forged "from userid" there is not read. */
START_TEST(received_above_ours_only)
{
    static const char text[] =
        "Received: from a by b; Sat, 21 Nov 2026 16:21:00 +0000\n"
        "Received: by b (Postfix, from userid 4079)\n\tid 1; Sat, 21 Nov 2026 17:20:32 +0100 "
        "(CET)\n" OURS
        "Received: by b (Postfix, from userid 4080)\n\tid 2; Sat, 21 Nov 2020 10:00:00 +0000\n"
        "Date: 20 Nov 2026 01:02 -0100\n\n";
    struct pasted pasted;

    pasted_read(text, sizeof text - 1, "X-Additional-Header", &pasted);
    ck_assert_uint_eq(pasted.count, 1);
    ck_assert_int_eq(pasted.message[0].submitter, 4079);
    ck_assert_int_eq(pasted.message[0].received, INT64_C(1795278032000000));
    ck_assert_int_eq(pasted.message[0].date, INT64_C(1795140120000000));
    pasted_free(&pasted);
}
END_TEST

/* Both are given, outermost first, and marked. */
START_TEST(nested_messages_are_told_apart)
{
    static const char text[] = OURS "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
                                    "Content-Type: message/rfc822\n\n" FORGED "\n--b--\n";
    struct pasted pasted;

    pasted_read(text, sizeof text - 1, "X-Additional-Header", &pasted);
    ck_assert_uint_eq(pasted.count, 2);
    ck_assert_int_eq(pasted.message[0].where, PASTED_OUTER);
    ck_assert_str_eq(pasted.message[0].header, VALUE);
    ck_assert_int_eq(pasted.message[1].where, PASTED_ATTACHED);
    ck_assert_ptr_nonnull(strstr(pasted.message[1].header, OTHER));
    pasted_free(&pasted);
}
END_TEST

/* Messages within messages without end: bounded, and the outermost are there. */
START_TEST(depth_is_bounded)
{
    static char text[200000];
    size_t used = 0;
    struct pasted pasted;

    for (int i = 0; i < 2000; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "A: b\nContent-Type: message/rfc822\n\n");
    }
    pasted_read(text, used, "X-Additional-Header", &pasted);
    ck_assert_uint_ge(pasted.count, 2);
    ck_assert_uint_le(pasted.count, PASTED_MESSAGES);
    pasted_free(&pasted);
}
END_TEST

/* What lies deeper than anybody nests is not taken apart; as text it is still found, and marked so.
 */
START_TEST(deep_parts)
{
    static char text[4096];
    struct pasted pasted;

    for (int levels = 2; levels <= 12; levels += 10) {
        size_t used = 0;

        used += (size_t)snprintf(text, sizeof text, "From: c@d\n");
        for (int i = 0; i < levels; i++) {
            used +=
                (size_t)snprintf(text + used, sizeof text - used,
                                 "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
        }
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "Content-Type: message/rfc822\n\n" OURS "\n");
        pasted_read(text, used, "X-Additional-Header", &pasted);
        ck_assert_uint_eq(pasted.count, 2);
        ck_assert_int_eq(pasted.message[1].where, levels == 2 ? PASTED_ATTACHED : PASTED_TEXT);
        pasted_free(&pasted);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pasted");
    TCase *tc = tcase_create("pasted");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_loop_test(tc, finds, 0, CASES);
    tcase_add_test(tc, received_above_ours_only);
    tcase_add_test(tc, nested_messages_are_told_apart);
    tcase_add_test(tc, depth_is_bounded);
    tcase_add_test(tc, deep_parts);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
