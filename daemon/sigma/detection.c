#include "sigma/detection.h"

#include "sigma/keep.h"
#include "sigma/lint.h"

static struct expr *
new_expr(const struct detection_loader *loader, enum expr_kind kind, unsigned index, struct fail *why)
{
	struct expr *e = expr_new(loader->arena, kind, index);
	if (!e)
		fail_set(why, "memory", "out of memory");
	return e;
}

/* The item as written: key (NULL for keywords) and values. */
static const struct expr_text *
keep_item(struct arena *arena, const struct yaml_node *key, const struct yaml_node *value)
{
	bool list = value->kind == YAML_LIST;
	size_t count = list ? value->len : 1;
	struct expr_text *text = keep_zero(arena, 1, sizeof(*text));
	struct str *values = keep_zero(arena, count, sizeof(*values));
	if (!text || !values)
		return NULL;
	*text = (struct expr_text){key ? keep_text(arena, key->text) : "", values, (unsigned)count};
	for (const struct yaml_node *n = list ? value->first : value; n; n = list ? n->next : NULL) {
		*values = yaml_is_null(n) ? STR("null") : arena_copy(arena, n->text);
		if (!values++->p)
			return NULL;
	}
	return text->item ? text : NULL;
}

static struct expr *
make_one_test(const struct detection_loader *loader, const struct modifiers *modifiers, const struct yaml_node *key,
    const struct yaml_node *value, struct fail *why)
{
	unsigned index;
	if (predicate_add(loader->predicates, loader->fields, modifiers, value, &index, why))
		return NULL;
	struct expr *test = new_expr(loader, EXPR_TEST, index, why);
	if (!test)
		return NULL;
	test->field = keep_text(loader->arena, modifiers->field);
	test->line = value->key ? value->key->line : value->line;
	test->column = value->key ? value->key->column : value->column;
	if (loader->keep_text)
		test->text = keep_item(loader->arena, key, value);
	if (!test->field || (loader->keep_text && !test->text)) {
		fail_set(why, "memory", "out of memory");
		return NULL;
	}
	return test;
}

/* `all` of values that each stand for several, any of which is enough: a test for each value. */
static struct expr *
make_each_test(const struct detection_loader *loader, const struct modifiers *modifiers, const struct yaml_node *key,
    const struct yaml_node *list, struct fail *why)
{
	if (predicate_check(list, why))
		return NULL;
	struct expr *all = new_expr(loader, EXPR_AND, 0, why);
	for (const struct yaml_node *n = list->first; all && n; n = n->next) {
		struct expr *test = make_one_test(loader, modifiers, key, n, why);
		if (!test)
			return NULL;
		expr_add(all, test);
	}
	return all;
}

static struct expr *
make_test(const struct detection_loader *loader, const struct modifiers *modifiers, const struct yaml_node *key,
    const struct yaml_node *value, struct fail *why)
{
	lint_item(loader->notes, modifiers, value);
	bool each = modifiers->all && modifiers_multiply(modifiers) && value->kind == YAML_LIST && value->len > 1;
	struct expr *test = each ? make_each_test(loader, modifiers, key, value, why) :
				   make_one_test(loader, modifiers, key, value, why);
	if (!test || !modifiers->negate)
		return test;
	struct expr *not = new_expr(loader, EXPR_NOT, 0, why);
	if (not)
		expr_add(not, test);
	return not;
}

static struct expr *
make_keywords(const struct detection_loader *loader, const struct yaml_node *value, struct fail *why)
{
	struct modifiers modifiers = {.wrap = WRAP_CONTAINS};
	return make_test(loader, &modifiers, NULL, value, why);
}

/* Is this item dearer than the others, so that it is better asked last? */
static bool
is_dear(const struct modifiers *modifiers)
{
	return modifiers->comparison == COMPARE_REGEX || modifiers->field.len == 0;
}

static struct expr *
make_map(const struct detection_loader *loader, const struct yaml_node *map, struct fail *why)
{
	struct expr *all = new_expr(loader, EXPR_AND, 0, why);
	if (!all)
		return NULL;
	if (map->len == 0) {
		yaml_fail(why, map, "empty-selection", "an empty selection matches nothing");
		return NULL;
	}
	for (int dear = 0; dear < 2; dear++) {
		for (const struct yaml_node *n = map->first; n; n = n->next) {
			struct modifiers modifiers;
			if (modifiers_parse(n->key, &modifiers, why))
				return NULL;
			if (is_dear(&modifiers) != (dear == 1))
				continue;
			struct expr *test = make_test(loader, &modifiers, n->key, n, why);
			if (!test)
				return NULL;
			expr_add(all, test);
		}
	}
	return all;
}

