/*
 * explain - see explain.h. It runs with the caller's rights only and tells him what he could find
 * out himself.
 */
#include "explain.h"
#include "codec.h"
#include "exec.h"
#include "journal.h"
#include "paths.h"

#include <string.h>
#include <unistd.h>

bool explain_wanted(int argc, char **argv)
{
    return argc > 1 && exec_is_own_name(argv[0]) &&
           (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0 ||
            strcmp(argv[1], "--explain") == 0);
}

static void print(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, text, n);

        if (done <= 0) {
            return;
        }
        text += done;
        n -= (size_t)done;
    }
}

bool explain_brief(int argc, char **argv)
{
    static const char version[] = "sendmail-wrapper " SW_VERSION "\n";
    static const char help[] =
        "sendmail-wrapper " SW_VERSION
        ": a sendmail(8) that records who calls it, adds a header that names the\n"
        "caller's directory, and runs the real sendmail in its place.\n\n"
        "  sendmail-wrapper SENDMAIL-ARGUMENTS          what the real sendmail would do, traced\n"
        "  sendmail-wrapper --explain SENDMAIL-ARGUMENTS  say what such a call would do, and do "
        "nothing\n"
        "  sendmail-wrapper --version | --help\n\n"
        "Configuration: " SW_CONFIG_FILE " (sendmail-wrapper.conf(5)). To put it in front of the\n"
        "server's sendmail: sendmail-wrapper-divert enable. In php.ini: sendmail_path.\n";

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        print(version, strlen(version));
        return true;
    }
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print(help, strlen(help));
        return true;
    }
    return false;
}

static void put_line(struct strbuf *out, const char *key, const char *text)
{
    strbuf_puts(out, key);
    strbuf_puts(out, ": ");
    codec_escape(out, text, strlen(text), RECORD_MAX);
    strbuf_putc(out, '\n');
}

static void put_joined(struct strbuf *out, const char *key, const char *a, const char *b,
                       const char *c)
{
    char text[PATH_MAX + 256];
    struct strbuf sb;

    strbuf_init(&sb, text, sizeof text);
    strbuf_puts(&sb, a);
    strbuf_puts(&sb, b);
    strbuf_puts(&sb, c);
    put_line(out, key, text);
}

static void put_log(const struct call *call, struct strbuf *out)
{
    unsigned to = call->config.log_to;

    if (to == 0) {
        put_line(out, "log", "none");
        return;
    }
    put_joined(out, "log", (to & CONFIG_LOG_FILE) != 0 ? "file " : "",
               (to & CONFIG_LOG_FILE) != 0 ? call->config.log_file : "",
               to == (CONFIG_LOG_FILE | CONFIG_LOG_SYSLOG) ? " and syslog"
               : (to & CONFIG_LOG_SYSLOG) != 0             ? "syslog"
                                                           : ", syslog if it fails");
}

static void put_privilege(const struct privilege *p, struct strbuf *out)
{
    char text[128];
    struct strbuf sb;

    if (!p->held) {
        put_line(out, "privilege",
                 "none: set-gid is not in effect, the log is opened with your own rights");
        return;
    }
    strbuf_init(&sb, text, sizeof text);
    strbuf_puts(&sb, "set-gid ");
    strbuf_number(&sb, p->egid, 1);
    strbuf_puts(&sb, " until the log is open, given up before stdin is read");
    put_line(out, "privilege", text);
}

static unsigned put_degraded(const struct call *call, struct strbuf *out)
{
    const char *troubles[] = {
        call->target.error,
        (call->config.log_to & CONFIG_LOG_FILE) != 0 ? call->logfile.why : NULL,
        call->target.why,
        call->target.how == TARGET_CAUTIOUS && call->target.why == NULL
            ? "the MTA is not known: set mta in the configuration"
            : NULL,
        call->caller.why,
    };
    unsigned count = 0;

    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        if (troubles[i] != NULL && troubles[i][0] != '\0') {
            put_joined(out, "degraded", i == 0 ? call->target.path : "", i == 0 ? ": " : "",
                       troubles[i]);
            count++;
        }
    }
    for (unsigned i = 0; i < call->diag.count; i++) {
        put_line(out, "degraded", call->diag.item[i].text);
        count++;
    }
    if (count == 0) {
        put_line(out, "degraded", "nothing");
    }
    return count;
}

int explain_call(struct call *call)
{
    static char text[4 * RECORD_MAX];
    static char line[RECORD_MAX + 1];
    static struct strbuf out, record;
    const char *action = call->target.error != NULL             ? "refuse"
                         : call->invocation.mode == MODE_SUBMIT ? "deliver"
                                                                : "pass";
    unsigned degraded;

    strbuf_init(&out, text, sizeof text);
    strbuf_init(&record, line, sizeof line);
    call_identify(call);
    call_header(call);
    put_line(&out, "sendmail", call->target.path);
    put_joined(&out, "mta", dialect_name(call->target.dialect), ", ",
               target_how_text(call->target.how));
    put_line(&out, "mode", invocation_mode_name(call->invocation.mode));
    put_line(&out, "header",
             call->invocation.mode == MODE_PASS ? "none: no message on stdin"
             : call->header_len == 0            ? "none: header { enabled = false }"
                                                : call->header);
    journal_preview(call, action, call->target.error, &record);
    strbuf_puts(&out, "record: ");
    strbuf_puts(&out, line); /* encoded already */
    put_line(&out, "config", SW_CONFIG_FILE);
    put_log(call, &out);
    put_privilege(&call->privilege, &out);
    degraded = put_degraded(call, &out);
    print(out.data, out.len);
    return degraded > 0 ? 1 : 0;
}
