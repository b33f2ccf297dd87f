/*
 * record - step 8 of a call: one line per call, and the way back from a line to its keys.
 *
 * The line (docs/log-format.md is the contract):
 *   2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[12345]: id=01KA.. mode=submit uid=4079
 * .. action=deliver Keys come in the order of enum record_key; an unknown key is absent, never
 * invented; action is always the last, so that a torn line is seen.
 */
#ifndef SW_RECORD_H
#define SW_RECORD_H

#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define RECORD_MAX 4096 /* bytes of a line, its newline included, whatever the values are */
#define RECORD_TAG "sendmail-wrapper"

enum record_format { RECORD_LOGFMT, RECORD_JSON };

enum record_key {
    RECORD_ID,
    RECORD_MODE,
    RECORD_UID,
    RECORD_USER,
    RECORD_GID,
    RECORD_PID,
    RECORD_SESSION, /* of a message in an SMTP dialogue: the id of the dialogue's record */
    RECORD_CWD,
    RECORD_CWD_UID,
    RECORD_SCRIPT,
    RECORD_SCRIPT_BY, /* fd, cmdline, env, header: how the script is known; evidence, not proof */
    RECORD_SCRIPT_UID,
    RECORD_CALLER, /* command line of the first ancestor that is not a shell */
    RECORD_CALLER_PID,
    RECORD_CALLER_START, /* start time in clock ticks since boot, as in proc(5) */
    RECORD_CHAIN,        /* "sh[12344] php-fpm8.2[12001] ..." nearest first */
    RECORD_AGES,         /* of this process and those of chain, when this was written */
    RECORD_UNIT,
    RECORD_LOGINUID,
    RECORD_PPID,
    RECORD_START,      /* our own start time */
    RECORD_XPHP,       /* X-PHP-Originating-Script, as the message says */
    RECORD_ENV_SCRIPT, /* SCRIPT_FILENAME, where it is not what script says */
    RECORD_REMOTE,     /* REMOTE_ADDR */
    RECORD_HOST,       /* HTTP_HOST */
    RECORD_URI,        /* REQUEST_URI */
    RECORD_AS,         /* the name we were called by, where it is not sendmail: mailq, newaliases */
    RECORD_ARGS,
    RECORD_SENDER, /* MAIL FROM of a message in an SMTP dialogue */
    RECORD_FROM,
    RECORD_RCPTS, /* "50", or "2600+" when only part was seen */
    RECORD_SUBJECT,
    RECORD_MSGID,
    RECORD_COPIES, /* headers of our name that the message already had; absent if none */
    RECORD_MTA,    /* the dialect the call was read with */
    RECORD_OPAQUE, /* why nothing more is read of an SMTP dialogue */
    RECORD_WHY,    /* why something is degraded: the log, the evidence */
    RECORD_ERROR,  /* why the MTA did not run */
    RECORD_ACTION, /* deliver, pass, refuse; of two records with one id the later corrects the
                      earlier */
    RECORD_KEYS
};

struct record_value {
    const char *ptr; /* borrowed; NULL: the key is absent */
    size_t len;
    bool cut; /* by record_parse: the writer had to cut the value */
};

struct record {
    struct timespec time;
    const char *host; /* borrowed, NUL-terminated; "-" if unknown */
    long pid;
    struct record_value value[RECORD_KEYS];
    char numbers[12][24]; /* storage of record_number */
    unsigned number_count;
};

/* An empty record. */
void record_init(struct record *rec);

/* Sets a key to bytes that stay the caller's and must outlive the record. */
void record_text(struct record *rec, enum record_key key, const char *bytes, size_t n);

/* Sets a key to a NUL-terminated string, or leaves it absent when text is NULL. */
void record_string(struct record *rec, enum record_key key, const char *text);

/* Sets a key to a decimal number. */
void record_number(struct record *rec, enum record_key key, unsigned long long value);

/* The key's name as written; NULL outside the enum. */
const char *record_key_name(enum record_key key);

/*
 * Appends the message part: "id=.. .. action=.." without time, host, tag and newline; what syslog
 * gets. Long values are cut and marked, each at its own bound, so that a whole line is at most
 * RECORD_MAX; the identity keys (id, mode, uid, user, gid, pid, the numbers, action) are never cut.
 */
void record_message(const struct record *rec, enum record_format format, struct strbuf *out);

/* Appends the whole line with its newline, at most RECORD_MAX bytes. UTC, microseconds. For
 * RECORD_JSON one object with the members "time", "host" and the keys (numbers unquoted where the
 * key is one). */
void record_line(const struct record *rec, enum record_format format, struct strbuf *out);

/*
 * Reads one line, newline already removed, in either format, with RFC 3339 time in front or the
 * traditional "Nov 21 16:20:31" of a syslog file (no year: ret->time is then 0 and the caller works
 * it out). text is changed in place and ret's values point into it. In a line that holds a torn
 * record followed by a whole one the last is read (the tag "sendmail-wrapper[" cannot stand inside
 * a value) and *ret_torn is true. Unknown keys are skipped. Returns false for what is no whole
 * record (no tag, a broken value, no action).
 */
bool record_parse(char *text, size_t len, struct record *ret, bool *ret_torn);

#endif
