/* What a correlation decides by waiting, with rules made by hand: a match of B without one of A in the ten minutes
 * before. The two come from different log sources. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "detect/correlator.h"
#include "detect/lateness.h"
#include "sigma/correlation.h"

enum { MINUTE = 60000, W = 10 * MINUTE, LATE = 60 * MINUTE, GRACE = 15 * MINUTE, QUIET = 30 * MINUTE, STORM = 3 };
static const int64_t start_ms = 1795000000000;
static const char *const no_texts[] = {NULL};

enum { RULE_A, RULE_B, RULE_C, RULE_ABSENCE, RULE_FEW, RULES };

static const struct source source_a = {.product = {"pa", 2}, .identity = 11};
static const struct source source_b = {.product = {"pb", 2}, .identity = 22};
static const struct source source_c = {.product = {"pc", 2}, .identity = 33};
static const struct source *const sources[] = {&source_a, &source_b, &source_c};

struct bench {
	struct window_table *windows;
	struct correlator *correlator;
	struct seen *counted;
	struct lateness heard;
	struct correlation_index *index;
	struct rule rules[RULES];
	const struct rule *list[RULES];
	struct rule_field by_ip[1];
	struct correlation absence, few;
	struct correlation_feed feeds[2], few_of[1];
	struct expr there, not, gone, both;
	struct correlator_marks marks;
	struct value slots[FIELD_FIXED_COUNT];
	struct event event;
	char id[16], ip[32]; /* the event's */
	int64_t now_ms;
	unsigned alerts, silent, held_back, most, storms, triggers, begun;
};

static void
make_rules(struct bench *b)
{
	static const char *const ids[] = {"a", "b", "c", "absence", "few"};
	for (unsigned i = 0; i < RULES; i++) {
		b->rules[i] = (struct rule){.index = i, .id = ids[i], .title = ids[i], .tags = no_texts,
			.references = no_texts, .definition = 1000 + i, .silent = i < RULE_ABSENCE};
		b->list[i] = &b->rules[i];
	}
	b->by_ip[0] = (struct rule_field){"ipAddress", FIELD_IP_ADDRESS, NULL, 0};
	b->feeds[0] = (struct correlation_feed){&b->rules[RULE_B], b->by_ip, NULL};
	b->feeds[1] = (struct correlation_feed){&b->rules[RULE_A], b->by_ip, NULL};
	b->there = (struct expr){.kind = EXPR_SELECTION, .index = 0};
	b->gone = (struct expr){.kind = EXPR_SELECTION, .index = 1};
	b->not = (struct expr){.kind = EXPR_NOT, .last = &b->gone, .prev = &b->there};
	b->both = (struct expr){.kind = EXPR_AND, .last = &b->not};
	b->absence = (struct correlation){.type = CORRELATION_TEMPORAL, .type_name = "temporal", .when = CORRELATION_ABSENCE,
		.feeds = b->feeds, .feed_count = 2, .group_by = b->by_ip, .group_count = 1, .timespan_ms = W,
		.text = &b->both, .absent = 2};
	b->rules[RULE_ABSENCE].correlation = &b->absence;
	b->few_of[0] = (struct correlation_feed){&b->rules[RULE_C], b->by_ip, NULL};
	b->few = (struct correlation){.type = CORRELATION_EVENT_COUNT, .type_name = "event_count", .when = CORRELATION_AT_END,
		.feeds = b->few_of, .feed_count = 1, .group_by = b->by_ip, .group_count = 1, .timespan_ms = W,
		.range = {.ops = RANGE_LT, .lt = 3}};
	b->rules[RULE_FEW].correlation = &b->few;
}

static bool
sees(const struct rule *rule, const struct source *source, const void *ctx)
{
	(void)ctx;
	return source == sources[rule->index];
}

/* A file is the whole story; a daemon began at a time. */
static void
bench_begin(struct bench *b, bool whole_story, int64_t began_ms)
{
	struct window_table_options windows = {16 << 20, LATE, "0123456789abcdef", true};
	struct seen_options seen = {86400000, 4096, "0123456789abcdef"};
	memset(b, 0, sizeof(*b));
	make_rules(b);
	b->windows = window_table_new(&windows);
	b->counted = seen_new(&seen);
	lateness_init(&b->heard, LATE);
	struct correlator_options options = {b->windows, b->counted, &b->heard, 8 << 20, LATE, GRACE, STORM, W, whole_story, began_ms};
	b->correlator = correlator_new(&options);
	b->index = correlation_index_new(&(struct correlation_rules){b->list, RULES, sources, 3, sees, NULL});
	b->now_ms = start_ms;
	ck_assert(b->windows && b->counted && b->correlator && b->index);
}

