#include "sigma/predicate.h"


#include "base/buf.h"
#include "base/mem.h"
#include "sigma/keep.h"
#include "sigma/operand.h"

enum { KEY_MAX = 8 << 20 };

int
predicate_set_init(struct predicate_set *set, struct arena *arena, const struct list_set *lists)
{
	*set = (struct predicate_set){.arena = arena, .lists = lists, .by_key = map_new(), .by_list = map_new()};
	return set->by_key && set->by_list ? 0 : -1;
}

void
predicate_set_fini(struct predicate_set *set)
{
	for (size_t i = 0; i < set->regex_count; i++)
		regex_free(set->regexes[i]);
	mem_free(set->regexes);
	mem_free(set->items);
	map_free(set->by_key);
	map_free(set->by_list);
	*set = (struct predicate_set){0};
}

static int
fail_memory(struct fail *why)
{
	return fail_set(why, "memory", "out of memory");
}

int
predicate_check(const struct yaml_node *value, struct fail *why)
{
	if (value->kind == YAML_MAP)
		return yaml_fail(why, value, "value", "a value or a list of values is expected, not a map");
	if (value->kind == YAML_SCALAR)
		return 0;
	if (value->len == 0)
		return yaml_fail(why, value, "empty-list", "an empty list matches nothing");
	if (value->len > PREDICATE_VALUES_MAX)
		return yaml_fail(why, value, "too-many-values", "the item has more than %d values", PREDICATE_VALUES_MAX);
	for (const struct yaml_node *v = value->first; v; v = v->next) {
		if (v->kind != YAML_SCALAR)
			return yaml_fail(why, v, "value", "a list of values holds no list and no map");
	}
	return 0;
}

/* Text that is equal for items that are evaluated alike. */
static int
canonical_key(struct buf *key, int slot, const struct modifiers *m, const struct yaml_node *value)
{
	bool all = m->all && value->kind == YAML_LIST && value->len > 1;
	if (buf_addf(key, "%d %d %d %d %d %u %d %d", slot, (int)m->comparison, (int)m->order, (int)m->part, (int)m->wrap,
	    m->regex_flags, all, m->cased) ||
	    buf_addf(key, " %d %d %d %d", m->expand, m->windash, (int)m->utf16, (int)m->base64))
		return -1;
	for (const struct yaml_node *v = operand_first(value); v; v = operand_next(value, v)) {
		if (buf_addf(key, " %d%zu:", v->plain, v->text.len) || buf_add_str(key, v->text))
			return -1;
	}
	return 0;
}

static int
append(struct predicate_set *set, struct predicate *p, struct str key, unsigned *index)
{
	if (set->len == set->size) {
		unsigned size = set->size ? set->size * 2 : 256;
		struct predicate **grown = mem_resize(set->items, size, sizeof(*grown));
		if (!grown)
			return -1;
		set->items = grown;
		set->size = size;
	}
	set->items[set->len] = p;
	if (map_set(set->by_key, key, p))
		return -1;
	p->index = set->len++;
	*index = p->index;
	return 0;
}

static int
add_new(struct predicate_set *set, struct field_scope *fields, const struct modifiers *m, const struct yaml_node *value,
    struct predicate *p, struct fail *why)
{
	p->order = m->order;
	p->part = m->part;
	p->wrap = m->wrap;
	p->cased = m->cased;
	p->multiplied = modifiers_multiply(m);
	p->all = m->all && value->kind == YAML_LIST && value->len > 1;
	return operands_make(set, fields, m, value, p, why);
}

struct item {
	struct field_scope *fields;
	const struct modifiers *modifiers;
	const struct yaml_node *value;
	struct str key; /* canonical */
};

/* A long list that another field was compared with is compiled already. */
static int
add_list(struct predicate_set *set, const struct item *item, struct predicate *p, struct fail *why)
{
	ptrdiff_t behind = str_find(item->key, STR(" ")); /* the slot */
	struct str list = str_make(item->key.p + behind, item->key.len - (size_t)behind);
	const struct predicate *alike = map_get(set->by_list, list);
	if (alike) {
		int slot = p->slot;
		*p = *alike;
		p->slot = slot;
		return 0;
	}
	if (add_new(set, item->fields, item->modifiers, item->value, p, why))
		return -1;
	return p->table && map_set(set->by_list, list, p) ? fail_memory(why) : 0;
}

int
predicate_add(struct predicate_set *set, struct field_scope *fields, const struct modifiers *modifiers,
    const struct yaml_node *value, unsigned *index, struct fail *why)
{
	int slot = PREDICATE_LEAVES, failed = -1;
	struct buf key;
	if (predicate_check(value, why))
		return -1;
	if (modifiers->field.len > 0 &&
	    field_scope_slot(fields, modifiers->field, value->key ? value->key : value, &slot, why))
		return -1;
	buf_init(&key, KEY_MAX);
	if (canonical_key(&key, slot, modifiers, value)) {
		fail_memory(why);
		goto out;
	}
	const struct predicate *known = map_get(set->by_key, buf_str(&key));
	if (known) {
		*index = known->index;
		failed = 0;
		goto out;
	}
	struct predicate *p = keep_zero(set->arena, 1, sizeof(*p));
	if (!p) {
		fail_memory(why);
		goto out;
	}
	p->slot = slot;
	if (!add_list(set, &(struct item){fields, modifiers, value, buf_str(&key)}, p, why))
		failed = append(set, p, buf_str(&key), index) ? fail_memory(why) : 0;
out:
	set->wants_leaves |= !failed && slot == PREDICATE_LEAVES;
	buf_fini(&key);
	return failed;
}
