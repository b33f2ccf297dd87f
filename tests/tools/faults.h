/*
 * faults - makes one system call of the wrapper fail at a time, and judges what became of the mail.
 * What the parts of the tool share; how it is called is in faults.c. Test code, runs as root.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CALLS_MAX 4096
#define EXPECTED_MAX 4

enum stdin_kind { STDIN_FILE, STDIN_PIPE, STDIN_SOCKET, STDIN_HALVES, STDIN_CLIENT };

/* One situation in which calls are made to fail. */
struct scenario {
    const char *name;
    char *const *argv;
    uid_t uid;
    gid_t gid;
    const char *cd;
    enum stdin_kind stdin_kind;
    const char *message; /* what is sent: a message, or a session of SMTP */
    const char
        *expected[EXPECTED_MAX]; /* SMTP: the messages of the session as the MTA files them */
    size_t expected_count;       /* 0: not SMTP */
    const char *log;             /* the wrapper's log file */
    const char *mta_dir;         /* where null-mta files */
    bool batch;                  /* SMTP without replies */
    bool syslog;                 /* a daemon listens on /dev/log */
    bool no_header;              /* none is to be added */
    bool no_record;              /* the log has been switched off */
    long timeout_s;
};

/* --- faults_table.c --- */

enum fault_kind {
    FAULT_ERROR,  /* is not executed, fails with this errno */
    FAULT_FILTER, /* the same, as a seccomp filter does it: prctl(PR_GET_SECCOMP) says so, too */
    FAULT_LATE,   /* is executed and fails all the same: close(2) */
    FAULT_SHORT,  /* does a part of what was asked for */
};

struct fault {
    enum fault_kind kind;
    int error;
};

const char *table_name(long nr);

/* The nth fault that can happen to this call, the most telling first. False behind the last. */
bool table_fault(long nr, const unsigned long long args[6], size_t nth, struct fault *ret);

/* "EIO", "filter:EPERM", "late:EIO", "short": in a static buffer. */
const char *table_fault_name(const struct fault *fault);

/* --- faults_run.c --- */

/* One system call of one process of the wrapper. Processes count from 0, in the order of their
 * birth; nth counts the calls of this number in this process. */
struct call {
    unsigned process;
    long nr;
    unsigned nth;
    unsigned long long args[6];
};

struct calls {
    struct call call[CALLS_MAX];
    size_t count;
};

struct outcome {
    int status; /* of the program, as wait(2) has it */
    bool hung;
    bool reached; /* the call that was to fail came */
    long long ms;
    char err[512];      /* what the caller reads on stderr */
    char out[16384];    /* and on stdout */
    char syslog[65536]; /* lines of all datagrams */
};

/* Runs the program once. record: where its calls are listed; NULL. victim, fault: what fails; NULL.
 */
void run_once(const struct scenario *sc, struct calls *record, const struct call *victim,
              const struct fault *fault, struct outcome *ret);

/* --- faults_judge.c --- */

enum verdict {
    DELIVERED,
    REFUSED,
    UNRECORDED, /* delivered, and no record of it */
    /* from here on: what must not be */
    LOST,        /* the caller was told of success, and the mail is not there */
    CUT,         /* the MTA took a part of it for the whole */
    TWICE,       /* it is there twice */
    HUNG,        /* nobody ended it */
    HEADERLESS,  /* no header, and the record does not say why */
    MISRECORDED, /* the record says something else than what happened, or is no whole record */
    VERDICTS
};

extern const char *const VERDICT_NAMES[VERDICTS];

struct judged {
    bool recorded; /* the call left a record, of whatever kind */
    bool bare;     /* delivered without the header, and the record says why */
};

/* What became of the mail. detail: a line for people. Removes what the run left. */
enum verdict judge(const struct scenario *sc, const struct outcome *outcome, char *detail,
                   size_t cap, struct judged *ret);

/* Removes what an earlier run left. */
void judge_clear(const struct scenario *sc);

#endif