static void
bench_init(struct bench *b)
{
	bench_begin(b, true, 0);
}

static void
bench_fini(struct bench *b)
{
	correlator_commit(b->correlator, &b->marks);
	correlation_index_free(b->index);
	correlator_free(b->correlator);
	seen_free(b->counted);
	window_table_free(b->windows);
}

static int
on_finding(const struct finding *f, const struct match *match, void *ctx)
{
	struct bench *b = ctx;
	(void)match;
	b->alerts++;
	b->silent += f->silent;
	b->held_back += f->held_back > 0;
	b->most = f->held_back > b->most ? f->held_back : b->most;
	b->storms += f->storm_begins;
	b->triggers += f->kind == FINDING_TRIGGER;
	b->begun += f->begin_ms != 0;
	return 0;
}

static struct correlator_input
input(struct bench *b, const struct match *match)
{
	return (struct correlator_input){.index = b->index, .event = &b->event, .matches = match, .count = match ? 1 : 0,
		.marks = &b->marks, .now_ms = b->now_ms};
}

static struct parked_check *
due(struct bench *b)
{
	return correlator_due(b->correlator, b->index, b->now_ms);
}

/* The feed of that rule has an event; of a tenant. */
static void
hear(struct bench *b, unsigned rule, int64_t ts, const char *tenant)
{
	struct str name = str_of(tenant);
	uint64_t key = contexts_tenant(b->windows, name);
	struct lateness_feed *feed = lateness_feed(&b->heard, key ^ sources[rule]->identity);
	if (lateness_is_nameless(&b->heard, feed))
		lateness_name(feed, &(struct lateness_name){key, sources[rule]->identity, QUIET, b->now_ms});
	ck_assert(!lateness_note(&b->heard, feed, ts, b->now_ms));
}

/* An event of that rule arrives. */
static void
arrive(struct bench *b, unsigned rule, int64_t ts, const char *ip)
{
	static unsigned count;
	snprintf(b->id, sizeof(b->id), "e%u", count++);
	b->event = (struct event){.slots = b->slots, .slot_count = FIELD_FIXED_COUNT, .category = STR("SignInLogs"),
		.tenant = STR("t"), .id = str_of(b->id), .raw = STR("{}"), .event_ms = ts, .window_ms = ts, .received_ms = b->now_ms};
	snprintf(b->ip, sizeof(b->ip), "%s", ip);
	b->slots[FIELD_IP_ADDRESS] = (struct value){.text = str_of(b->ip), .type = VALUE_STRING};
	b->now_ms = ts > b->now_ms ? ts : b->now_ms;
	hear(b, rule, ts, "t");
	struct match match = {b->list[rule], 0, 0};
	struct correlator_input in = input(b, &match);
	ck_assert_int_eq(correlator_step(b->correlator, &in, on_finding, b), 0);
}

/* Decides what is due; returns how many alerts came of it. rule NULL: the rules in force have it no more. */
static unsigned
decide(struct bench *b, const struct rule *rule)
{
	b->alerts = b->silent = b->held_back = b->most = b->storms = b->triggers = b->begun = 0;
	for (struct parked_check *check; (check = due(b)); parked_done(check)) {
		struct correlator_input in = input(b, NULL);
		ck_assert_int_eq(correlator_decide(b->correlator, &in, rule, check, on_finding, b), 0);
	}
	return b->alerts;
}

START_TEST(absence_alerts_once_what_is_absent_had_time_to_arrive)
{
	struct bench b;
	bench_init(&b);
	arrive(&b, RULE_B, start_ms, "192.0.2.1");
	arrive(&b, RULE_B, start_ms, "192.0.2.2");
	arrive(&b, RULE_A, start_ms - W, "192.0.2.2"); /* excuses, although it came later */
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 0);
	b.now_ms = start_ms + GRACE + 1;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 1);
	bench_fini(&b);
}
END_TEST

