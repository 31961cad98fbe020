#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sigma/rule_index_priv.h"

enum { ARENA_MAX = 512 << 20 };

/* A fact and whom it serves, until all are sorted into the index. */
struct posting {
	int slot;
	enum fact_kind kind;
	uint64_t key; /* TEXT and NUMBER */
	struct str text;
	unsigned owner;
};

struct builder {
	struct rule_index *index;
	const struct predicate_set *set;
	struct posting *items;
	size_t len, size;
	unsigned *owner_of; /* by predicate: owner + 1 */
	unsigned owner;     /* whose facts are being taken */
	int slot;
	bool failed;
};

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

/* Words overlap at the end rather than be filled byte by byte. */
uint64_t
index_text_key(int slot, struct str text)
{
	uint64_t hash = mix((uint64_t)slot << 32 | 1, text.len), word = 0;
	size_t i = 0;
	for (; i + 8 < text.len; i += 8) {
		memcpy(&word, text.p + i, 8);
		hash = mix(hash, word);
	}
	word = 0;
	if (text.len >= 8)
		memcpy(&word, text.p + text.len - 8, 8);
	else if (text.len > 0)
		memcpy(&word, text.p, text.len);
	hash = mix(hash, word);
	return hash ^ hash >> 32;
}

uint64_t
index_number_key(int slot, double number)
{
	uint64_t bits;
	number = number == 0 ? 0 : number; /* -0 is 0 */
	memcpy(&bits, &number, sizeof(bits));
	bits = mix(mix((uint64_t)slot << 32 | 2, bits), 2);
	return bits ^ bits >> 32;
}

static bool
take(const struct fact *fact, void *ctx)
{
	struct builder *b = ctx;
	if (b->len == b->size) {
		size_t size = b->size ? b->size * 2 : 1024;
		struct posting *grown = mem_resize(b->items, size, sizeof(*grown));
		if (!grown) {
			b->failed = true;
			return false;
		}
		b->items = grown;
		b->size = size;
	}
	struct posting p = {b->slot, fact->kind, 0, fact->text, b->owner};
	if (fact->kind == FACT_TEXT)
		p.key = index_text_key(b->slot, fact->text);
	else if (fact->kind == FACT_NUMBER)
		p.key = index_number_key(b->slot, fact->number);
	b->items[b->len++] = p;
	return true;
}

/* By kind of look-up, then slot, then key: what belongs together stands together. */
static int
lookup_of(const struct posting *p)
{
	return p->kind == FACT_TEXT || p->kind == FACT_NUMBER ? 0 : 1 + (int)p->kind;
}

static int
compare(const void *left, const void *right)
{
	const struct posting *a = left, *b = right;
	int first = lookup_of(a), second = lookup_of(b);
	if (first != second)
		return first < second ? -1 : 1;
	if (first != 0 && a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->owner > b->owner) - (a->owner < b->owner);
}

static void *
room(struct builder *b, size_t n, size_t size)
{
	void *p = n < SIZE_MAX / size ? arena_alloc(&b->index->arena, (n + 1) * size) : NULL;
	b->failed |= !p;
	if (p)
		memset(p, 0, (n + 1) * size);
	return p;
}

/* Each predicate that some rule needs becomes an owner of its rules. */
static void
add_owners(struct builder *b, const struct need *const *needs, unsigned count)
{
	struct rule_index *x = b->index;
	uint32_t owners = 0, places = 0;
	b->owner_of = room(b, b->set->len, sizeof(*b->owner_of));
	x->always = room(b, x->words, sizeof(*x->always));
	if (!b->owner_of || !x->always)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (needs[i]->nothing)
			x->always[i / 64] |= UINT64_C(1) << i % 64;
		for (unsigned k = 0; k < needs[i]->count; k++, places++) {
			unsigned *owner = &b->owner_of[needs[i]->predicates[k]];
			if (*owner == 0)
				*owner = ++owners;
		}
	}
	struct index_owner *list = room(b, owners, sizeof(*list));
	uint32_t *all = room(b, places, sizeof(*all));
	if (!list || !all)
		return;
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < needs[i]->count; k++)
			list[b->owner_of[needs[i]->predicates[k]] - 1].count++;
	for (uint32_t i = 0, sum = 0; i < owners; i++) {
		sum += list[i].count;
		list[i].first = sum; /* where its list ends, until it is filled */
	}
	for (unsigned i = count; i-- > 0;)
		for (unsigned k = 0; k < needs[i]->count; k++)
			all[--list[b->owner_of[needs[i]->predicates[k]] - 1].first] = i;
	x->owners = list;
	x->places = all;
}

