/* The correlator with rules made by hand, against a naive model where one is possible. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/mem.h"
#include "detect/correlator.h"
#include "sigma/correlation.h"

enum { MINUTE = 60000, W = 10 * MINUTE, LATE = 60 * MINUTE };
static const int64_t start_ms = 1795000000000;
static const char *const no_texts[] = {NULL};

enum { RULE_LOGIN, RULE_OTHER, RULE_COUNT, RULE_VALUES, RULE_BURST, RULE_CHAIN, RULES };

struct fired {
	enum finding_kind kind;
	const struct rule *rule;
	char event_id[32], group[64];
	double value;
	unsigned evidence_count;
	uint64_t evidence_total;
	struct evidence evidence[EVIDENCE_MAX];
	bool partial;
};

struct bench {
	struct window_table *windows;
	struct correlator *correlator;
	struct rule rules[RULES];
	const struct rule *list[RULES];
	struct rule_field by_user[1], by_ip[1], by_ip_app[2];
	struct correlation count, values, chain;
	struct correlation_feed count_of[2], values_of[1], chain_of[1];
	struct seen *counted;
	struct correlation_index *index;
	struct correlator_marks marks;
	struct value slots[FIELD_FIXED_COUNT];
	struct event event;
	struct match matches[4];
	unsigned match_count;
	struct fired fired[64];
	unsigned fired_count;
	int64_t now_ms;
	int refuse; /* emit answers -1 */
};

static struct rule
make_rule(unsigned index, const char *id)
{
	return (struct rule){.index = index, .id = id, .title = id, .tags = no_texts, .references = no_texts,
		.definition = 1000 + index};
}

static void
bench_init(struct bench *b)
{
	struct window_table_options windows = {16 << 20, LATE, "0123456789abcdef", true};
	memset(b, 0, sizeof(*b));
	b->windows = window_table_new(&windows);
	struct seen_options seen = {86400000, 4096, "0123456789abcdef"};
	b->counted = seen_new(&seen);
	struct correlator_options options = {b->windows, b->counted, NULL, 8 << 20, LATE, 15 * MINUTE, 0, 0, true, 0};
	b->correlator = correlator_new(&options);
	static const char *const ids[] = {"login", "other", "count", "values", "burst", "chain"};
	for (unsigned i = 0; i < RULES; i++) {
		b->rules[i] = make_rule(i, ids[i]);
		b->list[i] = &b->rules[i];
	}
	b->by_user[0] = (struct rule_field){"userPrincipalName", FIELD_USER_PRINCIPAL_NAME, NULL, 0};
	b->by_ip[0] = b->by_ip_app[0] = (struct rule_field){"ipAddress", FIELD_IP_ADDRESS, NULL, 0};
	b->by_ip_app[1] = (struct rule_field){"appDisplayName", FIELD_APP_DISPLAY_NAME, NULL, 0};
	b->count_of[0] = (struct correlation_feed){&b->rules[RULE_LOGIN], b->by_ip, NULL};
	b->count_of[1] = (struct correlation_feed){&b->rules[RULE_OTHER], b->by_ip, NULL};
	b->values_of[0] = (struct correlation_feed){&b->rules[RULE_LOGIN], b->by_ip, b->by_user};
	b->chain_of[0] = (struct correlation_feed){&b->rules[RULE_COUNT], NULL, NULL};
	struct correlation_range never = {.ops = RANGE_GTE, .gte = 1e9};
	b->count = (struct correlation){.type = CORRELATION_EVENT_COUNT, .type_name = "event_count", .feeds = b->count_of,
		.feed_count = 2, .group_by = b->by_ip, .group_count = 1, .timespan_ms = W, .range = never};
	b->values = (struct correlation){.type = CORRELATION_VALUE_COUNT, .type_name = "value_count", .feeds = b->values_of,
		.feed_count = 1, .group_by = b->by_ip, .group_count = 1, .values = b->by_user, .value_count = 1,
		.timespan_ms = W, .range = never};
	b->chain = (struct correlation){.type = CORRELATION_EVENT_COUNT, .type_name = "event_count", .feeds = b->chain_of,
		.feed_count = 1, .timespan_ms = 6 * W, .range = never};
	b->rules[RULE_COUNT].correlation = &b->count;
	b->rules[RULE_VALUES].correlation = &b->values;
	b->rules[RULE_CHAIN].correlation = &b->chain;
	b->rules[RULE_LOGIN].silent = b->rules[RULE_OTHER].silent = true;
	b->rules[RULE_BURST].burst = (struct rule_burst){b->by_ip, 1, W};
	b->index = correlation_index_new(&(struct correlation_rules){.rules = b->list, .count = RULES});
	ck_assert(b->windows && b->counted && b->correlator && b->index);
}