START_TEST(absence_while_the_feed_of_what_is_absent_is_silent_says_so)
{
	for (int64_t before = QUIET - GRACE - 2; before <= QUIET - GRACE - 1; before++) {
		struct bench b;
		bench_init(&b);
		b.now_ms = start_ms - before;
		hear(&b, RULE_A, start_ms - before, "t");
		b.now_ms = start_ms;
		arrive(&b, RULE_B, start_ms, "192.0.2.1");
		b.now_ms = start_ms + 10 * GRACE; /* asked late: what counts is when it was due, a ms after the grace */
		hear(&b, RULE_B, start_ms + 10 * GRACE, "t");
		hear(&b, RULE_A, start_ms + 10 * GRACE, "t");
		ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 1);
		ck_assert_uint_eq(b.silent, before == QUIET - GRACE - 1);
		bench_fini(&b);
	}
	/* never heard */
	struct bench b;
	bench_init(&b);
	arrive(&b, RULE_B, start_ms, "192.0.2.1");
	b.now_ms = start_ms + GRACE + 1;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 1);
	ck_assert_uint_eq(b.silent, 1);
	bench_fini(&b);
}
END_TEST

/* So many groups lack their A, a second apart from there on. */
static void
lack(struct bench *b, int64_t ts, unsigned groups, const char *net)
{
	for (unsigned i = 0; i < groups; i++) {
		char ip[32];
		snprintf(ip, sizeof(ip), "%s.%u", net, i);
		arrive(b, RULE_B, ts + i * 1000, ip);
	}
	b->now_ms += GRACE + 1;
}

START_TEST(absences_beyond_the_limit_are_held_back_until_the_storm_is_over)
{
	struct bench b;
	bench_init(&b);
	const struct rule *rule = &b.rules[RULE_ABSENCE];
	lack(&b, start_ms, STORM, "192.0.2");
	ck_assert_uint_eq(decide(&b, rule), STORM);
	ck_assert_uint_eq(b.held_back, 0);
	lack(&b, start_ms + MINUTE, 5, "198.51.100");
	ck_assert_uint_eq(decide(&b, rule), 5); /* none is lost */
	ck_assert_uint_eq(b.held_back, 5);
	ck_assert_uint_eq(b.most, 5);
	ck_assert_uint_eq(b.storms, 1); /* told once */
	/* they count: W later the storm is not over */
	lack(&b, start_ms + W + 1, 1, "203.0.113");
	ck_assert_uint_eq(decide(&b, rule), 1);
	ck_assert_uint_eq(b.held_back, 1);
	ck_assert_uint_eq(b.storms, 0);
	/* a group that was held back and whose burst goes on alerts when it is */
	arrive(&b, RULE_B, start_ms + MINUTE + W / 2, "198.51.100.0");
	b.now_ms += GRACE + 1;
	ck_assert_uint_eq(decide(&b, rule), 0);
	arrive(&b, RULE_B, start_ms + MINUTE + W + 5000, "198.51.100.0");
	b.now_ms += GRACE + 1;
	ck_assert_uint_eq(decide(&b, rule), 1);
	ck_assert_uint_eq(b.held_back, 0);
	ck_assert_uint_eq(b.triggers, 1); /* no repeat of what nobody heard */
	/* another one begins */
	lack(&b, start_ms + 6 * W, STORM + 2, "192.0.2");
	ck_assert_uint_eq(decide(&b, rule), STORM + 2);
	ck_assert_uint_eq(b.held_back, 2);
	ck_assert_uint_eq(b.storms, 1);
	bench_fini(&b);
}
END_TEST

/* Windows of C with fewer than three: one at the start; then a match late by so much, and it is asked in steps. */
static unsigned
few(int64_t late_ms, bool feed_moves)
{
	struct bench b;
	bench_init(&b);
	unsigned alerts = 0;
	arrive(&b, RULE_C, start_ms, "192.0.2.1");
	b.now_ms = start_ms + W + 5 * MINUTE; /* by the clock it is due after the other */
	arrive(&b, RULE_C, start_ms - late_ms, "192.0.2.1");
	for (int minutes = 0; minutes < 120; minutes++) {
		b.now_ms += MINUTE;
		if (feed_moves)
			hear(&b, RULE_C, b.now_ms, "t");
		alerts += decide(&b, &b.rules[RULE_FEW]);
	}
	ck_assert_uint_eq(correlator_waiting(b.correlator), 0);
	bench_fini(&b);
	return alerts;
}

