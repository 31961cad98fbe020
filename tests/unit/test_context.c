/* The context of sign-ins against a naive model: a list of every counted event, walked for every figure. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "detect/context.h"
#include "detect/lateness.h"
#include "window/seen.h"

enum { MINUTE = 60000, W = 10 * MINUTE, LATE = 60 * MINUTE };
static const int64_t start_ms = 1795000000000;

struct bench {
	struct window_table *windows;
	struct contexts *contexts;
	struct outcome_table *outcomes;
	struct context out;
	struct value slots[FIELD_FIXED_COUNT];
	struct event event;
};

static void
bench_init(struct bench *b, bool whole_story)
{
	struct window_table_options windows = {16 << 20, LATE, "0123456789abcdef", whole_story};
	memset(b, 0, sizeof(*b));
	b->windows = window_table_new(&windows);
	struct contexts_options contexts = {b->windows, 2 << 20, W, LATE, NULL, 0, 30 * MINUTE, false};
	b->contexts = contexts_new(&contexts);
	struct fail_list problems;
	fail_list_init(&problems);
	b->outcomes = outcome_table_load(SRCDIR "/conf/result-codes.yaml", &problems);
	fail_list_fini(&problems);
	ck_assert(b->windows && b->contexts && b->outcomes);
}

static void
bench_fini(struct bench *b)
{
	contexts_free(b->contexts);
	window_table_free(b->windows);
	outcome_table_free(b->outcomes);
}

static void
set(struct bench *b, int field, const char *text)
{
	b->slots[field] = (struct value){.text = str_of(text), .type = text ? VALUE_STRING : VALUE_MISSING};
}

/* One sign-in of tenant t. */
static void
observe(struct bench *b, int64_t ts, const char *ip, const char *user, const char *code)
{
	b->event = (struct event){.slots = b->slots, .slot_count = FIELD_FIXED_COUNT, .category = STR("SignInLogs"),
		.tenant = STR("t"), .event_ms = ts, .window_ms = ts, .received_ms = ts, .has_time = true, .is_sign_in = true};
	set(b, FIELD_IP_ADDRESS, ip);
	set(b, FIELD_USER_PRINCIPAL_NAME, user);
	set(b, FIELD_RESULT_TYPE, code);
	context_observe(b->contexts, b->outcomes, &b->event, false, &b->out);
}

static int64_t
slot(const struct bench *b, int field)
{
	int64_t n = -1;
	if (b->slots[field].type == VALUE_NUMBER)
		ck_assert(str_to_i64(b->slots[field].text, &n));
	return n;
}

/* ---- the model ---- */

struct seen_event {
	unsigned tenant, ip, user;
	int64_t ts;
	enum outcome_class class;
};
static struct seen_event story[4000];
static unsigned story_len;

static bool
any(unsigned tenant, int ip, int user, int64_t from, int64_t to, int class)
{
	for (unsigned i = 0; i < story_len; i++) {
		const struct seen_event *s = &story[i];
		if (s->tenant == tenant && (ip < 0 || s->ip == (unsigned)ip) && (user < 0 || s->user == (unsigned)user) &&
		    s->ts >= from && s->ts <= to && (class < 0 || s->class == (enum outcome_class)class))
			return true;
	}
	return false;
}

