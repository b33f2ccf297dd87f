/* confine - see confine.h. No input. On failure nothing may be read: the command ends. */
#include "confine.h"

#include "context.h"
#include "wrapper/diag.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* nobody and nogroup of Debian's base-passwd, whose numbers are fixed. */
#define NOBODY 65534

static bool keep_only(uint32_t capabilities)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    data[0].effective = capabilities;
    data[0].permitted = capabilities;
    return syscall(SYS_capset, &header, data) == 0;
}

static bool become_nobody(enum confine_keep keep)
{
    const struct group *journal = keep == CONFINE_JOURNAL ? getgrnam("systemd-journal") : NULL;
    gid_t groups[1];
    size_t count = 0;

    if (journal != NULL) {
        groups[count++] = journal->gr_gid;
    }
    /* Without it the change of uid below takes every capability. */
    if (keep == CONFINE_READ && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {
        return false;
    }
    return setgroups(count, groups) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
           setresuid(NOBODY, NOBODY, NOBODY) == 0 &&
           keep_only(keep == CONFINE_READ ? 1U << CAP_DAC_READ_SEARCH : 0) &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool confine(struct context *ctx, enum confine_keep keep)
{
    if (geteuid() != 0) {
        return true;
    }
    if (!become_nobody(keep)) {
        (void)context_fail(ctx, "cannot become the user nobody to read what others wrote: %s",
                           diag_errno(errno));
        return false;
    }
    if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0 || geteuid() == 0) {
        (void)context_fail(ctx, "root could be had back after it was given up");
        return false;
    }
    return true;
}
