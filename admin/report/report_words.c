/* report_words - what the three forms of a report say in the same words, and what none of them
 * names; see report.h. */
#include "report/report.h"

#include "context.h"
#include "show/mimetext.h"
#include "wrapper/codec.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool report_names_directory(const struct report *report, enum origin_worth worth)
{
    return worth == ORIGIN_OWN ||
           (worth == ORIGIN_SAYS &&
            (report->internal || filter_given(&report->filter, "dir"))); /* the admin named it */
}

bool report_names_script(const struct report *report, enum origin_worth worth, struct slice script)
{
    const struct filter *filter = &report->filter;

    if (worth != ORIGIN_SAYS) {
        return worth == ORIGIN_OWN;
    }
    return report->internal || filter_given(filter, "script") ||
           (filter_given(filter, "dir") && filter_text(filter, "dir", script.ptr, script.len));
}

void report_place(enum origin_worth worth, bool named, struct slice text, const char *how,
                  char ret[REPORT_TEXT_MAX])
{
    if (worth == ORIGIN_NONE) {
        (void)snprintf(ret, REPORT_TEXT_MAX, "unknown");
    } else if (!named) {
        (void)snprintf(ret, REPORT_TEXT_MAX,
                       "unknown, says one that is not the account's own "
                       "(not named here)");
    } else {
        (void)snprintf(ret, REPORT_TEXT_MAX, "%s%.*s%s",
                       worth == ORIGIN_SAYS ? "unknown, says " : "", (int)text.len, text.ptr, how);
    }
}

size_t report_parts(const struct report *report, const struct report_section *section,
                    struct report_part ret[AGGREGATE_PARTS])
{
    size_t n = 0;

    for (size_t i = 0; i < AGGREGATE_PARTS && section->sum.part[i].messages > 0; i++) {
        const struct aggregate_part *sum = &section->sum.part[i];
        struct top_part part;
        enum origin_worth worth;

        top_part_of(sum, &part);
        worth = part.text.len > 0 ? (enum origin_worth)sum->worth : ORIGIN_NONE;
        ret[n++] = (struct report_part){
            .text = part.text,
            .script_by = part.script_by,
            .worth = worth,
            .named = report->by->scripts ? report_names_script(report, worth, part.text)
                                         : report_names_directory(report, worth),
            .count = sum->messages,
        };
    }
    return n;
}

struct slice report_user(const struct report_section *section)
{
    struct top_part part = {.user = {.ptr = "", .len = 0}};

    if (section->sum.part[0].messages > 0) {
        top_part_of(&section->sum.part[0], &part);
    }
    return part.user;
}

struct report_origin report_origin(const struct report *report,
                                   const struct report_section *section)
{
    const struct top_origin *origin = &section->origin;
    struct report_origin ret = {.worth = ORIGIN_NONE, .text = origin->text};

    if (report->by->key == RECORD_CWD && origin->known) {
        ret.worth = (enum origin_worth)section->sum.worth;
        ret.named = report_names_directory(report, ret.worth);
    } else if (report->by->key == RECORD_SCRIPT && origin->known) {
        ret.worth = (enum origin_worth)section->sum.worth;
        ret.named = report_names_script(report, ret.worth, origin->text);
    }
    return ret;
}

const char *report_time(int64_t us, char ret[REPORT_TIME_MAX])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    size_t n = 0;

    ret[0] = '\0';
    if (us >= 0 && localtime_r(&seconds, &tm) != NULL) {
        n = strftime(ret, REPORT_TIME_MAX - 1, "%Y-%m-%d %H:%M:%S %z", &tm);
    }
    if (n > 2) { /* +0100 becomes +01:00 */
        memmove(ret + n - 1, ret + n - 2, 3);
        ret[n - 2] = ':';
    }
    return ret;
}

void report_sure(const struct report_call *call, const struct report_request *request, char ret[64])
{
    if (request->sure == WEBLOG_PID) {
        (void)snprintf(ret, 64, "exact");
    } else if (call->web == REPORT_LIKELY) {
        (void)snprintf(ret, 64, "likely");
    } else if (call->candidates == 1) {
        (void)snprintf(ret, 64, "possible");
    } else {
        (void)snprintf(ret, 64, "one of %zu", call->candidates);
    }
}

size_t report_chart(const struct report_section *section, uint32_t ret[BINS_MAX],
                    int64_t *ret_start, int64_t *ret_width)
{
    const struct aggregate_origin *sum = &section->sum;

    return bins_chart(&sum->bins, sum->first / 1000000, sum->last / 1000000, ret, ret_start,
                      ret_width);
}

struct slice report_value(struct record_line *line, enum record_key key)
{
    struct slice text = {.ptr = "", .len = 0};

    (void)record_line_value(line, key, &text);
    return text;
}

char *report_subject(struct record_line *line, size_t *ret_len)
{
    struct slice value = {.ptr = "", .len = 0};
    char *raw, *text;
    bool cut = false;

    (void)record_line_value(line, RECORD_SUBJECT, &value);
    raw = context_copy(value.ptr, value.len);
    *ret_len = value.len;
    if (!codec_unescape(raw, ret_len, &cut)) {
        memcpy(raw, value.ptr, value.len);
        *ret_len = value.len;
    }
    text = context_alloc(*ret_len + 1);
    *ret_len = mimetext_words(raw, *ret_len, text);
    text[*ret_len] = '\0';
    free(raw);
    return text;
}
