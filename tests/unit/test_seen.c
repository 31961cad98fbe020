#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "window/seen.h"

static struct seen *
make(int64_t ttl_ms, uint32_t max_ids)
{
	struct seen_options options = {ttl_ms, max_ids, "0123456789abcdef"};
	struct seen *s = seen_new(&options);
	ck_assert_ptr_nonnull(s);
	return s;
}

static struct str
number(char out[16], int i)
{
	return str_make(out, (size_t)snprintf(out, 16, "id-%d", i));
}

START_TEST(seen_knows_an_id_the_second_time_within_its_tenant)
{
	struct seen *s = make(1000, 100);
	ck_assert(!seen_check(s, STR("a"), STR("1"), 0));
	ck_assert(seen_check(s, STR("a"), STR("1"), 0));
	ck_assert(!seen_check(s, STR("b"), STR("1"), 0));
	ck_assert(!seen_check(s, STR("a1"), STR(""), 0));
	ck_assert(!seen_check(s, STR("a"), STR("2"), 0));
	seen_free(s);
}
END_TEST

START_TEST(seen_has_asks_and_adds_nothing)
{
	struct seen *s = make(1000, 100);
	ck_assert(!seen_has(s, STR("a"), STR("1"), 0));
	ck_assert(!seen_check(s, STR("a"), STR("1"), 0));
	ck_assert(seen_has(s, STR("a"), STR("1"), 0));
	ck_assert(!seen_has(s, STR("b"), STR("1"), 0));
	ck_assert(!seen_has(s, STR("a"), STR("1"), 1001));
	seen_free(s);
}
END_TEST

START_TEST(seen_forgets_an_id_after_its_ttl)
{
	struct seen *s = make(1000, 100);
	ck_assert(!seen_check(s, STR(""), STR("x"), 5000));
	ck_assert(seen_check(s, STR(""), STR("x"), 6000));
	ck_assert(!seen_check(s, STR(""), STR("x"), 6001));
	seen_free(s);
}
END_TEST

START_TEST(seen_keeps_exactly_the_last_ids)
{
	struct seen *s = make(1000000, 100);
	char text[16];
	for (int i = 0; i < 1000; i++)
		ck_assert(!seen_check(s, STR(""), number(text, i), i));
	for (int i = 900; i < 1000; i++)
		ck_assert(seen_check(s, STR(""), number(text, i), 1000));
	ck_assert(!seen_check(s, STR(""), number(text, 899), 1000));
	ck_assert(!seen_check(s, STR(""), number(text, 900), 1000));
	seen_free(s);
}
END_TEST

START_TEST(seen_allocates_nothing_after_birth_and_says_its_size)
{
	struct seen *s = make(1000000, 1000000);
	uint64_t before = mem_count();
	char text[16];
	for (int i = 0; i < 20000; i++)
		ck_assert(!seen_check(s, STR("t"), number(text, i), i));
	ck_assert_uint_eq(mem_count(), before);
	ck_assert_uint_le(seen_bytes(s), UINT64_C(30) << 20);
	seen_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		seen_knows_an_id_the_second_time_within_its_tenant,
		seen_has_asks_and_adds_nothing,
		seen_forgets_an_id_after_its_ttl,
		seen_keeps_exactly_the_last_ids,
		seen_allocates_nothing_after_birth_and_says_its_size,
		NULL,
	};
	return unit_run("seen", tests);
}
