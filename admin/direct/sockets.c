/*
 * sockets - see sockets.h. Hostile: what processes do with their descriptors and namespaces. Every
 * look is a readlink(2) or a read of a table of the kernel's; a process that is gone meanwhile is
 * passed over.
 */
#include "direct/sockets.h"

#include "context.h"
#include "procinfo.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TABLE_CHUNK 65536

struct finder {
    int proc;
    bool (*wanted)(const struct socket_row *row);
    struct connections *found;
    uint64_t *netns; /* those whose tables were read */
    size_t netns_count;
};

/* --- /proc/PID and /proc/PID/task/TID ---------------------------------------------------- */

static DIR *open_dir(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL && fd >= 0) {
        close(fd);
    }
    return dir;
}

/* The next entry that is a number; 0 at the end. */
static pid_t next_number(DIR *dir)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        char *end;
        unsigned long value = strtoul(entry->d_name, &end, 10);

        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && *end == '\0' &&
            value <= INT32_MAX) {
            return (pid_t)value;
        }
    }
    return 0;
}

/* "socket:[123]", "net:[4026531840]": the number; 0 if the link is none of the kind, -1 errno set.
 */
static int64_t link_number(int at, const char *name, const char *kind)
{
    char text[64];
    size_t n = strlen(kind);
    ssize_t len = readlinkat(at, name, text, sizeof text - 1);

    if (len < 0) {
        return -1;
    }
    text[len] = '\0';
    if (strncmp(text, kind, n) != 0 || strncmp(text + n, ":[", 2) != 0) {
        return 0;
    }
    return (int64_t)strtoull(text + n + 2, NULL, 10);
}

/* --- the tables -------------------------------------------------------------------------- */

static void add_row(struct finder *f, const struct socket_row *row, uint64_t netns)
{
    struct connections *found = f->found;

    if ((found->count & (found->count - 1)) == 0) { /* room for the next power of two */
        size_t room = found->count == 0 ? 1 : 2 * found->count;

        found->list = context_realloc(found->list, room * sizeof found->list[0]);
    }
    found->list[found->count++] = (struct connection){.row = *row, .netns = netns};
}

static void take_lines(struct finder *f, char *buf, size_t *len, uint64_t netns)
{
    char *at = buf, *newline;

    while ((newline = memchr(at, '\n', *len - (size_t)(at - buf))) != NULL) {
        struct socket_row row;

        if (sockets_parse(at, (size_t)(newline - at), &row) && row.inode != 0 && f->wanted(&row)) {
            add_row(f, &row, netns);
        }
        at = newline + 1;
    }
    *len -= (size_t)(at - buf);
    memmove(buf, at, *len);
}

static bool read_table(struct finder *f, int dir, const char *name, uint64_t netns)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *buf;
    size_t len = 0;
    ssize_t n;

    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) { /* something was mounted over it */
        close(fd);
        return false;
    }
    buf = context_alloc(TABLE_CHUNK);
    while ((n = read(fd, buf + len, TABLE_CHUNK - len)) > 0) {
        len += (size_t)n;
        take_lines(f, buf, &len, netns);
        if (len == TABLE_CHUNK) {
            len = 0; /* no line of the kernel's is so long */
        }
    }
    free(buf);
    close(fd);
    return true;
}

/* dir: /proc/PID/task/TID or the like. Its network namespace is read if it is a new one. */
static bool read_namespace(struct finder *f, int dir)
{
    int64_t netns = link_number(dir, "ns/net", "net");

    if (netns <= 0) {
        return false;
    }
    for (size_t i = 0; i < f->netns_count; i++) {
        if (f->netns[i] == (uint64_t)netns) {
            return true;
        }
    }
    if (!read_table(f, dir, "net/tcp", (uint64_t)netns)) {
        return true; /* it is just ending; another process of that namespace will do */
    }
    (void)read_table(f, dir, "net/tcp6", (uint64_t)netns); /* none: a kernel without IPv6 */
    f->netns = context_realloc(f->netns, (f->netns_count + 1) * sizeof f->netns[0]);
    f->netns[f->netns_count++] = (uint64_t)netns;
    return true;
}

/* --- who holds them ---------------------------------------------------------------------- */

static int by_inode(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;

    return x->row.inode < y->row.inode ? -1 : x->row.inode > y->row.inode;
}

struct holder {
    pid_t pid, tid;
};

static bool has_uid(int proc, pid_t pid, uid_t uid)
{
    uid_t real, fs;

    return procinfo_uids(proc, pid, &real, &fs) && (real == uid || fs == uid);
}

