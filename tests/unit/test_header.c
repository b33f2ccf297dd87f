/*
 * header: the line's text and bounds, and its place in a message for each MTA.
 *
 * That the place is the same however the message comes in is tried for each row at each of its
 * prefixes.
 */
#include "support.h"
#include "wrapper/dialect_table.h"
#include "wrapper/header.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ULID "01KAMX3F8Q7ZV2N5T0C9R4E6HJ"
#define LINE_MAX_BYTES 988

/* --- the line ------------------------------------------------------------------------------ */

struct format_row {
    const char *label;
    enum header_path path;
    const char *fields; /* u, p, i in their order */
    const char *cwd;
    bool deleted;
    const char *want;
};

static const struct format_row format_rows[] = {
    {"all", HEADER_PATH_DIRNAME, "upi", "/var/www/web274/htdocs", false,
     "X-H: /var/www/web274; uid=4079; pid=12345; id=" ULID},
    {"full path", HEADER_PATH_FULL, "upi", "/var/www/web274/htdocs", false,
     "X-H: /var/www/web274/htdocs; uid=4079; pid=12345; id=" ULID},
    {"no path", HEADER_PATH_NONE, "upi", "/var/www", false, "X-H: uid=4079; pid=12345; id=" ULID},
    {"no fields", HEADER_PATH_DIRNAME, "", "/var/www/web274/htdocs", false, "X-H: /var/www/web274"},
    {"one field", HEADER_PATH_DIRNAME, "i", "/a/b", false, "X-H: /a; id=" ULID},
    {"their order", HEADER_PATH_DIRNAME, "ipu", "/a/b", false,
     "X-H: /a; id=" ULID "; pid=12345; uid=4079"},
    {"neither path nor fields", HEADER_PATH_NONE, "", "/a/b", false, "X-H:"},
    {"one field, no path", HEADER_PATH_NONE, "u", "/a/b", true, "X-H: uid=4079"},
    {"root", HEADER_PATH_DIRNAME, "u", "/", false, "X-H: /; uid=4079"},
    {"below root", HEADER_PATH_DIRNAME, "u", "/srv", false, "X-H: /; uid=4079"},
    {"root, full", HEADER_PATH_FULL, "u", "/", false, "X-H: /; uid=4079"},
    {"slash at the end", HEADER_PATH_DIRNAME, "u", "/a/b/", false, "X-H: /a; uid=4079"},
    {"slashes", HEADER_PATH_DIRNAME, "u", "//a//b//", false, "X-H: //a; uid=4079"},
    {"only slashes", HEADER_PATH_DIRNAME, "u", "///", false, "X-H: /; uid=4079"},
    {"no slash", HEADER_PATH_DIRNAME, "u", "(unreachable)", false, "X-H: (unreachable); uid=4079"},
    {"unreachable", HEADER_PATH_DIRNAME, "u", "(unreachable)/a/b", false,
     "X-H: (unreachable)/a; uid=4079"},
    {"empty", HEADER_PATH_FULL, "u", "", false, "X-H: ; uid=4079"},
    {"unknown", HEADER_PATH_DIRNAME, "u", NULL, false, "X-H: (unknown); uid=4079"},
    {"unknown, full", HEADER_PATH_FULL, "u", NULL, true, "X-H: (unknown); uid=4079"},
    {"deleted", HEADER_PATH_DIRNAME, "u", "/a/b", true, "X-H: /a (deleted); uid=4079"},
    {"deleted, full", HEADER_PATH_FULL, "u", "/a/b", true, "X-H: /a/b (deleted); uid=4079"},
    {"newline", HEADER_PATH_FULL, "u", "/a\nBcc: x@y\r\n\r\n", false,
     "X-H: /a%0ABcc: x@y%0D%0A%0D%0A; uid=4079"},
    {"newline above", HEADER_PATH_DIRNAME, "u", "/a\nb/c", false, "X-H: /a%0Ab; uid=4079"},
    {"encoded characters", HEADER_PATH_FULL, "u", "/%;\"\x01\x1f\x7f\x80\xff\t", false,
     "X-H: /%25%3B%22%01%1F%7F%80%FF%09; uid=4079"},
    {"plain characters", HEADER_PATH_FULL, "u", "/ !#$&'()*+,-.09:<=>?@AZ[\\]^_`az{|}~", false,
     "X-H: / !#$&'()*+,-.09:<=>?@AZ[\\]^_`az{|}~; uid=4079"},
    {"UTF-8", HEADER_PATH_FULL, "u", "/k\xc3\xa4se", false, "X-H: /k%C3%A4se; uid=4079"},
    {"a field's name", HEADER_PATH_FULL, "u", "/a; uid=0", false, "X-H: /a%3B uid=0; uid=4079"},
};

