/*
 * privilege - see privilege.h. Hostile input: the ids, groups and capabilities we were started
 * with. On failure of the drop: the caller of it ends the process before the message is read.
 */
#include "privilege.h"

#include <sys/stat.h>
#include <unistd.h>

/*
 * Whether our own file's mode gave us the effective uid. For the gid this is not asked: whoever can
 * stop us before the answer and have it changed (an upgrade takes the bit off the old file; /proc
 * may be his in a chroot) would keep the group. For the uid the bit is an accident to begin with,
 * and not to know means to drop.
 */
static bool uid_by_our_bits(const struct privilege *p)
{
    struct stat st;

    return p->euid != p->uid && (stat("/proc/self/exe", &st) != 0 ||
                                 ((st.st_mode & S_ISUID) != 0 && st.st_uid == p->euid));
}

void privilege_read(struct privilege *ret)
{
    ret->uid = getuid();
    ret->euid = geteuid();
    ret->gid = getgid();
    ret->egid = getegid();
    ret->held = ret->euid != ret->uid || ret->egid != ret->gid;
    ret->uid_by_our_bits = uid_by_our_bits(ret);
}

void privilege_suspend(const struct privilege *privilege)
{
    /* Cannot fail: the real gid is always allowed (setresgid(2)); if it did, we would read less. */
    if (privilege->egid != privilege->gid && setresgid((gid_t)-1, privilege->gid, (gid_t)-1) != 0) {
        return;
    }
}

void privilege_resume(const struct privilege *privilege)
{
    /* Cannot fail: the saved gid still is the privileged one; if it did, the log would not open. */
    if (privilege->egid != privilege->gid &&
        setresgid((gid_t)-1, privilege->egid, (gid_t)-1) != 0) {
        return;
    }
}

static bool in_groups(gid_t gid)
{
    static gid_t groups[65536]; /* NGROUPS_MAX: getgroups(2) */
    int n = getgroups(sizeof groups / sizeof groups[0], groups);

    for (int i = 0; i < n; i++) {
        if (groups[i] == gid) {
            return true;
        }
    }
    return false;
}

static bool gids_are(gid_t gid)
{
    gid_t real, effective, saved;

    return getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid &&
           saved == gid;
}

static bool uids_are(uid_t uid)
{
    uid_t real, effective, saved;

    return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid &&
           saved == uid;
}

/* Whether the group can be had again, which only one who is in it anyway, or root, may be able to.
 */
static bool gid_stays_away(const struct privilege *p)
{
    if (p->uid == 0 || geteuid() == 0 || setresgid((gid_t)-1, p->egid, (gid_t)-1) != 0) {
        return true;
    }
    return in_groups(p->egid) && setresgid(p->gid, p->gid, p->gid) == 0 && gids_are(p->gid);
}

#define ERRNO_MAX 4095 /* Linux: MAX_ERRNO */

bool privilege_drop(const struct privilege *p)
{
    /* Under a filter that forbids getuid(2) its answer is an errno, and a record would name nobody.
     */
    if (p->uid >= (uid_t)-ERRNO_MAX || p->gid >= (gid_t)-ERRNO_MAX) {
        return false;
    }
    if (!p->held) {
        return true;
    }
    /* gids first: without the uid's own right there would be no way to change them. */
    if (setresgid(p->gid, p->gid, p->gid) != 0 || !gids_are(p->gid)) {
        return false;
    }
    if (p->uid_by_our_bits && (setresuid(p->uid, p->uid, p->uid) != 0 || !uids_are(p->uid) ||
                               (p->uid != 0 && setresuid((uid_t)-1, p->euid, (uid_t)-1) == 0))) {
        return false;
    }
    return p->egid == p->gid || gid_stays_away(p);
}
