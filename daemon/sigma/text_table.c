#include "sigma/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sigma/keep.h"
#include "sigma/literals.h"
#include "sigma/predicate.h"

static uint32_t
hash_of(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

static int
compare_values(const void *a, const void *b)
{
	double x = (*(const struct predicate_text *const *)a)->number.d;
	double y = (*(const struct predicate_text *const *)b)->number.d;
	return (x > y) - (x < y);
}

static void
fill_set(struct text_table *t, const struct str **set, const struct predicate_text *texts, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct str *literal = &texts[i].pattern.literal;
		if (texts[i].pattern.kind != PATTERN_EQUALS)
			continue;
		uint32_t at = hash_of(*literal) & t->set_mask;
		while (set[at])
			at = (at + 1) & t->set_mask;
		set[at] = literal;
		if (literal->len > t->longest)
			t->longest = literal->len;
	}
}

/* Which kind of affix the pattern is (enum literals_place); -1: none. */
static int
affix_of(const struct pattern *p)
{
	switch (p->kind) {
	case PATTERN_STARTS:
		return LITERALS_START;
	case PATTERN_ENDS:
		return LITERALS_END;
	case PATTERN_CONTAINS:
		return LITERALS_ANYWHERE;
	case PATTERN_EQUALS:
	case PATTERN_ANY:
	case PATTERN_GLOB:
		break;
	}
	return -1;
}

static int
make_affixes(struct text_table *t, struct arena *arena, const struct predicate_text *texts, unsigned count, int affix)
{
	struct str *items = mem_zero(count, sizeof(*items));
	unsigned found = 0;
	if (!items)
		return -1;
	for (unsigned i = 0; i < count; i++)
		if (affix_of(&texts[i].pattern) == affix)
			items[found++] = texts[i].pattern.literal;
	if (found >= AFFIXES_LEAST)
		t->affixes[affix] = literals_new(arena, items, found, (enum literals_place)affix);
	mem_free(items);
	return found >= AFFIXES_LEAST && !t->affixes[affix] ? -1 : 0;
}

const struct text_table *
text_table_new(struct arena *arena, const struct predicate_text *texts, unsigned count)
{
	unsigned plain = 0, numeric = 0;
	uint32_t size = 16;
	for (unsigned i = 0; i < count; i++) {
		plain += texts[i].pattern.kind == PATTERN_EQUALS;
		numeric += texts[i].numeric;
	}
	while (size < plain * 2)
		size *= 2;
	struct text_table *t = keep_zero(arena, 1, sizeof(*t));
	const struct str **set = keep_zero(arena, size, sizeof(*set));
	const struct predicate_text **numbers = keep_zero(arena, numeric, sizeof(*numbers));
	const struct predicate_text **rest = keep_zero(arena, count - plain, sizeof(*rest));
	if (!t || !set || !numbers || !rest)
		return NULL;
	*t = (struct text_table){.set = set, .set_mask = size - 1, .numbers = numbers, .rest = rest};
	fill_set(t, set, texts, count);
	for (int affix = 0; affix < AFFIXES; affix++)
		if (make_affixes(t, arena, texts, count, affix))
			return NULL;
	for (unsigned i = 0; i < count; i++) {
		int affix = affix_of(&texts[i].pattern);
		if (texts[i].numeric)
			numbers[t->number_count++] = &texts[i];
		if (texts[i].pattern.kind != PATTERN_EQUALS && (affix < 0 || !t->affixes[affix]))
			rest[t->rest_count++] = &texts[i];
	}
	qsort(numbers, numeric, sizeof(*numbers), compare_values);
	return t;
}

bool
text_table_has(const struct text_table *t, struct str text)
{
	if (text.len > t->longest)
		return false;
	for (uint32_t at = hash_of(text) & t->set_mask; t->set[at]; at = (at + 1) & t->set_mask) {
		if (str_eq(*t->set[at], text))
			return true;
	}
	return false;
}

bool
text_table_meets(const struct text_table *t, struct str text)
{
	for (unsigned i = 0; i < AFFIXES; i++)
		if (t->affixes[i] && literals_meet(t->affixes[i], text))
			return true;
	for (unsigned i = 0; i < t->rest_count; i++)
		if (pattern_matches(&t->rest[i]->pattern, text))
			return true;
	return false;
}

/* By the nearest doubles, as these are in order; of equal ones each is looked at. */
bool
text_table_has_number(const struct text_table *t, const struct number *number, bool as_text)
{
	unsigned low = 0, high = t->number_count;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (t->numbers[middle]->number.d < number->d)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < t->number_count && t->numbers[low]->number.d <= number->d; low++) {
		if ((!as_text || t->numbers[low]->typed) && number_cmp(&t->numbers[low]->number, number) == 0)
			return true;
	}
	return false;
}
