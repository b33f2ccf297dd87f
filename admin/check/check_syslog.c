/*
 * check_syslog - the area "syslog": does somebody take the records that the file does not, and does
 * the journal drop them in a flood? Input: journald's configuration, root's.
 */
#include "check/findings.h"
#include "ini.h"
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/dev-log"

/* As syslog(3) finds the daemon: a datagram socket, or a stream. Nothing is sent. */
static bool answers(const char *path)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    bool good = false;

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    for (size_t i = 0; i < 2 && !good; i++) {
        int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        good = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
        if (fd >= 0) {
            close(fd);
        }
    }
    return good;
}

/* --- journald.conf(5) -------------------------------------------------------------------- */

struct journald {
    char interval[64], burst[64];
    bool in_section;
};

static void take_setting(char *text, unsigned number, void *arg)
{
    struct journald *j = arg;
    char *line = ini_trim(text), *equals = strchr(line, '=');

    (void)number;
    if (line[0] == '[') {
        j->in_section = strcmp(line, "[Journal]") == 0;
    }
    if (line[0] == '#' || line[0] == ';' || equals == NULL || !j->in_section) {
        return;
    }
    *equals = '\0';
    if (strcmp(ini_trim(line), "RateLimitIntervalSec") == 0 ||
        strcmp(line, "RateLimitInterval") == 0) {
        (void)snprintf(j->interval, sizeof j->interval, "%s", ini_trim(equals + 1));
    } else if (strcmp(line, "RateLimitBurst") == 0) {
        (void)snprintf(j->burst, sizeof j->burst, "%s", ini_trim(equals + 1));
    }
}

static void read_conf(struct check *check, const char *path, void *arg)
{
    struct journald *j = arg;

    j->in_section = false;
    check_file_lines(check, path, take_setting, j);
}

/* A drop-in of the same name in a directory further up hides the others; the names' order is that
 * of all together. It is enough here to read them in the order of the directories: /usr/lib, /run,
 * /etc. */
static void read_journald(struct check *check, struct journald *j)
{
    (void)snprintf(j->interval, sizeof j->interval, "30s");
    (void)snprintf(j->burst, sizeof j->burst, "10000");
    read_conf(check, "/etc/systemd/journald.conf", j);
    check_each_file(check, "/usr/lib/systemd/journald.conf.d", ".conf", read_conf, j);
    check_each_file(check, "/run/systemd/journald.conf.d", ".conf", read_conf, j);
    check_each_file(check, "/etc/systemd/journald.conf.d", ".conf", read_conf, j);
}

static void look_at_limit(struct check *check)
{
    struct journald j = {.in_section = false};

    read_journald(check, &j);
    if (strtol(j.interval, NULL, 10) == 0 || strtol(j.burst, NULL, 10) == 0) {
        return;
    }
    check_say(check, CHECK_SYSLOG_LIMIT,
              "journald keeps %s lines of a unit in %s and drops the rest: whoever floods it sends "
              "unrecorded after that",
              j.burst, j.interval);
    check_fix(
        check,
        "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nRateLimitIntervalSec=0\\n' "
        ">/etc/systemd/journald.conf.d/sendmail-wrapper.conf && systemctl restart "
        "systemd-journald");
}

void check_syslog(struct check *check)
{
    const struct config *config = &check_context(check)->config;
    bool alone = config->log_to == CONFIG_LOG_SYSLOG,
         file = (config->log_to & CONFIG_LOG_FILE) != 0;
    size_t before = check_worse(check);

    if (!answers("/dev/log")) {
        if (alone) {
            check_say(check, CHECK_SYSLOG_ALONE,
                      "nobody listens at /dev/log, and the records go nowhere else: none is kept");
        } else {
            check_say(check, CHECK_SYSLOG_NONE,
                      "nobody listens at /dev/log: what the log file cannot take is lost");
        }
        check_fix(check, check_there("/run/systemd/system")
                             ? "systemctl start systemd-journald-dev-log.socket systemd-journald"
                             : "apt-get install rsyslog && service rsyslog start");
    }
    if (!file && alone && check_there(JOURNAL_SOCKET)) {
        look_at_limit(check);
    }
    if (check_worse(check) == before) {
        check_say(check, CHECK_SYSLOG_OK, "somebody listens at /dev/log");
    }
    if (!check_there("/var/log/mail.log") && !check_there("/var/log/exim4/mainlog")) {
        check_say(check, CHECK_MAILLOG_NONE,
                  "there is no /var/log/mail.log: mailorigin trace reads the journal, or needs "
                  "--mail-log");
        check_fix(check, "apt-get install rsyslog");
    }
}
