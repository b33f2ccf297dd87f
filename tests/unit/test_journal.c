/*
 * journal: which sink gets the record, whether the call goes on (the failure table, row by row),
 * and what the record says.
 */
#include "support.h"
#include "wrapper/journal.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static struct call call;
/* The call's arguments, read as main reads them. */
static void set_arguments(const char *const argv[])
{
    call.argv = (char **)(uintptr_t)argv;
    call.argc = 0;
    while (argv[call.argc] != NULL) {
        call.argc++;
    }
    invocation_parse(call.target.dialect, call.argc, call.argv, &call.invocation);
}

/* A submission of which the least is known. */
static void begin(void)
{
    static const char *const no_arguments[] = {"sendmail", NULL};
    struct caller *c = &call.caller;

    memset(&call, 0, sizeof call);
    c->uid = 4079;
    c->gid = 4080;
    c->pid = 12345;
    c->ppid = 12344;
    strcpy(c->host, "web1");
    config_defaults(&call.config);
    call.target.dialect = dialect_find("postfix");
    set_arguments(no_arguments);
    call.logfile.fd = -1;
    syslog_init(&call.syslog);
    call.syslog.tried = true; /* /dev/log is the machine's, not ours */
    call.syslog.err = ENOENT;
    call.time = (struct timespec){1500000000, 7000};
    strcpy(call.id, "01KAMX3F8Q7ZV2N5T0C9R4E6HJ");
}

/* A record's message part with exactly this between the standing keys. */
static void preview_is(const char *wanted)
{
    char line[RECORD_MAX + 1], front[128];
    struct strbuf sb;

    strbuf_init(&sb, line, sizeof line);
    journal_preview(&call, "deliver", NULL, &sb);
    snprintf(front, sizeof front,
             "2017-07-14T02:40:00.000007+00:00 web1 sendmail-wrapper[12345]: id=%s ", call.id);
    ck_assert_int_eq(strncmp(line, front, strlen(front)), 0);
    ck_assert_int_eq(line[sb.len - 1], '\n');
    line[sb.len - 1] = '\0';
    ck_assert_str_eq(line + strlen(front), wanted);
}

#define IDS "mode=submit uid=4079 gid=4080 pid=12345 "

/* --- the failure table --------------------------------------------------------------------- */

enum file { FILE_GOOD, FILE_MISSING, FILE_DENIED, FILE_ROTATED, FILE_LIMIT, FILE_NO_DESCRIPTOR };
enum daemon { DAEMON_GOOD, DAEMON_ABSENT, DAEMON_FULL, DAEMON_NO_DESCRIPTOR };

#define BOTH (CONFIG_LOG_FILE | CONFIG_LOG_SYSLOG)
#define ROTATED "log file: rotated away"
#define LIMIT "log file: RLIMIT_FSIZE of the caller is in the way"
#define MISSING "log file: No such file or directory"
#define DENIED "log file: Permission denied (set-gid not in effect)"
#define EMFILE_TEXT "log file: Too many open files"
#define NO ""   /* has no record */
#define YES "-" /* has it, without a why */

