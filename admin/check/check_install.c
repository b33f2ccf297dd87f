/*
 * check_install - the area "install": the diversion, the set-gid bit, the real sendmail, the
 * configuration. The facts are those that `sendmail-wrapper-divert status` looks at; what that says
 * besides is taken over from it.
 */
#include "check/findings.h"
#include "paths.h"
#include "wrapper/config.h"
#include "wrapper/target.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ENABLE "sendmail-wrapper-divert enable"
#define MAIN_PATH "/usr/sbin/sendmail"
#define LIB_PATH "/usr/lib/sendmail"
#define DIVERSIONS "/var/lib/dpkg/diversions"
/* Without dpkg the install tool keeps the paths itself, one a line, beside its record of the MTA.
 */
#define DIVERTED_NAME "diverted"
#define DIVERTED_MAX 8

struct diversions {
    bool dpkg; /* which list it is */
    char path[DIVERTED_MAX][PATH_MAX];
    size_t count;
};

/* The list has three lines an entry: the path, the diverted path, the package
 * (lib/dpkg/divertdb.c). */
struct entry_reader {
    struct diversions *to;
    char from[PATH_MAX];
};

static void take_line(char *line, unsigned number, void *arg)
{
    struct entry_reader *reader = arg;
    struct diversions *d = reader->to;

    if (number % 3 == 1) {
        (void)snprintf(reader->from, sizeof reader->from, "%s", line);
    } else if (number % 3 == 0 && strcmp(line, "sendmail-wrapper") == 0 &&
               d->count < DIVERTED_MAX) {
        (void)snprintf(d->path[d->count++], PATH_MAX, "%s", reader->from);
    }
}

static void take_path(char *line, unsigned number, void *arg)
{
    struct diversions *d = ((struct entry_reader *)arg)->to;

    (void)number;
    if (line[0] == '/' && d->count < DIVERTED_MAX) {
        (void)snprintf(d->path[d->count++], PATH_MAX, "%s", line);
    }
}

static void read_diversions(struct check *check, struct diversions *ret)
{
    struct entry_reader *reader = context_alloc(sizeof *reader);
    static const char own[] = SW_TARGET_FILE;
    int directory = (int)(strrchr(own, '/') - own) + 1;
    char list[PATH_MAX];

    *reader = (struct entry_reader){.to = ret};
    ret->count = 0;
    ret->dpkg = access("/var/lib/dpkg/status", F_OK) == 0;
    if (ret->dpkg) {
        check_file_lines(check, DIVERSIONS, take_line, reader);
    } else {
        (void)snprintf(list, sizeof list, "%.*s" DIVERTED_NAME, directory, own);
        check_file_lines(check, list, take_path, reader);
    }
    free(reader);
}

static bool is_diverted(const struct diversions *d, const char *path)
{
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->path[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* --- one copy ---------------------------------------------------------------------------- */

static bool same_content(struct check *check, const char *a, const char *b)
{
    size_t n = 0, m = 0;
    char *x = check_read(check, a, &n), *y = check_read(check, b, &m);
    bool same = x == NULL || y == NULL || (n == m && memcmp(x, y, n) == 0);

    free(x);
    free(y);
    return same;
}

static bool beside_us(const char *name, char path[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    if (n <= 0) {
        return false;
    }
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return snprintf(path, PATH_MAX, "%s/%s", self, name) < PATH_MAX && access(path, F_OK) == 0;
}

static void look_at_copy(struct check *check, const char *path)
{
    char wrapper[PATH_MAX];
    struct stat st;
    struct statvfs fs;
    unsigned group = 0;

    if (stat(path, &st) != 0) {
        return;
    }
    if (!check_group(&group) || st.st_uid != 0 || st.st_gid != group ||
        (st.st_mode & 07777) != 02755) {
        check_say(check, CHECK_INSTALL_SETGID,
                  "%s is %o of uid %u, gid %u, should be 2755 root:sendmail-wrapper: calls are "
                  "recorded by syslog only (postfix set-permissions "
                  "and dpkg-statoverride do this)",
                  path, st.st_mode & 07777, st.st_uid, st.st_gid);
        check_fix(check, ENABLE);
    }
    if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID) != 0) {
        check_say(check, CHECK_INSTALL_NOSUID,
                  "the file system of %s is mounted nosuid: the set-gid bit has no effect, calls "
                  "are recorded by syslog only",
                  path);
        check_fix(check,
                  "mount -o remount,suid \"$(findmnt -n -o TARGET -T %s)\"    (and take nosuid out "
                  "of /etc/fstab)",
                  path);
    }
    if (beside_us("sendmail-wrapper", wrapper) && !same_content(check, path, wrapper)) {
        check_say(check, CHECK_INSTALL_VERSION, "%s is another version than %s", path, wrapper);
        check_fix(check, ENABLE);
    }
}

static void look_at_path(struct check *check, const struct diversions *d, const char *path)
{
    if (!check_is_ours(path)) {
        if (is_diverted(d, path)) {
            check_say(check, CHECK_INSTALL_REPLACED,
                      "%s is diverted but is not the wrapper: its calls are not recorded", path);
            check_fix(check, ENABLE);
        }
        return;
    }
    if (!is_diverted(d, path)) {
        check_say(check, CHECK_INSTALL_DIVERSION,
                  "the diversion of %s is gone from %s: the mail server's next upgrade "
                  "replaces the wrapper",
                  path, d->dpkg ? "dpkg's list" : "the list of diversions");
        check_fix(check, ENABLE);
    }
    look_at_copy(check, path);
}

/* --- all of them ------------------------------------------------------------------------- */

static bool is_setgid(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & 02000) != 0;
}

