#include "sigma/predicate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sigma/fold.h"

enum { SET_LEAST = 8, KEY_MAX = 8 << 20 };

struct operand_maker { /* what the makers of operands share */
	struct predicate_set *set;
	struct field_scope *fields;
	const struct modifiers *modifiers;
	struct predicate *predicate;
	struct fail *why;
};

int
predicate_set_init(struct predicate_set *set, struct arena *arena)
{
	*set = (struct predicate_set){.arena = arena, .by_key = map_new()};
	return set->by_key ? 0 : -1;
}

void
predicate_set_fini(struct predicate_set *set)
{
	for (size_t i = 0; i < set->regex_count; i++)
		regex_free(set->regexes[i]);
	mem_free(set->regexes);
	mem_free(set->items);
	map_free(set->by_key);
	*set = (struct predicate_set){0};
}

uint32_t
predicate_hash(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

static int
fail_memory(struct fail *why)
{
	return fail_set(why, "memory", "out of memory");
}

static const struct yaml_node *
first_value(const struct yaml_node *value)
{
	return value->kind == YAML_LIST ? value->first : value;
}

static const struct yaml_node *
value_behind(const struct yaml_node *list, const struct yaml_node *value)
{
	return list->kind == YAML_LIST ? value->next : NULL;
}

static void *
new_operands(struct operand_maker *m, size_t size)
{
	void *p = arena_alloc(m->set->arena, m->predicate->count * size);
	if (!p)
		fail_memory(m->why);
	return p;
}

/* The value's text: as written, but a hexadecimal or octal integer in decimal. */
static struct str
value_text(const struct yaml_node *value, char decimal[24], struct predicate_text *out)
{
	int64_t i;
	double d;
	struct str text = value->text;
	if (yaml_as_int(value, &i)) {
		out->number = number_of_int(i);
		out->typed = true;
		if (text.len > 1 && (text.p[1] == 'x' || text.p[1] == 'o'))
			text = str_make(decimal, (size_t)snprintf(decimal, 24, "%" PRId64, i));
	} else if (yaml_as_double(value, &d)) {
		out->number = number_of_double(d);
		out->typed = true;
	}
	return text;
}

static int
make_text(struct operand_maker *m, const struct yaml_node *value, struct predicate_text *out)
{
	char decimal[24];
	*out = (struct predicate_text){0};
	if (yaml_is_null(value))
		return yaml_fail(m->why, value, "null-value", "null stands alone: not in a list and not with a modifier");
	struct str text = value_text(value, decimal, out);
	if (text.len > PATTERN_LEN_MAX)
		return yaml_fail(m->why, value, "value-too-long", "the value is longer than %d bytes", PATTERN_LEN_MAX);
	if (pattern_parse(m->set->arena, text, m->modifiers->wrap, m->modifiers->cased, &out->pattern))
		return fail_memory(m->why);
	out->numeric = out->pattern.kind == PATTERN_EQUALS && (out->typed || number_parse(text, &out->number));
	return 0;
}

/* Plain values into an open-addressed table, at most half full. */
static int
hash_texts(struct operand_maker *m, unsigned equal_count)
{
	struct predicate *p = m->predicate;
	uint32_t size = 16;
	while (size < equal_count * 2)
		size *= 2;
	const struct str **set = arena_alloc(m->set->arena, size * sizeof(*set));
	if (!set)
		return fail_memory(m->why);
	memset(set, 0, size * sizeof(*set));
	for (unsigned i = 0; i < p->count; i++) {
		const struct pattern *pattern = &p->texts[i].pattern;
		if (pattern->kind != PATTERN_EQUALS)
			continue;
		uint32_t at = predicate_hash(pattern->literal) & (size - 1);
		while (set[at])
			at = (at + 1) & (size - 1);
		set[at] = &pattern->literal;
		if (pattern->literal.len > p->set_longest)
			p->set_longest = pattern->literal.len;
	}
	p->set = set;
	p->set_mask = size - 1;
	return 0;
}

static int
make_texts(struct operand_maker *m, const struct yaml_node *value)
{
	struct predicate_text *texts = new_operands(m, sizeof(*texts));
	unsigned i = 0, equal_count = 0;
	if (!texts)
		return -1;
	for (const struct yaml_node *v = first_value(value); v; v = value_behind(value, v), i++) {
		if (make_text(m, v, &texts[i]))
			return -1;
		equal_count += texts[i].pattern.kind == PATTERN_EQUALS;
	}
	m->predicate->texts = texts;
	return equal_count >= SET_LEAST && !m->predicate->all ? hash_texts(m, equal_count) : 0;
}

static int
keep_regex(struct predicate_set *set, struct regex *regex)
{
	if (set->regex_count == set->regex_size) {
		size_t size = set->regex_size ? set->regex_size * 2 : 64;
		struct regex **grown = mem_resize(set->regexes, size, sizeof(*grown));
		if (!grown)
			return -1;
		set->regexes = grown;
		set->regex_size = size;
	}
	set->regexes[set->regex_count++] = regex;
	return 0;
}

static int
make_regexes(struct operand_maker *m, const struct yaml_node *value)
{
	struct regex **regexes = new_operands(m, sizeof(struct regex *));
	unsigned i = 0;
	if (!regexes)
		return -1;
	for (const struct yaml_node *v = first_value(value); v; v = value_behind(value, v), i++) {
		struct fail reason = {0};
		if (yaml_is_null(v))
			return yaml_fail(m->why, v, "null-value", "'re' needs a text");
		regexes[i] = regex_new(v->text, m->modifiers->regex_flags, &reason);
		if (!regexes[i])
			return yaml_fail(m->why, v, reason.code, "%s", reason.text);
		if (keep_regex(m->set, regexes[i])) {
			regex_free(regexes[i]);
			return fail_memory(m->why);
		}
	}
	m->predicate->regexes = regexes;
	return 0;
}

static int
make_nets(struct operand_maker *m, const struct yaml_node *value)
{
	struct inet_net *nets = new_operands(m, sizeof(*nets));
	unsigned i = 0;
	if (!nets)
		return -1;
	for (const struct yaml_node *v = first_value(value); v; v = value_behind(value, v), i++) {
		if (!inet_net_parse(v->text, &nets[i]))
			return yaml_fail(m->why, v, "cidr", "'%.60s' is not a network such as 10.0.0.0/8 (bits behind the "
			    "prefix must be 0)", v->text.p);
	}
	m->predicate->nets = nets;
	return 0;
}

static int
make_others(struct operand_maker *m, const struct yaml_node *value)
{
	int *others = new_operands(m, sizeof(*others));
	unsigned i = 0;
	if (!others)
		return -1;
	for (const struct yaml_node *v = first_value(value); v; v = value_behind(value, v), i++) {
		if (v->text.len == 0 || yaml_is_null(v) || memchr(v->text.p, '*', v->text.len))
			return yaml_fail(m->why, v, "fieldref", "'fieldref' needs the name of a field, without wildcards");
		if (field_scope_slot(m->fields, v->text, v, &others[i], m->why))
			return -1;
	}
	m->predicate->others = others;
	return 0;
}

static int
make_numbers(struct operand_maker *m, const struct yaml_node *value)
{
	struct number *numbers = new_operands(m, sizeof(*numbers));
	unsigned i = 0;
	if (!numbers)
		return -1;
	for (const struct yaml_node *v = first_value(value); v; v = value_behind(value, v), i++) {
		int64_t whole;
		double real;
		if (yaml_as_int(v, &whole))
			numbers[i] = number_of_int(whole);
		else if (yaml_as_double(v, &real))
			numbers[i] = number_of_double(real);
		else if (!number_parse(v->text, &numbers[i]))
			return yaml_fail(m->why, v, "number", "gt, gte, lt and lte need a number");
	}
	m->predicate->numbers = numbers;
	return 0;
}

static int
make_operands(struct operand_maker *m, const struct yaml_node *value)
{
	switch (m->modifiers->comparison) {
	case COMPARE_TEXT:
		if (value->kind == YAML_SCALAR && yaml_is_null(value) && !m->modifiers->wrap && !m->modifiers->cased) {
			m->predicate->op = PREDICATE_NULL;
			return 0;
		}
		return make_texts(m, value);
	case COMPARE_REGEX:
		m->predicate->op = PREDICATE_REGEX;
		return make_regexes(m, value);
	case COMPARE_CIDR:
		m->predicate->op = PREDICATE_CIDR;
		return make_nets(m, value);
	case COMPARE_FIELDREF:
		m->predicate->op = PREDICATE_FIELDREF;
		return make_others(m, value);
	case COMPARE_ORDER:
		m->predicate->op = PREDICATE_ORDER;
		return make_numbers(m, value);
	case COMPARE_EXISTS:
		m->predicate->op = PREDICATE_EXISTS;
		if (value->kind != YAML_SCALAR || !yaml_as_bool(value, &m->predicate->exists))
			return yaml_fail(m->why, value, "exists", "'exists' needs true or false");
		return 0;
	}
	return -1;
}

static int
check_values(const struct yaml_node *value, struct fail *why)
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
	if (buf_addf(key, "%d %d %d %d %u %d %d", slot, (int)m->comparison, (int)m->order, (int)m->wrap, m->regex_flags,
	    all, m->cased))
		return -1;
	for (const struct yaml_node *v = first_value(value); v; v = value_behind(value, v)) {
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
add_new(struct operand_maker *m, int slot, const struct yaml_node *value, struct str key, unsigned *index)
{
	struct predicate *p = arena_alloc(m->set->arena, sizeof(*p));
	if (!p)
		return fail_memory(m->why);
	*p = (struct predicate){.op = PREDICATE_TEXT, .order = m->modifiers->order, .wrap = m->modifiers->wrap,
	    .slot = slot, .cased = m->modifiers->cased};
	p->count = value->kind == YAML_LIST ? (unsigned)value->len : 1;
	p->all = m->modifiers->all && p->count > 1;
	m->predicate = p;
	if (make_operands(m, value))
		return -1;
	return append(m->set, p, key, index) ? fail_memory(m->why) : 0;
}

int
predicate_add(struct predicate_set *set, struct field_scope *fields, const struct modifiers *modifiers,
    const struct yaml_node *value, unsigned *index, struct fail *why)
{
	struct operand_maker m = {set, fields, modifiers, NULL, why};
	int slot = PREDICATE_LEAVES, failed = -1;
	struct buf key;
	if (check_values(value, why))
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
	if (known)
		*index = known->index;
	failed = known ? 0 : add_new(&m, slot, value, buf_str(&key), index);
out:
	set->wants_leaves |= !failed && slot == PREDICATE_LEAVES;
	buf_fini(&key);
	return failed;
}
