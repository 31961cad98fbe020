/* What detection hands to alerting: one firing of one rule with everything an
 * alert tells about it. A plain value on the worker's stack; all pointers are
 * borrowed and live until the record's evaluation ends. */
#ifndef DETECT_FINDING_H
#define DETECT_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "detect/context.h"
#include "event/event.h"
#include "sigma/matcher.h"
#include "sigma/rule.h"

enum finding_kind { FINDING_TRIGGER, FINDING_REPEAT, FINDING_ESCALATE };
const char *finding_kind_name(enum finding_kind kind); /* "trigger", "repeat", "escalate" */

struct finding_group { /* one group-by (or burst.by) field with the event's value */
	const char *field;
	struct str value; /* in the case-folded form that the group was keyed by */
};

enum { EVIDENCE_MAX = 10 };
struct evidence { /* one event that contributed */
	char event_id[128];
	char user[128];
	char ip[46];
	int64_t time_ms;
	int64_t code; /* result code, -1 = none */
	char sha256[65];
};

struct tuning_entry;
struct incident_place;

struct finding {
	const struct rule *rule;
	enum finding_kind kind;
	const struct event *event; /* the completing event */
	int score;
	uint32_t terms;
	const struct match_reason *reasons;
	unsigned reason_count;
	const struct context *context;
	/* correlations and bursts; group_count 0 for a plain event rule */
	struct finding_group group[RULE_GROUP_MAX];
	unsigned group_count;
	int64_t timespan_ms;
	double value, threshold; /* correlations: what was counted */
	int64_t begin_ms;        /* of the window, when another match than the event began it; 0: the event did, or no window */
	bool partial;            /* the window may have lost something */
	uint32_t held_back;      /* a storm: so many alerts of the rule in a span are above what is sent; 0: it is sent */
	bool storm_begins;       /* it is the first of them */
	bool silent;             /* a feed was silent that might have told what is missing */
	const struct evidence *evidence; /* oldest first, the completing event last */
	unsigned evidence_count;
	uint64_t evidence_total;
	const struct incident_place *place; /* alert/incidents.h; NULL: the alert stands alone */
	/* tuning */
	const struct tuning_entry *const *tuning; /* entries that took something away from the match */
	unsigned tuning_count;
	const struct tuning_entry *suppressed_by; /* keeps the alert from being sent; NULL: none */
};

#endif