static struct header_style style_make(enum header_path path, const char *fields)
{
    struct header_style style = {.enabled = true, .name = "X-H", .path = path};

    for (; *fields != '\0'; fields++) {
        style.fields[style.field_count++] = *fields == 'u'   ? HEADER_UID
                                            : *fields == 'p' ? HEADER_PID
                                                             : HEADER_ID;
    }
    return style;
}

/* The line for these, in a static buffer. */
static const char *format(const struct header_style *style, const char *cwd, bool deleted)
{
    static char buf[2048];
    struct header_facts facts = {
        .cwd = cwd, .cwd_deleted = deleted, .uid = 4079, .pid = 12345, .id = ULID};
    struct strbuf out;

    strbuf_init(&out, buf, sizeof buf);
    header_format(style, &facts, &out);
    ck_assert(!out.overflow);
    return buf;
}

START_TEST(formats)
{
    const struct format_row *r = &format_rows[_i];
    struct header_style style = style_make(r->path, r->fields);
    char got[2200], want[2200];

    snprintf(got, sizeof got, "%s: %s", r->label, format(&style, r->cwd, r->deleted));
    snprintf(want, sizeof want, "%s: %s", r->label, r->want);
    ck_assert_str_eq(got, want);
}
END_TEST

/* A path of n bytes c behind a slash. */
static const char *path_of(size_t n, char c)
{
    static char path[8192];

    memset(path, c, n + 1);
    path[0] = '/';
    path[n + 1] = '\0';
    return path;
}

/*
 * Every length up to far beyond the bound: never longer than allowed, cut only when it must be,
 * never inside an escape.
 */
START_TEST(bounds)
{
    static const char kinds[] = {'a', '%', '\n', '\xff', '/'};
    struct header_style style = style_make(HEADER_PATH_FULL, "upi");
    const char *tail = "; uid=4079; pid=12345; id=" ULID, *deleted = " (deleted)";
    size_t each = kinds[_i] == 'a' || kinds[_i] == '/' ? 1 : 3;

    for (int gone = 0; gone < 2; gone++) {
        size_t rest = strlen(tail) + (gone ? strlen(deleted) : 0);
        size_t room = LINE_MAX_BYTES - strlen("X-H: ") - rest;

        for (size_t n = 0; n < 1200; n++) {
            const char *line = format(&style, path_of(n, kinds[_i]), gone);
            size_t len = strlen(line), whole = 1 + n * each;
            const char *path = line + strlen("X-H: ");
            size_t path_len = len - rest - strlen("X-H: ");

            ck_assert_uint_le(len, LINE_MAX_BYTES);
            ck_assert_str_eq(line + len - strlen(tail), tail);
            if (whole <= room) {
                ck_assert_uint_eq(path_len, whole);
            } else {
                ck_assert_uint_gt(path_len, room - each);
                ck_assert_mem_eq(path + path_len - 4, "%...", 4);
                ck_assert_uint_eq((path_len - 4 - 1) % each, 0);
            }
        }
    }
}
END_TEST

/* The longest name and numbers leave room for a path. */
START_TEST(longest_line)
{
    struct header_style style = style_make(HEADER_PATH_FULL, "upi");
    struct header_facts facts = {.cwd = path_of(5000, ';'),
                                 .cwd_deleted = true,
                                 .uid = (unsigned long)-1,
                                 .pid = 0x7fffffff,
                                 .id = ULID};
    char buf[2048];
    struct strbuf out;

    memset(style.name, 'X', sizeof style.name - 1);
    strbuf_init(&out, buf, sizeof buf);
    header_format(&style, &facts, &out);
    ck_assert_uint_le(out.len, LINE_MAX_BYTES);
    ck_assert_uint_gt(out.len, LINE_MAX_BYTES - 3);
    ck_assert_ptr_nonnull(
        strstr(buf, "%... (deleted); uid=18446744073709551615; pid=2147483647; id=" ULID));
}
END_TEST

