/*
 * support - what the unit tests of modules that touch files, processes and descriptors have in
 * common.
 */
#ifndef SW_TEST_SUPPORT_H
#define SW_TEST_SUPPORT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NOBODY 65534 /* a uid and gid that is not ours */

/* Leaves the test, which then counts as passed: what could not be tried, and why, is in the output.
 */
#define SKIP(why)                    \
    do {                             \
        support_skip(__func__, why); \
        return;                      \
    } while (0)
void support_skip(const char *test, const char *why);

/* Runs the suite, as CK_VERBOSITY says, and frees it. Returns the exit status for main. */
int support_run(Suite *suite);

/* A directory for this program's files, from support_begin to support_end: an unchecked fixture,
 * since each test is a process of its own. */
void support_begin(void);
void support_end(void);
const char *support_dir(void);

/* "DIR/name", in one of a few static buffers. */
const char *support_path(const char *name);

/* Makes DIR/name with this text and mode. Returns its path. */
const char *support_file(const char *name, const char *text, unsigned mode);

/* The file's bytes, NUL-terminated, in a static buffer; ret_len may be NULL. */
const char *support_read_file(const char *path, size_t *ret_len);

/* Reads until end of file or cap bytes. Returns the number. */
size_t support_read_all(int fd, char *buf, size_t cap);

/* Writes it all, with write(2). */
void support_write_all(int fd, const char *bytes, size_t n);

/* fork(2) that flushes nothing and cannot fail; the child must end with _exit. */
pid_t support_fork(void);

/* Waits for a child and wants exit status 0. */
void support_wait_ok(pid_t child);

/* A pause between two looks at a condition that another process brings about; aborts the test after
 * 60 s of them. */
void support_pause(unsigned *count);

/*
 * Makes this process one that may mount: a mount namespace of its own, nothing shared with the
 * outside. Root has it for the asking; others through a user namespace, where that is allowed.
 * Returns false where it is not.
 */
bool support_own_mounts(void);

/* Makes a call of this number on this process's own account fail with err from now on (seccomp(2)).
 * False where not possible. */
bool support_forbid(long call, int err);

/* The same, but only when the call's first argument is arg. */
bool support_forbid_arg(long call, unsigned arg, int err);

#endif
