/* summary: what counts as a field, where the section ends, and how addresses are counted. */
#include "support.h"
#include "wrapper/summary.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(literal) literal, sizeof literal - 1

#define OWN "X-Additional-Header"

/* Reads an exact-sized copy, so that a sanitizer sees one byte too far. */
static struct summary read_text(const char *text, size_t n, size_t start, bool eof)
{
    char *exact = malloc(n + (n == 0));
    struct summary s;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, text, n);
    memset(&s, 'G', sizeof s);
    summary_read(exact, n, start, eof, OWN, dialect_cautious(), &s);
    free(exact);
    return s;
}

START_TEST(an_ordinary_message)
{
    static const char text[] = "From nobody Sat Nov 21 16:20:31 2026\n"
                               "To: a@example.org, \"B, C\" <b@example.org>\n"
                               "Subject: Good day\n"
                               "X-PHP-Originating-Script: 4079:x.php\n"
                               "From: web274 <web274@example.org>\n"
                               "Message-ID: <1@example.org>\n"
                               "Cc: d@example.org\n"
                               "Bcc: e@example.org,f@example.org\n"
                               "x-additional-header: /forged\n"
                               "\n"
                               "To: not@a.recipient\n";
    struct summary s = read_text(text, sizeof text - 1, 37, false);

    ck_assert_str_eq(s.subject.text, "Good day");
    ck_assert_uint_eq(s.subject.len, 8);
    ck_assert_str_eq(s.from.text, "web274 <web274@example.org>");
    ck_assert_str_eq(s.msgid.text, "<1@example.org>");
    ck_assert_str_eq(s.xphp.text, "4079:x.php");
    ck_assert(s.subject.present && s.from.present && s.msgid.present && s.xphp.present);
    ck_assert_uint_eq(s.recipients, 5);
    ck_assert_uint_eq(s.copies, 1);
    ck_assert(s.complete);
}
END_TEST

START_TEST(nothing)
{
    struct summary s = read_text("", 0, 0, false);

    ck_assert(!s.complete && !s.from.present && !s.subject.present);
    ck_assert_str_eq(s.subject.text, "");
    ck_assert_uint_eq(s.recipients, 0);
    s = read_text("", 0, 0, true);
    ck_assert(s.complete);
    for (size_t start = 6; start < 9; start++) { /* at the end, and behind it */
        s = read_text("To: a\n", 6, start, false);
        ck_assert_uint_eq(s.recipients, 0);
        ck_assert(!s.complete);
    }
}
END_TEST

