/* One text pattern of a rule: * and ? with Sigma's escapes, reduced to the
 * cheapest comparison that does the same. Literals are folded at load, so
 * pattern_matches takes folded text (or the text itself for a cased pattern).
 * Lives in the ruleset's arena; immutable. Matching is linear but for ? in the
 * middle of a pattern. Source: Sigma 2.1.0 rules, "String Wildcard" and
 * "Escape Character". */
#ifndef SIGMA_PATTERN_H
#define SIGMA_PATTERN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum pattern_wrap { WRAP_NONE, WRAP_CONTAINS, WRAP_STARTSWITH, WRAP_ENDSWITH };

enum pattern_kind {
	PATTERN_EQUALS,
	PATTERN_STARTS,
	PATTERN_ENDS,
	PATTERN_CONTAINS,
	PATTERN_ANY,  /* every text, also the empty one */
	PATTERN_GLOB, /* pieces with stars between them */
};

struct pattern {
	enum pattern_kind kind;
	struct str literal;       /* all kinds but ANY and GLOB */
	const struct str *pieces; /* GLOB: first is anchored at the start, last at the end; byte 0xFF is `?` */
	unsigned piece_count;
};

enum { PATTERN_LEN_MAX = 16384 };

/* raw as written in the rule, at most PATTERN_LEN_MAX bytes; -1 only without memory. */
int pattern_parse(struct arena *arena, struct str raw, enum pattern_wrap wrap, bool cased, struct pattern *out)
    __attribute__((warn_unused_result));
bool pattern_matches(const struct pattern *pattern, struct str text);

#endif
