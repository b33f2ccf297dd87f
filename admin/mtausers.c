/*
 * mtausers - see mtausers.h. Data of the packages of Debian 12: which user a mail server's sending
 * process has.
 */
#include "mtausers.h"

#include "context.h"
#include "paths.h"
#include "wrapper/target.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An account stays when its package is gone; so it counts only while one of its programs is there.
 */
static const struct {
    const char *user, *program;
} accounts[] = {
    {"postfix", "/usr/lib/postfix/sbin/smtp"},
    {"postfix", "/usr/libexec/postfix/smtp"},
    {"Debian-exim", "/usr/sbin/exim4"},
    {"exim", "/usr/sbin/exim"},
    {"smmta", "/usr/libexec/sendmail/sendmail"},
    {"smmsp", "/usr/libexec/sendmail/sendmail"},
    {"opensmtpd", "/usr/sbin/smtpd"},
    {"smtpd", "/usr/sbin/smtpd"},
    {"smtpq", "/usr/sbin/smtpd"},
    {"nullmail", "/usr/sbin/nullmailer-send"},
    {"courier", "/usr/lib/courier/courier/courierd"},
    {"courier", "/usr/sbin/courier"},
    {"qmailr", "/var/lib/qmail/bin/qmail-remote"},
    {"qmailr", "/usr/sbin/qmail-remote"},
};

/* Programs that a mail server runs as root. */
static const char *const root_programs[] = {
    "/usr/lib/postfix/sbin/master",
    "/usr/libexec/postfix/master",
    "/usr/sbin/exim4",
    "/usr/libexec/sendmail/sendmail",
    "/usr/sbin/smtpd",
    "/usr/lib/courier/courier/courierd",
};

/* Those that have no account: each mail is sent by the process that was called, as its caller (dma:
 * by a process of the caller's that stays behind). */
static const char *const callers[] = {"msmtp", "ssmtp", "esmtp", "dma"};

static void add_user(struct mtausers *users, const char *name)
{
    const struct passwd *pw = getpwnam(name);

    if (pw == NULL || users->count == MTAUSERS_MAX || mtausers_has(users, pw->pw_uid)) {
        return;
    }
    users->user[users->count].uid = pw->pw_uid;
    (void)snprintf(users->user[users->count].name, sizeof users->user[0].name, "%s", name);
    users->count++;
}

static void find_caller(struct mtausers *users, const struct target *target)
{
    struct stat st;

    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        if (target->error == NULL && strcmp(dialect_name(target->dialect), callers[i]) == 0 &&
            stat(target->path, &st) == 0) {
            users->as_caller = callers[i];
            users->caller_dev = st.st_dev;
            users->caller_ino = st.st_ino;
        }
    }
}

void mtausers_find(const struct context *ctx, struct mtausers *ret)
{
    struct target *target = context_alloc(sizeof *target);

    *ret = (struct mtausers){0};
    for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
        struct stat st;

        if (stat(accounts[i].program, &st) == 0) {
            add_user(ret, accounts[i].user);
        }
    }
    target_find(&ctx->config, SW_TARGET_FILE, target);
    find_caller(ret, target);
    /* Debian's Sendmail delivers as root unless RunAsUser is set. */
    if (target->error == NULL && strcmp(dialect_name(target->dialect), "sendmail") == 0) {
        add_user(ret, "root");
    }
    free(target);
}

bool mtausers_has(const struct mtausers *users, uid_t uid)
{
    for (size_t i = 0; i < users->count; i++) {
        if (users->user[i].uid == uid) {
            return true;
        }
    }
    return false;
}

static bool is_root_program(const struct procinfo *info)
{
    size_t n = strlen(info->exe);
    static const char deleted[] = " (deleted)"; /* upgraded while it runs */
    size_t cut = sizeof deleted - 1;

    if (!info->exe_known) {
        return false;
    }
    if (n > cut && strcmp(info->exe + n - cut, deleted) == 0) {
        n -= cut;
    }
    for (size_t i = 0; i < sizeof root_programs / sizeof root_programs[0]; i++) {
        if (strlen(root_programs[i]) == n && memcmp(info->exe, root_programs[i], n) == 0) {
            return true;
        }
    }
    return false;
}

bool mtausers_is_mta(const struct mtausers *users, const struct procinfo *info)
{
    if (info->foreign) {
        return false;
    }
    if (info->fs_uid == 0) {
        return is_root_program(info);
    }
    if (mtausers_has(users, info->fs_uid)) {
        return true;
    }
    return users->as_caller != NULL && info->exe_ino != 0 && info->exe_ino == users->caller_ino &&
           info->exe_dev == users->caller_dev;
}