/* Subject as read from a section; NULL: absent. */
static const struct {
    const char *what;
    const char *text;
    size_t n;
    const char *subject;
} subjects[] = {
    {"LF", BYTES("Subject: a b\n\n"), "a b"},
    {"CRLF", BYTES("Subject: a b\r\n\r\n"), "a b"},
    {"no blank", BYTES("Subject:a\n\n"), "a"},
    {"case", BYTES("sUBJECT: a\n\n"), "a"},
    {"blanks before the colon", BYTES("Subject \t : a\n\n"), "a"},
    {"blanks around", BYTES("Subject: \t a \t \n\n"), "a"},
    {"empty", BYTES("Subject:\n\n"), ""},
    {"blanks only", BYTES("Subject: \r\n \r\n\t\r\n\r\n"), ""},
    {"folded", BYTES("Subject: a\n b\n\tc\n\n"), "a b\tc"},
    {"folded CRLF", BYTES("Subject: a\r\n  b\r\n\r\n"), "a  b"},
    {"starts on the second line", BYTES("Subject:\r\n a\r\n\r\n"), "a"},
    {"NUL", BYTES("Subject: a\0b\n\n"), "a?b"},
    {"bare CR", BYTES("Subject: a\rb\n\n"), "ab"},
    {"8 bit and controls stay", BYTES("Subject: \xff\x1b[1m\n\n"), "\xff\x1b[1m"},
    {"the first of two", BYTES("Subject: a\nSubject: b\n\n"), "a"},
    {"the first, though empty", BYTES("Subject:\nSubject: b\n\n"), ""},
    {"no line end", BYTES("Subject: a"), "a"},
    {"unfinished line", BYTES("To: x\nSubject: a b"), "a b"},
    {"colon in the body", BYTES("Subject: a: b\n\n"), "a: b"},
    {"longer name", BYTES("Subject2: a\nXSubject: b\n\n"), NULL},
    {"shorter name", BYTES("Subjec: a\n\n"), NULL},
    {"name not finished", BYTES("Subject"), NULL},
    {"behind an empty line", BYTES("To: x\n\nSubject: a\n"), NULL},
    {"behind an empty CRLF line", BYTES("To: x\r\n\r\nSubject: a\n"), NULL},
    {"behind a line of CRs", BYTES("To: x\n\r\r\nSubject: a\n"), NULL},
    {"behind a line of blanks: a fold", BYTES("To: x\n \nSubject: a\n\n"), "a"},
    {"behind text", BYTES("To: x\nHello world\nSubject: a\n\n"), NULL},
    {"behind a From_ line", BYTES("To: x\nFrom a Sat Nov 21\nSubject: a\n\n"), NULL},
    {"behind >From_", BYTES(">From a Sat Nov 21 16:20:31 2026\nSubject: a\n\n"), NULL},
    {"behind a name without colon", BYTES("To: x\nFrom\nSubject: a\n\n"), NULL},
    {"behind a colon without name", BYTES(": x\nSubject: a\n\n"), NULL},
    {"behind a blank and a colon", BYTES("To: x\n\nTo : y\nSubject: a\n\n"), NULL},
    {"behind 8 bit in a name", BYTES("T\xc3\xb6: x\nSubject: a\n\n"), NULL},
    {"behind a control in a name", BYTES("T\x01o: x\nSubject: a\n\n"), NULL},
    {"behind NUL in a name: it reads as ?", BYTES("T\0o: x\nSubject: a\n\n"), "a"},
    {"first line blank", BYTES("\nSubject: a\n\n"), NULL},
    {"first line begins with a blank", BYTES(" x\nSubject: a\n\n"), NULL},
    {"first line begins with a TAB", BYTES("\tSubject: x\nSubject: a\n\n"), NULL},
    {"forged in a fold", BYTES("To: x,\n Subject: no\nSubject: a\n\n"), "a"},
    {"odd names", BYTES("X-!#$%&'*+.~[]\"\\: x\nSubject: a\n\n"), "a"},
};

START_TEST(subject)
{
    struct summary s = read_text(subjects[_i].text, subjects[_i].n, 0, true);

    ck_assert_msg(s.subject.present == (subjects[_i].subject != NULL), "%s: present=%d",
                  subjects[_i].what, s.subject.present);
    if (subjects[_i].subject != NULL) {
        ck_assert_msg(strcmp(s.subject.text, subjects[_i].subject) == 0, "%s: got '%s'",
                      subjects[_i].what, s.subject.text);
        ck_assert_uint_eq(s.subject.len, strlen(s.subject.text));
    }
    ck_assert(s.complete);
}
END_TEST

static const struct {
    const char *text;
    size_t n;
    bool ends;
} ends[] = {
    {BYTES(""), false},
    {BYTES("\n"), true},
    {BYTES("\r\n"), true},
    {BYTES("\r"), true}, /* whatever comes: an empty line, or a line that is no field */
    {BYTES(" "), true},
    {BYTES("S"), false},
    {BYTES("Subject"), false},
    {BYTES("Subject "), false},
    {BYTES("Subject :"), false},
    {BYTES("Subject: a"), false},
    {BYTES("Subject: a\n"), false},
    {BYTES("Subject: a\r\n"), false},
    {BYTES("Subject: a\r\n\r"), true},
    {BYTES("Subject: a\n\n"), true},
    {BYTES("Subject: a\n "), false},
    {BYTES("Subject: a\n \n"), false},
    {BYTES("Subject: a\nHello"), false},
    {BYTES("Subject: a\nHello "), false},
    {BYTES("Subject: a\nHello w"), true},
    {BYTES("Subject: a\nHello\n"), true},
    {BYTES("Subject: a\n."), false},
    {BYTES("Subject: a\n.\n"), true},
    {BYTES("Subject: a\n:"), true},
};

