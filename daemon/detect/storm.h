/* Storms of alerts about what is missing: a feed that breaks makes a rule alert
 * for every group at once. Beyond so many of one rule and tenant within a span of
 * event time, further ones are held back: kept as suppressed. All count, so that a
 * storm lasts until there are fewer. The counts are windows of the table; any
 * thread. Contract: windows page section 2, "Absence". */
#ifndef DETECT_STORM_H
#define DETECT_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "sigma/rule.h"
#include "window/window_table.h"

struct storm_limit {
	struct window_table *windows; /* borrowed */
	uint32_t alerts;              /* 0: no limit */
	int64_t span_ms;
};

struct storm { /* the alerts of a rule for a tenant, around a time */
	uint64_t key;
	int64_t at_ms;
};

struct storm storm_of(const struct storm_limit *l, const struct rule *rule, struct str tenant, int64_t at_ms);
/* Would one more be held back? */
bool storm_is_full(const struct storm_limit *l, const struct storm *s);
/* Counts one more. Returns how many of the span are above the limit, 0 when it is not; *begins: it is the first. */
uint32_t storm_count(const struct storm_limit *l, const struct storm *s, bool *begins);

#endif
