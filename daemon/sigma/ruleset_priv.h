/* The inside of a ruleset, for the loader that fills it and the matcher that
 * runs it. */
#ifndef SIGMA_RULESET_PRIV_H
#define SIGMA_RULESET_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "sigma/detection.h"
#include "sigma/logsource.h"
#include "sigma/predicate.h"
#include "sigma/need.h"
#include "sigma/program.h"
#include "sigma/rule_index.h"
#include "sigma/ruleset.h"
#include "sigma/score.h"
#include "sigma/window_names.h"

struct rule_entry { /* in the order of rule.index */
	struct rule *rule;
	struct logsource logsource;
	struct detection detection;
	struct score score;
	int32_t entry; /* program of the condition */
	struct need need;
};

struct rule_route { /* event rules that may see events of one source */
	unsigned *rules; /* len of them, in order */
	unsigned len;
	struct rule_index *index; /* by their place in rules */
};

struct rule_filter { /* and the rules that it was joined to; those that broke since do not run */
	const struct rule *rule; /* the filter's title and file */
	const struct detection *detection;
	const struct rule **rules; /* count of them */
	unsigned count;
};

enum { DIGEST_SIZE = 16 };

struct ruleset {
	struct arena arena; /* all that the rules hold, but for what follows */
	struct predicate_set predicates;
	struct program_code code;
	struct rule_entry *entries; /* count of them */
	const struct rule **rules;
	unsigned count, disabled, broken;
	struct rule_filter *filters; /* filter_count of them */
	unsigned filter_count;
	struct window_set windows;
	struct map *by_id; /* id -> struct rule_entry */
	struct map *idle;  /* id or name of a rule that does not run -> any */
	struct fail_list notes;
	char digest[DIGEST_SIZE];
	bool any_source;
	bool has_needs; /* of the entries: found at the first routing */
	uint32_t max_regex_steps;
	unsigned slot_count;
	struct rule_route *routes; /* by source index */
	unsigned route_count;
	struct rule_route generic; /* of events without a source */
};

#endif
