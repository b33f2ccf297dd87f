/*
 * null-mta - stands where the real sendmail would, and files what it was given.
 *
 * What an MTA could notice of a wrapper in front of it is filed for each run, so that a test
 * compares a call through the wrapper with the same call without it:
 *
 * - DIR/PID.argv, DIR/PID.environ: raw, each string ended by a NUL
 * - DIR/PID.report: ids, limits, signals, descriptors, children, one "key value" a line, before
 *   stdin is read
 * - DIR/PID.stdin: the bytes read
 * - DIR/PID.end: how reading ended; absent if the process was killed before
 *
 * argv and environment belong to the caller, so the behaviour comes from /etc/null-mta.conf, or
 * from the program's own path with ".conf" behind it, where that exists:
 *
 * - dir PATH: where to file (default /var/tmp/null-mta; without it nothing is filed)
 * - read eof|dot|none|header|SIZE: how much of stdin (default eof; SIZE: that many bytes)
 * - slow MS: sleep so long before each read
 * - wait-read FILE: do not read before FILE exists; wait-exit FILE: do not exit before it does
 * - touch FILE: made before stdin is read
 * - say TEXT: print TEXT on stderr; exit N: the exit status; exit-error N: after a read error
 *
 * Called with -bs or -bS, or as rsmtp, it talks SMTP: see null-mta_smtp.c, and more keys there.
 *
 * A limit that the caller set must not keep it from filing: soft limits are recorded and then
 * raised. Memory is constant. The environment is hostile and only copied.
 */
#include "null-mta.h"
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONF "/etc/null-mta.conf"
#define FD_LOOKED_AT 2048

static const struct {
    const char *name;
    int resource;
} LIMITS[] = {
    {"AS", RLIMIT_AS},           {"CORE", RLIMIT_CORE},         {"CPU", RLIMIT_CPU},
    {"DATA", RLIMIT_DATA},       {"FSIZE", RLIMIT_FSIZE},       {"LOCKS", RLIMIT_LOCKS},
    {"MEMLOCK", RLIMIT_MEMLOCK}, {"MSGQUEUE", RLIMIT_MSGQUEUE}, {"NICE", RLIMIT_NICE},
    {"NOFILE", RLIMIT_NOFILE},   {"NPROC", RLIMIT_NPROC},       {"RSS", RLIMIT_RSS},
    {"RTPRIO", RLIMIT_RTPRIO},   {"RTTIME", RLIMIT_RTTIME},     {"SIGPENDING", RLIMIT_SIGPENDING},
    {"STACK", RLIMIT_STACK}};

void mta_sleep_ms(long ms)
{
    struct timespec wait = {ms / 1000, (ms % 1000) * 1000000};
    while (nanosleep(&wait, &wait) < 0 && errno == EINTR)
        ;
}

static void wait_for(const char *file)
{
    /* Bounded, so that a test that forgets the file ends. */
    for (int i = 0; *file != '\0' && access(file, F_OK) != 0 && i < 6000; i++)
        mta_sleep_ms(5);
}

static FILE *open_conf(void)
{
    char own[600];
    ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - sizeof(".conf"));
    FILE *conf = NULL;
    if (n > 0) {
        strcpy(own + n, ".conf");
        conf = fopen(own, "re");
    }
    return conf != NULL ? conf : fopen(CONF, "re");
}

/* "VERB TEXT" or "VERB#N TEXT". */
static void add_reply(struct behaviour *how, char *value, bool leave)
{
    struct reply_rule *rule = &how->reply[how->replies];
    char *text = strchr(value, ' ');
    if (how->replies == REPLIES_MAX || text == NULL)
        return;
    *text++ = '\0';
    char *nth = strchr(value, '#');
    if (nth != NULL) {
        *nth++ = '\0';
        rule->nth = number(nth, "reply");
    }
    unescape(text);
    snprintf(rule->verb, sizeof(rule->verb), "%s", value);
    snprintf(rule->text, sizeof(rule->text), "%s", text);
    rule->leave = leave;
    how->replies++;
}