static const struct {
    const char *what;
    unsigned to;
    enum file file;
    enum daemon daemon;
    bool refuse; /* on_log_failure */
    bool goes_on;
    const char *in_file, *in_syslog; /* NO, YES, or the record's why */
} rows[] = {
    {"all is well", CONFIG_LOG_FILE, FILE_GOOD, DAEMON_GOOD, false, true, YES, NO},
    {"all is well, refuse", CONFIG_LOG_FILE, FILE_GOOD, DAEMON_GOOD, true, true, YES, NO},
    {"no daemon is needed", CONFIG_LOG_FILE, FILE_GOOD, DAEMON_ABSENT, true, true, YES, NO},
    {"nor room in its socket", CONFIG_LOG_FILE, FILE_GOOD, DAEMON_FULL, true, true, YES, NO},

    {"file missing", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_GOOD, false, true, NO, MISSING},
    {"file missing, refuse", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_GOOD, true, true, NO, MISSING},
    {"set-gid not in effect", CONFIG_LOG_FILE, FILE_DENIED, DAEMON_GOOD, false, true, NO, DENIED},
    {"rotated away", CONFIG_LOG_FILE, FILE_ROTATED, DAEMON_GOOD, false, true, NO, ROTATED},
    {"file limit", CONFIG_LOG_FILE, FILE_LIMIT, DAEMON_GOOD, false, true, NO, LIMIT},
    {"descriptor limit", CONFIG_LOG_FILE, FILE_NO_DESCRIPTOR, DAEMON_GOOD, false, true, NO,
     EMFILE_TEXT},

    /* Both fail for reasons of the server: its trouble must not stop the mail, unless the admin
       says so. */
    {"no file, no daemon", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_ABSENT, false, true, NO, NO},
    {"no file, no daemon, refuse", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_ABSENT, true, false, NO,
     NO},
    {"no file, full daemon", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_FULL, false, true, NO, NO},
    {"no file, full daemon, refuse", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_FULL, true, false, NO,
     NO},
    {"denied, no daemon", CONFIG_LOG_FILE, FILE_DENIED, DAEMON_ABSENT, false, true, NO, NO},
    {"rotated, no daemon", CONFIG_LOG_FILE, FILE_ROTATED, DAEMON_ABSENT, false, true, NO, NO},
    {"rotated, no daemon, refuse", CONFIG_LOG_FILE, FILE_ROTATED, DAEMON_ABSENT, true, false, NO,
     NO},

    /* A caller does not get rid of his record by his own limits. */
    {"file limit, no daemon", CONFIG_LOG_FILE, FILE_LIMIT, DAEMON_ABSENT, false, false, NO, NO},
    {"file limit, full daemon", CONFIG_LOG_FILE, FILE_LIMIT, DAEMON_FULL, false, false, NO, NO},
    {"file limit, descriptor limit", CONFIG_LOG_FILE, FILE_LIMIT, DAEMON_NO_DESCRIPTOR, false,
     false, NO, NO},
    {"descriptor limit for both", CONFIG_LOG_FILE, FILE_NO_DESCRIPTOR, DAEMON_NO_DESCRIPTOR, false,
     false, NO, NO},
    {"descriptor limit, no daemon", CONFIG_LOG_FILE, FILE_NO_DESCRIPTOR, DAEMON_ABSENT, false,
     false, NO, NO},
    {"no file, descriptor limit", CONFIG_LOG_FILE, FILE_MISSING, DAEMON_NO_DESCRIPTOR, false, false,
     NO, NO},

    {"both", BOTH, FILE_GOOD, DAEMON_GOOD, false, true, YES, YES},
    {"both, no daemon", BOTH, FILE_GOOD, DAEMON_ABSENT, true, true, YES, NO},
    {"both, descriptor limit for the daemon", BOTH, FILE_GOOD, DAEMON_NO_DESCRIPTOR, true, true,
     YES, NO},
    {"both, no file", BOTH, FILE_MISSING, DAEMON_GOOD, true, true, NO, MISSING},
    {"both, file limit", BOTH, FILE_LIMIT, DAEMON_GOOD, true, true, NO, LIMIT},
    {"both fail", BOTH, FILE_MISSING, DAEMON_ABSENT, false, true, NO, NO},
    {"both fail, refuse", BOTH, FILE_MISSING, DAEMON_ABSENT, true, false, NO, NO},
    {"both fail, file limit", BOTH, FILE_LIMIT, DAEMON_FULL, false, false, NO, NO},

    {"syslog", CONFIG_LOG_SYSLOG, FILE_GOOD, DAEMON_GOOD, false, true, NO, YES},
    {"syslog, no file is needed", CONFIG_LOG_SYSLOG, FILE_MISSING, DAEMON_GOOD, true, true, NO,
     YES},
    {"syslog, nor its limit in the way", CONFIG_LOG_SYSLOG, FILE_LIMIT, DAEMON_GOOD, true, true, NO,
     YES},
    {"no daemon: the file stands in", CONFIG_LOG_SYSLOG, FILE_GOOD, DAEMON_ABSENT, true, true,
     "syslog: not reachable", NO},
    {"full daemon: the file stands in", CONFIG_LOG_SYSLOG, FILE_GOOD, DAEMON_FULL, true, true,
     "syslog: not reachable", NO},
    {"descriptor limit: the file stands in", CONFIG_LOG_SYSLOG, FILE_GOOD, DAEMON_NO_DESCRIPTOR,
     true, true, "syslog: not reachable", NO},
    {"syslog, neither", CONFIG_LOG_SYSLOG, FILE_MISSING, DAEMON_ABSENT, false, true, NO, NO},
    {"syslog, neither, refuse", CONFIG_LOG_SYSLOG, FILE_MISSING, DAEMON_ABSENT, true, false, NO,
     NO},
    {"syslog, descriptor limit, no file", CONFIG_LOG_SYSLOG, FILE_MISSING, DAEMON_NO_DESCRIPTOR,
     false, false, NO, NO},

    {"none", 0, FILE_GOOD, DAEMON_GOOD, true, true, NO, NO},
    {"none, and nothing there", 0, FILE_MISSING, DAEMON_ABSENT, true, true, NO, NO},
    {"none, and limits", 0, FILE_NO_DESCRIPTOR, DAEMON_NO_DESCRIPTOR, true, true, NO, NO},
};

