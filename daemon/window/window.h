/* One sliding window of one key, in event time: which values were seen when,
 * with what outcome. Plain values that go in and come out of it; the window
 * itself lives in cells of its shard (window/cells.h) under the shard's lock.
 * Log mode keeps up to WINDOW_LOG_MAX events sorted by time and answers exactly
 * for any instant; beyond, wide mode keeps the last time of each value (exact up
 * to WINDOW_VALUES_MAX) and counts in 60 panes a span, and answers for the
 * instant of its newest event. Contract: windows page sections 2 and 3. */
#ifndef WINDOW_WINDOW_H
#define WINDOW_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
	WINDOW_LOG_MAX = 62,      /* events in retention (span + lateness) before wide mode */
	WINDOW_VALUES_MAX = 4096, /* distinct values of a wide window; beyond: at least so many */
	WINDOW_CODES_MAX = 8,     /* codes that figures tell */
};

enum window_class { WINDOW_OTHER, WINDOW_FAILURE, WINDOW_INTERRUPTED, WINDOW_SUCCESS, WINDOW_CLASSES };

enum { WINDOW_CODE_NONE = 0x1fffffff }; /* also for codes that are not within 0 .. NONE - 1 */

struct window_update { /* one event */
	int64_t ts_ms;
	uint32_t value, value2; /* window_table_value(), 0 = none: counts, but not as a value */
	uint32_t code;
	enum window_class class;
	uint32_t value3; /* likewise; only of a triple window */
	bool triple;     /* the window keeps third values; the same in every update of it */
};

struct window_code {
	uint32_t code, count;
};

struct window_figures { /* over [at - span, at], both ends included */
	uint32_t attempts, classes[WINDOW_CLASSES];
	uint32_t distinct;   /* values */
	uint32_t failed;     /* values with a failure */
	uint32_t successful; /* values with a success */
	uint32_t strangers;  /* values with a failure and no success */
	uint32_t distinct2;  /* second values */
	uint32_t distinct3, failed3; /* third values, and those with a failure */
	int64_t first_ms, last_ms;     /* 0 when attempts is 0 */
	struct window_code codes[WINDOW_CODES_MAX]; /* by count, then code; without 0 and NONE */
	unsigned code_count;
	bool exact;   /* the distinct figures are those of [at - span, at]; else at least so many, or of a near instant */
	bool partial; /* something within the span may be missing */
};

struct window_answer {
	struct window_figures at;   /* over the span that ends at the instant asked for */
	struct window_figures best; /* over the span that ends at the key's newest event not later than that instant + span */
};

/* Is some condition on a count true? Given by a correlation. */
typedef bool (*window_holds_f)(double value, const void *ctx);

struct window_probe { /* question: does some window of the span that contains at_ms hold enough? */
	int64_t at_ms;
	bool distinct; /* of values; else of events */
	window_holds_f holds;
	const void *ctx;
};

struct window_verdict {
	bool before, after; /* without and with the event of the update */
	double value;       /* what made it hold after; else the most of any window that contains at_ms */
	uint32_t events;    /* in that window */
	int64_t newest_ms;  /* of the key's events */
	bool exact, partial;
};

#endif