/* A process with the socket's own uid goes before one that merely inherited it (a daemon's child, a
 * shell). */
static void take_holder(struct finder *f, uint64_t inode, const struct holder *holder)
{
    struct connection key = {.row = {.inode = inode}}, *c;

    c = bsearch(&key, f->found->list, f->found->count, sizeof key, by_inode);
    if (c != NULL && (c->pid == 0 || (!has_uid(f->proc, c->pid, c->row.uid) &&
                                      has_uid(f->proc, holder->pid, c->row.uid)))) {
        c->pid = holder->pid;
        c->tid = holder->tid;
    }
}

static bool read_descriptors(struct finder *f, int dir, const struct holder *holder)
{
    DIR *fds = open_dir(dir, "fd");
    const struct dirent *entry;

    if (fds == NULL) {
        return false;
    }
    while ((entry = readdir(fds)) != NULL) {
        int64_t inode = link_number(dirfd(fds), entry->d_name, "socket");

        if (inode > 0) {
            take_holder(f, (uint64_t)inode, holder);
        }
    }
    (void)closedir(fds);
    return true;
}

/* Where a thread's descriptors are those of its process, there is nothing new in them. */
static bool shares_files(pid_t pid, pid_t tid)
{
    return syscall(SYS_kcmp, pid, tid, KCMP_FILES, 0, 0) == 0;
}

enum what { NAMESPACES, PROCESSES, THREADS };

static bool look_at_threads(struct finder *f, int process, pid_t pid, enum what what)
{
    DIR *tasks = open_dir(process, "task");
    bool seen = tasks != NULL;
    pid_t tid;

    while (tasks != NULL && (tid = next_number(tasks)) > 0) {
        char name[16];
        int dir;

        if (what == THREADS && (tid == pid || shares_files(pid, tid))) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%ld", (long)tid);
        dir = openat(dirfd(tasks), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0) {
            continue;
        }
        if (what == NAMESPACES) {
            seen = read_namespace(f, dir) && seen;
        } else {
            (void)read_descriptors(f, dir, &(struct holder){pid, tid});
        }
        close(dir);
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
    return seen;
}

static void look_at_process(struct finder *f, pid_t pid, enum what what)
{
    char name[16];
    bool seen = true;
    int dir;

    (void)snprintf(name, sizeof name, "%ld", (long)pid);
    dir = openat(f->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return; /* gone */
    }
    if (what == PROCESSES) {
        seen = read_descriptors(f, dir, &(struct holder){pid, pid});
    } else {
        (void)look_at_threads(f, dir, pid, what);
    }
    /* That one cannot be read is worth a word only if it is still there. */
    if (!seen && faccessat(dir, "stat", F_OK, 0) == 0) {
        f->found->closed++;
    }
    close(dir);
}

static void look_at_all(struct finder *f, enum what what)
{
    DIR *dir = open_dir(f->proc, ".");
    pid_t pid;

    while (dir != NULL && (pid = next_number(dir)) > 0) {
        look_at_process(f, pid, what);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* A table that changes while it is read can show a line twice. */
static void sort_once(struct connections *found)
{
    size_t kept = 1;

    qsort(found->list, found->count, sizeof found->list[0], by_inode);
    for (size_t i = 1; i < found->count; i++) {
        if (found->list[i].row.inode != found->list[kept - 1].row.inode) {
            found->list[kept++] = found->list[i];
        }
    }
    found->count = kept;
}

static bool all_held(const struct connections *found)
{
    for (size_t i = 0; i < found->count; i++) {
        if (found->list[i].pid == 0) {
            return false;
        }
    }
    return true;
}

void sockets_find(int proc, bool (*wanted)(const struct socket_row *row), struct connections *ret)
{
    struct finder f = {.proc = proc, .wanted = wanted, .found = ret};
    int self = openat(proc, "self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *ret = (struct connections){0};
    if (self >= 0) { /* our own, even where no other process's link can be read */
        (void)read_namespace(&f, self);
        close(self);
    }
    look_at_all(&f, NAMESPACES);
    ret->unread = f.netns_count == 0;
    free(f.netns);
    if (ret->count == 0) {
        return;
    }
    sort_once(ret);
    look_at_all(&f, PROCESSES);
    if (!all_held(ret)) {
        look_at_all(&f, THREADS);
    }
}

void sockets_free(struct connections *connections)
{
    free(connections->list);
    *connections = (struct connections){0};
}
