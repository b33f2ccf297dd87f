/*
 * findings - what the areas of `mailorigin check` share: the findings, how they are told, and how
 * files are looked at.
 *
 * One table has every finding. An area is one file, check_<area>.c; it says what it found with
 * check_say and, right behind it, check_fix: the very command or line that mends it.
 */
#ifndef MO_FINDINGS_H
#define MO_FINDINGS_H

#include "context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * BAD: mail goes unrecorded, or fails. WARN: something would stay in the dark on the day it is
 * needed. NOTE: cannot be mended, or is a choice. OK: looked at, and sound.
 */
#define CHECK_FINDINGS(F)                                                                          \
    F(INSTALL_OK, OK, "install", "the wrapper stands in front of the real sendmail")               \
    F(INSTALL_NONE, BAD, "install.none", "the wrapper is not enabled")                             \
    F(INSTALL_REPLACED, BAD, "install.replaced", "something else lies where the wrapper should")   \
    F(INSTALL_BYPASS, BAD, "install.bypass", "a second sendmail path goes past the wrapper")       \
    F(INSTALL_SETGID, BAD, "install.setgid", "a copy of the wrapper is not set-gid")               \
    F(INSTALL_NOSUID, BAD, "install.nosuid", "its file system is mounted nosuid")                  \
    F(INSTALL_DIVERSION, WARN, "install.diversion", "dpkg does not know of the diversion")         \
    F(INSTALL_VERSION, WARN, "install.version", "a copy is of another version")                    \
    F(INSTALL_PHP, NOTE, "install.php-only", "only PHP goes through the wrapper")                  \
    F(INSTALL_STATUS, BAD, "install.status", "what sendmail-wrapper-divert status says besides")   \
    F(TARGET_OK, OK, "target", "the real sendmail, and whose command line it reads")               \
    F(TARGET_MISSING, BAD, "target.missing", "the real sendmail cannot be run: mail fails")        \
    F(TARGET_CHANGED, WARN, "target.changed", "the mail server is not the recorded one")           \
    F(CONFIG_OK, OK, "config", "the configuration is without a fault")                             \
    F(CONFIG_FAULT, WARN, "config.fault", "the configuration has a fault")                         \
    F(CONFIG_UNREAD, BAD, "config.unread", "the configuration is not read")                        \
    F(GROUP_MEMBERS, WARN, "log.group", "the group that may write the log has members")            \
    F(LOG_OK, OK, "log", "the log is there and protected")                                         \
    F(LOG_NONE, BAD, "log.none", "records are switched off")                                       \
    F(LOG_SYSLOG_ONLY, WARN, "log.syslog-only",                                                    \
      "records go to syslog only: any user can forge it")                                          \
    F(LOG_MISSING, BAD, "log.missing", "the log file is missing")                                  \
    F(LOG_MODE, BAD, "log.mode", "owner or mode of the log")                                       \
    F(LOG_DIRECTORY, BAD, "log.directory", "the log's directory is open to others")                \
    F(LOG_SILENT, WARN, "log.silent", "the mail server took mail that the log does not have")      \
    F(LOG_DISK, WARN, "log.disk", "the log's file system is nearly full")                          \
    F(ROTATION_OK, OK, "rotation", "the log is rotated, and lasts")                                \
    F(ROTATION_NONE, WARN, "rotation.none", "the log is not rotated")                              \
    F(ROTATION_COPY, BAD, "rotation.copytruncate", "copytruncate loses records")                   \
    F(ROTATION_SIZE, WARN, "rotation.size", "rotation by size: a flood pushes evidence out")       \
    F(ROTATION_SHORT, WARN, "rotation.short",                                                      \
      "at the busiest hour's rate the log lasts too short")                                        \
    F(SYSLOG_OK, OK, "syslog", "syslog takes what the file does not")                              \
    F(SYSLOG_NONE, WARN, "syslog.none", "no syslog daemon listens")                                \
    F(SYSLOG_ALONE, BAD, "syslog.alone", "no syslog daemon listens, and there is no log file")     \
    F(SYSLOG_LIMIT, WARN, "syslog.limit", "journald drops records of a flood")                     \
    F(MAILLOG_NONE, NOTE, "maillog.none", "the mail server has no log file")                       \
    F(PHP_OK, OK, "php", "PHP sends its mail through the wrapper")                                 \
    F(PHP_PATH, BAD, "php.sendmail-path", "PHP's sendmail_path goes past the wrapper")             \
    F(PHP_PREPEND, NOTE, "php.prepend", "PHP does not hand script and client over")                \
    F(PHP_PREPEND_GONE, BAD, "php.prepend-missing",                                                \
      "auto_prepend_file is missing: all pages fail")                                              \
    F(PHP_PUTENV, WARN, "php.putenv", "putenv() is forbidden, so the prepended file does nothing") \
    F(PHP_HEADER, NOTE, "php.add-x-header", "mail() does not name the script in a header")         \
    F(PHP_LOG, NOTE, "php.mail-log", "PHP does not log its mail() calls")                          \
    F(PHP_SHARED, NOTE, "php.shared-user", "several sites run as one user")                        \
    F(WEB_OK, OK, "web", "the access logs have the worker's pid")                                  \
    F(WEB_APACHE, WARN, "web.apache-pid", "an Apache access log without the worker's pid")         \
    F(WEB_FPM, WARN, "web.fpm-pid", "a php-fpm access log without the worker's pid")               \
    F(WEB_FPM_NONE, WARN, "web.fpm-log", "a php-fpm pool without an access log")                   \
    F(WEB_NGINX, WARN, "web.nginx-times",                                                          \
      "an nginx access log in front of PHP without milliseconds")                                  \
    F(BYPASS_OK, OK, "bypass", "no other way to send mail was found")                              \
    F(BYPASS_REAL, NOTE, "bypass.real", "the real sendmail can be run by its own name")            \
    F(BYPASS_MTA, WARN, "bypass.other", "another program that sends mail")                         \
    F(BYPASS_CLIENT, WARN, "bypass.client", "an SMTP program that anybody may run")                \
    F(NNP_RUNNING, WARN, "nnp.running", "processes run with no_new_privs: records by syslog only") \
    F(NNP_UNIT, WARN, "nnp.unit", "a unit is set to no_new_privs: records by syslog only")         \
    F(SUBMIT_USERS, NOTE, "postfix.submit-users", "Postfix refuses some users' mail")              \
    F(PORT25_OK, OK, "port25", "only the mail server gets out to port 25")                         \
    F(PORT25_OPEN, WARN, "port25.open", "every user gets out to port 25 past all logs")