static void limit(int what, rlim_t value)
{
    struct rlimit both;

    getrlimit(what, &both);
    both.rlim_cur = value;
    setrlimit(what, &both);
}

/* Opens the log as main does; the path is there only if the file is. */
static const char *prepare_file(enum file file)
{
    struct privilege privilege = {
        .uid = getuid(), .euid = getuid(), .gid = getgid(), .egid = getgid()};
    const char *path = support_file("calls.log", "", 0600);

    if (file == FILE_MISSING) {
        unlink(path);
    }
    if (file == FILE_DENIED) { /* as nobody it would be so */
        call.logfile.fd = -1;
        strcpy(call.logfile.why, DENIED);
        return path;
    }
    if (file == FILE_NO_DESCRIPTOR) {
        limit(RLIMIT_NOFILE, 0);
    }
    logfile_open(path, &privilege, false, &call.logfile);
    limit(RLIMIT_NOFILE, 1024);
    if (file == FILE_ROTATED) {
        unlink(path);
    }
    return path;
}

/* A daemon's socket, connected. Returns the daemon's end. */
static int prepare_daemon(enum daemon daemon)
{
    struct sockaddr_un address = {AF_UNIX, ""};
    int end;

    if (daemon == DAEMON_ABSENT) {
        return -1;
    }
    if (daemon == DAEMON_NO_DESCRIPTOR) {
        limit(RLIMIT_NOFILE, 0);
        call.syslog.tried = false;
        syslog_send(&call.syslog, LOG_INFO, "x", 1);
        limit(RLIMIT_NOFILE, 1024);
        return -1;
    }
    end = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", support_path("log"));
    unlink(address.sun_path);
    ck_assert_int_eq(bind(end, (struct sockaddr *)&address, sizeof address), 0);
    call.syslog.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(connect(call.syslog.fd, (struct sockaddr *)&address, sizeof address), 0);
    while (daemon == DAEMON_FULL && send(call.syslog.fd, "x", 1, 0) == 1) {
    }
    return end;
}

/* The record in text, by its why: NO if there is none, YES if it has no why. */
static const char *record_in(const char *text)
{
    static char why[256];
    const char *at = strstr(text, " why=");

    if (strstr(text, "action=deliver") == NULL) {
        ck_assert_ptr_null(strstr(text, "sendmail-wrapper["));
        return NO;
    }
    if (at == NULL) {
        return YES;
    }
    at += at[5] == '"' ? 6 : 5;
    snprintf(why, sizeof why, "%.*s", (int)strcspn(at, "\"\n"), at);
    return why;
}

