#include "sigma/operand.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sigma/expansion.h"
#include "sigma/glyphs.h"
#include "sigma/keep.h"

enum { TABLE_LEAST = 8, DASHES_CHOSEN_MAX = 4 /* 5^4 = 625 texts */ };

struct operand_maker { /* what the makers of operands share */
	struct predicate_set *set;
	struct field_scope *fields;
	const struct modifiers *modifiers;
	struct predicate *predicate;
	const struct yaml_node *at; /* the value being made */
	struct fail *why;
	struct predicate_text *texts; /* on the heap while they are made */
	unsigned text_count, text_size;
};

const struct yaml_node *
operand_first(const struct yaml_node *value)
{
	return value->kind == YAML_LIST ? value->first : value;
}

const struct yaml_node *
operand_next(const struct yaml_node *value, const struct yaml_node *at)
{
	return value->kind == YAML_LIST ? at->next : NULL;
}

static int
fail_memory(struct operand_maker *m)
{
	return fail_set(m->why, "memory", "out of memory");
}

static void *
new_operands(struct operand_maker *m, size_t size)
{
	void *p = keep_zero(m->set->arena, m->predicate->count, size);
	if (!p)
		fail_memory(m);
	return p;
}

static int
push_text(struct operand_maker *m, const struct predicate_text *text)
{
	if (m->text_count == EXPANSION_TEXTS_MAX)
		return yaml_fail(m->why, m->at, "too-many-values", "the item comes to more than %d values",
		    EXPANSION_TEXTS_MAX);
	if (m->text_count == m->text_size) {
		unsigned size = m->text_size ? m->text_size * 2 : 8;
		struct predicate_text *grown = mem_resize(m->texts, size, sizeof(*grown));
		if (!grown)
			return fail_memory(m);
		m->texts = grown;
		m->text_size = size;
	}
	m->texts[m->text_count++] = *text;
	return 0;
}

static int
push_glyphs(struct operand_maker *m, const struct glyphs *glyphs, struct predicate_text *text)
{
	if (pattern_make(m->set->arena, glyphs, m->modifiers->wrap, m->modifiers->cased, &text->pattern))
		return fail_memory(m);
	return push_text(m, text);
}

static int
push_base64(struct operand_maker *m, const struct glyphs *glyphs, struct glyphs *work)
{
	bool offsets = m->modifiers->base64 == BASE64_OFFSET;
	if (glyphs_has_wildcards(glyphs))
		return yaml_fail(m->why, m->at, "base64", "a value with wildcards has no base64; write \\* for the character");
	for (int i = 0; i < (offsets ? BASE64_OFFSETS : 1); i++) {
		struct predicate_text text = {0};
		if (glyphs_copy(work, glyphs) || glyphs_base64(work, offsets ? i : -1))
			return fail_memory(m);
		if (work->len == 0 && offsets)
			return yaml_fail(m->why, m->at, "base64", "the value is too short to be told in the base64 of a text around it");
		if (push_glyphs(m, work, &text))
			return -1;
	}
	return 0;
}

/* glyphs are spoilt. */
static int
push_encoded(struct operand_maker *m, struct glyphs *glyphs, struct glyphs *work)
{
	struct predicate_text text = {0};
	if (m->modifiers->utf16 && glyphs_utf16(glyphs, m->modifiers->utf16))
		return fail_memory(m);
	if (m->modifiers->base64)
		return push_base64(m, glyphs, work);
	return push_glyphs(m, glyphs, &text);
}

/* A dash has no encoding until it is one of the five. */
static int
push_each_dash(struct operand_maker *m, const struct glyphs *glyphs, unsigned dashes, struct glyphs work[2])
{
	unsigned ways = 1;
	if (dashes > DASHES_CHOSEN_MAX)
		return yaml_fail(m->why, m->at, "too-many-values", "a value that is encoded has at most %d dashes",
		    DASHES_CHOSEN_MAX);
	for (unsigned i = 0; i < dashes; i++)
		ways *= GLYPH_DASHES;
	for (unsigned way = 0; way < ways; way++) {
		if (glyphs_copy(&work[0], glyphs) || glyphs_choose_dashes(&work[0], way))
			return fail_memory(m);
		if (push_encoded(m, &work[0], &work[1]))
			return -1;
	}
	return 0;
}

static int
push_changed(struct operand_maker *m, struct str raw)
{
	struct glyphs glyphs, work[2];
	struct predicate_text text = {0};
	unsigned dashes = 0;
	int failed = -1;
	glyphs_init(&glyphs);
	glyphs_init(&work[0]);
	glyphs_init(&work[1]);
	if (glyphs_read(&glyphs, raw)) {
		fail_memory(m);
		goto out;
	}
	if (m->modifiers->windash)
		dashes = glyphs_mark_dashes(&glyphs);
	if (m->modifiers->utf16 || m->modifiers->base64)
		failed = push_each_dash(m, &glyphs, dashes, work);
	else
		failed = push_glyphs(m, &glyphs, &text);
out:
	glyphs_fini(&glyphs);
	glyphs_fini(&work[0]);
	glyphs_fini(&work[1]);
	return failed;
}

