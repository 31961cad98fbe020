#include "unit.h"

#include "base/mem.h"
#include "detect/figure.h"

enum { W = 100 };

static struct hits *
make(unsigned n, const int64_t times[], const uint8_t stages[], const double values[])
{
	struct hits *h = mem_zero(1, sizeof(*h));
	ck_assert_ptr_nonnull(h);
	for (unsigned i = 0; i < n; i++) {
		struct hit hit = {times[i], values ? values[i] : 0, i, stages ? stages[i] : HIT_NO_STAGE, false, false, false};
		hits_insert(h, &hit, 1000000);
	}
	return h;
}

static struct correlation
rule(enum correlation_type type, unsigned feeds, unsigned op, double limit)
{
	struct correlation c = {.type = type, .feed_count = feeds, .timespan_ms = W};
	c.range = (struct correlation_range){op, limit, limit, limit, limit, limit, limit};
	return c;
}

static struct figure
window(const struct correlation *c, const struct hits *h, int64_t begin_ms, int64_t end_ms)
{
	struct figure out;
	figure_window(c, h, begin_ms, end_ms, &out);
	return out;
}

START_TEST(order_counts_the_longest_chain_of_rules_as_listed)
{
	struct correlation c = rule(CORRELATION_TEMPORAL_ORDERED, 3, RANGE_GTE, 2);
	const int64_t times[] = {1, 2, 3, 4};
	const uint8_t mixed[] = {2, 0, 1, 0}, backwards[] = {2, 1, 0, 0};
	struct hits *h = make(4, times, mixed, NULL);
	ck_assert(window(&c, h, 0, W).holds);
	ck_assert(window(&c, h, 0, W).value == 2);
	mem_free(h);
	h = make(4, times, backwards, NULL);
	ck_assert(!window(&c, h, 0, W).holds);
	ck_assert(window(&c, h, 0, W).value == 1);
	mem_free(h);
}
END_TEST

START_TEST(order_without_a_number_wants_all_rules_and_takes_equal_times_as_in_order)
{
	struct correlation c = rule(CORRELATION_TEMPORAL_ORDERED, 3, 0, 0);
	const int64_t times[] = {1, 1, 1}, later[] = {2, 1, 3};
	const uint8_t stages[] = {2, 1, 0}, listed[] = {0, 1, 2};
	struct hits *h = make(3, times, stages, NULL);
	ck_assert(window(&c, h, 0, W).holds);
	mem_free(h);
	h = make(3, later, listed, NULL);
	ck_assert(!window(&c, h, 0, W).holds);
	mem_free(h);
}
END_TEST

START_TEST(order_with_a_text_wants_those_rules_in_order_that_make_it_true)
{
	/* 0 and (1 or 2) */
	struct expr one = {.kind = EXPR_SELECTION, .index = 1}, two = {.kind = EXPR_SELECTION, .index = 2, .prev = &one};
	struct expr zero = {.kind = EXPR_SELECTION, .index = 0}, either = {.kind = EXPR_OR, .last = &two, .prev = &zero};
	struct expr both = {.kind = EXPR_AND, .last = &either};
	struct correlation c = rule(CORRELATION_TEMPORAL_ORDERED, 3, 0, 0);
	c.text = &both;
	const int64_t times[] = {1, 2, 3};
	const uint8_t in_order[] = {1, 0, 2}, backwards[] = {2, 1, 0}, alone[] = {1, 2, 2};
	struct hits *h = make(3, times, in_order, NULL);
	ck_assert(window(&c, h, 0, W).holds);
	ck_assert(!window(&c, h, 0, 2).holds);
	mem_free(h);
	h = make(3, times, backwards, NULL);
	ck_assert(!window(&c, h, 0, W).holds);
	mem_free(h);
	h = make(3, times, alone, NULL);
	ck_assert(!window(&c, h, 0, W).holds);
	mem_free(h);
}
END_TEST

START_TEST(percentile_lies_between_two_values)
{
	struct correlation c = rule(CORRELATION_VALUE_PERCENTILE, 1, RANGE_EQ, 17.5);
	const int64_t times[] = {1, 2, 3, 4};
	const double values[] = {40, 10, 30, 20};
	struct hits *h = make(4, times, NULL, values);
	c.percentile = 25;
	ck_assert(window(&c, h, 0, W).holds);
	c.percentile = 100;
	ck_assert(window(&c, h, 0, W).value == 40);
	c.percentile = 0;
	ck_assert(window(&c, h, 0, W).value == 10);
	mem_free(h);
}
END_TEST

START_TEST(nothing_has_no_sum_no_mean_and_no_percentile)
{
	const enum correlation_type types[] = {
		CORRELATION_VALUE_SUM, CORRELATION_VALUE_AVG, CORRELATION_VALUE_PERCENTILE};
	struct hits *h = make(0, NULL, NULL, NULL);
	for (unsigned i = 0; i < 3; i++) {
		struct correlation c = rule(types[i], 1, RANGE_LT, 5);
		ck_assert(!window(&c, h, 0, W).holds);
	}
	struct correlation c = rule(CORRELATION_EVENT_COUNT, 1, RANGE_LT, 5);
	ck_assert(window(&c, h, 0, W).holds);
	mem_free(h);
}
END_TEST