/* It appends; where it does not fit nothing is left of it. */
START_TEST(no_room)
{
    struct header_style style = style_make(HEADER_PATH_FULL, "u");
    struct header_facts facts = {.cwd = "/a", .uid = 1};
    char buf[24];
    struct strbuf out;

    strbuf_init(&out, buf, sizeof buf);
    strbuf_puts(&out, "<");
    header_format(&style, &facts, &out);
    ck_assert_str_eq(buf, "<X-H: /a; uid=1");
    header_format(&style, &facts, &out);
    ck_assert_str_eq(buf, "<X-H: /a; uid=1");
    ck_assert(out.overflow);
}
END_TEST

/* --- the place ----------------------------------------------------------------------------- */

#define DATED "From a@b Mon Jan  1 12:34:56 2026\n"
#define UUCP "From a!b Fri, 5 Jan 26 1:2 remote from x\n"

struct place_row {
    const char *dialect; /* blanks part several; "all": each */
    const char *label;
    const char *message; /* up to a "|" is what our header comes after; no "|": on top */
    const char *want;    /* "lf", "crlf", with " blank" */
};

static const struct place_row place_rows[] = {
    {"all", "the usual message", "To: a@b\nSubject: x\n\nbody\n", "lf"},
    {"all", "CRLF", "To: a@b\r\nSubject: x\r\n\r\nbody\r\n", "crlf"},
    {"all", "LF first, CRLF behind", "To: a@b\nSubject: x\r\n\r\n", "lf"},
    {"all", "CRLF first, LF behind", "To: a@b\r\nSubject: x\n\n", "crlf"},
    {"all", "CR alone", "To: a@b\rSubject: x\n\n", "lf"},
    {"all", "nothing", "", "lf"},
    {"all", "one byte", "x", "lf"},
    {"all", "no line feed", "To: a@b", "lf"},
    {"all", "no line feed but a CR", "To: a@b\r", "lf"},
    {"postfix sendmail exim opensmtpd msmtp nullmailer dma esmtp courier qmail",
     "an empty line first", "\nTo: a@b\n", "lf"},
    {"postfix sendmail exim opensmtpd msmtp nullmailer dma esmtp courier qmail",
     "an empty CRLF line first", "\r\nTo: a@b\r\n", "crlf"},
    {"all", "only a blank", " ", "lf blank"},
    {"all", "no header at all", "hello world\n", "lf"},
    {"all", "From without a blank", "From: a@b\nTo: c@d\n\n", "lf"},
    {"all", "Fromage", "Fromage a@b Mon Jan  1 12:34:56 2026\n", "lf"},
    {"all", "From_ at the end, no line feed", "From a@b Mon Jan  1 12:34", "lf"},
    {"all", "From", "From", "lf"},
    {"all", "F", "F", "lf"},
    {"all", ">", ">", "lf"},
    {"all", "a dot", ".\n", "lf"},

    /* a blank first: all is body, or the line belongs to a field of the MTA's own */
    {"postfix sendmail exim nullmailer qmail", "a blank first", " x\nTo: a@b\n\n", "lf blank"},
    {"postfix sendmail exim nullmailer qmail", "a TAB first", "\tx\r\nTo: a@b\r\n", "crlf blank"},
    {"postfix sendmail exim nullmailer qmail", "a line of blanks", "  \nTo: a@b\n", "lf blank"},
    {"dma msmtp ssmtp esmtp opensmtpd courier cautious", "a blank first", " x\n|To: a@b\n\n", "lf"},
    {"dma msmtp ssmtp esmtp opensmtpd courier cautious", "a TAB first", "\tx\r\n|To: a@b\r\n",
     "crlf"},
    {"dma msmtp ssmtp esmtp opensmtpd courier cautious", "three", " x\n \n\ty\n|To: a@b\n", "lf"},
    {"dma msmtp ssmtp esmtp opensmtpd courier cautious", "nothing behind", " x\n|", "lf"},
    {"dma msmtp ssmtp esmtp opensmtpd courier cautious", "the last has no line feed", " x\n| y",
     "lf blank"},
    {"dma msmtp ssmtp esmtp opensmtpd courier cautious", "an empty line behind", " x\n|\nTo: a@b\n",
     "lf"},

    /* ssmtp goes on behind an empty line at the start, where a field follows */
    {"ssmtp cautious", "an empty line, then a field", "\n|To: a@b\n\n", "lf"},
    {"ssmtp cautious", "an empty line with CRLF, then a field", "\r\n|To: a@b\r\n\r\n", "crlf"},
    {"ssmtp cautious", "an empty line, then text", "\nhello you: x\n", "lf"},
    {"ssmtp cautious", "an empty line, then a colon", "\n: x\n", "lf"},
    {"ssmtp cautious", "an empty line, then half a name", "\nTo", "lf"},
    {"ssmtp cautious", "two empty lines", "\n\nTo: a@b\n", "lf"},
    {"ssmtp cautious", "an empty line, then a blank", "\n x\n", "lf"},

    /* one From_ line */
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious exim", "From_",
     DATED "|To: a@b\n\n", "lf"},
    {"qmail", "From_: becomes a field itself", DATED "To: a@b\n\n", "lf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious exim",
     "From_ with CRLF", "From a@b Mon Jan  1 12:34:56 2026\r\n|To: a@b\r\n\r\n", "crlf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious exim",
     "From_ CRLF, then LF", "From a@b Mon Jan  1 12:34:56 2026\r\n|To: a@b\n\n", "crlf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious exim",
     "From_ LF, then CRLF", DATED "|To: a@b\r\n\r\n", "lf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious exim",
     "From_ and nothing", DATED "|", "lf"},
    {"postfix sendmail nullmailer", "From_, then a blank", DATED "| x\nTo: a@b\n\n", "lf blank"},
    {"opensmtpd msmtp dma ssmtp esmtp courier cautious", "From_, then a blank",
     DATED " x\n|To: a@b\n\n", "lf"},
    {"opensmtpd msmtp dma ssmtp esmtp courier cautious", "a blank, then From_",
     " x\n|" DATED "To: a@b\n\n", "lf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious",
     "From_ without a date", "From me\n|To: a@b\n\n", "lf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious",
     "From_ alone in its line", "From \n|To: a@b\n\n", "lf"},
    {"postfix sendmail opensmtpd msmtp nullmailer dma ssmtp esmtp courier cautious",
     "From_, then an empty line", DATED "|\nTo: a@b\n\n", "lf"},

    /* several */
    {"postfix opensmtpd nullmailer dma cautious exim", "two", DATED DATED "|To: a@b\n\n", "lf"},
    {"sendmail msmtp ssmtp esmtp courier", "two: one is stripped", DATED "|" DATED "To: a@b\n\n",
     "lf"},
    {"postfix cautious", "three, with marks", ">>>From x\nFrom y\n>From z\n|To: a@b\n", "lf"},
    {"nullmailer dma", "three, with marks", ">From x\nFrom y\n>From z\n|To: a@b\n", "lf"},
    {"nullmailer dma", "two marks", ">>From x\nTo: a@b\n", "lf"},
    {"nullmailer dma", "two marks in the second", "From x\n|>>From y\nTo: a@b\n", "lf"},
    {"sendmail opensmtpd msmtp ssmtp esmtp courier exim qmail", "a mark", ">" DATED "To: a@b\n",
     "lf"},
    {"postfix cautious nullmailer dma", "a mark", ">" DATED "|To: a@b\n", "lf"},
    {"postfix", "a mark elsewhere", "> >From x\nTo: a@b\n", "lf"},
    {"postfix", "the last has no line feed", "From x\n|From y", "lf"},

    /* case */
    {"opensmtpd dma cautious", "any case", "fRoM x\nFROM y\n|To: a@b\n", "lf"},
    {"dma cautious", "any case, a mark", ">from x\n|To: a@b\n", "lf"},
    {"postfix sendmail nullmailer msmtp ssmtp esmtp courier qmail", "small letters",
     "from x\nTo: a@b\n", "lf"},
    {"exim", "small letters", "from a@b Mon Jan  1 12:34:56 2026\nTo: a@b\n", "lf"},

    /* Exim: date and time */
    {"exim", "no date", "From me\nTo: a@b\n\n", "lf"},
    {"exim", "weekday with a comma, day first", UUCP "|To: a@b\n", "lf"},
    {"exim", "no weekday", "From a@b Jan 1 12:34\n|To: a@b\n", "lf"},
    {"exim", "a day of two digits", "From a@b Mon Jan 12 12:34\n|To: a@b\n", "lf"},
    {"exim", "any letters for a month", "From a@b AzZ 1 1:2\nFrom a@b Zaa 1 1:2\n|To: a@b\n", "lf"},
    {"exim", "no weekday, day first", "From a@b 1 Jan 2026 12:34\n|To: a@b\n", "lf"},
    {"exim", "blanks and TABs", "From\t  a@b \t Mon \tJan\t 1  1:2\n|To: a@b\n", "lf"},
    {"exim", "no blank behind the comma", "From a@b Mon,Jan 1 12:34\nTo: a@b\n", "lf"},
    {"exim", "a blank before the comma", "From a@b Mon , Jan 1 12:34\nTo: a@b\n", "lf"},
    {"exim", "no sender", "From  Mon Jan 1 12:34\n|To: a@b\n", "lf"}, /* "Mon" is the sender */
    {"exim", "neither sender nor weekday", "From Jan 1 12:34\nTo: a@b\n", "lf"},
    {"exim", "a sender of two words", "From a b Mon Jan 1 12:34\nTo: a@b\n", "lf"},
    {"exim", "a month of four letters", "From a@b Mon Sept 1 12:34\nTo: a@b\n", "lf"},
    {"exim", "a day of three digits", "From a@b Jan 123 12:34\nTo: a@b\n", "lf"},
    {"exim", "no day", "From a@b Mon Jan 12:34\nTo: a@b\n", "lf"},
    {"exim", "no hour", "From a@b Jan 1 :34\nTo: a@b\n", "lf"},
    {"exim", "three digits of an hour", "From a@b Jan 1 123:34\nTo: a@b\n", "lf"},
    {"exim", "no minute", "From a@b Jan 1 12:\nTo: a@b\n", "lf"},
    {"exim", "no colon", "From a@b Jan 1 12\nTo: a@b\n", "lf"},
    {"exim", "a year of three digits", "From a@b 1 Jan 123 12:34\nTo: a@b\n", "lf"},
    {"exim", "a year of two digits", "From a@b 1 Jan 26 12:34\n|To: a@b\n", "lf"},
    {"exim", "a year of none", "From a@b 1 Jan 12:34\nTo: a@b\n", "lf"},
    {"exim", "anything behind", "From a@b Jan 1 1:2xyz remote\n|To: a@b\n", "lf"},
    {"exim", "a second without a date", DATED "|From me\nTo: a@b\n", "lf"},
    /* Exim: folded lines are one */
    {"exim", "folded", DATED " more\n\tand more\n|To: a@b\n", "lf"},
    {"exim", "the date in the fold", "From a@b\n Jan 1 12:34\n|To: a@b\n", "lf"},
    {"exim", "folded, no date", "From a@b\n x\nTo: a@b\n", "lf"},
    {"exim", "folded, no line feed", DATED " more", "lf"},
    {"exim", "an empty line is no fold", DATED "|\n x\n", "lf"},
    {"exim", "CRLF first: a bare LF folds", "From a@b Jan 1 12:34\r\n|To: a@b\r\n", "crlf"},
    {"exim", "CRLF first: the second's bare LF folds",
     "From a@b Jan 1 12:34\r\nFrom c@d Jan 1 12:34\nTo: a@b\r\n|Cc: x\r\n", "crlf"},
    {"exim", "LF first: CRLF ends a line, too", DATED "From c@d Jan 1 12:34\r\n|To: a@b\n", "lf"},
};

