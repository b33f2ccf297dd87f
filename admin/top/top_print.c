/*
 * top_print - the rows of `mailorigin top`, and what stands below them.
 *
 * Hostile: all texts, which come escaped and are printed so (out.h). A directory or script that is
 * not surely the caller's is printed as "unknown, says ...", in JSON its certainty stands beside
 * it.
 */
#include "context.h"
#include "out.h"
#include "top/top.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define CELL_MAX 2600 /* two texts of a key and some words */

/* What a row is made from. */
struct row {
    const struct top_by *by;
    const struct top_totals *totals;
    bool by_rcpts;
    const struct aggregate_origin *sum;
    struct top_origin origin;
};

static const char *says(unsigned worth)
{
    return worth == ORIGIN_OWN ? "" : "unknown, says ";
}

static enum out_mood mood(unsigned worth)
{
    return worth == ORIGIN_OWN ? OUT_PLAIN : OUT_WARN;
}

/* Messages per hour, or per minute where that is at least one; JSON: per hour. One moment has no
 * rate. */
static void print_rate(struct out *out, const struct aggregate_origin *sum)
{
    double hours = (double)(sum->last - sum->first) / 3.6e9;
    double rate = hours > 0 ? (double)(sum->messages - 1) / hours : 0;

    if (hours <= 0 || sum->messages < 2) {
        out_string(out, "rate", "rate", NULL);
    } else if (out_is_json(out)) {
        out_real(out, "rate", "rate", rate, 3, "");
    } else if (rate >= 60) {
        out_real(out, "rate", "rate", rate / 60, rate >= 600 ? 0 : 1, "/min");
    } else {
        out_real(out, "rate", "rate", rate, rate >= 10 ? 0 : 1, "/h");
    }
}

static void print_numbers(struct out *out, const struct row *row)
{
    const struct aggregate_origin *sum = row->sum;
    double all = (double)(row->by_rcpts ? row->totals->rcpts : row->totals->messages);
    double mine = (double)(row->by_rcpts ? sum->rcpts : sum->messages);
    uint32_t bars[BINS_MAX];
    int64_t start, width;
    size_t n;

    out_mood(out, OUT_BOLD);
    out_number(out, "count", "count", sum->messages);
    out_number(out, "rcpts", "rcpts", sum->rcpts);
    out_real(out, "share", "share", all > 0 ? mine * 100 / all : 0, 1, " %");
    print_rate(out, sum);
    out_time(out, "first", "first", sum->first);
    out_time(out, "last", "last", sum->last);
    n = bins_chart(&sum->bins, row->totals->first / 1000000, row->totals->last / 1000000, bars,
                   &start, &width);
    out_bars(out, "bars", "over time", bars, n);
    out_time(out, "bars_start", NULL, start * 1000000);
    out_number(out, "bars_seconds", NULL, width);
}

/* JSON only: by what, and its value, the same two members whatever that is. */
static void print_generic(struct out *out, const struct row *row)
{
    char uid[32];

    out_string(out, "by", NULL, row->by->name);
    if (row->by->key == RECORD_KEYS) {
        (void)snprintf(uid, sizeof uid, "%lld", row->origin.uid);
        out_string(out, "origin", NULL, row->origin.uid < 0 ? NULL : uid);
    } else {
        out_escaped(out, "origin", NULL, row->origin.known ? row->origin.text.ptr : NULL,
                    row->origin.text.len);
    }
}

static void print_user(struct out *out, const struct row *row)
{
    struct top_part part;

    if (!row->by->uid) {
        return;
    }
    out_escaped(out, "host", row->totals->several_hosts ? "host" : NULL, row->origin.host.ptr,
                row->origin.host.len);
    if (row->origin.uid >= 0) {
        out_number(out, "uid", "uid", row->origin.uid);
    } else {
        out_string(out, "uid", "uid", NULL);
    }
    top_part_of(&row->sum->part[0], &part);
    out_escaped(out, "user", "user", part.user.len > 0 ? part.user.ptr : NULL, part.user.len);
}

/* Text: with the words in front; JSON: the value, and its certainty beside it. */
static void print_named(struct out *out, const char *key, const char *label, const char *worth_key,
                        struct slice text, unsigned worth)
{
    out_escaped(out, key, NULL, text.ptr, text.len);
    out_string(out, worth_key, NULL, origin_word((enum origin_worth)worth));
    out_mood(out, mood(worth));
    out_words(out, label, "%s%.*s", says(worth), (int)text.len, text.ptr);
}

static void print_owner(struct out *out, const char *key, int64_t owner)
{
    if (owner >= 0) {
        out_number(out, key, NULL, owner);
    }
}

