/*
 * check - is the set-up sound? Each finding with the line that mends it.
 *
 * The areas (check_<area>.c) look, this file tells: the worst first. What could not be looked at is
 * said, and makes the exit status 3. Input is the machine's configuration, root's for the most
 * part, and logs, which anybody writes to: what needs root for more than reading is done first,
 * then root is given up (confine.h). All of it is printed escaped.
 */
#include "check/findings.h"

#include "command.h"
#include "confine.h"
#include "out.h"
#include "wrapper/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

enum severity { BAD, WARN, NOTE, OK };

static const struct {
    enum severity severity;
    const char *name, *meaning;
} table[] = {
#define CHECK_ROW(id, severity, name, meaning) [CHECK_##id] = {severity, name, meaning},
    CHECK_FINDINGS(CHECK_ROW)
#undef CHECK_ROW
};

static const char *const severity_names[] = {
    [BAD] = "bad", [WARN] = "warn", [NOTE] = "note", [OK] = "ok"};

struct finding {
    enum check_id id;
    char *what, *fix;
    size_t order; /* in which it was said */
};

struct check {
    struct context *ctx;
    struct finding *list;
    size_t count;
};

struct context *check_context(struct check *check)
{
    return check->ctx;
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
    char *text = context_alloc(TEXT_MAX);

    if (vsnprintf(text, TEXT_MAX, format, args) < 0) {
        text[0] = '\0';
    }
    return text;
}

void check_say(struct check *check, enum check_id id, const char *format, ...)
{
    va_list args;

    check->list = context_realloc(check->list, (check->count + 1) * sizeof check->list[0]);
    va_start(args, format);
    check->list[check->count++] = (struct finding){.id = id, .what = format_text(format, args)};
    va_end(args);
}

void check_fix(struct check *check, const char *format, ...)
{
    va_list args;

    if (check->count > 0) {
        free(check->list[check->count - 1].fix);
        va_start(args, format);
        check->list[check->count - 1].fix = format_text(format, args);
        va_end(args);
    }
}

static size_t count_of(const struct check *check, enum severity severity)
{
    size_t n = 0;

    for (size_t i = 0; i < check->count; i++) {
        n += table[check->list[i].id].severity == severity;
    }
    return n;
}

size_t check_worse(const struct check *check)
{
    return count_of(check, BAD) + count_of(check, WARN);
}

bool check_found(const struct check *check, enum check_id id)
{
    for (size_t i = 0; i < check->count; i++) {
        if (check->list[i].id == id) {
            return true;
        }
    }
    return false;
}

/* --- telling ----------------------------------------------------------------------------- */

/* To be pasted: quotes and backslashes stand as they are, all else that a terminal must not see is
 * escaped. In JSON it is a string like the others. */
static void put_fix(struct out *out, const char *fix)
{
    char text[4 * TEXT_MAX + 1];
    struct strbuf sb;
    size_t n = 0;

    if (fix == NULL) {
        return;
    }
    if (out_is_json(out)) {
        out_string(out, "fix", NULL, fix);
        return;
    }
    strbuf_init(&sb, text, sizeof text);
    (void)codec_escape(&sb, fix, strlen(fix), sizeof text - 1);
    for (size_t i = 0; i < sb.len; i++) {
        i += text[i] == '\\' && (text[i + 1] == '\\' || text[i + 1] == '"');
        text[n++] = text[i];
    }
    out_escaped(out, NULL, "fix", text, n);
}

static void put(struct out *out, const struct finding *f)
{
    static const enum out_mood moods[] = {
        [BAD] = OUT_BAD, [WARN] = OUT_WARN, [NOTE] = OUT_PLAIN, [OK] = OUT_GOOD};
    enum severity severity = table[f->id].severity;

    out_begin(out, "finding", OUT_BLOCK);
    out_string(out, "severity", NULL, severity_names[severity]);
    out_string(out, "finding", NULL, table[f->id].name);
    out_mood(out, moods[severity]);
    out_string(out, "what", severity_names[severity], f->what);
    put_fix(out, f->fix);
    out_end(out);
}

static void tell(struct check *check)
{
    struct out *out = check->ctx->out;
    bool all = out_is_json(out) || args_has(check->ctx->args, "all");

    for (enum severity s = BAD; s <= OK; s++) {
        for (size_t i = 0; i < check->count; i++) {
            if (table[check->list[i].id].severity == s && (s != OK || all)) {
                put(out, &check->list[i]);
            }
        }
    }
    out_note(out, "%s%zu bad, %zu warnings, %zu notes, %zu sound%s",
             check->count > 0 ? "" : "Nothing to check: ", count_of(check, BAD),
             count_of(check, WARN), count_of(check, NOTE), count_of(check, OK),
             all || count_of(check, OK) == 0 ? "" : " (--all shows those, too)");
}

static int by_table(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    return x->id != y->id        ? (x->id < y->id ? -1 : 1)
           : x->order < y->order ? -1
                                 : x->order > y->order;
}

/* In the table's order, not in that in which the areas had to be looked at. */
static void sort(struct check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        check->list[i].order = i;
    }
    if (check->count > 0) {
        qsort(check->list, check->count, sizeof check->list[0], by_table);
    }
}

static int list_findings(struct out *out)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        out_begin(out, "finding_kind", OUT_TABLE);
        out_string(out, "finding", "finding", table[i].name);
        out_string(out, "severity", "severity", severity_names[table[i].severity]);
        out_string(out, "meaning", "meaning", table[i].meaning);
        out_end(out);
    }
    return STATUS_FOUND;
}

static int run(struct context *ctx)
{
    /* They run programs, and ask the kernel about other users' processes. */
    static void (*const as_root[])(struct check *) = {check_install, check_port25, check_bypass};
    static void (*const areas[])(struct check *) = {check_log, check_rotation, check_syslog,
                                                    check_php, check_web};
    struct check check = {.ctx = ctx};
    bool worse;

    if (args_has(ctx->args, "list")) {
        return list_findings(ctx->out);
    }
    for (size_t i = 0; i < sizeof as_root / sizeof as_root[0]; i++) {
        as_root[i](&check);
    }
    if (!confine(ctx, CONFINE_READ)) {
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        areas[i](&check);
    }
    sort(&check);
    tell(&check);
    worse = check_worse(&check) > 0;
    for (size_t i = 0; i < check.count; i++) {
        free(check.list[i].what);
        free(check.list[i].fix);
    }
    free(check.list);
    return context_status(ctx, !worse);
}

static const struct option_spec options[] = {
    {"all", 'a', NULL, NULL, "show what is sound, too"},
    {"list", 0, NULL, NULL, "only list what is looked for"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_check = {
    .name = "check",
    .summary = "is the set-up sound? Each finding with the line that mends it",
    .operands = "",
    .details = "Severities: bad (mail goes unrecorded, or fails), warn (evidence will be missing "
               "when it is needed), note (cannot\n"
               "be mended, or a choice), ok. Nothing is changed.\n\n"
               "Exit status of this command: 0 sound, 1 something is bad or to be warned of, 3 not "
               "all could be looked at\n"
               "(run it as root), 2 failed.",
    .options = options,
    .run = run,
};
