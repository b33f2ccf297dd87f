/*
 * check_bypass - the area "bypass": programs beside the wrapper that send mail, and processes and
 * units in which its set-gid bit has no effect. Hostile: what running processes say of themselves;
 * known here are only links and flags of the kernel.
 */
#include "check/findings.h"
#include "ini.h"
#include "paths.h"
#include "procinfo.h"
#include "wrapper/procfs.h"
#include "wrapper/target.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNITS_MAX 32

/* Debian's. Those that hand mail to a queue of their own, and those that talk SMTP themselves,
 * which a packet filter stops. */
static const struct {
    const char *path, *dialect;
    bool client;
} programs[] = {
    {"/usr/sbin/exim4", "exim", false},
    {"/usr/libexec/sendmail/sendmail", "sendmail", false},
    {"/usr/sbin/smtpctl", "opensmtpd", false},
    {"/usr/bin/courier-sendmail", "courier", false},
    {"/usr/bin/nullmailer-inject", "nullmailer", false},
    {"/usr/sbin/nullmailer-queue", "nullmailer", false},
    {"/var/lib/qmail/bin/qmail-inject", "qmail", false},
    {"/usr/sbin/dma", "dma", false},
    {"/usr/bin/msmtp", "msmtp", true},
    {"/usr/sbin/ssmtp", "ssmtp", true},
    {"/usr/bin/esmtp", "esmtp", true},
    {"/usr/bin/mini_sendmail", NULL, true},
    {"/usr/sbin/mini_sendmail", NULL, true},
    {"/usr/bin/swaks", NULL, true},
};

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* --- the real one under its own name ----------------------------------------------------- */

static void look_at_real(struct check *check, const struct target *target)
{
    bool postfix = strcmp(dialect_name(target->dialect), "postfix") == 0;

    if (target->error != NULL || !check_public(target->path)) {
        return;
    }
    check_say(check, CHECK_BYPASS_REAL,
              "%s%s can be run directly, and its mail has no record: it must be, since the wrapper "
              "runs it as its caller",
              target->path, postfix ? " (and /usr/sbin/postdrop, set-gid)" : "");
    check_fix(check,
              "nothing closes this; such mail stands out: mailorigin queue (no header), mailorigin "
              "trace%s",
              postfix
                  ? "; a user can be shut out with authorized_submit_users in /etc/postfix/main.cf"
                  : "");
}

/* --- others ------------------------------------------------------------------------------ */

static void look_at_programs(struct check *check, const struct target *target)
{
    bool closed = check_found(check, CHECK_PORT25_OK);

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *path = programs[i].path;

        if (!check_public(path) || same_file(path, target->path) || check_leads_to_us(path) ||
            (programs[i].client && closed) ||
            (programs[i].dialect != NULL &&
             strcmp(programs[i].dialect, dialect_name(target->dialect)) == 0)) {
            continue;
        }
        check_say(check, programs[i].client ? CHECK_BYPASS_CLIENT : CHECK_BYPASS_MTA,
                  programs[i].client
                      ? "%s sends mail past the wrapper, for everybody"
                      : "%s is a mail server's own sendmail besides the one behind the wrapper",
                  path);
        check_fix(check,
                  "dpkg-statoverride --update --add root root 0750 %s    (or remove its package)",
                  path);
    }
}

/* busybox prints its applets with --list. */
static void look_at_busybox(struct check *check)
{
    static const char *const paths[] = {"/usr/bin/busybox", "/bin/busybox"};

    for (size_t i = 0; i < 2; i++) {
        int status = 0;
        char *list =
            check_public(paths[i])
                ? check_run(check, (const char *const[]){paths[i], "--list", NULL}, 0, &status)
                : NULL;
        bool sends = list != NULL && strstr(list, "\nsendmail\n") != NULL;

        free(list);
        if (sends && !check_found(check, CHECK_PORT25_OK)) {
            check_say(check, CHECK_BYPASS_CLIENT,
                      "%s sendmail sends mail past the wrapper, for everybody", paths[i]);
            check_fix(check, "mailorigin direct --rules >/etc/nftables-smtp.conf && nft -f "
                             "/etc/nftables-smtp.conf    (the program itself is needed)");
            return;
        }
    }
}

