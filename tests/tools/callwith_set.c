/*
 * callwith_set - one function for each condition a caller can set up. Each takes the option's text,
 * does it to the present process, and dies if it cannot: a condition that is not there proves
 * nothing.
 */
#include "callwith.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

void set_gid(const char *arg)
{
    gid_t gid = (gid_t)number(arg, "gid");
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0)
        die("setgid %s", arg);
}

void set_uid(const char *arg)
{
    uid_t uid = (uid_t)number(arg, "uid");
    if (setresuid(uid, uid, uid) < 0)
        die("setuid %s", arg);
    /* As after a login: otherwise our own /proc entries are root's and nothing is like in life. */
    prctl(PR_SET_DUMPABLE, 1);
}

void set_dir(const char *arg)
{
    if (chdir(arg) < 0)
        die("chdir %s", arg);
}

/* One component at a time, so that a path longer than PATH_MAX can be built. */
void set_mkdir(const char *arg)
{
    char *name = strdup(arg);
    if (name == NULL)
        die("strdup");
    unescape(name);
    for (char *part = strtok(name, "/"); part != NULL; part = strtok(NULL, "/")) {
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            die("mkdir %s", part);
        if (chdir(part) < 0)
            die("chdir %s", part);
    }
    free(name);
}

void set_rmdir(const char *arg)
{
    char cwd[PATH_MAX];
    (void)arg;
    if (getcwd(cwd, sizeof(cwd)) == NULL || rmdir(cwd) < 0)
        die("rmdir");
}

void set_comm(const char *arg)
{
    if (prctl(PR_SET_NAME, arg) < 0)
        die("comm");
}

bool set_title(char *area, size_t size, const char *title)
{
    size_t n = strlen(title);
    if (n >= size)
        return false;
    memset(area, 0, size);
    memcpy(area, title, n);
    return true;
}

void set_close(const char *arg)
{
    char *list = strdup(arg);
    if (list == NULL)
        die("strdup");
    for (char *one = strtok(list, ","); one != NULL; one = strtok(NULL, ","))
        close((int)number(one, "--close"));
    free(list);
}

static int open_mode(const char *mode, size_t n)
{
    static const struct {
        const char *name;
        int flags;
    } MODES[] = {{"ro", O_RDONLY}, {"wo", O_WRONLY},     {"rw", O_RDWR},
                 {"path", O_PATH}, {"dir", O_DIRECTORY}, {"app", O_WRONLY | O_APPEND}};
    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++)
        if (strlen(MODES[i].name) == n && memcmp(MODES[i].name, mode, n) == 0)
            return MODES[i].flags;
    errno = EINVAL;
    die("--fd mode '%s'", mode);
}

void set_fd(const char *arg)
{
    const char *mode = strchr(arg, '=');
    const char *path = mode != NULL ? strchr(mode, ':') : NULL;
    if (path == NULL)
        die("--fd '%s'", arg);
    int fd = open(path + 1, open_mode(mode + 1, (size_t)(path - mode - 1)));
    int wanted = atoi(arg);
    if (fd < 0)
        die("open %s", path + 1);
    if (fd == wanted)
        return;
    if (dup2(fd, wanted) < 0)
        die("dup2 %d", wanted);
    close(fd);
}

void set_many_fds(const char *arg)
{
    for (long n = number(arg, "--many-fds"); n > 0; n--)
        if (open("/dev/null", O_RDWR) < 0)
            die("/dev/null");
}

