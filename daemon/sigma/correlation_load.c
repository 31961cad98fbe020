#include "sigma/correlation_load.h"

#include "sigma/read.h"
#include "sigma/word.h"

static int
parse_type(const struct yaml_node *map, struct correlation *out, struct fail *why)
{
	static const char *const names[] = {"event_count", "value_count", "temporal", "temporal_ordered", "value_sum",
	    "value_avg", "value_percentile", NULL};
	const struct yaml_node *n = yaml_get(map, "type");
	if (!n)
		return yaml_fail(why, map, "correlation-type", "the correlation has no 'type'");
	for (unsigned i = 0; names[i]; i++) {
		if (!str_eq(n->text, str_of(names[i])))
			continue;
		if (i > CORRELATION_VALUE_COUNT)
			return yaml_fail(why, n, "unsupported-correlation",
			    "correlation type %s is not supported by this version", names[i]);
		out->type = (enum correlation_type)i;
		out->type_name = names[i];
		return 0;
	}
	const char *near = word_near(n->text, names);
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
		if (!yaml_as_double(n, ops[i].value))
			return yaml_fail(why, n, "correlation-condition", "'%s' needs a number", ops[i].name);
		out->ops |= ops[i].op;
	}
	return 0;
}

static int
parse_range(const struct yaml_node *condition, struct correlation_range *out, struct fail *why)
{
	for (const struct yaml_node *n = condition->first; n; n = n->next) {
		if (parse_bound(n, out, why))
			return -1;
	}
	if (!out->ops)
		return yaml_fail(why, condition, "correlation-condition", "the condition has no gt, gte, lt, lte, eq or neq");
	if (correlation_holds(out, 0))
		return yaml_fail(why, condition, "unsupported-correlation",
		    "the condition also holds when nothing happens; absence is not supported by this version");
	return 0;
}

static int
parse_condition(const struct detection_loader *loader, const struct yaml_node *map, struct correlation *out,
    struct fail *why)
{
	static const char *const keys[] = {"gt", "gte", "lt", "lte", "eq", "neq", "field", NULL};
	const struct yaml_node *n = yaml_get(map, "condition");
	if (!n)
		return yaml_fail(why, map, "correlation-condition", "the correlation has no 'condition'");
	if (n->kind == YAML_SCALAR)
		return yaml_fail(why, n, "correlation-condition",
		    "a condition as text belongs to temporal correlations; here it is a map such as gte: 10");
	if (read_keys(n, keys, "condition", why))
		return -1;
	const struct yaml_node *field = yaml_get(n, "field");
	if (out->type == CORRELATION_VALUE_COUNT && !field)
		return yaml_fail(why, n, "correlation-field", "value_count needs 'field' in its condition");
	if (out->type == CORRELATION_EVENT_COUNT && field)
		return yaml_fail(why, field, "correlation-field", "event_count has no 'field'; value_count has");
	if (read_fields(loader, field, &out->values, &out->value_count, why))
		return -1;
	if (field && out->value_count == 0)
		return yaml_fail(why, field, "correlation-field", "'field' names no field");
	return parse_range(n, &out->range, why);
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
parse_references(const struct yaml_node *map, struct correlation_draft *out, struct fail *why)
{
	const struct yaml_node *n = yaml_get(map, "rules");
	if (!n || n->kind == YAML_MAP || (n->kind == YAML_LIST && n->len == 0))
		return yaml_fail(why, n ? n : map, "correlation-rules", "the correlation needs 'rules': ids or names of rules");
	for (const struct yaml_node *item = n->kind == YAML_LIST ? n->first : NULL; item; item = item->next) {
		if (item->kind != YAML_SCALAR)
			return yaml_fail(why, item, "correlation-rules", "'rules' is a list of ids or names");
	}
	out->references = n;
	return 0;
}

int
correlation_parse(const struct detection_loader *loader, const struct yaml_node *root, struct correlation_draft *out,
    struct fail *why)
{
	static const char *const keys[] = {"type", "rules", "group-by", "timespan", "condition", "aliases", "generate", NULL};
	const struct yaml_node *map = yaml_get(root, "correlation");
	struct correlation *c = &out->correlation;
	*out = (struct correlation_draft){0};
	if (read_keys(map, keys, "correlation", why) || parse_type(map, c, why) || parse_references(map, out, why))
		return -1;
	const struct yaml_node *aliases = yaml_get(map, "aliases"), *span = yaml_get(map, "timespan");
	if (aliases)
		return yaml_fail(why, aliases->key, "unsupported-aliases", "'aliases' are not supported by this version");
	if (!span)
		return yaml_fail(why, map, "timespan", "the correlation has no 'timespan'");
	if (read_span(span, &c->timespan_ms, why))
		return -1;
	if (read_fields(loader, yaml_get(map, "group-by"), &c->group_by, &c->group_count, why))
		return -1;
	if (parse_generate(root, out, why) || parse_generate(map, out, why))
		return -1;
	return parse_condition(loader, map, c, why);
}
