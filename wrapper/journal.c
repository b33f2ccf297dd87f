/*
 * journal - see journal.h. Hostile input: every value of the record; record.c encodes them all. On
 * failure: the other sink; then the policy.
 */
#include "journal.h"
#include "codec.h"
#include "record.h"

#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* Text that the record borrows while it is formatted. */
struct scratch {
    char args[2048];
    char caller[1024];
    char cwd[PATH_MAX + 16];
    char rcpts[32];
    char why[512];
    char ages[(1 + ANCESTRY_LEVELS) * 21];
};

/* Words of the arguments that are options and hold no address stay; the others become "***". */
static void mask_addresses(const char *args, struct strbuf *out)
{
    while (*args != '\0') {
        size_t n = strcspn(args, " ");
        bool keep =
            args[0] == '-' && args[1] != 'f' && args[1] != 'r' && memchr(args, '@', n) == NULL;

        strbuf_puts(out, out->len > 0 ? " " : "");
        strbuf_add(out, keep ? args : "***", keep ? n : 3);
        args += n;
        args += *args == ' ';
    }
}

static void put_args(const struct call *call, struct scratch *s, struct record *rec)
{
    static char masked[2 * sizeof s->args]; /* "a " becomes "*** " */
    struct strbuf sb, shown;

    strbuf_init(&sb, s->args, sizeof s->args);
    invocation_args(&call->invocation, call->argc, call->argv, &sb);
    strbuf_init(&shown, masked, sizeof masked);
    if (call->config.log_addresses) {
        shown = sb;
    } else {
        mask_addresses(s->args, &shown);
    }
    if (shown.len > 0) {
        record_text(rec, RECORD_ARGS, shown.data, shown.len);
    }
}

/* mailq and newaliases are sendmail by another name; without it their records would be alike. */
static void put_name(const struct call *call, struct record *rec)
{
    const char *argv0 = call->argc > 0 ? call->argv[0] : "";
    const char *slash = strrchr(argv0, '/');
    const char *name = slash != NULL ? slash + 1 : argv0;

    if (name[0] != '\0' && strcmp(name, "sendmail") != 0 && strcmp(name, RECORD_TAG) != 0) {
        record_string(rec, RECORD_AS, name);
    }
}

/*
 * How old this process, and each of the chain, is now. A child that a web server's worker started
 * for one request can send its mail while the worker is busy with another's: what ties a call to a
 * request is when the worker started that child. The ticks of /proc/PID/stat are those of
 * _SC_CLK_TCK and of CLOCK_BOOTTIME: proc(5).
 */
static void put_ages(const struct call *call, struct scratch *s, struct record *rec)
{
    const struct ancestry *a = &call->caller.ancestry;
    long hz = sysconf(_SC_CLK_TCK);
    unsigned long long now;
    struct timespec ts;
    struct strbuf sb;

    if (!call->caller.start_known || a->levels == 0 || hz <= 0 ||
        clock_gettime(CLOCK_BOOTTIME, &ts) != 0) {
        return;
    }
    now = (unsigned long long)ts.tv_sec * hz + (unsigned long long)ts.tv_nsec * hz / 1000000000;
    strbuf_init(&sb, s->ages, sizeof s->ages);
    for (size_t i = 0; i <= a->levels; i++) {
        unsigned long long start = i == 0 ? call->caller.start : a->starts[i - 1];

        strbuf_puts(&sb, i > 0 ? " " : "");
        strbuf_number(&sb, now > start ? now - start : 0, 1);
    }
    record_text(rec, RECORD_AGES, s->ages, sb.len);
}

static void put_caller(const struct call *call, struct scratch *s, struct record *rec)
{
    const struct ancestry *a = &call->caller.ancestry;
    size_t n = a->cmdline_len;

    if (a->chain_len > 0) {
        record_text(rec, RECORD_CHAIN, a->chain, a->chain_len);
    }
    if (a->orphan) {
        record_string(rec, RECORD_CALLER, "(orphan)");
        return;
    }
    if (!a->known) {
        return;
    }
    memcpy(s->caller, a->cmdline, n);
    while (n > 0 && s->caller[n - 1] == '\0') {
        n--; /* a title that was set over argv is padded with NULs */
    }
    for (size_t i = 0; i < n; i++) {
        s->caller[i] = s->caller[i] == '\0' ? ' ' : s->caller[i];
    }
    if (n > 0) {
        record_text(rec, RECORD_CALLER, s->caller, n);
    }
    record_number(rec, RECORD_CALLER_PID, (unsigned long long)a->pid);
    record_number(rec, RECORD_CALLER_START, a->start);
}

