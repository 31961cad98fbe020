#include "unit.h"

#include "base/mem.h"
#include "window/hits.h"

enum { HOUR_MS = 3600000 };

static struct hits *
make(void)
{
	struct hits *h = mem_zero(1, sizeof(*h));
	ck_assert_ptr_nonnull(h);
	h->blind_ms = h->closed_ms = h->held_ms = INT64_MIN;
	return h;
}

static void
put(struct hits *h, int64_t ts_ms, uint8_t stage, uint32_t event)
{
	struct hit hit = {.ts_ms = ts_ms, .event = event, .stage = stage};
	hits_insert(h, &hit, HOUR_MS);
}

START_TEST(hits_stand_by_time_and_behind_those_of_their_time)
{
	struct hits *h = make();
	const int64_t times[] = {5, 3, 5, 9, 3};
	const uint32_t order[] = {2, 5, 1, 3, 4};
	for (unsigned i = 0; i < 5; i++)
		put(h, times[i], HIT_NO_STAGE, i + 1);
	ck_assert_uint_eq(h->n, 5);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(h->items[i].event, order[i]);
	ck_assert_uint_eq(hits_after(h, 2), 0);
	ck_assert_uint_eq(hits_after(h, 3), 2);
	ck_assert_uint_eq(hits_after(h, 9), 5);
	mem_free(h);
}
END_TEST

START_TEST(hits_older_than_the_retention_before_the_newest_go)
{
	struct hits *h = make();
	put(h, 0, HIT_NO_STAGE, 1);
	put(h, 1, HIT_NO_STAGE, 2);
	put(h, HOUR_MS + 1, HIT_NO_STAGE, 3);
	ck_assert_uint_eq(h->n, 2);
	ck_assert_int_eq(h->items[0].ts_ms, 1);
	ck_assert_msg(h->blind_ms == INT64_MIN, "nobody asks for those any more");
	mem_free(h);
}
END_TEST

START_TEST(what_a_check_waits_for_is_kept_until_it_was_asked)
{
	struct hits *h = make();
	put(h, 0, HIT_NO_STAGE, 1);
	put(h, HOUR_MS, HIT_NO_STAGE, 2);
	hits_await(h, 1);
	put(h, 10 * HOUR_MS, HIT_NO_STAGE, 3);
	ck_assert_uint_eq(h->n, 3); /* the first is in the window that ends with what waits */
	hits_waited(h, HOUR_MS, true);
	ck_assert_uint_eq(h->waiting, 0);
	put(h, 10 * HOUR_MS, HIT_NO_STAGE, 4);
	ck_assert_uint_eq(h->n, 2);
	mem_free(h);
}
END_TEST

START_TEST(a_time_has_one_check_whichever_of_its_hits_it_came_with)
{
	struct hits *h = make();
	put(h, 7, HIT_NO_STAGE, 1);
	ck_assert(!hits_is_checked(h, 0));
	hits_await(h, 0);
	put(h, 7, HIT_NO_STAGE, 2);
	put(h, 8, HIT_NO_STAGE, 3);
	ck_assert(hits_is_checked(h, 1));
	ck_assert(!hits_is_checked(h, 2));
	hits_waited(h, 7, false);
	ck_assert(hits_is_checked(h, 0)); /* it had one */
	mem_free(h);
}
END_TEST

START_TEST(held_is_asked_with_both_ends)
{
	struct hits *h = make();
	put(h, 10, HIT_NO_STAGE, 1);
	put(h, 20, HIT_NO_STAGE, 2);
	hits_await(h, 0);
	hits_await(h, 1);
	hits_waited(h, 10, true);
	hits_waited(h, 20, false);
	ck_assert(hits_held(h, 10, 20));
	ck_assert(hits_held(h, 0, 10));
	ck_assert(!hits_held(h, 11, 30));
	ck_assert(!hits_held(h, 0, 9));
	mem_free(h);
}
END_TEST

START_TEST(full_group_drops_its_oldest_and_is_blind_before_the_rest)
{
	struct hits *h = make();
	for (uint32_t i = 0; i <= HITS_MAX; i++)
		put(h, 100 + (int64_t)i, HIT_NO_STAGE, i);
	ck_assert_uint_eq(h->n, HITS_MAX);
	ck_assert_int_eq(h->items[0].ts_ms, 101);
	ck_assert_int_eq(h->blind_ms, 101);
	mem_free(h);
}
END_TEST

START_TEST(busy_stage_pushes_out_its_own_hits_only)
{
	struct hits *h = make();
	put(h, 1, 0, 1);
	for (uint32_t i = 0; i <= HITS_STAGE_MAX; i++)
		put(h, 100 + (int64_t)i, 1, i);
	ck_assert_uint_eq(h->n, HITS_STAGE_MAX + 1);
	ck_assert_uint_eq(h->items[0].stage, 0);
	ck_assert_int_eq(h->items[1].ts_ms, 101);
	ck_assert_int_eq(h->blind_ms, 101);
	mem_free(h);
}
END_TEST

START_TEST(stored_group_comes_back_whole)
{
	struct hit_table *t = hit_table_new(1 << 20, true, 0);
	struct hits *h = make(), *back = make();
	for (uint32_t i = 0; i < 5; i++)
		put(h, i, HIT_NO_STAGE, i);
	hits_await(h, 2);
	h->closed_ms = 11;
	h->held_ms = 12;
	hits_store(t, 77, h);
	hits_load(t, 77, back);
	ck_assert_uint_eq(back->n, 5);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(back->items[i].ts_ms, i);
		ck_assert(back->items[i].waits == (i == 2));
	}
	ck_assert_int_eq(back->closed_ms, 11);
	ck_assert_int_eq(back->held_ms, 12);
	ck_assert_uint_eq(back->waiting, 1);
	hits_load(t, 78, back);
	ck_assert_uint_eq(back->n, 0);
	ck_assert_msg(back->blind_ms == INT64_MIN && back->closed_ms == INT64_MIN, "an unknown group is empty");
	hit_table_free(t);
	mem_free(h);
	mem_free(back);
}
END_TEST

START_TEST(full_table_forgets_the_group_idle_longest_and_later_groups_are_blind)
{
	struct hit_table *t = hit_table_new(1, true, 0); /* the smallest */
	struct hits *h = make(), *back = make();
	uint64_t bytes = hit_table_bytes(t);
	put(h, 500, HIT_NO_STAGE, 1);
	for (uint64_t key = 1; key <= 5000; key++)
		hits_store(t, key, h);
	ck_assert_uint_eq(hit_table_bytes(t), bytes);
	hits_load(t, 5000, back);
	ck_assert_uint_eq(back->n, 1);
	hits_load(t, 1, back);
	ck_assert_uint_eq(back->n, 0);
	ck_assert_int_eq(back->blind_ms, 501);
	hit_table_free(t);
	mem_free(h);
	mem_free(back);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		hits_stand_by_time_and_behind_those_of_their_time,
		hits_older_than_the_retention_before_the_newest_go,
		what_a_check_waits_for_is_kept_until_it_was_asked,
		a_time_has_one_check_whichever_of_its_hits_it_came_with,
		held_is_asked_with_both_ends,
		full_group_drops_its_oldest_and_is_blind_before_the_rest,
		busy_stage_pushes_out_its_own_hits_only,
		stored_group_comes_back_whole,
		full_table_forgets_the_group_idle_longest_and_later_groups_are_blind,
		NULL,
	};
	return unit_run("hits", tests);
}
