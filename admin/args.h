/*
 * args - a command's options and operands. One array of option_spec makes the parsing, the usage
 * text and the completion.
 */
#ifndef MO_ARGS_H
#define MO_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct command;
struct context;

struct option_spec {
    const char *name;     /* long name, without dashes; NULL ends an array */
    char letter;          /* short form, or 0 */
    const char *argument; /* what it is called in the usage; NULL: takes none */
    const char *choices;  /* "dir|script|user": all that the argument may be; NULL: anything */
    const char *help;
};

struct args; /* opaque */

/*
 * Reads argv[1..argc) (argv[0] is the command's name) by the command's options, its groups, and
 * those that all have (--json, --color, --help). Options and operands may be mixed; "--" ends the
 * options. Long options may be cut short as with getopt_long(3). Returns NULL after a message that
 * names the option and what it may be. Strings stay argv's. Free with args_free.
 */
struct args *args_parse(struct context *ctx, const struct command *command, int argc, char **argv);
void args_free(struct args *args);

/* The option's value: the last one given; "" for one that takes none; NULL if it was not given. */
const char *args_get(const struct args *args, const char *name);
bool args_has(const struct args *args, const char *name);

/* All values of an option that may be repeated. *cursor starts at 0. NULL after the last. */
const char *args_each(const struct args *args, const char *name, size_t *cursor);

/* A decimal number min..max; ret is untouched if the option was not given. Returns false after a
 * message (the caller returns STATUS_FAILED). */
bool args_number(struct context *ctx, const char *name, long long min, long long max,
                 long long *ret);

size_t args_operands(const struct args *args);
const char *args_operand(const struct args *args, size_t index); /* NULL behind the last */

/* The usage text of a command. */
void args_usage(const struct command *command, FILE *to);

/* Calls each for every option that the command knows, for completion. */
void args_options(const struct command *command,
                  void (*each)(const struct option_spec *spec, void *arg), void *arg);

#endif
