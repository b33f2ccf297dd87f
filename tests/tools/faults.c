/*
 * faults - makes one system call of the wrapper fail at a time, in one situation, and counts what
 * became of the mail. Runs as root; the caller of the wrapper is who the options say.
 *
 *   faults OPTIONS -- PROGRAM ARGS
 *
 * - --name TEXT: of the situation; --uid N --gid N --cd DIR: the caller (default root, /)
 * - --stdin file|pipe|socket|halves|client: what standard input is: with halves, the second comes
 *   when the MTA runs; client: a client of SMTP that waits for each answer (with --expect)
 * - --message FILE: what is sent; --expect FILE, once or more: FILE is an SMTP session, and these
 * are its messages
 * - --log FILE --mta-dir DIR: where the wrapper records, and null-mta files
 * - --no-syslog: nobody listens on /dev/log (else this tool does)
 * - --no-header, --no-record: there is to be none
 * - --one-sink: the other one, file or syslog, is missing already: where the server makes this one
 *   fail too, mail goes out unrecorded
 * - --refuse: without a record nothing may leave, whosever fault it is
 * - --from CALL: only from the first call of this name on; --errors N: only the N most telling
 * faults of each (default all); --rounds N: where a process copies in a loop, only the first N and
 * the last N rounds (default all); --only PROCESS:CALL:NTH[:FAULT]: only this one
 * - --timeout SECONDS: then it counts as hung (20)
 * - --list: the calls, nothing fails; --verbose: a line for each fault
 *
 * First the program runs as it is and its calls are listed, up to the exec of the real sendmail,
 * and those of its own children. Then it runs once for each call and each error that can happen to
 * it. Prints a line "BAD VERDICT ..." for each verdict that must not be (see faults.h), "unrecorded
 * ..." for each delivery without a record, and last "total: faults=N delivered=N ...". Exit status
 * 0 if there is none of the former.
 */
#include "faults.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct plan {
    struct scenario sc;
    const char *from;
    const char *only;
    bool refuse;
    bool one_sink;
    size_t errors;
    size_t rounds;
    bool list;
    bool verbose;
};

struct totals {
    unsigned faults, unreached, bare, told_otherwise, refused_unrecorded, not_allowed;
    unsigned verdict[VERDICTS];
    long long slowest_ms;
};

static enum stdin_kind stdin_kind(const char *text)
{
    static const char *const KINDS[] = {"file", "pipe", "socket", "halves", "client"};

    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        if (strcmp(text, KINDS[i]) == 0)
            return (enum stdin_kind)i;
    errno = EINVAL;
    die("--stdin %s", text);
}

