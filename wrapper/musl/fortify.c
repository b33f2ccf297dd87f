/*
 * fortify - the three checked functions of glibc (LSB: __fprintf_chk and its like) that the
 * distribution's libconfuse.a calls and musl does not have. Only linked where the program is built
 * with musl.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): these are the library's */
int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list ap);
int __snprintf_chk(char *buf, size_t size, int flag, size_t real_size, const char *format, ...);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list ap)
{
    (void)flag;
    return vfprintf(stream, format, ap);
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    va_list ap;
    int n;

    va_start(ap, format);
    n = __vfprintf_chk(stream, flag, format, ap);
    va_end(ap);
    return n;
}

int __snprintf_chk(char *buf, size_t size, int flag, size_t real_size, const char *format, ...)
{
    va_list ap;
    int n;

    (void)flag;
    va_start(ap, format);
    n = vsnprintf(buf, size < real_size ? size : real_size, format, ap);
    va_end(ap);
    return n;
}
