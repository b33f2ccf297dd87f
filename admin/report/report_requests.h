/*
 * report_requests - which HTTP requests, and which addresses, are behind the calls of a report.
 */
#ifndef MO_REPORT_REQUESTS_H
#define MO_REPORT_REQUESTS_H

#include "report/report.h"

/* Reads the logs of weblog, which knows of the calls that are `asked`, and sets what the report has
 * of requests and addresses. weblog NULL: no log is known; then there are only the addresses that
 * the calls themselves name. */
void report_requests(struct report *report, struct weblog *weblog);

#endif
