/* Times as logs write them -> Unix milliseconds. Pure; any thread. Finer digits
 * are cut, a missing zone is UTC, a leap second is the next second. Forms:
 * RFC 3339 and its relaxed kin (one-digit hours, a space or comma for the T, no
 * zone), M/D/YYYY with 24 hours or AM/PM (never D/M), numbers of seconds,
 * milliseconds, microseconds or nanoseconds since 1970; RFC 3164 apart, as it
 * has no year. */
#ifndef DECODE_TIMESTAMP_H
#define DECODE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The whole text; *out_ms untouched on false. Years 1 to 9999; numbers from 1973 on. */
bool timestamp_parse(struct str text, int64_t *out_ms);
/* "Nov 22 20:00:00" at the front of the text; the year that brings it closest to now. *used: its length. */
bool timestamp_parse_rfc3164(struct str text, int64_t now_ms, int64_t *out_ms, size_t *used);

#endif
