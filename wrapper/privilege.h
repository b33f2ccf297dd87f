/*
 * privilege - what the set-gid bit gives us, and how it is given up.
 *
 * Judged by the ids alone, never by AT_SECURE: ptrace and no_new_privs make the two differ.
 */
#ifndef SW_PRIVILEGE_H
#define SW_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

struct privilege {
    uid_t uid, euid; /* real, effective */
    gid_t gid, egid;
    bool held;            /* an effective id is not the real one */
    bool uid_by_our_bits; /* the effective uid is by the mode of our own file */
};

/* Snapshots the ids. */
void privilege_read(struct privilege *ret);

/*
 * Reads as the caller would: the effective gid becomes the real one until privilege_resume. With
 * it, a set-gid program sees of /proc what the caller's own processes see.
 */
void privilege_suspend(const struct privilege *privilege);
void privilege_resume(const struct privilege *privilege);

/*
 * Gives up for good: all three gids become the real one, always; so do the uids if there is a
 * set-user-id bit on us, which is always an accident. Then regaining is tried and must fail, unless
 * the caller is root or in that group anyway. An effective uid that a set-uid caller brought along
 * stays: without us the MTA would have it too. Returns false when any of it did not come out so:
 * the process must end.
 */
bool privilege_drop(const struct privilege *privilege);

#endif
