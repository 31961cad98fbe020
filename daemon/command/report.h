/* What a replay found: a sink that keeps each alert once, with the place of
 * the event that completed it, and prints them as NDJSON. One thread. Its memory grows
 * with the alerts, since a replay is one process for one purpose. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "alert/alert.h"
#include "alert/sink.h"

struct report;

struct report_entry {
	struct alert *alert;
	const char *file; /* borrowed from the command line */
	unsigned long line;
};

struct report *report_new(void);
void report_free(struct report *r);
struct sink *report_sink(struct report *r);
/* Alerts that are appended from now on were completed at this place. */
void report_place(struct report *r, const char *file, unsigned long line);
/* Alerts that b holds and that have no place yet get the current one; call after each line. */
void report_mark(struct report *r, const struct batch *b);
const struct report_entry *report_entries(const struct report *r, size_t *count);
/* `data` plus "replay", one alert a line, in the order found. 0, or -1: write error or no memory. */
int report_ndjson(const struct report *r, FILE *out) __attribute__((warn_unused_result));

#endif
