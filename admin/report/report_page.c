/* report_page - the pieces that a page of HTML is made of; see report_page.h. Hostile: all texts,
 * which go through htmltext.h. */
#include "report/report_page.h"

#include "report/htmltext.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

void page_put(const struct page *page, const char *markup)
{
    (void)fputs(markup, page->to);
}

void page_string(const struct page *page, const char *text)
{
    htmltext_bytes(page->to, text, strlen(text));
}

void page_slice(const struct page *page, struct slice text)
{
    htmltext_escaped(page->to, text.ptr, text.len);
}

/* 1234567 as "1,234,567" */
void page_number(const struct page *page, uint64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, number);

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            (void)fputc(',', page->to);
        }
        (void)fputc(digits[i], page->to);
    }
}

void page_count(const struct page *page, uint64_t number, const char *noun)
{
    page_number(page, number);
    page_put(page, " ");
    page_put(page, noun);
    page_put(page, number == 1 ? "" : "s");
}

/* within, behind: the markup between the time and its zone, and behind them. */
static void put_time_parts(const struct page *page, int64_t us, const char *within,
                           const char *behind)
{
    char text[REPORT_TIME_MAX], machine[32];
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char *zone;

    (void)report_time(us, text);
    zone = strrchr(text, ' ');
    if (zone == NULL || gmtime_r(&seconds, &tm) == NULL ||
        strftime(machine, sizeof machine, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        page_put(page, "unknown");
        return;
    }
    *zone = '\0';
    (void)fprintf(page->to, "<time datetime=\"%s\">%s%s%s%s</time>", machine, text, within,
                  zone + 1, behind);
}

void page_time(const struct page *page, int64_t us)
{
    put_time_parts(page, us, " ", "");
}

void page_when(const struct page *page, const char *name, int64_t us, struct record_line *line)
{
    (void)fprintf(page->to, "<td role=\"cell\" class=\"when\" data-name=\"%s\"><div>", name);
    put_time_parts(page, us, " <span>", "</span>");
    if (line != NULL) {
        page_put(page, " <code class=\"id\">");
        page_slice(page, report_value(line, RECORD_ID));
        page_put(page, "</code>");
    }
    page_put(page, "</div></td>");
}

void page_cell(const struct page *page, const char *name)
{
    (void)fprintf(page->to, "<td role=\"cell\" data-name=\"%s\"><div>", name);
}

void page_cell_number(const struct page *page, const char *name, uint64_t number)
{
    (void)fprintf(page->to, "<td role=\"cell\" class=\"n\" data-name=\"%s\">", name);
    page_number(page, number);
    page_put(page, "</td>");
}

/* The roles say what the rows still are where they are shown as cards. */
void page_table(const struct page *page, const char *caption, const char *const *heads)
{
    page_put(page, "<table role=\"table\" class=\"list\"><caption>");
    page_put(page, caption);
    page_put(page, "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
    for (; *heads != NULL; heads++) {
        bool number = (*heads)[0] == '#'; /* over numbers */

        (void)fprintf(page->to, "<th role=\"columnheader\" scope=\"col\"%s>%s</th>",
                      number ? " class=\"n\"" : "", *heads + number);
    }
    page_put(page, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

void page_table_end(const struct page *page)
{
    page_put(page, "</tbody></table>\n");
}
