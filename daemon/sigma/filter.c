#include "sigma/filter.h"

static bool
is_any(const struct yaml_node *rules)
{
	if (rules->kind == YAML_SCALAR)
		return str_eq_nocase(rules->text, STR("any"));
	return rules->kind == YAML_LIST && rules->len == 0;
}

static int
parse_rules(const struct yaml_node *filter, struct filter *out, struct fail *why)
{
	const struct yaml_node *rules = yaml_get(filter, "rules");
	if (!rules || rules->kind == YAML_MAP || (rules->kind == YAML_SCALAR && yaml_is_null(rules)))
		return yaml_fail(why, rules ? rules : filter, "filter-rules",
		    "a filter needs 'rules': a list of ids or names, or any");
	if (is_any(rules))
		return 0;
	for (const struct yaml_node *n = rules->kind == YAML_LIST ? rules->first : NULL; n; n = n->next)
		if (n->kind != YAML_SCALAR || yaml_is_null(n))
			return yaml_fail(why, n, "filter-rules", "'rules' of a filter holds ids or names of rules");
	out->rules = rules;
	return 0;
}

int
filter_parse(const struct detection_loader *loader, const struct yaml_node *root, struct filter *out, struct fail *why)
{
	const struct yaml_node *logsource = yaml_get(root, "logsource"), *filter = yaml_get(root, "filter");
	*out = (struct filter){0};
	if (!logsource)
		return yaml_fail(why, root, "missing-logsource", "the filter has no 'logsource'");
	if (logsource_parse(loader->arena, logsource, &out->logsource, why))
		return -1;
	if (filter->kind != YAML_MAP)
		return yaml_fail(why, filter, "filter", "'filter' is a map of rules, selections and a condition");
	if (parse_rules(filter, out, why))
		return -1;
	return detection_parse_filter(loader, filter, &out->detection, why);
}

bool
filter_covers(const struct filter *filter, const struct logsource *rule)
{
	const struct source source = {.product = rule->product, .service = rule->service, .category = rule->category};
	return logsource_contains(&filter->logsource, &source);
}

/* A copy in which selections are what they stand for. */
static struct expr *
copy_whole(struct arena *arena, const struct expr *e, struct expr *const *selections)
{
	if (e->kind == EXPR_SELECTION)
		return copy_whole(arena, selections[e->index], selections);
	struct expr *copy = expr_new(arena, e->kind, e->index), *reversed = NULL, *next;
	if (!copy)
		return NULL;
	*copy = *e;
	copy->last = copy->prev = NULL;
	for (const struct expr *child = e->last; child; child = child->prev) {
		next = copy_whole(arena, child, selections);
		if (!next)
			return NULL;
		next->prev = reversed;
		reversed = next;
	}
	for (; reversed; reversed = next) {
		next = reversed->prev;
		expr_add(copy, reversed);
	}
	return copy;
}

int
filter_apply(const struct filter *filter, struct arena *arena, struct detection *rule)
{
	struct expr *both = expr_new(arena, EXPR_AND, 0);
	struct expr *own = copy_whole(arena, filter->detection.condition, filter->detection.selections);
	if (!both || !own)
		return -1;
	expr_add(both, rule->condition);
	expr_add(both, own);
	rule->condition = both;
	return 0;
}

static bool
negates(const struct expr *e, struct expr *const *selections)
{
	if (e->kind == EXPR_SELECTION)
		return negates(selections[e->index], selections);
	if (e->kind == EXPR_NOT)
		return true;
	for (const struct expr *child = e->last; child; child = child->prev)
		if (negates(child, selections))
			return true;
	return false;
}

bool
filter_negates(const struct filter *filter)
{
	return negates(filter->detection.condition, filter->detection.selections);
}
