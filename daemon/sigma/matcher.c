#include "sigma/matcher.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "sigma/evaluate.h"
#include "sigma/fold.h"
#include "sigma/ruleset_priv.h"

enum { REASON_VALUE_MAX = 256 };

struct matcher {
	const struct ruleset *set;
	struct scratch *scratch;
	const struct event *event; /* of the last run */
	uint32_t *answers;         /* per predicate: generation * 2 + result; older generations are unknown */
	uint32_t generation;
	bool begun; /* for the event of the next run */
	struct match *matches; /* room for every rule */
	uint64_t *places;      /* of the route's rules, bit by bit: those that may match */
};

struct matcher *
matcher_new(const struct ruleset *set)
{
	struct matcher *m = mem_zero(1, sizeof(*m));
	if (!m)
		return NULL;
	m->set = set;
	m->scratch = scratch_new(set->slot_count, set->max_regex_steps);
	m->answers = mem_zero(set->predicates.len ? set->predicates.len : 1, sizeof(*m->answers));
	m->matches = mem_zero(set->count ? set->count : 1, sizeof(*m->matches));
	m->places = mem_zero(set->count / 64 + 1, sizeof(*m->places));
	if (!m->scratch || !m->answers || !m->matches || !m->places) {
		matcher_free(m);
		return NULL;
	}
	return m;
}

void
matcher_free(struct matcher *m)
{
	if (!m)
		return;
	scratch_free(m->scratch);
	mem_free(m->answers);
	mem_free(m->matches);
	mem_free(m->places);
	mem_free(m);
}

static void
begin(struct matcher *m, const struct event *e)
{
	m->event = e;
	scratch_begin(m->scratch, e);
	if (++m->generation <= INT32_MAX)
		return;
	for (unsigned i = 0; i < m->set->predicates.len; i++)
		m->answers[i] = 0;
	m->generation = 1;
}

/* Asked at most once per event, whichever rule comes first. */
static bool
ask(struct matcher *m, uint32_t index, const struct rule *rule)
{
	uint32_t *answer = &m->answers[index];
	if (*answer >> 1 == m->generation)
		return *answer & 1;
	const struct predicate *p = m->set->predicates.items[index];
	bool holds = predicate_holds(p, m->scratch, NULL);
	*answer = m->generation << 1 | holds;
	unsigned errors = scratch_errors(m->scratch);
	if (errors)
		metrics_count(METRIC_RULE_ERRORS, rule->id,
		    p->op == PREDICATE_FIELDREF ? "fieldref_limit" : "regex_limit", errors);
	return holds;
}

static bool
run(struct matcher *m, const struct rule *rule, int32_t at)
{
	const struct step *steps = m->set->code.steps;
	while (at >= 0) {
		const struct step *step = &steps[at];
		at = ask(m, step->test, rule) ? step->yes : step->no;
	}
	return at == PROGRAM_ACCEPT;
}

static bool
judge(struct matcher *m, const struct rule_entry *entry, struct match *out)
{
	if (!run(m, entry->rule, entry->entry))
		return false;
	*out = (struct match){entry->rule, 0, 0};
	for (unsigned i = 0; i < entry->score.count; i++) {
		if (!run(m, entry->rule, entry->score.entries[i]))
			continue;
		out->terms |= UINT32_C(1) << i;
		out->score += entry->score.terms[i].add;
	}
	return true;
}

void
matcher_begin(struct matcher *m, const struct event *e)
{
	begin(m, e);
	m->begun = true;
}

bool
matcher_where(struct matcher *m, const struct named_window *window)
{
	const struct rule owner = {.id = window->name}; /* whom errors are counted for */
	return run(m, &owner, window->where);
}

/* What the conditions of windows have asked of the event stays known. */
static const struct rule_route *
begin_run(struct matcher *m, const struct event *e)
{
	if (!m->begun)
		begin(m, e);
	m->begun = false;
	return e->source && e->source->index < m->set->route_count ? &m->set->routes[e->source->index] : &m->set->generic;
}

unsigned
matcher_run(struct matcher *m, const struct event *e, const struct match **matches)
{
	const struct rule_route *route = begin_run(m, e);
	unsigned count = 0;
	rule_index_find(route->index, e, m->scratch, m->places);
	for (unsigned word = 0; word * 64 < route->len; word++) {
		for (uint64_t left = m->places[word]; left; left &= left - 1) {
			unsigned place = word * 64 + (unsigned)__builtin_ctzll(left);
			count += judge(m, &m->set->entries[route->rules[place]], &m->matches[count]);
		}
	}
	*matches = m->matches;
	return count;
}

unsigned
matcher_run_all(struct matcher *m, const struct event *e, const struct match **matches)
{
	const struct rule_route *route = begin_run(m, e);
	unsigned count = 0;
	for (unsigned i = 0; i < route->len; i++)
		count += judge(m, &m->set->entries[route->rules[i]], &m->matches[count]);
	*matches = m->matches;
	return count;
}

