/*
 * null-mta - what the two halves of the stand-in MTA share: how it behaves, and where it files.
 * Test code; what each key of the configuration means is in null-mta.c and null-mta_smtp.c.
 */
#ifndef NULL_MTA_H
#define NULL_MTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define REPLIES_MAX 32

/* What is answered to a verb in place of the usual. */
struct reply_rule {
    char verb[16]; /* "(greeting)" and "." (the end of DATA) too */
    long nth;      /* only to the nth of its kind; 0: to each */
    long seen;
    bool leave; /* and then exits */
    char text[256];
};

struct behaviour {
    char dir[512];
    char wait_read[512];
    char wait_exit[512];
    char touch[512];
    char say[512];
    char read[32];
    long slow_ms;
    long status;
    long error_status;
    /* SMTP only */
    char ehlo[256];
    long piece;
    bool crlf_only;
    struct reply_rule reply[REPLIES_MAX];
    size_t replies;
};

/* DIR/PID.WHAT, new; NULL where nothing is to be filed. */
FILE *mta_file(const struct behaviour *how, const char *what);

/* DIR/PID.WHAT as a path. */
void mta_path(const struct behaviour *how, const char *what, char *ret, size_t cap);

void mta_sleep_ms(long ms);

struct reading {
    unsigned long long bytes;
    const char *ended; /* eof, dot, header, size, none, error, quit, leave */
    int error;
    int last[5]; /* the last bytes seen, for the dot */
};

/*
 * An SMTP session on descriptors 0 and 1, or batched SMTP, which says nothing. copy: gets every
 * byte read; may be NULL. See null-mta_smtp.c.
 */
void smtp_serve(struct behaviour *how, bool batched, FILE *copy, struct reading *state);

/* Whether this command line asks for SMTP, and which. */
bool smtp_wanted(int argc, char *const argv[], bool *ret_batched);

#endif
