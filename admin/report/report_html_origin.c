/* report_html_origin - of one origin on the page: what is known of it, how, and its chart; see
 * report_page.h. Hostile: all texts. */
#include "origin.h"
#include "report/report_page.h"

#include <string.h>

#define CHART_HEIGHT 100
#define CHART_STEP 10

static void put_mark(const struct page *page, enum origin_worth worth)
{
    (void)fprintf(page->to, " <span class=\"mark%s\">%s</span>", worth == ORIGIN_OWN ? " sure" : "",
                  origin_word(worth));
}

static void put_place(const struct page *page, enum origin_worth worth, bool named,
                      struct slice text)
{
    if (worth != ORIGIN_NONE && !named) {
        page_put(page,
                 "Unknown; what is recorded is not this account\xe2\x80\x99s own, and is not named "
                 "here");
    } else if (worth != ORIGIN_NONE) {
        page_put(page, worth == ORIGIN_SAYS ? "Unknown, says " : "");
        page_put(page, "<span class=\"path\">");
        page_slice(page, text);
        page_put(page, "</span>");
    }
    put_mark(page, worth);
}

static void put_account(const struct page *page, const struct report_section *section)
{
    struct slice user = report_user(section);

    page_put(page, "<dt>Account</dt><dd>");
    if (section->origin.uid < 0) {
        put_mark(page, ORIGIN_NONE);
    } else {
        if (user.len > 0) {
            page_put(page, "<strong>");
            page_slice(page, user);
            page_put(page, "</strong>, ");
        }
        (void)fprintf(page->to, "user ID %lld%s", section->origin.uid,
                      page->report->forgeable ? "" : " <span class=\"mark sure\">fact</span>");
    }
    if (page->report->totals.several_hosts) {
        page_put(page, "</dd>\n<dt>Server</dt><dd>");
        page_slice(page, section->origin.host);
    }
    page_put(page, "</dd>\n");
}

static void put_origin(const struct page *page, const struct report_section *section)
{
    struct report_origin origin = report_origin(page->report, section);

    if (page->report->by->key == RECORD_KEYS) {
        return;
    }
    page_put(page, page->report->by->key == RECORD_SCRIPT ? "<dt>Script</dt><dd>"
                                                          : "<dt>Directory</dt><dd>");
    put_place(page, origin.worth, origin.named, origin.text);
    page_put(page, "</dd>\n");
}

