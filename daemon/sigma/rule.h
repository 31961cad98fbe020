/* One loaded rule or correlation as the rest of the daemon sees it: what goes
 * into an alert and how it fires. Immutable; belongs to the ruleset. Source:
 * Sigma 2.1.0 rules specification, and our `picketd:` mapping (picketd-rules). */
#ifndef SIGMA_RULE_H
#define SIGMA_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum rule_level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL };
const char *rule_level_name(enum rule_level level);
bool rule_level_parse(struct str text, enum rule_level *out);

enum column_kind { COLUMN_FIELD, COLUMN_MESSAGE_TIME, COLUMN_THREAT_SCORE };
struct rule_column { /* alert column <- field */
	const char *name, *field;
	int slot;
	enum column_kind kind;
};
struct rule_field { /* a named field and its slot */
	const char *name;
	int slot;
	const char *read; /* the field of the slot where name is an alias for it; else NULL */
	unsigned prefix;  /* of addresses: groups and bursts take the network of that length, IPv6 twice; 0 or 32: none */
};
struct rule_term { /* one threat_score term */
	const char *name;
	int add;
};
struct rule_burst { /* picketd: burst; span_ms 0 = every match is an alert */
	const struct rule_field *by;
	unsigned by_count;
	int64_t span_ms;
};

struct rule_window { /* a named window that the rule tests, under the rule's name for it */
	const char *name;
	unsigned window; /* of the ruleset */
};

enum { RULE_TERMS_MAX = 16, RULE_GROUP_MAX = 8 };

struct correlation;

struct rule {
	unsigned index; /* dense within its ruleset */
	const char *id, *title; /* never NULL; id: [a-z0-9-], at most 64 */
	const char *name; /* Sigma's, by which correlations refer to it; NULL when absent */
	const char *author, *description, *file, *confidence, *runbook_url; /* NULL when absent */
	const char *const *tags, *const *references; /* NULL-terminated, never NULL */
	unsigned line;
	int version;
	enum rule_level level;
	bool silent; /* only feeds correlations (no generate) */
	bool alert_on_unknown; /* correlations: absence that cannot be known is told, too */
	const struct rule_column *columns; /* `columns`, else Sigma's `fields` */
	unsigned column_count;
	const struct rule_field *dedup_by; /* count 0 = default: group-by, else user, else IP */
	unsigned dedup_count;
	const struct rule_field *dedup_joins; /* names an event whose alert this one's belong to; NULL = none does */
	const char *dedup_rule; /* id of the rule whose alerts this one's belong to, as escalations; NULL = its own */
	const struct rule_term *terms;
	unsigned term_count;
	struct rule_burst burst;
	struct rule_window *windows;
	unsigned window_count;
	const struct correlation *correlation; /* NULL for event rules */
	uint64_t definition; /* hash of all that decides about matching; a changed rule starts with empty windows */
};

#endif