static void set_rlimit(const char *arg, bool hard)
{
    static const struct {
        const char *name;
        int resource;
    } NAMES[] = {{"AS", RLIMIT_AS},
                 {"CORE", RLIMIT_CORE},
                 {"CPU", RLIMIT_CPU},
                 {"DATA", RLIMIT_DATA},
                 {"FSIZE", RLIMIT_FSIZE},
                 {"NOFILE", RLIMIT_NOFILE},
                 {"NPROC", RLIMIT_NPROC},
                 {"STACK", RLIMIT_STACK},
                 {"MEMLOCK", RLIMIT_MEMLOCK},
                 {"LOCKS", RLIMIT_LOCKS},
                 {"RTPRIO", RLIMIT_RTPRIO},
                 {"MSGQUEUE", RLIMIT_MSGQUEUE},
                 {"SIGPENDING", RLIMIT_SIGPENDING}};
    const char *value = strchr(arg, '=');
    for (size_t i = 0; value != NULL && i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct rlimit limit;
        if (strncmp(NAMES[i].name, arg, (size_t)(value - arg)) != 0 ||
            NAMES[i].name[value - arg] != '\0')
            continue;
        getrlimit(NAMES[i].resource, &limit);
        limit.rlim_cur =
            strcmp(value + 1, "unlimited") == 0 ? RLIM_INFINITY : (rlim_t)number(value + 1, arg);
        if (hard)
            limit.rlim_max = limit.rlim_cur;
        if (setrlimit(NAMES[i].resource, &limit) < 0)
            die("setrlimit %s", arg);
        return;
    }
    errno = EINVAL;
    die("limit '%s'", arg);
}

void set_soft(const char *arg)
{
    set_rlimit(arg, false);
}

void set_limit(const char *arg)
{
    set_rlimit(arg, true);
}

void set_env(const char *arg)
{
    char *pair = strdup(arg);
    if (pair == NULL || putenv(pair) != 0)
        die("putenv %s", arg);
}

void set_clear_env(const char *arg)
{
    (void)arg;
    clearenv();
}

void set_umask(const char *arg)
{
    umask((mode_t)strtol(arg, NULL, 8));
}

void set_nice(const char *arg)
{
    if (setpriority(PRIO_PROCESS, 0, (int)number(arg, "nice")) < 0)
        die("nice %s", arg);
}

void set_alarm(const char *arg)
{
    alarm((unsigned)number(arg, "alarm"));
}

void set_session(const char *arg)
{
    (void)arg;
    if (setsid() < 0)
        die("setsid");
}

void set_no_new_privs(const char *arg)
{
    (void)arg;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        die("no_new_privs");
}

void set_own_subreaper(const char *arg)
{
    (void)arg;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        die("subreaper");
}

static void each_signal(const char *arg, void (*apply)(int signal_number))
{
    char *list = strdup(arg);
    if (list == NULL)
        die("strdup");
    for (char *one = strtok(list, ","); one != NULL; one = strtok(NULL, ",")) {
        bool found = false;
        for (int sig = 1; sig < NSIG; sig++) {
            const char *name = sigabbrev_np(sig);
            bool wanted = strcmp(one, "all") == 0 || (name != NULL && strcmp(one, name) == 0);
            if (!wanted || sig == SIGKILL || sig == SIGSTOP)
                continue;
            found = true;
            apply(sig);
        }
        if (!found) {
            errno = EINVAL;
            die("signal '%s'", one);
        }
    }
    free(list);
}

static void ignore_one(int sig)
{
    signal(sig, SIG_IGN); /* the C library keeps two for itself: those fail, and do not matter */
}

static void block_one(int sig)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void pend_one(int sig)
{
    block_one(sig);
    kill(getpid(), sig);
}

void set_ignore(const char *arg)
{
    each_signal(arg, ignore_one);
}

void set_block(const char *arg)
{
    each_signal(arg, block_one);
}

void set_pend(const char *arg)
{
    each_signal(arg, pend_one);
}

/*
 * Takes pages until the kernel refuses more (pipe(7), pipe-user-pages-soft): from then on this
 * user's new pipes hold one or two pages. The pipes stay open in the caller and are closed by exec.
 */
void set_fill_pipes(const char *arg)
{
    int ends[2], size = 0;
    (void)arg;
    for (int i = 0; i < 480; i++) {
        if (pipe2(ends, O_CLOEXEC) < 0)
            die("pipe %d", i);
        size = fcntl(ends[0], F_GETPIPE_SZ);
        if (size < 65536)
            return;
        /* The last step may be refused at 1 MiB and still pass with less. */
        for (int want = 1048576; want > 65536 && fcntl(ends[0], F_SETPIPE_SZ, want) < 0; want /= 2)
            ;
    }
    errno = ENOSPC;
    die("pipes still hold %d bytes", size);
}