static void
add_facts(struct builder *b)
{
	for (unsigned i = 0; i < b->set->len && !b->failed; i++) {
		if (b->owner_of[i] == 0)
			continue;
		b->owner = b->owner_of[i] - 1;
		b->slot = b->set->items[i]->slot;
		(void)need_facts(b->set->items[i], take, b);
	}
	if (b->len > 0)
		qsort(b->items, b->len, sizeof(*b->items), compare);
}

/* items[from] to items[to - 1] are the texts and numbers, by key. */
static void
build_keys(struct builder *b, size_t to)
{
	struct rule_index *x = b->index;
	size_t size = 16;
	while (size < to * 2)
		size *= 2;
	unsigned *owners = room(b, to, sizeof(*owners));
	x->keys = room(b, size, sizeof(*x->keys));
	x->key_mask = (uint32_t)(size - 1);
	x->key_owners = owners;
	for (size_t i = 0; i < to && !b->failed;) {
		uint64_t key = b->items[i].key;
		uint32_t at = (uint32_t)key & x->key_mask, first = (uint32_t)i;
		while (x->keys[at].count > 0)
			at = (at + 1) & x->key_mask;
		for (; i < to && b->items[i].key == key; i++)
			owners[i] = b->items[i].owner;
		x->keys[at] = (struct index_key){key, first, (uint32_t)i - first};
	}
}

static struct index_slot *
slot_of(struct builder *b, int slot)
{
	struct rule_index *x = b->index;
	for (unsigned i = 0; i < x->slot_count; i++) {
		if (x->slots[i].slot == slot)
			return &x->slots[i];
	}
	x->slots[x->slot_count] = (struct index_slot){.slot = slot};
	return &x->slots[x->slot_count++];
}

static void
note_keys(struct builder *b, size_t to)
{
	for (size_t i = 0; i < to; i++) {
		const struct posting *p = &b->items[i];
		struct index_slot *slot = slot_of(b, p->slot);
		slot->texts |= p->kind == FACT_TEXT;
		slot->numbers |= p->kind == FACT_NUMBER;
		if (p->text.len > slot->longest)
			slot->longest = p->text.len;
	}
}

static const struct needles *
make_needles(struct builder *b, size_t from, size_t to)
{
	struct needle *list = mem_zero(to - from, sizeof(*list));
	for (size_t i = from; list && i < to; i++)
		list[i - from] = (struct needle){b->items[i].text, b->items[i].owner};
	const struct needles *made = list ? needles_new(&b->index->arena, list, (unsigned)(to - from)) : NULL;
	mem_free(list);
	b->failed |= !made;
	return made;
}

/* Postings of one kind and slot. */
static void
build_group(struct builder *b, size_t from, size_t to)
{
	struct rule_index *x = b->index;
	const struct posting *p = &b->items[from];
	unsigned *owners = room(b, to - from, sizeof(*owners));
	for (size_t i = from; i < to && owners; i++)
		owners[i - from] = b->items[i].owner;
	if (p->kind == FACT_PART) {
		slot_of(b, p->slot)->parts = make_needles(b, from, to);
	} else if (p->kind == FACT_KEYWORD) {
		x->keywords = make_needles(b, from, to);
		x->keyword_owners = owners;
		x->keyword_owner_count = (uint32_t)(to - from);
	} else {
		struct index_slot *slot = slot_of(b, p->slot);
		slot->present = owners;
		slot->present_count = (uint32_t)(to - from);
	}
}

static void
build(struct builder *b)
{
	size_t to = 0;
	b->index->slots = room(b, FIELD_SLOTS_MAX, sizeof(struct index_slot));
	while (to < b->len && lookup_of(&b->items[to]) == 0)
		to++;
	build_keys(b, to);
	if (!b->failed)
		note_keys(b, to);
	while (to < b->len && !b->failed) {
		size_t from = to;
		while (to < b->len && b->items[to].kind == b->items[from].kind && b->items[to].slot == b->items[from].slot)
			to++;
		build_group(b, from, to);
	}
}

struct rule_index *
rule_index_new(const struct predicate_set *set, const struct need *const *needs, unsigned count)
{
	struct rule_index *x = mem_zero(1, sizeof(*x));
	if (!x)
		return NULL;
	arena_init(&x->arena, ARENA_MAX, 0);
	x->words = (count + 63) / 64;
	struct builder b = {.index = x, .set = set};
	add_owners(&b, needs, count);
	if (!b.failed)
		add_facts(&b);
	if (!b.failed)
		build(&b);
	mem_free(b.items);
	if (!b.failed)
		return x;
	rule_index_free(x);
	return NULL;
}

void
rule_index_free(struct rule_index *x)
{
	if (!x)
		return;
	arena_fini(&x->arena);
	mem_free(x);
}