START_TEST(windows_of_a_group_are_decided_in_their_order_whoever_decides)
{
	for (int moves = 0; moves < 2; moves++) {
		ck_assert_uint_eq(few(W + 4 * MINUTE, moves), 2); /* a burst that goes on */
		ck_assert_uint_eq(few(W / 2, moves), 1); /* the late one's holds both */
	}
}
END_TEST

/* When 30 came it began a window, behind that of 18 to 28; then 17 came and begins one that ends before 28, which begins
 * the next. Each has three. */
START_TEST(window_that_a_late_match_moved_is_decided_as_it_then_is)
{
	struct bench b;
	bench_init(&b);
	static const int64_t minutes[] = {10, 11, 18, 19, 6, 28, 30, 31, 17};
	for (unsigned i = 0; i < sizeof(minutes) / sizeof(*minutes); i++)
		arrive(&b, RULE_C, start_ms + minutes[i] * MINUTE, "192.0.2.1");
	b.now_ms = start_ms + 41 * MINUTE + GRACE + 1;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_FEW]), 0);
	ck_assert_uint_eq(correlator_waiting(b.correlator), 0);
	bench_fini(&b);
}
END_TEST

/* The same with two in each window: what 17 began and what 28 begins are decided with the same record. */
START_TEST(window_with_the_record_of_another_has_its_begin)
{
	struct bench b;
	bench_init(&b);
	static const int64_t minutes[] = {10, 11, 18, 6, 28, 30, 17};
	for (unsigned i = 0; i < sizeof(minutes) / sizeof(*minutes); i++)
		arrive(&b, RULE_C, start_ms + minutes[i] * MINUTE, "192.0.2.1");
	b.now_ms = start_ms + 41 * MINUTE + GRACE + 1;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_FEW]), 2);
	ck_assert_uint_eq(b.triggers, 1);
	ck_assert_uint_eq(b.begun, 1); /* its id is another one than an alert about 17 would have */
	bench_fini(&b);
}
END_TEST

START_TEST(what_was_before_the_daemon_is_unknown)
{
	for (int early = 0; early < 2; early++) {
		struct bench b;
		bench_begin(&b, false, start_ms - W);
		double unknown = metrics_value(METRIC_RULE_ERRORS, "absence", "absence_unknown");
		arrive(&b, RULE_B, start_ms - early, "192.0.2.1");
		b.now_ms += GRACE + 1;
		ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), early ? 0 : 1);
		ck_assert(metrics_value(METRIC_RULE_ERRORS, "absence", "absence_unknown") == unknown + early);
		bench_fini(&b);
	}
}
END_TEST

START_TEST(what_was_forgotten_is_unknown)
{
	struct bench b;
	bench_init(&b);
	double unknown = metrics_value(METRIC_RULE_ERRORS, "absence", "absence_unknown");
	arrive(&b, RULE_A, start_ms - 1, "192.0.2.1");
	for (unsigned i = 0; i < 60000; i++) { /* so many others that it is forgotten */
		char ip[32];
		snprintf(ip, sizeof(ip), "10.%u.%u.1", i >> 8, i & 255);
		arrive(&b, RULE_A, start_ms, ip);
	}
	arrive(&b, RULE_B, start_ms, "192.0.2.1");
	b.now_ms += GRACE + 1;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 0);
	ck_assert(metrics_value(METRIC_RULE_ERRORS, "absence", "absence_unknown") == unknown + 1);
	/* and a window behind all of that is known again */
	arrive(&b, RULE_B, start_ms + W + 1, "192.0.2.1");
	b.now_ms += GRACE + 1;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 1);
	bench_fini(&b);
}
END_TEST

