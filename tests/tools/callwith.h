/* callwith - a hostile caller; the parts share this header. What the options do stands in
 * callwith.c. */
#ifndef TEST_CALLWITH_H
#define TEST_CALLWITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define STEPS_MAX 128
#define PIECES_MAX 64
#define ARGS_MAX 4096

/* One condition to set up: in the caller itself, or in the process that becomes the program. */
struct step {
    void (*apply)(const char *arg);
    const char *arg;
};

enum piece_kind { PIECE_TEXT, PIECE_FILE, PIECE_PAUSE, PIECE_UNTIL, PIECE_TOUCH, PIECE_HOLD };

/* What is written to the program's stdin, in order. */
struct piece {
    enum piece_kind kind;
    const char *arg;
};

struct plan {
    struct step caller[STEPS_MAX];
    size_t caller_count;
    struct step callee[STEPS_MAX];
    size_t callee_count;
    struct piece piece[PIECES_MAX];
    size_t piece_count;
    const char *stdin_kind;
    const char *out, *err, *report; /* files; NULL: inherited, or no report */
    const char *argv0;              /* NULL: the program's path */
    const char *more_args;          /* "COUNTxBYTES" */
    const char *title;              /* the caller's command line as others see it; NULL: its own */
    bool argc0, trace_me, trace_seize, subreaper, pid1, orphan;
    long timeout_ms;
    char **program; /* path and arguments, NULL-terminated */
};

struct outcome {
    pid_t pid;
    int status; /* as from waitpid; -1: unknown (orphan) */
    bool hung;  /* had to be killed */
    bool epipe; /* the program closed its stdin before all was fed */
    bool fed_all;
    bool out_eof, err_eof;
    int children; /* strangers that became ours (subreaper) */
    bool children_left;
    unsigned long long fed;
};

/* callwith_stdin.c: the descriptor that becomes the program's stdin (-1: leave or close as the kind
 * says) and the end to feed (-1: none). before_exec runs in the callee. */
struct stdin_ends {
    int callee;
    int feed;
    bool close_callee; /* "closed" */
    bool poison;       /* socket-reset: the callee writes a byte that nobody reads */
    bool hold_last;    /* pty: the end of input is ^D, not the closing of the master */
};
void stdin_open(const char *kind, struct stdin_ends *ret);

/* callwith_set.c */
void set_uid(const char *arg);
void set_gid(const char *arg);
void set_dir(const char *arg);
void set_mkdir(const char *arg);
void set_rmdir(const char *arg);
void set_comm(const char *arg);
void set_close(const char *arg);
void set_fd(const char *arg);
void set_many_fds(const char *arg);
void set_soft(const char *arg);
void set_limit(const char *arg);
void set_env(const char *arg);
void set_clear_env(const char *arg);
void set_ignore(const char *arg);
void set_block(const char *arg);
void set_pend(const char *arg);
void set_umask(const char *arg);
void set_nice(const char *arg);
void set_alarm(const char *arg);
void set_session(const char *arg);
void set_no_new_privs(const char *arg);
void set_own_subreaper(const char *arg);
void set_fill_pipes(const char *arg);
/* Overwrites the argv area of this process; false if it is too small. */
bool set_title(char *area, size_t size, const char *title);

/* callwith_seccomp.c */
void set_deny(const char *arg);

/* callwith_run.c */
void run_program(const struct plan *plan, struct outcome *ret);

#endif
