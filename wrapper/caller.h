/*
 * caller - step 3 of a call: who is calling, what the kernel says and what a caller can arrange,
 * kept apart.
 */
#ifndef SW_CALLER_H
#define SW_CALLER_H

#include "ancestry.h"
#include "privilege.h"
#include "script.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct caller {
    /* What only the kernel can say. */
    uid_t uid; /* real */
    gid_t gid;
    pid_t pid, ppid;
    bool start_known;
    unsigned long long start; /* our own, which is the MTA's: clock ticks since boot */
    bool loginuid_known;
    unsigned long loginuid;
    char unit[256]; /* the first systemd unit of the cgroup path; "" if none */
    char host[65];  /* node name */

    /* From /etc/passwd, no NSS; "" if it has no such uid. */
    char user[64];

    /* What a caller can arrange: evidence. */
    char cwd[PATH_MAX]; /* "" if the kernel will not say */
    bool cwd_deleted;
    bool cwd_uid_known;
    uid_t cwd_uid;
    struct ancestry ancestry;
    struct script script;
    const char *env_script, *remote, *http_host,
        *uri; /* borrowed from the environment; NULL if absent */

    const char *why; /* what evidence is missing and why, static; NULL if none is */
};

/*
 * Reads it all with the caller's own rights (privilege_suspend around the reads), never fails: what
 * cannot be known is absent. environment: the caller's.
 */
void caller_read(const struct privilege *privilege, char *const environment[], struct caller *ret);

#endif
