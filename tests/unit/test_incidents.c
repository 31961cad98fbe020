#include "alert_fixture.h"
#include "alert/incidents.h"
#include "base/metrics.h"

#define DAY INT64_C(86400000)
#define OTHER_TENANT "8f0c1d2e-0000-4000-8000-00000000ffff"

enum { REQUEST_ID = FIELD_FIXED_COUNT + 1 };

/* A rule whose alerts stand for themselves, and one of reports that name an event. */
struct bench {
	struct fixture x;
	struct rule_field joins, report_by[1];
	struct rule report;
	struct incidents *t;
	struct incident_place place; /* of the last alert */
	char event[2][160];
	int64_t now_ms;
};

static struct incidents *
make(int64_t span_ms, uint32_t max)
{
	struct incidents_options options = {span_ms, max, "0123456789abcdef"};
	struct incidents *t = incidents_new(&options);
	ck_assert_ptr_nonnull(t);
	return t;
}

static void
bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	fixture_init(&b->x);
	b->x.rule.correlation = NULL;
	b->x.finding.group_count = 0;
	b->x.finding.evidence = b->x.evidence;
	b->joins = (struct rule_field){"requestId", REQUEST_ID, NULL, 0};
	b->report_by[0] = (struct rule_field){"src.ip", -1, NULL, 0};
	b->report = b->x.rule;
	b->report.id = "report";
	b->report.dedup_joins = &b->joins;
	b->report.dedup_by = b->report_by;
	b->now_ms = DAY;
	b->t = make(7 * DAY, 1000);
}

static void
bench_fini(struct bench *b)
{
	incidents_free(b->t);
}

static const struct incident_place *
put(struct bench *b, const char *id, const char *address)
{
	snprintf(b->event[0], sizeof(b->event[0]), "SignInLogs/%s", id);
	b->x.event.id = str_of(b->event[0]);
	fixture_set(&b->x, FIELD_IP_ADDRESS, VALUE_STRING, address);
	incidents_place(b->t, &b->x.finding, b->now_ms, &b->place);
	return &b->place;
}

/* An alert of the rule about a sign-in from the address. */
static const struct incident_place *
sign_in(struct bench *b, const char *id, const char *address)
{
	b->x.finding.rule = &b->x.rule;
	return put(b, id, address);
}

static const struct incident_place *
report(struct bench *b, const char *id, const char *request, const char *address)
{
	b->x.finding.rule = &b->report;
	fixture_set(&b->x, REQUEST_ID, VALUE_STRING, request);
	const struct incident_place *place = put(b, id, address);
	fixture_set(&b->x, REQUEST_ID, VALUE_MISSING, "");
	return place;
}

static struct incident_place
taken(const struct incident_place *place)
{
	return *place;
}

/* The id of the alert that the bench's finding would become. */
static void
alert_id_of(struct bench *b, char out[ALERT_ID_SIZE])
{
	struct alert *a = fixture_alert(&b->x);
	memcpy(out, alert_id(a), ALERT_ID_SIZE);
	alert_unref(a);
}

START_TEST(a_report_joins_the_alert_of_the_event_that_it_names)
{
	struct bench b;
	char id[ALERT_ID_SIZE];
	bench_init(&b);
	struct incident_place hit = taken(sign_in(&b, "e1", "203.0.113.7"));
	alert_id_of(&b, id);
	ck_assert(!hit.joined);
	ck_assert_str_eq(hit.related, "");
	const struct incident_place *r = report(&b, "r1", "e1", "198.51.100.9");
	ck_assert(r->joined);
	ck_assert_str_eq(r->dedup_key, hit.dedup_key);
	ck_assert_str_eq(r->related, id);
	ck_assert_str_eq(r->event_id, "e1");
	bench_fini(&b);
}
END_TEST

START_TEST(a_report_of_another_event_or_of_another_tenant_or_of_none_joins_nothing)
{
	struct bench b;
	bench_init(&b);
	struct incident_place hit = taken(sign_in(&b, "e1", "203.0.113.7"));
	static const char *const requests[] = {"e2", "e", "e11", "SignInLogs/e1", "", " "};
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		char id[24];
		snprintf(id, sizeof(id), "r%zu", i);
		const struct incident_place *r = report(&b, id, requests[i], "203.0.113.7");
		ck_assert_msg(!r->joined, "'%s' joined", requests[i]);
		ck_assert_str_eq(r->related, "");
		ck_assert_str_ne(r->dedup_key, hit.dedup_key);
	}
	b.x.event.tenant = STR(OTHER_TENANT);
	ck_assert(!report(&b, "r9", "e1", "203.0.113.7")->joined);
	bench_fini(&b);
}
END_TEST