START_TEST(failure_table)
{
    char got[RECORD_MAX + 256];
    const char *path;
    ssize_t n = 0;
    int daemon;
    bool goes_on;

    begin();
    call.config.log_to = rows[_i].to;
    call.config.refuse_on_log_failure = rows[_i].refuse;
    daemon = prepare_daemon(rows[_i].daemon);
    path = prepare_file(rows[_i].file);
    signal(SIGXFSZ, SIG_IGN); /* as startup does */
    if (rows[_i].file == FILE_LIMIT) {
        limit(RLIMIT_FSIZE, 10);
    }
    goes_on = journal_write(&call, "deliver", NULL);
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    ck_assert_msg(goes_on == rows[_i].goes_on, "%s", rows[_i].what);
    ck_assert_msg(strcmp(access(path, F_OK) == 0 ? record_in(support_read_file(path, NULL)) : NO,
                         rows[_i].in_file) == 0,
                  "%s: the file has \"%s\"", rows[_i].what, support_read_file(path, NULL));
    while (daemon >= 0 && (n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT)) ==
                              1) { /* what it was filled with */
    }
    got[n > 0 ? n : 0] = '\0';
    ck_assert_msg(strcmp(record_in(got), rows[_i].in_syslog) == 0, "%s: syslog has \"%s\"",
                  rows[_i].what, got);
}
END_TEST

/* Under a filter of the caller's making no errno says whose fault it is. */
START_TEST(seccomp_filter)
{
    pid_t child = support_fork();

    if (child == 0) {
        begin();
        if (!support_forbid(SYS_mlockall, EPERM)) { /* of nothing that we use */
            _exit(1);
        }
        _exit(journal_write(&call, "deliver", NULL));
    }
    support_wait_ok(child);
}
END_TEST

/* --- diagnostics --------------------------------------------------------------------------- */

START_TEST(diagnostics)
{
    char got[1024];
    int daemon;
    ssize_t n;

    begin();
    prepare_file(FILE_GOOD);
    daemon = prepare_daemon(DAEMON_GOOD);
    call.config.facility = LOG_LOCAL3;
    diag_add(&call.diag, LOG_ERR, "/etc/x", ":", "12: ", "a\nb\"", NULL);
    diag_add(&call.diag, LOG_CRIT, "second", NULL);
    ck_assert(journal_write(&call, "deliver", NULL));
    n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    ck_assert_int_eq(strncmp(got, "<155>", 5), 0); /* 19 * 8 + 3 */
    ck_assert_ptr_nonnull(strstr(got, "]: /etc/x:12: a\\nb\\\""));
    n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    ck_assert_int_eq(strncmp(got, "<154>", 5), 0);
    ck_assert(journal_write(&call, "deliver", NULL)); /* each is told once */
    ck_assert_int_eq(recv(daemon, got, sizeof got, MSG_DONTWAIT), -1);
}
END_TEST

/* --- what the record says ------------------------------------------------------------------ */

START_TEST(least)
{
    begin();
    preview_is(IDS "ppid=12344 rcpts=0 mta=postfix action=deliver");
}
END_TEST