/* The keys that only SMTP has. */
static void read_smtp_key(struct behaviour *ret, const char *key, char *value)
{
    if (strcmp(key, "ehlo") == 0)
        snprintf(ret->ehlo, sizeof(ret->ehlo), "%s", value);
    else if (strcmp(key, "piece") == 0)
        ret->piece = number(value, "piece");
    else if (strcmp(key, "lines") == 0)
        ret->crlf_only = strcmp(value, "crlf") == 0;
    else if (strcmp(key, "reply") == 0 || strcmp(key, "leave") == 0)
        add_reply(ret, value, key[0] == 'l');
}

static void read_behaviour(struct behaviour *ret)
{
    memset(ret, 0, sizeof(*ret));
    strcpy(ret->dir, "/var/tmp/null-mta");
    strcpy(ret->read, "eof");
    strcpy(ret->ehlo, "PIPELINING,SIZE 104857600,8BITMIME,CHUNKING");
    FILE *conf = open_conf();
    if (conf == NULL)
        return;
    char line[600];
    while (fgets(line, sizeof(line), conf) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, ' ');
        if (value == NULL)
            continue;
        *value++ = '\0';
        if (strcmp(line, "dir") == 0)
            snprintf(ret->dir, sizeof(ret->dir), "%s", value);
        else if (strcmp(line, "wait-read") == 0)
            snprintf(ret->wait_read, sizeof(ret->wait_read), "%s", value);
        else if (strcmp(line, "wait-exit") == 0)
            snprintf(ret->wait_exit, sizeof(ret->wait_exit), "%s", value);
        else if (strcmp(line, "touch") == 0)
            snprintf(ret->touch, sizeof(ret->touch), "%s", value);
        else if (strcmp(line, "say") == 0)
            snprintf(ret->say, sizeof(ret->say), "%s", value);
        else if (strcmp(line, "read") == 0)
            snprintf(ret->read, sizeof(ret->read), "%.31s", value);
        else if (strcmp(line, "slow") == 0)
            ret->slow_ms = number(value, "slow");
        else if (strcmp(line, "exit") == 0)
            ret->status = number(value, "exit");
        else if (strcmp(line, "exit-error") == 0)
            ret->error_status = number(value, "exit-error");
        else
            read_smtp_key(ret, line, value);
    }
    fclose(conf);
}

void mta_path(const struct behaviour *how, const char *what, char *ret, size_t cap)
{
    snprintf(ret, cap, "%s/%ld.%s", how->dir, (long)getpid(), what);
}

FILE *mta_file(const struct behaviour *how, const char *what)
{
    char path[600];
    mta_path(how, what, path, sizeof(path));
    return fopen(path, "wxe");
}

static void file_strings(const struct behaviour *how, const char *what, char *const strings[])
{
    FILE *out = mta_file(how, what);
    if (out == NULL)
        return;
    for (; *strings != NULL; strings++)
        fwrite(*strings, 1, strlen(*strings) + 1, out);
    fclose(out);
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ' || c >= 0x7f || c == '\\')
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('\n', out);
}

static void report_ids(FILE *out)
{
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid, groups[64];
    getresuid(&ruid, &euid, &suid);
    getresgid(&rgid, &egid, &sgid);
    fprintf(out, "uids %ld %ld %ld\n", (long)ruid, (long)euid, (long)suid);
    fprintf(out, "gids %ld %ld %ld\n", (long)rgid, (long)egid, (long)sgid);
    int count = getgroups(64, groups);
    fprintf(out, "groups");
    for (int i = 0; i < count; i++)
        fprintf(out, " %ld", (long)groups[i]);
    fprintf(out, "\npid %ld\nppid %ld\nsid %ld\npgid %ld\n", (long)getpid(), (long)getppid(),
            (long)getsid(0), (long)getpgid(0));
    fprintf(out, "secure %lu\n", getauxval(AT_SECURE));
}

