#include "sigma/collection.h"

#include "sigma/keep.h"

static struct yaml_node *
copy_node(struct arena *arena, const struct yaml_node *from)
{
	struct yaml_node *copy = keep_zero(arena, 1, sizeof(*copy));
	if (copy) {
		*copy = *from;
		copy->next = NULL;
	}
	return copy;
}

static const struct yaml_node *
find_key(const struct yaml_node *map, struct str key)
{
	for (const struct yaml_node *n = map->first; n; n = n->next)
		if (str_eq(n->key->text, key))
			return n;
	return NULL;
}

static const struct yaml_node *merge(struct arena *arena, const struct yaml_node *under, const struct yaml_node *over);

/* What stands at one key of both, or of one. */
static struct yaml_node *
merge_child(struct arena *arena, const struct yaml_node *under, const struct yaml_node *over)
{
	if (!under || !over || under->kind != YAML_MAP || over->kind != YAML_MAP)
		return copy_node(arena, over ? over : under);
	const struct yaml_node *merged = merge(arena, under, over);
	return merged ? copy_node(arena, merged) : NULL;
}

/* Two maps -> one, at the place of the first; NULL without memory. The depth is that of the files. */
static const struct yaml_node *
merge(struct arena *arena, const struct yaml_node *under, const struct yaml_node *over)
{
	struct yaml_node *out = copy_node(arena, under);
	const struct yaml_node **link = out ? &out->first : NULL;
	if (!out)
		return NULL;
	out->len = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (const struct yaml_node *n = pass ? over->first : under->first; n; n = n->next) {
			const struct yaml_node *other = find_key(pass ? under : over, n->key->text);
			if (pass && other)
				continue;
			struct yaml_node *child = merge_child(arena, n, other);
			if (!child)
				return NULL;
			*link = child;
			link = &child->next;
			out->len++;
		}
	}
	*link = NULL;
	return out;
}

/* The document as others take it over: without its action. */
static const struct yaml_node *
without_action(struct arena *arena, const struct yaml_node *root)
{
	struct yaml_node *out = copy_node(arena, root);
	const struct yaml_node **link = out ? &out->first : NULL;
	for (const struct yaml_node *n = root->first; out && n; n = n->next) {
		if (str_eq(n->key->text, STR("action"))) {
			out->len--;
			continue;
		}
		struct yaml_node *child = copy_node(arena, n);
		if (!child)
			return NULL;
		*link = child;
		link = &child->next;
	}
	if (out)
		*link = NULL;
	return out;
}

static int
take_action(struct collection *c, const struct yaml_node *root, const struct yaml_node *action,
    const struct yaml_node **out, struct fail *why)
{
	const struct yaml_node *document = without_action(c->arena, root);
	if (!document)
		return fail_set(why, "memory", "out of memory");
	if (str_eq(action->text, STR("global"))) {
		c->template = document;
	} else if (str_eq(action->text, STR("reset"))) {
		c->template = NULL;
	} else if (str_eq(action->text, STR("repeat"))) {
		if (!c->rule)
			return yaml_fail(why, action, "action", "'repeat' has no rule before it");
		*out = c->rule = merge(c->arena, c->rule, document);
		return *out ? 0 : fail_set(why, "memory", "out of memory");
	} else {
		return yaml_fail(why, action, "action", "'action' is global, reset or repeat");
	}
	return 0;
}

int
collection_take(struct collection *c, const struct yaml_node *root, const struct yaml_node **out, struct fail *why)
{
	const struct yaml_node *action = yaml_get(root, "action");
	*out = NULL;
	if (action)
		return take_action(c, root, action, out, why);
	*out = root;
	if (root->kind != YAML_MAP || yaml_get(root, "correlation") || yaml_get(root, "filter"))
		return 0;
	if (c->template)
		*out = merge(c->arena, root, c->template);
	c->rule = *out;
	return *out ? 0 : fail_set(why, "memory", "out of memory");
}