/* text holds what is known about the value as a number. */
static int
make_text(struct operand_maker *m, struct str raw, struct predicate_text text)
{
	if (raw.len > PATTERN_LEN_MAX)
		return yaml_fail(m->why, m->at, "value-too-long", "the value is longer than %d bytes", PATTERN_LEN_MAX);
	if (m->modifiers->windash || m->modifiers->utf16 || m->modifiers->base64)
		return push_changed(m, raw);
	if (pattern_parse(m->set->arena, raw, m->modifiers->wrap, m->modifiers->cased, &text.pattern))
		return fail_memory(m);
	text.numeric = text.pattern.kind == PATTERN_EQUALS && (text.typed || number_parse(raw, &text.number));
	return push_text(m, &text);
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

/* Calls make for each text that the value with placeholders stands for. */
static int
expand(struct operand_maker *m, int (*make)(struct operand_maker *m, struct str text, size_t index))
{
	struct expansion x;
	struct buf text;
	int failed = 0;
	if (expansion_parse(&x, m->set->lists, m->at, m->why))
		return -1;
	buf_init(&text, PATTERN_LEN_MAX + 1);
	for (size_t i = 0; i < x.count && !failed; i++) {
		if (expansion_text(&x, i, &text))
			failed = yaml_fail(m->why, m->at, "value-too-long", "with its placeholders the value is longer "
			    "than %d bytes", PATTERN_LEN_MAX);
		else
			failed = make(m, buf_str(&text), i);
	}
	buf_fini(&text);
	return failed;
}

static int
make_expanded_text(struct operand_maker *m, struct str text, size_t index)
{
	(void)index;
	return make_text(m, text, (struct predicate_text){0});
}

static int
make_value(struct operand_maker *m)
{
	char decimal[24];
	struct predicate_text text = {0};
	if (yaml_is_null(m->at))
		return yaml_fail(m->why, m->at, "null-value", "null stands alone: not in a list and not with a modifier");
	if (m->modifiers->expand)
		return expand(m, make_expanded_text);
	struct str raw = value_text(m->at, decimal, &text);
	return make_text(m, raw, text);
}

static int
make_texts(struct operand_maker *m, const struct yaml_node *value)
{
	struct predicate *p = m->predicate;
	unsigned plain = 0;
	for (m->at = operand_first(value); m->at; m->at = operand_next(value, m->at))
		if (make_value(m))
			return -1;
	p->op = PREDICATE_TEXT;
	p->count = m->text_count;
	struct predicate_text *texts = new_operands(m, sizeof(*texts));
	if (!texts)
		return -1;
	for (unsigned i = 0; i < p->count; i++) {
		texts[i] = m->texts[i];
		plain += texts[i].pattern.kind == PATTERN_EQUALS;
	}
	p->texts = texts;
	if (p->all || (plain < TABLE_LEAST && p->count - plain < AFFIXES_LEAST))
		return 0;
	p->table = text_table_new(m->set->arena, texts, p->count);
	return p->table ? 0 : fail_memory(m);
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
	for (const struct yaml_node *v = operand_first(value); v; v = operand_next(value, v), i++) {
		struct fail reason = {0};
		if (yaml_is_null(v))
			return yaml_fail(m->why, v, "null-value", "'re' needs a text");
		regexes[i] = regex_new(v->text, m->modifiers->regex_flags, &reason);
		if (!regexes[i])
			return yaml_fail(m->why, v, reason.code, "%s", reason.text);
		if (keep_regex(m->set, regexes[i])) {
			regex_free(regexes[i]);
			return fail_memory(m);
		}
	}
	m->predicate->regexes = regexes;
	return 0;
}

static int
make_net(struct operand_maker *m, struct str text, struct inet_net *out)
{
	if (inet_net_parse(str_trim(text), out))
		return 0;
	return yaml_fail(m->why, m->at, "cidr", "'%.*s' is not a network such as 10.0.0.0/8 (bits behind the prefix must be 0)%s",
	    (int)(text.len < 60 ? text.len : 60), text.p,
	    !m->modifiers->expand && text.len && text.p[0] == '%' ? "; for a list write cidr|expand" : "");
}

/* Networks of lists are written where count_nets left room for them. */
static int
make_listed_net(struct operand_maker *m, struct str text, size_t index)
{
	(void)index;
	struct inet_net *nets = (struct inet_net *)(uintptr_t)m->predicate->nets;
	return make_net(m, text, &nets[m->text_count++]);
}

static int
count_nets(struct operand_maker *m, const struct yaml_node *value)
{
	struct expansion x = {.count = 1};
	size_t count = 0;
	for (const struct yaml_node *v = operand_first(value); v; v = operand_next(value, v)) {
		if (m->modifiers->expand && expansion_parse(&x, m->set->lists, v, m->why))
			return -1;
		count += x.count;
		if (count > EXPANSION_TEXTS_MAX)
			return yaml_fail(m->why, v, "too-many-values", "the item comes to more than %d networks",
			    EXPANSION_TEXTS_MAX);
	}
	m->predicate->count = (unsigned)count;
	return 0;
}

static int
make_nets(struct operand_maker *m, const struct yaml_node *value)
{
	struct predicate *p = m->predicate;
	if (count_nets(m, value))
		return -1;
	p->nets = new_operands(m, sizeof(*p->nets));
	if (!p->nets)
		return -1;
	for (m->at = operand_first(value); m->at; m->at = operand_next(value, m->at)) {
		if (m->modifiers->expand ? expand(m, make_listed_net) : make_listed_net(m, m->at->text, 0))
			return -1;
	}
	if (p->all || p->count < TABLE_LEAST)
		return 0;
	p->net_table = net_table_new(m->set->arena, p->nets, p->count);
	return p->net_table ? 0 : fail_memory(m);
}

static int
make_others(struct operand_maker *m, const struct yaml_node *value)
{
	int *others = new_operands(m, sizeof(*others));
	unsigned i = 0;
	if (!others)
		return -1;
	for (const struct yaml_node *v = operand_first(value); v; v = operand_next(value, v), i++) {
		if (v->text.len == 0 || yaml_is_null(v) || memchr(v->text.p, '*', v->text.len))
			return yaml_fail(m->why, v, "fieldref", "'fieldref' needs the name of a field, without wildcards");
		if (field_scope_slot(m->fields, v->text, v, &others[i], m->why))
			return -1;
	}
	m->predicate->others = others;
	return 0;
}

static int
make_number(struct operand_maker *m, const struct yaml_node *v, struct number *out)
{
	int64_t whole;
	double real;
	if (yaml_as_int(v, &whole))
		*out = number_of_int(whole);
	else if (yaml_as_double(v, &real))
		*out = number_of_double(real);
	else if (!number_parse(v->text, out))
		return yaml_fail(m->why, v, "number", "gt, gte, lt, lte and the parts of a date need a number");
	return 0;
}

static int
check_part(struct operand_maker *m, const struct yaml_node *v, const struct number *number)
{
	static const int64_t low[] = {0, 0, 1, 1, 1, 1}, high[] = {59, 23, 31, 53, 12, 9999};
	enum timestamp_part part = m->modifiers->part;
	if (number->whole && number->i >= low[part] && number->i <= high[part])
		return 0;
	return yaml_fail(m->why, v, "date-part", "this part of a date is a whole number from %d to %d", (int)low[part],
	    (int)high[part]);
}

static int
make_numbers(struct operand_maker *m, const struct yaml_node *value)
{
	struct number *numbers = new_operands(m, sizeof(*numbers));
	unsigned i = 0;
	if (!numbers)
		return -1;
	for (const struct yaml_node *v = operand_first(value); v; v = operand_next(value, v), i++) {
		if (make_number(m, v, &numbers[i]))
			return -1;
		if (m->modifiers->comparison == COMPARE_DATE && check_part(m, v, &numbers[i]))
			return -1;
	}
	m->predicate->numbers = numbers;
	return 0;
}

static int
make_operands(struct operand_maker *m, const struct yaml_node *value)
{
	struct predicate *p = m->predicate;
	switch (m->modifiers->comparison) {
	case COMPARE_TEXT:
		if (value->kind != YAML_SCALAR || !yaml_is_null(value) || m->modifiers->wrap || m->modifiers->cased ||
		    m->modifiers->expand || m->modifiers->windash || m->modifiers->utf16 || m->modifiers->base64)
			return make_texts(m, value);
		p->op = PREDICATE_NULL;
		return 0;
	case COMPARE_REGEX:
		p->op = PREDICATE_REGEX;
		return make_regexes(m, value);
	case COMPARE_CIDR:
		p->op = PREDICATE_CIDR;
		return make_nets(m, value);
	case COMPARE_FIELDREF:
		p->op = PREDICATE_FIELDREF;
		return make_others(m, value);
	case COMPARE_ORDER:
		p->op = PREDICATE_ORDER;
		return make_numbers(m, value);
	case COMPARE_DATE:
		p->op = PREDICATE_DATE;
		return make_numbers(m, value);
	case COMPARE_EXISTS:
		p->op = PREDICATE_EXISTS;
		if (value->kind != YAML_SCALAR || !yaml_as_bool(value, &p->exists))
			return yaml_fail(m->why, value, "exists", "'exists' needs true or false");
		return 0;
	}
	return -1;
}

int
operands_make(struct predicate_set *set, struct field_scope *fields, const struct modifiers *modifiers,
    const struct yaml_node *value, struct predicate *predicate, struct fail *why)
{
	struct operand_maker m = {set, fields, modifiers, predicate, value, why, NULL, 0, 0};
	predicate->count = value->kind == YAML_LIST ? (unsigned)value->len : 1;
	int failed = make_operands(&m, value);
	mem_free(m.texts);
	return failed;
}
