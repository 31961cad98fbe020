/* How new each feed is. */
#include "unit.h"

#include "detect/lateness.h"

enum { MINUTE = 60000, LATE = 60 * MINUTE, QUIET = 30 * MINUTE };
static const int64_t start_ms = 1795000000000;

static struct lateness l;

static bool
hear(uint64_t tenant, uint64_t source, int64_t event_ms, int64_t now_ms)
{
	struct lateness_feed *feed = lateness_feed(&l, tenant * 1000003 + source);
	if (lateness_is_nameless(&l, feed))
		lateness_name(feed, &(struct lateness_name){tenant, source, QUIET, now_ms});
	return lateness_note(&l, feed, event_ms, now_ms);
}

static int64_t
newest(uint64_t tenant, const uint64_t *sources, size_t count, int64_t now_ms)
{
	return lateness_newest(&l, &(struct lateness_question){tenant, sources, count, now_ms});
}

START_TEST(event_is_late_behind_the_newest_of_its_own_feed)
{
	lateness_init(&l, LATE);
	ck_assert_int_eq(lateness_horizon(&l, start_ms), INT64_MIN);
	ck_assert(!hear(1, 1, start_ms, start_ms));
	ck_assert(!hear(1, 1, start_ms - LATE, start_ms));
	ck_assert(hear(1, 1, start_ms - LATE - 1, start_ms));
	ck_assert(!hear(1, 2, start_ms - 2 * LATE, start_ms));
	ck_assert_int_eq(lateness_horizon(&l, start_ms), start_ms - 3 * LATE);
}
END_TEST

START_TEST(newest_is_that_of_the_feed_furthest_behind_of_the_tenant_and_the_sources)
{
	static const uint64_t both[] = {3, 7}, one[] = {7}, none[] = {4};
	lateness_init(&l, LATE);
	ck_assert_int_eq(newest(1, both, 2, start_ms), INT64_MIN);
	hear(1, 7, start_ms + 5, start_ms);
	hear(1, 4711, start_ms - 9, start_ms);
	hear(2, 7, start_ms - 9, start_ms);
	ck_assert_int_eq(newest(1, both, 2, start_ms), start_ms + 5);
	hear(1, 3, start_ms + 3, start_ms);
	ck_assert_int_eq(newest(1, both, 2, start_ms), start_ms + 3);
	ck_assert_int_eq(newest(1, one, 1, start_ms), start_ms + 5);
	ck_assert_int_eq(newest(1, none, 1, start_ms), INT64_MIN);
	ck_assert_int_eq(newest(3, one, 1, start_ms), INT64_MIN);
	/* silent for a minute, then at the pace of the clock */
	ck_assert_int_eq(newest(1, one, 1, start_ms + MINUTE), start_ms + 5);
	ck_assert_int_eq(newest(1, one, 1, start_ms + MINUTE + 8), start_ms + 13);
	hear(1, 7, start_ms, start_ms + MINUTE + 8); /* older, but it is heard again */
	ck_assert_int_eq(newest(1, one, 1, start_ms + MINUTE + 8), start_ms + 5);
	hear(1, 7, start_ms, start_ms); /* of a batch that took long */
	ck_assert_int_eq(newest(1, one, 1, start_ms + MINUTE + 8), start_ms + 5);
}
END_TEST

static bool
silent(uint64_t tenant, const uint64_t *sources, size_t count, int64_t at_ms)
{
	return lateness_is_silent(&l, &(struct lateness_question){tenant, sources, count, at_ms});
}

START_TEST(feed_is_silent_at_a_time_before_which_it_was_not_heard_for_long)
{
	static const uint64_t both[] = {3, 7}, one[] = {7};
	lateness_init(&l, LATE);
	ck_assert(silent(1, one, 1, start_ms));
	hear(1, 7, start_ms - LATE, start_ms);
	ck_assert(silent(1, one, 1, start_ms - 1)); /* not heard yet */
	ck_assert(!silent(1, one, 1, start_ms) && !silent(1, one, 1, start_ms + QUIET - 1));
	ck_assert(silent(1, one, 1, start_ms + QUIET));
	ck_assert(silent(2, one, 1, start_ms));
	/* heard again: that was silence all the same */
	hear(1, 7, start_ms, start_ms + 2 * QUIET);
	ck_assert(silent(1, one, 1, start_ms + QUIET) && silent(1, one, 1, start_ms + 2 * QUIET - 1));
	ck_assert(!silent(1, one, 1, start_ms + QUIET - 1) && !silent(1, one, 1, start_ms + 2 * QUIET));
	/* another feed of theirs that is heard is enough */
	hear(1, 3, start_ms, start_ms + 4 * QUIET);
	ck_assert(silent(1, one, 1, start_ms + 4 * QUIET) && !silent(1, both, 2, start_ms + 4 * QUIET));
}
END_TEST

START_TEST(feeds_beyond_the_last_place_share_one_that_tells_nothing)
{
	lateness_init(&l, LATE);
	unsigned told = 0;
	for (uint64_t tenant = 1; tenant <= 2 * LATENESS_FEEDS; tenant++)
		hear(tenant, 7, start_ms, start_ms);
	for (uint64_t tenant = 0; tenant <= 2 * LATENESS_FEEDS; tenant++) {
		int64_t ms = newest(tenant, (const uint64_t[]){7}, 1, start_ms);
		ck_assert(ms == start_ms || ms == INT64_MIN);
		told += ms == start_ms;
	}
	ck_assert_uint_gt(told, LATENESS_FEEDS / 2);
	ck_assert_uint_le(told, LATENESS_FEEDS);
	ck_assert_int_eq(newest(0, (const uint64_t[]){0}, 1, start_ms), INT64_MIN);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		event_is_late_behind_the_newest_of_its_own_feed,
		newest_is_that_of_the_feed_furthest_behind_of_the_tenant_and_the_sources,
		feed_is_silent_at_a_time_before_which_it_was_not_heard_for_long,
		feeds_beyond_the_last_place_share_one_that_tells_nothing,
		NULL,
	};
	return unit_run("lateness", tests);
}
