/*
 * sendmail-wrapper - a sendmail(8) that nobody notices: it records who calls it, adds a header to
 * the message, and runs the real sendmail in its place. See sendmail-wrapper(8) and
 * docs/threat-model.md.
 *
 * The caller is the attacker: argv, environment, descriptors, limits, signals, cwd, message. The
 * set-gid bit buys one thing, the descriptor of the log file; it is given up before the message is
 * read. This file is the list of the steps of one call; each step is a file of its own.
 */
#include "call.h"
#include "exec.h"
#include "explain.h"
#include "feeder.h"
#include "journal.h"
#include "paths.h"
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

/* Ends the call: one line for the caller, the record for the admin. Nothing was sent. */
static _Noreturn void refuse(struct call *call, int status, const char *what, const char *why)
{
    char text[PATH_MAX + 128];
    struct strbuf sb;

    /* Again, after an exec that failed: the exit status must be ours. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* With an id there may be a record that says otherwise by now; this one corrects it. */
    if (call->id[0] == '\0') {
        call_identify(call);
    }
    journal_write(call, "refuse", why);
    strbuf_init(&sb, text, sizeof text);
    strbuf_puts(&sb, RECORD_TAG ": ");
    strbuf_puts(&sb, what);
    strbuf_puts(&sb, ": ");
    strbuf_puts(&sb, why);
    strbuf_putc(&sb, '\n');
    (void)!write(STDERR_FILENO, text, sb.len);
    _exit(status);
}

static void record(struct call *call, const char *action)
{
    if (!journal_write(call, action, NULL)) {
        refuse(call, EX_OSERR, "log", "the call cannot be recorded");
    }
}

static void refuse_loop(struct call *call)
{
    if (call_loops(call)) {
        refuse(call, EX_UNAVAILABLE, call->target.path, "calls this sendmail again: a loop");
    }
}

/* libconfuse's scanner calls exit() when it gets no memory: then nothing has been sent either. */
static void on_unexpected_exit(void)
{
    _exit(EX_OSERR);
}

/* Steps 2 to 5: what is known before the message, and no privilege any more. */
static void prepare(struct call *call)
{
    (void)atexit(on_unexpected_exit); /* the C library has room for 32 without memory */
    syslog_init(&call->syslog);
    privilege_read(&call->privilege);
    caller_read(&call->privilege, call->startup.environment, &call->caller);
    config_load(SW_CONFIG_FILE, call->privilege.held, &call->config, &call->diag);
    logfile_open(call->config.log_file, &call->privilege,
                 (call->config.log_to & CONFIG_LOG_FILE) != 0, &call->logfile);
    /* What a record says that is written before the next steps. */
    call->target.dialect = call->invocation.dialect = dialect_cautious();
    call->invocation.mode = MODE_PASS;
    if (!privilege_drop(&call->privilege)) {
        diag_add(&call->diag, LOG_CRIT, "set-gid could not be given up; the call was refused",
                 NULL);
        refuse(call, EX_OSERR, "privileges", "cannot be dropped");
    }
    target_find(&call->config, SW_TARGET_FILE, &call->target);
    invocation_parse(call->target.dialect, call->argc, call->argv, &call->invocation);
}

/* Steps 6 and 7: the message's first part, the header, and the pipe with as much as it takes. */
static void submit(struct call *call, struct exec_pipe *pipe)
{
    struct message *m = &call->message;
    struct feed feed;

    if (call->startup.closed[STDIN_FILENO]) {
        call_identify(call);
        call->no_header = "stdin is closed"; /* and stays so: there is no message */
        return;
    }
    if (!exec_pipe_open(pipe)) {
        call_identify(call);
        call->no_header = "no pipe to be had: the message goes without the header";
        return;
    }
    if (!message_read(&call->startup, &call->invocation, m)) {
        refuse(call, EX_IOERR, "stdin", diag_errno(m->error));
    }
    refuse_loop(call);
    summary_read(m->data, m->len, m->placed ? m->place.offset : 0, m->eof, call->config.header.name,
                 call->target.dialect, &call->summary);
    call_identify(call);
    call_header(call);
    feed = (struct feed){
        .dialect = call->target.dialect,
        .message = m,
        .header = call->header,
        .header_len = call->header_len,
        .out = pipe->write_end,
        .mta_end = &pipe->read_end,
    };
    if (feed_fill(&feed) || feed_rest(&call->startup, &feed)) {
        return;
    }
    if (feed.error != 0 || !feeder_start(&feed)) {
        refuse(call, EX_OSERR, "message", diag_errno(feed.error != 0 ? feed.error : errno));
    }
}

/*
 * An SMTP dialogue: the record of the session, then the session, which ends the call. Returns where
 * it must go by untouched.
 */
static void converse(struct call *call)
{
    struct session session;
    bool exec_failed, open = session_open(call, &session);

    record(call, "pass");
    if (!open) {
        return;
    }
    session_run(call, &session, &exec_failed);
    if (exec_failed) {
        refuse(call, EX_UNAVAILABLE, call->target.path, diag_errno(errno));
    }
    call->opaque = "no process to be had";
    record(call, "pass");
}

int main(int argc, char **argv)
{
    static struct call call;
    static char sendmail[] = "sendmail";
    struct exec_pipe pipe = {-1, -1};
    bool own_question = explain_wanted(argc, argv);

    if (own_question && explain_brief(argc, argv)) {
        return 0;
    }
    if (!startup_begin(argc, argv, &call.startup)) {
        _exit(EX_OSERR);
    }
    call.argc = own_question ? argc - 1 : argc;
    call.argv = own_question ? argv + 1 : argv;
    if (own_question) {
        call.argv[0] = sendmail; /* in the place of --explain: the name of the call in question */
    }
    prepare(&call);
    if (own_question) {
        _exit(explain_call(&call));
    }
    if (call.target.error != NULL) {
        refuse(&call, call.target.unexamined ? EX_OSERR : EX_UNAVAILABLE, call.target.path,
               call.target.error);
    }
    refuse_loop(&call);
    switch (call.invocation.mode) {
    case MODE_SUBMIT:
        submit(&call, &pipe);
        record(&call, "deliver");
        break;
    case MODE_SMTP:
    case MODE_BATCH_SMTP:
        call_identify(&call);
        converse(&call);
        break;
    case MODE_PASS:
        call_identify(&call);
        record(&call, "pass");
        break;
    }
    exec_target(&call.startup, call.target.path, call.argv, &pipe);
    refuse(&call, EX_UNAVAILABLE, call.target.path, diag_errno(errno));
}