static void put_cwd(const struct caller *c, struct scratch *s, struct record *rec)
{
    if (c->cwd[0] != '\0') {
        struct strbuf sb;

        strbuf_init(&sb, s->cwd, sizeof s->cwd);
        strbuf_puts(&sb, c->cwd);
        strbuf_puts(&sb, c->cwd_deleted ? " (deleted)" : "");
        record_text(rec, RECORD_CWD, s->cwd, sb.len);
    }
    if (c->cwd_uid_known) {
        record_number(rec, RECORD_CWD_UID, c->cwd_uid);
    }
}

static void put_script(const struct call *call, struct record *rec)
{
    const struct script *script = &call->caller.script;
    const struct summary_value *xphp = &call->summary.xphp;

    if (script->len > 0) {
        record_text(rec, RECORD_SCRIPT, script->path, script->len);
        record_string(rec, RECORD_SCRIPT_BY, script->by);
        if (script->owner_known) {
            record_number(rec, RECORD_SCRIPT_UID, script->owner);
        }
    } else if (xphp->present) {
        /* "uid:file": the file's name only, and anyone can write it. */
        const char *colon = memchr(xphp->text, ':', xphp->len);
        const char *name = colon != NULL ? colon + 1 : xphp->text;

        if (name[0] != '\0') {
            record_text(rec, RECORD_SCRIPT, name, (size_t)(xphp->text + xphp->len - name));
            record_string(rec, RECORD_SCRIPT_BY, "header");
        }
    }
    if (xphp->present) {
        record_text(rec, RECORD_XPHP, xphp->text, xphp->len);
    }
    if (call->caller.env_script != NULL &&
        strcmp(call->caller.env_script, script->len > 0 ? script->path : "") != 0) {
        record_string(rec, RECORD_ENV_SCRIPT, call->caller.env_script);
    }
}

static void put_value(struct record *rec, enum record_key key, const struct summary_value *value)
{
    if (value->present) {
        record_text(rec, key, value->text, value->len);
    }
}

/* How many get the message, as argv and its header say. */
static void put_recipients(const struct call *call, struct strbuf *out)
{
    const struct invocation *inv = &call->invocation;
    const struct summary *sum = &call->summary;

    strbuf_number(out, inv->recipients + (inv->recipients_from_header ? sum->recipients : 0), 1);
    if (inv->recipients_from_header && !sum->complete) {
        strbuf_putc(out, '+');
    }
}

static void put_message(const struct call *call, struct scratch *s, struct record *rec)
{
    const struct summary *sum = &call->summary;
    const struct envelope *env = call->envelope;
    struct strbuf sb;

    if (call->invocation.mode != MODE_SUBMIT && env == NULL) {
        return;
    }
    strbuf_init(&sb, s->rcpts, sizeof s->rcpts);
    if (env != NULL) {
        record_text(rec, RECORD_SESSION, env->session, ULID_LEN);
        record_string(rec, RECORD_SENDER, call->config.log_addresses ? env->sender : NULL);
        strbuf_number(&sb, env->recipients, 1);
    } else {
        put_recipients(call, &sb);
    }
    if (call->config.log_addresses) {
        put_value(rec, RECORD_FROM, &sum->from);
        if (!sum->from.present && env == NULL) {
            record_string(rec, RECORD_FROM, call->invocation.sender);
        }
    }
    record_text(rec, RECORD_RCPTS, s->rcpts, sb.len);
    if (call->config.log_subject) {
        put_value(rec, RECORD_SUBJECT, &sum->subject);
    }
    put_value(rec, RECORD_MSGID, &sum->msgid);
    if (sum->copies > 0) {
        record_number(rec, RECORD_COPIES, sum->copies);
    }
}

static void add_why(struct strbuf *why, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        strbuf_puts(why, why->len > 0 ? "; " : "");
        strbuf_puts(why, text);
    }
}