/* How the script is known, for people who do not know the words of docs/log-format.md. */
static const char *script_by(struct slice by)
{
    static const struct {
        const char *word, *text;
    } words[] = {{"fd", "; the process had it open"},
                 {"cmdline", "; named on the process\xe2\x80\x99s command line"},
                 {"env", "; named in the process\xe2\x80\x99s environment"},
                 {"header", "; named in the message\xe2\x80\x99s header"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (by.len == strlen(words[i].word) && memcmp(by.ptr, words[i].word, by.len) == 0) {
            return words[i].text;
        }
    }
    return "";
}

static void put_parts(const struct page *page, const struct report_section *section)
{
    const bool scripts = page->report->by->scripts;
    struct report_part part[AGGREGATE_PARTS];
    size_t n = report_parts(page->report, section, part);

    page_put(page, scripts ? "<dt>Script</dt>" : "<dt>Directory</dt>");
    for (size_t i = 0; i < n; i++) {
        page_put(page, "<dd>");
        put_place(page, part[i].worth, part[i].named, part[i].text);
        page_put(page, "<div class=\"soft\">");
        if (part[i].count == section->sum.messages) {
            page_put(page, "all messages");
        } else {
            page_count(page, (uint64_t)part[i].count, "message");
        }
        page_put(page, scripts && part[i].worth != ORIGIN_NONE ? script_by(part[i].script_by) : "");
        page_put(page, "</div></dd>\n");
    }
    if (section->sum.parts > n) {
        page_put(page, "<dd class=\"soft\">and ");
        page_number(page, section->sum.parts - n);
        page_put(page, " more</dd>\n");
    }
}

static void put_callers(const struct page *page, const struct report_section *section)
{
    if (section->caller_count > 0) {
        page_put(page, "<dt>Called by</dt>");
    }
    for (size_t i = 0; i < section->caller_count; i++) {
        page_put(page, "<dd><code>");
        page_slice(page, section->caller[i].text);
        page_put(page, section->caller[i].cut ? " \xe2\x80\xa6</code></dd>\n" : "</code></dd>\n");
    }
}

void page_facts(const struct page *page, const struct report_section *section)
{
    const struct aggregate_origin *sum = &section->sum;

    page_put(page, "<dl class=\"facts\">\n");
    put_account(page, section);
    put_origin(page, section);
    put_parts(page, section);
    put_callers(page, section);
    page_put(page, "<dt>Messages</dt><dd><strong>");
    page_number(page, (uint64_t)sum->messages);
    page_put(page, "</strong> to ");
    page_count(page, (uint64_t)sum->rcpts, "recipient");
    (void)fprintf(page->to, "; %.1f %% of all in this report</dd>\n",
                  (double)sum->messages * 100 / (double)page->report->totals.messages);
    page_put(page, "<dt>When</dt><dd>");
    page_time(page, sum->first);
    if (sum->last != sum->first) {
        page_put(page, " to ");
        page_time(page, sum->last);
    }
    page_put(page, "</dd>\n</dl>\n");
}

/* --- its chart ------------------------------------------------------------------------------- */

/* "4 minutes", "68 minutes", "9 hours" */
static void put_span(const struct page *page, int64_t seconds)
{
    if (seconds < 120) {
        page_count(page, (uint64_t)seconds, "second");
    } else if (seconds < 7200) {
        page_put(page, "about ");
        page_count(page, (uint64_t)(seconds + 30) / 60, "minute");
    } else if (seconds < INT64_C(2) * 86400) {
        page_put(page, "about ");
        page_count(page, (uint64_t)(seconds + 1800) / 3600, "hour");
    } else {
        page_put(page, "about ");
        page_count(page, (uint64_t)(seconds + 43200) / 86400, "day");
    }
}

static void put_bars(const struct page *page, const uint32_t *bars, size_t n, uint32_t most)
{
    (void)fprintf(page->to,
                  "<svg role=\"img\" viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" "
                  "aria-label=\"Bar chart of the messages over time; the table of its numbers "
                  "follows.\">",
                  n * CHART_STEP, CHART_HEIGHT);
    for (size_t i = 0; i < n; i++) {
        uint64_t height = ((uint64_t)bars[i] * CHART_HEIGHT + most - 1) / most;

        height = bars[i] > 0 && height < 2 ? 2 : height; /* to be seen */
        if (height > 0) {
            (void)fprintf(page->to, "<rect x=\"%zu\" y=\"%d\" width=\"%d\" height=\"%d\"></rect>",
                          i * CHART_STEP + 1, CHART_HEIGHT - (int)height, CHART_STEP - 2,
                          (int)height);
        }
    }
    page_put(page, "</svg>\n");
}

static void put_bar_table(const struct page *page, const uint32_t *bars, size_t n, int64_t start,
                          int64_t width)
{
    page_put(page,
             "<details><summary>The numbers</summary>\n<table><thead><tr>"
             "<th scope=\"col\">From</th><th scope=\"col\" class=\"n\">Messages</th></tr></thead>"
             "<tbody>\n");
    for (size_t i = 0; i < n; i++) {
        if (bars[i] > 0) {
            page_put(page, "<tr><td>");
            page_time(page, (start + (int64_t)i * width) * 1000000);
            page_put(page, "</td><td class=\"n\">");
            page_number(page, bars[i]);
            page_put(page, "</td></tr>\n");
        }
    }
    page_put(page, "</tbody></table></details>\n");
}

void page_chart(const struct page *page, const struct report_section *section)
{
    uint32_t bars[BINS_MAX], most = 0;
    int64_t start, width;
    size_t n = report_chart(section, bars, &start, &width);

    for (size_t i = 0; i < n; i++) {
        most = bars[i] > most ? bars[i] : most;
    }
    if (most == 0 || n < 2) {
        return; /* one moment, which stands above */
    }
    page_put(page, "<h3>Over time</h3>\n<figure>\n<span class=\"most\">at most ");
    page_count(page, most, "message");
    page_put(page, " in ");
    put_span(page, width);
    page_put(page, "</span>\n");
    put_bars(page, bars, n, most);
    page_put(page, "<figcaption class=\"ends\"><span>");
    page_time(page, start * 1000000);
    page_put(page, "</span><span>");
    page_time(page, (start + (int64_t)n * width) * 1000000);
    page_put(page, "</span></figcaption>\n");
    put_bar_table(page, bars, n, start, width);
    page_put(page, "</figure>\n");
}