START_TEST(most)
{
    static const char *const argv[] = {"/usr/sbin/sendmail", "-t", "-i", "-fa@b", NULL};
    struct caller *c = &call.caller;
    static const char cmdline[] = "php\0-q\0/srv/x.php\0\0\0";

    begin();
    set_arguments(argv);
    strcpy(c->user, "web274");
    strcpy(c->cwd, "/var/www/web274/htdocs");
    c->cwd_uid_known = true;
    c->cwd_uid = 4079;
    c->start_known = c->loginuid_known = true;
    c->start = 77;
    c->loginuid = 1000;
    strcpy(c->unit, "cron.service");
    strcpy(c->script.path, "/srv/x.php");
    c->script.len = 10;
    c->script.by = "cmdline";
    c->script.owner_known = true;
    c->script.owner = 33;
    c->env_script = "/srv/y.php";
    c->remote = "192.0.2.1";
    c->http_host = "example.org";
    c->uri = "/x?a=b c";
    strcpy(c->ancestry.chain, "sh[12344] php[12001]");
    c->ancestry.chain_len = strlen(c->ancestry.chain);
    c->ancestry.known = true;
    c->ancestry.pid = 12001;
    c->ancestry.start = 66;
    memcpy(c->ancestry.cmdline, cmdline, sizeof cmdline);
    c->ancestry.cmdline_len = sizeof cmdline;
    summary_read("From: x <a@b>\nTo: c, d\nSubject: hi\nMessage-ID: "
                 "<1@x>\nX-PHP-Originating-Script: 33:m.php\n"
                 "X-Additional-Header: /forged\n\n",
                 128, 0, false, "X-Additional-Header", dialect_cautious(), &call.summary);
    preview_is("mode=submit uid=4079 user=web274 gid=4080 pid=12345 cwd=/var/www/web274/htdocs "
               "cwd_uid=4079 "
               "script=/srv/x.php script_by=cmdline script_uid=33 caller=\"php -q /srv/x.php\" "
               "caller_pid=12001 "
               "caller_start=66 chain=\"sh[12344] php[12001]\" "
               "unit=cron.service loginuid=1000 "
               "ppid=12344 start=77 "
               "xphp=33:m.php env_script=/srv/y.php remote=192.0.2.1 http_host=example.org "
               "uri=\"/x?a=b c\" "
               "args=\"-t -i -fa@b\" from=\"x <a@b>\" rcpts=2 subject=hi msgid=\"<1@x>\" copies=1 "
               "mta=postfix action=deliver");
}
END_TEST

START_TEST(without_addresses_and_subject)
{
    static const char *const argv[] = {"sendmail", "-i",   "-fa@b", "-f",  "c@d",  "-F",
                                       "John Doe", "-oem", "--",    "x@y", "root", NULL};

    begin();
    set_arguments(argv);
    call.config.log_addresses = call.config.log_subject = false;
    summary_read("From: x <a@b>\nSubject: hi\n\n", 28, 0, true, "X-Additional-Header",
                 dialect_cautious(), &call.summary);
    preview_is(IDS "ppid=12344 args=\"-i *** *** *** -F *** *** -oem -- *** ***\" rcpts=2 "
                   "mta=postfix action=deliver");
}
END_TEST

START_TEST(sender_of_the_command_line)
{
    static const char *const argv[] = {"sendmail", "-fa@b", "c@d", NULL};

    begin();
    set_arguments(argv);
    preview_is(IDS "ppid=12344 args=\"-fa@b c@d\" from=\"a@b\" rcpts=1 mta=postfix action=deliver");
}
END_TEST

/* The session itself, a message in it, and the session again when nothing more can be read. */
START_TEST(session_and_message)
{
    static const char *const argv[] = {"sendmail", "-bs", NULL};
    static const char text[] = "From: x <a@b>\nSubject: hi\nMessage-ID: <1@x>\n\n";
    struct envelope envelope = {"01KAMX3F8Q7ZV2N5T0C9R4E6HK", "a@b", 2};

    begin();
    set_arguments(argv);
    preview_is("mode=smtp uid=4079 gid=4080 pid=12345 ppid=12344 args=-bs mta=postfix "
               "action=deliver");
    summary_read(text, sizeof text - 1, 0, true, "X-Additional-Header", call.target.dialect,
                 &call.summary);
    call.envelope = &envelope;
    preview_is("mode=smtp uid=4079 gid=4080 pid=12345 session=01KAMX3F8Q7ZV2N5T0C9R4E6HK "
               "ppid=12344 args=-bs sender=\"a@b\" from=\"x <a@b>\" rcpts=2 subject=hi "
               "msgid=\"<1@x>\" mta=postfix action=deliver");
    envelope.sender = NULL;
    call.config.log_addresses = call.config.log_subject = false;
    preview_is("mode=smtp uid=4079 gid=4080 pid=12345 session=01KAMX3F8Q7ZV2N5T0C9R4E6HK "
               "ppid=12344 args=-bs rcpts=2 msgid=\"<1@x>\" mta=postfix action=deliver");
    call.envelope = NULL;
    call.opaque = "STARTTLS";
    preview_is("mode=smtp uid=4079 gid=4080 pid=12345 ppid=12344 args=-bs mta=postfix "
               "opaque=STARTTLS action=deliver");
}
END_TEST