/* Calls f for each dialect of a row. */
static void each_dialect(const struct place_row *r,
                         void (*f)(const struct dialect *, const struct place_row *))
{
    static const char all[] =
        "postfix sendmail exim opensmtpd msmtp nullmailer dma ssmtp esmtp courier qmail cautious";
    char *names = strdup(strcmp(r->dialect, "all") == 0 ? all : r->dialect), *save = NULL;

    for (char *n = strtok_r(names, " ", &save); n != NULL; n = strtok_r(NULL, " ", &save)) {
        const struct dialect *d = strcmp(n, "cautious") == 0 ? dialect_cautious() : dialect_find(n);

        ck_assert_msg(d != NULL, "no dialect %s", n);
        f(d, r);
    }
    free(names);
}

static const char *describe(const struct header_place *place)
{
    static char text[64];

    snprintf(text, sizeof text, "%zu %s%s", place->offset,
             strcmp(place->eol, "\n") == 0 ? "lf" : "crlf", place->blank_after ? " blank" : "");
    return text;
}

/* header_place on a copy of its exact size. */
static bool place_of(const struct dialect *d, const char *message, size_t len, bool eof,
                     struct header_place *ret)
{
    char *copy = malloc(len > 0 ? len : 1);
    bool known;

    memcpy(copy, message, len);
    known = header_place(d, copy, len, eof, ret);
    free(copy);
    return known;
}

