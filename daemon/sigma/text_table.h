/* The texts of a predicate that has many, to be looked up rather than tried one
 * by one: plain ones by hash, numbers by order; what has wildcards is left as a
 * list. Immutable; lives in the ruleset's arena. */
#ifndef SIGMA_TEXT_TABLE_H
#define SIGMA_TEXT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "sigma/number.h"

enum { AFFIXES = 3, AFFIXES_LEAST = 16 /* in long texts fewer are faster one by one */ };

struct literals;
struct predicate_text;

struct text_table {
	const struct str *const *set; /* plain texts hashed, set_mask + 1 places, half of them empty */
	uint32_t set_mask;
	size_t longest;
	const struct predicate_text *const *numbers; /* number_count numeric ones, by value */
	unsigned number_count;
	const struct literals *affixes[AFFIXES]; /* by affix_of; NULL when they are few */
	const struct predicate_text *const *rest; /* rest_count that are none of these */
	unsigned rest_count;
};

/* texts are borrowed. NULL without memory. */
const struct text_table *text_table_new(struct arena *arena, const struct predicate_text *texts, unsigned count);
/* text as the patterns' literals are: folded, or not for a cased predicate. */
bool text_table_has(const struct text_table *t, struct str text);
/* Does it start or end with one of the texts, or contain one, or meet one of the rest? */
bool text_table_meets(const struct text_table *t, struct str text);
/* Is one of the numbers this one? as_text: only those that the rule does not write as text count. */
bool text_table_has_number(const struct text_table *t, const struct number *number, bool as_text);

#endif