enum check_id {
#define CHECK_ID(id, severity, name, meaning) CHECK_##id,
    CHECK_FINDINGS(CHECK_ID)
#undef CHECK_ID
};

struct check; /* opaque */

__attribute__((format(printf, 3, 4))) void check_say(struct check *check, enum check_id id,
                                                     const char *format, ...);
/* Of what was said last. */
__attribute__((format(printf, 2, 3))) void check_fix(struct check *check, const char *format, ...);
/* How many of the findings are worse than a note. */
size_t check_worse(const struct check *check);
struct context *check_context(struct check *check);

/* Whether this was found. */
bool check_found(const struct check *check, enum check_id id);

/* The areas. */
void check_install(struct check *check);
void check_log(struct check *check);
void check_rotation(struct check *check);
void check_syslog(struct check *check);
void check_php(struct check *check);
void check_web(struct check *check);
void check_bypass(struct check *check);
void check_port25(struct check *check);

/* --- looking at files (check_file.c) ----------------------------------------------------- */

/* The whole of a regular file of at most 4 MiB, NUL behind; NULL if it is not there, or after
 * context_problem if it cannot be read. Freed by the caller. */
char *check_read(struct check *check, const char *path, size_t *ret_len);

/* Calls each with every line of text, the newline taken away; text is changed. number counts
 * from 1. */
void check_lines(char *text, void (*each)(char *line, unsigned number, void *arg), void *arg);
/* The same of a file, read as check_read does. */
void check_file_lines(struct check *check, const char *path,
                      void (*each)(char *line, unsigned number, void *arg), void *arg);

/* Calls each with every file in dir that ends in suffix, in the order of their names; none begins
 * with a dot. */
void check_each_file(struct check *check, const char *dir, const char *suffix,
                     void (*each)(struct check *check, const char *path, void *arg), void *arg);

#define CHECK_SHELL_MAX 8192
/* text as one word of a shell, in quotes if it needs them; returns buf. */
const char *check_shell(const char *text, char buf[CHECK_SHELL_MAX]);

/* Whether there is such a file. Not by access(2), which looks at the real user without his
 * capabilities: without root (CONFINE_READ) it sees less than can be read. */
bool check_there(const char *path);

/* Whether path is a copy of the wrapper itself (no link), or leads to one. */
bool check_is_ours(const char *path);
bool check_leads_to_us(const char *path);

/* gid of the group sendmail-wrapper. */
bool check_group(unsigned *ret);

/* Runs a program of root's and returns what it printed, NULL if it is not there or fails with more
 * than max. Freed by the caller. */
char *check_run(struct check *check, const char *const *argv, int max, int *ret_status);

/* Whether users other than root and the owner may run it. */
bool check_public(const char *path);

#endif
