#include "sigma/evaluate.h"

#include <string.h>

#include "base/mem.h"
#include "sigma/fold.h"

enum {
	TEXT_MAX = 65536,
	FOLDED_MAX = TEXT_MAX + TEXT_MAX / 2,
	CACHE_SIZE = 256 * 1024,
	FIELDREF_WORK_MAX = 4 * 1024 * 1024, /* bytes; an array against an array is a product */
	FIELDREF_PAIR = 64,     /* what a comparison costs beside its bytes */
};

struct folded { /* of a scalar slot, valid for one event */
	uint64_t generation;
	struct str text;
};

struct scratch {
	const struct event *event;
	struct regex_scratch *regex;
	struct folded *slots; /* slot_count of them, into cache */
	unsigned slot_count;
	unsigned errors;
	uint64_t generation;
	size_t cache_used;
	char cache[CACHE_SIZE];
	char left[FOLDED_MAX], right[FOLDED_MAX]; /* of values that are not cached */
};

/* One value against one predicate. */
struct subject {
	const struct predicate *predicate;
	struct scratch *scratch;
	const struct value *hit;
	struct str text;      /* cut, and folded unless the predicate is cased */
	struct number number; /* when numeric is yes */
	size_t work;          /* FIELDREF: left of FIELDREF_WORK_MAX */
	enum { NUMERIC_UNKNOWN, NUMERIC_YES, NUMERIC_NO } numeric;
};

struct scratch *
scratch_new(unsigned slot_count, uint32_t max_regex_steps)
{
	struct scratch *s = mem_zero(1, sizeof(*s));
	if (!s)
		return NULL;
	s->slot_count = slot_count;
	s->slots = mem_zero(slot_count ? slot_count : 1, sizeof(*s->slots));
	s->regex = regex_scratch_new(max_regex_steps);
	if (!s->slots || !s->regex) {
		scratch_free(s);
		return NULL;
	}
	return s;
}

void
scratch_free(struct scratch *s)
{
	if (!s)
		return;
	regex_scratch_free(s->regex);
	mem_free(s->slots);
	mem_free(s);
}

void
scratch_begin(struct scratch *s, const struct event *e)
{
	s->event = e;
	s->generation++;
	s->cache_used = 0;
}

unsigned
scratch_errors(struct scratch *s)
{
	unsigned errors = s->errors;
	s->errors = 0;
	return errors;
}

struct str
scratch_cut(struct str text)
{
	if (!text.p)
		return STR("");
	return str_make(text.p, text.len < TEXT_MAX ? text.len : TEXT_MAX);
}

static struct str
fold_into(struct str text, char *out)
{
	return str_make(out, fold_text(text, out, FOLDED_MAX));
}

/* Folded text; that of a slot's own value is kept for the next predicate. */
static struct str
folded(struct scratch *s, const struct value *v, int slot, char *buf)
{
	struct str text = scratch_cut(v->text);
	if (slot < 0 || (unsigned)slot >= s->slot_count || v != event_value(s->event, slot))
		return fold_into(text, buf);
	struct folded *kept = &s->slots[slot];
	if (kept->generation == s->generation)
		return kept->text;
	if (text.len + text.len / 2 > CACHE_SIZE - s->cache_used)
		return fold_into(text, buf);
	kept->text = str_make(s->cache + s->cache_used, 0);
	kept->text.len = fold_text(text, s->cache + s->cache_used, CACHE_SIZE - s->cache_used);
	kept->generation = s->generation;
	s->cache_used += kept->text.len;
	return kept->text;
}

struct str
scratch_folded(struct scratch *s, const struct value *v, int slot)
{
	return folded(s, v, slot, s->left);
}

static bool
is_numeric(struct subject *s, const struct value *v)
{
	if (s->numeric == NUMERIC_UNKNOWN) {
		bool typed = v->type == VALUE_NUMBER || v->type == VALUE_STRING;
		s->numeric = typed && number_parse(scratch_cut(v->text), &s->number) ? NUMERIC_YES : NUMERIC_NO;
	}
	return s->numeric == NUMERIC_YES;
}

/* Equal as numbers, when one side at least is one by type. */
static bool
number_equals(struct subject *s, const struct predicate_text *t, const struct value *v)
{
	return t->numeric && (t->typed || v->type == VALUE_NUMBER) && is_numeric(s, v) &&
	    number_cmp(&t->number, &s->number) == 0;
}

