/*
 * postfixfile: files that a real Postfix 3.7.11 wrote (the fuzz target's corpus), and made ones for
 * what an attacker or an accident makes of them; queue_header: our header taken apart.
 */
#include "admin/queue/postfixfile.h"

#include "support.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME "X-Additional-Header"
#define ID "01KAMX3F8Q7ZV2N5T0C9R4E6HJ"
#define PICKUP "Received: by mail.example.test (Postfix, from userid 4079)"
#define OURS NAME ": /var/www/web274; uid=4079; pid=1; id=" ID

static struct postfixfile file;

/* --- files of a real Postfix --------------------------------------------------------------- */

static enum postfixfile_result read_fixture(const char *name)
{
    char path[4096];
    const char *here = strrchr(__FILE__, '/');
    enum postfixfile_result result;
    int fd;

    (void)snprintf(path, sizeof path, "%.*s/../fuzz/corpus/postfixfile/%s", (int)(here - __FILE__),
                   __FILE__, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_msg(fd >= 0, "%s", path);
    result = postfixfile_read(fd, NAME, &file);
    close(fd);
    return result;
}

START_TEST(real_local)
{
    ck_assert_int_eq(read_fixture("local"), POSTFIXFILE_READ);
    ck_assert_int_eq(file.message.origin, QUEUE_OURS);
    ck_assert_int_eq(file.message.uid, 4079);
    ck_assert_str_eq(file.message.path, "/var/www/web274");
    ck_assert_str_eq(file.message.trace, "01M809ZVJ5VJHQXW7153CVQKM1");
    ck_assert_int_eq(file.message.arrival, 1795306810957679);
    ck_assert_int_eq(file.message.size, 427);
    ck_assert_uint_eq(file.message.rcpts, 1);
    ck_assert_str_eq(file.message.rcpt[0], "x@far.test");
    ck_assert_str_eq(file.message.sender, "web274@example.test");
    ck_assert_str_eq(file.message.subject, "local");
    ck_assert_ptr_null(file.message.client);
}
END_TEST

START_TEST(real_login)
{
    ck_assert_int_eq(read_fixture("login"), POSTFIXFILE_READ);
    ck_assert_int_eq(file.message.origin, QUEUE_SASL);
    ck_assert_str_eq(file.message.login, "bob@x");
    ck_assert_str_eq(file.message.client, "192.0.2.5");
    ck_assert_int_eq(file.message.uid, -1);
    ck_assert_ptr_null(file.message.path);
    ck_assert_ptr_null(file.message.trace);
    ck_assert_str_eq(file.message.header, "/v; uid=0; pid=1; id=" ID);
    ck_assert_uint_eq(file.message.rcpts, 1);
}
END_TEST

START_TEST(real_milter)
{
    ck_assert_int_eq(read_fixture("milter"), POSTFIXFILE_READ);
    ck_assert_int_eq(file.message.origin, QUEUE_OURS);
    ck_assert_int_eq(file.message.uid, 4079);
    ck_assert_uint_eq(file.message.rcpts, 2);
    ck_assert_str_eq(file.message.subject, "changed to something longer than it was before");
}
END_TEST

START_TEST(real_but_broken)
{
    ck_assert_int_eq(read_fixture("cut"), POSTFIXFILE_BROKEN);
    ck_assert_int_eq(read_fixture("ring"), POSTFIXFILE_BROKEN);
    ck_assert_int_eq(read_fixture("empty"), POSTFIXFILE_BROKEN);
    ck_assert_int_eq(read_fixture("defer"), POSTFIXFILE_BROKEN);
}
END_TEST

/* --- made ones ----------------------------------------------------------------------------- */

static char bytes[1 << 20];
static size_t used;

static void put(char type, const char *text)
{
    size_t n = strlen(text);

    bytes[used++] = type;
    for (size_t left = n;; left >>= 7) {
        bytes[used++] = (char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        if (left <= 0x7f) {
            break;
        }
    }
    memcpy(bytes + used, text, n);
    used += n;
}

/* A queue file: envelope records "Atext", "Rtext", ... and content lines, each list ended by NULL.
 */
static enum postfixfile_result make(const char *const *envelope, const char *const *lines)
{
    char size[100];
    size_t offset;
    enum postfixfile_result result;
    int fd = memfd_create("queue", MFD_CLOEXEC);

    used = 0;
    put('C', "                                                                                     "
             "         ");
    put('T', "1795306810 7");
    for (; *envelope != NULL; envelope++) {
        put(**envelope, *envelope + 1);
    }
    put('M', "");
    offset = used;
    for (; *lines != NULL; lines++) {
        put('N', *lines);
    }
    (void)snprintf(size, sizeof size, "%15zu %15zu %15d %15d %15zu %15d", used - offset, offset, 1,
                   0, used - offset, 0);
    memcpy(bytes + 2, size, strlen(size) < 94 ? strlen(size) : 94);
    put('X', "");
    put('R', "last@far.test");
    put('E', "");
    ck_assert_int_eq(write(fd, bytes, used), (ssize_t)used);
    result = postfixfile_read(fd, NAME, &file);
    close(fd);
    return result;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const local[] = {"Arewrite_context=local", "Sweb274@example.test", NULL};
static const char *const network[] = {"Sa@b", "Alog_client_address=192.0.2.1",
                                      "Aclient_address=127.0.0.1", NULL};

static const struct {
    const char *what;
    const char *const *envelope;
    const char *lines[8];
    enum queue_origin origin;
    long long uid;
} origins[] = {
    {"ours", local, {PICKUP, "\tid ABC; now", OURS, "", "x"}, QUEUE_OURS, 4079},
    {"ours below a milter's field", local, {"X-Filter: a", PICKUP, OURS, ""}, QUEUE_OURS, 4079},
    {"of a dialogue",
     local,
     {PICKUP, "Received: from x (localhost [127.0.0.1])", "\tby m", OURS, ""},
     QUEUE_OURS,
     4079},
    {"forwarded by local(8)",
     local,
     {"Received: by mail.example.test (Postfix)", "\tid B; now", "Delivered-To: a@b", PICKUP, OURS,
      ""},
     QUEUE_OURS,
     4079},
    {"no header", local, {PICKUP, "Subject: x", "", OURS}, QUEUE_UID, 4079},
    {"another's uid in it", local, {PICKUP, NAME ": /x; uid=4080; id=" ID, ""}, QUEUE_UID, 4079},
    {"no uid in it", local, {PICKUP, NAME ": /x; id=" ID, ""}, QUEUE_UID, 4079},
    {"forged below ours", local, {PICKUP, OURS, NAME ": /y; uid=0", ""}, QUEUE_OURS, 4079},
    {"only the topmost counts", local, {PICKUP, NAME ": /y; uid=0", OURS, ""}, QUEUE_UID, 4079},
    {"Received removed by header_checks", local, {OURS, ""}, QUEUE_UID, -1},
    {"a Received that only looks so",
     local,
     {"Received: from a (b [1.2.3.4])", PICKUP, OURS, ""},
     QUEUE_UID,
     -1},
    {"the words outside of the brackets",
     local,
     {"Received: by a (Postfix) with x, from userid 0)", "Subject: x", ""},
     QUEUE_UID,
     -1},
    {"words behind the number",
     local,
     {"Received: by a (Postfix, from userid 12x)", ""},
     QUEUE_UID,
     -1},
    {"forged by SMTP",
     network,
     {"Received: from x (y [192.0.2.1])", PICKUP, OURS, ""},
     QUEUE_NETWORK,
     -1},
    {"forged by SMTP, Postfix's own Received removed",
     network,
     {PICKUP, OURS, ""},
     QUEUE_NETWORK,
     -1},
    {"a bounce",
     (const char *const[]){"S", NULL},
     {"Received: by mail.example.test (Postfix)", "\tid B", ""},
     QUEUE_BOUNCE,
     -1},
    {"null sender, but a local process",
     (const char *const[]){"S", NULL},
     {PICKUP, OURS, ""},
     QUEUE_OURS,
     4079},
    {"no header section at all", local, {"", OURS}, QUEUE_UID, -1},
};

START_TEST(origin)
{
    ck_assert_int_eq(make(origins[_i].envelope, origins[_i].lines), POSTFIXFILE_READ);
    ck_assert_msg(file.message.origin == origins[_i].origin && file.message.uid == origins[_i].uid,
                  "%s: origin %d uid %lld", origins[_i].what, (int)file.message.origin,
                  file.message.uid);
    ck_assert_msg((file.message.path != NULL) == (origins[_i].origin == QUEUE_OURS), "%s",
                  origins[_i].what);
}
END_TEST

START_TEST(client)
{
    ck_assert_int_eq(make(network, LINES("Subject: x", "")), POSTFIXFILE_READ);
    ck_assert_str_eq(file.message.client, "192.0.2.1"); /* as Postfix logs it */
}
END_TEST

/* By SMTP from this machine: what the header says is handed on, for the log to judge; no uid is
 * believed. */
START_TEST(from_here)
{
    const char *const envelope[] = {"Sa@b", "Aclient_address=127.0.0.1", NULL};

    ck_assert_int_eq(
        make(envelope, LINES("Received: from x", OURS, "From: A B", "\t<a@b>", "From: c@d", "")),
        POSTFIXFILE_READ);
    ck_assert_str_eq(file.message.from, "A B <a@b>"); /* the topmost */
    ck_assert_int_eq(file.message.origin, QUEUE_NETWORK);
    ck_assert_int_eq(file.message.uid, -1);
    ck_assert_str_eq(file.message.trace, ID);
}
END_TEST

START_TEST(recipients)
{
    const char *const envelope[] = {"Ra@b", "Dgone@b", "Oorig@b", "/cancelled@b",
                                    "Rb@b", "Rc@b",    NULL};

    ck_assert_int_eq(make(envelope, LINES("Subject: x", "")), POSTFIXFILE_READ);
    ck_assert_uint_eq(file.message.rcpts, 4);
    ck_assert_str_eq(file.message.rcpt[0], "a@b");
    ck_assert_str_eq(file.message.rcpt[2], "c@b");
}
END_TEST

/* A large body is not read but stepped over; very long lines and addresses are cut. */
START_TEST(large)
{
    static char line[100001], sender[2001], subject[100010] = "Subject: ";

    memset(line, 'x', sizeof line - 1);
    memset(sender, 's', sizeof sender - 1);
    sender[0] = 'S';
    memset(subject + 9, 'y', sizeof subject - 10);
    ck_assert_int_eq(make((const char *const[]){sender, NULL},
                          LINES(PICKUP, subject, OURS, "", line, line, line)),
                     POSTFIXFILE_READ);
    ck_assert_uint_eq(strlen(file.message.sender), sizeof file.sender - 1);
    ck_assert_uint_eq(strlen(file.message.subject), sizeof file.subject - 1);
    ck_assert_int_eq(file.message.origin, QUEUE_OURS);
    ck_assert_str_eq(file.message.rcpt[0], "last@far.test");
}
END_TEST

/* Whatever is cut off at the end, it is never taken for a whole file. */
START_TEST(every_cut)
{
    size_t whole;
    int fd;

    ck_assert_int_eq(make(local, LINES(PICKUP, OURS, "", "body")), POSTFIXFILE_READ);
    whole = used;
    for (size_t n = 0; n < whole - 1; n++) {
        fd = memfd_create("cut", MFD_CLOEXEC);
        ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
        ck_assert_int_eq(postfixfile_read(fd, NAME, &file), POSTFIXFILE_BROKEN);
        close(fd);
    }
}
END_TEST

START_TEST(unreadable)
{
    ck_assert_int_eq(postfixfile_read(-1, NAME, &file), POSTFIXFILE_FAILED);
}
END_TEST

/* --- names, reasons ------------------------------------------------------------------------ */

/* Where Postfix put them with a depth of one. */
START_TEST(hash)
{
    char text[6];

    postfixfile_hash("F421F86", text);
    ck_assert_int_eq(text[0], 'F');
    postfixfile_hash("4jX8CM4rydz2t", text);
    ck_assert_int_eq(text[0], 'A');
    postfixfile_hash("4jX8CL63F6z2d", text);
    ck_assert_int_eq(text[0], 'D');
    postfixfile_hash("4jX8CL5s5Zz2Y", text);
    ck_assert_int_eq(text[0], 'C');
}
END_TEST

START_TEST(ids)
{
    ck_assert(postfixfile_is_id("F421F86"));
    ck_assert(postfixfile_is_id("4jX8CM4rydz2t"));
    ck_assert(!postfixfile_is_id(""));
    ck_assert(!postfixfile_is_id("A"));
    ck_assert(!postfixfile_is_id("../../etc/passwd"));
    ck_assert(!postfixfile_is_id("F421F8.6"));
    ck_assert(!postfixfile_is_id("ALL\n"));
}
END_TEST

START_TEST(reason)
{
    static const char text[] =
        "\n<x@far.test>: a\nrecipient=x@far.test\nreason=first one\n\nreason=second\n";
    char ret[64] = "untouched";

    ck_assert(!postfixfile_reason("reason", 6, ret, sizeof ret));
    ck_assert_str_eq(ret, "untouched");
    ck_assert(postfixfile_reason(text, sizeof text - 1, ret, sizeof ret));
    ck_assert_str_eq(ret, "first one");
    ck_assert(postfixfile_reason(text, sizeof text - 1, ret, 6));
    ck_assert_str_eq(ret, "first");
    ck_assert(postfixfile_reason("\nreason=cut off", 15, ret, sizeof ret));
    ck_assert_str_eq(ret, "cut off");
}
END_TEST

/* --- our header ---------------------------------------------------------------------------- */

static const struct {
    const char *value;
    bool good;
    const char *path;
    long long uid, pid;
    const char *trace;
} headers[] = {
    {"/var/www/web274; uid=4079; pid=12; id=" ID, true, "/var/www/web274", 4079, 12, ID},
    {"uid=4079; id=" ID, true, NULL, 4079, -1, ID},
    {"id=" ID "; pid=1; uid=2", true, NULL, 2, 1, ID},
    {"/a%3Bb%25%22%0Ac; uid=0", true, "/a;b%\"\nc", 0, -1, NULL},
    {"/cut%...; uid=0", true, "/cut%...", 0, -1, NULL},
    {"/a (deleted); uid=0", true, "/a (deleted)", 0, -1, NULL},
    {"/a%00b; uid=0", true, "/a%00b", 0, -1, NULL},
    {"(unknown); uid=1", true, NULL, 1, -1, NULL},
    {"/x", true, "/x", -1, -1, NULL},
    {"id=01kamx3f8q7zv2n5t0c9r4e6hj", true, NULL, -1, -1, ID},
    {"", false, NULL, -1, -1, NULL},
    {"x; uid=1", false, NULL, -1, -1, NULL},
    {"/x; /y", false, NULL, -1, -1, NULL},
    {"/x; uid=-1", false, NULL, -1, -1, NULL},
    {"/x; uid=1; uid=2", false, NULL, -1, -1, NULL},
    {"/x; uid=99999999999999999999", false, NULL, -1, -1, NULL},
    {"/x; uid=1x", false, NULL, -1, -1, NULL},
    {"/x; id=short", false, NULL, -1, -1, NULL},
    {"/x; other=1", false, NULL, -1, -1, NULL},
};

START_TEST(header)
{
    char value[256];
    const char *path = NULL, *trace = NULL;
    long long uid = -1, pid = -1;

    (void)snprintf(value, sizeof value, "%s", headers[_i].value);
    ck_assert_int_eq(queue_header(value, &path, &uid, &pid, &trace), headers[_i].good);
    ck_assert_pstr_eq(path, headers[_i].path);
    ck_assert_pstr_eq(trace, headers[_i].trace);
    ck_assert_int_eq(uid, headers[_i].uid);
    ck_assert_int_eq(pid, headers[_i].pid);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("postfixfile");
    TCase *tc = tcase_create("postfixfile");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, real_local);
    tcase_add_test(tc, real_login);
    tcase_add_test(tc, real_milter);
    tcase_add_test(tc, real_but_broken);
    tcase_add_loop_test(tc, origin, 0, sizeof origins / sizeof origins[0]);
    tcase_add_test(tc, client);
    tcase_add_test(tc, from_here);
    tcase_add_test(tc, recipients);
    tcase_add_test(tc, large);
    tcase_add_test(tc, every_cut);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, hash);
    tcase_add_test(tc, ids);
    tcase_add_test(tc, reason);
    tcase_add_loop_test(tc, header, 0, sizeof headers / sizeof headers[0]);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