START_TEST(any_window_with_the_instant_is_asked_and_both_its_ends_belong_to_it)
{
	struct correlation c = rule(CORRELATION_VALUE_SUM, 1, RANGE_GTE, 6);
	const int64_t times[] = {0, W, 2 * W, 3 * W + 1};
	const double values[] = {1, 2, 4, 5};
	struct hits *h = make(4, times, NULL, values);
	struct figure out;
	figure_any_window(&c, h, W, &out);
	ck_assert(out.holds && out.value == 6 && out.end_ms == 2 * W && out.events == 2);
	figure_any_window(&c, h, 0, &out);
	ck_assert_msg(!out.holds && out.value == 1, "that window ends a millisecond too late");
	figure_any_window(&c, h, 2 * W, &out);
	ck_assert(out.holds && out.end_ms == 2 * W);
	mem_free(h);
}
END_TEST

static uint32_t
below(uint64_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 20) % n;
}

/* As the header says it: every window is looked at. */
static void
walk_windows(const struct correlation *c, const struct hits *h, int64_t at_ms, struct figure *out)
{
	*out = window(c, h, at_ms - W, at_ms);
	for (unsigned i = 0; i < h->n && !out->holds; i++) {
		struct figure later = window(c, h, h->items[i].ts_ms - W, h->items[i].ts_ms);
		if (h->items[i].ts_ms > at_ms && h->items[i].ts_ms <= at_ms + W && later.holds)
			*out = later;
	}
}

START_TEST(any_window_is_the_one_that_a_look_at_each_finds)
{
	static const unsigned ops[] = {RANGE_GT, RANGE_GTE, RANGE_LT, RANGE_LTE, RANGE_EQ, RANGE_NEQ, RANGE_GTE | RANGE_LTE};
	static const double pool[] = {0.1, 0.2, 0.3, 0.7, 1, -0.4, 1e15, 0, 33.3};
	uint64_t state = 77;
	unsigned later = 0, none = 0;
	for (unsigned n = 0; n < 6000; n++) {
		int64_t times[40];
		double values[40];
		unsigned count = 1 + below(&state, 40), kinds = 1 + below(&state, 9);
		for (unsigned i = 0; i < count; i++) {
			times[i] = below(&state, 5 * W);
			values[i] = pool[below(&state, kinds)];
		}
		struct hits *h = make(count, times, NULL, values);
		struct correlation c = rule(CORRELATION_VALUE_SUM + below(&state, 3), 1, ops[below(&state, 7)], 0);
		c.percentile = below(&state, 5) * 25;
		/* a limit that some window meets exactly, or misses by the last bit */
		int64_t end_ms = h->items[below(&state, count)].ts_ms;
		double limit = window(&c, h, end_ms - W, end_ms).value;
		limit = below(&state, 3) ? limit : limit * (1 + 2.3e-16);
		c.range = (struct correlation_range){c.range.ops, limit, limit, limit, limit, limit, limit};
		int64_t at_ms = below(&state, 5 * W);
		struct figure want, got;
		walk_windows(&c, h, at_ms, &want);
		figure_any_window(&c, h, at_ms, &got);
		ck_assert_int_eq(got.holds, want.holds);
		ck_assert(got.value == want.value && got.events == want.events && got.end_ms == want.end_ms);
		later += want.holds && want.end_ms > at_ms;
		none += !want.holds;
		mem_free(h);
	}
	ck_assert_uint_gt(later, 500);
	ck_assert_uint_gt(none, 500);
}
END_TEST

START_TEST(any_window_of_a_full_group_costs_a_late_hit_a_pass_and_no_product)
{
	static const enum correlation_type types[] = {CORRELATION_VALUE_SUM, CORRELATION_VALUE_AVG, CORRELATION_VALUE_PERCENTILE};
	struct hits *h = mem_zero(1, sizeof(*h));
	struct figure out;
	for (unsigned i = 0; i < HITS_MAX; i++)
		hits_insert(h, &(struct hit){i, (double)(i * 7919 % 1009), i, HIT_NO_STAGE, false, false, false}, 1000000);
	for (unsigned k = 0; k < 3; k++) {
		struct correlation c = rule(types[k], 1, RANGE_GTE, 1e9);
		c.timespan_ms = HITS_MAX;
		c.percentile = 95;
		for (unsigned i = 0; i < 1024; i++) { /* minutes, were each window sorted anew */
			figure_any_window(&c, h, i % 8, &out);
			ck_assert(!out.holds);
		}
	}
	mem_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		order_counts_the_longest_chain_of_rules_as_listed,
		order_without_a_number_wants_all_rules_and_takes_equal_times_as_in_order,
		order_with_a_text_wants_those_rules_in_order_that_make_it_true,
		percentile_lies_between_two_values,
		nothing_has_no_sum_no_mean_and_no_percentile,
		any_window_with_the_instant_is_asked_and_both_its_ends_belong_to_it,
		any_window_is_the_one_that_a_look_at_each_finds,
		any_window_of_a_full_group_costs_a_late_hit_a_pass_and_no_product,
		NULL,
	};
	return unit_run("figure", tests);
}