/*
 * Whatever is said of one of the message's beginnings, before the end is known, is what is said of
 * the whole. from: the shortest beginning that is tried.
 */
static void check_prefixes(const struct dialect *d, const char *label, const char *message,
                           size_t len, size_t from, const struct header_place *whole)
{
    bool before = false;

    for (size_t n = from; n <= len; n++) {
        struct header_place part = {12345, NULL, true};
        bool known = place_of(d, message, n, false, &part);

        if (known) {
            ck_assert_msg(part.offset == whole->offset && strcmp(part.eol, whole->eol) == 0 &&
                              part.blank_after == whole->blank_after,
                          "%s: %s: the first %zu bytes say %s", d->name, label, n, describe(&part));
        } else {
            ck_assert_msg(part.offset == 12345 && part.eol == NULL && part.blank_after,
                          "%s: %s: filled in for nothing", d->name, label);
            ck_assert_msg(!before, "%s: %s: known at fewer than %zu bytes", d->name, label, n);
        }
        before = known;
    }
}

/* The same for a long message: its first and its last beginnings. */
static void check_ends(const struct dialect *d, const char *label, const char *message, size_t len,
                       const struct header_place *whole)
{
    check_prefixes(d, label, message, 64, 0, whole);
    check_prefixes(d, label, message, len, len - 64, whole);
}