static void
check_window(const struct context_window *got, unsigned tenant, int ip, int user, int64_t to)
{
	uint32_t attempts = 0, classes[4] = {0}, distinct = 0, failed = 0, strangers = 0, successful = 0;
	int64_t from = to - W;
	for (unsigned i = 0; i < story_len; i++) {
		const struct seen_event *s = &story[i];
		if (s->tenant != tenant || (ip >= 0 && s->ip != (unsigned)ip) || (user >= 0 && s->user != (unsigned)user) ||
		    s->ts < from || s->ts > to)
			continue;
		attempts++;
		classes[s->class]++;
	}
	for (int other = 0; other < 10; other++) {
		int as_ip = ip >= 0 ? ip : other, as_user = ip >= 0 ? other : user;
		bool did_fail = any(tenant, as_ip, as_user, from, to, OUTCOME_FAILURE);
		bool did_succeed = any(tenant, as_ip, as_user, from, to, OUTCOME_SUCCESS);
		distinct += any(tenant, as_ip, as_user, from, to, -1);
		failed += did_fail;
		successful += did_succeed;
		strangers += did_fail && !did_succeed;
	}
	ck_assert(got->present);
	ck_assert_uint_eq(got->attempts, attempts);
	ck_assert_uint_eq(got->failures, classes[OUTCOME_FAILURE]);
	ck_assert_uint_eq(got->interrupted, classes[OUTCOME_INTERRUPTED]);
	ck_assert_uint_eq(got->successes, classes[OUTCOME_SUCCESS]);
	ck_assert_uint_eq(got->distinct, distinct);
	ck_assert_uint_eq(got->failed, failed);
	ck_assert_uint_eq(got->successful, successful);
	ck_assert_uint_eq(got->strangers, strangers);
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

/* Many spellings of the same address and account. */
static const char *
spell_ip(unsigned ip, char out[64])
{
	switch (ip < 5 ? below(4) : 4 + below(3)) {
	case 0: snprintf(out, 64, "203.0.113.%u", ip + 1); break;
	case 1: snprintf(out, 64, "::ffff:203.0.113.%u", ip + 1); break;
	case 2: snprintf(out, 64, "203.0.113.%u:5%u", ip + 1, below(90)); break;
	case 3: snprintf(out, 64, " 203.0.113.%u", ip + 1); break;
	case 4: snprintf(out, 64, "2001:db8:1:%x::1", ip); break;
	case 5: snprintf(out, 64, "2001:DB8:0001:%x:aaaa::%x", ip, below(90)); break;
	default: snprintf(out, 64, "[2001:db8:1:%x::%x]:443", ip, below(90)); break;
	}
	return out;
}

static const char *
spell_user(unsigned user, char out[64])
{
	switch (below(3)) {
	case 0: snprintf(out, 64, "user%u@contoso.example", user); break;
	case 1: snprintf(out, 64, "USER%u@Contoso.example", user); break;
	default: snprintf(out, 64, " user%u@CONTOSO.EXAMPLE\t", user); break;
	}
	return out;
}

START_TEST(context_equals_a_naive_model_whatever_the_spelling_order_and_repeats)
{
	static const char *const codes[] = {"50126", "50053", "50074", "0", "50140"};
	static const enum outcome_class classes[] = {OUTCOME_FAILURE, OUTCOME_FAILURE, OUTCOME_INTERRUPTED, OUTCOME_SUCCESS,
		OUTCOME_OTHER};
	struct seen_options seen_options = {86400000, 100000, "0123456789abcdef"};
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct bench b;
		bench_init(&b, true);
		struct seen *seen = seen_new(&seen_options);
		random_state = seed * 7919;
		story_len = 0;
		int64_t now = start_ms;
		for (unsigned i = 0; i < 900; i++) {
			now += below(20) ? below(20000) : W - 1 + below(3);
			int64_t ts = below(3) ? now : now - (int64_t)below(LATE + 1);
			unsigned tenant = below(2), ip = below(8), user = below(10), code = below(5), copies = 1 + !below(4);
			story[story_len++] = (struct seen_event){tenant, ip, user, ts, classes[code]};
			for (unsigned copy = 0; copy < copies; copy++) {
				char ip_text[64], user_text[64], id[32];
				struct str tenant_text = tenant ? STR("one") : STR("two");
				b.event = (struct event){.slots = b.slots, .slot_count = FIELD_FIXED_COUNT, .is_sign_in = true,
					.category = STR("SignInLogs"), .tenant = tenant_text, .event_ms = ts, .window_ms = ts,
					.received_ms = now, .has_time = true};
				set(&b, FIELD_IP_ADDRESS, spell_ip(ip, ip_text));
				set(&b, FIELD_USER_PRINCIPAL_NAME, spell_user(user, user_text));
				set(&b, FIELD_RESULT_TYPE, codes[code]);
				struct str id_text = str_make(id, (size_t)snprintf(id, sizeof(id), "%u", i));
				bool repeat = seen_check(seen, tenant_text, id_text, now);
				ck_assert_int_eq(repeat, copy > 0);
				context_observe(b.contexts, b.outcomes, &b.event, repeat, &b.out);
				ck_assert_uint_eq(b.event.anomalies, 0);
				check_window(&b.out.ip, tenant, (int)ip, -1, ts);
				check_window(&b.out.user, tenant, -1, (int)user, ts);
				if (ts == now && below(2)) { /* in order, slots are the same figures */
					ck_assert_int_eq(slot(&b, FIELD_WIN_IP_FAILED_USERS), b.out.ip.failed);
					ck_assert_int_eq(slot(&b, FIELD_WIN_USER_ATTEMPTS), b.out.user.attempts);
					ck_assert_int_eq(slot(&b, FIELD_WIN_USER_AGE), b.out.user.age_ms);
				}
			}
		}
		seen_free(seen);
		bench_fini(&b);
	}
}
END_TEST

