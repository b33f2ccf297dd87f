/*
 * procinfo - see procinfo.h.
 *
 * Only links and texts that the kernel makes by itself are read here: readlink(2) of cwd, exe and
 * descriptors asks no file system. stat(2) of a program or a script asks the file system that it
 * lies on, and with FUSE, autofs or NFS that may never answer; /proc/PID/cmdline is the process's
 * own memory, which before Linux 4.17 could lie in such a file (CVE-2018-1120). Not even SIGKILL
 * ends a wait for a FUSE request under way. So a child does both, and the parent gives up after a
 * second. On failure: the value is absent.
 */
#include "procinfo.h"

#include "confine.h"
#include "context.h"
#include "wrapper/procfs.h"
#include "wrapper/script.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 1000
#define DESCRIPTORS_LOOKED_AT 4096

/* --- what only the kernel says ----------------------------------------------------------- */

static const char *status_value(const char *status, const char *name)
{
    size_t n = strlen(name);

    for (const char *line = status; line != NULL && *line != '\0';) {
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            return line + n + 1;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return NULL;
}

bool procinfo_uids(int proc, pid_t pid, uid_t *ret_real, uid_t *ret_fs)
{
    char buf[4096], *end;
    const char *value;
    unsigned long uids[4];

    if (procfs_read_pid(proc, pid, "status", buf, sizeof buf) <= 0 ||
        (value = status_value(buf, "Uid")) == NULL) {
        return false;
    }
    for (int i = 0; i < 4; i++) { /* real, effective, saved, of files */
        uids[i] = strtoul(value, &end, 10);
        value = end;
    }
    *ret_real = (uid_t)uids[0];
    *ret_fs = (uid_t)uids[3];
    return true;
}

bool procinfo_status(int proc, pid_t pid, const char *name, long long *ret)
{
    char buf[4096];
    const char *value;

    if (procfs_read_pid(proc, pid, "status", buf, sizeof buf) <= 0 ||
        (value = status_value(buf, name)) == NULL) {
        return false;
    }
    *ret = strtoll(value, NULL, 10);
    return true;
}

void procinfo_each(int proc, void (*each)(int proc, pid_t pid, void *arg), void *arg)
{
    int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);

        if (pid > 0 && pid <= INT_MAX) {
            each(proc, (pid_t)pid, arg);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* The first unit of the path was made by the system's manager; below a user@.service anything may
 * follow. */
static void read_unit(int proc, struct procinfo *info)
{
    char buf[4096];
    const char *at;

    if (procfs_read_pid(proc, info->tid, "cgroup", buf, sizeof buf) <= 0) {
        return;
    }
    at = strstr(buf, ":name=systemd:"); /* v1, or both: the one that systemd manages (cgroups(7)) */
    if (at == NULL) {
        at = strncmp(buf, "0::", 3) == 0 ? buf : strstr(buf, "\n0::");
    }
    at = at != NULL ? strchr(at, '/') : NULL;
    while (at != NULL && *at == '/') {
        size_t n = strcspn(at + 1, "/\n");
        const char *name = at + 1;

        if (((n > 8 && memcmp(name + n - 8, ".service", 8) == 0) ||
             (n > 6 && memcmp(name + n - 6, ".scope", 6) == 0)) &&
            n < sizeof info->unit) {
            memcpy(info->unit, name, n);
            info->unit[n] = '\0';
            return;
        }
        at = name + n;
    }
}

static int64_t wall_time(unsigned long long start)
{
    struct timespec wall, boot;
    long hz = sysconf(_SC_CLK_TCK);
    int64_t ago;

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    ago = ((int64_t)boot.tv_sec * 1000000 + boot.tv_nsec / 1000) -
          (int64_t)start * (1000000 / (hz > 0 ? hz : 100));
    return (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000 - ago;
}

static bool read_link(int proc, const struct procinfo *info, const char *name, char *buf,
                      size_t cap)
{
    char path[48];

    (void)snprintf(path, sizeof path, "%ld/%s", (long)info->tid, name);
    return procfs_link(proc, path, buf, cap) > 0;
}

/* A container: its uids may be anybody's there. (Units of systemd often have mounts of their own,
 * but not pids.) */
static bool is_foreign(int proc, const struct procinfo *info)
{
    char own[64], its[64];

    return procfs_link(proc, "self/ns/pid", own, sizeof own) > 0 &&
           read_link(proc, info, "ns/pid", its, sizeof its) && strcmp(own, its) != 0;
}

/* --- a script that is held open ---------------------------------------------------------- */

static bool named_like_script(const char *path)
{
    static const char *const endings[] = {".php", ".phtml", ".phar", ".php5", ".php7", ".php8",
                                          ".pl",  ".cgi",   ".py",   ".rb",   ".fcgi"};
    const char *slash = strrchr(path, '/');
    const char *dot = slash != NULL ? strrchr(slash, '.') : NULL;

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The link's own mode bits say how it was opened (proc(5)); the file behind it is not asked. */
static bool try_descriptor(int fds, const char *name, struct procinfo *info)
{
    char path[PATH_MAX];
    struct stat st;

    if (fstatat(fds, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (st.st_mode & 0600) != 0400 ||
        procfs_link(fds, name, path, sizeof path) <= 0 || path[0] != '/' ||
        !named_like_script(path) || strstr(path, "/sendmail-wrapper/php/") != NULL) {
        return false;
    }
    memcpy(info->script, path, strlen(path) + 1);
    info->script_by = "fd";
    return true;
}

static void script_from_descriptors(int proc, struct procinfo *info)
{
    char name[64];
    const struct dirent *entry;
    DIR *dir;
    int fd, left = DESCRIPTORS_LOOKED_AT;

    (void)snprintf(name, sizeof name, "%ld/fd", (long)info->tid);
    fd = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dir = fd >= 0 ? fdopendir(fd) : NULL;
    while (dir != NULL && left-- > 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) > 2 &&
            try_descriptor(dirfd(dir), entry->d_name, info)) {
            break;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* --- what may never come back: in a child ------------------------------------------------ */

struct answer {
    size_t cmdline_len;
    char cmdline[PROCINFO_CMDLINE_MAX];
    char script[PATH_MAX];
    uint64_t exe_dev, exe_ino;
};

/* The script that the command line names; its directory is known already, and without root the link
 * to it cannot be read. */
static void find_script(int proc, const struct procinfo *info, size_t len, struct answer *a)
{
    struct ancestry ancestry = {.known = true, .pid = info->tid};
    struct script script = {.len = 0};
    const char *path = script.path;

    ancestry.cmdline_len = len < sizeof ancestry.cmdline ? len : 0;
    memcpy(ancestry.cmdline, a->cmdline, ancestry.cmdline_len);
    if (!script_from_cmdline(proc, &ancestry, &script)) {
        return;
    }
    if (path[0] == '/' || !info->cwd_known) {
        memcpy(a->script, path, script.len + 1);
        return;
    }
    while (strncmp(path, "./", 2) == 0) {
        path += 2;
    }
    if (snprintf(a->script, sizeof a->script, "%s/%s", strcmp(info->cwd, "/") != 0 ? info->cwd : "",
                 path) >= (int)sizeof a->script) {
        a->script[0] = '\0';
    }
}

/* What only root may ask the kernel; then, without being root, what the process wrote is read. */
static void ask(int proc, const struct procinfo *info, struct answer *a)
{
    struct context quiet = {.command = "direct"};
    struct stat st;
    char name[48];
    ssize_t n = procfs_read_pid(proc, info->tid, "cmdline", a->cmdline, sizeof a->cmdline);

    (void)snprintf(name, sizeof name, "%ld/exe", (long)info->tid);
    if (fstatat(proc, name, &st, 0) == 0) {
        a->exe_dev = st.st_dev;
        a->exe_ino = st.st_ino;
    }
    if (!confine(&quiet, CONFINE_READ)) {
        return;
    }
    a->cmdline_len = n > 0 ? (size_t)n : 0;
    while (a->cmdline_len > 0 && a->cmdline[a->cmdline_len - 1] == '\0') {
        a->cmdline_len--;
    }
    find_script(proc, info, n > 0 ? (size_t)n : 0, a);
}

static bool wait_readable(int fd, const struct timespec *until)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct timespec now;
    long long ms;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (until->tv_sec - now.tv_sec) * 1000LL + (until->tv_nsec - now.tv_nsec) / 1000000;
    return ms > 0 && poll(&p, 1, (int)ms) == 1;
}

static bool read_answer(int fd, struct answer *ret)
{
    char *at = (char *)ret;
    size_t left = sizeof *ret;
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    while (left > 0 && wait_readable(fd, &until)) {
        ssize_t n = read(fd, at, left);

        if (n <= 0) {
            break;
        }
        at += n;
        left -= (size_t)n;
    }
    return left == 0;
}

static void write_answer(int fd, const struct answer *a)
{
    const char *at = (const char *)a;

    for (size_t left = sizeof *a; left > 0;) {
        ssize_t n = write(fd, at, left);

        if (n <= 0) {
            return;
        }
        at += n;
        left -= (size_t)n;
    }
}

/* Forked twice: whoever hangs is init's, and nobody has to wait for it. */
static bool start_child(int proc, const struct procinfo *info, int to, struct answer *a)
{
    pid_t child = fork();

    if (child < 0) {
        return false;
    }
    if (child == 0) {
        if (fork() != 0) {
            _exit(0);
        }
        /* Nothing else stays open: whoever reads our output must not wait for this child. */
        if (dup2(proc, 0) != 0 || dup2(to, 1) != 1 || close_range(2, ~0U, 0) != 0) {
            _exit(0);
        }
        (void)signal(SIGPIPE, SIG_IGN);
        ask(0, info, a);
        write_answer(1, a);
        _exit(0);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return true;
}

static bool is_silent(const struct procinfo_silent *silent, uid_t uid)
{
    for (size_t i = 0; i < silent->count; i++) {
        if (silent->uid[i] == uid) {
            return true;
        }
    }
    return false;
}

static void read_memory(int proc, struct procinfo_silent *silent, struct procinfo *info)
{
    struct answer *a = context_alloc(sizeof *a);
    int ends[2];

    *a = (struct answer){0};
    info->silent = is_silent(silent, info->uid);
    if (!info->silent && pipe2(ends, O_CLOEXEC) == 0) {
        info->silent = !start_child(proc, info, ends[1], a);
        close(ends[1]);
        info->silent = info->silent || !read_answer(ends[0], a);
        close(ends[0]);
        if (info->silent) {
            silent->uid = context_realloc(silent->uid, (silent->count + 1) * sizeof(uid_t));
            silent->uid[silent->count++] = info->uid;
        }
    }
    if (!info->silent) {
        memcpy(info->cmdline, a->cmdline, sizeof info->cmdline);
        info->cmdline_len = a->cmdline_len;
        info->exe_dev = a->exe_dev;
        info->exe_ino = a->exe_ino;
        if (info->script[0] == '\0' && a->script[0] != '\0') {
            memcpy(info->script, a->script, sizeof info->script);
            info->script_by = "cmdline";
        }
    }
    free(a);
}

bool procinfo_read(int proc, pid_t pid, pid_t tid, struct procinfo_silent *silent,
                   struct procinfo *ret)
{
    struct procfs_stat stat, again;

    *ret = (struct procinfo){.pid = pid, .tid = tid};
    if (!procfs_stat(proc, pid, &stat) || !procinfo_uids(proc, tid, &ret->uid, &ret->fs_uid)) {
        return false;
    }
    ret->ppid = stat.ppid;
    ret->start = stat.start;
    ret->since = wall_time(stat.start);
    memcpy(ret->comm, stat.comm, sizeof ret->comm);
    read_unit(proc, ret);
    ret->exe_known = read_link(proc, ret, "exe", ret->exe, sizeof ret->exe);
    ret->cwd_known = read_link(proc, ret, "cwd", ret->cwd, sizeof ret->cwd);
    ret->foreign = is_foreign(proc, ret);
    script_from_descriptors(proc, ret);
    read_memory(proc, silent, ret);
    /* The number may have come to another process meanwhile. */
    return procfs_stat(proc, pid, &again) && again.start == stat.start;
}
