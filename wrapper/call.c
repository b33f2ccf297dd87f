/*
 * call - see call.h.
 */
#include "call.h"
#include "strbuf.h"

#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

void call_identify(struct call *call)
{
    uint8_t random[10];
    struct timespec mono;

    clock_gettime(CLOCK_REALTIME, &call->time);
    if (getrandom(random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
        /* Early in boot, or forbidden: unique is what matters, and a pid is, within its nanosecond.
         */
        pid_t pid = getpid();

        clock_gettime(CLOCK_MONOTONIC, &mono);
        memset(random, 0, sizeof random);
        memcpy(random, &pid, 4);
        memcpy(random + 4, &mono.tv_nsec, 4);
    }
    ulid_format(&call->time, random, call->id);
}

#define LOOP_LEVELS 4 /* a forwarding filter below a delivering sendmail makes two or three */
#define COMM_MAX 15   /* bytes of a name that the kernel keeps: TASK_COMM_LEN without its NUL */

static bool among_ancestors(const struct call *call, const char *name)
{
    size_t n = strnlen(name, COMM_MAX);
    unsigned found = 0;

    /* "sh[12344] sendmail.real[12343] ...": no comm in it holds a blank or a bracket. */
    for (const char *at = call->caller.ancestry.chain; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        found += strncmp(at, name, n) == 0 && at[n] == '[';
    }
    return found >= LOOP_LEVELS;
}

/* A script that execs us leaves no ancestor, but our own header, with this pid. */
static bool carries_own_pid(const struct call *call)
{
    const struct message *m = &call->message;
    const char *line = m->data + m->place.offset;
    const char *end = m->placed ? memchr(line, '\n', m->len - m->place.offset) : NULL;
    size_t name_len = strlen(call->config.header.name);
    char pid[32];
    struct strbuf sb;

    strbuf_init(&sb, pid, sizeof pid);
    strbuf_puts(&sb, " pid=");
    strbuf_number(&sb, (unsigned long long)call->caller.pid, 1);
    strbuf_putc(&sb, ';');
    return end != NULL && (size_t)(end - line) > name_len &&
           strncasecmp(line, call->config.header.name, name_len) == 0 && line[name_len] == ':' &&
           memmem(line, (size_t)(end - line), pid, sb.len) != NULL;
}

/* In a dialogue we stay the parent, so that a script which execs us leaves our own name. */
static bool among_ourselves(const struct call *call)
{
    enum mode mode = call->invocation.mode;
    char name[COMM_MAX + 1] = "";

    return (mode == MODE_SMTP || mode == MODE_BATCH_SMTP) && prctl(PR_GET_NAME, name) == 0 &&
           name[0] != '\0' && among_ancestors(call, name);
}

bool call_loops(const struct call *call)
{
    const char *slash = strrchr(call->target.path, '/');

    return among_ancestors(call, slash != NULL ? slash + 1 : call->target.path) ||
           among_ourselves(call) || carries_own_pid(call);
}

void call_header(struct call *call)
{
    const struct caller *c = &call->caller;
    struct header_facts facts = {
        .cwd = c->cwd[0] != '\0' ? c->cwd : NULL,
        .cwd_deleted = c->cwd_deleted,
        .uid = c->uid,
        .pid = c->pid,
        .id = call->id,
    };
    struct strbuf sb;

    strbuf_init(&sb, call->header, sizeof call->header);
    if (call->config.header.enabled && call->no_header == NULL) {
        header_format(&call->config.header, &facts, &sb);
    }
    call->header_len = sb.len;
}
