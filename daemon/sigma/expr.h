/* Boolean expressions over tests and selections, as they come from a rule:
 * built in the ruleset's arena during load, then compiled to a program.
 * Children are listed last first, which is the order the compiler wants. */
#ifndef SIGMA_EXPR_H
#define SIGMA_EXPR_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* An item as its rule writes it, for people; only kept when the loader is asked to. */
struct expr_text {
	const char *item; /* "field|modifier"; "" for keywords */
	const struct str *values;
	unsigned count;
};

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TEST, EXPR_SELECTION };

struct expr {
	enum expr_kind kind;
	unsigned index;          /* EXPR_TEST: predicate; EXPR_SELECTION: selection of the rule */
	const char *field;       /* EXPR_TEST: as the rule names it; "" for keywords */
	const struct expr_text *text; /* EXPR_TEST; NULL: not kept */
	unsigned line, column;   /* EXPR_TEST: of the item */
	uint32_t terms;          /* bit i: false when term i of the score is made false (score_mark) */
	struct expr *last, *prev; /* last child; the sibling in front of this one */
};

/* NULL without memory. */
struct expr *expr_new(struct arena *arena, enum expr_kind kind, unsigned index);
void expr_add(struct expr *parent, struct expr *child);

#endif
