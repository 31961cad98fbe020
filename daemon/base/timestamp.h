/* Times as logs write them -> Unix milliseconds. Pure; any thread. Finer digits
 * are cut, a missing zone is UTC, a leap second is the next second. Forms:
 * RFC 3339 and its relaxed kin (one-digit hours, a space or comma for the T, no
 * zone), M/D/YYYY with 24 hours or AM/PM (never D/M), numbers of seconds,
 * milliseconds, microseconds or nanoseconds since 1970; RFC 3164 apart, as it
 * has no year. */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The whole text; *out_ms untouched on false. Years 1 to 9999; numbers from 1973 on. */
bool timestamp_parse(struct str text, int64_t *out_ms);
/* "Nov 22 20:00:00" at the front of the text; the year that brings it closest to now. *used: its length. */
bool timestamp_parse_rfc3164(struct str text, int64_t now_ms, int64_t *out_ms, size_t *used);


/* What is written, no zone applied: the hour of "09:41-05:00" is 9. MINUTE and HOUR come first: a date alone has none. */
enum timestamp_part {
	TIMESTAMP_MINUTE, /* 0-59 */
	TIMESTAMP_HOUR,   /* 0-23 */
	TIMESTAMP_DAY,    /* 1-31 */
	TIMESTAMP_WEEK,   /* 1-53, ISO 8601 */
	TIMESTAMP_MONTH,  /* 1-12 */
	TIMESTAMP_YEAR,
};
/* Of the forms of timestamp_parse, and of a date alone; a number of seconds and its like is taken in UTC. */
bool timestamp_part(struct str text, enum timestamp_part part, int *out);

#endif
