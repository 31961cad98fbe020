/* The smallest thing that is evaluated: a field, a comparison, its operands.
 * One detection item of a rule makes one; equal items of all rules share it.
 * Immutable; lives in the set's arena, which belongs to the ruleset. */
#ifndef SIGMA_PREDICATE_H
#define SIGMA_PREDICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/inet.h"
#include "base/map.h"
#include "config/list.h"
#include "config/yaml.h"
#include "sigma/field_scope.h"
#include "sigma/modifier.h"
#include "sigma/net_table.h"
#include "sigma/number.h"
#include "sigma/pattern.h"
#include "sigma/regex.h"
#include "sigma/text_table.h"

enum predicate_op {
	PREDICATE_TEXT,
	PREDICATE_NULL,
	PREDICATE_EXISTS,
	PREDICATE_REGEX,
	PREDICATE_CIDR,
	PREDICATE_FIELDREF,
	PREDICATE_ORDER,
	PREDICATE_DATE, /* a part of a date */
};

enum { PREDICATE_LEAVES = -1, PREDICATE_VALUES_MAX = 10000 };

struct predicate_text { /* one value of PREDICATE_TEXT */
	struct pattern pattern;
	struct number number; /* valid when numeric */
	bool numeric;         /* a whole value that is a number */
	bool typed;           /* written as a number, not as text */
};

struct predicate {
	enum predicate_op op;
	enum comparison_order order;
	enum pattern_wrap wrap;   /* PREDICATE_FIELDREF */
	enum timestamp_part part; /* PREDICATE_DATE */
	int slot;               /* PREDICATE_LEAVES: every value of the event */
	unsigned index;         /* in its set */
	unsigned count;         /* of operands; 0 when the lists of its placeholders are empty: never met */
	bool all, cased, exists;
	bool multiplied; /* a value as written may be several operands, or none */
	const struct predicate_text *texts;
	const struct text_table *table; /* TEXT: of texts; NULL when they are few */
	struct regex *const *regexes;
	const struct inet_net *nets;
	const struct net_table *net_table; /* of nets; NULL when they are few */
	const int *others; /* FIELDREF: slots */
	const struct number *numbers;
};

struct predicate_set {
	struct arena *arena; /* borrowed, like lists */
	const struct list_set *lists; /* of placeholders; NULL = none */
	struct map *by_key;  /* canonical text -> predicate */
	struct map *by_list; /* the same without the field, of those with a table: one of them */
	struct predicate **items;
	unsigned len, size;
	struct regex **regexes; /* all of them, to free */
	size_t regex_count, regex_size;
	bool wants_leaves;
};

int predicate_set_init(struct predicate_set *set, struct arena *arena, const struct list_set *lists)
    __attribute__((warn_unused_result));
void predicate_set_fini(struct predicate_set *set);
/* The predicate of an item, without its negation: an equal one that is there, or a new one. value: the item's, a
 * scalar or a list. *index on success; *why has the place. */
int predicate_add(struct predicate_set *set, struct field_scope *fields, const struct modifiers *modifiers,
    const struct yaml_node *value, unsigned *index, struct fail *why) __attribute__((warn_unused_result));
/* Is it a value that an item may have: a scalar or a list of them? predicate_add looks itself. */
int predicate_check(const struct yaml_node *value, struct fail *why) __attribute__((warn_unused_result));

#endif