static void look_without_diversion(struct check *check)
{
    char wrapper[PATH_MAX];

    if (beside_us("sendmail-wrapper", wrapper) && is_setgid(wrapper)) {
        check_say(
            check, CHECK_INSTALL_PHP,
            "only what calls %s is recorded (PHP's sendmail_path); scripts that call " MAIN_PATH
            " are not",
            wrapper);
        check_fix(check, ENABLE);
        look_at_copy(check, wrapper);
        return;
    }
    check_say(check, CHECK_INSTALL_NONE,
              "the wrapper is not enabled: no call of sendmail is recorded");
    check_fix(check, ENABLE);
}

static void look_at_paths(struct check *check)
{
    struct diversions *d = context_alloc(sizeof *d);

    read_diversions(check, d);
    if (d->count == 0 && !check_is_ours(MAIN_PATH)) {
        look_without_diversion(check);
    } else {
        look_at_path(check, d, MAIN_PATH);
        if (check_is_ours(LIB_PATH)) {
            look_at_path(check, d, LIB_PATH);
        }
        for (size_t i = 0; i < d->count; i++) {
            if (strcmp(d->path[i], MAIN_PATH) != 0 &&
                (strcmp(d->path[i], LIB_PATH) != 0 || !check_is_ours(LIB_PATH))) {
                look_at_path(check, d, d->path[i]);
            }
        }
        if (check_is_ours(MAIN_PATH) && !is_diverted(d, LIB_PATH) && access(LIB_PATH, X_OK) == 0 &&
            !check_leads_to_us(LIB_PATH)) {
            check_say(check, CHECK_INSTALL_BYPASS,
                      "programs that call " LIB_PATH " go past the wrapper");
            check_fix(check, ENABLE);
        }
    }
    free(d);
}

/* The number behind a key of the install tool's record: "sendmail=PATH mta=NAME dev=N ino=N
 * mtime=N". */
static bool number_of(const char *text, const char *key, unsigned long long *ret)
{
    const char *at = strstr(text, key);
    char *end;

    if (at == NULL) {
        return false;
    }
    *ret = strtoull(at + strlen(key), &end, 10);
    return end != at + strlen(key);
}

/* Whether the file is another than the recorded one; not if there is no record of it. */
static bool is_another(struct check *check, const char *path)
{
    char *text = check_read(check, SW_TARGET_FILE, NULL);
    size_t n = strlen(path);
    unsigned long long dev, ino, mtime;
    struct stat st;
    bool another = false;

    if (text != NULL && strncmp(text, "sendmail=", 9) == 0 && strncmp(text + 9, path, n) == 0 &&
        text[9 + n] == ' ' && number_of(text, " dev=", &dev) && number_of(text, " ino=", &ino) &&
        number_of(text, " mtime=", &mtime) && stat(path, &st) == 0) {
        another = st.st_dev != dev || st.st_ino != ino || st.st_mtime != (time_t)mtime;
    }
    free(text);
    return another;
}

