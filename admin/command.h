/*
 * command - what a subcommand of mailorigin is: a name, what it takes, and a function. One array of
 * them (main.c) makes the dispatch, the usage texts and the completion.
 */
#ifndef MO_COMMAND_H
#define MO_COMMAND_H

#include "args.h"
#include "context.h"

/* Options that several commands share; the tables are in args.c. */
enum {
    GROUP_TIME = 1,   /* --since --until */
    GROUP_FILTER = 2, /* --uid --user --dir --script --unit --from --host --caller */
    GROUP_LOG = 4,    /* --log --journal: where the wrapper's records are */
    GROUP_MAIL = 8,   /* --mail-log: where the mail server's log is */
    GROUP_WEB = 16,   /* --access-log --log-format --window */
    GROUP_ACT = 32,   /* --yes --mta */
};

struct command {
    const char *name;
    const char *summary;               /* a phrase for the list of commands */
    const char *operands;              /* as in the usage line: "ID", "[ID]"; "" if none */
    const char *details;               /* more lines for --help, or NULL */
    const struct option_spec *options; /* of its own, ended by a NULL name; or NULL */
    unsigned groups;                   /* GROUP_*: the shared options it takes */
    unsigned operands_min, operands_max;
    int (*run)(struct context *ctx); /* returns an enum status */
};

/* Every command, ended by NULL. */
extern const struct command *const commands[];

extern const struct command command_top, command_log, command_show, command_trace, command_web,
    command_queue, command_hold, command_release, command_drop, command_undo, command_clients,
    command_direct, command_report, command_check, command_completion;

#endif
