/* caller - see caller.h. */
#include "caller.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void die(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(2);
}

bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/*
 * vfork: the child borrows our memory, so that the cost of copying this process's page tables is
 * not part of the measurement, as it is not for a caller that uses posix_spawn.
 */
pid_t spawn(char *const argv[], int input, int output)
{
    pid_t pid = vfork();

    if (pid < 0)
        die("vfork");
    if (pid == 0) {
        if (dup2(input, 0) < 0 || dup2(output, 1) < 0)
            _exit(126);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}