START_TEST(section_ends)
{
    struct summary s = read_text(ends[_i].text, ends[_i].n, 0, false);

    ck_assert_int_eq(summary_section_ends(ends[_i].text, ends[_i].n, 0), ends[_i].ends);
    ck_assert_int_eq(s.complete, ends[_i].ends);
    ck_assert(read_text(ends[_i].text, ends[_i].n, 0, true).complete);
}
END_TEST

/* Once the end is seen, more bytes change nothing. */
START_TEST(end_does_not_move)
{
    static const char text[] = "To: a,\r\n b\r\nSubject : x\r\n  y\r\nCc: c\r\n\r\nTo: z\r\n";
    size_t first = 0;

    for (size_t n = 0; n < sizeof text; n++) {
        bool end = summary_section_ends(text, n, 0);

        ck_assert(end || first == 0);
        if (end) {
            struct summary s = read_text(text, n, 0, false);

            first = first == 0 ? n : first;
            ck_assert_str_eq(s.subject.text, "x  y");
            ck_assert_uint_eq(s.recipients, 3);
        }
    }
    ck_assert_uint_eq(first, (size_t)(strstr(text, "\r\n\r\n") - text) + 3);
}
END_TEST

static const struct {
    const char *fields;
    size_t n;
    size_t recipients;
} lists[] = {
    {BYTES("To: a@b\n"), 1},
    {BYTES("To: a@b, c@d\n"), 2},
    {BYTES("To: a@b,\n c@d,\r\n\te@f\n"), 3},
    {BYTES("To:\n"), 0},
    {BYTES("To: ,\n"), 0},
    {BYTES("To: a@b,, ,c@d,\n"), 2},
    {BYTES("TO: a\ncc: b\nBcC: c\nTo: d, e\n"), 5},
    {BYTES("To : a, b\n"), 2},
    {BYTES("Toto: a\nReply-To: b\nX-To: c\nDelivered-To: d\nApparently-To: e\n"), 0},
    /* quoted strings */
    {BYTES("To: \"Doe, John\" <j@d>\n"), 1},
    {BYTES("To: \"a\\\",b\" <j@d>, \"\\\\\" <k@d>\n"), 2},
    {BYTES("To: \"a,b\"@c, d@e\n"), 2},
    {BYTES("To: \"(\" <a@b>, \")\" <c@d>\n"), 2},
    {BYTES("To: \"a,\r\n b,c\" <a@b>\n"), 1},
    {BYTES("To: \"never closed, a@b, c@d\n"), 1},
    {BYTES("To: \"never closed\nCc: a@b, c@d\n"), 3},
    {BYTES("To: \"\\"), 1},
    /* comments */
    {BYTES("To: a@b (x, y), c@d\n"), 2},
    {BYTES("To: a@b (x (y, (z)), w), c@d\n"), 2},
    {BYTES("To: a@b (x \\) , y), c@d\n"), 2},
    {BYTES("To: (only, a, comment)\n"), 0},
    {BYTES("To: (only), (comments)\n"), 0},
    {BYTES("To: (a \" b), c@d, (\" e)\n"), 1},
    {BYTES("To: (never closed, a@b\n"), 0},
    {BYTES("To: ), a@b\n"), 1},
    /* groups */
    {BYTES("To: undisclosed-recipients:;\n"), 0},
    {BYTES("To: undisclosed-recipients: ;\n"), 0},
    {BYTES("To: \"Undisclosed, really\": (none) ;, a@b\n"), 1},
    {BYTES("To: A Group: a@b, \"C, D\" <c@d>,e@f;\n"), 3},
    {BYTES("To: x@y, A: a@b, c@d;, z@y\n"), 4},
    {BYTES("To: A: a@b; B: c@d;\n"), 2},
    {BYTES("To: A: a@b\n"), 1},
    /* angle addresses, routes, literals */
    {BYTES("To: <@x,@y:a@b>, c@d\n"), 2},
    {BYTES("To: A <@x,@y:a@b>\n"), 1},
    {BYTES("To: a@[IPv6:2001:db8::1], b@[192.0.2.1]\n"), 2},
    {BYTES("To: a@[x,y:z], b@[\\],]\n"), 2},
    {BYTES("To: =?utf-8?Q?J=2C_D?= <j@d>, k@d\n"), 2},
    {BYTES("To: a@b; c@d\n"), 2},
    {BYTES("To: \0, \xff\n"), 2},
    /* resent fields replace the others, wherever they stand */
    {BYTES("To: a, b, c\nResent-To: d\n"), 1},
    {BYTES("Resent-Cc: a, b\nresent-bcc: c\nTo: d\n"), 3},
    {BYTES("To: a, b\nResent-Date: now\n"), 0},
    {BYTES("To: a, b\nResent-: now\nResent: no\n"), 2},
    {BYTES("To: a, b\nX-Resent-To: c\n"), 2},
};

