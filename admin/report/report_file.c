/*
 * report_file - see report_file.h.
 *
 * The directory may be one where everybody can write: the temporary file gets a random name and is
 * made with O_EXCL, so that what lies there already is never opened, and rename(2) replaces a name
 * without following it. The directory is opened once. On failure, and on a signal that ends us,
 * the temporary file is removed and path is as it was.
 */
#include "report/report_file.h"

#include "context.h"
#include "wrapper/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct target {
    const char *path, *name; /* name: behind the last slash */
    char temporary[48];
    int directory, fd;
};

static int fail(const struct context *ctx, const struct target *target)
{
    return context_fail(ctx, "%s cannot be written: %s", target->path, diag_errno(errno));
}

static bool open_directory(const struct context *ctx, struct target *target)
{
    size_t n = (size_t)(target->name - target->path);
    char *directory = n > 0 ? context_copy(target->path, n) : context_copy(".", 1);

    target->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (target->directory < 0) {
        (void)fail(ctx, target);
        return false;
    }
    return true;
}

/* Whether the name is free, or a file that may be replaced. */
static bool is_replaceable(const struct context *ctx, const struct target *target)
{
    struct stat st;

    if (target->name[0] == '\0') {
        (void)context_fail(ctx, "%s is a directory; a file's name is wanted", target->path);
        return false;
    }
    if (fstatat(target->directory, target->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) {
            return true;
        }
        (void)fail(ctx, target);
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)context_fail(ctx, "%s is %s, and is not replaced; - writes to standard output",
                           target->path,
                           S_ISLNK(st.st_mode)   ? "a symbolic link"
                           : S_ISDIR(st.st_mode) ? "a directory"
                                                 : "no regular file");
        return false;
    }
    return true;
}

static bool make_temporary(const struct context *ctx, struct target *target)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        (void)fail(ctx, target);
        return false;
    }
    (void)snprintf(target->temporary, sizeof target->temporary, ".mailorigin-%016llx",
                   (unsigned long long)number);
    target->fd = openat(target->directory, target->temporary,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target->fd < 0) {
        (void)fail(ctx, target);
        return false;
    }
    return true;
}

/* --- the child ------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void be_child(const struct context *ctx,
                                               const struct target *target, const sigset_t *mask,
                                               int (*write)(FILE *to, void *arg), void *arg)
{
    FILE *to = fdopen(target->fd, "w");
    int status;

    (void)close(target->directory);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if (to == NULL) {
        _exit(fail(ctx, target));
    }
    status = write(to, arg);
    if (ferror(to) != 0 || fflush(to) != 0 || fsync(fileno(to)) != 0) {
        status = fail(ctx, target);
    }
    _exit(status);
}

/* --- the parent ------------------------------------------------------------------------------ */

/* Not those that are ignored (nohup(1), a shell's &): blocked, they would come all the same. */
static void signals_to_wait_for(sigset_t *ret)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

    (void)sigemptyset(ret);
    (void)sigaddset(ret, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        struct sigaction now;

        if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
            (void)sigaddset(ret, ending[i]);
        }
    }
}

/* Waits for the child's end. A signal that is to end us ends the child; *ret_signal is it, or 0.
 * Returns waitpid's status. */
static int wait_for(pid_t child, const sigset_t *signals, int *ret_signal)
{
    int status = STATUS_FAILED << 8, got; /* what a child that cannot be waited for is taken for */

    *ret_signal = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (sigwait(signals, &got) == 0 && got != SIGCHLD) {
            *ret_signal = got;
            (void)kill(child, SIGKILL);
        }
    }
    return status;
}

/* ended: as waitpid gives it. ended_by: the signal that is to end us, or 0. */
static int finish(const struct context *ctx, const struct target *target, int ended, int ended_by)
{
    int status = WIFEXITED(ended) ? WEXITSTATUS(ended) : STATUS_FAILED;

    if (WIFSIGNALED(ended) && ended_by == 0) {
        (void)context_fail(ctx,
                           "%s is not written: the process that wrote it was ended by signal %d",
                           target->path, WTERMSIG(ended));
    }
    if (status != STATUS_FOUND && status != STATUS_PARTIAL) {
        (void)unlinkat(target->directory, target->temporary, 0);
    } else if (renameat(target->directory, target->temporary, target->directory, target->name) !=
               0) {
        status = fail(ctx, target);
        (void)unlinkat(target->directory, target->temporary, 0);
    }
    return status;
}

static int write_and_name(const struct context *ctx, struct target *target,
                          int (*write)(FILE *to, void *arg), void *arg)
{
    sigset_t signals, before;
    int status, ended_by;
    pid_t child;

    (void)fflush(NULL); /* nothing that waits is to be printed twice */
    /* Ignored, as it may have been left to us, it would take the child's status away. */
    (void)signal(SIGCHLD, SIG_DFL);
    signals_to_wait_for(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    child = fork();
    if (child == 0) {
        be_child(ctx, target, &before, write, arg);
    }
    (void)close(target->fd);
    if (child < 0) {
        status = fail(ctx, target);
        (void)unlinkat(target->directory, target->temporary, 0);
    } else {
        int ended = wait_for(child, &signals, &ended_by);

        status = finish(ctx, target, ended, ended_by);
        if (ended_by != 0) {
            (void)raise(ended_by); /* ends us as the mask is put back */
        }
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

int report_file(struct context *ctx, const char *path, int (*write)(FILE *to, void *arg), void *arg)
{
    const char *slash = strrchr(path, '/');
    struct target target = {.path = path, .name = slash != NULL ? slash + 1 : path};
    int status = STATUS_FAILED;

    if (!open_directory(ctx, &target)) {
        return STATUS_FAILED;
    }
    if (is_replaceable(ctx, &target) && make_temporary(ctx, &target)) {
        status = write_and_name(ctx, &target, write, arg);
    }
    (void)close(target.directory);
    return status;
}
