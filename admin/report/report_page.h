/*
 * report_page - what report_html*.c share: the pieces of a page, and its sections' parts.
 *
 * page_put writes what stands in the source; every other text goes through htmltext.h.
 */
#ifndef MO_REPORT_PAGE_H
#define MO_REPORT_PAGE_H

#include "report/report.h"

struct page {
    FILE *to;
    const struct report *report;
};

/* --- report_page.c */
void page_put(const struct page *page, const char *markup);  /* a literal */
void page_string(const struct page *page, const char *text); /* raw bytes */
void page_slice(const struct page *page, struct slice text); /* of a record */
void page_number(const struct page *page, uint64_t number);  /* "1,234,567" */
/* "1 message", "1,200 messages" */
void page_count(const struct page *page, uint64_t number, const char *noun);
void page_time(const struct page *page, int64_t us); /* date and time, the zone behind them */

/* A table, and cells of its rows; heads: ended by NULL, '#' in front of one that is over numbers.
 * name: the column's, for where rows are shown as cards. */
void page_table(const struct page *page, const char *caption, const char *const *heads);
void page_table_end(const struct page *page);
void page_cell(const struct page *page, const char *name); /* ends with </div></td> */
void page_cell_number(const struct page *page, const char *name, uint64_t number);
/* line: the call whose trace ID stands below the time; NULL: none. */
void page_when(const struct page *page, const char *name, int64_t us, struct record_line *line);

/* --- report_html_origin.c: who, how that is known, when */
void page_facts(const struct page *page, const struct report_section *section);
void page_chart(const struct page *page, const struct report_section *section);

/* --- report_html_lists.c */
void page_messages(const struct page *page, struct report_section *section);
void page_requests(const struct page *page, struct report_section *section);
void page_clients(const struct page *page, const struct report_section *section);

#endif