/* The same event still: what was asked stays known. */
static void
resume(struct matcher *m, const struct event *e)
{
	if (m->event != e)
		begin(m, e);
}

static bool
has_selection(const struct match_mask *mask, unsigned i)
{
	return i < 64 * MASK_WORDS && (mask->selections[i / 64] >> i % 64 & 1);
}

/* The tree itself, not its program: so that programs need not be ready for tuning. Depth is bounded by the condition's. */
static bool
holds_without(struct matcher *m, const struct rule_entry *entry, const struct expr *e, const struct match_mask *off)
{
	if (e->terms & off->terms)
		return false;
	switch (e->kind) {
	case EXPR_TEST:
		return ask(m, e->index, entry->rule);
	case EXPR_SELECTION:
		return !has_selection(off, e->index) && holds_without(m, entry, entry->detection.selections[e->index], off);
	case EXPR_NOT:
		return !holds_without(m, entry, e->last, off);
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	bool any = e->kind == EXPR_OR;
	for (const struct expr *child = e->last; child; child = child->prev) {
		if (holds_without(m, entry, child, off) == any)
			return any;
	}
	return !any;
}

bool
matcher_judge(struct matcher *m, const struct event *e, const struct rule *rule, const struct match_mask *off,
    struct match *out)
{
	const struct rule_entry *entry = &m->set->entries[rule->index];
	resume(m, e);
	if (!holds_without(m, entry, entry->detection.condition, off))
		return false;
	*out = (struct match){rule, 0, 0};
	for (unsigned i = 0; i < entry->score.count; i++) {
		if (off->terms >> i & 1 || !holds_without(m, entry, entry->score.conditions[i], off))
			continue;
		out->terms |= UINT32_C(1) << i;
		out->score += entry->score.terms[i].add;
	}
	return true;
}

void
matcher_true(struct matcher *m, const struct event *e, const struct rule *rule, struct match_mask *mask)
{
	static const struct match_mask none;
	const struct rule_entry *entry = &m->set->entries[rule->index];
	resume(m, e);
	for (unsigned i = 0; i < entry->detection.names.count; i++) {
		if (has_selection(mask, i) && !holds_without(m, entry, entry->detection.selections[i], &none))
			mask->selections[i / 64] &= ~(UINT64_C(1) << i % 64);
	}
	for (unsigned i = 0; i < entry->score.count; i++) {
		if (mask->terms >> i & 1 && !run(m, rule, entry->score.entries[i]))
			mask->terms &= ~(UINT32_C(1) << i);
	}
}

static struct str
cut_value(struct str text)
{
	if (text.len <= REASON_VALUE_MAX)
		return text;
	size_t len = 0;
	for (;;) {
		size_t next = fold_char_len(text.p + len, text.len - len);
		if (len + next > REASON_VALUE_MAX)
			return str_make(text.p, len);
		len += next;
	}
}

/* Is the expression true, and by which item? The first true one in the rule's order; depth is that of a selection. */
static bool
explain(struct matcher *m, const struct rule *rule, const struct expr *e, struct match_reason *out)
{
	const struct predicate *p;
	const struct value *hit = NULL;
	struct match_reason best = *out;
	bool holds = e->kind == EXPR_AND;
	switch (e->kind) {
	case EXPR_TEST:
		p = m->set->predicates.items[e->index];
		if (!ask(m, e->index, rule))
			return false;
		(void)predicate_holds(p, m->scratch, &hit);
		out->field = e->field;
		out->value = hit && hit->type != VALUE_MISSING ? cut_value(hit->text) : STR("");
		return true;
	case EXPR_NOT: /* neq: the value that differs; best is not given */
		if (explain(m, rule, e->last, &best))
			return false;
		for (e = e->last; e->kind != EXPR_TEST; e = e->last)
			;
		p = m->set->predicates.items[e->index];
		out->field = e->field;
		out->value = p->slot >= 0 ? cut_value(event_value(m->event, p->slot)->text) : STR("");
		return true;
	case EXPR_AND:
	case EXPR_OR:
		for (const struct expr *child = e->last; child; child = child->prev) {
			bool yes = explain(m, rule, child, &best);
			if (!yes && e->kind == EXPR_AND)
				return false;
			if (yes)
				*out = best;
			holds = holds || yes;
		}
		return holds;
	case EXPR_SELECTION:
		break;
	}
	return false;
}

unsigned
matcher_reasons(struct matcher *m, const struct event *e, const struct rule *rule, struct match_reason *out,
    unsigned max)
{
	const struct detection *detection = &m->set->entries[rule->index].detection;
	unsigned count = 0;
	resume(m, e);
	for (unsigned i = 0; i < detection->names.count && count < max; i++) {
		struct match_reason reason = {detection->names.names[i].p, "", STR("")};
		if (explain(m, rule, detection->selections[i], &reason))
			out[count++] = reason;
	}
	return count;
}
