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
	out->conditions[out->count++] = e;
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
	out->conditions = keep_zero(loader->arena, list->len, sizeof(*out->conditions));
	if (!out->terms || !out->entries || !out->conditions)
		return fail_set(why, "memory", "out of memory");
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		if (parse_term(loader, detection, n, out, why))
			return -1;
	}
	return 0;
}

/* ---- where the condition holds a term ---- */

enum { PARTS_MAX = 64 };

struct shape { /* of a term's condition, by hashes that do not depend on the order of parts */
	uint64_t whole;
	uint64_t parts[PARTS_MAX]; /* what its `and` joins */
	unsigned count;
};

struct shapes {
	struct shape terms[RULE_TERMS_MAX];
	unsigned count;
};

static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t
hash_of(const struct expr *e, uint64_t children)
{
	bool leaf = e->kind == EXPR_TEST || e->kind == EXPR_SELECTION;
	return mix(mix((uint64_t)e->kind) ^ (leaf ? e->index : mix(children)));
}

static uint64_t
hash_expr(const struct expr *e)
{
	uint64_t children = 0;
	for (const struct expr *child = e->last; child; child = child->prev)
		children += hash_expr(child);
	return hash_of(e, children);
}

static void
shape_of(const struct expr *e, struct shape *out)
{
	out->whole = hash_expr(e);
	out->count = 0;
	const struct expr *child = e->kind == EXPR_AND ? e->last : NULL;
	for (; child && out->count < PARTS_MAX; child = child->prev)
		out->parts[out->count++] = hash_expr(child);
	if (child) /* too many to look for among others: only as a whole */
		out->count = 0;
}

/* Returns the hash. Depth is bounded by the condition's. */
static uint64_t
mark(const struct shapes *shapes, struct expr *e)
{
	uint64_t found[RULE_TERMS_MAX] = {0}, children = 0;
	for (struct expr *child = e->last; child; child = child->prev) {
		uint64_t hash = mark(shapes, child);
		children += hash;
		for (unsigned i = 0; i < shapes->count; i++)
			for (unsigned k = 0; k < shapes->terms[i].count; k++)
				found[i] |= (uint64_t)(shapes->terms[i].parts[k] == hash) << k;
	}
	uint64_t hash = hash_of(e, children);
	for (unsigned i = 0; i < shapes->count; i++) {
		const struct shape *term = &shapes->terms[i];
		bool joined = e->kind == EXPR_AND && term->count > 0 && found[i] == UINT64_MAX >> (PARTS_MAX - term->count);
		if (joined || term->whole == hash)
			e->terms |= UINT32_C(1) << i;
	}
	return hash;
}

void
score_mark(const struct score *score, struct expr *condition)
{
	struct shapes shapes = {.count = score->count};
	for (unsigned i = 0; i < score->count; i++)
		shape_of(score->conditions[i], &shapes.terms[i]);
	if (score->count > 0)
		(void)mark(&shapes, condition);
}