static bool
text_meets(struct subject *s, const struct value *v, unsigned i)
{
	const struct predicate_text *t = &s->predicate->texts[i];
	return pattern_matches(&t->pattern, s->text) || number_equals(s, t, v);
}

static bool
table_meets(struct subject *s, const struct value *v)
{
	const struct text_table *t = s->predicate->table;
	if (text_table_has(t, s->text))
		return true;
	if (t->number_count > 0 && is_numeric(s, v) && text_table_has_number(t, &s->number, v->type != VALUE_NUMBER))
		return true;
	return text_table_meets(t, s->text);
}

static bool
regex_meets(const struct subject *s, unsigned i)
{
	int found = regex_search(s->predicate->regexes[i], s->scratch->regex, s->text);
	if (found < 0)
		s->scratch->errors++;
	return found > 0;
}

static bool
net_meets(const struct subject *s, unsigned i)
{
	struct inet address;
	return inet_parse(str_trim(s->text), &address) && inet_net_has(&s->predicate->nets[i], &address);
}

/* Of all of them. */
static bool
nets_meet(const struct subject *s)
{
	struct inet address;
	return inet_parse(str_trim(s->text), &address) && net_table_has(s->predicate->net_table, &address);
}

static bool
date_meets(const struct subject *s, unsigned i)
{
	int part;
	return timestamp_part(s->text, s->predicate->part, &part) && s->predicate->numbers[i].i == part;
}

static bool
order_meets(struct subject *s, const struct value *v, unsigned i)
{
	if (!is_numeric(s, v))
		return false;
	int order = number_cmp(&s->number, &s->predicate->numbers[i]);
	switch (s->predicate->order) {
	case ORDER_GT:
		return order > 0;
	case ORDER_GTE:
		return order >= 0;
	case ORDER_LT:
		return order < 0;
	case ORDER_LTE:
		return order <= 0;
	}
	return false;
}

/* False when the comparisons of this predicate get out of hand: like a regex that does, it then does not match. */
static bool
affords(struct subject *s, const struct value *other)
{
	size_t cost = FIELDREF_PAIR + scratch_cut(other->text).len;
	if (s->predicate->wrap == WRAP_CONTAINS)
		cost += s->text.len;
	if (cost < s->work) {
		s->work -= cost;
		return true;
	}
	s->scratch->errors++;
	s->work = 0;
	return false;
}

static bool
other_meets(struct subject *s, const struct value *v, const struct value *other)
{
	if (!affords(s, other))
		return false;
	struct str text = s->predicate->cased ? scratch_cut(other->text) : folded(s->scratch, other, -1, s->scratch->right);
	struct number number;
	switch (s->predicate->wrap) {
	case WRAP_NONE:
		break;
	case WRAP_CONTAINS:
		return str_find(s->text, text) >= 0;
	case WRAP_STARTSWITH:
		return str_starts(s->text, text);
	case WRAP_ENDSWITH:
		return str_ends(s->text, text);
	}
	if (str_eq(s->text, text))
		return true;
	return (v->type == VALUE_NUMBER || other->type == VALUE_NUMBER) && is_numeric(s, v) &&
	    number_parse(text, &number) && number_cmp(&s->number, &number) == 0;
}

/* Any element of the other field; objects by their text. */
static bool
fieldref_meets(struct subject *s, const struct value *v, unsigned i)
{
	const struct value *other = event_value(s->scratch->event, s->predicate->others[i]);
	if (other->type == VALUE_MISSING || other->type == VALUE_NULL)
		return false;
	if (other->type != VALUE_ARRAY)
		return other_meets(s, v, other);
	for (const struct value *e = other->elements; e && s->work > 0; e = e->next) {
		if (e->type != VALUE_NULL && e->type != VALUE_MISSING && other_meets(s, v, e))
			return true;
	}
	return false;
}

static bool
operand_meets(struct subject *s, const struct value *v, unsigned i)
{
	switch (s->predicate->op) {
	case PREDICATE_TEXT:
		return text_meets(s, v, i);
	case PREDICATE_REGEX:
		return regex_meets(s, i);
	case PREDICATE_CIDR:
		return net_meets(s, i);
	case PREDICATE_ORDER:
		return order_meets(s, v, i);
	case PREDICATE_DATE:
		return date_meets(s, i);
	case PREDICATE_FIELDREF:
		return fieldref_meets(s, v, i);
	case PREDICATE_NULL:
	case PREDICATE_EXISTS:
		break;
	}
	return false;
}