START_TEST(recipients_not_all_seen)
{
    static const char *const argv[] = {"sendmail", "-t", NULL};

    begin();
    set_arguments(argv);
    summary_read("To: a, b, c", 11, 0, false, "X-Additional-Header", dialect_cautious(),
                 &call.summary);
    preview_is(IDS "ppid=12344 args=-t rcpts=3+ mta=postfix action=deliver");
}
END_TEST

/* Of a call that reads no message nothing is said about one. */
START_TEST(pass)
{
    static const char *const argv[] = {"/usr/bin/mailq", NULL};

    begin();
    set_arguments(argv);
    preview_is(
        "mode=pass uid=4079 gid=4080 pid=12345 ppid=12344 as=mailq mta=postfix action=deliver");
}
END_TEST

START_TEST(odd_names)
{
    static const char *const argv[][2] = {
        {"", NULL}, {"/", NULL}, {"sendmail-wrapper", NULL}, {"/x/sendmail", NULL}, {NULL, NULL}};

    for (size_t i = 0; i < sizeof argv / sizeof argv[0]; i++) {
        begin();
        set_arguments(argv[i]);
        preview_is(IDS "ppid=12344 rcpts=0 mta=postfix action=deliver");
    }
}
END_TEST

/* Ages are taken when the record is written, from the kernel's clock: so many ticks since each
 * start. */
START_TEST(ages)
{
    static const unsigned long long old[] = {3, 5, 1000};
    unsigned long long now, got, before = 0;
    char line[RECORD_MAX + 1], *end;
    struct timespec ts;
    struct strbuf sb;
    const char *at;

    begin();
    ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &ts), 0);
    now = (unsigned long long)ts.tv_sec * 100 + (unsigned long long)ts.tv_nsec / 10000000;
    call.caller.start_known = true;
    call.caller.start = now - old[0];
    strcpy(call.caller.ancestry.chain, "sh[2] php[1]");
    call.caller.ancestry.chain_len = 12;
    call.caller.ancestry.levels = 2;
    call.caller.ancestry.starts[0] = now - old[1];
    call.caller.ancestry.starts[1] = now - old[2];
    strbuf_init(&sb, line, sizeof line);
    journal_preview(&call, "deliver", NULL, &sb);
    at = strstr(line, " ages=\"");
    ck_assert_ptr_nonnull(at);
    at += 7;
    for (size_t i = 0; i < 3; i++) {
        got = strtoull(at, &end, 10);
        ck_assert_uint_ge(got, old[i]);
        ck_assert_uint_ge(got, before);
        before = got;
        ck_assert_int_eq(*end, i < 2 ? ' ' : '"');
        at = end + 1;
    }
}
END_TEST

START_TEST(orphan)
{
    begin();
    call.caller.ancestry.orphan = true;
    call.caller.ancestry.pid = 1;
    strcpy(call.caller.ancestry.chain, "systemd[1]");
    call.caller.ancestry.chain_len = 10;
    preview_is(
        IDS
        "caller=\"(orphan)\" chain=\"systemd[1]\" ppid=12344 rcpts=0 mta=postfix action=deliver");
}
END_TEST