START_TEST(ids_and_tenants_compare_without_case_and_without_blanks_around_them)
{
	struct bench b;
	bench_init(&b);
	b.x.event.tenant = STR("ABCD");
	sign_in(&b, "AbC-1", "203.0.113.7");
	b.x.event.tenant = STR("abcd");
	ck_assert(report(&b, "r1", " aBc-1 ", "203.0.113.7")->joined);
	bench_fini(&b);
}
END_TEST

/* An alert whose evidence has the event. */
static struct incident_place
spray(struct bench *b, const char *id, const char *of, const char *address, int score)
{
	b->x.finding.score = score;
	snprintf(b->x.evidence[0].event_id, sizeof(b->x.evidence[0].event_id), "SignInLogs/%s", of);
	snprintf(b->x.evidence[1].event_id, sizeof(b->x.evidence[1].event_id), "SignInLogs/%s", id);
	b->x.finding.evidence_count = 2;
	struct incident_place place = taken(sign_in(b, id, address));
	b->x.finding.evidence_count = 0;
	b->x.finding.score = 2;
	return place;
}

START_TEST(the_alert_that_the_event_completed_comes_before_those_with_it_in_their_evidence)
{
	struct bench b;
	bench_init(&b);
	struct incident_place wide = spray(&b, "e5", "e1", "203.0.113.7", 9);
	ck_assert_uint_eq(wide.key_count, 2);
	ck_assert_str_eq(report(&b, "r1", "e1", "192.0.2.1")->dedup_key, wide.dedup_key);
	struct incident_place hit = taken(sign_in(&b, "e1", "203.0.113.8"));
	ck_assert_str_eq(report(&b, "r2", "e1", "192.0.2.2")->dedup_key, hit.dedup_key);
	bench_fini(&b);
}
END_TEST

START_TEST(of_several_alerts_the_highest_score_is_joined_then_the_newest_event)
{
	struct bench b;
	char id[16], report_id[16];
	for (int i = 0; i < 8; i++) { /* other ids each time: they must not decide */
		bench_init(&b);
		snprintf(report_id, sizeof(report_id), "r%d", i);
		snprintf(id, sizeof(id), "f%d", i);
		spray(&b, "e4", "e1", "203.0.113.1", 2);
		struct incident_place high = spray(&b, id, "e1", "203.0.113.2", 3);
		b.x.event.event_ms += 1000;
		spray(&b, "e6", "e1", "203.0.113.3", 2);
		ck_assert_str_eq(report(&b, report_id, "e1", "192.0.2.1")->dedup_key, high.dedup_key);
		snprintf(id, sizeof(id), "g%d", i);
		struct incident_place newer = spray(&b, id, "e1", "203.0.113.4", 3);
		b.x.event.event_ms -= 2000;
		spray(&b, "e8", "e1", "203.0.113.5", 3);
		ck_assert_str_eq(report(&b, "s1", "e1", "192.0.2.2")->dedup_key, newer.dedup_key);
		bench_fini(&b);
	}
}
END_TEST

START_TEST(of_alerts_that_are_equal_in_all_that_the_same_is_joined_whatever_their_order)
{
	char keys[2][ALERT_ID_SIZE];
	for (int i = 0; i < 2; i++) {
		struct bench b;
		bench_init(&b);
		spray(&b, i ? "e6" : "e5", "e1", i ? "203.0.113.2" : "203.0.113.1", 2);
		spray(&b, i ? "e5" : "e6", "e1", i ? "203.0.113.1" : "203.0.113.2", 2);
		memcpy(keys[i], report(&b, "r1", "e1", "192.0.2.1")->dedup_key, ALERT_ID_SIZE);
		bench_fini(&b);
	}
	ck_assert_str_eq(keys[0], keys[1]);
}
END_TEST

START_TEST(an_alert_that_comes_after_its_report_takes_the_key_and_so_does_the_rest_of_its_series)
{
	struct bench b;
	char id[ALERT_ID_SIZE];
	bench_init(&b);
	struct incident_place r = taken(report(&b, "r1", "e1", "192.0.2.1"));
	alert_id_of(&b, id);
	ck_assert(!r.joined);
	struct incident_place other = taken(sign_in(&b, "e2", "203.0.113.9"));
	ck_assert_str_ne(other.dedup_key, r.dedup_key);
	struct incident_place hit = taken(sign_in(&b, "e1", "203.0.113.7"));
	ck_assert_str_eq(hit.dedup_key, r.dedup_key);
	ck_assert_str_eq(hit.related, id);
	ck_assert_str_eq(hit.event_id, "e1");
	ck_assert(!hit.joined);
	ck_assert_str_eq(sign_in(&b, "e3", "203.0.113.7")->dedup_key, r.dedup_key); /* what it would share a key with */
	ck_assert_str_eq(b.place.related, "");
	ck_assert_str_eq(sign_in(&b, "e4", "203.0.113.9")->dedup_key, other.dedup_key);
	bench_fini(&b);
}
END_TEST

