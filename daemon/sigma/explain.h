/* The whole condition of one rule for one event: a tree with true or false at
 * every node, down to the values of the items. The same predicates as a match,
 * but no program and no short cut: every node is asked. For people and tests,
 * not for the hot path; any thread. Lives in the caller's arena, which bounds
 * it; the ruleset must have been loaded with keep_text. */
#ifndef SIGMA_EXPLAIN_H
#define SIGMA_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "event/event.h"
#include "sigma/expr.h"
#include "sigma/logsource.h"
#include "sigma/matcher.h"
#include "sigma/rule.h"
#include "sigma/ruleset.h"

enum explain_kind { EXPLAIN_AND, EXPLAIN_OR, EXPLAIN_NOT, EXPLAIN_SELECTION, EXPLAIN_ITEM };

/* One field compared with its values; a `neq` stands as a NOT around it. */
struct explain_item {
	const char *field;            /* as the rule names it; "" for keywords */
	int slot;                     /* of the field; PREDICATE_LEAVES for keywords */
	const struct expr_text *text; /* as written */
	const bool *met;              /* by value of text; NULL when they are not told apart */
	const struct value *hit;      /* the value of the event, or its element, that met it; NULL */
	const int *others;            /* fieldref: the slots of the other fields; NULL */
	unsigned other_count;
	bool limited; /* the comparison hit a limit, and counts as false */
};

struct explain_node {
	enum explain_kind kind;
	bool holds;
	bool tuned; /* made false by tuning, whatever is below it */
	unsigned index;                  /* SELECTION: of the rule's selections */
	const char *name;                /* SELECTION */
	const struct explain_item *item; /* ITEM */
	const struct explain_node *first, *next; /* children in the rule's order; a SELECTION has one, shared by its uses */
};

struct explain_term {
	const struct rule_term *term;
	const struct explain_node *condition;
};

struct explanation {
	const struct rule *rule; /* an event rule */
	struct logsource logsource;
	bool sees; /* the rule may see events of this log source */
	const struct explain_node *condition;
	const struct explain_term *terms; /* rule->term_count of them */
	unsigned selection_count;
	bool matches; /* sees it, and the condition holds */
	int score;    /* of the terms that hold, when the condition does; else 0 */
};

/* Within a ruleset, for one event. */
struct explain_question {
	const struct ruleset *set;
	const struct event *event;
	const struct match_mask *off; /* what tuning makes false; NULL = nothing */
};

/* -1 with code "memory" when the arena is full. */
int ruleset_explain(const struct explain_question *question, const struct rule *rule, struct arena *arena,
    struct explanation *out, struct fail *why) __attribute__((warn_unused_result));

#endif
