#include "unit.h"

#include "base/metrics.h"
#include "detect/burst.h"

enum { W = 1000 };

static enum burst_answer
ask(struct burst_table *t, const struct burst_question *q, struct burst_mark *mark)
{
	burst_lock(t, q->key);
	enum burst_answer answer = burst_judge(t, q, mark);
	burst_unlock(t, q->key);
	return answer;
}

static struct burst_question
event(uint64_t hash, int64_t at_ms, int64_t newest_ms, bool before, bool after)
{
	return (struct burst_question){
		.key = 7,
		.event = hash,
		.at_ms = at_ms,
		.span_ms = W,
		.newest_ms = newest_ms,
		.counted = true,
		.before = before,
		.after = after,
		.by_time = true,
	};
}

static bool
is_hot(struct burst_table *t)
{
	burst_lock(t, 7);
	bool hot = burst_is_hot(t, 7);
	burst_unlock(t, 7);
	return hot;
}

START_TEST(copy_of_a_firing_that_is_not_yet_on_disk_leaves_an_ended_burst_ended)
{
	struct burst_table *t = burst_table_new(1 << 16);
	struct burst_mark mark, again;
	struct burst_question first = event(1, 0, 0, false, true), over = event(2, 5000, 5000, false, false);
	ck_assert_int_eq(ask(t, &first, &mark), BURST_TRIGGER);
	ck_assert_int_eq(ask(t, &over, &again), BURST_QUIET);
	ck_assert(!is_hot(t));
	first.counted = false;
	ck_assert_msg(ask(t, &first, &again) == BURST_TRIGGER, "its sender may not have been answered");
	ck_assert(!is_hot(t));
	burst_table_free(t);
}
END_TEST

START_TEST(copy_of_a_firing_that_was_rolled_back_begins_the_burst_again)
{
	struct burst_table *t = burst_table_new(1 << 16);
	struct burst_mark mark, again;
	struct burst_question first = event(1, 0, 0, false, true);
	ck_assert_int_eq(ask(t, &first, &mark), BURST_TRIGGER);
	burst_rollback(t, &mark);
	ck_assert(!is_hot(t));
	first.counted = false;
	ck_assert_int_eq(ask(t, &first, &again), BURST_TRIGGER);
	ck_assert(is_hot(t));
	burst_table_free(t);
}
END_TEST

START_TEST(only_the_newest_event_of_a_group_ends_its_burst)
{
	struct burst_table *t = burst_table_new(1 << 16);
	struct burst_mark mark;
	struct burst_question late = event(1, 0, 9000, false, true), between = event(2, 5000, 9000, false, false);
	struct burst_question newest = event(3, 9500, 9500, false, false);
	ck_assert_int_eq(ask(t, &late, &mark), BURST_TRIGGER);
	ck_assert_int_eq(ask(t, &between, &mark), BURST_QUIET);
	ck_assert(is_hot(t));
	ck_assert_int_eq(ask(t, &newest, &mark), BURST_QUIET);
	ck_assert(!is_hot(t));
	burst_table_free(t);
}
END_TEST

START_TEST(repeats_come_after_w_2w_4w_and_late_firings_leave_their_times)
{
	struct burst_table *t = burst_table_new(1 << 16);
	struct burst_mark mark;
	const struct {
		int64_t at_ms;
		bool before;
		enum burst_answer answer;
	} steps[] = {{0, false, BURST_TRIGGER}, {999, true, BURST_QUIET}, {1000, true, BURST_REPEAT}, {2999, true, BURST_QUIET},
		{-5000, false, BURST_TRIGGER}, {3000, true, BURST_REPEAT}, {6999, true, BURST_QUIET}, {7000, true, BURST_REPEAT}};
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct burst_question q = event(i + 1, steps[i].at_ms, 7000, steps[i].before, true);
		ck_assert_msg(ask(t, &q, &mark) == steps[i].answer, "step %u", i);
	}
	burst_table_free(t);
}
END_TEST

/* Muted: tuning keeps the alert as suppressed, so that a match that it does not is told. */
START_TEST(burst_that_nobody_was_told_of_fires_again_with_the_first_match_that_is_told)
{
	const struct {
		int64_t at_ms;
		bool before, muted;
		enum burst_answer answer;
	} steps[] = {
		{10000, false, true, BURST_TRIGGER}, {10100, true, true, BURST_QUIET},
		{2000, false, false, BURST_TRIGGER}, /* late: an older burst, which tells nobody of this one */
		{10200, true, false, BURST_TRIGGER}, {10300, true, false, BURST_QUIET},
		{2500, false, true, BURST_TRIGGER}, {10400, true, false, BURST_QUIET},
		{11200, true, true, BURST_QUIET}, /* the repeat is due, but nobody would be told */
		{11201, true, false, BURST_REPEAT},
	};
	struct burst_table *t = burst_table_new(1 << 16);
	struct burst_mark mark;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct burst_question q = event(i + 1, steps[i].at_ms, 12000, steps[i].before, true);
		q.muted = steps[i].muted;
		ck_assert_msg(ask(t, &q, &mark) == steps[i].answer, "step %u", i);
	}
	burst_table_free(t);
}
END_TEST

START_TEST(full_table_forgets_the_group_idle_longest_and_counts_it)
{
	struct burst_table *t = burst_table_new(1); /* the smallest */
	struct burst_mark mark;
	double before = metrics_value(METRIC_WINDOW_EVICTIONS, "burst", NULL);
	uint64_t bytes = burst_table_bytes(t);
	for (uint64_t i = 1; i <= 5000; i++) {
		struct burst_question q = event(i, 0, 0, false, true);
		q.key = i << 32 | i;
		ck_assert_int_eq(ask(t, &q, &mark), BURST_TRIGGER);
		burst_commit(t, &mark);
	}
	ck_assert_uint_eq(burst_table_bytes(t), bytes);
	ck_assert(metrics_value(METRIC_WINDOW_EVICTIONS, "burst", NULL) > before + 3000);
	burst_table_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		copy_of_a_firing_that_is_not_yet_on_disk_leaves_an_ended_burst_ended,
		copy_of_a_firing_that_was_rolled_back_begins_the_burst_again,
		only_the_newest_event_of_a_group_ends_its_burst,
		repeats_come_after_w_2w_4w_and_late_firings_leave_their_times,
		burst_that_nobody_was_told_of_fires_again_with_the_first_match_that_is_told,
		full_table_forgets_the_group_idle_longest_and_counts_it,
		NULL,
	};
	return unit_run("burst", tests);
}
