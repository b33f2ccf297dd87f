/*
 * trace_input - see trace_input.h.
 *
 * Hostile: all of standard input. What comes of it is one printable word.
 */
#include "trace/trace_input.h"

#include "command.h"
#include "confine.h"
#include "context.h"
#include "records/records.h"
#include "show/show_find.h"
#include "show/show_input.h"
#include "show/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORD_MAX 998 /* RFC 5322 section 2.1.1: no Message-ID is longer */

/* The last Message-ID: of what is returned or attached, if there is such. */
static const char *last_msgid(const struct pasted *pasted)
{
    for (size_t i = pasted->count; i-- > 0;) {
        if (pasted->message[i].msgid != NULL && pasted->message[i].msgid[0] != '\0') {
            return pasted->message[i].msgid;
        }
    }
    return NULL;
}

/* Prints the word to `to`. Returns an enum status. */
static int find_word(struct context *ctx, struct records *records, char *text, size_t len, FILE *to)
{
    const char *word = show_input_word(text, len);
    const struct pasted_message *message;
    struct show_header header = {.trace = NULL};
    struct record_line record;
    struct pasted pasted;
    int status = STATUS_FOUND;

    if (word != NULL) {
        (void)fprintf(to, "%s\n", word);
        return STATUS_FOUND;
    }
    pasted_read(text, len, ctx->config.header.name, &pasted);
    message = show_input_choose(records, &pasted);
    if (message != NULL && show_header_read(message->header, &header) && header.trace != NULL) {
        word = header.trace;
        if (records_find(records, word, &record) &&
            verdict_reach(message, &header.facts, &record).kind == VERDICT_DIFFERS) {
            context_warn(ctx,
                         "the header in it is of another message, %s; what differs: mailorigin "
                         "show, with the same input",
                         word);
            word = NULL;
            status = STATUS_NOTHING;
        }
    } else {
        word = last_msgid(&pasted);
        status = word != NULL ? STATUS_FOUND
                              : context_fail(ctx,
                                             "there is no %s header with an id in what was pasted, "
                                             "nor a Message-ID",
                                             ctx->config.header.name);
    }
    if (word != NULL) {
        (void)fprintf(to, "%s\n", word);
    }
    free(header.storage);
    pasted_free(&pasted);
    return status;
}

static int child(struct context *ctx, FILE *to)
{
    struct records *records = records_open(ctx, NULL);
    int status = STATUS_FAILED;
    char *text;
    size_t len;

    if (records != NULL && confine(ctx, CONFINE_READ) && show_input_read(ctx, &text, &len)) {
        status = find_word(ctx, records, text, len, to);
    }
    return fclose(to) == 0 ? status : STATUS_FAILED;
}

/* A word of printable characters. */
static bool is_word(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f) {
            return false;
        }
    }
    return text[0] != '\0';
}

char *trace_input(struct context *ctx, int *ret_status)
{
    char word[WORD_MAX + 2] = "";
    int ends[2], status = 0;
    FILE *from;
    pid_t pid;

    *ret_status = STATUS_FAILED;
    (void)fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        (void)context_fail(ctx, "cannot start a process: %s", strerror(errno));
        return NULL;
    }
    if (pid == 0) {
        FILE *to = fdopen(ends[1], "w");

        (void)close(ends[0]);
        _exit(to == NULL ? STATUS_FAILED : child(ctx, to));
    }
    (void)close(ends[1]);
    from = fdopen(ends[0], "r");
    if (from != NULL && fgets(word, sizeof word, from) != NULL) {
        word[strcspn(word, "\n")] = '\0';
    }
    if (from != NULL) {
        (void)fclose(from);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status)) {
        (void)context_fail(ctx, "reading standard input broke off");
        return NULL;
    }
    if (WEXITSTATUS(status) != STATUS_FOUND) {
        *ret_status = WEXITSTATUS(status);
        return NULL;
    }
    if (!is_word(word)) {
        (void)context_fail(ctx, "the Message-ID in it is not printable");
        return NULL;
    }
    return context_copy(word, strlen(word));
}
