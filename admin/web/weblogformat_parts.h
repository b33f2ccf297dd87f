/* weblogformat_parts - what weblogformat.c (reading lines) and weblogformat_compile.c share. */
#ifndef MO_WEBLOGFORMAT_PARTS_H
#define MO_WEBLOGFORMAT_PARTS_H

#include "web/weblogformat.h"
#include "web/weblogtime.h"

#define WEBLOGFORMAT_OPS 128

enum weblogop_kind {
    WEBLOGOP_LITERAL,
    WEBLOGOP_NUMBER,   /* digits, '.', '-' */
    WEBLOGOP_DURATION, /* the same; scale */
    WEBLOGOP_WORD,     /* up to a blank or quote */
    WEBLOGOP_UNTIL,    /* up to the last place in a word where the literal behind stands */
    WEBLOGOP_QUOTED,   /* up to a quote that is not escaped */
    WEBLOGOP_ANY,      /* up to any place where the literal behind stands */
    WEBLOGOP_TIME,     /* text is a format of weblogtime_read, or a unit */
};

struct weblogop {
    enum weblogop_kind kind;
    const char *text; /* literal, time format; within weblogformat.text */
    size_t len;       /* of a literal */
    enum weblogformat_field field;
    bool store;    /* the first field of its kind */
    bool unit;     /* time: text is a unit of weblogtime_unit */
    bool of_end;   /* time: when the request had ended */
    int64_t scale; /* duration: microseconds that 1 is worth */
};

struct weblogformat {
    char *text;    /* storage of the literals */
    bool raw;      /* values are not escaped */
    bool duration; /* has one */
    unsigned fields;
    size_t count;
    size_t time_stop; /* operations up to the last piece of the time and the literal behind it */
    struct weblogop ops[WEBLOGFORMAT_OPS];
};

#endif
