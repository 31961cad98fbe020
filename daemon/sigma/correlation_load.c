#include "sigma/correlation_load.h"

#include <math.h>

#include "sigma/condition.h"
#include "sigma/keep.h"
#include "sigma/read.h"
#include "sigma/window_names.h"
#include "sigma/word.h"

enum { ORDERED_TEXT_MAX = 12 }; /* their subsets are tried */
enum { NEEDS_FIELD = 1, NEEDS_RANGE = 2, NEEDS_PERCENTILE = 4, TAKES_TEXT = 8, TAKES_TUPLE = 16 };

static const struct type {
	const char *name;
	unsigned flags;
} types[] = { /* by enum correlation_type */
	{"event_count", NEEDS_RANGE},
	{"value_count", NEEDS_RANGE | NEEDS_FIELD | TAKES_TUPLE},
	{"temporal", TAKES_TEXT},
	{"temporal_ordered", TAKES_TEXT},
	{"value_sum", NEEDS_RANGE | NEEDS_FIELD},
	{"value_avg", NEEDS_RANGE | NEEDS_FIELD},
	{"value_percentile", NEEDS_RANGE | NEEDS_FIELD | NEEDS_PERCENTILE},
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static int
parse_type(const struct yaml_node *map, struct correlation *out, struct fail *why)
{
	const char *names[TYPES + 1] = {NULL};
	const struct yaml_node *n = yaml_get(map, "type");
	if (!n)
		return yaml_fail(why, map, "correlation-type", "the correlation has no 'type'");
	for (unsigned i = 0; i < TYPES; i++) {
		names[i] = types[i].name;
		if (n->kind == YAML_SCALAR && str_eq(n->text, str_of(names[i]))) {
			out->type = (enum correlation_type)i;
			out->type_name = names[i];
			return 0;
		}
	}
	const char *near = n->kind == YAML_SCALAR ? word_near(n->text, names) : NULL;
	return yaml_fail(why, n, "correlation-type", "unknown correlation type '%.64s'%s%s%s",
	    n->kind == YAML_SCALAR ? n->text.p : "", near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int
parse_bound(const struct yaml_node *n, struct correlation_range *out, struct fail *why)
{
	struct {
		const char *name;
		enum range_op op;
		double *value;
	} ops[] = {{"gt", RANGE_GT, &out->gt}, {"gte", RANGE_GTE, &out->gte}, {"lt", RANGE_LT, &out->lt},
	    {"lte", RANGE_LTE, &out->lte}, {"eq", RANGE_EQ, &out->eq}, {"neq", RANGE_NEQ, &out->neq}};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!str_eq(n->key->text, str_of(ops[i].name)))
			continue;
		if (!yaml_as_double(n, ops[i].value) || !isfinite(*ops[i].value))
			return yaml_fail(why, n, "correlation-condition", "'%s' needs a number", ops[i].name);
		out->ops |= ops[i].op;
	}
	return 0;
}

static int
parse_percentile(const struct yaml_node *condition, unsigned flags, struct correlation *out, struct fail *why)
{
	const struct yaml_node *n = yaml_get(condition, "percentile");
	if (!n && flags & NEEDS_PERCENTILE)
		return yaml_fail(why, condition, "correlation-percentile",
		    "value_percentile needs 'percentile' in its condition: 95");
	if (n && !(flags & NEEDS_PERCENTILE))
		return yaml_fail(why, n->key, "correlation-percentile", "only value_percentile has 'percentile'");
	if (n && (!yaml_as_double(n, &out->percentile) || !(out->percentile >= 0 && out->percentile <= 100)))
		return yaml_fail(why, n, "correlation-percentile", "'percentile' is a number from 0 to 100");
	return 0;
}

static int
parse_field(const struct detection_loader *loader, const struct yaml_node *condition, unsigned flags,
    struct correlation_draft *out, struct fail *why)
{
	struct correlation *c = &out->correlation;
	const struct yaml_node *field = yaml_get(condition, "field");
	if (flags & NEEDS_FIELD && !field)
		return yaml_fail(why, condition, "correlation-field", "%s needs 'field' in its condition", c->type_name);
	if (!(flags & NEEDS_FIELD) && field)
		return yaml_fail(why, field, "correlation-field", "%s has no 'field'; value_count has", c->type_name);
	if (read_fields(loader, field, &c->values, &c->value_count, why))
		return -1;
	if (field && c->value_count == 0)
		return yaml_fail(why, field, "correlation-field", "'field' names no field");
	if (c->value_count > 1 && !(flags & TAKES_TUPLE))
		return yaml_fail(why, field, "correlation-field", "%s takes one field", c->type_name);
	out->values = field;
	return 0;
}

static int
parse_condition(const struct detection_loader *loader, struct correlation_draft *out, struct fail *why)
{
	static const char *const keys[] = {"gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile", NULL};
	struct correlation *c = &out->correlation;
	unsigned flags = types[c->type].flags;
	const struct yaml_node *n = yaml_get(out->map, "condition");
	if (!n && flags & NEEDS_RANGE)
		return yaml_fail(why, out->map, "correlation-condition", "the correlation has no 'condition'");
	if (!n)
		return 0;
	if (n->kind == YAML_SCALAR && !(flags & TAKES_TEXT))
		return yaml_fail(why, n, "correlation-condition",
		    "a condition as text belongs to temporal correlations; here it is a map such as gte: 10");
	if (n->kind == YAML_SCALAR) {
		out->text = n;
		return 0;
	}
	if (read_keys(n, keys, "condition", why) || parse_field(loader, n, flags, out, why) ||
	    parse_percentile(n, flags, c, why))
		return -1;
	for (const struct yaml_node *bound = n->first; bound; bound = bound->next) {
		if (parse_bound(bound, &c->range, why))
			return -1;
	}
	if (!c->range.ops)
		return yaml_fail(why, n, "correlation-condition", "the condition has no gt, gte, lt, lte, eq or neq");
	return 0;
}

static int
parse_generate(const struct yaml_node *map, struct correlation_draft *out, struct fail *why)
{
	const struct yaml_node *n = yaml_get(map, "generate");
	if (n && !yaml_as_bool(n, &out->generate))
		return yaml_fail(why, n, "generate", "'generate' is true or false");
	return 0;
}

static int
parse_references(struct correlation_draft *out, struct fail *why)
{
	const struct yaml_node *n = yaml_get(out->map, "rules");
	if (!n || n->kind == YAML_MAP || (n->kind == YAML_LIST && n->len == 0))
		return yaml_fail(why, n ? n : out->map, "correlation-rules",
		    "the correlation needs 'rules': ids or names of rules");
	if (n->kind == YAML_LIST && n->len > CORRELATION_RULES_MAX)
		return yaml_fail(why, n, "correlation-rules", "a correlation names at most %d rules", CORRELATION_RULES_MAX);
	for (const struct yaml_node *item = n->kind == YAML_LIST ? n->first : NULL; item; item = item->next) {
		if (item->kind != YAML_SCALAR)
			return yaml_fail(why, item, "correlation-rules", "'rules' is a list of ids or names");
	}
	out->references = n;
	return 0;
}

static int
parse_aliases(struct correlation_draft *out, struct fail *why)
{
	const struct yaml_node *aliases = yaml_get(out->map, "aliases");
	out->aliases = aliases;
	if (!aliases)
		return 0;
	if (aliases->kind != YAML_MAP)
		return yaml_fail(why, aliases, "correlation-aliases", "'aliases' is a map of aliases");
	for (const struct yaml_node *alias = aliases->first; alias; alias = alias->next) {
		if (alias->kind != YAML_MAP)
			return yaml_fail(why, alias, "correlation-aliases", "an alias is a map of rule names to fields");
		for (const struct yaml_node *n = alias->first; n; n = n->next) {
			if (n->kind != YAML_SCALAR || n->text.len == 0)
				return yaml_fail(why, n, "correlation-aliases", "an alias names one field for each rule");
		}
	}
	return 0;
}

int
correlation_parse(const struct detection_loader *loader, const struct yaml_node *root, struct correlation_draft *out,
    struct fail *why)
{
	static const char *const keys[] = {"type", "rules", "group-by", "timespan", "condition", "aliases", "generate", NULL};
	struct correlation *c = &out->correlation;
	*out = (struct correlation_draft){.map = yaml_get(root, "correlation")};
	if (read_keys(out->map, keys, "correlation", why) || parse_type(out->map, c, why) || parse_references(out, why) ||
	    parse_aliases(out, why))
		return -1;
	const struct yaml_node *span = yaml_get(out->map, "timespan");
	if (!span)
		return yaml_fail(why, out->map, "timespan", "the correlation has no 'timespan'");
	if (read_span(span, &c->timespan_ms, why))
		return -1;
	out->group_by = yaml_get(out->map, "group-by");
	if (read_fields(loader, out->group_by, &c->group_by, &c->group_count, why))
		return -1;
	if (parse_generate(root, out, why) || parse_generate(out->map, out, why))
		return -1;
	return parse_condition(loader, out, why);
}

/* ---- aliases ---- */

static bool
names_rule(const struct correlation_reference *r, struct str text)
{
	return (r->name.len && str_eq(r->name, text)) || str_eq_nocase(str_of(r->rule->id), text);
}

/* The field that an alias stands for in one rule's events. */
static int
resolve_alias(const struct detection_loader *loader, const struct yaml_node *alias, const struct correlation_reference *r,
    struct rule_field *field, struct fail *why)
{
	for (const struct yaml_node *n = alias->first; n; n = n->next) {
		if (!names_rule(r, n->key->text))
			continue;
		/* the name stays the alias: it is what groups are known by */
		struct str window, figure;
		if (window_field_split(n->text, &window, &figure))
			return yaml_fail(why, n, "correlation-aliases", "an alias cannot stand for a figure of a window");
		field->read = keep_text(loader->arena, n->text);
		return field->read ? field_scope_slot(loader->fields, n->text, n, &field->slot, why)
				   : fail_set(why, "memory", "out of memory");
	}
	return yaml_fail(why, alias->key, "correlation-aliases", "the alias '%.100s' has no field for the rule '%.100s'",
	    alias->key->text.p, r->name.len ? r->name.p : r->rule->id);
}

static int
resolve_fields(const struct detection_loader *loader, const struct correlation_draft *draft,
    const struct correlation_reference *r, bool grouped, const struct rule_field **out, struct fail *why)
{
	const struct correlation *c = &draft->correlation;
	const struct rule_field *fields = grouped ? c->group_by : c->values;
	unsigned count = grouped ? c->group_count : c->value_count;
	struct rule_field *own = keep_zero(loader->arena, count, sizeof(*own));
	if (!own)
		return fail_set(why, "memory", "out of memory");
	for (unsigned i = 0; i < count; i++) {
		own[i] = fields[i];
		const struct yaml_node *alias = draft->aliases ? yaml_get(draft->aliases, fields[i].name) : NULL;
		if (alias && resolve_alias(loader, alias, r, &own[i], why))
			return -1;
	}
	*out = own;
	return 0;
}

/* Every rule that an alias names is one of the correlation's, and every alias is used. */
static int
check_aliases(const struct correlation_draft *draft, const struct correlation_reference *references, unsigned count,
    struct fail *why)
{
	const struct correlation *c = &draft->correlation;
	for (const struct yaml_node *alias = draft->aliases ? draft->aliases->first : NULL; alias; alias = alias->next) {
		bool used = false;
		for (unsigned i = 0; i < c->group_count; i++)
			used |= str_eq(alias->key->text, str_of(c->group_by[i].name));
		for (unsigned i = 0; i < c->value_count; i++)
			used |= str_eq(alias->key->text, str_of(c->values[i].name));
		if (!used)
			return yaml_fail(why, alias->key, "correlation-aliases",
			    "the alias '%.100s' is used neither by group-by nor by field", alias->key->text.p);
		for (const struct yaml_node *n = alias->first; n; n = n->next) {
			unsigned i = 0;
			while (i < count && !names_rule(&references[i], n->key->text))
				i++;
			if (i == count)
				return yaml_fail(why, n->key, "correlation-aliases",
				    "'%.100s' is not among the correlation's rules", n->key->text.p);
		}
	}
	return 0;
}

/* ---- the condition as text ---- */

static void
find_feeds(const struct expr *e, bool negated, uint64_t *used, uint64_t *absent)
{
	if (e->kind == EXPR_SELECTION) {
		*used |= UINT64_C(1) << e->index;
		*absent |= (uint64_t)negated << e->index;
		return;
	}
	for (const struct expr *child = e->last; child; child = child->prev)
		find_feeds(child, negated != (e->kind == EXPR_NOT), used, absent);
}

static int
parse_text(const struct detection_loader *loader, struct correlation_draft *draft,
    const struct correlation_reference *references, unsigned count, struct fail *why)
{
	struct correlation *c = &draft->correlation;
	struct str *names = keep_zero(loader->arena, count, sizeof(*names));
	uint64_t used = 0;
	size_t offset;
	if (!names)
		return fail_set(why, "memory", "out of memory");
	for (unsigned i = 0; i < count; i++)
		names[i] = references[i].node->text;
	struct condition_names all = {names, count};
	c->text = condition_parse(loader->arena, draft->text->text, &all, &offset, why);
	if (!c->text) {
		char text[sizeof why->text], code[sizeof why->code];
		snprintf(text, sizeof text, "%s", why->text);
		snprintf(code, sizeof code, "%s", why->code);
		return yaml_fail(why, draft->text, code, "%s", text);
	}
	find_feeds(c->text, false, &used, &c->absent);
	for (unsigned i = 0; i < count; i++) {
		if (!(used >> i & 1))
			return yaml_fail(why, references[i].node, "correlation-condition",
			    "the condition does not use the rule '%.100s'", references[i].node->text.p);
	}
	if (correlation_text_holds(c->text, 0))
		return yaml_fail(why, draft->text, "correlation-condition",
		    "the condition also holds when nothing happens: it needs a rule that must be there");
	if (c->absent && c->type == CORRELATION_TEMPORAL_ORDERED)
		return yaml_fail(why, draft->text, "correlation-condition",
		    "what is absent has no place in an order: 'not' belongs to temporal correlations");
	if (c->type == CORRELATION_TEMPORAL_ORDERED && count > ORDERED_TEXT_MAX)
		return yaml_fail(why, draft->text, "correlation-condition",
		    "a condition as text over an order takes at most %d rules", ORDERED_TEXT_MAX);
	return 0;
}

/* ---- when it is decided ---- */

static int
decide_when(const struct correlation_draft *draft, struct correlation *c, struct fail *why)
{
	const unsigned upper = RANGE_LT | RANGE_LTE | RANGE_NEQ;
	const struct yaml_node *condition = yaml_get(draft->map, "condition");
	bool counts = c->type < CORRELATION_VALUE_SUM;
	c->when = c->absent ? CORRELATION_ABSENCE : CORRELATION_ON_ARRIVAL;
	if (!c->range.ops)
		return 0;
	bool none = counts && correlation_holds(&c->range, 0), one = correlation_holds(&c->range, 1);
	if (none && !(c->range.ops & ~(unsigned)(RANGE_GT | RANGE_GTE)))
		return yaml_fail(why, condition, "correlation-condition", "the condition holds always, also when nothing happens");
	if (none && !one)
		c->when = CORRELATION_ON_SILENCE;
	else if (none || c->range.ops & upper || (!counts && c->range.ops & RANGE_EQ))
		c->when = CORRELATION_AT_END;
	return 0;
}

int
correlation_finish(const struct detection_loader *loader, struct correlation_draft *draft,
    const struct correlation_reference *references, unsigned count, struct fail *why)
{
	struct correlation *c = &draft->correlation;
	struct correlation_feed *feeds = keep_zero(loader->arena, count, sizeof(*feeds));
	if (!feeds)
		return fail_set(why, "memory", "out of memory");
	if (check_aliases(draft, references, count, why))
		return -1;
	for (unsigned i = 0; i < count; i++) {
		const struct correlation_reference *r = &references[i];
		feeds[i].rule = r->rule;
		if (resolve_fields(loader, draft, r, true, &feeds[i].group_by, why) ||
		    resolve_fields(loader, draft, r, false, &feeds[i].values, why))
			return -1;
	}
	c->feeds = feeds;
	c->feed_count = count;
	if (draft->text && parse_text(loader, draft, references, count, why))
		return -1;
	return decide_when(draft, c, why);
}