/* `want` is the one operand to meet, or count for any of them. */
static bool
scalar_meets(struct subject *s, const struct value *v, unsigned want)
{
	const struct predicate *p = s->predicate;
	if (v->type == VALUE_NULL || v->type == VALUE_MISSING || s->work == 0)
		return false;
	bool folds = !p->cased && (p->op == PREDICATE_TEXT || p->op == PREDICATE_FIELDREF);
	s->text = folds ? folded(s->scratch, v, p->slot, s->scratch->left) : scratch_cut(v->text);
	s->numeric = NUMERIC_UNKNOWN;
	bool met = false;
	if (want < p->count)
		met = operand_meets(s, v, want);
	else if (p->table)
		met = table_meets(s, v);
	else if (p->net_table)
		met = nets_meet(s);
	else
		for (unsigned i = 0; !met && i < p->count; i++)
			met = operand_meets(s, v, i);
	if (met)
		s->hit = v;
	return met;
}

/* A scalar, or any element of an array. An array that is empty or holds objects or arrays is also its own text. */
static bool
value_meets(struct subject *s, const struct value *v, unsigned want, unsigned depth)
{
	bool plain = v->elements != NULL;
	if (v->type != VALUE_ARRAY)
		return scalar_meets(s, v, want);
	for (const struct value *e = v->elements; e; e = e->next) {
		bool nested = e->type == VALUE_ARRAY || e->type == VALUE_OBJECT;
		plain = plain && !nested;
		if (e->type == VALUE_ARRAY && depth >= ELEMENT_DEPTH_MAX ? scalar_meets(s, e, want)
									 : value_meets(s, e, want, depth + 1))
			return true;
	}
	return !plain && !(v->flags & VALUE_FANOUT) && scalar_meets(s, v, want);
}

static bool
leaves_meet(struct subject *s, unsigned want)
{
	for (const struct value *leaf = event_leaves(s->scratch->event); leaf; leaf = leaf->next) {
		if (scalar_meets(s, leaf, want))
			return true;
	}
	return false;
}

static bool
field_meets(struct subject *s, unsigned want)
{
	const struct predicate *p = s->predicate;
	if (p->slot == PREDICATE_LEAVES)
		return leaves_meet(s, want);
	return value_meets(s, event_value(s->scratch->event, p->slot), want, 0);
}

static bool
null_meets(struct subject *s)
{
	const struct value *v = event_value(s->scratch->event, s->predicate->slot);
	s->hit = v;
	if (v->type == VALUE_MISSING || v->type == VALUE_NULL)
		return true;
	for (const struct value *e = v->type == VALUE_ARRAY ? v->elements : NULL; e; e = e->next) {
		if (e->type == VALUE_NULL)
			return true;
	}
	s->hit = NULL;
	return false;
}

bool
predicate_holds(const struct predicate *p, struct scratch *scratch, const struct value **hit)
{
	const struct value *v = event_value(scratch->event, p->slot);
	if (hit)
		*hit = NULL;
	/* Most fields that rules name are not in the event. */
	if (v->type == VALUE_MISSING && p->slot >= 0 && p->op != PREDICATE_NULL && p->op != PREDICATE_EXISTS)
		return false;
	struct subject s = {.predicate = p, .scratch = scratch, .work = FIELDREF_WORK_MAX};
	bool holds = true;
	regex_begin(scratch->regex);
	if (p->op == PREDICATE_NULL) {
		holds = null_meets(&s);
	} else if (p->op == PREDICATE_EXISTS) {
		s.hit = event_value(scratch->event, p->slot);
		holds = (s.hit->type != VALUE_MISSING) == p->exists;
	} else if (p->all) {
		for (unsigned i = 0; holds && i < p->count; i++)
			holds = field_meets(&s, i);
	} else {
		holds = field_meets(&s, p->count);
	}
	if (hit)
		*hit = holds ? s.hit : NULL;
	return holds;
}

bool
predicate_operand_holds(const struct predicate *p, struct scratch *scratch, unsigned i)
{
	struct subject s = {.predicate = p, .scratch = scratch, .work = FIELDREF_WORK_MAX};
	regex_begin(scratch->regex);
	return p->op != PREDICATE_NULL && p->op != PREDICATE_EXISTS && field_meets(&s, i);
}