/* --- no_new_privs: units ----------------------------------------------------------------- */

static const char *const unit_dirs[] = {"/usr/lib/systemd/system", "/run/systemd/system",
                                        "/etc/systemd/system"};

struct units {
    struct check *check;
    char name[UNITS_MAX][128];
    size_t count;
    /* the one being read */
    bool in_service, set;
    char file[PATH_MAX];
};

static void take_setting(char *text, unsigned number, void *arg)
{
    struct units *u = arg;
    char *line = ini_trim(text), *equals = strchr(line, '=');

    (void)number;
    if (line[0] == '[') {
        u->in_service = strcmp(line, "[Service]") == 0;
    }
    if (!u->in_service || equals == NULL) {
        return;
    }
    *equals = '\0';
    if (strcmp(ini_trim(line), "NoNewPrivileges") == 0) {
        const char *value = ini_trim(equals + 1); /* systemd.syntax(7): 1, yes, true, on */

        u->set = strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 ||
                 strcmp(value, "on") == 0 || strcmp(value, "1") == 0;
    }
}

static void read_unit_file(struct check *check, const char *path, void *arg)
{
    struct units *u = arg;
    bool before = u->set;

    u->in_service = false;
    check_file_lines(check, path, take_setting, u);
    if (u->set && !before) {
        (void)snprintf(u->file, sizeof u->file, "%s", path);
    }
}

static void fix_unit(struct check *check, const char *unit)
{
    check_fix(check,
              "mkdir -p /etc/systemd/system/%s.d && printf '[Service]\\nNoNewPrivileges=no\\n' "
              ">/etc/systemd/system/%s.d/zz-mail.conf && "
              "systemctl daemon-reload && systemctl restart %s",
              unit, unit, unit);
}

/* The unit's file is the one of the last of the directories that has it; drop-ins of all of them
 * come on top. */
static void look_at_unit(struct units *u, const char *unit)
{
    size_t dirs = sizeof unit_dirs / sizeof unit_dirs[0];
    char path[PATH_MAX];

    u->set = false;
    for (size_t i = dirs; i > 0; i--) {
        (void)snprintf(path, sizeof path, "%s/%s", unit_dirs[i - 1], unit);
        if (access(path, F_OK) == 0) {
            read_unit_file(u->check, path, u);
            break;
        }
    }
    for (size_t i = 0; i < dirs; i++) {
        (void)snprintf(path, sizeof path, "%s/%s.d", unit_dirs[i], unit);
        check_each_file(u->check, path, ".conf", read_unit_file, u);
    }
    if (u->set) {
        check_say(u->check, CHECK_NNP_UNIT,
                  "%s sets NoNewPrivileges for %s: records of its mail go to syslog only, and "
                  "Postfix does not deliver it",
                  u->file, unit);
        fix_unit(u->check, unit);
    }
}

/* Units whose processes call sendmail for customers. */
static bool sends_mail(const char *unit)
{
    size_t n = strlen(unit);

    return strcmp(unit, "apache2.service") == 0 || strcmp(unit, "cron.service") == 0 ||
           strcmp(unit, "lighttpd.service") == 0 ||
           (strncmp(unit, "php", 3) == 0 && n > 12 && strcmp(unit + n - 12, "-fpm.service") == 0);
}

static bool unit_known(const struct units *u, const char *unit)
{
    for (size_t i = 0; i < u->count; i++) {
        if (strcmp(u->name[i], unit) == 0) {
            return true;
        }
    }
    return false;
}

static void take_unit_name(struct check *check, const char *path, void *arg)
{
    struct units *u = arg;
    const char *unit = strrchr(path, '/') + 1;

    (void)check;
    if (sends_mail(unit) && !unit_known(u, unit) && u->count < UNITS_MAX &&
        strlen(unit) < sizeof u->name[0]) {
        (void)snprintf(u->name[u->count++], sizeof u->name[0], "%s", unit);
    }
}