/* log_trouble: why the sink that should have had the record has it not; NULL. */
static void build_record(const struct call *call, const char *action, const char *error,
                         const char *log_trouble, struct scratch *s, struct record *rec)
{
    const struct caller *c = &call->caller;
    struct strbuf why;

    record_init(rec);
    rec->time = call->time;
    rec->host = c->host;
    rec->pid = c->pid;
    record_text(rec, RECORD_ID, call->id, ULID_LEN);
    record_string(rec, RECORD_MODE, invocation_mode_name(call->invocation.mode));
    record_number(rec, RECORD_UID, c->uid);
    record_string(rec, RECORD_USER, c->user[0] != '\0' ? c->user : NULL);
    record_number(rec, RECORD_GID, c->gid);
    record_number(rec, RECORD_PID, (unsigned long long)c->pid);
    record_number(rec, RECORD_PPID, (unsigned long long)c->ppid);
    if (c->start_known) {
        record_number(rec, RECORD_START, c->start);
    }
    if (c->loginuid_known) {
        record_number(rec, RECORD_LOGINUID, c->loginuid);
    }
    record_string(rec, RECORD_UNIT, c->unit[0] != '\0' ? c->unit : NULL);
    put_cwd(c, s, rec);
    put_script(call, rec);
    put_caller(call, s, rec);
    put_ages(call, s, rec);
    record_string(rec, RECORD_REMOTE, c->remote);
    record_string(rec, RECORD_HOST, c->http_host);
    record_string(rec, RECORD_URI, c->uri);
    put_name(call, rec);
    put_args(call, s, rec);
    put_message(call, s, rec);
    record_string(rec, RECORD_MTA, dialect_name(call->target.dialect));
    record_string(rec, RECORD_OPAQUE, call->opaque);

    strbuf_init(&why, s->why, sizeof s->why);
    add_why(&why, log_trouble);
    add_why(&why, c->why);
    add_why(&why, call->target.why);
    add_why(&why, call->no_header);
    if (why.len > 0) {
        record_text(rec, RECORD_WHY, s->why, why.len);
    }
    record_string(rec, RECORD_ERROR, error);
    record_string(rec, RECORD_ACTION, action);
}

void journal_preview(const struct call *call, const char *action, const char *error,
                     struct strbuf *out)
{
    static struct scratch scratch;
    static struct record record;

    build_record(call, action, error, NULL, &scratch, &record);
    record_line(&record, call->config.format, out);
}

static bool to_file(struct call *call, const char *action, const char *error,
                    const char *log_trouble)
{
    static struct scratch scratch;
    static struct record record;
    static char line[RECORD_MAX + 1];
    struct strbuf sb;

    if (call->logfile.fd < 0) {
        return false;
    }
    build_record(call, action, error, log_trouble, &scratch, &record);
    strbuf_init(&sb, line, sizeof line);
    record_line(&record, call->config.format, &sb);
    return logfile_write(&call->logfile, line, sb.len);
}

static bool to_syslog(struct call *call, const char *action, const char *error,
                      const char *log_trouble)
{
    static struct scratch scratch;
    static struct record record;
    static char text[RECORD_MAX + 1];
    struct strbuf sb;

    build_record(call, action, error, log_trouble, &scratch, &record);
    strbuf_init(&sb, text, sizeof text);
    record_message(&record, call->config.format, &sb);
    return syslog_send(&call->syslog, call->config.facility | LOG_INFO, text, sb.len);
}

static void send_diagnostics(struct call *call)
{
    for (unsigned i = 0; i < call->diag.count; i++) {
        const struct diag_item *item = &call->diag.item[i];
        char text[512];
        struct strbuf sb;

        strbuf_init(&sb, text, sizeof text);
        codec_escape(&sb, item->text, strlen(item->text), sizeof text - 1);
        syslog_send(&call->syslog, call->config.facility | item->priority, text, sb.len);
    }
    call->diag.count = 0;
}

/* Whether some sink has the record. */
static bool write_sinks(struct call *call, const char *action, const char *error)
{
    bool want_file = (call->config.log_to & CONFIG_LOG_FILE) != 0;
    bool want_syslog = (call->config.log_to & CONFIG_LOG_SYSLOG) != 0;
    bool in_file = want_file && to_file(call, action, error, NULL);
    bool in_syslog = false;

    if (want_syslog || (want_file && !in_file)) {
        in_syslog =
            to_syslog(call, action, error, want_file && !in_file ? call->logfile.why : NULL);
    }
    if (!in_file && !in_syslog && !want_file && want_syslog) {
        in_file = to_file(call, action, error, "syslog: not reachable");
    }
    return in_file || in_syslog || call->config.log_to == 0;
}

bool journal_write(struct call *call, const char *action, const char *error)
{
    bool written = write_sinks(call, action, error);

    send_diagnostics(call);
    if (written) {
        return true;
    }
    /* A caller must not get rid of his record by his own limits; the server's trouble must not stop
     * the mail. What errno a seccomp filter shows is its maker's choice, so there the filter itself
     * counts. */
    return !call->logfile.callers_doing && !call->syslog.callers_doing &&
           prctl(PR_GET_SECCOMP, 0, 0, 0, 0) <= 0 && !call->config.refuse_on_log_failure;
}