static struct expr *
make_list(const struct detection_loader *loader, const struct yaml_node *list, struct fail *why)
{
	size_t scalars = 0;
	for (const struct yaml_node *n = list->first; n; n = n->next)
		scalars += n->kind == YAML_SCALAR;
	if (scalars == list->len) /* also the empty list, which is refused there */
		return make_keywords(loader, list, why);
	struct expr *any = new_expr(loader, EXPR_OR, 0, why);
	for (const struct yaml_node *n = list->first; any && n; n = n->next) {
		struct expr *child = NULL;
		if (n->kind == YAML_LIST)
			yaml_fail(why, n, "value", "a list of selections holds no list");
		else
			child = n->kind == YAML_MAP ? make_map(loader, n, why) : make_keywords(loader, n, why);
		if (!child)
			return NULL;
		expr_add(any, child);
	}
	return any;
}

static struct expr *
make_selection(const struct detection_loader *loader, const struct yaml_node *node, struct fail *why)
{
	switch (node->kind) {
	case YAML_MAP:
		return make_map(loader, node, why);
	case YAML_LIST:
		return make_list(loader, node, why);
	case YAML_SCALAR:
		return make_keywords(loader, node, why);
	}
	return NULL;
}

struct expr *
detection_condition(const struct detection_loader *loader, const struct detection *detection,
    const struct yaml_node *text, struct fail *why)
{
	struct fail reason = {0};
	size_t offset = 0;
	if (text->kind != YAML_SCALAR) {
		yaml_fail(why, text, "condition", "a condition is a text");
		return NULL;
	}
	struct expr *e = condition_parse(loader->arena, text->text, &detection->names, &offset, &reason);
	if (e)
		return e;
	/* A text that goes over lines tells only where it starts. */
	bool one_line = str_find(str_make(text->text.p, text->text.len), STR("\n")) < 0;
	unsigned column = text->column + (one_line ? (unsigned)offset + !text->plain : 0);
	fail_at(why, text->file, text->line, column, reason.code, "%s", reason.text);
	return NULL;
}

static bool
is_selection(const struct yaml_node *n, bool filter)
{
	static const char *const others[] = {"condition", "timeframe", "rules"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) - !filter; i++)
		if (str_eq(n->key->text, str_of(others[i])))
			return false;
	return true;
}

static int
parse_selections(const struct detection_loader *loader, const struct yaml_node *node, bool filter,
    struct detection *out, struct fail *why)
{
	struct str *names = keep_zero(loader->arena, node->len, sizeof(*names));
	out->selections = keep_zero(loader->arena, node->len, sizeof(*out->selections));
	if (!names || !out->selections)
		return fail_set(why, "memory", "out of memory");
	out->names = (struct condition_names){names, 0};
	for (const struct yaml_node *n = node->first; n; n = n->next) {
		unsigned i = out->names.count;
		if (!is_selection(n, filter))
			continue;
		if (i == SELECTIONS_MAX)
			return yaml_fail(why, n->key, "too-many-selections", "the rule has more than %d selections",
			    SELECTIONS_MAX);
		out->selections[i] = make_selection(loader, n, why);
		if (!out->selections[i])
			return -1;
		names[i] = str_of(keep_text(loader->arena, n->key->text));
		if (!names[i].p)
			return fail_set(why, "memory", "out of memory");
		out->names.count++;
	}
	return 0;
}

static int
parse_conditions(const struct detection_loader *loader, const struct yaml_node *node, struct detection *out,
    struct fail *why)
{
	if (node->kind == YAML_SCALAR) {
		out->condition = detection_condition(loader, out, node, why);
		return out->condition ? 0 : -1;
	}
	if (node->kind == YAML_MAP || node->len == 0)
		return yaml_fail(why, node, "condition", "a condition is a text or a list of texts");
	out->condition = new_expr(loader, EXPR_OR, 0, why);
	for (const struct yaml_node *n = node->first; n && out->condition; n = n->next) {
		struct expr *one = detection_condition(loader, out, n, why);
		if (!one)
			return -1;
		expr_add(out->condition, one);
	}
	return out->condition ? 0 : -1;
}

static int
parse(const struct detection_loader *loader, const struct yaml_node *node, bool filter, struct detection *out,
    struct fail *why)
{
	const char *what = filter ? "filter" : "detection";
	*out = (struct detection){0};
	if (node->kind != YAML_MAP)
		return yaml_fail(why, node, "detection", "'%s' is a map of selections and a condition", what);
	const struct yaml_node *condition = yaml_get(node, "condition");
	if (!condition)
		return yaml_fail(why, node, "missing-condition", "'%s' has no 'condition'", what);
	if (parse_selections(loader, node, filter, out, why))
		return -1;
	if (out->names.count == 0)
		return yaml_fail(why, node, "detection", "'%s' has no selection", what);
	return parse_conditions(loader, condition, out, why);
}

int
detection_parse(const struct detection_loader *loader, const struct yaml_node *node, struct detection *out,
    struct fail *why)
{
	return parse(loader, node, false, out, why);
}

int
detection_parse_filter(const struct detection_loader *loader, const struct yaml_node *node, struct detection *out,
    struct fail *why)
{
	return parse(loader, node, true, out, why);
}