static void check_place(const struct dialect *d, const struct place_row *r)
{
    const char *bar = strchr(r->message, '|');
    size_t offset = bar != NULL ? (size_t)(bar - r->message) : 0;
    char message[512], got[256], want[256];
    struct header_place place;

    snprintf(message, sizeof message, "%.*s%s", (int)offset, r->message,
             bar != NULL ? bar + 1 : r->message);
    ck_assert(place_of(d, message, strlen(message), true, &place));
    snprintf(got, sizeof got, "%s: %s: %s", d->name, r->label, describe(&place));
    snprintf(want, sizeof want, "%s: %s: %zu %s", d->name, r->label, offset, r->want);
    ck_assert_str_eq(got, want);
    check_prefixes(d, r->label, message, strlen(message), 0, &place);
}

START_TEST(places)
{
    each_dialect(&place_rows[_i], check_place);
}
END_TEST

/* Around the length of the longest From_ line, and of the longest line that is glued. */
START_TEST(line_limit)
{
    static char message[FROM_LINE_LONG + 64];
    const struct dialect *d =
        _i == 11 ? dialect_cautious() : dialect_find(dialect_known((unsigned)_i));
    size_t longest = d->from.longest > 0 ? d->from.longest : FROM_LINE_LONG;

    if (strcmp(dialect_name(d), "postfix") == 0) {
        ck_assert_uint_eq(longest, 2048); /* 2047 bytes and the line feed */
    }
    for (size_t len = longest - 2; len <= longest + 2; len++) {
        size_t n = len + (size_t)snprintf(message + len, sizeof message - len, "To: a@b\n");
        size_t start = (size_t)snprintf(message, len, "From a@b Jan 1 12:34 ");
        struct header_place place;

        memset(message + start, 'x', len - start - 1);
        message[len - 1] = '\n';
        ck_assert(place_of(d, message, n, true, &place));
        ck_assert_uint_eq(place.offset, len <= d->from.longest ? len : 0);
        check_ends(d, "a long line", message, n, &place);

        if (longest == FROM_LINE_LONG) {
            message[0] = ' ';
            ck_assert(place_of(d, message, n, true, &place));
            ck_assert_uint_eq(place.offset, d->from.glues && len <= longest ? len : 0);
            check_ends(d, "a long glued line", message, n, &place);
        }
    }
}
END_TEST

