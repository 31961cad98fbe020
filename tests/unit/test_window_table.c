/* The table against a naive model: an array of every event, walked for every question. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "window/window_table.h"

enum { MINUTE = 60000, W = 10 * MINUTE, LATE = 15 * MINUTE };

static struct window_table *
make(uint64_t bytes, bool whole_story)
{
	struct window_table_options options = {bytes, LATE, "0123456789abcdef", whole_story};
	struct window_table *t = window_table_new(&options);
	ck_assert_ptr_nonnull(t);
	return t;
}

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(random_next(state) >> 20) % n;
}

static struct window_figures
figures_of(struct window_table *t, uint64_t key, int64_t span_ms, const struct window_update *u, int64_t at_ms)
{
	struct window_answer f;
	window_table_observe(t, key, span_ms, u, at_ms, &f);
	return f.at;
}

/* ---- the model ---- */

enum { MODEL_MAX = 20000 };
struct model {
	struct window_update events[MODEL_MAX];
	unsigned n;
};

static bool
model_has(const struct model *m, unsigned end, int64_t from, int64_t to, uint32_t value, int class)
{
	for (unsigned i = 0; i < end; i++) {
		const struct window_update *u = &m->events[i];
		if (u->ts_ms >= from && u->ts_ms <= to && u->value == value && (class < 0 || (int)u->class == class))
			return true;
	}
	return false;
}

static bool
model_has_second(const struct model *m, unsigned end, int64_t from, int64_t to, uint32_t value)
{
	for (unsigned i = 0; i < end; i++)
		if (m->events[i].ts_ms >= from && m->events[i].ts_ms <= to && m->events[i].value2 == value)
			return true;
	return false;
}

static uint32_t
model_code_count(const struct model *m, int64_t from, int64_t to, uint32_t code)
{
	uint32_t count = 0;
	for (unsigned i = 0; i < m->n; i++)
		if (m->events[i].ts_ms >= from && m->events[i].ts_ms <= to && m->events[i].code == code)
			count++;
	return count;
}

static void
model_figures(const struct model *m, int64_t to, struct window_figures *out)
{
	int64_t from = to - W;
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < m->n; i++) {
		const struct window_update *u = &m->events[i];
		if (u->ts_ms < from || u->ts_ms > to)
			continue;
		out->attempts++;
		out->classes[u->class]++;
		if (out->attempts == 1 || u->ts_ms < out->first_ms)
			out->first_ms = u->ts_ms;
		if (out->attempts == 1 || u->ts_ms > out->last_ms)
			out->last_ms = u->ts_ms;
		if (u->value2 && !model_has_second(m, i, from, to, u->value2))
			out->distinct2++;
		if (!u->value || model_has(m, i, from, to, u->value, -1))
			continue;
		bool failed = model_has(m, m->n, from, to, u->value, WINDOW_FAILURE);
		bool succeeded = model_has(m, m->n, from, to, u->value, WINDOW_SUCCESS);
		out->distinct++;
		out->failed += failed;
		out->successful += succeeded;
		out->strangers += failed && !succeeded;
	}
}

static void
check_figures(const struct model *m, int64_t to, const struct window_figures *got)
{
	struct window_figures want;
	model_figures(m, to, &want);
	ck_assert_uint_eq(got->attempts, want.attempts);
	for (unsigned i = 0; i < WINDOW_CLASSES; i++)
		ck_assert_uint_eq(got->classes[i], want.classes[i]);
	ck_assert_uint_eq(got->distinct, want.distinct);
	ck_assert_uint_eq(got->failed, want.failed);
	ck_assert_uint_eq(got->successful, want.successful);
	ck_assert_uint_eq(got->strangers, want.strangers);
	ck_assert_uint_eq(got->distinct2, want.distinct2);
	ck_assert_int_eq(got->first_ms, want.first_ms);
	ck_assert_int_eq(got->last_ms, want.last_ms);
	for (unsigned i = 0; i < got->code_count; i++) {
		ck_assert_uint_eq(got->codes[i].count, model_code_count(m, to - W, to, got->codes[i].code));
		ck_assert(i == 0 || got->codes[i - 1].count > got->codes[i].count ||
		    (got->codes[i - 1].count == got->codes[i].count && got->codes[i - 1].code < got->codes[i].code));
	}
}

