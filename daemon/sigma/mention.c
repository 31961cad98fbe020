#include "sigma/mention.h"

#include "base/mem.h"
#include "sigma/ruleset_priv.h"

struct walk {
	const struct ruleset *set;
	const struct field_set *fields;
	struct mention mention;
	mention_f *each;
	void *ctx;
};

static void
tell(struct walk *w, const struct expr *test)
{
	const struct predicate *p = w->set->predicates.items[test->index];

	w->mention.line = test->line;
	w->mention.column = test->column;
	w->mention.field = str_of(test->field);
	if (w->mention.field.len > 0)
		w->each(&w->mention, w->ctx);
	for (unsigned i = 0; p->op == PREDICATE_FIELDREF && i < p->count; i++) {
		w->mention.field = field_set_name(w->fields, (unsigned)p->others[i]);
		w->each(&w->mention, w->ctx);
	}
}

/* Children are listed last first, and people read from the first on. Depth: a selection is a list of maps of items. */
static void
walk_expr(struct walk *w, const struct expr *e)
{
	size_t count = 0;

	if (e->kind == EXPR_TEST)
		tell(w, e);
	for (const struct expr *child = e->last; child; child = child->prev)
		count++;
	const struct expr **children = count ? mem_zero(count, sizeof(*children)) : NULL;
	const struct expr *child = e->last;
	for (size_t i = count; children && i > 0; child = child->prev)
		children[--i] = child;
	for (size_t i = 0; children && i < count; i++)
		walk_expr(w, children[i]);
	mem_free(children);
}

static void
walk_selections(struct walk *w, const struct detection *d)
{
	for (unsigned i = 0; i < d->names.count; i++)
		walk_expr(w, d->selections[i]);
}

void
mention_each(const struct ruleset *set, const struct rule *rule, const struct field_set *fields, mention_f *each, void *ctx)
{
	struct walk w = {.set = set, .fields = fields, .mention = {.rule = rule}, .each = each, .ctx = ctx};

	walk_selections(&w, &set->entries[rule->index].detection);
	if (rule->dedup_joins) {
		w.mention = (struct mention){rule, str_of(rule->dedup_joins->name), rule->line, 0};
		each(&w.mention, ctx);
	}
}

unsigned
mention_filters(const struct ruleset *set)
{
	return set->filter_count;
}

void
mention_each_of_filter(const struct ruleset *set, unsigned filter, const struct field_set *fields, mention_f *each, void *ctx)
{
	const struct rule_filter *f = &set->filters[filter];
	struct walk w = {.set = set, .fields = fields, .mention = {.rule = f->rule}, .each = each, .ctx = ctx};
	walk_selections(&w, f->detection);
}

const struct rule *
mention_filtered(const struct ruleset *set, unsigned filter, unsigned *next)
{
	const struct rule_filter *f = &set->filters[filter];

	while (*next < f->count) {
		const struct rule *rule = f->rules[(*next)++];
		const struct rule_entry *entry = map_get(set->by_id, str_of(rule->id));
		if (entry && entry->rule == rule)
			return rule;
	}
	return NULL;
}

const struct logsource *
mention_logsource(const struct ruleset *set, const struct rule *rule)
{
	return &set->entries[rule->index].logsource;
}

bool
mention_sees(const struct ruleset *set, const struct rule *rule, const struct source *source)
{
	return set->any_source || logsource_contains(&set->entries[rule->index].logsource, source);
}
