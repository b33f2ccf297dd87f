/*
 * completion - answers bash's completion (the script in share/bash-completion asks) from the same
 * tables that parse the options, so the two cannot drift. Nothing here reads a file.
 */
#include "command.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

struct search {
    const char *word;             /* what is typed so far */
    const char *previous;         /* the word before it */
    const struct option_spec *of; /* that option's spec, if it takes a value */
};

static void find_option(const struct option_spec *spec, void *arg)
{
    struct search *search = arg;
    const char *previous = search->previous;
    bool named = previous[0] == '-' &&
                 (previous[1] == '-'
                      ? strcmp(spec->name, previous + 2) == 0
                      : spec->letter != 0 && previous[1] == spec->letter && previous[2] == '\0');

    if (named && spec->argument != NULL && spec->argument[0] != '[') {
        search->of = spec;
    }
}

static void print_option(const struct option_spec *spec, void *arg)
{
    const struct search *search = arg;
    char name[80];

    (void)snprintf(name, sizeof name, "--%s", spec->name);
    if (begins(name, search->word)) {
        (void)puts(name);
    }
}

static void print_choices(const char *choices, const char *word)
{
    while (*choices != '\0') {
        size_t n = strcspn(choices, "|");

        if (strncmp(choices, word, strlen(word)) == 0) {
            (void)printf("%.*s\n", (int)n, choices);
        }
        choices += n + (choices[n] == '|');
    }
}

static void complete_word(const struct command *command, const char *previous, const char *word)
{
    struct search search = {.word = word, .previous = previous};

    args_options(command, find_option, &search);
    if (search.of != NULL) {
        if (search.of->choices != NULL) {
            print_choices(search.of->choices, word);
        }
    } else if (word[0] == '-') {
        args_options(command, print_option, &search);
    }
}

static int run(struct context *ctx)
{
    size_t n = args_operands(ctx->args);
    const char *word = n > 0 ? args_operand(ctx->args, n - 1) : "";
    size_t before = 2;

    if (n > 2 && strcmp(word, "=") == 0) { /* bash parts --by=s into three words */
        word = "";
    } else if (n > 3 && strcmp(args_operand(ctx->args, n - 2), "=") == 0) {
        before = 3;
    }
    if (n == 1 && word[0] == '-') {
        print_choices("--help|--version", word);
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (n < 2) {
            if (begins(commands[i]->name, word)) {
                (void)puts(commands[i]->name);
            }
        } else if (strcmp(commands[i]->name, args_operand(ctx->args, 0)) == 0) {
            complete_word(commands[i], args_operand(ctx->args, n - before), word);
        }
    }
    return STATUS_FOUND;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "what bash can complete a command line with",
    .operands = "-- COMMAND WORD...",
    .operands_max = 4096,
    .run = run,
};
