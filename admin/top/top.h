/* top - what the parts of `mailorigin top` share: by what is grouped, and how that is a key of
 * aggregate.h. */
#ifndef MO_TOP_H
#define MO_TOP_H

#include "origin.h"
#include "records/records.h"
#include "top/aggregate.h"

struct context;

/* What the rows are. */
struct top_by {
    const char *name;
    enum record_key key; /* RECORD_KEYS: none besides the uid; TOP_HOST: the line's host */
    bool uid;            /* whether the uid is part of the origin */
    bool scripts;        /* an origin's parts are scripts; else they are directories */
};
#define TOP_HOST ((enum record_key)(RECORD_KEYS + 1))

/* NULL: "dir". */
const struct top_by *top_by_find(const char *name);

/* A key, taken apart. Texts are escaped (codec.h), NUL-terminated in the key itself. */
struct top_origin {
    long long uid;     /* -1: unknown, or not of the origin */
    struct slice host; /* whose uid it is; empty where it is not of the origin */
    bool known;        /* whether there is a text */
    bool by_dir;       /* by script: none is known, text is the working directory */
    struct slice text;
};
struct top_part {
    struct slice text; /* of the script or directory; empty: unknown */
    struct slice script_by;
    struct slice user;
};

/* Makes the call that a record is; key: AGGREGATE_KEY_MAX bytes, which ret points into. */
void top_key(const struct top_by *by, struct record_line *line, char *key,
             struct aggregate_call *ret);
void top_origin_of(const struct aggregate_origin *origin, struct top_origin *ret);
void top_part_of(const struct aggregate_part *part, struct top_part *ret);

#define TOP_HOST_MAX 80 /* a host name has up to 64 bytes */

struct top_totals {
    int64_t messages, rcpts, first, last;
    uint64_t origins, refused, passed, torn;
    char host[TOP_HOST_MAX + 1]; /* of the first message */
    bool several_hosts;
};

/* The rows and what stands below them. Returns false after context_fail. */
bool top_print(struct context *ctx, const struct top_by *by, struct aggregate *aggregate,
               const struct top_totals *totals, bool by_rcpts);

#endif