START_TEST(a_report_before_the_alert_with_its_event_in_the_evidence_is_found_too)
{
	struct bench b;
	bench_init(&b);
	struct incident_place r = taken(report(&b, "r1", "e1", "192.0.2.1"));
	struct incident_place wide = spray(&b, "e5", "e1", "203.0.113.7", 1);
	ck_assert_str_eq(wide.dedup_key, r.dedup_key);
	ck_assert_str_eq(wide.event_id, "e1");
	bench_fini(&b);
}
END_TEST

START_TEST(two_reports_of_one_event_are_one_incident_and_one_that_joined_is_not_waited_for)
{
	struct bench b;
	bench_init(&b);
	struct incident_place first = taken(report(&b, "r1", "e1", "192.0.2.1"));
	ck_assert_str_eq(report(&b, "r2", "e1", "192.0.2.2")->dedup_key, first.dedup_key);
	struct incident_place hit = taken(sign_in(&b, "e2", "203.0.113.7"));
	ck_assert_str_eq(report(&b, "r3", "e2", "192.0.2.3")->dedup_key, hit.dedup_key);
	b.x.event.tenant = STR(FIXTURE_TENANT);
	b.x.rule.id = "another-rule";
	struct incident_place own = taken(sign_in(&b, "e2", "203.0.113.7"));
	ck_assert_str_ne(own.dedup_key, hit.dedup_key);
	ck_assert_str_eq(own.related, "");
	bench_fini(&b);
}
END_TEST

START_TEST(a_copy_keeps_the_place_of_the_alert_even_when_a_better_one_came_between)
{
	struct bench b;
	bench_init(&b);
	spray(&b, "e5", "e1", "203.0.113.7", 1);
	struct incident_place first = taken(report(&b, "r1", "e1", "192.0.2.1"));
	ck_assert(first.joined);
	sign_in(&b, "e1", "203.0.113.8");
	ck_assert_str_eq(report(&b, "r1", "e1", "192.0.2.1")->dedup_key, first.dedup_key);
	ck_assert(b.place.joined);
	ck_assert_str_eq(b.place.related, first.related);
	bench_fini(&b);
}
END_TEST

START_TEST(a_copy_keeps_the_key_of_the_alert_even_when_others_of_its_series_left_it)
{
	struct bench b;
	bench_init(&b);
	b.report.dedup_rule = b.x.rule.id;
	struct incident_place first = taken(report(&b, "r1", "e1", "192.0.2.1"));
	struct incident_place second = taken(report(&b, "r2", "e2", "192.0.2.2"));
	ck_assert_str_eq(sign_in(&b, "e2", "192.0.2.1")->dedup_key, second.dedup_key);
	ck_assert_str_eq(sign_in(&b, "e3", "192.0.2.1")->dedup_key, second.dedup_key);
	ck_assert_str_eq(report(&b, "r1", "e1", "192.0.2.1")->dedup_key, first.dedup_key);
	bench_fini(&b);
}
END_TEST

START_TEST(the_same_report_has_one_id_whether_it_joined_or_not)
{
	struct bench b;
	char before[ALERT_ID_SIZE], after[ALERT_ID_SIZE];
	bench_init(&b);
	struct incident_place first = taken(report(&b, "r1", "e1", "192.0.2.1"));
	alert_id_of(&b, before);
	sign_in(&b, "e1", "203.0.113.7");
	ck_assert(report(&b, "r1", "e1", "192.0.2.1")->joined);
	ck_assert_str_eq(b.place.dedup_key, first.dedup_key);
	b.x.finding.kind = FINDING_ESCALATE;
	alert_id_of(&b, after);
	ck_assert_str_eq(before, after);
	bench_fini(&b);
}
END_TEST

START_TEST(an_alert_that_is_not_sent_is_not_joined)
{
	struct bench b;
	bench_init(&b);
	b.x.finding.suppressed_by = (const struct tuning_entry *)&b;
	sign_in(&b, "e1", "203.0.113.7");
	ck_assert_uint_eq(b.place.key_count, 1); /* for when a copy releases it */
	b.x.finding.suppressed_by = NULL;
	ck_assert(!report(&b, "r1", "e1", "203.0.113.7")->joined);
	bench_fini(&b);
}
END_TEST