/* Some window of length W that contains at: naive, over every event as an end. */
static unsigned
model_fullest(const struct model *m, int64_t at, bool distinct)
{
	unsigned best = 0;
	for (unsigned e = 0; e <= m->n; e++) {
		int64_t end = e < m->n ? m->events[e].ts_ms : at;
		if (end < at || end > at + W)
			continue;
		struct window_figures f;
		model_figures(m, end, &f);
		unsigned here = distinct ? f.distinct : f.attempts;
		best = here > best ? here : best;
	}
	return best;
}

static bool
at_least(double value, const void *ctx)
{
	return value >= *(const double *)ctx;
}

static struct window_update
random_update(uint64_t *state, int64_t ts, uint32_t values)
{
	static const uint32_t codes[] = {50126, 50053, 0, 50074, 7000215, WINDOW_CODE_NONE, 1, 2, 3, 4, 5, 6};
	return (struct window_update){
		.ts_ms = ts,
		.value = below(state, values),
		.value2 = below(state, 4),
		.code = codes[below(state, 12)],
		.class = (enum window_class)below(state, WINDOW_CLASSES),
	};
}

static int64_t
random_step(uint64_t *state)
{
	static const int64_t steps[] = {0, 1, 1000, MINUTE, 2 * MINUTE, W - 1, W, W + 1};
	uint32_t i = below(state, 40);
	return i < 8 ? steps[i] : (int64_t)below(state, 30000);
}

START_TEST(window_figures_equal_a_naive_model_in_any_order_within_lateness)
{
	enum { KEYS = 3 };
	static struct model models[KEYS];
	for (uint64_t seed = 1; seed <= 12; seed++) {
		uint64_t state = seed * 7919;
		struct window_table *t = make(8 << 20, true);
		memset(models, 0, sizeof(models));
		int64_t now = INT64_C(4294967296) * 400 - 20 * MINUTE; /* ms wrap at 2^32 on the way */
		for (unsigned i = 0; i < 600; i++) {
			now += random_step(&state);
			int64_t ts = below(&state, 3) ? now : now - (int64_t)below(&state, LATE + 1);
			struct model *m = &models[below(&state, KEYS)];
			struct window_update u = random_update(&state, ts, 8);
			m->events[m->n++] = u;
			struct window_answer f;
			window_table_observe(t, (uint64_t)(m - models) + 1, W, &u, ts, &f);
			check_figures(m, ts, &f.at);
			int64_t end = ts;
			for (unsigned k = 0; k < m->n; k++)
				if (m->events[k].ts_ms <= ts + W && m->events[k].ts_ms > end)
					end = m->events[k].ts_ms;
			check_figures(m, end, &f.best);
			ck_assert(f.at.exact && !f.at.partial);
		}
		window_table_free(t);
	}
}
END_TEST

START_TEST(window_probe_equals_a_naive_model_in_any_order_within_lateness)
{
	static struct model m;
	for (uint64_t seed = 1; seed <= 16; seed++) {
		uint64_t state = seed * 104729;
		struct window_table *t = make(8 << 20, true);
		m.n = 0;
		int64_t now = 1700000000000;
		bool distinct = seed % 2;
		for (unsigned i = 0; i < 200; i++) {
			now += random_step(&state);
			int64_t ts = below(&state, 3) ? now : now - (int64_t)below(&state, LATE + 1);
			struct window_update u = random_update(&state, ts, 12);
			double threshold = 1 + below(&state, 9);
			struct window_probe probe = {ts, distinct, at_least, &threshold};
			struct window_verdict v, again;
			bool before = model_fullest(&m, ts, distinct) >= threshold;
			m.events[m.n++] = u;
			unsigned fullest = model_fullest(&m, ts, distinct);
			window_table_probe(t, 5, W, &u, &probe, &v);
			ck_assert_int_eq(v.before, before);
			ck_assert_int_eq(v.after, fullest >= threshold);
			if (!v.after)
				ck_assert_uint_eq((unsigned)v.value, fullest);
			window_table_probe(t, 5, W, NULL, &probe, &again);
			ck_assert_int_eq(again.before, v.after);
			ck_assert_int_eq(again.after, v.after);
		}
		window_table_free(t);
	}
}
END_TEST

