/* A correlation document, compiled: what to count, by what, over what span, and
 * when that is decided. Immutable; belongs to the ruleset. Source: Sigma 2.1.0
 * correlation rules specification, and the 2.2 draft's conditions as text. */
#ifndef SIGMA_CORRELATION_H
#define SIGMA_CORRELATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sigma/expr.h"
#include "sigma/rule.h"

enum correlation_type {
	CORRELATION_EVENT_COUNT,
	CORRELATION_VALUE_COUNT,
	CORRELATION_TEMPORAL,
	CORRELATION_TEMPORAL_ORDERED,
	CORRELATION_VALUE_SUM,
	CORRELATION_VALUE_AVG,
	CORRELATION_VALUE_PERCENTILE,
};

enum correlation_when {
	CORRELATION_ON_ARRIVAL, /* an event makes it true */
	CORRELATION_AT_END,     /* more events could make it false: when a window that began with an event is over */
	CORRELATION_ON_SILENCE, /* it holds for 0 and not for 1: a span after the group's newest event */
	CORRELATION_ABSENCE,    /* its text says `not`: when what must be absent had time to arrive */
};

enum range_op { RANGE_GT = 1, RANGE_GTE = 2, RANGE_LT = 4, RANGE_LTE = 8, RANGE_EQ = 16, RANGE_NEQ = 32 };
/* Operators of the condition map, ANDed; ops tells which are there. */
struct correlation_range {
	unsigned ops; /* enum range_op, or'ed */
	double gt, gte, lt, lte, eq, neq;
};

enum { CORRELATION_RULES_MAX = 64 };

struct correlation_feed { /* one of the referenced rules, and how its events are read: aliases are resolved */
	const struct rule *rule;
	const struct rule_field *group_by; /* correlation.group_count of them */
	const struct rule_field *values;   /* correlation.value_count of them */
};

struct correlation {
	enum correlation_type type;
	enum correlation_when when;
	const char *type_name;
	const struct correlation_feed *feeds; /* feed_count of them, at most CORRELATION_RULES_MAX, each rule once */
	unsigned feed_count;
	const struct rule_field *group_by; /* as written; group_count of them, at most RULE_GROUP_MAX */
	unsigned group_count;
	const struct rule_field *values; /* value_*: the field; value_count: also a tuple of at most RULE_GROUP_MAX */
	unsigned value_count;
	int64_t timespan_ms;
	struct correlation_range range; /* ops 0: temporal without a number, all feeds */
	double percentile;              /* 0 to 100 */
	const struct expr *text;        /* condition as text, over the feeds; NULL = none */
	uint64_t absent;                /* bit i: feed i stands below a `not` in text */
};

bool correlation_is_temporal(const struct correlation *c); /* it asks which rules matched, not how often */

bool correlation_holds(const struct correlation_range *range, double value);
/* The smallest whole count for which the range holds (gt, gte, eq); for display. */
double correlation_threshold(const struct correlation_range *range);
/* The condition as text, where seen has the bits of the feeds that are there. */
bool correlation_text_holds(const struct expr *text, uint64_t seen);

#endif