START_TEST(caller_without_a_command_line)
{
    begin();
    call.caller.ancestry.known = true;
    call.caller.ancestry.pid = 7;
    call.caller.ancestry.start = 8;
    call.caller.ancestry.cmdline_len = 5; /* five NULs */
    preview_is(IDS "caller_pid=7 caller_start=8 ppid=12344 rcpts=0 mta=postfix action=deliver");
}
END_TEST

START_TEST(deleted_directory)
{
    begin();
    strcpy(call.caller.cwd, "/srv/x");
    call.caller.cwd_deleted = true;
    preview_is(IDS "cwd=\"/srv/x (deleted)\" ppid=12344 rcpts=0 mta=postfix action=deliver");
}
END_TEST

static const struct {
    const char *header;
    const char *wanted;
} xphp[] = {
    {"4079:mailer.php", "script=mailer.php script_by=header ppid=12344 xphp=4079:mailer.php"},
    {"mailer.php", "script=mailer.php script_by=header ppid=12344 xphp=mailer.php"},
    {"4079:", "ppid=12344 xphp=4079:"},
    {"", "ppid=12344 xphp=\"\""},
};

START_TEST(script_by_header)
{
    char message[256], wanted[256];

    begin();
    snprintf(message, sizeof message, "X-PHP-Originating-Script: %s\n\n", xphp[_i].header);
    summary_read(message, strlen(message), 0, true, "X-Additional-Header", dialect_cautious(),
                 &call.summary);
    snprintf(wanted, sizeof wanted, IDS "%s rcpts=0 mta=postfix action=deliver", xphp[_i].wanted);
    preview_is(wanted);
}
END_TEST

START_TEST(environment_script)
{
    begin();
    call.caller.env_script = "/a";
    preview_is(IDS "ppid=12344 env_script=/a rcpts=0 mta=postfix action=deliver");
    strcpy(call.caller.script.path, "/a");
    call.caller.script.len = 2;
    call.caller.script.by = "env";
    preview_is(
        IDS
        "script=/a script_by=env ppid=12344 rcpts=0 mta=postfix action=deliver"); /* not twice */
}
END_TEST

START_TEST(every_why)
{
    begin();
    call.caller.why = "no /proc";
    call.target.why = "stale";
    call.no_header = "no pipe";
    preview_is(IDS
               "ppid=12344 rcpts=0 mta=postfix why=\"no /proc; stale; no pipe\" action=deliver");
}
END_TEST

START_TEST(error_and_action)
{
    const char *path;

    begin();
    path = prepare_file(FILE_GOOD);
    ck_assert(journal_write(&call, "refuse", "No such file or directory"));
    ck_assert_ptr_nonnull(
        strstr(support_read_file(path, NULL),
               " mta=postfix error=\"No such file or directory\" action=refuse\n"));
}
END_TEST

/* Both sinks and both formats say the same. */
START_TEST(formats)
{
    char got[RECORD_MAX + 256], line[RECORD_MAX + 1];
    const char *path, *message;
    struct strbuf sb;
    int daemon;
    ssize_t n;

    begin();
    call.config.log_to = BOTH;
    call.config.format = _i == 0 ? RECORD_LOGFMT : RECORD_JSON;
    path = prepare_file(FILE_GOOD);
    daemon = prepare_daemon(DAEMON_GOOD);
    ck_assert(journal_write(&call, "deliver", NULL));
    strbuf_init(&sb, line, sizeof line);
    journal_preview(&call, "deliver", NULL, &sb);
    ck_assert_str_eq(support_read_file(path, NULL), line);
    n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    message = strstr(got, "]: ");
    ck_assert_ptr_nonnull(message);
    if (_i == 0) {
        ck_assert_int_eq(strncmp(got, "<22>", 4), 0);
        ck_assert_int_eq(strncmp(strstr(line, "]: "), message, strlen(message)), 0);
    } else {
        ck_assert_int_eq(line[0], '{');
        ck_assert_int_eq(strncmp(message, "]: {\"id\":\"01KAMX", 15), 0);
        ck_assert_int_eq(got[n - 1], '}');
    }
}
END_TEST