START_TEST(context_keys_are_what_alerts_show)
{
	struct bench b;
	bench_init(&b, true);
	observe(&b, start_ms, "[2001:DB8:1:2:3::4]:443", " Ünïcode@Contoso.Example ", "50126");
	ck_assert_str_eq(b.out.ip.key, "2001:db8:1:2::/64");
	ck_assert_str_eq(b.out.user.key, "ünïcode@contoso.example");
	observe(&b, start_ms, "::ffff:203.0.113.9", "", "50126");
	ck_assert_str_eq(b.out.ip.key, "203.0.113.9");
	ck_assert(!b.out.user.present);
	ck_assert_int_eq(b.slots[FIELD_WIN_USER_ATTEMPTS].type, VALUE_MISSING);
	ck_assert_int_eq(slot(&b, FIELD_WIN_IP_ATTEMPTS), 1);
	ck_assert_int_eq(slot(&b, FIELD_WIN_IP_DISTINCT_USERS), 0);
	static const char *const none[] = {"", "0.0.0.0", "::", "unknown", NULL};
	for (unsigned i = 0; none[i]; i++) {
		observe(&b, start_ms, none[i], "a@b", "50126");
		ck_assert(!b.out.ip.present && b.out.user.present);
	}
	set(&b, FIELD_USER_ID, "0b1f0c44");
	set(&b, FIELD_SERVICE_PRINCIPAL_ID, "5e");
	observe(&b, start_ms, "203.0.113.9", "  ", "0");
	ck_assert_str_eq(b.out.user.key, "0b1f0c44");
	bench_fini(&b);
}
END_TEST

START_TEST(other_events_have_no_context_and_no_slots)
{
	struct bench b;
	bench_init(&b, true);
	observe(&b, start_ms, "203.0.113.9", "a@b", "50126");
	b.event.is_sign_in = false;
	context_observe(b.contexts, b.outcomes, &b.event, false, &b.out);
	context_complete(b.contexts, &b.out);
	ck_assert(!b.out.ip.present && !b.out.user.present);
	for (int i = FIELD_WIN_IP_ATTEMPTS; i <= FIELD_WIN_USER_AGE; i++)
		ck_assert_int_eq(b.slots[i].type, VALUE_MISSING);
	bench_fini(&b);
}
END_TEST

START_TEST(strangers_are_users_who_failed_and_never_got_in)
{
	struct bench b;
	char user[32];
	bench_init(&b, true);
	for (int i = 0; i < 4; i++) {
		snprintf(user, sizeof(user), "u%d@x", i);
		observe(&b, start_ms + i, "203.0.113.9", user, "50126");
	}
	ck_assert_uint_eq(b.out.ip.strangers, 4);
	ck_assert(b.out.ip.stranger_ratio == 4.0);
	observe(&b, start_ms + 5, "203.0.113.9", "u1@x", "0");
	ck_assert_uint_eq(b.out.ip.strangers, 3);
	observe(&b, start_ms + 6, "203.0.113.9", "u2@x", "50074"); /* asked for more is no success */
	ck_assert_uint_eq(b.out.ip.strangers, 3);
	observe(&b, start_ms + 7, "203.0.113.9", "z@x", "0");
	ck_assert_uint_eq(b.out.ip.successful, 2);
	ck_assert(str_eq(b.slots[FIELD_WIN_IP_STRANGER_RATIO].text, STR("1.5")));
	/* once the success has left the span, who failed since is a stranger again */
	observe(&b, start_ms + 5 + W, "203.0.113.9", "u1@x", "50126");
	ck_assert_uint_eq(b.out.ip.strangers, 0);
	observe(&b, start_ms + 6 + W, "203.0.113.9", "u1@x", "50126");
	ck_assert_uint_eq(b.out.ip.strangers, 1);
	bench_fini(&b);
}
END_TEST

START_TEST(late_event_completes_a_spray_for_rules_and_is_told_at_its_own_time)
{
	struct bench b;
	char user[32];
	bench_init(&b, true);
	for (int i = 0; i < 4; i++) {
		snprintf(user, sizeof(user), "u%d@x", i);
		observe(&b, start_ms + i * MINUTE, "203.0.113.9", user, "50126");
	}
	observe(&b, start_ms + MINUTE / 2, "203.0.113.9", "late@x", "50126");
	ck_assert_int_eq(slot(&b, FIELD_WIN_IP_FAILED_USERS), 5);
	ck_assert_uint_eq(b.out.ip.failed, 2);
	ck_assert_int_eq(b.out.ip.last_ms, start_ms + MINUTE / 2);
	bench_fini(&b);
}
END_TEST