static void report_limits(FILE *out, const struct rlimit limits[])
{
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++)
        fprintf(out, "limit-%s %lld %lld\n", LIMITS[i].name, (long long)limits[i].rlim_cur,
                (long long)limits[i].rlim_max);
}

/* Signals and tracing as the kernel says them; the lines' names are those of proc(5). */
static void report_status(FILE *out)
{
    static const char *const KEYS[] = {"Umask:",  "TracerPid:", "SigPnd:",     "ShdPnd:", "SigBlk:",
                                       "SigIgn:", "SigCgt:",    "NoNewPrivs:", "Seccomp:"};
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL)
        return;
    char line[256];
    while (fgets(line, sizeof(line), status) != NULL)
        for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
            if (strncmp(line, KEYS[i], strlen(KEYS[i])) == 0)
                fprintf(out, "%s", line);
    fclose(status);
}

static void report_process(FILE *out)
{
    char cwd[PATH_MAX + 16];
    int death_signal = 0;
    struct itimerval timer;
    fprintf(out, "cwd ");
    put_escaped(out, getcwd(cwd, sizeof(cwd)) != NULL ? cwd : strerror(errno));
    prctl(PR_GET_PDEATHSIG, &death_signal);
    getitimer(ITIMER_REAL, &timer);
    errno = 0;
    fprintf(out, "nice %d\ntimerslack %d\npdeathsig %d\ndumpable %d\nitimer %s\n",
            getpriority(PRIO_PROCESS, 0), prctl(PR_GET_TIMERSLACK), death_signal,
            prctl(PR_GET_DUMPABLE), timer.it_value.tv_sec + timer.it_value.tv_usec ? "set" : "off");
    char comm[17] = "";
    prctl(PR_GET_NAME, comm);
    fprintf(out, "comm ");
    put_escaped(out, comm);
}

static const char *kind_of(mode_t mode)
{
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "dir"
           : S_ISCHR(mode)  ? "char"
           : S_ISFIFO(mode) ? "fifo"
           : S_ISSOCK(mode) ? "socket"
                            : "other";
}

static void report_descriptors(FILE *out, const bool open_before[])
{
    for (int fd = 0; fd < FD_LOOKED_AT; fd++) {
        struct stat st;
        char link[64], target[600];
        int flags = fcntl(fd, F_GETFL);
        if (!open_before[fd] || flags < 0 || fstat(fd, &st) < 0)
            continue;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strchr(target, ':') != NULL) /* pipe:[inode]: the number says nothing */
            *strchr(target, ':') = '\0';
        fprintf(out, "fd %d %s flags %o cloexec %d offset %lld ", fd, kind_of(st.st_mode),
                (unsigned)flags, fcntl(fd, F_GETFD) & FD_CLOEXEC,
                S_ISREG(st.st_mode) ? (long long)lseek(fd, 0, SEEK_CUR) : -1LL);
        put_escaped(out, target);
    }
}

static const char *children_now(void)
{
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    return pid < 0 && errno == ECHILD ? "none" : pid < 0 ? strerror(errno) : "some";
}

static bool dot_ended(struct reading *state, int c)
{
    memmove(&state->last[0], &state->last[1], 4 * sizeof(state->last[0]));
    state->last[4] = c;
    const int *last = state->last;
    return c == '\n' && ((last[3] == '.' && (last[2] == '\n' || last[2] == -1)) ||
                         (last[3] == '\r' && last[2] == '.' && (last[1] == '\n' || last[1] == -1)));
}

/* Whether what was asked for has been seen; *ret_used: bytes of the chunk that belong to it. */
static bool reading_done(const struct behaviour *how, struct reading *state, const char *chunk,
                         size_t n, size_t *ret_used)
{
    *ret_used = n;
    if (strcmp(how->read, "dot") == 0) {
        for (size_t i = 0; i < n; i++)
            if (dot_ended(state, (unsigned char)chunk[i])) {
                *ret_used = i + 1;
                state->ended = "dot";
                return true;
            }
    } else if (strcmp(how->read, "header") == 0) {
        if (memmem(chunk, n, "\n\n", 2) != NULL || memmem(chunk, n, "\n\r\n", 3) != NULL) {
            state->ended = "header";
            return true;
        }
    } else if (how->read[0] >= '0' && how->read[0] <= '9') {
        if (state->bytes + n >= (unsigned long long)number(how->read, "read")) {
            state->ended = "size";
            return true;
        }
    }
    return false;
}