/* By script, and none is known: the directory says a little. */
static void print_no_script(struct out *out, const struct row *row)
{
    const struct slice dir = row->origin.text;

    out_string(out, "script_certainty", NULL, origin_word(ORIGIN_NONE));
    if (row->origin.by_dir) {
        out_escaped(out, "cwd", NULL, dir.ptr, dir.len);
        out_string(out, "cwd_certainty", NULL,
                   origin_word((enum origin_worth)row->sum->part[0].worth));
    }
    out_mood(out, OUT_WARN);
    if (row->origin.by_dir) {
        out_words(out, "script", "unknown, called in %.*s", (int)dir.len, dir.ptr);
    } else {
        out_words(out, "script", "unknown");
    }
}

static void print_origin(struct out *out, const struct row *row)
{
    const struct top_origin *origin = &row->origin;

    if (row->by->key == RECORD_KEYS) {
        return; /* by user: the uid is all */
    }
    if (row->by->key == RECORD_SCRIPT) {
        if (!origin->known) {
            print_no_script(out, row);
            return;
        }
        print_named(out, "script", "script", "script_certainty", origin->text, row->sum->worth);
        print_owner(out, "script_uid", row->sum->owner);
        return;
    }
    if (!origin->known) {
        if (row->by->key == RECORD_CWD) {
            out_string(out, "cwd_certainty", NULL, origin_word(ORIGIN_NONE));
        }
        out_mood(out, OUT_WARN);
        out_string(out, NULL, row->by->key == RECORD_CWD ? "directory" : row->by->name, "unknown");
    } else if (row->by->key == RECORD_CWD) {
        print_named(out, "cwd", "directory", "cwd_certainty", origin->text, row->sum->worth);
        print_owner(out, "cwd_uid", row->sum->owner);
    } else {
        out_escaped(out, row->by->name, row->by->name, origin->text.ptr, origin->text.len);
    }
}

/* The name without the directory that the row has already. */
static struct slice shortened(const struct row *row, struct slice text)
{
    struct slice dir = row->origin.text;

    if (row->by->scripts && row->origin.known && text.len > dir.len + 1 &&
        memcmp(text.ptr, dir.ptr, dir.len) == 0 && text.ptr[dir.len] == '/') {
        text.ptr += dir.len + 1;
        text.len -= dir.len + 1;
    }
    return text;
}

/* "x.php 12 of 500 (fd)" */
static void print_part_text(struct out *out, const struct row *row,
                            const struct aggregate_part *sum, const struct top_part *part)
{
    char cell[CELL_MAX], how[64] = "", share[64] = "";
    struct slice text = shortened(row, part->text);
    int n;

    if (sum->messages < row->sum->messages) {
        (void)snprintf(share, sizeof share, " %lld of %lld", (long long)sum->messages,
                       (long long)row->sum->messages);
    }
    if (part->script_by.len > 0) {
        (void)snprintf(how, sizeof how, " (%.*s)", (int)part->script_by.len, part->script_by.ptr);
    }
    if (part->text.len == 0) {
        n = snprintf(cell, sizeof cell, "unknown%s", share);
    } else {
        n = snprintf(cell, sizeof cell, "%s%.*s%s%s", says(sum->worth), (int)text.len, text.ptr,
                     share, how);
    }
    out_list_add_escaped(out, cell, n < 0 ? 0 : (size_t)n);
}

static void print_part_json(struct out *out, const struct row *row,
                            const struct aggregate_part *sum, const struct top_part *part)
{
    bool known = part->text.len > 0;

    out_object_begin(out, NULL, NULL);
    if (known) {
        out_escaped(out, row->by->scripts ? "script" : "cwd", NULL, part->text.ptr, part->text.len);
    }
    if (part->script_by.len > 0) {
        out_escaped(out, "script_by", NULL, part->script_by.ptr, part->script_by.len);
    }
    out_string(out, row->by->scripts ? "script_certainty" : "cwd_certainty", NULL,
               origin_word(known ? (enum origin_worth)sum->worth : ORIGIN_NONE));
    out_number(out, "count", NULL, sum->messages);
    out_object_end(out);
}

static void print_parts(struct out *out, const struct row *row)
{
    const char *name = row->by->scripts ? "scripts" : "directories";
    const char *label = row->by->scripts ? "script" : "directory";
    const bool json = out_is_json(out);
    char more[64];
    int n;

    if (json) {
        out_number(out, row->by->scripts ? "script_variants" : "directory_variants", NULL,
                   (long long)row->sum->parts);
        out_array_begin(out, name, NULL);
    } else {
        out_list_begin(out, NULL, label);
    }
    for (size_t i = 0; i < AGGREGATE_PARTS && row->sum->part[i].messages > 0; i++) {
        struct top_part part;

        top_part_of(&row->sum->part[i], &part);
        if (json) {
            print_part_json(out, row, &row->sum->part[i], &part);
        } else {
            print_part_text(out, row, &row->sum->part[i], &part);
        }
    }
    if (json) {
        out_array_end(out);
        return;
    }
    if (row->sum->parts > AGGREGATE_PARTS) {
        n = snprintf(more, sizeof more, "%llu more",
                     (unsigned long long)row->sum->parts - AGGREGATE_PARTS);
        out_list_add_escaped(out, more, (size_t)n);
    }
    out_list_end(out);
}