START_TEST(an_alert_can_be_joined_for_as_long_as_the_span)
{
	struct bench b;
	bench_init(&b);
	sign_in(&b, "e1", "203.0.113.7");
	b.now_ms += 7 * DAY;
	ck_assert(report(&b, "r1", "e1", "192.0.2.1")->joined);
	b.now_ms += 1;
	sign_in(&b, "e2", "203.0.113.7");
	b.now_ms += 7 * DAY;
	ck_assert(!report(&b, "r2", "e1", "192.0.2.2")->joined);
	ck_assert(report(&b, "r3", "e2", "192.0.2.3")->joined);
	bench_fini(&b);
}
END_TEST

START_TEST(a_full_table_drops_the_oldest_and_counts_it)
{
	struct bench b;
	char id[16];
	double before = metrics_value(METRIC_WINDOW_EVICTIONS, "incident", NULL);
	bench_init(&b);
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		sign_in(&b, id, "203.0.113.7");
	}
	ck_assert(metrics_value(METRIC_WINDOW_EVICTIONS, "incident", NULL) == before);
	sign_in(&b, "e1000", "203.0.113.7");
	ck_assert(metrics_value(METRIC_WINDOW_EVICTIONS, "incident", NULL) == before + 1);
	ck_assert(report(&b, "r1", "e1", "192.0.2.1")->joined); /* its two records push e1 and e2 out */
	ck_assert(!report(&b, "r2", "e0", "192.0.2.2")->joined);
	ck_assert(!report(&b, "r3", "e2", "192.0.2.3")->joined);
	for (int i = 7; i <= 1000; i++) {
		b.x.finding.suppressed_by = (const struct tuning_entry *)&b; /* only looks */
		snprintf(id, sizeof(id), "e%d", i);
		ck_assert_msg(report(&b, "r4", id, "192.0.2.4")->joined, "%s", id);
	}
	bench_fini(&b);
}
END_TEST

START_TEST(an_alert_that_is_raised_again_takes_no_further_room)
{
	struct bench b;
	bench_init(&b);
	incidents_free(b.t);
	b.t = make(7 * DAY, 16);
	sign_in(&b, "e1", "203.0.113.7");
	for (int i = 0; i < 100; i++)
		sign_in(&b, "e2", "203.0.113.7");
	ck_assert(report(&b, "r1", "e1", "192.0.2.1")->joined);
	bench_fini(&b);
}
END_TEST

START_TEST(a_table_that_turned_over_many_times_still_finds_exactly_its_newest)
{
	struct bench b;
	char id[16];
	bench_init(&b);
	incidents_free(b.t);
	b.t = make(7 * DAY, 16);
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "e%d", i % 40);
		b.x.rule.id = i % 2 ? "odd" : "even";
		b.x.event.event_ms++;
		sign_in(&b, id, "203.0.113.7");
	}
	b.x.finding.suppressed_by = (const struct tuning_entry *)&b;
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "e%d", i);
		ck_assert_msg(report(&b, "r", id, "192.0.2.4")->joined == (i >= 24), "%s", id);
	}
	bench_fini(&b);
}
END_TEST

START_TEST(of_many_alerts_with_one_event_id_the_newest_are_looked_at)
{
	struct bench b;
	char id[16];
	bench_init(&b);
	b.x.finding.score = 9;
	sign_in(&b, "e1", "203.0.113.7");
	b.x.finding.score = 1;
	b.x.finding.evidence_count = 1;
	for (int i = 0; i < 300; i++) {
		snprintf(b.x.evidence[0].event_id, sizeof(b.x.evidence[0].event_id), "SignInLogs/e1");
		snprintf(id, sizeof(id), "f%d", i);
		sign_in(&b, id, "203.0.113.8");
	}
	b.x.finding.evidence_count = 0;
	struct incident_place place = taken(report(&b, "r1", "e1", "192.0.2.1"));
	ck_assert(place.joined);
	ck_assert_str_eq(place.dedup_key, sign_in(&b, "f1", "203.0.113.8")->dedup_key);
	bench_fini(&b);
}
END_TEST

static void
recall(struct incidents *t, const char *id, const struct incident_place *place, int64_t at_ms)
{
	struct incident_alert a = {.id = id, .dedup_key = place->dedup_key, .event_ms = 1, .at_ms = at_ms, .score = 2,
	    .keys = str_make((const char *)place->keys, place->key_count * sizeof(place->keys[0]))};
	incidents_recall(t, &a);
}

