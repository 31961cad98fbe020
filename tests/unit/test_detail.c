#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "window/detail.h"

static struct detail_table *
make(uint64_t bytes, unsigned items_max)
{
	struct detail_options options = {bytes, sizeof(uint64_t), items_max};
	struct detail_table *t = detail_table_new(&options);
	ck_assert_ptr_nonnull(t);
	return t;
}

static bool
add(struct detail_table *t, uint64_t key, uint64_t item)
{
	struct detail *d = detail_enter(t, key, true);
	uint64_t *p = detail_add(t, d, (uint32_t)item + 1);
	if (p)
		*p = item;
	detail_leave(t, d);
	return p != NULL;
}

static unsigned
read_all(struct detail_table *t, uint64_t key, uint64_t *out)
{
	struct detail *d = detail_enter(t, key, false);
	unsigned n = d ? detail_count(d) : 0;
	uint32_t cursor = 0;
	for (unsigned i = 0; i < n; i++)
		out[i] = *(uint64_t *)detail_next(t, d, &cursor);
	if (d)
		ck_assert_ptr_null(detail_next(t, d, &cursor));
	detail_leave(t, d);
	return n;
}

START_TEST(detail_keeps_items_in_order_up_to_its_maximum)
{
	struct detail_table *t = make(1 << 20, 4);
	uint64_t out[8];
	ck_assert_uint_eq(read_all(t, 7, out), 0);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert(add(t, 7, i));
	ck_assert(!add(t, 7, 4));
	ck_assert_uint_eq(read_all(t, 7, out), 4);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_uint_eq(out[i], i);
	ck_assert_uint_eq(read_all(t, 8, out), 0);
	struct detail *d = detail_enter(t, 7, false);
	ck_assert_uint_eq(*(uint64_t *)detail_find(t, d, 3), 2);
	ck_assert_ptr_null(detail_find(t, d, 99));
	ck_assert_int_eq(*detail_note(d), 0);
	detail_leave(t, d);
	detail_table_free(t);
}
END_TEST

START_TEST(detail_drops_any_item_and_goes_on)
{
	for (unsigned drop = 0; drop < 4; drop++) {
		struct detail_table *t = make(1 << 20, 4);
		uint64_t out[8];
		for (uint64_t i = 0; i < 4; i++)
			ck_assert(add(t, 7, i));
		struct detail *d = detail_enter(t, 7, false);
		detail_drop(t, d, drop);
		detail_leave(t, d);
		ck_assert(add(t, 7, 9));
		ck_assert_uint_eq(read_all(t, 7, out), 4);
		for (unsigned i = 0; i < 3; i++)
			ck_assert_uint_eq(out[i], i + (i >= drop ? 1 : 0));
		ck_assert_uint_eq(out[3], 9);
		detail_table_free(t);
	}
}
END_TEST

START_TEST(detail_stays_within_its_memory_and_drops_the_longest_idle)
{
	struct detail_table *t = make(64 << 10, 20);
	uint64_t before = mem_count(), out[20];
	ck_assert_uint_le(detail_table_bytes(t), 80 << 10);
	for (uint64_t key = 1; key <= 5000; key++) {
		for (uint64_t i = 0; i < 5; i++)
			ck_assert(add(t, key * UINT64_C(0x9e3779b97f4a7c15), i));
		ck_assert(add(t, 42, 0) == (key <= 20)); /* in use all the time */
	}
	ck_assert_uint_eq(read_all(t, 42, out), 20);
	ck_assert_uint_eq(read_all(t, UINT64_C(0x9e3779b97f4a7c15), out), 0);
	ck_assert_uint_eq(read_all(t, 5000 * UINT64_C(0x9e3779b97f4a7c15), out), 5);
	ck_assert_uint_eq(mem_count(), before);
	detail_table_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		detail_keeps_items_in_order_up_to_its_maximum,
		detail_drops_any_item_and_goes_on,
		detail_stays_within_its_memory_and_drops_the_longest_idle,
		NULL,
	};
	return unit_run("detail", tests);
}