static void print_row(struct out *out, const struct row *row)
{
    out_begin(out, "origin", OUT_TABLE);
    print_generic(out, row);
    print_numbers(out, row);
    print_user(out, row);
    print_origin(out, row);
    print_parts(out, row);
    out_end(out);
}

/* --- below the rows -------------------------------------------------------------------------- */

/* Whether text means the same to a shell without quotes. */
static bool is_plain(struct slice text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "/._-+,:@%";

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || strchr(plain, text.ptr[i]) == NULL) {
            return false;
        }
    }
    return text.len > 0;
}

/* The command that shows the largest origin's calls. host: whose uid it is, "" if there is one. */
static void next_step(struct out *out, const struct top_by *by, const struct top_origin *origin,
                      const char *host)
{
    const char *of = host[0] != '\0' ? " --host " : "";
    bool is_dir = by->key == RECORD_CWD || origin->by_dir;
    const char *option = is_dir                     ? "dir"
                         : by->key == RECORD_SENDER ? "from"
                         : by->key == RECORD_KEYS   ? ""
                                                    : by->name;
    bool text = (origin->known || origin->by_dir) && option[0] != '\0' && is_plain(origin->text);

    if (origin->uid < 0 && !text) {
        return;
    }
    if (!text) {
        out_note(out, "Its calls: mailorigin log%s%s --uid %lld", of, host, origin->uid);
    } else if (origin->uid < 0) {
        out_note(out, "Its calls: mailorigin log --%s %.*s", option, (int)origin->text.len,
                 origin->text.ptr);
    } else {
        out_note(out, "Its calls: mailorigin log%s%s --uid %lld --%s %.*s", of, host, origin->uid,
                 option, (int)origin->text.len, origin->text.ptr);
    }
}

/* What "message" ends in. */
static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* "2026-11-21 16:20:31", local time, for a sentence. */
static const char *when(int64_t us, char text[32])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        return "?";
    }
    return text;
}

static void print_sum(struct out *out, const struct top_totals *totals, uint64_t rows)
{
    char first[32], last[32];

    if (rows < totals->origins) {
        out_note(out, "%llu more origin%s; --limit 0 shows all.",
                 (unsigned long long)(totals->origins - rows), plural(totals->origins - rows));
    }
    out_note(out, "%lld message%s to %lld recipient%s from %llu origin%s, %s to %s.",
             (long long)totals->messages, plural((uint64_t)totals->messages),
             (long long)totals->rcpts, plural((uint64_t)totals->rcpts),
             (unsigned long long)totals->origins, plural(totals->origins),
             when(totals->first, first), when(totals->last, last));
}

static void print_totals(struct context *ctx, const struct top_totals *totals, uint64_t rows)
{
    struct out *out = ctx->out;

    if (totals->torn > 0) {
        context_warn(ctx, "%llu line%s torn or forged, and left out",
                     (unsigned long long)totals->torn, totals->torn == 1 ? " is" : "s are");
    }
    if (totals->messages > 0) {
        print_sum(out, totals, rows);
    } else {
        out_note(out, "No messages.");
    }
    if (totals->refused > 0 || totals->passed > 0) {
        out_note(
            out,
            "Not counted: %llu refused, %llu without a message of their own (mailq, sessions).",
            (unsigned long long)totals->refused, (unsigned long long)totals->passed);
    }
}

bool top_print(struct context *ctx, const struct top_by *by, struct aggregate *aggregate,
               const struct top_totals *totals, bool by_rcpts)
{
    struct aggregate_origin sum;
    struct row row = {.by = by, .totals = totals, .by_rcpts = by_rcpts, .sum = &sum};
    char first_text[AGGREGATE_KEY_MAX], host[TOP_HOST_MAX + 1] = "";
    struct top_origin first = {.uid = -1};
    uint64_t rows = 0;
    int more;

    while ((more = aggregate_next(aggregate, &sum)) > 0) {
        top_origin_of(&sum, &row.origin);
        if (rows++ == 0) {
            first = row.origin;
            memcpy(first_text, first.text.ptr, first.text.len);
            first.text.ptr = first_text;
            if (totals->several_hosts && is_plain(first.host)) {
                (void)snprintf(host, sizeof host, "%.*s", (int)first.host.len, first.host.ptr);
            }
        }
        print_row(ctx->out, &row);
    }
    if (more < 0) {
        return false;
    }
    print_totals(ctx, totals, rows);
    if (rows > 0) {
        next_step(ctx->out, by, &first, host);
    }
    return true;
}