/* What the count groups by, in all its feeds. */
static void
group_count_by(struct bench *b, const struct rule_field *fields, unsigned count)
{
	b->count.group_by = b->count_of[0].group_by = b->count_of[1].group_by = fields;
	b->count.group_count = count;
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
	if (b->refuse)
		return -1;
	struct fired *out = &b->fired[b->fired_count % 64];
	b->fired_count++;
	out->kind = f->kind;
	out->rule = f->rule;
	snprintf(out->event_id, sizeof(out->event_id), "%.*s", (int)f->event->id.len, f->event->id.p);
	snprintf(out->group, sizeof(out->group), "%.*s", f->group_count ? (int)f->group[0].value.len : 0,
	    f->group_count ? f->group[0].value.p : "");
	out->value = f->value;
	out->partial = f->partial;
	out->evidence_count = f->evidence_count;
	out->evidence_total = f->evidence_total;
	memcpy(out->evidence, f->evidence, f->evidence_count * sizeof(struct evidence));
	return 0;
}

/* Sets up the event; run() judges it. */
static void
event(struct bench *b, int64_t ts, const char *id, const char *ip, const char *user)
{
	b->event = (struct event){.slots = b->slots, .slot_count = FIELD_FIXED_COUNT, .category = STR("SignInLogs"),
		.tenant = STR("t"), .id = str_of(id), .raw = STR("{}"), .event_ms = ts, .window_ms = ts, .received_ms = ts};
	b->slots[FIELD_IP_ADDRESS] = (struct value){.text = str_of(ip), .type = ip ? VALUE_STRING : VALUE_MISSING};
	b->slots[FIELD_USER_PRINCIPAL_NAME] = (struct value){.text = str_of(user), .type = user ? VALUE_STRING : VALUE_MISSING};
}

static void
match(struct bench *b, unsigned rule)
{
	b->matches[b->match_count++] = (struct match){b->list[rule], 2, 3};
}

/* Number of findings. */
static unsigned
run(struct bench *b, bool repeat)
{
	struct correlator_input in = {b->index, &b->event, b->matches, b->match_count, NULL, repeat, &b->marks,
		0, 0, b->now_ms, NULL};
	b->fired_count = 0;
	ck_assert_int_eq(correlator_step(b->correlator, &in, on_finding, b), b->refuse && b->fired_count == 0 ? -1 : 0);
	return b->fired_count;
}

static unsigned
one(struct bench *b, unsigned rule, int64_t ts, const char *id, const char *ip, const char *user)
{
	event(b, ts, id, ip, user);
	b->match_count = 0;
	match(b, rule);
	return run(b, false);
}

START_TEST(plain_rule_fires_for_every_match_with_the_event_as_evidence)
{
	struct bench b;
	bench_init(&b);
	b.rules[RULE_LOGIN].silent = false;
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "e1", "203.0.113.9", "a@x"), 1);
		ck_assert_int_eq(b.fired[0].kind, FINDING_TRIGGER);
		ck_assert_uint_eq(b.fired[0].evidence_count, 1);
		ck_assert_str_eq(b.fired[0].evidence[0].event_id, "e1");
		ck_assert_str_eq(b.fired[0].evidence[0].sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
	}
	b.rules[RULE_LOGIN].silent = true;
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "e1", "203.0.113.9", "a@x"), 0);
	ck_assert_str_eq(finding_kind_name(FINDING_REPEAT), "repeat");
	bench_fini(&b);
}
END_TEST

START_TEST(value_count_gives_the_worked_example_one_alert)
{
	static const struct { int second; const char *user; unsigned fires; } rows[] = {
		{0, "alice@x", 0}, {120, "bob@x", 0}, {240, "carol@x", 0}, {270, "ALICE@x", 0}, {605, "dave@x", 0},
		{180, "erin@x", 1}, {620, "frank@x", 0}, {1206, "gina@x", 0},
	};
	struct bench b;
	bench_init(&b);
	b.values.range.gte = 5;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char id[16];
		snprintf(id, sizeof(id), "e%u", i);
		ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + rows[i].second * 1000, id, "203.0.113.7", rows[i].user), rows[i].fires);
	}
	one(&b, RULE_LOGIN, start_ms + 1207000, "x1", "203.0.113.7", "1@x");
	one(&b, RULE_LOGIN, start_ms + 1208000, "x2", "203.0.113.7", "2@x");
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 1209000, "x3", "203.0.113.7", "3@x"), 1); /* re-armed */
	ck_assert(b.fired[0].value == 5);
	ck_assert_str_eq(b.fired[0].group, "203.0.113.7");
	bench_fini(&b);
}
END_TEST

