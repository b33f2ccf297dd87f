/*
 * records_split - what is to be read, cut into parts for several threads: see records_split in
 * records.h.
 *
 * Hostile: the content; a line without an end cannot be cut, then there is one part less. On
 * failure: nothing can fail but memory.
 */
#include "context.h"
#include "filter.h"
#include "records/records_private.h"

#include <stdlib.h>

/* What a byte of a compressed file costs, in bytes of a plain one: it is ten to fifteen when it is
 * uncompressed, and that takes three times as long as reading them. */
#define GZIP_COST 40

struct cutter {
    struct records *whole;
    struct records **part;
    size_t count; /* of the parts there are; the last one is being filled */
    size_t most;
    size_t next;       /* which goal comes: where the cuts should be, of `most` equal parts */
    int64_t done, all; /* what is given to parts, and what there is, in bytes of a plain file */
};

static void next_part(struct cutter *cutter)
{
    const struct records *whole = cutter->whole;
    struct records *part = context_alloc(sizeof *part);

    *part = (struct records){
        .ctx = whole->ctx,
        .filter = whole->filter,
        .filtering = whole->filtering,
        .part = true,
    };
    cutter->part[cutter->count++] = part;
}

static bool is_empty(const struct cutter *cutter)
{
    return cutter->part[cutter->count - 1]->count == 0;
}

static void give(struct cutter *cutter, const struct records_input *input, struct source *source)
{
    struct records_input mine = *input;

    mine.source = source;
    mine.of = (size_t)(input - cutter->whole->input);
    records_add_input(cutter->part[cutter->count - 1], &mine);
}

static void give_whole(struct cutter *cutter, struct records_input *input)
{
    give(cutter, input, input->source);
    input->source = NULL;
}

/* How much there is to read, as far as is known: nobody knows of a pipe. */
static int64_t cost_of(const struct records_input *input)
{
    int64_t size = source_size(input->source);

    if (source_plain(input->source)) {
        int64_t left = size - source_offset(input->source);

        return left > 0 ? left : 0;
    }
    return size < 0 ? 0 : size * GZIP_COST;
}

/* Whether a goal lies before the end; *ret is where. It is then the next one's turn. */
static bool take_goal(struct cutter *cutter, int64_t end, int64_t *ret)
{
    int64_t goal = cutter->all / (int64_t)cutter->most * (int64_t)cutter->next;

    if (cutter->next >= cutter->most || goal >= end) {
        return false;
    }
    cutter->next++;
    *ret = goal;
    return true;
}

/* The first line that begins at or behind wanted; -1: there is none, but one of megabytes, or the
 * file's end is not where it was. */
static int64_t line_behind(const struct records *whole, const struct source *source, int64_t wanted)
{
    struct source *probe = source_part(whole->ctx, source, wanted, INT64_MAX);
    int64_t offset = source_seek(probe, wanted) ? source_offset(probe) : -1;

    source_close(probe);
    return offset < wanted ? -1 : offset;
}

static void cut_plain(struct cutter *cutter, struct records_input *input)
{
    const struct records *whole = cutter->whole;
    const int64_t begin = source_offset(input->source), cost = cost_of(input);
    int64_t from = begin, goal;

    while (take_goal(cutter, cutter->done + cost, &goal)) {
        int64_t wanted = begin + goal - cutter->done;
        int64_t cut = wanted <= begin ? begin : line_behind(whole, input->source, wanted);

        if (cut > from && cut < begin + cost) {
            give(cutter, input, source_part(whole->ctx, input->source, from, cut));
            next_part(cutter);
            from = cut;
        } else if (cut == begin && !is_empty(cutter)) {
            next_part(cutter);
        }
    }
    if (from == begin) {
        give_whole(cutter, input);
    } else {
        give(cutter, input, source_part(whole->ctx, input->source, from, INT64_MAX));
    }
    cutter->done += cost;
}

/* What cannot be cut goes where most of it should be. */
static void place_whole(struct cutter *cutter, struct records_input *input)
{
    const int64_t cost = cost_of(input);
    int64_t goal;

    while (take_goal(cutter, cutter->done + cost / 2, &goal)) {
        if (!is_empty(cutter)) {
            next_part(cutter);
        }
    }
    give_whole(cutter, input);
    cutter->done += cost;
}

/* Whether it can be parted: the end of what is wanted is found by reading on, one line behind the
 * other (is_beyond in records.c), and so is what came twice in a collector's log; the journal's
 * library wants one thread. */
static bool can_split(const struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        if (records->input[i].central) {
            return false;
        }
    }
    return records->journal == NULL &&
           (records->filter == NULL || records->filter->until == INT64_MAX);
}

size_t records_split(struct records *records, size_t most, int64_t least,
                     struct records **ret_parts)
{
    struct cutter cutter = {.whole = records, .part = ret_parts, .most = 1, .next = 1};

    if (most > 1 && can_split(records)) {
        for (size_t i = records->current; i < records->count; i++) {
            if (source_plain(records->input[i].source)) {
                records_begin_input(records, &records->input[i]);
            }
            cutter.all += cost_of(&records->input[i]);
        }
        while (cutter.most < most && cutter.all / (int64_t)(cutter.most + 1) >= least) {
            cutter.most++;
        }
    }
    next_part(&cutter);
    for (size_t i = records->current; i < records->count; i++) {
        struct records_input *input = &records->input[i];

        if (source_plain(input->source)) {
            cut_plain(&cutter, input);
        } else {
            place_whole(&cutter, input);
        }
    }
    records->current = records->count;
    ret_parts[cutter.count - 1]->journal = records->journal;
    ret_parts[cutter.count - 1]->use_journal = records->use_journal;
    records->journal = NULL;
    ret_parts[cutter.count - 1]->journal_repeats = records->journal_repeats;
    ret_parts[cutter.count - 1]->repeats = records->repeats;
    records->repeats = NULL;
    return cutter.count;
}

void records_set_context(struct records *records, struct context *ctx)
{
    records->ctx = ctx;
    for (size_t i = 0; i < records->count; i++) {
        source_set_context(records->input[i].source, ctx);
    }
}

void records_join(struct records *records, struct records *part)
{
    records->torn += part->torn;
    for (size_t i = 0; i < part->count; i++) {
        struct records_input *mine = &part->input[i];
        struct records_input *input = &records->input[mine->of];

        input->lines |= mine->lines;
        input->any |= mine->any;
        input->troubled |= mine->troubled;
        if (input->source == NULL) {
            source_set_context(mine->source, records->ctx);
            input->source = mine->source;
            mine->source = NULL;
        }
    }
    records_close(part);
}

void records_join_end(struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        records_say_if_wrong(records, &records->input[i]);
    }
}
