/*
 * record_table - what the writer (record.c) and the reader (record_parse.c) of a record share: the
 * keys, and the calendar. Private to them. The reader is a file of its own so that the set-gid
 * program, which never reads a record, does not hold it.
 */
#ifndef SW_RECORD_TABLE_H
#define SW_RECORD_TABLE_H

#include "record.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * key, its name in a line, the most bytes its escaped value takes, whether JSON writes it as a
 * number. The order is that of enum record_key. record.c asserts that all of them at their bounds
 * fit a line, so no value, whoever wrote it, takes another's room. Bounds of the identity keys are
 * above what they can be (a uid has 10 digits, a clock 20; useradd(8) takes names of 32
 * characters), so these are never cut.
 */
#define RECORD_TABLE(ROW)                                                           \
    ROW(RECORD_ID, "id", 26, false)                                                 \
    ROW(RECORD_MODE, "mode", 16, false)                                             \
    ROW(RECORD_UID, "uid", 10, true)                                                \
    ROW(RECORD_USER, "user", 96, false)                                             \
    ROW(RECORD_GID, "gid", 10, true)                                                \
    ROW(RECORD_PID, "pid", 10, true)                                                \
    ROW(RECORD_SESSION, "session", 26, false)                                       \
    ROW(RECORD_CWD, "cwd", 500, false)                                              \
    ROW(RECORD_CWD_UID, "cwd_uid", 10, true)                                        \
    ROW(RECORD_SCRIPT, "script", 450, false)                                        \
    ROW(RECORD_SCRIPT_BY, "script_by", 16, false)                                   \
    ROW(RECORD_SCRIPT_UID, "script_uid", 10, true)                                  \
    ROW(RECORD_CALLER, "caller", 160, false)                                        \
    ROW(RECORD_CALLER_PID, "caller_pid", 10, true)                                  \
    ROW(RECORD_CALLER_START, "caller_start", 20, true)                              \
    ROW(RECORD_CHAIN, "chain", 210, false)                                          \
    ROW(RECORD_AGES, "ages", 60, false)                                             \
    ROW(RECORD_UNIT, "unit", 100, false)                                            \
    ROW(RECORD_LOGINUID, "loginuid", 10, true)                                      \
    ROW(RECORD_PPID, "ppid", 10, true)                                              \
    ROW(RECORD_START, "start", 20, true)                                            \
    ROW(RECORD_XPHP, "xphp", 120, false)                                            \
    ROW(RECORD_ENV_SCRIPT, "env_script", 120, false)                                \
    ROW(RECORD_REMOTE, "remote", 64, false)                                         \
    ROW(RECORD_HOST, "http_host", 100, false) /* "host" is the server's, in JSON */ \
    ROW(RECORD_URI, "uri", 160, false)                                              \
    ROW(RECORD_AS, "as", 20, false)                                                 \
    ROW(RECORD_ARGS, "args", 212, false)                                            \
    ROW(RECORD_SENDER, "sender", 112, false)                                        \
    ROW(RECORD_FROM, "from", 128, false)                                            \
    ROW(RECORD_RCPTS, "rcpts", 21, false)                                           \
    ROW(RECORD_SUBJECT, "subject", 180, false)                                      \
    ROW(RECORD_MSGID, "msgid", 128, false)                                          \
    ROW(RECORD_COPIES, "copies", 20, true)                                          \
    ROW(RECORD_MTA, "mta", 16, false)                                               \
    ROW(RECORD_OPAQUE, "opaque", 64, false)                                         \
    ROW(RECORD_WHY, "why", 150, false)                                              \
    ROW(RECORD_ERROR, "error", 96, false)                                           \
    ROW(RECORD_ACTION, "action", 16, false)

struct record_row {
    const char *name;
    size_t name_len;
    size_t bound;
    bool is_number;
};

/* Indexed by enum record_key. */
extern const struct record_row record_rows[RECORD_KEYS];

/* Days from 1970-01-01 to the first of January of a year >= 1 in the Gregorian calendar. */
static inline long record_days_to_year(long year)
{
    long past = year - 1;

    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

/* Days of the year before its month 1..12; for 13 the length of the year. */
static inline int record_days_to_month(long year, int month)
{
    static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month > 2 && leap);
}

#endif