static void look_at_target(struct check *check)
{
    struct target *target = context_alloc(sizeof *target);

    target_find(&check_context(check)->config, SW_TARGET_FILE, target);
    if (target->error != NULL) {
        check_say(check, CHECK_TARGET_MISSING,
                  "the real sendmail, %s, cannot be run (%s): mail fails", target->path,
                  target->error);
        check_fix(check, "install a mail server, then: " ENABLE
                         "    (or, without the wrapper: sendmail-wrapper-divert disable)");
    } else if (target->why != NULL) {
        check_say(check, CHECK_TARGET_CHANGED, "%s: %s; some command lines may be misread",
                  target->path, target->why);
        check_fix(check, ENABLE);
    } else if (is_another(check, target->path)) {
        check_say(
            check, CHECK_TARGET_CHANGED,
            "%s is not the file that was recorded: the mail server was upgraded, or is another one",
            target->path);
        check_fix(check, ENABLE);
    } else {
        check_say(check, CHECK_TARGET_OK,
                  "the real sendmail is %s; its command line is read as %s's (%s)", target->path,
                  dialect_name(target->dialect), target_how_text(target->how));
    }
    free(target);
}

static void look_at_config(struct check *check)
{
    struct config *config = context_alloc(sizeof *config);
    struct diag diag = {.count = 0};
    struct stat st;

    config_load(SW_CONFIG_FILE, geteuid() == 0, config, &diag);
    for (unsigned i = 0; i < diag.count; i++) {
        bool unread = strstr(diag.item[i].text, "; the defaults are used") != NULL;

        check_say(check, unread ? CHECK_CONFIG_UNREAD : CHECK_CONFIG_FAULT, "%s",
                  diag.item[i].text);
        if (!unread) {
            check_fix(check, "mend that line of " SW_CONFIG_FILE "; see sendmail-wrapper.conf(5)");
        } else if (stat(SW_CONFIG_FILE, &st) == 0) {
            check_fix(check, "chown root:root " SW_CONFIG_FILE " && chmod 644 " SW_CONFIG_FILE);
        } else {
            check_fix(check, "install -m 644 /dev/null " SW_CONFIG_FILE
                             "    (an empty file means the defaults, and says so)");
        }
    }
    if (diag.count == 0) {
        check_say(check, CHECK_CONFIG_OK, SW_CONFIG_FILE " is without a fault");
    }
    free(config);
}

static void look_at_group(struct check *check)
{
    const struct group *group = getgrnam("sendmail-wrapper");
    char word[CHECK_SHELL_MAX];

    for (size_t i = 0; group != NULL && group->gr_mem[i] != NULL; i++) {
        check_say(check, CHECK_GROUP_MEMBERS,
                  "%s may write to the log as a member of the group sendmail-wrapper",
                  group->gr_mem[i]);
        check_fix(check, "gpasswd -d %s sendmail-wrapper", check_shell(group->gr_mem[i], word));
    }
}

/* --- what the install tool says ---------------------------------------------------------- */

static void take_status(char *line, unsigned number, void *arg)
{
    static const char wrong[] = "  WRONG: ", way_out[] = "         Do: ";
    struct check *check = arg;

    (void)number;
    if (strncmp(line, wrong, sizeof wrong - 1) == 0) {
        check_say(check, CHECK_INSTALL_STATUS, "%s", line + sizeof wrong - 1);
    } else if (strncmp(line, way_out, sizeof way_out - 1) == 0) {
        check_fix(check, "%s", line + sizeof way_out - 1);
    }
}

/* Only when nothing was found by ourselves: it sees the same, and then some by running the wrapper.
 */
static void ask_divert_tool(struct check *check)
{
    char path[PATH_MAX];
    int status = 0;
    char *text;

    if (geteuid() != 0 || !beside_us("sendmail-wrapper-divert", path)) {
        return;
    }
    text = check_run(check, (const char *const[]){path, "status", NULL}, 2, &status);
    if (text != NULL && status == 2) {
        check_lines(text, take_status, check);
    }
    free(text);
}

void check_install(struct check *check)
{
    look_at_paths(check);
    look_at_target(check);
    look_at_config(check);
    look_at_group(check);
    if (check_worse(check) == 0) {
        ask_divert_tool(check);
    }
    if (check_worse(check) == 0) {
        check_say(check, CHECK_INSTALL_OK, "the wrapper is in place");
    }
    if (geteuid() != 0) {
        context_problem(
            check_context(check),
            "not root: units, processes, the packet filter and protected files were not looked at");
    }
}
