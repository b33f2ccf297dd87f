/*
 * entry - notes which of the descriptors 0 to 2 the caller had closed, before the C library starts.
 *
 * In a set-id program the library opens the missing ones on /dev/null or /dev/full before main
 * (glibc: csu/check_fds.c, musl: src/env/__libc_start_main.c), and then nobody can tell any more;
 * the MTA would find them open where without us it finds them closed. So the program's entry point
 * is here (linked with -e sw_entry): three system calls, then the library's own _start with every
 * register and the stack as the kernel gave them.
 */
#include "startup.h"

#if defined(__x86_64__)
unsigned startup_closed_at_entry;

__asm__(".text\n"
        ".globl sw_entry\n"
        ".type sw_entry, @function\n"
        "sw_entry:\n"
        "    mov %rdx, %r12\n" /* the psABI's exit function, for _start */
        "    xor %ebx, %ebx\n"
        "1:  mov $72, %eax\n" /* fcntl */
        "    mov %ebx, %edi\n"
        "    mov $1, %esi\n" /* F_GETFD */
        "    syscall\n"
        "    cmp $-9, %eax\n" /* EBADF; a filter's EPERM is none */
        "    jne 2f\n"
        "    bts %ebx, startup_closed_at_entry(%rip)\n"
        "2:  inc %ebx\n"
        "    cmp $3, %ebx\n"
        "    jb 1b\n"
        "    mov %r12, %rdx\n"
        "    jmp _start\n");
#endif
