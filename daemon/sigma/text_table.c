#include "sigma/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "sigma/keep.h"
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
	for (unsigned i = 0; i < count; i++) {
		if (texts[i].numeric)
			numbers[t->number_count++] = &texts[i];
		if (texts[i].pattern.kind != PATTERN_EQUALS)
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