/* ---- the model: every counted event of a group ---- */

struct model {
	struct { int64_t ts; unsigned user; } events[400];
	unsigned n;
	bool hot, alerted;
	int64_t newest, last_alert;
	unsigned step;
};

static bool
model_holds(const struct model *m, int64_t at, bool distinct, unsigned threshold)
{
	for (unsigned e = 0; e <= m->n; e++) {
		int64_t end = e < m->n ? m->events[e].ts : at;
		bool users[16] = {false};
		unsigned count = 0;
		if (end < at || end > at + W)
			continue;
		for (unsigned i = 0; i < m->n; i++) {
			if (m->events[i].ts < end - W || m->events[i].ts > end || (distinct && users[m->events[i].user]))
				continue;
			users[m->events[i].user] = true;
			count++;
		}
		if (count >= threshold)
			return true;
	}
	return false;
}

/* 0 nothing, 1 trigger, 2 repeat */
static int
model_step(struct model *m, int64_t ts, unsigned user, bool distinct, unsigned threshold)
{
	bool before = model_holds(m, ts, distinct, threshold);
	m->events[m->n].ts = ts;
	m->events[m->n++].user = user;
	bool after = model_holds(m, ts, distinct, threshold);
	int answer = 0;
	if (!before && (m->n == 1 || ts >= m->newest))
		m->hot = false;
	if (after && !before)
		answer = 1;
	else if (after && m->hot && ts - m->last_alert >= (int64_t)W << m->step)
		answer = 2;
	if (answer && (!m->hot || ts >= m->last_alert)) {
		m->step = answer == 1 ? 0 : m->step + 1;
		m->last_alert = ts;
	}
	m->hot = m->hot || answer;
	m->newest = m->n == 1 || ts > m->newest ? ts : m->newest;
	return answer;
}

static uint64_t random_state;
static unsigned
below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 20) % n;
}

START_TEST(correlations_equal_a_naive_model_in_any_order_within_lateness)
{
	enum { GROUPS = 3 };
	static struct model models[GROUPS];
	unsigned fires = 0, repeats = 0;
	for (unsigned seed = 1; seed <= 24; seed++) {
		struct bench b;
		bench_init(&b);
		bool distinct = seed % 2;
		unsigned threshold = 2 + seed % 4;
		*(distinct ? &b.values.range.gte : &b.count.range.gte) = threshold;
		memset(models, 0, sizeof(models));
		random_state = seed * 104729;
		int64_t now = start_ms;
		for (unsigned i = 0; i < 400; i++) {
			now += below(15) ? below(4 * MINUTE) : W - 1 + below(3);
			int64_t ts = below(3) ? now : now - (int64_t)below(LATE + 1);
			unsigned group = below(GROUPS), user = below(10);
			char id[16], name[16], ip[16];
			snprintf(id, sizeof(id), "e%u", i);
			snprintf(name, sizeof(name), below(2) ? "u%u" : "U%u", user);
			snprintf(ip, sizeof(ip), "10.0.0.%u", group + 1);
			int want = model_step(&models[group], ts, user, distinct, threshold);
			unsigned got = one(&b, RULE_LOGIN, ts, id, ip, name);
			ck_assert_uint_eq(got, want ? 1 : 0);
			if (got) {
				ck_assert_int_eq(b.fired[0].kind, want == 2 ? FINDING_REPEAT : FINDING_TRIGGER);
				ck_assert_str_eq(b.fired[0].group, ip);
				ck_assert(b.fired[0].value >= threshold);
				ck_assert(!b.fired[0].partial);
				fires += want == 1;
				repeats += want == 2;
			}
		}
		bench_fini(&b);
	}
	ck_assert_uint_gt(fires, 100);
	ck_assert_uint_gt(repeats, 20);
}
END_TEST

