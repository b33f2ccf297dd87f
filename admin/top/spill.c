/*
 * spill - see spill.h. Memory: one block while runs are written, then one for each run, which are
 * smaller the more there are. On failure: context_fail, and spill_failed says so for good.
 */
#include "top/spill.h"

#include "context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)
#define MERGE_MEMORY ((size_t)16 * 1024 * 1024)
#define HEAD 8 /* bytes in front of each item: its size */

struct run {
    int fd;
    off_t at, end; /* what is still in the file */
    char *data;
    size_t cap, used, next; /* data[next..used) is read */
    size_t size;            /* of the item at data[next + HEAD], 0: the run is at its end */
};

struct spill {
    struct context *ctx;
    spill_compare *compare;
    const void *arg;
    int fd;
    const char *place; /* the file's directory */
    bool failed, merging;
    bool open; /* the last run is being written */
    char *block;
    size_t used;
    off_t written;
    struct run *run;
    size_t runs;
    size_t *heap; /* of runs, the one with the smallest item on top */
    size_t heap_size;
    int *taken; /* files of others whose runs were taken over */
    size_t taken_count;
};

struct spill *spill_new(struct context *ctx, spill_compare *compare, const void *arg)
{
    struct spill *spill = context_alloc(sizeof *spill);

    *spill = (struct spill){.ctx = ctx, .compare = compare, .arg = arg, .fd = -1};
    return spill;
}

void spill_free(struct spill *spill)
{
    if (spill == NULL) {
        return;
    }
    for (size_t i = 0; i < spill->runs; i++) {
        free(spill->run[i].data);
    }
    for (size_t i = 0; i < spill->taken_count; i++) {
        close(spill->taken[i]);
    }
    if (spill->fd >= 0) {
        close(spill->fd);
    }
    free(spill->taken);
    free(spill->run);
    free(spill->heap);
    free(spill->block);
    free(spill);
}

bool spill_failed(const struct spill *spill)
{
    return spill->failed;
}

static bool fail(struct spill *spill, const char *what, int error)
{
    if (!spill->failed) {
        (void)context_fail(spill->ctx,
                           "%s the temporary file in %s: %s; TMPDIR chooses another directory, "
                           "where anybody may write as in /tmp",
                           what, spill->place, strerror(error));
    }
    spill->failed = true;
    return false;
}

/* A file without a name; -1 with errno. */
static int open_in(const char *place)
{
    static const char ending[] = "/mailorigin-XXXXXX";
    int fd = open(place, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

    /* A file system without O_TMPFILE: overlayfs before Linux 6.3, NFS. */
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        size_t n = strlen(place);
        char *name = context_alloc(n + sizeof ending);

        memcpy(name, place, n);
        memcpy(name + n, ending, sizeof ending);
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0) {
            (void)unlink(name);
        }
        free(name);
    }
    return fd;
}

/* Where TMPDIR says, and only there; else /var/tmp, which is on a disk, which /tmp may not be. */
static bool open_file(struct spill *spill)
{
    const char *tmpdir = getenv("TMPDIR");

    spill->place = tmpdir == NULL ? "/var/tmp" : tmpdir;
    spill->fd = open_in(spill->place);
    if (spill->fd < 0 && tmpdir == NULL) {
        spill->place = "/tmp";
        spill->fd = open_in(spill->place);
    }
    return spill->fd >= 0 || fail(spill, "cannot make", errno);
}

static bool write_block(struct spill *spill)
{
    size_t done = 0;

    while (done < spill->used) {
        ssize_t n = pwrite(spill->fd, spill->block + done, spill->used - done, spill->written);

        if (n < 0 && errno != EINTR) {
            return fail(spill, "cannot write", errno);
        }
        if (n > 0) {
            done += (size_t)n;
            spill->written += n;
        }
    }
    spill->used = 0;
    return true;
}

static void end_run(struct spill *spill)
{
    if (spill->open) {
        spill->run[spill->runs - 1].end = spill->written + (off_t)spill->used;
    }
    spill->open = false;
}

static void add_run(struct spill *spill, const struct run *run)
{
    spill->run = context_realloc(spill->run, (spill->runs + 1) * sizeof *spill->run);
    spill->run[spill->runs++] = *run;
}

void spill_begin_run(struct spill *spill)
{
    struct run run = {.fd = -1, .at = spill->written + (off_t)spill->used, .end = -1};

    end_run(spill);
    add_run(spill, &run);
    spill->open = true;
}

static size_t padded(size_t size)
{
    return (size + 7) / 8 * 8;
}

bool spill_write(struct spill *spill, const void *item, size_t size)
{
    const size_t need = HEAD + padded(size);
    uint64_t head = size;

    if (spill->failed || size > SPILL_ITEM_MAX) {
        return false;
    }
    if (spill->fd < 0 && !open_file(spill)) {
        return false;
    }
    if (spill->block == NULL) {
        spill->block = context_alloc(BLOCK);
    }
    if (BLOCK - spill->used < need && !write_block(spill)) {
        return false;
    }
    memcpy(spill->block + spill->used, &head, HEAD);
    memcpy(spill->block + spill->used + HEAD, item, size);
    memset(spill->block + spill->used + HEAD + size, 0, need - HEAD - size);
    spill->used += need;
    return true;
}

