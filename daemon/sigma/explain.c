#include "sigma/explain.h"

#include "sigma/evaluate.h"
#include "sigma/keep.h"
#include "sigma/ruleset_priv.h"

struct explainer {
	const struct ruleset *set;
	const struct match_mask *off; /* NULL: nothing */
	const struct detection *detection;
	struct scratch *scratch;
	struct arena *arena;
	const struct explain_node **selections; /* bodies, made at their first use */
};

/* Of a list whose operands are its values. */
static const bool *
met_values(struct explainer *x, const struct predicate *p, const struct expr_text *text)
{
	if (p->op == PREDICATE_NULL || p->op == PREDICATE_EXISTS || p->multiplied || text->count != p->count)
		return NULL;
	bool *met = keep_zero(x->arena, p->count, sizeof(*met));
	for (unsigned i = 0; met && i < p->count; i++)
		met[i] = predicate_operand_holds(p, x->scratch, i);
	return met;
}

static bool
ask(struct explainer *x, const struct expr *e, struct explain_node *out)
{
	const struct predicate *p = x->set->predicates.items[e->index];
	struct explain_item *item = keep_zero(x->arena, 1, sizeof(*item));
	if (!item)
		return false;
	item->field = e->field;
	item->slot = p->slot;
	item->text = e->text;
	(void)scratch_errors(x->scratch);
	out->holds = predicate_holds(p, x->scratch, &item->hit);
	item->limited = scratch_errors(x->scratch) > 0;
	item->met = met_values(x, p, e->text);
	if (p->op == PREDICATE_FIELDREF) {
		item->others = p->others;
		item->other_count = p->count;
	}
	out->item = item;
	return true;
}

static struct explain_node *explain(struct explainer *x, const struct expr *e);

/* Children stand last first in the expression. */
static bool
explain_children(struct explainer *x, const struct expr *e, struct explain_node *out)
{
	out->holds = e->kind == EXPR_AND;
	for (const struct expr *child = e->last; child; child = child->prev) {
		struct explain_node *node = explain(x, child);
		if (!node)
			return false;
		node->next = out->first;
		out->first = node;
		if (e->kind == EXPR_NOT)
			out->holds = !node->holds;
		else
			out->holds = e->kind == EXPR_AND ? out->holds && node->holds : out->holds || node->holds;
	}
	return true;
}

static bool
explain_selection(struct explainer *x, const struct expr *e, struct explain_node *out)
{
	const struct explain_node **body = &x->selections[e->index];
	if (!*body)
		*body = explain(x, x->detection->selections[e->index]);
	if (!*body)
		return false;
	out->index = e->index;
	out->name = x->detection->names.names[e->index].p;
	out->first = *body;
	out->holds = (*body)->holds;
	return true;
}

static bool
is_off(const struct explainer *x, const struct expr *e)
{
	if (!x->off)
		return false;
	bool selection = e->kind == EXPR_SELECTION && e->index < 64 * MASK_WORDS;
	return e->terms & x->off->terms || (selection && x->off->selections[e->index / 64] >> e->index % 64 & 1);
}

/* As deep as a condition and a selection may be. NULL without memory. */
static struct explain_node *
explain(struct explainer *x, const struct expr *e)
{
	static const enum explain_kind kinds[] = {[EXPR_AND] = EXPLAIN_AND, [EXPR_OR] = EXPLAIN_OR,
	    [EXPR_NOT] = EXPLAIN_NOT, [EXPR_TEST] = EXPLAIN_ITEM, [EXPR_SELECTION] = EXPLAIN_SELECTION};
	struct explain_node *out = keep_zero(x->arena, 1, sizeof(*out));
	bool made = false;
	if (!out)
		return NULL;
	out->kind = kinds[e->kind];
	switch (e->kind) {
	case EXPR_TEST:
		made = ask(x, e, out);
		break;
	case EXPR_SELECTION:
		made = explain_selection(x, e, out);
		break;
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		made = explain_children(x, e, out);
		break;
	}
	out->tuned = made && is_off(x, e);
	out->holds = out->holds && !out->tuned;
	return made ? out : NULL;
}

static bool
explain_terms(struct explainer *x, const struct rule_entry *entry, struct explanation *out)
{
	struct explain_term *terms = keep_zero(x->arena, entry->score.count, sizeof(*terms));
	if (!terms)
		return false;
	for (unsigned i = 0; i < entry->score.count; i++) {
		terms[i].term = &entry->score.terms[i];
		struct explain_node *condition = explain(x, entry->score.conditions[i]);
		if (!condition)
			return false;
		condition->tuned = condition->tuned || (x->off && x->off->terms >> i & 1);
		condition->holds = condition->holds && !condition->tuned;
		terms[i].condition = condition;
		if (out->condition->holds && terms[i].condition->holds)
			out->score += terms[i].term->add;
	}
	out->terms = terms;
	return true;
}

int
ruleset_explain(const struct explain_question *question, const struct rule *rule, struct arena *arena,
    struct explanation *out, struct fail *why)
{
	const struct ruleset *set = question->set;
	const struct event *e = question->event;
	const struct rule_entry *entry = &set->entries[rule->index];
	struct explainer x = {.set = set, .off = question->off, .detection = &entry->detection, .arena = arena};
	int failed = -1;
	*out = (struct explanation){.rule = rule, .logsource = entry->logsource};
	out->selection_count = entry->detection.names.count;
	out->sees = set->any_source || logsource_contains(&entry->logsource, e->source);
	x.selections = keep_zero(arena, out->selection_count, sizeof(*x.selections));
	x.scratch = scratch_new(set->slot_count, set->max_regex_steps);
	if (!x.scratch || !x.selections)
		goto out;
	scratch_begin(x.scratch, e);
	out->condition = explain(&x, entry->detection.condition);
	if (!out->condition || !explain_terms(&x, entry, out))
		goto out;
	out->matches = out->sees && out->condition->holds;
	failed = 0;
out:
	scratch_free(x.scratch);
	return failed ? fail_set(why, "memory", "the condition is too large to be explained, or memory is out") : 0;
}
