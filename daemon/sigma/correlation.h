/* A correlation document, compiled: what to count, by what, over what span.
 * Immutable; belongs to the ruleset. Source: Sigma 2.1.0 correlation rules
 * specification. */
#ifndef SIGMA_CORRELATION_H
#define SIGMA_CORRELATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sigma/rule.h"

enum correlation_type { CORRELATION_EVENT_COUNT, CORRELATION_VALUE_COUNT };

enum range_op { RANGE_GT = 1, RANGE_GTE = 2, RANGE_LT = 4, RANGE_LTE = 8, RANGE_EQ = 16, RANGE_NEQ = 32 };
/* Operators of the condition map, ANDed; ops tells which are there. */
struct correlation_range {
	unsigned ops; /* enum range_op, or'ed */
	double gt, gte, lt, lte, eq, neq;
};

struct correlation {
	enum correlation_type type;
	const char *type_name;
	const struct rule *const *rules; /* referenced rules */
	unsigned rule_count;
	const struct rule_field *group_by; /* group_count of them, at most RULE_GROUP_MAX */
	unsigned group_count;
	const struct rule_field *values; /* value_count: the field, or a tuple of at most RULE_GROUP_MAX */
	unsigned value_count;
	int64_t timespan_ms;
	struct correlation_range range;
};

bool correlation_holds(const struct correlation_range *range, double value);
/* The smallest whole count for which the range holds (gt, gte, eq); for display. */
double correlation_threshold(const struct correlation_range *range);

#endif