/* All that was written is in the file. */
static bool settle(struct spill *spill)
{
    end_run(spill);
    if (spill->block != NULL && !write_block(spill)) {
        return false;
    }
    free(spill->block);
    spill->block = NULL;
    return true;
}

bool spill_absorb(struct spill *spill, struct spill *other)
{
    bool settled = settle(other);

    end_run(spill);
    for (size_t i = 0; i < other->runs; i++) {
        struct run run = other->run[i];

        run.fd = other->fd;
        add_run(spill, &run);
    }
    if (other->fd >= 0) {
        spill->taken =
            context_realloc(spill->taken, (spill->taken_count + 1) * sizeof *spill->taken);
        spill->taken[spill->taken_count++] = other->fd;
        other->fd = -1;
    }
    spill->failed = spill->failed || !settled;
    spill_free(other);
    return !spill->failed;
}

/* Reads on in a run, so that a whole item is in memory. */
static bool refill(struct spill *spill, struct run *run)
{
    size_t left = run->used - run->next;
    size_t want;

    memmove(run->data, run->data + run->next, left);
    run->next = 0;
    run->used = left;
    want = run->cap - left;
    if ((off_t)want > run->end - run->at) {
        want = (size_t)(run->end - run->at);
    }
    while (want > 0) {
        ssize_t n = pread(run->fd < 0 ? spill->fd : run->fd, run->data + run->used, want, run->at);

        if (n == 0 || (n < 0 && errno != EINTR)) {
            return fail(spill, "cannot read", n == 0 ? EIO : errno);
        }
        if (n > 0) {
            run->used += (size_t)n;
            run->at += n;
            want -= (size_t)n;
        }
    }
    return true;
}

/* Finds the run's next item. */
static bool load(struct spill *spill, struct run *run)
{
    uint64_t head = 0;
    bool whole = run->used - run->next >= HEAD;

    run->size = 0;
    if (whole) {
        memcpy(&head, run->data + run->next, HEAD);
        whole = run->used - run->next >= HEAD + padded(head);
    }
    if (!whole) {
        if (run->used == run->next && run->at == run->end) {
            return true;
        }
        if (!refill(spill, run)) {
            return false;
        }
        memcpy(&head, run->data, HEAD);
    }
    run->size = head;
    return true;
}

static const char *item_of(const struct run *run)
{
    return run->data + run->next + HEAD;
}

/* Whether run a goes before run b. */
static bool before(const struct spill *spill, size_t a, size_t b)
{
    int order = spill->compare(item_of(&spill->run[a]), item_of(&spill->run[b]), spill->arg);

    return order < 0 || (order == 0 && a < b);
}

static void sift_down(struct spill *spill, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        size_t kept;

        if (child >= spill->heap_size) {
            return;
        }
        if (child + 1 < spill->heap_size &&
            before(spill, spill->heap[child + 1], spill->heap[child])) {
            child++;
        }
        if (before(spill, spill->heap[at], spill->heap[child])) {
            return;
        }
        kept = spill->heap[at];
        spill->heap[at] = spill->heap[child];
        spill->heap[child] = kept;
        at = child;
    }
}

static bool begin_merge(struct spill *spill)
{
    size_t cap;

    spill->merging = true;
    if (!settle(spill) || spill->runs == 0) {
        return !spill->failed;
    }
    cap = MERGE_MEMORY / spill->runs / 4096 * 4096;
    cap = cap > BLOCK ? BLOCK : cap;
    cap = cap < SPILL_ITEM_MAX + HEAD ? SPILL_ITEM_MAX + HEAD : cap;
    spill->heap = context_alloc(spill->runs * sizeof *spill->heap);
    for (size_t i = 0; i < spill->runs; i++) {
        struct run *run = &spill->run[i];

        run->cap = cap;
        run->data = context_alloc(cap);
        if (!load(spill, run)) {
            return false;
        }
        if (run->size > 0) {
            spill->heap[spill->heap_size++] = i;
        }
    }
    for (size_t i = spill->heap_size; i-- > 0;) {
        sift_down(spill, i);
    }
    return true;
}

/* The item given before is still on top: that its memory holds until now is promised. */
static bool advance(struct spill *spill)
{
    struct run *run = &spill->run[spill->heap[0]];

    run->next += HEAD + padded(run->size);
    if (!load(spill, run)) {
        return false;
    }
    if (run->size == 0) {
        free(run->data);
        run->data = NULL;
        spill->heap[0] = spill->heap[--spill->heap_size];
    }
    sift_down(spill, 0);
    return true;
}

bool spill_next(struct spill *spill, const void **ret, size_t *ret_size)
{
    const struct run *run;

    if (spill->failed ||
        !(spill->merging ? spill->heap_size == 0 || advance(spill) : begin_merge(spill))) {
        return false;
    }
    if (spill->heap_size == 0) {
        return false;
    }
    run = &spill->run[spill->heap[0]];
    *ret = item_of(run);
    *ret_size = run->size;
    return true;
}
