#include "sigma/score.h"

#include "sigma/keep.h"
#include "sigma/program.h"
#include "sigma/read.h"

enum { ADD_MAX = 1000 };

static int
parse_term(const struct detection_loader *loader, const struct detection *detection, const struct yaml_node *node,
    struct score *out, struct fail *why)
{
	static const char *const keys[] = {"name", "when", "add", NULL};
	struct rule_term *term = &out->terms[out->count];
	int64_t add;
	if (read_keys(node, keys, "threat_score", why))
		return -1;
	const struct yaml_node *name = yaml_get(node, "name"), *when = yaml_get(node, "when");
	const struct yaml_node *points = yaml_get(node, "add");
	if (!name || !when || !points)
		return yaml_fail(why, node, "threat-score", "a term of the score needs 'name', 'when' and 'add'");
	if (read_text(loader->arena, name, 64, &term->name, why))
		return -1;
	for (unsigned i = 0; i < out->count; i++) {
		if (str_eq(name->text, str_of(out->terms[i].name)))
			return yaml_fail(why, name, "threat-score", "two terms of the score are called '%s'", term->name);
	}
	if (!yaml_as_int(points, &add) || add < -ADD_MAX || add > ADD_MAX)
		return yaml_fail(why, points, "threat-score", "'add' is a whole number from -%d to %d", ADD_MAX, ADD_MAX);
	term->add = (int)add;
	struct expr *e = detection_condition(loader, detection, when, why);
	if (!e)
		return -1;
	if (program_compile(loader->code, e, detection->selections, &out->entries[out->count], why))
		return yaml_fail(why, when, "condition", "the condition is too large");
	out->count++;
	return 0;
}

int
score_parse(const struct detection_loader *loader, const struct detection *detection, const struct yaml_node *list,
    struct score *out, struct fail *why)
{
	if (list->kind != YAML_LIST)
		return yaml_fail(why, list, "threat-score", "'threat_score' is a list of terms");
	if (list->len > RULE_TERMS_MAX)
		return yaml_fail(why, list, "threat-score", "'threat_score' has more than %d terms", RULE_TERMS_MAX);
	out->count = 0;
	out->terms = keep_zero(loader->arena, list->len, sizeof(*out->terms));
	out->entries = keep_zero(loader->arena, list->len, sizeof(*out->entries));
	if (!out->terms || !out->entries)
		return fail_set(why, "memory", "out of memory");
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		if (parse_term(loader, detection, n, out, why))
			return -1;
	}
	return 0;
}
