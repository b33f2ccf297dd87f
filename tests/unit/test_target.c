/*
 * target: which file is the real sendmail, that it is never ourselves, and by whose rules the
 * command line is read.
 */
#include "support.h"
#include "wrapper/target.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char script[] = "#!/bin/sh\nexit 0\n";

static struct target find(const char *sendmail, const char *mta, const char *record)
{
    static struct config config;
    struct target
        t; /* no assertion here: they write to a file, and a test may have taken the right to */

    config_defaults(&config);
    snprintf(config.sendmail, sizeof config.sendmail, "%s", sendmail);
    snprintf(config.mta, sizeof config.mta, "%s", mta);
    memset(&t, 'G', sizeof t);
    target_find(&config, record, &t);
    return t;
}

static void is_dialect(const struct target *t, const char *name, enum target_how how)
{
    ck_assert_str_eq(dialect_name(t->dialect), name);
    ck_assert_str_eq(target_how_text(t->how), target_how_text(how));
}

/* This test program links the library, so it carries the mark as sendmail-wrapper does. */
static const char *copy_of_us(const char *name)
{
    static char buf[1 << 16];
    const char *path = support_file(name, "", 0755);
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;

    while ((n = read(from, buf, sizeof buf)) > 0) {
        support_write_all(to, buf, (size_t)n);
    }
    close(from);
    close(to);
    return path;
}

/* A line as sendmail-wrapper-divert writes it, for what path is now. */
static const char *record_of(const char *path, const char *mta, long dev, long ino, long mtime)
{
    char text[PATH_MAX + 256];
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    snprintf(text, sizeof text, "sendmail=%s mta=%s dev=%llu ino=%llu mtime=%lld\n", path, mta,
             (unsigned long long)st.st_dev + (unsigned long long)dev,
             (unsigned long long)st.st_ino + (unsigned long long)ino,
             (long long)st.st_mtime + mtime);
    return support_file("target", text, 0644);
}

/* --- the configured one, and no other ------------------------------------------------------ */

START_TEST(configured)
{
    const char *path = support_file("sendmail.sh", script, 0755);
    struct target t = find(path, "exim", "/nonexistent");

    ck_assert_str_eq(t.path, path);
    ck_assert_ptr_null(t.error);
    ck_assert_ptr_null(t.why);
    is_dialect(&t, "exim", TARGET_CONFIGURED);

    t = find(path, "auto", "/nonexistent");
    is_dialect(&t, "cautious", TARGET_CAUTIOUS);
    ck_assert_ptr_null(t.why);
}
END_TEST

static void has_error(const char *path, const char *error)
{
    struct target t = find(path, "auto", "/nonexistent");

    ck_assert_str_eq(t.path, path);
    ck_assert_ptr_nonnull(t.error);
    ck_assert_str_eq(t.error, error);
}

START_TEST(configured_but_wrong)
{
    const char *path = support_path("link");

    has_error(support_path("missing"), "No such file or directory");
    has_error(support_dir(), "not a regular file");
    has_error("/dev/null", "not a regular file");
    has_error(support_file("plain", script, 0644), "not executable");
    has_error(support_path("plain/x"), "Not a directory");
    ck_assert_int_eq(symlink("link", path), 0);
    has_error(path, "Too many levels of symbolic links");
}
END_TEST

START_TEST(configured_but_not_ours_to_run)
{
    const char *path = support_file("private", script, 0700);

    if (getuid() != 0) {
        SKIP("a file that somebody else may run takes root to make");
    }
    ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
    has_error(path, "not executable");
}
END_TEST

/* One that may be run but not read is none of our copies. */
START_TEST(unreadable)
{
    const char *path = support_file("unreadable", script, 0711);
    struct target t;

    if (getuid() == 0) {
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
    } else {
        ck_assert_int_eq(chmod(path, 0311), 0);
    }
    t = find(path, "auto", "/nonexistent");
    ck_assert_ptr_null(t.error);
}
END_TEST

