/*
 * null-mta.c - the cheapest MTA there can be: reads its message to the end and succeeds.
 *
 * It stands for the MTA where only the wrapper's time is wanted, so it must cost next to nothing:
 * on the usual machines it does without a libc, whose start-up would be most of what is measured. A
 * read error is its only failure.
 */
#if defined(__x86_64__)

enum { SYS_READ = 0, SYS_EXIT_GROUP = 231 };

static long syscall3(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

enum { SYS_READ = 63, SYS_EXIT_GROUP = 94 };

static long syscall3(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

#endif

#if defined(__x86_64__) || defined(__aarch64__)

_Noreturn void _start(void);

_Noreturn void _start(void)
{
    static char buffer[65536];
    long n;

    do
        n = syscall3(SYS_READ, 0, (long)buffer, sizeof(buffer));
    while (n > 0);
    for (;;)
        syscall3(SYS_EXIT_GROUP, n < 0, 0, 0);
}

#else /* elsewhere with libc: then all the times hold its start-up once more */

#include <unistd.h>

int main(void)
{
    static char buffer[65536];
    ssize_t n;

    do
        n = read(0, buffer, sizeof(buffer));
    while (n > 0);
    _exit(n < 0);
}

#endif
