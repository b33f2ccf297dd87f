/* args - see args.h. No hostile input: our own command line. What is wrong with it is said, and
 * ends the command. */
#include "args.h"

#include "command.h"
#include "context.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 64 /* of one command, the shared ones among them */

static const struct option_spec common_options[] = {
    {"json", 'j', NULL, NULL, "print JSON Lines (docs/json.md) instead of text"},
    {"color", 0, "WHEN", "auto|always|never", "colour the text; auto: on a terminal only"},
    {"help", 'h', NULL, NULL, "show this text"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct option_spec time_options[] = {
    {"since", 0, "TIME", NULL,
     "not before: 10m, 2h, 3d, today, yesterday, 16:20, 2026-11-21 16:20, epoch seconds"},
    {"until", 0, "TIME", NULL, "not after"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct option_spec filter_options[] = {
    {"uid", 0, "UID", NULL, "the caller's user ID"},
    {"user", 0, "NAME", NULL, "the caller's user name or ID"},
    {"dir", 'd', "DIR", NULL, "working directory: this one and all below it"},
    {"script", 0, "FILE", NULL, "path of the script, or its name without directory"},
    {"unit", 0, "UNIT", NULL, "systemd unit"},
    {"from", 0, "TEXT", NULL, "From or sender address, or a part of it"},
    {"host", 0, "NAME", NULL, "the server's name, in a log of several"},
    {"caller", 0, "TEXT", NULL, "the caller's command line, or a part of it"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct option_spec log_options[] = {
    {"log", 'l', "FILE", NULL,
     "read this log (a file log, a syslog file, .gz, -) instead of the configured one; repeatable"},
    {"central", 0, NULL, NULL, "on a collector: read the log of many servers (docs/central.md)"},
    {"journal", 0, NULL, NULL, "read the systemd journal"},
    {"journal-dir", 0, "DIR", NULL, "read the journal's files in DIR"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct option_spec mail_options[] = {
    {"mail-log", 0, "FILE", NULL, "the mail server's log instead of the usual ones; repeatable"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct option_spec web_options[] = {
    {"access-log", 0, "FILE", NULL,
     "the web server's log instead of those found in its configuration; repeatable"},
    {"log-format", 0, "FORMAT", NULL,
     "its format: an Apache LogFormat, an nginx log_format, a php-fpm access.format, or a usual "
     "name"},
    {"window", 0, "SECONDS", NULL,
     "how long a request may have run before or after it sent mail (300)"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct option_spec act_options[] = {
    {"yes", 'y', NULL, NULL, "act; without it only show what would be done"},
    {"mta", 0, "NAME", "postfix|sendmail|exim", "whose queue, where several are installed"},
    {NULL, 0, NULL, NULL, NULL}};

struct given {
    const struct option_spec *spec;
    const char *value;
};

struct args {
    struct given *given;
    size_t given_count;
    const char **operand;
    size_t operand_count;
};

/* --- the tables ------------------------------------------------------------------------------ */

void args_options(const struct command *command,
                  void (*each)(const struct option_spec *spec, void *arg), void *arg)
{
    const struct {
        unsigned group;
        const struct option_spec *options;
    } tables[] = {{0, command->options},          {GROUP_TIME, time_options},
                  {GROUP_FILTER, filter_options}, {GROUP_ACT, act_options},
                  {GROUP_LOG, log_options},       {GROUP_MAIL, mail_options},
                  {GROUP_WEB, web_options},       {0, common_options}};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (tables[i].options == NULL ||
            (tables[i].group != 0 && (command->groups & tables[i].group) == 0)) {
            continue;
        }
        for (const struct option_spec *spec = tables[i].options; spec->name != NULL; spec++) {
            each(spec, arg);
        }
    }
}

struct option_set {
    const struct option_spec *spec[OPTIONS_MAX];
    size_t count;
};

static void collect(const struct option_spec *spec, void *arg)
{
    struct option_set *set = arg;

    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->spec[i]->name, spec->name) == 0) {
            return; /* a command's own option replaces a shared one of that name */
        }
    }
    if (set->count < OPTIONS_MAX) {
        set->spec[set->count++] = spec;
    }
}

static bool optional_argument_of(const struct option_spec *spec)
{
    return spec->argument != NULL && spec->argument[0] == '[';
}

/* What getopt_long(3) wants to have: long options whose values are indices of the set from
 * LONG_BASE on. */
enum { LONG_BASE = 256 };

static void getopt_tables(const struct option_set *set, struct option *longs, char *shorts)
{
    *shorts++ = ':';
    for (size_t i = 0; i < set->count; i++) {
        const struct option_spec *spec = set->spec[i];
        int takes = spec->argument == NULL       ? no_argument
                    : optional_argument_of(spec) ? optional_argument
                                                 : required_argument;

        longs[i] = (struct option){.name = spec->name, .has_arg = takes, .val = LONG_BASE + (int)i};
        if (spec->letter != 0) {
            *shorts++ = spec->letter;
            if (takes == required_argument) {
                *shorts++ = ':';
            }
        }
    }
    longs[set->count] = (struct option){0};
    *shorts = '\0';
}

static const struct option_spec *spec_of(const struct option_set *set, int code)
{
    if (code >= LONG_BASE) {
        return set->spec[code - LONG_BASE];
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->spec[i]->letter != 0 && set->spec[i]->letter == code) {
            return set->spec[i];
        }
    }
    return NULL;
}

/* --- parsing --------------------------------------------------------------------------------- */

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (const char *at = choices;; at++) {
        size_t len = strcspn(at, "|");

        if (len == n && memcmp(at, value, n) == 0) {
            return true;
        }
        at += len;
        if (*at == '\0') {
            return false;
        }
    }
}

static void add_given(struct args *args, const struct option_spec *spec, const char *value)
{
    args->given = context_realloc(args->given, (args->given_count + 1) * sizeof args->given[0]);
    args->given[args->given_count++] =
        (struct given){.spec = spec, .value = value != NULL ? value : ""};
}

static bool parse_options(struct context *ctx, struct args *args, const struct option_set *set,
                          int argc, char **argv)
{
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 2];
    int code;

    getopt_tables(set, longs, shorts);
    optind = 0; /* a fresh start, and argv may be reordered */
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_spec *spec;

        if (code == ':') {
            (void)context_fail(ctx, "%s needs a value; see --help", argv[optind - 1]);
            return false;
        }
        if (code == '?') {
            (void)context_fail(ctx, "%s is no option of it, or not clear; see --help",
                               optopt > 0 && optopt < LONG_BASE ? (char[]){'-', (char)optopt, 0}
                                                                : argv[optind - 1]);
            return false;
        }
        spec = spec_of(set, code);
        if (spec == NULL) {
            return false;
        }
        if (spec->choices != NULL && optarg != NULL && !is_choice(spec->choices, optarg)) {
            (void)context_fail(ctx, "--%s: %s is none of %s", spec->name, optarg, spec->choices);
            return false;
        }
        add_given(args, spec, optarg);
    }
    for (int i = optind; i < argc; i++) {
        args->operand[args->operand_count++] = argv[i];
    }
    return true;
}

static bool operands_fit(struct context *ctx, const struct command *command,
                         const struct args *args)
{
    if (args_has(args, "help")) {
        return true;
    }
    if (args->operand_count > command->operands_max) {
        (void)context_fail(ctx, "%s: nothing more is expected here; see --help",
                           args->operand[command->operands_max]);
        return false;
    }
    if (args->operand_count < command->operands_min) {
        (void)context_fail(ctx, "%s is missing; see --help", command->operands);
        return false;
    }
    return true;
}

struct args *args_parse(struct context *ctx, const struct command *command, int argc, char **argv)
{
    struct option_set set = {.count = 0};
    struct args *args = context_alloc(sizeof *args);

    *args = (struct args){.operand = context_alloc(((size_t)argc + 1) * sizeof *args->operand)};
    args_options(command, collect, &set);
    opterr = 0;
    if (!parse_options(ctx, args, &set, argc, argv) || !operands_fit(ctx, command, args)) {
        args_free(args);
        return NULL;
    }
    return args;
}

void args_free(struct args *args)
{
    if (args != NULL) {
        free(args->given);
        free(args->operand);
        free(args);
    }
}

/* --- looking up ------------------------------------------------------------------------------ */

const char *args_get(const struct args *args, const char *name)
{
    for (size_t i = args->given_count; i > 0; i--) {
        if (strcmp(args->given[i - 1].spec->name, name) == 0) {
            return args->given[i - 1].value;
        }
    }
    return NULL;
}

bool args_has(const struct args *args, const char *name)
{
    return args_get(args, name) != NULL;
}

const char *args_each(const struct args *args, const char *name, size_t *cursor)
{
    while (*cursor < args->given_count) {
        const struct given *given = &args->given[(*cursor)++];

        if (strcmp(given->spec->name, name) == 0) {
            return given->value;
        }
    }
    return NULL;
}

bool args_number(struct context *ctx, const char *name, long long min, long long max,
                 long long *ret)
{
    const char *text = args_get(ctx->args, name);
    char *end;
    long long value;

    if (text == NULL) {
        return true;
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    if (text[0] == '\0' || *end != '\0' || errno != 0 || value < min || value > max) {
        (void)context_fail(ctx, "--%s: %s is no number from %lld to %lld", name, text, min, max);
        return false;
    }
    *ret = value;
    return true;
}

size_t args_operands(const struct args *args)
{
    return args->operand_count;
}

const char *args_operand(const struct args *args, size_t index)
{
    return index < args->operand_count ? args->operand[index] : NULL;
}

/* --- the usage text -------------------------------------------------------------------------- */

#define HELP_COLUMN 26

static void usage_line(const struct option_spec *spec, FILE *to)
{
    char left[80];
    bool optional = optional_argument_of(spec);
    int n =
        snprintf(left, sizeof left, "  %c%c%c --%s%s%s", spec->letter != 0 ? '-' : ' ',
                 spec->letter != 0 ? spec->letter : ' ', spec->letter != 0 ? ',' : ' ', spec->name,
                 spec->argument == NULL ? ""
                 : optional             ? "[="
                                        : " ",
                 spec->argument == NULL ? ""
                 : optional             ? spec->argument + 1
                                        : spec->argument);

    if (n >= HELP_COLUMN) {
        (void)fprintf(to, "%s\n%*s", left, HELP_COLUMN, "");
    } else {
        (void)fprintf(to, "%-*s", HELP_COLUMN, left);
    }
    (void)fprintf(to, "%s", spec->help);
    if (spec->choices != NULL) {
        (void)fprintf(to, ": %s", spec->choices);
    }
    (void)fputc('\n', to);
}

void args_usage(const struct command *command, FILE *to)
{
    struct option_set set = {.count = 0};

    (void)fprintf(to, "usage: mailorigin %s [options]%s%s\n%c%s.\n", command->name,
                  command->operands[0] != '\0' ? " " : "", command->operands,
                  toupper((unsigned char)command->summary[0]), command->summary + 1);
    if (command->details != NULL) {
        size_t n = strlen(command->details);

        (void)fprintf(to, "\n%s%s", command->details,
                      n > 0 && command->details[n - 1] == '\n' ? "" : "\n");
    }
    (void)fputs("\noptions:\n", to);
    args_options(command, collect, &set);
    for (size_t i = 0; i < set.count; i++) {
        usage_line(set.spec[i], to);
    }
    (void)fputs("\nexit status: 0 found, 1 nothing, 2 usage or system error, 3 a source could not "
                "be read\n",
                to);
}
