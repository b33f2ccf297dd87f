/*
 * arena - malloc(3) for libconfuse, the only part of the program that allocates: from one block of
 * fixed size, never given back. In the program only, not in the library.
 *
 * Why: the block is part of the program's image, so no limit of the caller's (RLIMIT_AS,
 * RLIMIT_DATA) can make an allocation fail in the middle of a call, and no page is touched that is
 * not needed.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARENA_SIZE                                                                                \
    (2U << 20) /* a configuration of 64 KiB, read twice, needs less; untouched pages cost nothing \
                */
#define ALIGN 16U

struct block {
    size_t size;
    size_t pad; /* keeps what follows aligned */
};

/* Not <stdlib.h>: its names for these parameters are the C library's own, reserved ones. */
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t n);
void *reallocarray(void *old, size_t n, size_t size);
void free(void *old);

static _Alignas(ALIGN) unsigned char arena[ARENA_SIZE];
static size_t used;

static void *take(size_t n)
{
    struct block *block = (struct block *)(void *)(arena + used);
    size_t whole;

    if (n > ARENA_SIZE - sizeof *block || used + sizeof *block + n > ARENA_SIZE - ALIGN) {
        errno = ENOMEM;
        return NULL;
    }
    whole = (sizeof *block + n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    block->size = whole - sizeof *block;
    used += whole;
    return block + 1;
}

void *malloc(size_t n)
{
    return take(n);
}

void *calloc(size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return take(n * size); /* a block is handed out once, so it still is zero */
}

static void *resize(void *old, size_t n)
{
    struct block *block;
    void *fresh;

    if (old == NULL) {
        return take(n);
    }
    block = (struct block *)old - 1;
    if (n <= block->size) {
        return old;
    }
    if ((unsigned char *)old + block->size == arena + used) { /* the last one grows in place */
        used = (size_t)((unsigned char *)block - arena);
        fresh = take(n);
        used = fresh != NULL ? used : (size_t)((unsigned char *)old + block->size - arena);
        return fresh;
    }
    fresh = take(n);
    if (fresh != NULL) {
        memcpy(fresh, old, block->size);
    }
    return fresh;
}

void *realloc(void *old, size_t n)
{
    return resize(old, n);
}

void *reallocarray(void *old, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(old, n * size);
}

void free(void *old)
{
    (void)old;
}
