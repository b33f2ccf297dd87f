/*
 * yardstick.c - what any wrapper that is a C program must cost.
 *
 * Does nothing but exec the MTA. Built with the compiler, the flags and the libc of
 * sendmail-wrapper, so that the difference between the two is what the wrapper's own work costs. If
 * the MTA cannot be run it ends with EX_OSFILE, and the driver takes that for an error of the whole
 * run.
 */
#include <sysexits.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argc;
    execv(BENCH_MTA, argv);
    return EX_OSFILE;
}