START_TEST(ourselves)
{
    const char *copy = copy_of_us("sendmail.real");
    const char *path = support_path("sendmail.link");

    has_error("/proc/self/exe", "is sendmail-wrapper itself");
    has_error(copy, "is sendmail-wrapper itself");
    ck_assert_int_eq(symlink("sendmail.real", path), 0);
    has_error(path, "is sendmail-wrapper itself");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(link(copy, path), 0);
    has_error(path, "is sendmail-wrapper itself");
}
END_TEST

/* A script that only names us is not us. */
START_TEST(others_that_look_like_us)
{
    struct target t =
        find(support_file("a", "#!/bin/sh\n# sendmail-wrapper\nexec sendmail-wrapper\n", 0755),
             "auto", "/x");

    ck_assert_ptr_null(t.error);
}
END_TEST

/* What the kernel would not run: better known before the message is read. */
static const struct {
    const char *text;
    const char *error; /* NULL: it can be run */
} programs[] = {
    {"#!/bin/sh\n", NULL},
    {"#! /bin/sh -e\n", NULL},
    {"#!/bin/sh", NULL},
    {"#!/nonexistent/interpreter\n", "its interpreter cannot be run"},
    {"#!/bin/sh/x\n", "its interpreter cannot be run"},
    {"#! \n", "its interpreter cannot be run"},
    {"#!\n/bin/sh\n", "its interpreter cannot be run"},
    {"#!sh\n", "its interpreter cannot be run"},
    {"echo hello\n", "not a program"},
    {"", "not a program"},
    {"#!", "not a program"},
    {"\177ELF", NULL},
};

START_TEST(program)
{
    struct target t = find(support_file("program", programs[_i].text, 0755), "auto", "/x");

    if (programs[_i].error != NULL) {
        ck_assert_ptr_nonnull(t.error);
        ck_assert_str_eq(t.error, programs[_i].error);
    } else {
        ck_assert_ptr_null(t.error);
    }
}
END_TEST

/* What cannot be looked at for want of a descriptor may be a copy of ours: an endless loop for the
 * asking. */
START_TEST(no_descriptor_left)
{
    const char *copy = copy_of_us("sendmail.copy");
    struct rlimit before, none;
    struct target t;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    t = find(copy, "auto", "/x");
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_ptr_nonnull(t.error);
    ck_assert_str_eq(t.error, "Too many open files");
    ck_assert(t.unexamined);
}
END_TEST

START_TEST(no_descriptor_stays_open)
{
    int before = dup(2), after;

    close(before);
    has_error("/proc/self/exe", "is sendmail-wrapper itself");
    find(support_file("sendmail.sh", script, 0755), "auto", support_file("target", "x", 0644));
    find(support_file("sendmail.sh", script, 0755), "auto", support_dir());
    after = dup(2);
    ck_assert_int_eq(before, after);
    close(after);
}
END_TEST

/* --- what was recorded at install time ----------------------------------------------------- */

static const char stale[] =
    "the real sendmail is not the recorded one: run sendmail-wrapper-divert enable";

START_TEST(recorded)
{
    char path[256];
    struct target t;

    snprintf(path, sizeof path, "%s", support_file("sendmail.real", script, 0755));
    t = find("", "auto", record_of(path, "dma", 0, 0, 0));
    ck_assert_str_eq(t.path, path);
    ck_assert_ptr_null(t.error);
    ck_assert_ptr_null(t.why);
    is_dialect(&t, "dma", TARGET_RECORDED);

    t = find("", "exim", record_of(path, "dma", 0, 0, 0)); /* the admin knows better */
    is_dialect(&t, "exim", TARGET_CONFIGURED);
    ck_assert_str_eq(t.path, path);

    t = find(path, "auto", record_of(path, "dma", 0, 0, 0)); /* the same one, configured */
    is_dialect(&t, "dma", TARGET_RECORDED);

    t = find(support_file("other", script, 0755), "auto", record_of(path, "dma", 0, 0, 0));
    is_dialect(&t, "cautious", TARGET_CAUTIOUS); /* the record is of another file */
    ck_assert_ptr_null(t.why);
}
END_TEST