START_TEST(correlation_fires_in_every_order_of_the_same_events)
{
	for (unsigned seed = 1; seed <= 50; seed++) {
		struct bench b;
		bench_init(&b);
		b.count.range.gte = 5;
		random_state = seed * 31337;
		int64_t times[5];
		for (unsigned i = 0; i < 5; i++)
			times[i] = start_ms + i * (W / 4); /* the five span exactly W */
		unsigned fires = 0;
		for (unsigned left = 5; left > 0; left--) {
			unsigned pick = below(left);
			char id[16];
			snprintf(id, sizeof(id), "e%u", left);
			fires += one(&b, RULE_LOGIN, times[pick], id, "10.0.0.1", "a");
			times[pick] = times[left - 1];
		}
		ck_assert_uint_eq(fires, 1);
		bench_fini(&b);
	}
}
END_TEST

START_TEST(burst_fires_once_repeats_ever_more_rarely_and_rearms)
{
	struct bench b;
	bench_init(&b);
	unsigned alerts = 0;
	static const int64_t expected[] = {0, 10, 30, 70, 150, 310, 630, 1270, 2550, 3990, 5430}; /* minutes: W, 2W ... 24 h */
	for (int64_t minute = 0; minute <= 5430; minute += 5) {
		char id[16];
		snprintf(id, sizeof(id), "e%d", (int)minute);
		if (one(&b, RULE_BURST, start_ms + minute * MINUTE, id, "10.0.0.1", "a") == 0)
			continue;
		ck_assert_int_eq(minute, expected[alerts]);
		ck_assert_int_eq(b.fired[0].kind, alerts ? FINDING_REPEAT : FINDING_TRIGGER);
		alerts++;
	}
	ck_assert_uint_eq(alerts, 11);
	/* exactly W later the burst goes on; a ms more and it is another */
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + 5430 * MINUTE + W, "x1", "10.0.0.1", "a"), 0);
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + 5430 * MINUTE + 2 * W + 1, "x2", "10.0.0.1", "a"), 1);
	ck_assert_int_eq(b.fired[0].kind, FINDING_TRIGGER);
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + 5430 * MINUTE + 2 * W + 2, "x3", "10.0.0.2", "a"), 1);
	bench_fini(&b);
}
END_TEST

/* Five failures; the fifth fires. */
static void
burst_of_five(struct bench *b, int64_t at, const char *prefix, bool repeat, const unsigned *fires)
{
	for (unsigned i = 0; i < 5; i++) {
		char id[16];
		snprintf(id, sizeof(id), "%s%u", prefix, i);
		event(b, at + i, id, "10.0.0.1", "a");
		b->match_count = 0;
		match(b, RULE_LOGIN);
		ck_assert_uint_eq(run(b, repeat), fires[i]);
		if (fires[i])
			ck_assert_str_eq(b->fired[0].event_id, id);
	}
}

static const unsigned fifth[5] = {0, 0, 0, 0, 1}, none[5];

START_TEST(failed_batch_fires_again_with_the_same_events_when_it_is_sent_again)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 5;
	burst_of_five(&b, start_ms, "a", false, fifth);
	correlator_rollback(b.correlator, &b.marks);
	for (int tries = 0; tries < 3; tries++) {
		burst_of_five(&b, start_ms, "a", true, fifth);
		correlator_rollback(b.correlator, &b.marks);
	}
	burst_of_five(&b, start_ms, "a", true, fifth);
	correlator_commit(b.correlator, &b.marks);
	burst_of_five(&b, start_ms, "a", true, none);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 10, "new", "10.0.0.1", "a"), 0); /* hot */
	bench_fini(&b);
}
END_TEST

START_TEST(several_bursts_of_one_failed_batch_all_fire_again)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 5;
	for (int round = 0; round < 2; round++) {
		burst_of_five(&b, start_ms, "a", round, fifth);
		burst_of_five(&b, start_ms + 2 * W, "b", round, fifth);
		burst_of_five(&b, start_ms + 4 * W, "c", round, fifth);
		if (round == 0)
			correlator_rollback(b.correlator, &b.marks);
	}
	correlator_commit(b.correlator, &b.marks);
	burst_of_five(&b, start_ms, "a", true, none);
	burst_of_five(&b, start_ms + 4 * W, "c", true, none);
	bench_fini(&b);
}
END_TEST

