/*
 * ancestry - see ancestry.h. Hostile input: comm and cmdline. The walk is bounded; whatever cannot
 * be read ends it.
 *
 * PHP's mail() runs popen(), so a shell stands between us and PHP (dash does not exec its last
 * command); hence the first ancestor that is no shell is named, and the chain keeps them all.
 */
#include "ancestry.h"
#include "strbuf.h"

#include <string.h>

static bool is_shell(const char *comm)
{
    static const char *const shells[] = {"sh",   "dash", "bash", "rbash", "ash", "busybox",
                                         "ksh",  "mksh", "zsh",  "tcsh",  "csh", "fish",
                                         "yash", "posh", "lksh", "ksh93"};

    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(comm, shells[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* comm is a process's own to set: one like "a[1] b" must not look like two, since the pids are the
 * kernel's. */
static void add_name(struct strbuf *chain, const char *comm)
{
    for (; *comm != '\0'; comm++) {
        strbuf_putc(chain, strchr(" \t[]", *comm) != NULL ? '_' : *comm);
    }
}

static void chain_add(struct strbuf *chain, const char *comm, pid_t pid)
{
    size_t mark = chain->len;

    if (mark > 0) {
        strbuf_putc(chain, ' ');
    }
    add_name(chain, comm);
    strbuf_putc(chain, '[');
    strbuf_number(chain, (unsigned long long)pid, 1);
    strbuf_putc(chain, ']');
    if (chain->overflow) {
        strbuf_truncate(chain, mark);
    }
}

static void name_caller(int proc, pid_t pid, const struct procfs_stat *stat, struct ancestry *a)
{
    ssize_t n = procfs_read_pid(proc, pid, "cmdline", a->cmdline, sizeof a->cmdline);

    a->known = true;
    a->pid = pid;
    a->start = stat->start;
    a->cmdline_len = n > 0 ? (size_t)n : 0;
    if (a->cmdline_len == 0) { /* a zombie, or emptied by itself */
        a->cmdline_len = strlen(stat->comm);
        memcpy(a->cmdline, stat->comm, a->cmdline_len + 1);
    }
}

void ancestry_read(int proc, pid_t parent, unsigned long long start, struct ancestry *ret)
{
    struct procfs_stat stat;
    struct strbuf chain;
    pid_t pid = parent;

    ret->known = false;
    ret->orphan = false;
    ret->levels = 0;
    ret->cmdline_len = 0;
    strbuf_init(&chain, ret->chain, sizeof ret->chain);
    for (int level = 0; level < ANCESTRY_LEVELS && pid > 0; level++) {
        /* init is the ancestor of all and names nobody, unless there is no other to name. */
        if (pid == 1 && chain.len > 0) {
            break;
        }
        if (!procfs_stat(proc, pid, &stat) || stat.start > start) {
            break; /* gone, hidden (hidepid), or a younger process that got the number */
        }
        chain_add(&chain, stat.comm, pid);
        ret->starts[ret->levels++] = stat.start;
        if (pid == 1) {
            ret->orphan = true;
            ret->pid = 1;
            break;
        }
        if (!ret->known && !is_shell(stat.comm)) {
            name_caller(proc, pid, &stat, ret);
        }
        start = stat.start;
        pid = stat.ppid;
    }
    ret->chain_len = chain.len;
}