START_TEST(recorded_no_longer_fits)
{
    static const struct {
        long dev, ino, mtime;
    } off[] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, -1}};
    char path[256];

    snprintf(path, sizeof path, "%s", support_file("sendmail.real", script, 0755));
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        struct target t =
            find("", "auto", record_of(path, "dma", off[i].dev, off[i].ino, off[i].mtime));

        ck_assert_str_eq(t.path, path);
        ck_assert_ptr_null(t.error);
        is_dialect(&t, "cautious", TARGET_CAUTIOUS);
        ck_assert_ptr_nonnull(t.why);
        ck_assert_str_eq(t.why, stale);
    }
}
END_TEST

/* After an upgrade of the MTA its file is another, but still looks like what was recorded. */
START_TEST(recorded_before_an_upgrade)
{
    char path[256];
    struct target t;

    snprintf(path, sizeof path, "%s", support_file("exim4", script, 0755));
    t = find("", "auto", record_of(path, "exim", 0, 1, 1));
    is_dialect(&t, "exim", TARGET_DETECTED);
    ck_assert_ptr_null(t.why);
    t = find("", "auto", record_of(path, "dma", 0, 1, 1)); /* two that do not agree */
    is_dialect(&t, "cautious", TARGET_CAUTIOUS);
    ck_assert_ptr_nonnull(t.why);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(recorded_mta_unknown)
{
    char path[256];
    struct target t;

    snprintf(path, sizeof path, "%s", support_file("sendmail.real", script, 0755));
    t = find("", "auto", record_of(path, "masqmail", 0, 0, 0));
    is_dialect(&t, "cautious", TARGET_CAUTIOUS);
    ck_assert_ptr_nonnull(t.why);
}
END_TEST

/* What of the line is believed; every path in it exists. */
static const struct {
    const char *what;
    const char *text; /* %s: the path */
    bool used;
} lines[] = {
    {"only the path", "sendmail=%s\n", true},
    {"no newline", "sendmail=%s", true},
    {"another order", "mta=dma sendmail=%s\n", true},
    {"two lines", "mta=dma\nsendmail=%s\n", false},
    {"empty", "", false},
    {"a newline", "\n", false},
    {"no path", "sendmail= mta=dma\n", false},
    {"relative", "sendmail=.%s mta=dma\n", false},
    {"another key's end", "xsendmail=%s mta=dma\n", false},
    {"words around", "x sendmail=%s y\n", true},
};

START_TEST(recorded_line)
{
    char path[256], text[1024];
    struct target t;

    snprintf(path, sizeof path, "%s", support_file("sendmail.real", script, 0755));
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
    snprintf(text, sizeof text, lines[_i].text, path);
    _Pragma("GCC diagnostic pop");
    t = find("", "auto", support_file("target", text, 0644));
    ck_assert_msg((strcmp(t.path, path) == 0) == lines[_i].used, "%s: %s", lines[_i].what, t.path);
}
END_TEST

/* A path that fills the buffer, and a file that never ends. */
START_TEST(recorded_too_long)
{
    static char text[3 * PATH_MAX];

    memset(text, 'a', sizeof text - 1);
    memcpy(text, "sendmail=/", 10);
    ck_assert_str_ne(find("", "auto", support_file("target", text, 0644)).path, text + 9);
    ck_assert_str_ne(find("", "auto", "/dev/zero").path, "");
}
END_TEST

START_TEST(recorded_by_whom)
{
    char path[256], record[256];

    snprintf(path, sizeof path, "%s", support_file("sendmail.real", script, 0755));
    snprintf(record, sizeof record, "%s", record_of(path, "dma", 0, 0, 0));
    ck_assert_str_eq(find("", "auto", record).path, path);
    ck_assert_int_eq(chmod(record, 0664), 0);
    ck_assert_str_ne(find("", "auto", record).path, path);
    ck_assert_int_eq(chmod(record, 0646), 0);
    ck_assert_str_ne(find("", "auto", record).path, path);
    ck_assert_int_eq(chmod(record, 0644), 0);
    ck_assert_int_eq(symlink(record, support_path("record.link")), 0);
    ck_assert_str_ne(find("", "auto", support_path("record.link")).path, path);
    ck_assert_int_eq(mkfifo(support_path("record.fifo"), 0644), 0);
    ck_assert_str_ne(find("", "auto", support_path("record.fifo")).path, path);
    if (getuid() != 0) {
        SKIP("somebody else's record takes root to make");
    }
    ck_assert_int_eq(chown(record, NOBODY, NOBODY), 0);
    ck_assert_str_ne(find("", "auto", record).path, path);
}
END_TEST

/* --- detection ----------------------------------------------------------------------------- */

static const struct {
    const char *name; /* of the file behind the link */
    const char *mta;
} by_name[] = {{"exim4", "exim"},        {"exim", "exim"},         {"dma", "dma"},
               {"msmtp", "msmtp"},       {"ssmtp", "ssmtp"},       {"esmtp", "esmtp"},
               {"smtpctl", "opensmtpd"}, {"sendmail", "cautious"}, {"exim4.old", "cautious"}};

START_TEST(detected_by_name)
{
    const char *path = support_path("usual-name");
    struct target t;

    support_file(by_name[_i].name, script, 0755);
    ck_assert_int_eq(symlink(by_name[_i].name, path), 0);
    t = find(path, "auto", "/nonexistent");
    is_dialect(&t, by_name[_i].mta,
               strcmp(by_name[_i].mta, "cautious") == 0 ? TARGET_CAUTIOUS : TARGET_DETECTED);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(unlink(support_path(by_name[_i].name)), 0);
}
END_TEST

/* --- the usual places, in a root of our own ------------------------------------------------ */

/* Empty places; false where that cannot be had. */
static bool own_places(void)
{
    if (access("/usr/lib/sendmail", F_OK) == 0 || !support_own_mounts() ||
        mount("none", "/usr/sbin", "tmpfs", 0, NULL) != 0 ||
        mount("none", "/etc/alternatives", "tmpfs", 0, NULL) != 0 ||
        mount("none", "/usr/libexec", "tmpfs", 0, NULL) != 0) {
        return false;
    }
    return true;
}

static void place(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

    ck_assert_int_ge(fd, 0);
    support_write_all(fd, text, strlen(text));
    ck_assert_int_eq(fchmod(fd, 0755), 0);
    close(fd);
}

#define NO_PLACES "no mount namespace to be had, or the machine has a /usr/lib/sendmail"

START_TEST(usual_places)
{
    char copy[256];
    struct target t;

    snprintf(copy, sizeof copy, "%s", copy_of_us("copy"));
    if (!own_places()) {
        SKIP(NO_PLACES);
    }
    t = find("", "auto", "/nonexistent");
    ck_assert_str_eq(t.error, "No such file or directory");
    ck_assert_str_eq(t.path, "/usr/sbin/sendmail.real"); /* the one that was meant to be there */
    is_dialect(&t, "cautious", TARGET_CAUTIOUS);

    ck_assert_int_eq(mkdir("/usr/libexec/sendmail", 0755), 0);
    place("/usr/libexec/sendmail/sendmail", script);
    t = find("", "auto", "/nonexistent");
    ck_assert_ptr_null(t.error);
    ck_assert_str_eq(t.path, "/usr/libexec/sendmail/sendmail");
    is_dialect(&t, "sendmail", TARGET_DETECTED);

    place("/usr/sbin/exim4", script);
    ck_assert_int_eq(symlink("/usr/sbin/exim4", "/etc/alternatives/sendmail"), 0);
    t = find("", "auto", "/nonexistent");
    ck_assert_str_eq(t.path, "/etc/alternatives/sendmail");
    is_dialect(&t, "exim", TARGET_DETECTED);

    place("/usr/sbin/sendmail", script);
    t = find("", "auto", "/nonexistent");
    ck_assert_str_eq(t.path, "/usr/sbin/sendmail");
    is_dialect(&t, "cautious", TARGET_CAUTIOUS);

    place("/usr/sbin/sendmail.real", script);
    t = find("", "auto", "/nonexistent");
    ck_assert_str_eq(t.path, "/usr/sbin/sendmail.real");
    ck_assert_ptr_null(t.error);

    /* We are in front of it, and what we were put in front of is gone: nothing runs us in a loop.
     */
    ck_assert_int_eq(unlink("/usr/sbin/sendmail.real"), 0);
    ck_assert_int_eq(unlink("/usr/sbin/sendmail"), 0);
    place("/usr/sbin/sendmail", "");
    ck_assert_int_eq(mount(copy, "/usr/sbin/sendmail", NULL, MS_BIND, NULL), 0);
    t = find("", "auto", "/nonexistent");
    ck_assert_str_eq(t.path, "/etc/alternatives/sendmail");
    ck_assert_int_eq(unlink("/etc/alternatives/sendmail"), 0);
    ck_assert_int_eq(unlink("/usr/libexec/sendmail/sendmail"), 0);
    t = find("", "auto", "/nonexistent");
    ck_assert_str_eq(t.path, "/usr/sbin/sendmail.real");
    ck_assert_str_eq(t.error, "No such file or directory");
}
END_TEST

START_TEST(detected_by_companion)
{
    static const struct {
        const char *file;
        const char *mta;
    } companions[] = {{"/usr/sbin/postdrop", "postfix"},
                      {"/usr/sbin/nullmailer-send", "nullmailer"},
                      {"/usr/sbin/courier", "courier"}};
    char elsewhere[256];
    struct target t;

    snprintf(elsewhere, sizeof elsewhere, "%s", support_file("elsewhere", script, 0755));
    if (!own_places()) {
        SKIP(NO_PLACES);
    }
    place("/usr/sbin/sendmail.real", script);
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
        place(companions[i].file, script);
        t = find("", "auto", "/nonexistent");
        is_dialect(&t, companions[i].mta, TARGET_DETECTED);
        /* The companion tells of the distribution's file only. */
        t = find(elsewhere, "auto", "/nonexistent");
        is_dialect(&t, "cautious", TARGET_CAUTIOUS);
        ck_assert_int_eq(unlink(companions[i].file), 0);
    }
}
END_TEST