START_TEST(window_holds_both_ends_of_the_span)
{
	struct window_table *t = make(1 << 20, true);
	struct window_figures at;
	struct window_update u = {1000000, 1, 0, 50126, WINDOW_FAILURE, 0, false};
	at = figures_of(t, 1, W, &u, u.ts_ms);
	at = figures_of(t, 1, W, NULL, u.ts_ms + W);
	ck_assert_uint_eq(at.attempts, 1);
	at = figures_of(t, 1, W, NULL, u.ts_ms + W + 1);
	ck_assert_uint_eq(at.attempts, 0);
	ck_assert_int_eq(at.first_ms, 0);
	window_table_free(t);
}
END_TEST

START_TEST(log_keeps_what_the_latest_of_late_events_can_ask_for_and_nothing_longer_than_its_times_tell_apart)
{
	struct window_table *t = make(1 << 20, true);
	int64_t start = 1700000000000, wrap = INT64_C(1) << 32;
	for (unsigned i = 0; i < 6; i++) { /* five that are over, and one that is not by a millisecond */
		struct window_update u = {start - (i < 5), i + 1, 0, 0, WINDOW_OTHER, 0, false};
		figures_of(t, 1, W, &u, u.ts_ms);
	}
	struct window_update now = {start + W + LATE, 9, 0, 0, WINDOW_OTHER, 0, false};
	figures_of(t, 1, W, &now, now.ts_ms);
	struct window_figures f = figures_of(t, 1, W, NULL, start + W);
	ck_assert(f.attempts == 1 && f.distinct == 1 && !f.partial);
	f = figures_of(t, 1, W, NULL, start + W - 1);
	ck_assert(f.partial || f.attempts == 6);
	now.ts_ms += wrap + 1;
	f = figures_of(t, 1, W, &now, now.ts_ms);
	ck_assert_uint_eq(f.attempts, 1);
	window_table_free(t);
}
END_TEST

START_TEST(late_event_sees_what_comes_exactly_a_span_after_it)
{
	double two = 2;
	for (int64_t more = 0; more <= 1; more++) {
		struct window_table *t = make(1 << 20, true);
		struct window_verdict v;
		struct window_update later = {1000000 + W + more, 1, 0, 0, WINDOW_OTHER, 0, false}, late = {1000000, 2, 0, 0, WINDOW_OTHER, 0, false};
		window_table_probe(t, 1, W, &later, &(struct window_probe){later.ts_ms, false, at_least, &two}, &v);
		window_table_probe(t, 1, W, &late, &(struct window_probe){late.ts_ms, false, at_least, &two}, &v);
		ck_assert_int_eq(v.after, more == 0);
		window_table_free(t);
	}
}
END_TEST