START_TEST(copy_of_a_batch_that_is_not_on_disk_yet_fires_too)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 5;
	struct correlator_marks first;
	burst_of_five(&b, start_ms, "a", false, fifth);
	first = b.marks;
	b.marks = (struct correlator_marks){0};
	burst_of_five(&b, start_ms, "a", true, fifth); /* the sender lost patience */
	correlator_commit(b.correlator, &first);
	correlator_rollback(b.correlator, &b.marks); /* one copy is on disk: nothing is owed */
	burst_of_five(&b, start_ms, "a", true, none);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 10, "new", "10.0.0.1", "a"), 0);
	bench_fini(&b);
}
END_TEST

START_TEST(burst_that_never_reached_the_disk_fires_on_its_next_event)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 5;
	burst_of_five(&b, start_ms, "a", false, fifth);
	correlator_rollback(b.correlator, &b.marks);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 10, "new", "10.0.0.1", "a"), 1);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 11, "newer", "10.0.0.1", "a"), 0);
	bench_fini(&b);
}
END_TEST

START_TEST(newer_burst_that_never_reached_the_disk_is_not_hot_through_an_older_one)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 5;
	burst_of_five(&b, start_ms, "a", false, fifth);
	correlator_commit(b.correlator, &b.marks);
	burst_of_five(&b, start_ms + W / 2, "b", false, none); /* the same burst goes on */
	burst_of_five(&b, start_ms + 3 * W, "c", false, fifth);
	correlator_rollback(b.correlator, &b.marks);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 3 * W + 10, "new", "10.0.0.1", "a"), 1);
	/* the same for a burst whose first event completes it */
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms, "d", "10.0.0.1", "a"), 1);
	correlator_commit(b.correlator, &b.marks);
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + 2 * W, "e", "10.0.0.1", "a"), 1);
	correlator_rollback(b.correlator, &b.marks);
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + 2 * W + 1, "f", "10.0.0.1", "a"), 1);
	ck_assert_int_eq(b.fired[0].kind, FINDING_TRIGGER);
	bench_fini(&b);
}
END_TEST

START_TEST(repeated_event_is_not_counted_again)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 3;
	one(&b, RULE_LOGIN, start_ms, "e1", "10.0.0.1", "a");
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(run(&b, true), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 1, "e2", "10.0.0.1", "a"), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + 2, "e3", "10.0.0.1", "a"), 1);
	ck_assert(b.fired[0].value == 3);
	bench_fini(&b);
}
END_TEST

START_TEST(refused_finding_fails_the_step_and_fires_again)
{
	struct bench b;
	bench_init(&b);
	b.refuse = 1;
	ck_assert_uint_eq(one(&b, RULE_BURST, start_ms, "a", "10.0.0.1", "a"), 0);
	correlator_rollback(b.correlator, &b.marks);
	b.refuse = 0;
	ck_assert_uint_eq(run(&b, true), 1);
	bench_fini(&b);
}
END_TEST

START_TEST(event_that_matches_two_referenced_rules_counts_once)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 3;
	for (int i = 0; i < 3; i++) {
		event(&b, start_ms + i, i == 0 ? "a" : i == 1 ? "b" : "c", "10.0.0.1", "a");
		b.match_count = 0;
		match(&b, RULE_LOGIN);
		match(&b, RULE_OTHER);
		ck_assert_uint_eq(run(&b, false), i == 2);
	}
	ck_assert(b.fired[0].value == 3);
	bench_fini(&b);
}
END_TEST

START_TEST(groups_are_folded_split_by_tenant_and_need_their_fields)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 2;
	group_count_by(&b, b.by_ip_app, 2);
	b.slots[FIELD_APP_DISPLAY_NAME] = (struct value){.text = STR("Office"), .type = VALUE_STRING};
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "1", "2001:db8:1:2::1", "a"), 0);
	b.slots[FIELD_APP_DISPLAY_NAME] = (struct value){.text = STR("OFFICE"), .type = VALUE_STRING};
	event(&b, start_ms, "2", "2001:db8:1:2::99", "a");
	b.event.tenant = STR("other");
	ck_assert_uint_eq(run(&b, false), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "3", NULL, "a"), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "4", "2001:db8:1:2::77", "a"), 1);
	ck_assert_str_eq(b.fired[0].group, "2001:db8:1:2::/64");
	b.slots[FIELD_APP_DISPLAY_NAME] = (struct value){.type = VALUE_NULL};
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "5", "10.0.0.1", "a"), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "6", "10.0.0.1", "a"), 0);
	bench_fini(&b);
}
END_TEST

