/*
 * run - see run.h. Input and output are files in memory, so neither side can block the other.
 */
#include "run.h"

#include "context.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done <= 0) {
            return false;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

static char *read_whole(int fd)
{
    struct stat st;
    size_t size = fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
    char *text = context_alloc(size + 1);
    ssize_t n = pread(fd, text, size, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* Standard input, output, error. */
static bool open_files(int fds[3], const char *input, size_t n)
{
    for (int i = 0; i < 3; i++) {
        fds[i] = memfd_create("mailorigin", MFD_CLOEXEC);
    }
    return fds[0] >= 0 && fds[1] >= 0 && fds[2] >= 0 && write_all(fds[0], input, n) &&
           lseek(fds[0], 0, SEEK_SET) == 0;
}

/* Returns 0 or an errno. */
static int spawn_and_wait(const char *const *argv, const int fds[3], int *ret_status)
{
    static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                              NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int err = posix_spawn_file_actions_init(&actions), status;

    if (err != 0) {
        return err;
    }
    for (int i = 0; i < 3 && err == 0; i++) {
        err = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    }
    if (err == 0) { /* posix_spawn(3) does not change the strings */
        err = posix_spawn(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
                          (char *const *)(uintptr_t)environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (err != 0) {
        return err;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int run_program(struct context *ctx, const char *const *argv, const char *input, size_t n,
                struct run_result *ret)
{
    int fds[3] = {-1, -1, -1};
    int err = open_files(fds, input, n) ? 0 : errno;

    if (err == 0) {
        err = spawn_and_wait(argv, fds, &ret->status);
    }
    if (err == 0) {
        ret->output = read_whole(fds[1]);
        ret->errors = read_whole(fds[2]);
    }
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    if (err != 0) {
        context_fail(ctx, "cannot run %s: %s", argv[0], strerror(err));
        return -1;
    }
    return 0;
}

void run_free(struct run_result *result)
{
    free(result->output);
    free(result->errors);
}

const char *run_reason(struct run_result *result)
{
    char *end = result->errors + strlen(result->errors), *line;

    while (end > result->errors && end[-1] == '\n') {
        *--end = '\0';
    }
    line = strrchr(result->errors, '\n');
    line = line != NULL ? line + 1 : result->errors;
    return *line != '\0' ? line : "it does not say why";
}

char *run_lines(const char *const *ids, size_t n, size_t *ret_len)
{
    size_t len = 0, at = 0;
    char *text;

    for (size_t i = 0; i < n; i++) {
        len += strlen(ids[i]) + 1;
    }
    text = context_alloc(len + 1);
    for (size_t i = 0; i < n; i++) {
        size_t part = strlen(ids[i]);

        memcpy(text + at, ids[i], part);
        text[at + part] = '\n';
        at += part + 1;
    }
    text[len] = '\0';
    *ret_len = len;
    return text;
}
