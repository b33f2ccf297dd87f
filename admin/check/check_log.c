/*
 * check_log - the area "log": is the file there, protected, and does it have what the mail server
 * took? Hostile: the mail log, where any local user can write lines; a finding drawn from it is a
 * warning and says where it is from.
 */
#include "check/findings.h"
#include "paths.h"
#include "records/logtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ENABLE "sendmail-wrapper-divert enable"
#define MAIL_LOG "/var/log/mail.log"
#define TAIL 262144 /* bytes of the mail log that are looked at */
#define SLACK_US (60 * INT64_C(1000000))
#define DISK_LOW ((uint64_t)256 << 20)

static void directory_of(const char *path, char ret[PATH_MAX])
{
    char *slash;

    (void)snprintf(ret, PATH_MAX, "%s", path);
    slash = strrchr(ret, '/');
    if (slash != NULL && slash != ret) {
        *slash = '\0';
    }
}

static void look_at_directory(struct check *check, const char *path)
{
    char dir[PATH_MAX], word[CHECK_SHELL_MAX];
    struct stat st;
    struct statvfs fs;

    directory_of(path, dir);
    (void)check_shell(dir, word);
    if (stat(dir, &st) != 0) {
        return;
    }
    if (st.st_uid != 0 || (st.st_mode & 0067) != 01) {
        check_say(check, CHECK_LOG_DIRECTORY,
                  "%s is %o of uid %u, should be 711 root:root: others can list or change it, or "
                  "the wrapper cannot reach its log",
                  dir, st.st_mode & 07777, st.st_uid);
        check_fix(check, "chown root:root %s && chmod 711 %s", word, word);
    }
    if (statvfs(dir, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < DISK_LOW) {
        check_say(check, CHECK_LOG_DISK,
                  "the file system of %s has %llu MiB left; when it is full, records go to syslog",
                  dir, (unsigned long long)((uint64_t)fs.f_bavail * fs.f_frsize >> 20));
        check_fix(check, "du -xh --max-depth=2 %s/.. | sort -h | tail    (find what fills it)",
                  word);
    }
}

/* Returns whether there is a log file. */
static bool look_at_file(struct check *check, const char *path, struct stat *ret)
{
    char word[CHECK_SHELL_MAX];
    unsigned group = 0;

    (void)check_shell(path, word);
    if (lstat(path, ret) != 0) {
        if (errno == EACCES) {
            context_problem(check_context(check),
                            "cannot look at %s: Permission denied; run as root", path);
        } else {
            check_say(check, CHECK_LOG_MISSING, "%s is missing: calls are recorded by syslog only",
                      path);
            check_fix(check, ENABLE);
        }
        return false;
    }
    if (!S_ISREG(ret->st_mode) || ret->st_nlink != 1) {
        check_say(check, CHECK_LOG_MODE,
                  "%s is no regular file with one name: calls are recorded by syslog only", path);
        check_fix(check, "rm %s && " ENABLE, word);
    } else if (!check_group(&group) || ret->st_uid != 0 || ret->st_gid != group ||
               (ret->st_mode & 07777) != 0620) {
        check_say(check, CHECK_LOG_MODE,
                  "%s is %o of uid %u, gid %u, should be 620 root:sendmail-wrapper", path,
                  ret->st_mode & 07777, ret->st_uid, ret->st_gid);
        check_fix(check, "chown root:sendmail-wrapper %s && chmod 620 %s", word, word);
    }
    return true;
}

/* --- does it have what the mail server took? --------------------------------------------- */

struct pickup {
    int64_t now, last; /* microseconds since 1970 */
    long uid;
};

/* "... postfix/pickup[123]: 4F1C2B: uid=4079 from=<x>"; with orig_id= it was only put back into the
 * queue. */
static void take_mail_line(char *line, unsigned number, void *arg)
{
    struct pickup *pickup = arg;
    const char *tag = strstr(line, "/pickup["), *uid = tag != NULL ? strstr(tag, ": uid=") : NULL;
    int64_t time;
    size_t used;

    (void)number;
    if (uid != NULL && strstr(uid, " orig_id=") == NULL &&
        logtime_syslog(line, strlen(line), pickup->now, &time, &used) && time <= pickup->now) {
        pickup->last = time;
        pickup->uid = strtol(uid + strlen(": uid="), NULL, 10);
    }
}

static void look_at_mail_log(struct check *check, const char *log, const struct stat *st)
{
    struct pickup pickup = {.now = check_context(check)->now, .last = 0};
    int64_t written = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
    int fd = open(MAIL_LOG, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = context_alloc(TAIL + 1);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    ssize_t n = size >= 0 ? pread(fd, text, TAIL, size > TAIL ? size - TAIL : 0) : -1;

    if (n > 0) {
        text[n] = '\0';
        check_lines(text, take_mail_line, &pickup);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    if (pickup.last > written + SLACK_US) {
        check_say(check, CHECK_LOG_SILENT,
                  "Postfix took mail from uid %ld %lld minutes after the last record in %s "
                  "(says " MAIL_LOG "): it went past the wrapper, or its record to syslog",
                  pickup.uid, (long long)((pickup.last - written) / 60000000), log);
        check_fix(check, "journalctl -t sendmail-wrapper --since -1d | tail    (the why= of a "
                         "record; else see the bypass findings)");
    }
}

void check_log(struct check *check)
{
    const struct config *config = &check_context(check)->config;
    size_t before = check_worse(check);
    struct stat st;

    if (config->log_to == 0) {
        check_say(check, CHECK_LOG_NONE,
                  SW_CONFIG_FILE " has log { to = \"none\" }: no call is recorded");
        check_fix(check, "sed -i 's/\"none\"/\"file\"/' " SW_CONFIG_FILE);
        return;
    }
    if ((config->log_to & CONFIG_LOG_FILE) == 0) {
        check_say(
            check, CHECK_LOG_SYSLOG_ONLY,
            SW_CONFIG_FILE
            " has log { to = \"syslog\" }: any local user can forge such records, and drown them");
        check_fix(check, "sed -i 's/\"syslog\"/\"both\"/' " SW_CONFIG_FILE);
        return;
    }
    if (check_found(check, CHECK_INSTALL_NONE)) {
        return; /* enable makes group, owner and mode */
    }
    look_at_directory(check, config->log_file);
    if (look_at_file(check, config->log_file, &st)) {
        look_at_mail_log(check, config->log_file, &st);
    }
    if (check_worse(check) == before) {
        check_say(check, CHECK_LOG_OK, "%s is there and protected", config->log_file);
    }
}