START_TEST(window_is_wide_from_the_event_after_a_full_log_on)
{
	struct window_table *t = make(8 << 20, true);
	int64_t start = 1700000000000;
	for (uint32_t i = 0; i < WINDOW_LOG_MAX + 1; i++) {
		struct window_update u = {start + i, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		struct window_figures now = figures_of(t, 1, W, &u, u.ts_ms), then = figures_of(t, 1, W, NULL, start);
		ck_assert(now.exact && now.attempts == i + 1);
		ck_assert_int_eq(then.exact, i < WINDOW_LOG_MAX); /* a log answers for any instant */
		ck_assert(!then.exact || then.attempts == 1);
	}
	window_table_free(t);
}
END_TEST

START_TEST(wide_window_holds_both_ends_of_the_span)
{
	struct window_table *t = make(8 << 20, true);
	int64_t start = 1700000000000;
	for (uint32_t i = 0; i < 200; i++) {
		struct window_update u = {start + i * 100, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		figures_of(t, 1, W, &u, u.ts_ms);
	}
	struct window_update edge = {start + W + 100 * 100, 1000, 0, 50126, WINDOW_FAILURE, 0, false};
	ck_assert_uint_eq(figures_of(t, 1, W, &edge, edge.ts_ms).distinct, 101); /* the 100th to the 200th, and this */
	edge.ts_ms++;
	ck_assert_uint_eq(figures_of(t, 1, W, &edge, edge.ts_ms).distinct, 100);
	window_table_free(t);
}
END_TEST

START_TEST(wide_window_forgets_late_values_of_its_oldest_pane_to_the_millisecond)
{
	static struct model m;
	struct window_table *t = make(8 << 20, true);
	int64_t start = 1700000000000; /* of a pane */
	m.n = 0;
	for (uint32_t i = 0; i < 100 + 20 + 500; i++) {
		struct window_update u = {start + i * 50, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		if (i >= 100) /* the span's end is in the pane: out of order into what is in order there */
			u.ts_ms = i == 100 ? start + W + 1000 : start + 1000 + i * 7919 % 4000;
		if (i >= 120) {
			u.ts_ms = start + W + 1000 + (i - 120) * 10;
			u.value = 101;
		}
		m.events[m.n++] = u;
		struct window_figures want, got = figures_of(t, 1, W, &u, u.ts_ms);
		if (i > 100 && i < 120)
			continue;
		model_figures(&m, u.ts_ms, &want);
		ck_assert_uint_eq(got.distinct, want.distinct);
		ck_assert_uint_eq(got.strangers, want.strangers);
	}
	window_table_free(t);
}
END_TEST

START_TEST(spray_of_the_worked_example_fires_on_the_late_event_and_rearms)
{
	/* value_count of users by IP, 10 min, gte 5 (windows page, section 6) */
	static const struct { int64_t second; uint32_t user; bool before, after; double value; } rows[] = {
		{0, 1, false, false, 1}, {120, 2, false, false, 2}, {240, 3, false, false, 3}, {270, 1, false, false, 3},
		{605, 4, false, false, 4}, {180, 5, false, true, 5}, {620, 6, true, true, 6}, {1206, 7, false, false, 2},
	};
	struct window_table *t = make(1 << 20, true);
	double threshold = 5;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ts = 1700000000000 + rows[i].second * 1000;
		struct window_update u = {ts, rows[i].user, 0, 0, WINDOW_OTHER, 0, false};
		struct window_probe probe = {ts, true, at_least, &threshold};
		struct window_verdict v;
		window_table_probe(t, 9, W, &u, &probe, &v);
		ck_assert_int_eq(v.before, rows[i].before);
		ck_assert_int_eq(v.after, rows[i].after);
		ck_assert(v.value == rows[i].value);
	}
	window_table_free(t);
}
END_TEST

START_TEST(wide_window_counts_values_exactly_and_events_never_under)
{
	static struct model m;
	m.n = 0;
	uint64_t state = 4711;
	struct window_table *t = make(32 << 20, true);
	int64_t now = 1700000000000;
	unsigned checked = 0;
	for (unsigned i = 0; i < 6000; i++) {
		now += below(&state, 600);
		/* late by up to two panes, or by all of the span: into the pane that its end is in, too */
		int64_t late = below(&state, 3) ? (int64_t)below(&state, 20000) : (int64_t)below(&state, W + 2);
		int64_t ts = below(&state, 4) ? now : now - late;
		struct window_update u = random_update(&state, ts, 700);
		m.events[m.n++] = u;
		struct window_figures at, want;
		at = figures_of(t, 1, W, &u, now);
		if (i % 37)
			continue;
		int64_t newest = ts;
		for (unsigned k = 0; k < m.n; k++)
			newest = m.events[k].ts_ms > newest ? m.events[k].ts_ms : newest;
		if (newest != now)
			continue;
		model_figures(&m, now, &want);
		checked++;
		ck_assert(at.exact && !at.partial);
		ck_assert_uint_eq(at.distinct, want.distinct);
		ck_assert_uint_eq(at.failed, want.failed);
		ck_assert_uint_eq(at.successful, want.successful);
		ck_assert_uint_eq(at.strangers, want.strangers);
		ck_assert_uint_eq(at.distinct2, want.distinct2);
		ck_assert_uint_ge(at.attempts, want.attempts);
		unsigned extra = 0; /* events of one pane before the span */
		for (unsigned k = 0; k < m.n; k++)
			extra += m.events[k].ts_ms < now - W && m.events[k].ts_ms >= now - W - W / 60;
		ck_assert_uint_le(at.attempts, want.attempts + extra);
		ck_assert(i < 500 || at.code_count == WINDOW_CODES_MAX);
		for (unsigned k = 0; k < at.code_count; k++)
			ck_assert_uint_ge(at.codes[k].count, model_code_count(&m, now - W, now, at.codes[k].code));
	}
	ck_assert_uint_gt(checked, 50);
	window_table_free(t);
}
END_TEST

START_TEST(second_failure_is_exact_in_a_log_and_to_the_pane_in_a_wide_window)
{
	struct window_table *t = make(8 << 20, true);
	int64_t start = 1700000000000;
	for (int64_t i = 0; i < 100; i++) {
		enum window_class class = i == 20 || i >= 30 ? WINDOW_FAILURE : WINDOW_SUCCESS;
		struct window_update u = {start + i * 2000, (uint32_t)i + 1, 0, 0, class, 0, false};
		figures_of(t, 1, W, &u, u.ts_ms);
		int64_t when = window_table_second_failure(t, 1, W, u.ts_ms);
		if (i < 30)
			ck_assert_int_eq(when, INT64_MAX);
		else if (i < WINDOW_LOG_MAX)
			ck_assert_int_eq(when, start + 60000);
		else
			ck_assert(when <= start + 60000 && when > start + 60000 - W / 60);
	}
	ck_assert_int_eq(window_table_second_failure(t, 2, W, start), INT64_MAX);
	window_table_free(t);
}
END_TEST

START_TEST(wide_window_is_a_log_again_once_its_span_has_passed)
{
	struct window_table *t = make(8 << 20, true);
	struct window_figures at;
	uint64_t one_key = 0;
	for (unsigned round = 0; round < 3; round++) {
		int64_t start = 1700000000000 + (int64_t)round * 3 * W;
		for (uint32_t i = 0; i < 1000; i++) {
			struct window_update u = {start + i, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
			at = figures_of(t, 1, W, &u, u.ts_ms);
			ck_assert_uint_eq(at.distinct, i + 1);
			ck_assert_uint_eq(at.strangers, i + 1);
			ck_assert_uint_eq(at.attempts, i + 1);
			ck_assert(!at.partial);
		}
		if (round == 0)
			one_key = window_table_bytes(t);
	}
	ck_assert_uint_eq(window_table_bytes(t), one_key); /* what it gave back was used again */
	window_table_free(t);
}
END_TEST

START_TEST(wide_window_beyond_its_values_says_at_least)
{
	struct window_table *t = make(64 << 20, true);
	struct window_figures at = {0};
	for (uint32_t i = 0; i < WINDOW_VALUES_MAX + 500; i++) {
		struct window_update u = {1700000000000 + i, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		at = figures_of(t, 1, W, &u, u.ts_ms);
		ck_assert_int_eq(at.exact, i < WINDOW_VALUES_MAX);
	}
	ck_assert_uint_eq(at.distinct, WINDOW_VALUES_MAX);
	ck_assert_uint_eq(at.attempts, WINDOW_VALUES_MAX + 500);
	window_table_free(t);
}
END_TEST

START_TEST(table_stays_within_its_bytes_and_says_partial_where_it_forgot)
{
	struct window_table *t = make(1 << 20, true);
	struct window_figures at;
	int64_t now = 1700000000000;
	uint64_t before = 0;
	for (uint32_t i = 0; i < 200000; i++) {
		if (i == 100000) /* the thread's counters are there by now */
			before = mem_count();
		struct window_update u = {now + i, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		at = figures_of(t, UINT64_C(0x9e3779b97f4a7c15) * (i + 1), W, &u, u.ts_ms);
		ck_assert_uint_eq(at.attempts, 1);
	}
	ck_assert_uint_le(window_table_bytes(t), 1 << 20);
	ck_assert_uint_gt(window_table_evictions(t), 150000);
	ck_assert(at.partial);
	/* the last key is there; what was evicted is missing and says so; a span later all is whole */
	at = figures_of(t, UINT64_C(0x9e3779b97f4a7c15) * 200000, W, NULL, now + 200000);
	ck_assert_uint_eq(at.attempts, 1);
	at = figures_of(t, UINT64_C(0x9e3779b97f4a7c15), W, NULL, now + 200000);
	ck_assert_uint_eq(at.attempts, 0);
	ck_assert(at.partial);
	at = figures_of(t, UINT64_C(0x9e3779b97f4a7c15), W, NULL, now + 200001 + W);
	ck_assert(!at.partial);
	ck_assert_uint_eq(mem_count(), before);
	window_table_free(t);
}
END_TEST

START_TEST(table_survives_wide_windows_in_little_memory)
{
	struct window_table *t = make(1 << 20, true);
	struct window_figures at;
	uint64_t state = 99;
	int64_t now = 1700000000000;
	for (uint32_t i = 0; i < 300000; i++) {
		now += below(&state, 50);
		uint64_t key = below(&state, 2) ? below(&state, 6) : below(&state, 5000);
		struct window_update u = random_update(&state, now - (int64_t)below(&state, 2000), 20000);
		at = figures_of(t, (key + 1) * UINT64_C(0x9e3779b97f4a7c15), W, &u, now);
		ck_assert_uint_ge(at.attempts, at.distinct);
		ck_assert_uint_ge(at.failed, at.strangers);
	}
	ck_assert_uint_le(window_table_bytes(t), 1 << 20);
	window_table_free(t);
}
END_TEST

START_TEST(expired_windows_go_first_and_uncounted)
{
	struct window_table *t = make(1 << 20, true);
	struct window_figures at;
	int64_t now = 1700000000000;
	for (uint32_t i = 0; i < 100000; i++) {
		now += 1000;
		window_table_set_horizon(t, now - LATE);
		struct window_update u = {now, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		at = figures_of(t, UINT64_C(0x9e3779b97f4a7c15) * (i + 1), W, &u, u.ts_ms);
		ck_assert(!at.partial);
	}
	ck_assert_uint_eq(window_table_evictions(t), 0);
	ck_assert_uint_le(window_table_keys(t), (W + LATE) / 1000 + 66);
	window_table_free(t);
}
END_TEST

START_TEST(long_windows_neither_hold_up_short_ones_nor_lose_to_what_is_idle)
{
	enum { DAY = 24 * 60 * 60000, LONG = 300, SHORT = 100000 };
	struct window_table *t = make(1 << 20, true);
	int64_t start = 1700000000000, now = start;
	for (uint32_t i = 0; i < LONG; i++) { /* seen once in the morning, asked for in the evening */
		struct window_update u = {now, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		figures_of(t, UINT64_C(0x9e3779b97f4a7c15) * (SHORT + i + 1), DAY, &u, now);
	}
	for (uint32_t i = 0; i < SHORT; i++) {
		now += 500;
		window_table_set_horizon(t, now - LATE);
		struct window_update u = {now, i + 1, 0, 50126, WINDOW_FAILURE, 0, false};
		figures_of(t, UINT64_C(0x9e3779b97f4a7c15) * (i + 1), W, &u, now);
	}
	/* 1,200 keys in ten minutes, 8,400 until none can be asked for late: as many fit, and what gave way was idle */
	ck_assert_int_gt(now - start, 12 * 60 * 60000);
	unsigned kept = 0;
	for (uint32_t i = 0; i < LONG; i++)
		kept += figures_of(t, UINT64_C(0x9e3779b97f4a7c15) * (SHORT + i + 1), DAY, NULL, now).attempts;
	ck_assert_uint_eq(kept, LONG);
	ck_assert_uint_le(window_table_keys(t), (W + LATE) / 500 + LONG + 66);
	window_table_free(t);
}
END_TEST

START_TEST(window_that_a_late_event_can_still_ask_for_does_not_expire)
{
	struct window_table *t = make(1 << 20, true);
	int64_t now = 1700000000000;
	struct window_update u = {now, 1, 0, 50126, WINDOW_FAILURE, 0, false}, other = {now + W, 1, 0, 50126, WINDOW_FAILURE, 0, false};
	for (int64_t more = 0; more <= 1; more++) {
		figures_of(t, 1, W, &u, now);
		window_table_set_horizon(t, now + W + more);
		figures_of(t, 1 + ((uint64_t)1 << 40), W, &other, other.ts_ms); /* looks at the oldest of the shard */
		ck_assert_uint_eq(figures_of(t, 1, W, NULL, now + W).attempts, more ? 0 : 1);
	}
	window_table_free(t);
}
END_TEST

START_TEST(windows_are_partial_until_a_span_after_the_first_event)
{
	struct window_table *t = make(1 << 20, false);
	struct window_figures at;
	int64_t start = 1700000000000;
	for (int64_t ts = start; ts <= start + W; ts += MINUTE) {
		struct window_update u = {ts, 1, 0, 50126, WINDOW_FAILURE, 0, false};
		at = figures_of(t, 1, W, &u, ts);
		ck_assert_int_eq(at.partial, ts < start + W);
	}
	window_table_free(t);
}
END_TEST

START_TEST(key_tells_kind_tenant_and_parts_apart)
{
	struct window_table *t = make(1 << 20, true);
	struct str a[] = {STR("tenant"), STR("ip")}, b[] = {STR("tenanti"), STR("p")};
	ck_assert(window_table_key(t, 1, a, 2) == window_table_key(t, 1, a, 2));
	ck_assert(window_table_key(t, 1, a, 2) != window_table_key(t, 2, a, 2));
	ck_assert(window_table_key(t, 1, a, 2) != window_table_key(t, 1, b, 2));
	ck_assert(window_table_key(t, 1, a, 1) != window_table_key(t, 1, a, 2));
	ck_assert_uint_ne(window_table_value(t, STR("")), 0);
	window_table_free(t);
}
END_TEST

enum { THREAD_EVENTS = 20000 };
struct side {
	struct window_table *table;
	uint32_t first;
};

static void *
run_side(void *ctx)
{
	struct side *side = ctx;
	for (uint32_t i = 0; i < THREAD_EVENTS; i++) {
		struct window_answer f;
		struct window_update u = {1700000000000 + i / 100, side->first + i % 1000, 0, 50126, WINDOW_FAILURE, 0, false};
		window_table_observe(side->table, i % 64 * UINT64_C(0x9e3779b97f4a7c15) + 1, W, &u, u.ts_ms, &f);
	}
	return NULL;
}

START_TEST(two_threads_lose_no_update)
{
	struct window_table *t = make(64 << 20, true);
	struct side sides[2] = {{t, 1}, {t, 1001}};
	pthread_t threads[2];
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_side, &sides[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	uint64_t attempts = 0;
	for (uint64_t i = 0; i < 64; i++) {
		struct window_figures at;
		at = figures_of(t, i * UINT64_C(0x9e3779b97f4a7c15) + 1, W, NULL, 1700000000000 + 1000);
		attempts += at.attempts;
	}
	ck_assert_uint_eq(attempts, 2 * THREAD_EVENTS);
	window_table_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		window_figures_equal_a_naive_model_in_any_order_within_lateness,
		window_probe_equals_a_naive_model_in_any_order_within_lateness,
		window_holds_both_ends_of_the_span,
		log_keeps_what_the_latest_of_late_events_can_ask_for_and_nothing_longer_than_its_times_tell_apart,
		late_event_sees_what_comes_exactly_a_span_after_it,
		window_is_wide_from_the_event_after_a_full_log_on,
		wide_window_holds_both_ends_of_the_span,
		wide_window_forgets_late_values_of_its_oldest_pane_to_the_millisecond,
		spray_of_the_worked_example_fires_on_the_late_event_and_rearms,
		wide_window_counts_values_exactly_and_events_never_under,
		second_failure_is_exact_in_a_log_and_to_the_pane_in_a_wide_window,
		wide_window_is_a_log_again_once_its_span_has_passed,
		wide_window_beyond_its_values_says_at_least,
		table_stays_within_its_bytes_and_says_partial_where_it_forgot,
		table_survives_wide_windows_in_little_memory,
		expired_windows_go_first_and_uncounted,
		long_windows_neither_hold_up_short_ones_nor_lose_to_what_is_idle,
		window_that_a_late_event_can_still_ask_for_does_not_expire,
		windows_are_partial_until_a_span_after_the_first_event,
		key_tells_kind_tenant_and_parts_apart,
		two_threads_lose_no_update,
		NULL,
	};
	return unit_run("window_table", tests);
}
