/* Against a walk over all of them. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "sigma/literals.h"

enum { ITEMS = 40, LEN = 6, CASES = 20000 };

static uint32_t
below(uint64_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 20) % n;
}

static struct str
random_text(uint64_t *state, char *buf, unsigned len_max)
{
	static const char bytes[] = {'a', 'b', 'c', '\0', '\xC3', '\xA4', '\xFF', '*'};
	unsigned len = below(state, len_max + 1), kinds = 2 + below(state, 7);
	for (unsigned i = 0; i < len; i++)
		buf[i] = bytes[below(state, kinds)];
	return str_make(buf, len);
}

static bool
walk(const struct str *items, unsigned count, enum literals_place place, struct str text)
{
	for (unsigned i = 0; i < count; i++)
		if (place == LITERALS_START ? str_starts(text, items[i]) : place == LITERALS_END ? str_ends(text, items[i])
									: str_find(text, items[i]) >= 0)
			return true;
	return false;
}

START_TEST(literals_meet_what_a_walk_over_them_meets)
{
	uint64_t state = 20261129;
	unsigned met = 0;
	for (unsigned n = 0; n < CASES; n++) {
		char bytes[ITEMS][LEN], text[3 * LEN];
		struct str items[ITEMS], sorted[ITEMS];
		unsigned count = below(&state, ITEMS + 1), least = below(&state, 8) ? 1 + below(&state, LEN - 1) : 0;
		enum literals_place place = (enum literals_place)below(&state, 3);
		struct arena arena;
		arena_init(&arena, 1 << 20, 0);
		for (unsigned i = 0; i < count; i++) {
			do {
				items[i] = random_text(&state, bytes[i], LEN);
			} while (items[i].len < least);
			sorted[i] = items[i];
		}
		const struct literals *l = literals_new(&arena, sorted, count, place);
		ck_assert_ptr_nonnull(l);
		for (unsigned k = 0; k < 8; k++) {
			struct str asked = random_text(&state, text, sizeof(text));
			bool want = walk(items, count, place, asked);
			met += want;
			ck_assert_int_eq(literals_meet(l, asked), want);
		}
		arena_fini(&arena);
	}
	ck_assert_uint_gt(met, CASES / 2);
	ck_assert_uint_lt(met, CASES * 7);
}
END_TEST

START_TEST(literals_of_nothing_meet_nothing_and_the_empty_one_meets_all)
{
	for (unsigned place = LITERALS_START; place <= LITERALS_ANYWHERE; place++) {
		struct arena arena;
		struct str empty = STR("");
		arena_init(&arena, 1 << 20, 0);
		const struct literals *none = literals_new(&arena, NULL, 0, (enum literals_place)place);
		const struct literals *any = literals_new(&arena, &empty, 1, (enum literals_place)place);
		ck_assert(none && any);
		ck_assert(!literals_meet(none, STR("")) && !literals_meet(none, STR("a")));
		ck_assert(literals_meet(any, STR("")) && literals_meet(any, STR("a")));
		arena_fini(&arena);
	}
}
END_TEST

START_TEST(literals_that_begin_alike_cost_one_walk_of_the_text)
{
	enum { COUNT = 10000, TEXT = 65536 };
	static char bytes[COUNT][64], text[TEXT];
	static struct str items[COUNT];
	for (unsigned i = 0; i < COUNT; i++)
		items[i] = str_make(bytes[i], (size_t)snprintf(bytes[i], sizeof(bytes[i]), "https://https://https://https://%u.example", i));
	for (unsigned i = 0; i < TEXT; i++)
		text[i] = "https://"[i % 8];
	struct arena arena;
	arena_init(&arena, 64 << 20, 0);
	const struct literals *l = literals_new(&arena, items, COUNT, LITERALS_ANYWHERE);
	ck_assert_ptr_nonnull(l);
	/* 13 MB: a moment for a walk, an hour for 10,000 of them with each of their beginnings */
	for (unsigned i = 0; i < 200; i++)
		ck_assert(!literals_meet(l, str_make(text, sizeof(text))));
	memcpy(text + TEXT - 16, "9999.example////", 16);
	ck_assert(literals_meet(l, str_make(text, sizeof(text))));
	arena_fini(&arena);
}
END_TEST

START_TEST(literals_without_memory_are_null)
{
	struct str items[] = {STR("abc"), STR("abd")};
	struct arena arena;
	arena_init(&arena, 64, 0);
	ck_assert_ptr_null(literals_new(&arena, items, 2, LITERALS_ANYWHERE));
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		literals_meet_what_a_walk_over_them_meets,
		literals_of_nothing_meet_nothing_and_the_empty_one_meets_all,
		literals_that_begin_alike_cost_one_walk_of_the_text,
		literals_without_memory_are_null,
		NULL,
	};
	return unit_run("literals", tests);
}