START_TEST(checks_of_a_rule_that_went_give_their_places_in_the_group_back)
{
	struct bench b;
	bench_init(&b);
	double full = metrics_value(METRIC_RULE_ERRORS, "absence", "checks_full");
	for (int i = 0; i < 64; i++) /* all that a group may have */
		arrive(&b, RULE_B, start_ms + i, "192.0.2.1");
	ck_assert_uint_eq(correlator_waiting(b.correlator), 64);
	b.now_ms += GRACE + 1;
	ck_assert_uint_eq(decide(&b, NULL), 0); /* a reload took the rule out */
	/* the next one brings it back as it was */
	arrive(&b, RULE_B, b.now_ms, "192.0.2.1");
	ck_assert_uint_eq(correlator_waiting(b.correlator), 1);
	ck_assert(metrics_value(METRIC_RULE_ERRORS, "absence", "checks_full") == full);
	bench_fini(&b);
}
END_TEST

START_TEST(absence_is_decided_when_the_feed_of_what_is_absent_has_passed)
{
	struct bench b;
	bench_init(&b);
	const struct rule *rule = &b.rules[RULE_ABSENCE];
	b.now_ms = start_ms + 5 * MINUTE; /* it came five minutes late */
	hear(&b, RULE_A, start_ms, "t");
	arrive(&b, RULE_B, start_ms, "192.0.2.1");
	hear(&b, RULE_B, start_ms + 2 * GRACE, "t");
	hear(&b, RULE_A, start_ms + 2 * GRACE, "other tenant");
	hear(&b, RULE_A, start_ms + GRACE, "t");
	ck_assert_uint_eq(decide(&b, rule), 0);
	hear(&b, RULE_A, start_ms + GRACE + 1, "t");
	ck_assert_uint_eq(decide(&b, rule), 1); /* ten minutes before the clock would */
	bench_fini(&b);
}
END_TEST

START_TEST(what_comes_late_by_no_more_than_the_grace_excuses)
{
	for (int late = 0; late < 2; late++) {
		struct bench b;
		bench_init(&b);
		b.now_ms = start_ms + 2 * GRACE;
		hear(&b, RULE_A, start_ms, "t");
		arrive(&b, RULE_B, start_ms, "192.0.2.1");
		hear(&b, RULE_A, start_ms + GRACE + late, "t");
		unsigned alerts = decide(&b, &b.rules[RULE_ABSENCE]);
		arrive(&b, RULE_A, start_ms, "192.0.2.1");
		b.now_ms += GRACE + 1;
		alerts += decide(&b, &b.rules[RULE_ABSENCE]);
		ck_assert_uint_eq(alerts, late ? 1 : 0);
		bench_fini(&b);
	}
}
END_TEST

START_TEST(feed_silent_for_a_minute_moves_on_with_the_clock)
{
	struct bench b;
	bench_init(&b);
	hear(&b, RULE_A, start_ms, "t");
	b.now_ms = start_ms + GRACE;
	arrive(&b, RULE_B, start_ms, "192.0.2.1"); /* late itself: the clock would take until start + 2 GRACE */
	b.now_ms = start_ms + GRACE + MINUTE;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 0);
	b.now_ms++;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 1);
	bench_fini(&b);
}
END_TEST

START_TEST(feed_that_was_never_heard_is_waited_for_by_the_clock)
{
	struct bench b;
	bench_init(&b);
	arrive(&b, RULE_B, start_ms, "192.0.2.1");
	hear(&b, RULE_B, start_ms + 4 * GRACE, "t");
	b.now_ms = start_ms + GRACE;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 0);
	b.now_ms++;
	ck_assert_uint_eq(decide(&b, &b.rules[RULE_ABSENCE]), 1);
	bench_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		absence_alerts_once_what_is_absent_had_time_to_arrive,
		absence_is_decided_when_the_feed_of_what_is_absent_has_passed,
		what_comes_late_by_no_more_than_the_grace_excuses,
		feed_silent_for_a_minute_moves_on_with_the_clock,
		feed_that_was_never_heard_is_waited_for_by_the_clock,
		absence_while_the_feed_of_what_is_absent_is_silent_says_so,
		absences_beyond_the_limit_are_held_back_until_the_storm_is_over,
		windows_of_a_group_are_decided_in_their_order_whoever_decides,
		window_that_a_late_match_moved_is_decided_as_it_then_is,
		window_with_the_record_of_another_has_its_begin,
		what_was_before_the_daemon_is_unknown,
		what_was_forgotten_is_unknown,
		checks_of_a_rule_that_went_give_their_places_in_the_group_back,
		NULL,
	};
	return unit_run("group_judge", tests);
}