/* However many '>' there are: the same bound. */
START_TEST(marks_limit)
{
    static char message[FROM_LINE_POSTFIX * 2];
    struct header_place place;

    memset(message, '>', sizeof message);
    memcpy(message + FROM_LINE_POSTFIX - 6, "From \n", 6);
    message[sizeof message - 1] = '\n';
    ck_assert(place_of(dialect_find("postfix"), message, sizeof message, true, &place));
    ck_assert_uint_eq(place.offset, FROM_LINE_POSTFIX);
    check_ends(dialect_find("postfix"), "marks", message, sizeof message, &place);

    memset(message, '>', FROM_LINE_POSTFIX);
    memcpy(message + FROM_LINE_POSTFIX - 5, "From \n", 6);
    ck_assert(place_of(dialect_find("postfix"), message, sizeof message, true, &place));
    ck_assert_uint_eq(place.offset, 0);
    check_ends(dialect_find("postfix"), "marks", message, sizeof message, &place);
}
END_TEST

/* A NUL is a byte like any other; Exim's pattern does not look behind one. */
START_TEST(nul_bytes)
{
    static const char nul[] = "From a\0b Jan 1 12:34\nTo: a@b\n", first[] = "\0From x\n";
    size_t line = sizeof "From a\0b Jan 1 12:34\n" - 1;
    struct header_place place;

    ck_assert(place_of(dialect_find("postfix"), nul, sizeof nul - 1, true, &place));
    ck_assert_uint_eq(place.offset, line);
    ck_assert(place_of(dialect_find("exim"), nul, sizeof nul - 1, true, &place));
    ck_assert_uint_eq(place.offset, 0);
    ck_assert(place_of(dialect_find("postfix"), first, sizeof first - 1, true, &place));
    ck_assert_uint_eq(place.offset, 0);
}
END_TEST

/* The usual message: the place is known as soon as its first line is, whatever follows. */
START_TEST(first_line_is_enough)
{
    for (unsigned i = 0; dialect_known(i) != NULL; i++) {
        const struct dialect *d = dialect_find(dialect_known(i));
        struct header_place place;

        ck_assert(place_of(d, "Received: x\n", 12, false, &place));
        ck_assert(place_of(d, "From: a@b\n", 10, false, &place));
        ck_assert(!place_of(d, "Received: x", 11, false, &place));
        ck_assert(!place_of(d, "", 0, false, &place));
    }
    ck_assert(header_place(dialect_find("postfix"), NULL, 0, true, &(struct header_place){0}));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("header");
    TCase *tc = tcase_create("header");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, formats, 0, (int)(sizeof format_rows / sizeof format_rows[0]));
    tcase_add_loop_test(tc, bounds, 0, 5);
    tcase_add_test(tc, longest_line);
    tcase_add_test(tc, no_room);
    tcase_add_loop_test(tc, places, 0, (int)(sizeof place_rows / sizeof place_rows[0]));
    tcase_add_loop_test(tc, line_limit, 0, 12);
    tcase_add_test(tc, marks_limit);
    tcase_add_test(tc, nul_bytes);
    tcase_add_test(tc, first_line_is_enough);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