static void read_stdin(const struct behaviour *how, FILE *out, struct reading *state)
{
    static char chunk[65536];
    bool done = strcmp(how->read, "none") == 0;
    memset(state, 0, sizeof(*state));
    for (int i = 0; i < 5; i++)
        state->last[i] = -1;
    state->ended = "none";
    while (!done) {
        if (how->slow_ms > 0)
            mta_sleep_ms(how->slow_ms);
        ssize_t n = read(0, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            state->ended = n < 0 ? "error" : "eof";
            state->error = n < 0 ? errno : 0;
            return;
        }
        size_t used;
        done = reading_done(how, state, chunk, (size_t)n, &used);
        state->bytes += used;
        if (out != NULL)
            fwrite(chunk, 1, used, out);
    }
}

static void file_end(const struct behaviour *how, const struct reading *state)
{
    sigset_t pending;
    sigpending(&pending);
    FILE *out = mta_file(how, "end");
    if (out == NULL)
        return;
    fprintf(out, "bytes %llu\nended %s\nerror %s\nsigchld %s\nchildren %s\n", state->bytes,
            state->ended, state->error != 0 ? strerrorname_np(state->error) : "none",
            sigismember(&pending, SIGCHLD) ? "came" : "none", children_now());
    fclose(out);
}

/* With a hard limit of three descriptors, all taken, nothing can be opened: fd 1 has been recorded
 * by then. */
static void make_room(void)
{
    int fd = dup(0);
    if (fd >= 0)
        close(fd);
    else if (errno == EMFILE)
        close(1);
}

int main(int argc, char *argv[], char *envp[])
{
    struct rlimit limits[sizeof(LIMITS) / sizeof(LIMITS[0])];
    bool open_before[FD_LOOKED_AT], batched;
    static struct behaviour how;
    struct reading state;
    sigset_t chld;

    for (int fd = 0; fd < FD_LOOKED_AT; fd++)
        open_before[fd] = fcntl(fd, F_GETFD) >= 0;
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        getrlimit(LIMITS[i].resource, &limits[i]);
        struct rlimit raised = {limits[i].rlim_max, limits[i].rlim_max};
        if (LIMITS[i].resource == RLIMIT_FSIZE || LIMITS[i].resource == RLIMIT_NOFILE)
            setrlimit(LIMITS[i].resource, &raised);
    }
    make_room();
    read_behaviour(&how);

    FILE *report = mta_file(&how, "report");
    if (report != NULL) {
        fprintf(report, "argc %d\nargv0 ", argc);
        put_escaped(report, argc > 0 ? argv[0] : "");
        report_ids(report);
        report_process(report);
        report_status(report);
        fprintf(report, "children %s\n", children_now());
        report_limits(report, limits);
        report_descriptors(report, open_before);
        fclose(report);
    }
    file_strings(&how, "argv", argv);
    file_strings(&how, "environ", envp);
    if (how.say[0] != '\0')
        dprintf(2, "%s\n", how.say);

    /* A feeder that were our child would announce its end here. */
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    FILE *copy = mta_file(&how, "stdin");
    if (copy != NULL)
        setvbuf(copy, NULL, _IONBF, 0); /* tests look at how far it has come */
    if (how.touch[0] != '\0')
        close(open(how.touch, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    wait_for(how.wait_read);
    if (smtp_wanted(argc, argv, &batched))
        smtp_serve(&how, batched, copy, &state);
    else
        read_stdin(&how, copy, &state);
    if (copy != NULL)
        fclose(copy);
    file_end(&how, &state);
    wait_for(how.wait_exit);
    return (int)(state.error != 0 ? how.error_status : how.status);
}