START_TEST(array_puts_the_event_into_a_group_for_each_of_eight_elements)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 2;
	group_count_by(&b, b.by_user, 1);
	struct value elements[12];
	static const char *const names[] = {"a", "b", "c", "A", "d", "e", "f", "g", "h", "i", "j", "k"};
	for (unsigned i = 0; i < 12; i++)
		elements[i] = (struct value){.text = str_of(names[i]), .type = VALUE_STRING, .next = i < 11 ? &elements[i + 1] : NULL};
	event(&b, start_ms, "1", "10.0.0.1", NULL);
	b.slots[FIELD_USER_PRINCIPAL_NAME] = (struct value){.elements = elements, .type = VALUE_ARRAY};
	match(&b, RULE_LOGIN);
	ck_assert_uint_eq(run(&b, false), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "2", "10.0.0.1", "C"), 1);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "3", "10.0.0.1", "h"), 1);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "4", "10.0.0.1", "i"), 0); /* the ninth */
	bench_fini(&b);
}
END_TEST

START_TEST(copies_of_an_element_leave_room_for_the_others)
{
	enum { COUNT = 30 };
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 2;
	group_count_by(&b, b.by_user, 1);
	static char longest[300];
	struct value elements[COUNT];
	memset(longest, 'x', sizeof(longest) - 1);
	for (unsigned i = 0; i < COUNT; i++)
		elements[i] = (struct value){.text = str_of(i < COUNT - 1 ? longest : "a"), .type = VALUE_STRING,
		    .next = i < COUNT - 1 ? &elements[i + 1] : NULL};
	event(&b, start_ms, "1", "10.0.0.1", NULL);
	b.slots[FIELD_USER_PRINCIPAL_NAME] = (struct value){.elements = elements, .type = VALUE_ARRAY};
	match(&b, RULE_LOGIN);
	ck_assert_uint_eq(run(&b, false), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "2", "10.0.0.1", "A"), 1);
	bench_fini(&b);
}
END_TEST

START_TEST(changed_rule_starts_with_empty_windows)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 2;
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "1", "10.0.0.1", "a"), 0);
	b.rules[RULE_COUNT].definition++;
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "2", "10.0.0.1", "a"), 0);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "3", "10.0.0.1", "a"), 1);
	bench_fini(&b);
}
END_TEST

START_TEST(correlation_of_a_correlation_counts_its_bursts)
{
	struct bench b;
	bench_init(&b);
	b.rules[RULE_COUNT].silent = true;
	b.count.range.gte = 2;
	b.chain.range.gte = 2;
	char ip[32], id[16];
	for (int i = 0; i < 4; i++) {
		snprintf(ip, sizeof(ip), "10.0.0.%d", i / 2 + 1);
		snprintf(id, sizeof(id), "e%d", i);
		ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + i, id, ip, "a"), i == 3);
	}
	ck_assert_ptr_eq(b.fired[0].rule, &b.rules[RULE_CHAIN]);
	bench_fini(&b);
}
END_TEST

START_TEST(evidence_is_the_first_three_the_last_six_and_the_trigger)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 20;
	char id[16];
	for (int i = 1; i <= 20; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		one(&b, RULE_LOGIN, start_ms + i, id, "10.0.0.1", "Alice@x");
	}
	ck_assert_uint_eq(b.fired_count, 1);
	ck_assert_uint_eq(b.fired[0].evidence_count, EVIDENCE_MAX);
	ck_assert_uint_eq(b.fired[0].evidence_total, 20);
	static const char *const want[] = {"e2", "e3", "e4", "e14", "e15", "e16", "e17", "e18", "e19", "e20"};
	for (unsigned i = 0; i < EVIDENCE_MAX; i++)
		ck_assert_str_eq(b.fired[0].evidence[i].event_id, want[i]);
	ck_assert_str_eq(b.fired[0].evidence[0].user, "Alice@x");
	ck_assert_str_eq(b.fired[0].evidence[0].ip, "10.0.0.1");
	bench_fini(&b);
}
END_TEST

START_TEST(too_late_event_counts_in_no_correlation_but_plain_rules_run)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 2;
	b.rules[RULE_LOGIN].silent = false;
	one(&b, RULE_LOGIN, start_ms, "1", "10.0.0.1", "a");
	event(&b, start_ms, "2", "10.0.0.1", "a");
	b.event.anomalies = ANOMALY_LATE;
	ck_assert_uint_eq(run(&b, false), 1);
	ck_assert_ptr_eq(b.fired[0].rule, &b.rules[RULE_LOGIN]);
	ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms, "3", "10.0.0.1", "a"), 2);
	bench_fini(&b);
}
END_TEST