/* Every value hostile and as long as it can be: still one line, whole, and nothing in it that a
 * terminal obeys. */
START_TEST(hostile_values)
{
    static char hostile[8000];
    static const char *const argv[] = {hostile, hostile, NULL};
    static struct record back;
    struct caller *c = &call.caller;
    char line[RECORD_MAX + 1];
    struct strbuf sb;
    bool torn;

    begin();
    for (size_t i = 0; i < sizeof hostile - 1; i++) {
        hostile[i] = (char)(1 + (i * 7 + (size_t)_i) % 255);
    }
    memcpy(hostile, "\nsendmail-wrapper[1]: id=x action=deliver\n", 42);
    memcpy(c->user, hostile, sizeof c->user - 1);
    memcpy(c->unit, hostile, sizeof c->unit - 1);
    memcpy(c->cwd, hostile, sizeof c->cwd - 1);
    memcpy(c->script.path, hostile, sizeof c->script.path - 1);
    c->script.len = sizeof c->script.path - 1;
    c->script.by = "fd";
    memcpy(c->ancestry.chain, hostile, sizeof c->ancestry.chain - 1);
    c->ancestry.chain_len = sizeof c->ancestry.chain - 1;
    memcpy(c->ancestry.cmdline, hostile, sizeof c->ancestry.cmdline - 1);
    c->ancestry.cmdline_len = sizeof c->ancestry.cmdline - 1;
    c->ancestry.known = true;
    c->env_script = c->remote = c->http_host = c->uri = hostile;
    c->why = hostile;
    set_arguments(argv);
    strbuf_init(&sb, line, sizeof line);
    journal_preview(&call, "deliver", hostile, &sb);
    ck_assert(!sb.overflow);
    ck_assert_uint_eq(strlen(line), sb.len);
    ck_assert_ptr_eq(strchr(line, '\n'), line + sb.len - 1);
    for (size_t i = 0; i + 1 < sb.len; i++) {
        ck_assert_msg((unsigned char)line[i] >= ' ' && line[i] != 0x7f, "byte %zu: %d", i, line[i]);
        if ((unsigned char)line[i] < ' ') {
            break;
        }
    }
    ck_assert(record_parse(line, sb.len - 1, &back, &torn));
    ck_assert(!torn);
    ck_assert_int_eq(back.pid, 12345);
    ck_assert_uint_eq(back.value[RECORD_ID].len, ULID_LEN);
    ck_assert_int_eq(memcmp(back.value[RECORD_ID].ptr, call.id, ULID_LEN), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tc = tcase_create("journal");

    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_loop_test(tc, failure_table, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tc, seccomp_filter);
    tcase_add_test(tc, diagnostics);
    tcase_add_test(tc, least);
    tcase_add_test(tc, most);
    tcase_add_test(tc, without_addresses_and_subject);
    tcase_add_test(tc, sender_of_the_command_line);
    tcase_add_test(tc, session_and_message);
    tcase_add_test(tc, recipients_not_all_seen);
    tcase_add_test(tc, pass);
    tcase_add_test(tc, odd_names);
    tcase_add_test(tc, ages);
    tcase_add_test(tc, orphan);
    tcase_add_test(tc, caller_without_a_command_line);
    tcase_add_test(tc, deleted_directory);
    tcase_add_loop_test(tc, script_by_header, 0, sizeof xphp / sizeof xphp[0]);
    tcase_add_test(tc, environment_script);
    tcase_add_test(tc, every_why);
    tcase_add_test(tc, error_and_action);
    tcase_add_loop_test(tc, formats, 0, 2);
    tcase_add_loop_test(tc, hostile_values, 0, 5);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