START_TEST(too_late_event_changes_no_window_and_is_flagged)
{
	struct bench b;
	bench_init(&b, true);
	observe(&b, start_ms + LATE, "203.0.113.9", "a@x", "50126");
	observe(&b, start_ms, "203.0.113.9", "b@x", "50126");
	ck_assert_uint_eq(b.event.anomalies, 0);
	ck_assert_uint_eq(b.out.ip.attempts, 1);
	double before = metrics_value(METRIC_EVENTS_LATE, "SignInLogs", NULL);
	observe(&b, start_ms - 1, "203.0.113.9", "c@x", "50126");
	ck_assert_uint_eq(b.event.anomalies, ANOMALY_LATE);
	ck_assert(b.out.ip.present);
	ck_assert_uint_eq(b.out.ip.attempts, 0);
	ck_assert(metrics_value(METRIC_EVENTS_LATE, "SignInLogs", NULL) == before + 1);
	observe(&b, start_ms, "203.0.113.9", "d@x", "50126");
	ck_assert_uint_eq(b.out.ip.attempts, 2);
	bench_fini(&b);
}
END_TEST

START_TEST(names_tell_who_was_seen_and_who_got_in_after_failures)
{
	struct bench b;
	char user[32];
	bench_init(&b, true);
	observe(&b, start_ms - 5, "203.0.113.9", "early@x", "0");
	for (int i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "User%d@x", i);
		observe(&b, start_ms + i, "203.0.113.9", user, "50126");
	}
	observe(&b, start_ms + 100, "203.0.113.9", "Hit@x", "0");
	observe(&b, start_ms + 101, "203.0.113.9", "mfa@x", "50074");
	context_complete(b.contexts, &b.out);
	ck_assert_uint_eq(b.out.names.sample_count, CONTEXT_NAMES_MAX);
	ck_assert_str_eq(b.out.names.sample[0], "user1@x"); /* names begin at the second failure */
	ck_assert_str_eq(b.out.names.sample[19], "user20@x");
	ck_assert_uint_eq(b.out.names.compromised_count, 2);
	ck_assert_str_eq(b.out.names.compromised[0], "hit@x");
	ck_assert_str_eq(b.out.names.compromised[1], "mfa@x");
	ck_assert_uint_eq(b.out.ip.code_count, 2);
	ck_assert_int_eq(b.out.ip.codes[0].code, 50126);
	ck_assert_uint_eq(b.out.ip.codes[0].count, 60);
	observe(&b, start_ms + 2 * W, "203.0.113.9", "later@x", "50126");
	context_complete(b.contexts, &b.out);
	ck_assert_uint_eq(b.out.names.sample_count + b.out.names.compromised_count, 0);
	bench_fini(&b);
}
END_TEST

START_TEST(context_is_partial_after_a_cold_start_until_a_span_has_passed)
{
	struct bench b;
	bench_init(&b, false);
	observe(&b, start_ms, "203.0.113.9", "a@x", "50126");
	ck_assert(b.out.ip.partial && b.out.user.partial);
	observe(&b, start_ms + W - 1, "203.0.113.9", "a@x", "50126");
	ck_assert(b.out.ip.partial);
	observe(&b, start_ms + W, "203.0.113.9", "b@x", "50126");
	ck_assert(!b.out.ip.partial && !b.out.user.partial);
	bench_fini(&b);
}
END_TEST

START_TEST(user_context_counts_addresses_networks_and_codes)
{
	struct bench b;
	bench_init(&b, true);
	set(&b, FIELD_ASN, "64500");
	observe(&b, start_ms, "203.0.113.9", "a@x", "7000215");
	observe(&b, start_ms + 1, "203.0.113.10", "a@x", "7000215");
	set(&b, FIELD_ASN, "64501");
	observe(&b, start_ms + 2, "2001:db8::1", "a@x", "50126");
	ck_assert_uint_eq(b.out.user.distinct, 3);
	ck_assert_uint_eq(b.out.user.failed, 1);
	ck_assert_uint_eq(b.out.user.distinct_asns, 2);
	ck_assert_int_eq(slot(&b, FIELD_WIN_USER_DISTINCT_ASNS), 2);
	ck_assert_int_eq(slot(&b, FIELD_WIN_USER_AGE), 2);
	ck_assert_uint_eq(b.out.user.code_count, 2);
	ck_assert_int_eq(b.out.user.codes[0].code, 7000215);
	bench_fini(&b);
}
END_TEST

