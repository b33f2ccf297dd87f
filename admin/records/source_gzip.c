/*
 * source_gzip - see source_gzip.h. Hostile: every byte of the input. On failure: what was
 * uncompressed before the break has been handed out, then the fault is said once.
 */
#include "records/source_gzip.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INPUT_SIZE ((size_t)64 * 1024)

struct gzip {
    z_stream stream;
    bool between; /* a member has ended, none has begun: the file may end here */
    bool no_more; /* the input has ended */
    bool done;
    const char *fault; /* to be said once all before it was handed out */
    unsigned char input[INPUT_SIZE];
};

struct gzip *gzip_new(void)
{
    struct gzip *gzip = context_alloc(sizeof *gzip);

    memset(gzip, 0, offsetof(struct gzip, input));
    if (inflateInit2(&gzip->stream, 15 + 16) != Z_OK) { /* 16: gzip only, zlib.h */
        gzip->done = true;
        gzip->fault = "there is no memory to uncompress it";
    }
    gzip->stream.next_in = gzip->input;
    return gzip;
}

void gzip_free(struct gzip *gzip)
{
    if (gzip != NULL) {
        inflateEnd(&gzip->stream);
        free(gzip);
    }
}

void gzip_put(struct gzip *gzip, const char *bytes, size_t n)
{
    memcpy(gzip->input, bytes, n < INPUT_SIZE ? n : INPUT_SIZE);
    gzip->stream.next_in = gzip->input;
    gzip->stream.avail_in = (uInt)n;
}

bool gzip_hungry(const struct gzip *gzip)
{
    return !gzip->done && !gzip->no_more && gzip->stream.avail_in == 0;
}

char *gzip_input(struct gzip *gzip, size_t *ret_room)
{
    *ret_room = INPUT_SIZE;
    return (char *)gzip->input;
}

void gzip_got(struct gzip *gzip, size_t n)
{
    gzip->stream.next_in = gzip->input;
    gzip->stream.avail_in = (uInt)n;
    gzip->no_more = n == 0;
}

/* Behind a member may stand another (gzip -c >>, rotated logs joined by cat), or zeros (tapes);
 * gzip(1) takes both. */
static bool next_member(struct gzip *gzip)
{
    z_stream *stream = &gzip->stream;

    while (stream->avail_in > 0 && *stream->next_in == 0) {
        stream->next_in++;
        stream->avail_in--;
    }
    if (stream->avail_in == 0) {
        return false;
    }
    if (*stream->next_in != 0x1f) {
        gzip->done = true;
        gzip->fault = "after the compressed data stands something else";
        return false;
    }
    gzip->between = false;
    return inflateReset(stream) == Z_OK;
}

size_t gzip_take(struct gzip *gzip, char *to, size_t n, const char **ret_fault)
{
    z_stream *stream = &gzip->stream;

    stream->next_out = (unsigned char *)to;
    stream->avail_out = (uInt)n;
    while (!gzip->done && stream->avail_out > 0) {
        int result;

        if (gzip->between && !next_member(gzip)) {
            gzip->done = gzip->done || gzip->no_more;
            break;
        }
        if (stream->avail_in == 0 && !gzip->no_more) {
            break;
        }
        result = inflate(stream, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            gzip->between = true;
        } else if (result != Z_OK) {
            gzip->done = true;
            gzip->fault = result == Z_BUF_ERROR ? "the compressed data ends in the middle"
                                                : "the compressed data is damaged";
        }
    }
    if (stream->avail_out == n) {
        *ret_fault = gzip->fault;
        gzip->fault = NULL;
    }
    return n - stream->avail_out;
}
