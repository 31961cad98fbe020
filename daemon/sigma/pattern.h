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

/* In a piece, for any one character and for any of - / U+2013 U+2014 U+2015: no bytes of well-formed UTF-8. */
#define PATTERN_ANY_CHAR ((char)0xFF)
#define PATTERN_DASH ((char)0xFE)

struct glyphs;

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
	const struct str *pieces; /* GLOB: first is anchored at the start, last at the end; may hold classes */
	unsigned piece_count;
};

enum { PATTERN_LEN_MAX = 16384 };

/* raw as written in the rule, at most PATTERN_LEN_MAX bytes; -1 only without memory. */
int pattern_parse(struct arena *arena, struct str raw, enum pattern_wrap wrap, bool cased, struct pattern *out)
    __attribute__((warn_unused_result));
/* The same from a text that modifiers have worked on. */
int pattern_make(struct arena *arena, const struct glyphs *glyphs, enum pattern_wrap wrap, bool cased,
    struct pattern *out) __attribute__((warn_unused_result));
bool pattern_matches(const struct pattern *pattern, struct str text);

#endif
