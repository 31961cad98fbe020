#include "detect/supply.h"

#include <stdio.h>

#include "base/buf.h"
#include "event/schema_find.h"
#include "sigma/mention.h"

enum { SCHEMAS_MAX = 256, TOLD_MAX = 256, UNKNOWN_MAX = 256 };

/* Log sources that nothing gives, and the rules that wait for them. */
struct unknown {
	struct {
		const struct rule *first;
		unsigned more;
	} items[UNKNOWN_MAX];
	unsigned len;
};

/* One rule being looked at, or one filter with the rules that it is joined to. */
struct supply {
	const struct policy *policy;
	struct fail_list *warnings;
	const struct schema *schemas[SCHEMAS_MAX]; /* of shapes that the rule may see */
	unsigned schema_len;
	const char *whose;         /* log source, for the text */
	struct str told[TOLD_MAX]; /* fields that were reported of it */
	unsigned told_len;
};

static bool
sees_schema(const struct policy *p, const struct rule *rule, const struct schema *schema)
{
	const struct source *source;

	for (unsigned i = 0; schema_source_at(schema, i, &source); i++)
		if (mention_sees(p->rules, rule, source))
			return true;
	return false;
}

/* A source that no schema gives is a listener's. */
static bool
is_of_schema(const struct policy *p, const struct source *wanted)
{
	unsigned count;
	const struct schema *const *schemas = schema_set_schemas(p->schemas, &count);
	const struct source *source;

	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; schema_source_at(schemas[i], k, &source); k++)
			if (source == wanted)
				return true;
	return false;
}

/* Whether the rule may see events whose fields are found by their own path. */
static bool
sees_generic(const struct policy *p, const struct rule *rule)
{
	unsigned count;
	const struct source *const *sources = schema_set_sources(p->schemas, &count);

	if (mention_sees(p->rules, rule, NULL))
		return true;
	for (unsigned i = 0; i < count; i++)
		if (mention_sees(p->rules, rule, sources[i]) && !is_of_schema(p, sources[i]))
			return true;
	return false;
}

static bool
has_schema(const struct supply *s, const struct schema *schema)
{
	for (unsigned i = 0; i < s->schema_len; i++)
		if (s->schemas[i] == schema)
			return true;
	return false;
}

/* Those that the rule may see, beside what is there. */
static void
gather_schemas(struct supply *s, const struct rule *rule)
{
	unsigned count;
	const struct schema *const *schemas = schema_set_schemas(s->policy->schemas, &count);

	for (unsigned i = 0; i < count && s->schema_len < SCHEMAS_MAX; i++)
		if (schemas[i]->clause_len > 0 && !has_schema(s, schemas[i]) && sees_schema(s->policy, rule, schemas[i]))
			s->schemas[s->schema_len++] = schemas[i];
}

static bool
is_told(struct supply *s, struct str field)
{
	for (unsigned i = 0; i < s->told_len; i++)
		if (str_eq_nocase(s->told[i], field))
			return true;
	if (s->told_len < TOLD_MAX)
		s->told[s->told_len++] = field;
	return false;
}

static void
judge_field(const struct mention *m, void *ctx)
{
	struct supply *s = ctx;

	if (field_is_own(m->field))
		return;
	for (unsigned i = 0; i < s->schema_len; i++)
		if (schema_supplies(s->schemas[i], m->field))
			return;
	if (is_told(s, m->field))
		return;
	fail_list_at(s->warnings, m->rule->file, m->line, m->column, "unsupplied-field",
	    "no schema of %s has a field '%.100s': it is always missing", s->whose, m->field.p);
}

static bool
same_logsource(const struct logsource *a, const struct logsource *b)
{
	return str_eq_nocase(a->product, b->product) && str_eq_nocase(a->service, b->service) &&
	    str_eq_nocase(a->category, b->category);
}

/* False when the list is full: each of the others is told by itself. */
static bool
note_unknown(struct unknown *u, const struct policy *policy, const struct rule *rule)
{
	const struct logsource *wanted = mention_logsource(policy->rules, rule);
	unsigned i = 0;

	while (i < u->len && !same_logsource(mention_logsource(policy->rules, u->items[i].first), wanted))
		i++;
	if (i == UNKNOWN_MAX)
		return false;
	if (i == u->len)
		u->items[u->len++].first = rule;
	else
		u->items[i].more++;
	return true;
}

static void
put_attribute(struct buf *out, const char *name, struct str value)
{
	if (value.len > 0 && buf_addf(out, "%s%s: %.*s", out->len ? ", " : "", name, (int)(value.len < 60 ? value.len : 60), value.p))
		buf_clear(out); /* cannot be: there is room for three */
}

static void
tell_unknown(const struct policy *policy, const struct rule *rule, unsigned more, struct fail_list *warnings)
{
	const struct logsource *wanted = mention_logsource(policy->rules, rule);
	struct buf source;
	char others[32] = "";

	buf_init(&source, 512);
	put_attribute(&source, "product", wanted->product);
	put_attribute(&source, "service", wanted->service);
	put_attribute(&source, "category", wanted->category);
	if (more > 0)
		snprintf(others, sizeof(others), " and %u more", more);
	fail_list_at(warnings, rule->file, rule->line, 0, "unknown-logsource",
	    "no schema and no listener gives events of the log source {%s} of '%.100s'%s", source.len ? source.data : "",
	    rule->title, others);
	buf_fini(&source);
}

static void
check_rule(const struct policy *policy, const struct rule *rule, struct unknown *unknown, struct fail_list *warnings)
{
	struct supply s = {.policy = policy, .warnings = warnings, .whose = "the rule's log source"};

	if (rule->correlation || sees_generic(policy, rule))
		return;
	gather_schemas(&s, rule);
	if (s.schema_len > 0)
		mention_each(policy->rules, rule, policy->fields, judge_field, &s);
	else if (!note_unknown(unknown, policy, rule))
		tell_unknown(policy, rule, 0, warnings);
}

/* A field counts as supplied when one of the rules that are filtered may see it. */
static void
check_filter(const struct policy *policy, unsigned filter, struct fail_list *warnings)
{
	struct supply s = {.policy = policy, .warnings = warnings, .whose = "a log source of the rules that are filtered"};
	const struct rule *rule;
	unsigned next = 0;

	while ((rule = mention_filtered(policy->rules, filter, &next))) {
		if (sees_generic(policy, rule))
			return;
		gather_schemas(&s, rule);
	}
	if (s.schema_len > 0)
		mention_each_of_filter(policy->rules, filter, policy->fields, judge_field, &s);
}

void
supply_check(const struct policy *policy, struct fail_list *warnings)
{
	struct unknown unknown = {0};
	unsigned count;
	const struct rule *const *rules = ruleset_rules(policy->rules, &count);

	for (unsigned i = 0; i < count; i++)
		check_rule(policy, rules[i], &unknown, warnings);
	for (unsigned i = 0; i < unknown.len; i++)
		tell_unknown(policy, unknown.items[i].first, unknown.items[i].more, warnings);
	for (unsigned i = 0; i < mention_filters(policy->rules); i++)
		check_filter(policy, i, warnings);
}
