#include "sigma/logsource.h"

#include "sigma/keep.h"

static int
parse_attribute(struct arena *arena, const struct yaml_node *map, const char *key, struct str *out, struct fail *why)
{
	const struct yaml_node *n = yaml_get(map, key);
	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_SCALAR || n->text.len == 0)
		return yaml_fail(why, n, "logsource", "'%s' of the log source is a text", key);
	*out = str_of(keep_text(arena, n->text));
	return out->p ? 0 : fail_set(why, "memory", "out of memory");
}

int
logsource_parse(struct arena *arena, const struct yaml_node *node, struct logsource *out, struct fail *why)
{
	*out = (struct logsource){STR(""), STR(""), STR("")};
	if (yaml_is_null(node))
		return 0; /* `logsource:` and nothing behind it: no attribute is asked for */
	if (node->kind != YAML_MAP)
		return yaml_fail(why, node, "logsource", "'logsource' is a map of product, service and category");
	if (parse_attribute(arena, node, "product", &out->product, why) ||
	    parse_attribute(arena, node, "service", &out->service, why))
		return -1;
	return parse_attribute(arena, node, "category", &out->category, why);
}

static bool
attribute_contains(struct str wanted, const struct source *source, const struct str *has)
{
	return wanted.len == 0 || (source && str_eq_nocase(wanted, *has));
}

static bool
service_contains(struct str wanted, const struct source *source)
{
	for (unsigned i = 0; source && i < source->also_len; i++)
		if (str_eq_nocase(wanted, source->also[i]))
			return true;
	return attribute_contains(wanted, source, source ? &source->service : NULL);
}

bool
logsource_contains(const struct logsource *wanted, const struct source *source)
{
	static const struct source none;
	const struct source *s = source ? source : &none;
	return attribute_contains(wanted->product, source, &s->product) &&
	    service_contains(wanted->service, source) &&
	    attribute_contains(wanted->category, source, &s->category);
}