static void read_options(int argc, char *argv[], struct plan *plan)
{
    enum {
        NAME = 1,
        UID,
        GID,
        CD,
        STDIN,
        MESSAGE,
        EXPECT,
        LOG,
        DIRECTORY,
        NO_SYSLOG,
        NO_HEADER,
        NO_RECORD,
        FROM,
        ERRORS,
        ROUNDS,
        ONLY,
        REFUSE,
        BATCH,
        ONE_SINK,
        TIMEOUT,
        LIST,
        VERBOSE
    };
    static const struct option OPTIONS[] = {{"name", 1, NULL, NAME},
                                            {"uid", 1, NULL, UID},
                                            {"gid", 1, NULL, GID},
                                            {"cd", 1, NULL, CD},
                                            {"stdin", 1, NULL, STDIN},
                                            {"message", 1, NULL, MESSAGE},
                                            {"expect", 1, NULL, EXPECT},
                                            {"log", 1, NULL, LOG},
                                            {"mta-dir", 1, NULL, DIRECTORY},
                                            {"no-syslog", 0, NULL, NO_SYSLOG},
                                            {"no-header", 0, NULL, NO_HEADER},
                                            {"no-record", 0, NULL, NO_RECORD},
                                            {"from", 1, NULL, FROM},
                                            {"errors", 1, NULL, ERRORS},
                                            {"rounds", 1, NULL, ROUNDS},
                                            {"only", 1, NULL, ONLY},
                                            {"refuse", 0, NULL, REFUSE},
                                            {"batch", 0, NULL, BATCH},
                                            {"one-sink", 0, NULL, ONE_SINK},
                                            {"timeout", 1, NULL, TIMEOUT},
                                            {"list", 0, NULL, LIST},
                                            {"verbose", 0, NULL, VERBOSE},
                                            {NULL, 0, NULL, 0}};
    struct scenario *sc = &plan->sc;
    int option;

    *plan = (struct plan){.errors = 1000, .rounds = CALLS_MAX};
    *sc = (struct scenario){.name = "call", .cd = "/", .syslog = true, .timeout_s = 20};
    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1)
        switch (option) {
        case NAME:
            sc->name = optarg;
            break;
        case UID:
            sc->uid = (uid_t)number(optarg, "--uid");
            break;
        case GID:
            sc->gid = (gid_t)number(optarg, "--gid");
            break;
        case CD:
            sc->cd = optarg;
            break;
        case STDIN:
            sc->stdin_kind = stdin_kind(optarg);
            break;
        case MESSAGE:
            sc->message = optarg;
            break;
        case EXPECT:
            if (sc->expected_count < EXPECTED_MAX)
                sc->expected[sc->expected_count++] = optarg;
            break;
        case LOG:
            sc->log = optarg;
            break;
        case DIRECTORY:
            sc->mta_dir = optarg;
            break;
        case NO_SYSLOG:
            sc->syslog = false;
            break;
        case NO_HEADER:
            sc->no_header = true;
            break;
        case NO_RECORD:
            sc->no_record = true;
            break;
        case FROM:
            plan->from = optarg;
            break;
        case ERRORS:
            plan->errors = (size_t)number(optarg, "--errors");
            break;
        case ROUNDS:
            plan->rounds = (size_t)number(optarg, "--rounds");
            break;
        case ONLY:
            plan->only = optarg;
            break;
        case ONE_SINK:
            plan->one_sink = true;
            break;
        case BATCH:
            sc->batch = true;
            break;
        case REFUSE:
            plan->refuse = true;
            break;
        case TIMEOUT:
            sc->timeout_s = number(optarg, "--timeout");
            break;
        case LIST:
            plan->list = true;
            break;
        case VERBOSE:
            plan->verbose = true;
            break;
        default:
            exit(TOOL_FAILED);
        }
    sc->argv = argv + optind;
    errno = EINVAL;
    if (sc->argv[0] == NULL || sc->message == NULL || sc->log == NULL || sc->mta_dir == NULL)
        die("usage: faults --message FILE --log FILE --mta-dir DIR ... -- PROGRAM ARGS");
}

static const char *call_name(const struct call *call)
{
    static char text[64];

    snprintf(text, sizeof text, "%u:%s:%u", call->process, table_name(call->nr), call->nth);
    return text;
}

/* A limit that the caller can set, or his filter, does not get a mail out unrecorded; the server's
 * trouble does, where there is no other place to record it (docs/threat-model.md). */
static bool may_be_unrecorded(const struct plan *plan, const struct fault *fault)
{
    return plan->one_sink && !plan->refuse && fault->kind != FAULT_FILTER &&
           fault->error != EMFILE && fault->error != EFBIG && fault->error != EPERM &&
           fault->error != ENOSYS;
}

static void count(const struct plan *plan, const struct call *call, const struct fault *fault,
                  const struct outcome *outcome, struct totals *t)
{
    char detail[1024];
    struct judged judged;
    enum verdict verdict = judge(&plan->sc, outcome, detail, sizeof detail, &judged);
    bool failed = !WIFEXITED(outcome->status) || WEXITSTATUS(outcome->status) != 0;
    bool bad = verdict > UNRECORDED || (verdict == UNRECORDED && !may_be_unrecorded(plan, fault));

    t->faults += outcome->reached;
    t->verdict[verdict]++;
    t->not_allowed += bad;
    t->told_otherwise += verdict == DELIVERED && failed;
    t->refused_unrecorded += verdict == REFUSED && !judged.recorded;
    t->bare += judged.bare;
    t->unreached += !outcome->reached;
    t->slowest_ms = outcome->ms > t->slowest_ms ? outcome->ms : t->slowest_ms;
    if (bad || plan->verbose || verdict == UNRECORDED)
        printf("%s%s %s %s %s\n", bad ? "BAD " : "", VERDICT_NAMES[verdict], call_name(call),
               outcome->reached ? table_fault_name(fault) : "unreached", detail);
}