START_TEST(recipients)
{
    struct summary s = read_text(lists[_i].fields, lists[_i].n, 0, true);

    ck_assert_msg(s.recipients == lists[_i].recipients, "%s: got %zu, not %zu", lists[_i].fields,
                  s.recipients, lists[_i].recipients);
}
END_TEST

/* What the MTAs make of the same fields: tests/e2e/recipients-*.t has their envelopes. */
static const struct {
    const char *dialect;
    const char *fields;
    size_t recipients;
} styles[] = {
    {"postfix", "Resent-To: d\nTo: a, b, c\n", 1},
    {"postfix", "To: a, b\nResent-Date: now\n", 2},
    {"postfix", "To: a, b\nResent-To: g:;\n", 2},
    {"exim", "To: a, b\nResent-Date: now\n", 0},
    {"sendmail", "To: a, b\nResent-Date: now\n", 0},
    {"nullmailer", "To: a, b\nResent-Date: now\n", 0},
    {"qmail", "To: a, b\nResent-Date: now\n", 0},
    {"courier", "Resent-To: d\nTo: a, b, c\n", 3},
    {"dma", "Resent-To: d\nTo: a, b, c\n", 3},
    {"opensmtpd", "Resent-To: d\nTo: a, b, c\n", 3},
    {"ssmtp", "Resent-To: d\nTo: a, b, c\n", 3},
    {"esmtp", "Resent-To: d\nTo: a, b, c\n", 3},
    {"msmtp", "Resent-To: a\nResent-Cc: b\nX: y\nResent-To: c, d\nTo: e, f, g\n", 2},
    {"msmtp", "X: y\nResent-Date: now\nX: y\nResent-To: c, d\nTo: e\n", 0},
    {"exim", "Resent-To: a\nResent-Cc: b\nX: y\nResent-To: c, d\nTo: e, f, g\n", 4},
    {"postfix", "To : a\nResent-To : b, c\n", 2},
    {"exim", "To\t: a\n", 1},
    {"dma", "To : a\nCc: b\n", 1},
    {"courier", "To : a\nCc: b\n", 1},
    {"sendmail", "Apparently-To: a\nTo: b\n", 2},
    {"sendmail", "Resent-Apparently-To: a\nTo: b\n", 0},
    {"nullmailer", "Apparently-To: a\n", 1},
    {"postfix", "Apparently-To: a\n", 0},
    {"dma", "To: a, b,\n c\nCc: d\r\n\te\n", 3},
    {"postfix", "To: a, b,\n c\nCc: d,\r\n\te\n", 5},
    {"postfix", "To: a@b c@d\n", 2},
    {"postfix", "To: a@b\n\tc@d\n", 2},
    {"postfix", "To: a@b(x)c@d\n", 2},
    {"postfix", "To: a (x) @ (y) b . c\n", 1},
    {"postfix", "To: \"a b\"@c \"d\"\n", 2},
    {"postfix", "To: a\\ b@c\n", 1},
    {"postfix", "To: One Two <a@b>, Three\n", 2},
    {"postfix", "To: One <a@b> Two <c@d>\n", 2},
    {"postfix", "To: One Two: a@b c@d;\n", 2},
    {"sendmail", "To: a@b c@d\n", 2},
    {"sendmail", "To: One <a@b> Two <c@d>\n", 1},
    {"msmtp", "To: a@b c@d\n", 1},
    {"msmtp", "To: One <a@b> Two <c@d>\n", 2},
    {"exim", "To: a@b c@d, One <a@b> Two <c@d>\n", 2},
};