static void look_at_units(struct check *check)
{
    struct units *u = context_alloc(sizeof *u);

    memset(u, 0, sizeof *u);
    u->check = check;
    for (size_t i = 0; i < sizeof unit_dirs / sizeof unit_dirs[0]; i++) {
        check_each_file(check, unit_dirs[i], ".service", take_unit_name, u);
    }
    for (size_t i = 0; i < u->count; i++) {
        look_at_unit(u, u->name[i]);
    }
    free(u);
}

/* --- no_new_privs: processes ------------------------------------------------------------- */

static bool runs_scripts(const char *exe)
{
    static const char *const names[] = {"php-fpm", "php-cgi",  "php", "apache2",
                                        "httpd",   "lighttpd", "cron"};
    const char *slash = strrchr(exe, '/');

    for (size_t i = 0; slash != NULL && i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);

        if (strncmp(slash + 1, names[i], n) == 0 &&
            strspn(slash + 1 + n, "0123456789.") == strlen(slash + 1 + n)) {
            return true;
        }
    }
    return false;
}

struct running {
    size_t count;
    pid_t pid;
    char exe[PATH_MAX];
};

static void look_at_process(int proc, pid_t pid, void *arg)
{
    struct running *running = arg;
    char name[32], exe[PATH_MAX];
    long long flag = 0;

    (void)snprintf(name, sizeof name, "%ld/exe", (long)pid);
    if (procfs_link(proc, name, exe, sizeof exe) > 0 && runs_scripts(exe) &&
        procinfo_status(proc, pid, "NoNewPrivs", &flag) && flag == 1) {
        running->pid = pid;
        running->count++;
        memcpy(running->exe, exe, sizeof exe);
    }
}

static void look_at_processes(struct check *check)
{
    struct running *running = context_alloc(sizeof *running);
    const char *why;
    int proc = procfs_open(&why);

    running->count = 0;
    if (proc >= 0) {
        procinfo_each(proc, look_at_process, running);
        close(proc);
    }
    if (running->count > 0 && !check_found(check, CHECK_NNP_UNIT)) {
        check_say(check, CHECK_NNP_RUNNING,
                  "%zu processes run with no_new_privs, %s, pid %ld, for one: records of their "
                  "mail go to syslog only",
                  running->count, running->exe, (long)running->pid);
        check_fix(check,
                  "restart them if NoNewPrivileges= is gone from their unit: systemctl status %ld",
                  (long)running->pid);
    }
    free(running);
}

/* --- Postfix ----------------------------------------------------------------------------- */

static void take_submit_users(char *text, unsigned number, void *arg)
{
    static const char key[] = "authorized_submit_users";
    struct check *check = arg;
    char *equals = strchr(text, '=');

    if (strncmp(text, key, sizeof key - 1) != 0 || equals == NULL ||
        ini_trim(equals + 1)[0] == '\0' || strcmp(ini_trim(equals + 1), "static:anyone") == 0) {
        return;
    }
    check_say(check, CHECK_SUBMIT_USERS,
              "/etc/postfix/main.cf:%u: Postfix takes local mail from these only: %s", number,
              ini_trim(equals + 1));
    check_fix(check,
              "postconf -X authorized_submit_users    (if that was for an attack that is over)");
}

void check_bypass(struct check *check)
{
    struct target *target = context_alloc(sizeof *target);
    size_t before = check_worse(check);

    target_find(&check_context(check)->config, SW_TARGET_FILE, target);
    look_at_real(check, target);
    look_at_programs(check, target);
    look_at_busybox(check);
    look_at_units(check);
    look_at_processes(check);
    if (strcmp(dialect_name(target->dialect), "postfix") == 0) {
        check_file_lines(check, "/etc/postfix/main.cf", take_submit_users, check);
    }
    if (check_worse(check) == before) {
        check_say(
            check, CHECK_BYPASS_OK,
            "no other program that sends mail for everybody, no service with NoNewPrivileges");
    }
    free(target);
}
