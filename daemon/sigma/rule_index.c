#include "sigma/rule_index.h"

#include <string.h>

#include "sigma/needles.h"
#include "sigma/plain_json.h"
#include "sigma/rule_index_priv.h"

/* What a search carries. */
struct search {
	const struct rule_index *index;
	struct scratch *scratch;
	const struct index_slot *slot;
	uint64_t *places;
};

static void
mark(unsigned owner, void *ctx)
{
	const struct search *s = ctx;
	const struct index_owner *o = &s->index->owners[owner];
	for (uint32_t i = 0; i < o->count; i++) {
		uint32_t place = s->index->places[o->first + i];
		s->places[place / 64] |= UINT64_C(1) << place % 64;
	}
}

static void
mark_key(struct search *s, uint64_t key)
{
	const struct rule_index *x = s->index;
	for (uint32_t at = (uint32_t)key & x->key_mask; x->keys[at].count > 0; at = (at + 1) & x->key_mask) {
		if (x->keys[at].key != key)
			continue;
		for (uint32_t i = 0; i < x->keys[at].count; i++)
			mark(x->key_owners[x->keys[at].first + i], s);
		return;
	}
}

/* Few texts that are no number get as far as strtod. */
static bool
may_be_number(struct str text)
{
	enum { SHORT = 32 };
	for (size_t i = 0; i < text.len && i < SHORT; i++) {
		char c = text.p[i];
		if ((c < '0' || c > '9') && !memchr("-+.eE", c, 5))
			return false;
	}
	return text.len > 0;
}

static void
search_scalar(struct search *s, const struct value *v)
{
	const struct index_slot *slot = s->slot;
	struct number number;
	if (v->type == VALUE_NULL || v->type == VALUE_MISSING)
		return;
	if (slot->numbers && (v->type == VALUE_NUMBER || v->type == VALUE_STRING) && may_be_number(v->text) &&
	    number_parse(scratch_cut(v->text), &number))
		mark_key(s, index_number_key(slot->slot, number.d));
	/* Folding takes at most two of three bytes away. */
	bool texts = slot->texts && v->text.len <= 3 * slot->longest;
	if (!texts && !slot->parts)
		return;
	struct str folded = scratch_folded(s->scratch, v, slot->slot);
	if (texts)
		mark_key(s, index_text_key(slot->slot, folded));
	if (slot->parts)
		needles_search(slot->parts, folded, mark, s);
}

/* All that evaluate.c compares of a value: itself, elements, and the text of what holds more than scalars. */
static void
search_value(struct search *s, const struct value *v, unsigned depth)
{
	bool plain = v->elements != NULL;
	if (v->type != VALUE_ARRAY) {
		search_scalar(s, v);
		return;
	}
	for (const struct value *e = v->elements; e; e = e->next) {
		plain = plain && e->type != VALUE_ARRAY && e->type != VALUE_OBJECT;
		if (e->type == VALUE_ARRAY && depth >= ELEMENT_DEPTH_MAX)
			search_scalar(s, e);
		else
			search_value(s, e, depth + 1);
	}
	if (!plain && !(v->flags & VALUE_FANOUT))
		search_scalar(s, v);
}

static void
search_slot(struct search *s, const struct value *v)
{
	const struct index_slot *slot = s->slot;
	for (uint32_t i = 0; i < slot->present_count; i++)
		mark(slot->present[i], s);
	if (slot->texts || slot->numbers || slot->parts)
		search_value(s, v, 0);
}

static void
search_keywords(struct search *s, struct str raw)
{
	const struct rule_index *x = s->index;
	if (raw.len > 0 && plain_json(raw)) {
		needles_search(x->keywords, raw, mark, s);
		return;
	}
	for (uint32_t i = 0; i < x->keyword_owner_count; i++)
		mark(x->keyword_owners[i], s);
}

void
rule_index_find(const struct rule_index *x, const struct event *e, struct scratch *scratch, uint64_t *places)
{
	struct search s = {x, scratch, NULL, places};
	memcpy(places, x->always, x->words * sizeof(*places));
	for (unsigned i = 0; i < x->slot_count; i++) {
		const struct value *v = event_value(e, x->slots[i].slot);
		if (v->type == VALUE_MISSING)
			continue;
		s.slot = &x->slots[i];
		search_slot(&s, v);
	}
	if (x->keywords)
		search_keywords(&s, e->raw);
}