START_TEST(context_allocates_nothing_per_event)
{
	struct bench b;
	bench_init(&b, true);
	uint64_t warm = 0;
	for (unsigned i = 0; i < 20000; i++) {
		char ip[64], user[64];
		if (i == 15000) /* the first evictions brought the counters of this thread */
			warm = mem_count();
		random_state = i + 1;
		observe(&b, start_ms + i, spell_ip(below(8), ip), spell_user(i, user), below(2) ? "50126" : "0");
	}
	ck_assert_uint_eq(mem_count(), warm);
	bench_fini(&b);
}
END_TEST

enum { THREAD_EVENTS = 5000 };
static void *
run_worker(void *ctx)
{
	const struct bench *shared = ctx;
	static _Atomic unsigned workers;
	struct bench b = *shared; /* a slot array and an out value of its own; the windows are shared */
	unsigned worker = workers++;
	for (unsigned i = 0; i < THREAD_EVENTS; i++) {
		char user[64];
		snprintf(user, sizeof(user), "w%u-%u@x", worker, i % 50);
		observe(&b, start_ms + i / 10, "203.0.113.9", user, i % 50 ? "50126" : "0");
		context_complete(b.contexts, &b.out);
	}
	return NULL;
}

START_TEST(two_workers_share_the_windows)
{
	struct bench b;
	bench_init(&b, true);
	pthread_t threads[2];
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_worker, &b), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	observe(&b, start_ms + THREAD_EVENTS / 10, "203.0.113.9", "end@x", "50126");
	ck_assert_uint_eq(b.out.ip.attempts, 2 * THREAD_EVENTS + 1);
	ck_assert_uint_eq(b.out.ip.distinct, 101);
	ck_assert_uint_eq(b.out.ip.strangers, 99);
	bench_fini(&b);
}
END_TEST

START_TEST(feed_of_a_category_is_silent_after_what_is_configured_for_it)
{
	char name[] = "SignInLogs";
	struct quiet_config own = {name, 5 * MINUTE};
	struct bench b;
	bench_init(&b, true);
	contexts_free(b.contexts);
	struct contexts_options options = {b.windows, 2 << 20, W, LATE, &own, 1, 30 * MINUTE, false};
	b.contexts = contexts_new(&options);
	observe(&b, start_ms, "203.0.113.7", "a@x", "0");
	uint64_t none[] = {0}, tenant = contexts_tenant(b.windows, STR("t"));
	struct lateness_question q = {tenant, none, 1, start_ms + 5 * MINUTE - 1};
	ck_assert(!lateness_is_silent(contexts_lateness(b.contexts), &q));
	q.now_ms++;
	ck_assert(lateness_is_silent(contexts_lateness(b.contexts), &q));
	/* a category that is not named there */
	b.event.category = STR("AuditLogs");
	context_observe(b.contexts, b.outcomes, &b.event, false, &b.out);
	ck_assert(!lateness_is_silent(contexts_lateness(b.contexts), &q));
	q.now_ms = start_ms + 30 * MINUTE;
	ck_assert(lateness_is_silent(contexts_lateness(b.contexts), &q));
	/* to look at an event again tells nothing of its feed */
	b.event.received_ms = start_ms + 30 * MINUTE;
	context_look(b.contexts, b.outcomes, &b.event, &b.out);
	ck_assert(lateness_is_silent(contexts_lateness(b.contexts), &q));
	bench_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		context_equals_a_naive_model_whatever_the_spelling_order_and_repeats,
		context_keys_are_what_alerts_show,
		other_events_have_no_context_and_no_slots,
		strangers_are_users_who_failed_and_never_got_in,
		late_event_completes_a_spray_for_rules_and_is_told_at_its_own_time,
		too_late_event_changes_no_window_and_is_flagged,
		names_tell_who_was_seen_and_who_got_in_after_failures,
		context_is_partial_after_a_cold_start_until_a_span_has_passed,
		user_context_counts_addresses_networks_and_codes,
		context_allocates_nothing_per_event,
		two_workers_share_the_windows,
		feed_of_a_category_is_silent_after_what_is_configured_for_it,
		NULL,
	};
	return unit_run("context", tests);
}