/* The recorded one is gone (its MTA was purged): the usual places are next, and the cautious rule
 * is not blamed on it. */
START_TEST(recorded_one_is_gone)
{
    struct target t;

    if (!own_places()) {
        SKIP(NO_PLACES);
    }
    place("/usr/sbin/sendmail", script);
    t = find("", "auto",
             support_file("target",
                          "sendmail=/usr/sbin/sendmail.real mta=dma dev=1 ino=1 mtime=1\n", 0644));
    ck_assert_str_eq(t.path, "/usr/sbin/sendmail");
    ck_assert_ptr_null(t.error);
    is_dialect(&t, "cautious", TARGET_CAUTIOUS);
    ck_assert_int_eq(unlink("/usr/sbin/sendmail"), 0);
    t = find("", "auto", support_path("target"));
    ck_assert_str_eq(t.path, "/usr/sbin/sendmail.real");
    ck_assert_str_eq(t.error, "No such file or directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("target");
    TCase *tc = tcase_create("target");

    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, configured);
    tcase_add_test(tc, configured_but_wrong);
    tcase_add_test(tc, configured_but_not_ours_to_run);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, ourselves);
    tcase_add_test(tc, others_that_look_like_us);
    tcase_add_loop_test(tc, program, 0, sizeof programs / sizeof programs[0]);
    tcase_add_test(tc, no_descriptor_left);
    tcase_add_test(tc, no_descriptor_stays_open);
    tcase_add_test(tc, recorded);
    tcase_add_test(tc, recorded_no_longer_fits);
    tcase_add_test(tc, recorded_before_an_upgrade);
    tcase_add_test(tc, recorded_mta_unknown);
    tcase_add_loop_test(tc, recorded_line, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(tc, recorded_too_long);
    tcase_add_test(tc, recorded_by_whom);
    tcase_add_loop_test(tc, detected_by_name, 0, sizeof by_name / sizeof by_name[0]);
    tcase_add_test(tc, usual_places);
    tcase_add_test(tc, detected_by_companion);
    tcase_add_test(tc, recorded_one_is_gone);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
