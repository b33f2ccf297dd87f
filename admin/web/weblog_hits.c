/*
 * weblog_hits - the lines that fit a call: a line is there once, however many calls it fits, and of
 * each call only the best are kept.
 *
 * Hostile: the lines, and how many there are.
 */
#include "web/weblog_parts.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_USER 1000 /* Debian Policy 9.2.2: below are accounts of the system */

/* --- lines ----------------------------------------------------------------------------------- */

bool weblog_take(struct weblog_reading *reading, const struct weblogfile_from *from,
                 const char *text, size_t len)
{
    const struct weblog_log *log = &reading->weblog->log[reading->log];

    weblog_let_go(reading);
    reading->number = ++reading->weblog->line_number;
    reading->from = from;
    reading->text = text;
    reading->len = len;
    for (size_t i = 0; i < log->format_count; i++) {
        if (weblogformat_match(log->format[i], text, len, &reading->row)) {
            reading->format = log->format[i];
            return true;
        }
    }
    return false;
}

/* He could name an innocent visitor as the worker's. (In some layouts a log is its customer's, who
 * may have calls under a uid that all share.) */
bool weblog_forgeable(const struct weblog_reading *reading, const struct weblog_call *call)
{
    const struct weblogfile_from *from = reading->from;

    if (from->anybody || (from->owner != 0 && (long long)from->owner == call->kind->place->uid)) {
        return true;
    }
    return from->owner >= FIRST_USER && from->owner != geteuid();
}

void weblog_let_go(struct weblog_reading *reading)
{
    weblog_line_free(reading->kept);
    reading->kept = NULL;
}

static const char *keep_name(struct weblog *weblog, const char *name)
{
    /* One file is read after the other: it is the last one, if it is there. */
    if (weblog->file_count > 0 && strcmp(weblog->file[weblog->file_count - 1], name) == 0) {
        return weblog->file[weblog->file_count - 1];
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    weblog->file = context_realloc(weblog->file, (weblog->file_count + 1) * sizeof *weblog->file);
    weblog->file[weblog->file_count] = context_copy(name, strlen(name));
    return weblog->file[weblog->file_count++];
}

struct weblog_line *weblog_keep_line(struct weblog_reading *reading)
{
    struct weblog_line *line = reading->kept;

    if (line == NULL) {
        line = context_alloc(sizeof *line + reading->len + 1);
        *line = (struct weblog_line){.refs = 1, /* reading's */
                                     .log = &reading->weblog->log[reading->log],
                                     .format = reading->format,
                                     .file = keep_name(reading->weblog, reading->from->name),
                                     .row = reading->row};
        memcpy(line->text, reading->text, reading->len);
        line->text[reading->len] = '\0';
        for (size_t i = 0; i < WEBFIELDS; i++) {
            if (line->row.value[i].ptr != NULL) {
                line->row.value[i].ptr = line->text + (line->row.value[i].ptr - reading->text);
            }
        }
        reading->kept = line;
    }
    line->refs++;
    return line;
}

void weblog_line_free(struct weblog_line *line)
{
    if (line != NULL && --line->refs == 0) {
        free(line);
    }
}

/* --- of a call ------------------------------------------------------------------------------- */

bool weblog_hit_inside(const struct weblog_hit *hit, int64_t slack)
{
    return hit->end_known && hit->moment >= hit->start_low - slack &&
           hit->moment <= hit->end_high + slack;
}

bool weblog_began_later(const struct weblog_hit *a, const struct weblog_hit *b)
{
    return a->start_low != b->start_low ? a->start_low > b->start_low : a->order > b->order;
}

/* Less than 0: a is the better. */
static int compare(const struct weblog_hit *a, const struct weblog_hit *b)
{
    if (a->certain != b->certain) {
        return a->certain ? -1 : 1;
    }
    if (a->later != b->later) {
        return a->later ? 1 : -1;
    }
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->slow_only != b->slow_only) {
        return a->slow_only ? 1 : -1;
    }
    if (a->post != b->post) {
        return a->post ? -1 : 1;
    }
    return a->away < b->away ? -1 : a->away > b->away;
}

/* Which of the worker's lines is kept where there is no room for all: what ran at that moment, then
 * what it had begun last, since that is what weblog_narrow decides by. */
static int compare_kept(const struct weblog_hit *a, const struct weblog_hit *b)
{
    bool inside = weblog_hit_inside(a, WEBLOG_TIGHT);

    if (!a->pid) {
        return compare(a, b);
    }
    if (inside != weblog_hit_inside(b, WEBLOG_TIGHT)) {
        return inside ? -1 : 1;
    }
    return weblog_began_later(a, b) ? -1 : 1;
}

static int compare_hits(const void *a, const void *b)
{
    return compare(a, b);
}

void weblog_hits_sort(struct weblog_call *call)
{
    if (call->hit_count > 1) {
        qsort(call->hit, call->hit_count, sizeof *call->hit, compare_hits);
    }
}

static void find_worst(struct weblog_call *call)
{
    call->worst = 0;
    for (size_t i = 1; i < call->hit_count; i++) {
        if (compare_kept(&call->hit[i], &call->hit[call->worst]) > 0) {
            call->worst = i;
        }
    }
}

void weblog_keep_hit(struct weblog_reading *reading, struct weblog_call *call,
                     struct weblog_hit *hit)
{
    call->total++;
    if (call->hit_count < reading->hits_max) {
        if (call->hit_count == call->hit_room) {
            call->hit_room = call->hit_room == 0 ? 2 : 2 * call->hit_room;
            call->hit = context_realloc(call->hit, call->hit_room * sizeof *call->hit);
        }
        hit->line = weblog_keep_line(reading);
        call->hit[call->hit_count++] = *hit;
        if (call->hit_count == reading->hits_max) {
            find_worst(call);
        }
        return;
    }
    if (compare_kept(hit, &call->hit[call->worst]) >= 0) {
        call->crowded |= hit->pid && weblog_hit_inside(hit, WEBLOG_TIGHT);
        return;
    }
    call->crowded |= hit->pid && weblog_hit_inside(&call->hit[call->worst], WEBLOG_TIGHT);
    weblog_line_free(call->hit[call->worst].line);
    hit->line = weblog_keep_line(reading);
    call->hit[call->worst] = *hit;
    find_worst(call);
}

void weblog_drop_hit(struct weblog_call *call, size_t i)
{
    weblog_line_free(call->hit[i].line);
    weblog_line_free(call->hit[i].also);
    call->hit[i] = call->hit[--call->hit_count];
}

void weblog_hits_clear(struct weblog_call *call)
{
    while (call->hit_count > 0) {
        weblog_drop_hit(call, call->hit_count - 1);
    }
    free(call->hit);
    call->hit = NULL;
    call->hit_room = call->total = 0;
    call->crowded = false;
}