START_TEST(recipients_of_an_mta)
{
    const char *fields = styles[_i].fields;
    struct summary s;

    summary_read(fields, strlen(fields), 0, true, OWN, dialect_find(styles[_i].dialect), &s);
    ck_assert_msg(s.recipients == styles[_i].recipients, "%s: %s: got %zu, not %zu",
                  styles[_i].dialect, fields, s.recipients, styles[_i].recipients);
}
END_TEST

START_TEST(copies)
{
    static const char text[] = OWN ": a\n" OWN " : b\nX-ADDITIONAL-HEADER:c\n" OWN "s: d\n"
                                   "Y: " OWN ": e\n " OWN ": f\n\n" OWN ": g\n";
    struct summary s = read_text(text, sizeof text - 1, 0, true);

    ck_assert_uint_eq(s.copies, 3);
}
END_TEST

START_TEST(values_are_cut)
{
    for (size_t n = 509; n < 515; n++) {
        char text[600];
        int len = snprintf(text, sizeof text, "Subject: %0*d\n\n", (int)n, 7);
        struct summary s = read_text(text, (size_t)len, 0, true);

        ck_assert_uint_eq(s.subject.len, n < 511 ? n : 511);
        ck_assert_uint_eq(strlen(s.subject.text), s.subject.len);
        ck_assert(s.complete);
    }
}
END_TEST

/* A megabyte of each kind of nonsense, and what stands behind it. */
START_TEST(huge)
{
    static const char *const fillers[] = {"a, ", "(", "\"", "<",   "[", ":",
                                          ";",   ",", "\\", "\n ", "\r"};
    const size_t size = 1 << 20;
    const char *filler = fillers[_i];
    char *text = malloc(size);
    size_t n = 4;
    struct summary s;

    ck_assert_ptr_nonnull(text);
    memcpy(text, "To: ", 4);
    while (n + 64 < size) {
        memcpy(text + n, filler, strlen(filler));
        n += strlen(filler);
    }
    n += (size_t)sprintf(text + n, "\nSubject: behind it\n\n");
    summary_read(text, n, 0, false, OWN, dialect_cautious(), &s);
    ck_assert_str_eq(s.subject.text, "behind it");
    ck_assert(s.complete);
    ck_assert_uint_eq(s.recipients, _i == 0 ? (n - 25) / 3 : strchr("\"<[\\", *filler) != NULL);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *tc = tcase_create("summary");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_test(tc, an_ordinary_message);
    tcase_add_test(tc, nothing);
    tcase_add_loop_test(tc, subject, 0, sizeof subjects / sizeof subjects[0]);
    tcase_add_loop_test(tc, section_ends, 0, sizeof ends / sizeof ends[0]);
    tcase_add_test(tc, end_does_not_move);
    tcase_add_loop_test(tc, recipients, 0, sizeof lists / sizeof lists[0]);
    tcase_add_loop_test(tc, recipients_of_an_mta, 0, sizeof styles / sizeof styles[0]);
    tcase_add_test(tc, copies);
    tcase_add_test(tc, values_are_cut);
    tcase_add_loop_test(tc, huge, 0, 11);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