START_TEST(nothing_is_allocated_while_nothing_fires)
{
	struct bench b;
	bench_init(&b);
	char id[16], ip[16];
	uint64_t warm = 0;
	for (unsigned i = 0; i < 5000; i++) {
		if (i == 100)
			warm = mem_count();
		snprintf(id, sizeof(id), "e%u", i);
		snprintf(ip, sizeof(ip), "10.0.%u.1", i % 40);
		ck_assert_uint_eq(one(&b, RULE_LOGIN, start_ms + i, id, ip, id), 0);
	}
	ck_assert_uint_eq(mem_count(), warm);
	bench_fini(&b);
}
END_TEST

START_TEST(state_is_bounded_whatever_fires)
{
	struct bench b;
	bench_init(&b);
	uint64_t bytes = correlator_bytes(b.correlator);
	ck_assert_uint_le(bytes, 9 << 20);
	char id[16], ip[16];
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(id, sizeof(id), "e%u", i);
		snprintf(ip, sizeof(ip), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + i, id, ip, "a"), 1);
		correlator_commit(b.correlator, &b.marks);
	}
	/* without a store, firings wait; the oldest go when all wait */
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(id, sizeof(id), "f%u", i);
		snprintf(ip, sizeof(ip), "11.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		ck_assert_uint_eq(one(&b, RULE_BURST, start_ms + i, id, ip, "a"), 1);
		correlator_rollback(b.correlator, &b.marks);
	}
	ck_assert_uint_eq(run(&b, true), 1);
	bench_fini(&b);
}
END_TEST

struct worker {
	const struct bench *shared;
	unsigned number, fires;
};

static void *
run_worker(void *ctx)
{
	struct worker *w = ctx;
	struct bench b = *w->shared; /* its own event and marks; windows and state are shared */
	for (unsigned i = 0; i < 4000; i++) {
		char id[24], ip[24];
		snprintf(id, sizeof(id), "w%u-%u", w->number, i);
		snprintf(ip, sizeof(ip), "10.0.%u.1", i / 20 % 200);
		w->fires += one(&b, RULE_LOGIN, start_ms + i / 20, id, ip, "a");
		if (i % 7 == 0)
			correlator_commit(b.correlator, &b.marks);
	}
	correlator_commit(b.correlator, &b.marks);
	return NULL;
}

START_TEST(two_workers_fire_each_burst_once)
{
	struct bench b;
	bench_init(&b);
	b.count.range.gte = 30; /* reached by both together only */
	struct worker workers[2] = {{&b, 0, 0}, {&b, 1, 0}};
	pthread_t threads[2];
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(workers[0].fires + workers[1].fires, 200);
	bench_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		plain_rule_fires_for_every_match_with_the_event_as_evidence,
		value_count_gives_the_worked_example_one_alert,
		correlations_equal_a_naive_model_in_any_order_within_lateness,
		correlation_fires_in_every_order_of_the_same_events,
		burst_fires_once_repeats_ever_more_rarely_and_rearms,
		failed_batch_fires_again_with_the_same_events_when_it_is_sent_again,
		several_bursts_of_one_failed_batch_all_fire_again,
		copy_of_a_batch_that_is_not_on_disk_yet_fires_too,
		burst_that_never_reached_the_disk_fires_on_its_next_event,
		newer_burst_that_never_reached_the_disk_is_not_hot_through_an_older_one,
		repeated_event_is_not_counted_again,
		refused_finding_fails_the_step_and_fires_again,
		event_that_matches_two_referenced_rules_counts_once,
		groups_are_folded_split_by_tenant_and_need_their_fields,
		array_puts_the_event_into_a_group_for_each_of_eight_elements,
		copies_of_an_element_leave_room_for_the_others,
		changed_rule_starts_with_empty_windows,
		correlation_of_a_correlation_counts_its_bursts,
		evidence_is_the_first_three_the_last_six_and_the_trigger,
		too_late_event_counts_in_no_correlation_but_plain_rules_run,
		nothing_is_allocated_while_nothing_fires,
		state_is_bounded_whatever_fires,
		two_workers_fire_each_burst_once,
		NULL,
	};
	return unit_run("correlator", tests);
}