START_TEST(a_table_that_is_told_of_alerts_anew_answers_as_the_one_that_saw_them)
{
	struct bench b;
	char ids[3][ALERT_ID_SIZE];
	struct incident_place places[3];
	bench_init(&b);
	places[0] = taken(report(&b, "r1", "e1", "192.0.2.1"));
	alert_id_of(&b, ids[0]);
	places[1] = taken(sign_in(&b, "e1", "203.0.113.7"));
	alert_id_of(&b, ids[1]);
	places[2] = spray(&b, "e5", "e2", "203.0.113.8", 2);
	b.x.finding.evidence_count = 0;
	alert_id_of(&b, ids[2]);
	incidents_free(b.t);
	b.t = make(7 * DAY, 1000);
	for (int i = 0; i < 3; i++)
		recall(b.t, ids[i], &places[i], b.now_ms);
	ck_assert_str_eq(report(&b, "r2", "e2", "192.0.2.2")->related, ids[2]);          /* evidence */
	ck_assert_str_eq(report(&b, "r3", "e1", "192.0.2.3")->related, ids[1]);          /* completed */
	ck_assert_str_eq(sign_in(&b, "e9", "203.0.113.7")->dedup_key, places[0].dedup_key); /* alias */
	b.x.rule.id = "another-rule";
	ck_assert_str_eq(sign_in(&b, "e1", "203.0.113.9")->related, ids[0]);             /* awaited */
	bench_fini(&b);
}
END_TEST

START_TEST(a_row_that_is_damaged_is_no_alert)
{
	struct bench b;
	struct incident_place place;
	bench_init(&b);
	memset(&place, 0, sizeof(place));
	memset(place.keys, 0xFF, sizeof(place.keys));
	place.key_count = INCIDENT_KEYS_MAX;
	recall(b.t, "alr_", &place, 1);
	memcpy(place.dedup_key, "ddk_zzzz!!!!zzzz!!!!zzzz!!!!zzzz!!!!", ALERT_ID_SIZE);
	recall(b.t, "alr_zzzz!!!!zzzz!!!!zzzz!!!!zzzz!!!!", &place, 1);
	struct incident_alert long_one = {.id = place.dedup_key, .dedup_key = place.dedup_key, .at_ms = 1};
	char bytes[4096];
	memset(bytes, 1, sizeof(bytes));
	long_one.keys = str_make(bytes, sizeof(bytes));
	incidents_recall(b.t, &long_one);
	ck_assert(!report(&b, "r1", "e1", "192.0.2.1")->joined);
	/* an event that is known, in a role that there is not */
	char id[ALERT_ID_SIZE];
	place = taken(sign_in(&b, "e2", "203.0.113.7"));
	alert_id_of(&b, id);
	incidents_free(b.t);
	b.t = make(7 * DAY, 1000);
	for (unsigned role = INCIDENT_ALIAS + 1; role <= UINT8_MAX; role++) {
		place.keys[0].role = (uint8_t)role;
		recall(b.t, id, &place, b.now_ms);
	}
	ck_assert(!report(&b, "r2", "e2", "192.0.2.2")->joined);
	bench_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_report_joins_the_alert_of_the_event_that_it_names,
	    a_report_of_another_event_or_of_another_tenant_or_of_none_joins_nothing,
	    ids_and_tenants_compare_without_case_and_without_blanks_around_them,
	    the_alert_that_the_event_completed_comes_before_those_with_it_in_their_evidence,
	    of_several_alerts_the_highest_score_is_joined_then_the_newest_event,
	    of_alerts_that_are_equal_in_all_that_the_same_is_joined_whatever_their_order,
	    an_alert_that_comes_after_its_report_takes_the_key_and_so_does_the_rest_of_its_series,
	    a_report_before_the_alert_with_its_event_in_the_evidence_is_found_too,
	    two_reports_of_one_event_are_one_incident_and_one_that_joined_is_not_waited_for,
	    a_copy_keeps_the_place_of_the_alert_even_when_a_better_one_came_between,
	    a_copy_keeps_the_key_of_the_alert_even_when_others_of_its_series_left_it,
	    the_same_report_has_one_id_whether_it_joined_or_not, an_alert_that_is_not_sent_is_not_joined,
	    an_alert_can_be_joined_for_as_long_as_the_span, a_full_table_drops_the_oldest_and_counts_it,
	    an_alert_that_is_raised_again_takes_no_further_room,
	    a_table_that_turned_over_many_times_still_finds_exactly_its_newest,
	    of_many_alerts_with_one_event_id_the_newest_are_looked_at,
	    a_table_that_is_told_of_alerts_anew_answers_as_the_one_that_saw_them, a_row_that_is_damaged_is_no_alert, NULL};
	return unit_run("incidents", tests);
}