/* Whether --only names this one. */
static bool chosen(const struct plan *plan, const struct call *call, const struct fault *fault)
{
    char text[128];
    int n;

    if (plan->only == NULL)
        return true;
    n = snprintf(text, sizeof text, "%s", call_name(call));
    if (strncmp(plan->only, text, (size_t)n) != 0)
        return false;
    return plan->only[n] == '\0' ||
           (plan->only[n] == ':' && strcmp(plan->only + n + 1, table_fault_name(fault)) == 0);
}

/* A call that copies from or to the same descriptor as others of its process, with plan->rounds of
 * them or more before it and behind it: what comes of it is what comes of those. */
static bool in_the_middle(const struct plan *plan, const struct calls *calls, size_t at)
{
    const struct call *call = &calls->call[at];
    size_t before = 0, behind = 0;

    if (call->nr != SYS_read && call->nr != SYS_write && call->nr != SYS_splice &&
        call->nr != SYS_poll)
        return false;
    for (size_t i = 0; i < calls->count; i++) {
        const struct call *other = &calls->call[i];
        bool alike = other->process == call->process && other->nr == call->nr &&
                     other->args[0] == call->args[0];

        before += alike && i < at;
        behind += alike && i > at;
    }
    return before >= plan->rounds && behind >= plan->rounds;
}

static void inject_all(const struct plan *plan, const struct calls *calls, struct totals *t)
{
    static struct outcome outcome;
    bool begun = plan->from == NULL;

    for (size_t i = 0; i < calls->count; i++) {
        const struct call *call = &calls->call[i];
        struct fault fault;

        begun = begun || strcmp(table_name(call->nr), plan->from) == 0;
        if (in_the_middle(plan, calls, i))
            continue;
        for (size_t k = 0;
             begun && k < plan->errors && table_fault(call->nr, call->args, k, &fault); k++) {
            if (!chosen(plan, call, &fault))
                continue;
            /* How often a child waits depends on who is faster: once more, then it counts so. */
            for (int attempt = 0; attempt < 2; attempt++) {
                run_once(&plan->sc, NULL, call, &fault, &outcome);
                if (outcome.reached || attempt == 1)
                    break;
                judge_clear(&plan->sc);
            }
            count(plan, call, &fault, &outcome, t);
        }
    }
}

int main(int argc, char *argv[])
{
    static struct calls calls;
    static struct outcome outcome;
    struct totals t;
    struct plan plan;
    char detail[1024];
    struct judged judged;
    enum verdict verdict;

    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(&t, 0, sizeof t);
    read_options(argc, argv, &plan);
    judge_clear(&plan.sc);
    run_once(&plan.sc, &calls, NULL, NULL, &outcome);
    verdict = judge(&plan.sc, &outcome, detail, sizeof detail, &judged);
    if (verdict != DELIVERED || (!judged.recorded && !plan.sc.no_record)) {
        printf("BAD without a fault: %s %s\n", VERDICT_NAMES[verdict], detail);
        return 1;
    }
    if (plan.list) {
        for (size_t i = 0; i < calls.count; i++)
            puts(call_name(&calls.call[i]));
        return 0;
    }
    inject_all(&plan, &calls, &t);
    printf("total: calls=%zu faults=%u", calls.count, t.faults);
    for (int i = 0; i < VERDICTS; i++)
        printf(" %s=%u", VERDICT_NAMES[i], t.verdict[i]);
    printf(" bare=%u told_otherwise=%u refused_unrecorded=%u unreached=%u slowest_ms=%lld\n",
           t.bare, t.told_otherwise, t.refused_unrecorded, t.unreached, t.slowest_ms);
    return t.not_allowed > 0;
}
