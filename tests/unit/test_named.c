/* Named windows against a naive model: a list of every event, walked for every figure of every window. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "detect/named.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, LATE = HOUR, BY_MAX = 4, WINDOWS = 7, STORY = 1200, POOL = 16 };
static const int64_t start_ms = 1795000000000;

struct bench {
	struct window_table *windows;
	struct contexts *contexts;
	struct outcome_table *outcomes;
	struct field_set *fields;
	struct ruleset *rules;
	struct matcher *matcher;
	struct named *named;
	struct context out;
	struct value slots[FIELD_SLOTS_MAX];
	struct event event;
	int agent, app, client;
};

static void
bench_init(struct bench *b, const char *rule, struct window_table *shared)
{
	struct window_table_options windows = {64 << 20, LATE, "0123456789abcdef", true};
	struct ruleset_options options = {.max_regex_steps = 10000};
	struct fail_list problems;
	memset(b, 0, sizeof(*b));
	b->windows = shared ? shared : window_table_new(&windows);
	struct contexts_options contexts = {b->windows, 2 << 20, 10 * MINUTE, LATE, NULL, 0, 30 * MINUTE, false};
	b->contexts = contexts_new(&contexts);
	fail_list_init(&problems);
	b->outcomes = outcome_table_load(SRCDIR "/conf/result-codes.yaml", &problems);
	b->fields = field_set_new();
	b->agent = field_set_intern(b->fields, STR("userAgent"));
	b->app = field_set_intern(b->fields, STR("appDisplayName"));
	b->client = field_set_intern(b->fields, STR("clientAppUsed"));
	b->rules = ruleset_load_text(&options, "test.yml", str_of(rule), b->fields, &problems);
	fail_list_print(&problems, stderr);
	ck_assert_uint_eq(problems.len, 0);
	fail_list_fini(&problems);
	b->matcher = matcher_new(b->rules);
	b->named = named_new(b->rules);
	ck_assert(b->windows && b->contexts && b->outcomes && b->matcher && b->named);
}

static void
bench_fini(struct bench *b, bool shared)
{
	named_free(b->named);
	matcher_free(b->matcher);
	ruleset_free(b->rules);
	field_set_free(b->fields);
	outcome_table_free(b->outcomes);
	contexts_free(b->contexts);
	if (!shared)
		window_table_free(b->windows);
}

static void
set(struct bench *b, int field, const char *text)
{
	b->slots[field] = (struct value){.text = str_of(text), .type = text ? VALUE_STRING : VALUE_MISSING};
}

struct sign_in { /* NULL: the event lacks it */
	int64_t ts;
	const char *ip, *user, *code, *agent, *app, *client, *asn;
};

static void
observe(struct bench *b, const struct sign_in *s, bool repeat)
{
	b->event = (struct event){.slots = b->slots, .slot_count = field_set_len(b->fields), .category = STR("SignInLogs"),
		.tenant = STR("t"), .event_ms = s->ts, .window_ms = s->ts, .received_ms = s->ts, .has_time = true,
		.is_sign_in = true};
	set(b, FIELD_IP_ADDRESS, s->ip);
	set(b, FIELD_USER_PRINCIPAL_NAME, s->user);
	set(b, FIELD_RESULT_TYPE, s->code);
	set(b, FIELD_ASN, s->asn);
	set(b, b->agent, s->agent);
	set(b, b->app, s->app);
	set(b, b->client, s->client);
	const struct match *matches;
	context_observe(b->contexts, b->outcomes, &b->event, repeat, &b->out);
	named_observe(b->named, b->contexts, b->matcher, &b->event, &b->out);
	(void)matcher_run(b->matcher, &b->event, &matches);
}

/* The rule's number of the window of that name. */
static unsigned
window_of(const struct bench *b, const char *name)
{
	unsigned count;
	const struct rule *rule = ruleset_rules(b->rules, &count)[0];
	for (unsigned i = 0; i < rule->window_count; i++)
		if (strcmp(rule->windows[i].name, name) == 0)
			return rule->windows[i].window;
	ck_abort_msg("no window %s", name);
}

static const struct named_window *
definition_of(const struct bench *b, const char *name)
{
	unsigned count;
	return &ruleset_windows(b->rules, &count)[window_of(b, name)];
}

/* The slot's number in millionths; -1 when it is missing. */
static int64_t
slot(const struct bench *b, const char *name, enum window_figure figure)
{
	double n;
	const struct value *v = event_value(&b->event, definition_of(b, name)->slots[figure]);
	return v->type == VALUE_NUMBER && str_to_double(v->text, &n) ? (int64_t)(n * 1e6 + 0.5) : -1;
}

#define HEAD "title: t\nid: 11111111-0000-4000-8000-0000000000d1\nlogsource: {product: azure}\n"

/* ---- the model ---- */

struct story_event {
	int64_t ts;
	int ip, net24, net16, user, agent, app, client, asn; /* -1 = missing */
	enum window_class class;
	unsigned counts; /* bit per window */
};
static struct story_event story[STORY];
static unsigned story_len;

struct model_window {
	const char *name;
	int64_t span;
	bool user, ip, asn; /* in the key */
	long (*key)(const struct story_event *e);
};

static long
join(int a, int b, int c, int d)
{
	return a < 0 || b < 0 || c < 0 || d < 0 ? -1 : ((a * 100L + b) * 100 + c) * 100 + d;
}

static long key_a(const struct story_event *e) { return join(e->ip, e->agent, 0, 0); }
static long key_b(const struct story_event *e) { return join(e->agent, e->app, 0, 0); }
static long key_c(const struct story_event *e) { return join(e->net24, 0, 0, 0); }
static long key_d(const struct story_event *e) { return join(e->user, e->ip, 0, 0); }
static long key_e(const struct story_event *e) { return join(e->user, 0, 0, 0); }
static long key_f(const struct story_event *e) { return join(e->user, e->asn, 0, 0); }
static long key_g(const struct story_event *e) { return join(e->app, e->client, e->agent, e->net16); }
static long key_ip(const struct story_event *e) { return join(e->ip, 0, 0, 0); }

static const struct model_window models[WINDOWS] = {
	{"a", HOUR, false, true, false, key_a},
	{"b", 12 * HOUR, false, false, false, key_b},
	{"c", 24 * HOUR, false, false, false, key_c},
	{"d", 7 * 24 * HOUR, true, true, false, key_d},
	{"e", 3 * HOUR, true, false, false, key_e},
	{"f", 24 * HOUR, true, false, true, key_f},
	{"g", 2 * HOUR, false, false, false, key_g},
};
static const struct model_window model_ip = {"ip", 10 * MINUTE, false, true, false, key_ip};

static const char definitions[] =
    "picketd:\n  windows:\n"
    "    - {name: a, by: [ipAddress, userAgent], span: 60m}\n"
    "    - {name: b, by: [userAgent, appDisplayName], span: 12h, where: failure and calm}\n"
    "    - {name: c, by: ipAddress/24, span: 24h}\n"
    "    - {name: d, by: [userPrincipalName, ipAddress], span: 7d}\n"
    "    - {name: e, by: [userPrincipalName], span: 3h, where: not many}\n"
    "    - {name: f, by: [userPrincipalName, autonomousSystemNumber], span: 1d}\n"
    "    - {name: g, by: [appDisplayName, clientAppUsed, userAgent, ipAddress/16], span: 2h}\n";

/* Which rule tests every figure of every window. */
static const char *
model_rule(void)
{
	static char text[16384];
	size_t len = (size_t)snprintf(text, sizeof(text), HEAD "detection:\n  failure: {resultType: 50126}\n"
	    "  calm: {window.ip.successes: 0}\n  many: {window.c.strangers|gte: 2}\n  all:\n");
	for (unsigned w = 0; w < WINDOWS; w++)
		for (unsigned i = 0; i < WINDOW_FIGURES; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "    window.%s.%s|gte: 0\n", models[w].name,
			    window_figure_name(i));
	(void)snprintf(text + len, sizeof(text) - len, "  condition: failure and calm and many and all\n%s", definitions);
	return text;
}

static bool
within(const struct model_window *w, unsigned bit, const struct story_event *s, long key, int64_t from, int64_t to)
{
	return (s->counts >> bit & 1) && s->ts >= from && s->ts <= to && w->key(s) == key;
}

struct sets { /* bits: seen, failed, succeeded */
	unsigned user[POOL], ip[POOL], asn[POOL];
};

static uint64_t
having(const unsigned bits[POOL], unsigned mask, unsigned want)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < POOL; i++)
		n += (bits[i] & mask) == want;
	return n;
}

static void
model_figures(const struct model_window *w, unsigned bit, long key, int64_t at, uint64_t out[WINDOW_FIGURES])
{
	struct sets sets = {0};
	int64_t first = INT64_MAX;
	memset(out, 0, WINDOW_FIGURES * sizeof(out[0]));
	for (unsigned i = 0; i < story_len; i++) {
		const struct story_event *s = &story[i];
		if (!within(w, bit, s, key, at - w->span, at))
			continue;
		unsigned mark = 1 | (s->class == WINDOW_FAILURE ? 2 : 0) | (s->class == WINDOW_SUCCESS ? 4 : 0);
		out[FIGURE_ATTEMPTS]++;
		out[FIGURE_FAILURES] += s->class == WINDOW_FAILURE;
		out[FIGURE_INTERRUPTED] += s->class == WINDOW_INTERRUPTED;
		out[FIGURE_SUCCESSES] += s->class == WINDOW_SUCCESS;
		if (s->user >= 0)
			sets.user[s->user] |= mark;
		if (s->ip >= 0)
			sets.ip[s->ip] |= mark;
		if (s->asn >= 0)
			sets.asn[s->asn] |= mark;
		first = s->ts < first ? s->ts : first;
	}
	out[FIGURE_DISTINCT_USERS] = having(sets.user, 1, 1);
	out[FIGURE_FAILED_USERS] = having(sets.user, 2, 2);
	out[FIGURE_SUCCESSFUL_USERS] = having(sets.user, 4, 4);
	out[FIGURE_STRANGERS] = having(sets.user, 6, 2);
	uint64_t divisor = out[FIGURE_SUCCESSFUL_USERS] ? out[FIGURE_SUCCESSFUL_USERS] : 1;
	out[FIGURE_STRANGER_RATIO] = out[FIGURE_STRANGERS] * 1000000 / divisor;
	out[FIGURE_DISTINCT_IPS] = having(sets.ip, 1, 1);
	out[FIGURE_FAILED_IPS] = having(sets.ip, 2, 2);
	out[FIGURE_DISTINCT_ASNS] = having(sets.asn, 1, 1);
	out[FIGURE_AGE] = first < at ? (uint64_t)(at - first) : 0;
}

/* Rules look at the span that ends at the key's newest event, if that is within a span after this one. */
static int64_t
model_end(const struct model_window *w, unsigned bit, long key, int64_t at)
{
	int64_t end = at;
	for (unsigned i = 0; i < story_len; i++)
		if (within(w, bit, &story[i], key, at, at + w->span) && story[i].ts > end)
			end = story[i].ts;
	return end;
}

static unsigned
model_events(const struct model_window *w, unsigned bit, long key)
{
	unsigned n = 0;
	for (unsigned i = 0; i < story_len; i++)
		n += within(w, bit, &story[i], key, INT64_MIN, INT64_MAX);
	return n;
}

static unsigned checked_log, checked_wide, checked_missing;

/* A log is exact at any instant; wide windows are compared at their newest event: distinct figures exact, counts never
 * under and at most a pane too much, like age. */
static void
check_window(const struct bench *b, unsigned bit, const struct story_event *e)
{
	const struct model_window *w = &models[bit];
	struct named_figures got;
	uint64_t want[WINDOW_FIGURES], more[WINDOW_FIGURES];
	long key = w->key(e);
	bool present = named_read(b->named, window_of(b, w->name), &got);
	ck_assert_int_eq(present, key >= 0);
	ck_assert_int_eq(slot(b, w->name, FIGURE_ATTEMPTS) >= 0, key >= 0);
	if (!present) {
		checked_missing++;
		return;
	}
	model_figures(w, bit, key, e->ts, want);
	bool log = model_events(w, bit, key) <= WINDOW_LOG_MAX;
	int64_t end = model_end(w, bit, key, e->ts), pane = (w->span + 59) / 60;
	if (!log && end != e->ts)
		return;
	struct model_window longer = *w;
	longer.span += pane;
	model_figures(&longer, bit, key, e->ts, more);
	for (unsigned i = 0; i < WINDOW_FIGURES; i++) {
		bool exact = log || (i >= FIGURE_DISTINCT_USERS && i != FIGURE_AGE && !w->user && !w->ip);
		if (exact)
			ck_assert_msg(got.counts[i] == want[i], "%s.%s is %lu, not %lu (event %u)", w->name, window_figure_name(i),
			    (unsigned long)got.counts[i], (unsigned long)want[i], story_len);
		else if (i <= FIGURE_SUCCESSES || i == FIGURE_AGE)
			ck_assert(got.counts[i] >= want[i] && got.counts[i] <= more[i]);
	}
	*(log ? &checked_log : &checked_wide) += 1;
	if (!log)
		return;
	model_figures(w, bit, key, end, want);
	int64_t from_end = end - e->ts; /* a slot's age is counted to the event, not to the end */
	for (unsigned i = 0; i < WINDOW_FIGURES; i++) {
		int64_t age = (int64_t)want[i] - from_end, expect = i == FIGURE_STRANGER_RATIO ? (int64_t)want[i]
		    : i == FIGURE_AGE ? (age > 0 ? age : 0) * 1000000
				      : (int64_t)want[i] * 1000000;
		ck_assert_msg(slot(b, w->name, i) == expect, "slot %s.%s", w->name, window_figure_name(i));
	}
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

struct address {
	const char *spelled[2];
	int net24, net16;
};
static const struct address addresses[] = {
	{{"203.0.113.1", "::ffff:203.0.113.1"}, 0, 0},
	{{"203.0.113.2", "203.0.113.2:4711"}, 0, 0},
	{{"203.0.200.1", " 203.0.200.1 "}, 1, 0},
	{{"198.51.100.7", "198.51.100.7"}, 2, 1},
	{{"2001:db8:1:1::1", "2001:DB8:1:1:ffff::2"}, 3, 2},
	{{"2001:db8:1:2::1", "[2001:db8:1:2::1]:443"}, 3, 2},
	{{"2001:db8:2:1::1", "2001:db8:2:1::9"}, 4, 2},
	{{"2001:db9:2:1::1", "2001:db9:2:1::9"}, 5, 3},
};
enum { ADDRESSES = sizeof(addresses) / sizeof(addresses[0]) };

/* An event from the pools; each field is missing now and then. */
static struct sign_in
make_event(struct story_event *e, int64_t ts, unsigned users, char text[4][64])
{
	static const char *const codes[] = {"50126", "50126", "0", "50074", "50140"};
	static const enum window_class classes[] = {WINDOW_FAILURE, WINDOW_FAILURE, WINDOW_SUCCESS, WINDOW_INTERRUPTED,
		WINDOW_OTHER};
	unsigned code = below(5), ip = below(ADDRESSES);
	*e = (struct story_event){.ts = ts, .class = classes[code], .user = below(20) ? (int)below(users) : -1,
		.ip = below(20) ? (int)ip : -1, .agent = below(20) ? (int)below(3) : -1, .app = below(20) ? (int)below(3) : -1,
		.client = (int)below(2), .asn = below(20) ? (int)below(4) : -1};
	e->net24 = e->ip < 0 ? -1 : addresses[ip].net24;
	e->net16 = e->ip < 0 ? -1 : addresses[ip].net16;
	static const char *const spelled[] = {"user", "USER", " User"}, *const agents[] = {"Agent", "AGENT", " agent"};
	snprintf(text[0], 64, "%s%d@X.example\t", spelled[below(3)], e->user);
	snprintf(text[1], 64, "%s/%d ", agents[below(3)], e->agent);
	snprintf(text[2], 64, "App %d", e->app);
	snprintf(text[3], 64, "%d", 64500 + e->asn);
	return (struct sign_in){ts, e->ip < 0 ? below(2) ? NULL : "unknown" : addresses[ip].spelled[below(2)],
		e->user < 0 ? "  " : text[0], codes[code], e->agent < 0 ? NULL : text[1], e->app < 0 ? "" : text[2],
		e->client ? "Browser" : "IMAP4", e->asn < 0 ? NULL : text[3]};
}

static unsigned
model_counts(const struct story_event *e)
{
	uint64_t ip[WINDOW_FIGURES], net[WINDOW_FIGURES];
	story[story_len++] = *e; /* with the event itself */
	story[story_len - 1].counts = 1u << WINDOWS | 1u << 2;
	model_figures(&model_ip, WINDOWS, key_ip(e), model_end(&model_ip, WINDOWS, key_ip(e), e->ts), ip);
	model_figures(&models[2], 2, key_c(e), model_end(&models[2], 2, key_c(e), e->ts), net);
	bool calm = e->ip >= 0 && ip[FIGURE_SUCCESSES] == 0, many = e->ip >= 0 && net[FIGURE_STRANGERS] >= 2;
	story_len--;
	unsigned counts = 0xff & ~(1u << 1 | 1u << 4);
	counts |= e->class == WINDOW_FAILURE && calm ? 1u << 1 : 0;
	return counts | (many ? 0 : 1u << 4);
}

static void
run_story(unsigned seed, unsigned len, unsigned users, unsigned step_ms)
{
	struct bench b;
	bench_init(&b, model_rule(), NULL);
	random_state = seed * 7919;
	story_len = 0;
	int64_t now = start_ms;
	for (unsigned i = 0; i < len; i++) {
		char text[4][64];
		struct story_event e;
		now += below(30) ? below(step_ms) : below(3) * 3 * HOUR;
		int64_t ts = below(3) ? now : now - (int64_t)below(LATE + 1);
		struct sign_in s = make_event(&e, ts, users, text);
		if (strcmp(s.code, "50126") != 0 && e.class == WINDOW_FAILURE)
			ck_abort_msg("codes and classes differ");
		e.counts = model_counts(&e);
		story[story_len++] = e;
		unsigned copies = 1 + !below(4);
		for (unsigned copy = 0; copy < copies; copy++) {
			observe(&b, &s, copy > 0);
			for (unsigned w = 0; w < WINDOWS; w++)
				check_window(&b, w, &e);
		}
	}
	bench_fini(&b, false);
}

START_TEST(named_windows_equal_a_naive_model_whatever_the_order_spelling_and_repeats)
{
	checked_log = checked_wide = checked_missing = 0;
	for (unsigned seed = 1; seed <= 6; seed++)
		run_story(seed, 500, 12, 20 * MINUTE);
	for (unsigned seed = 7; seed <= 9; seed++)
		run_story(seed, 1100, 5, 4 * MINUTE);
	printf("named: %u logs, %u wide windows, %u absent keys compared\n", checked_log, checked_wide, checked_missing);
	ck_assert_uint_gt(checked_log, 10000);
	ck_assert_uint_gt(checked_wide, 2000);
	ck_assert_uint_gt(checked_missing, 1000);
}
END_TEST

#define ONE_WINDOW(window, tests) \
	HEAD "detection:\n  failure: {resultType: 50126}\n  t: {" tests "}\n  condition: failure and t\n" \
	     "picketd: {windows: [{" window "}]}\n"

START_TEST(strangers_of_a_day_are_exact_beyond_the_log)
{
	struct bench b;
	char user[32];
	bench_init(&b, ONE_WINDOW("name: day, by: ipAddress, span: 24h", "window.day.strangers|gte: 1"), NULL);
	struct sign_in s = {start_ms, "203.0.113.9", user, "50126", "a", "b", "c", "1"};
	for (unsigned i = 0; i < 300; i++) { /* one every two minutes: ten hours */
		snprintf(user, sizeof(user), "u%u@x", i);
		s.ts = start_ms + (int64_t)i * 2 * MINUTE;
		observe(&b, &s, false);
	}
	ck_assert_int_eq(slot(&b, "day", FIGURE_STRANGERS), 300 * 1000000LL);
	s.code = "0";
	for (unsigned i = 0; i < 100; i++) {
		snprintf(user, sizeof(user), "u%u@x", i);
		observe(&b, &s, false);
	}
	ck_assert_int_eq(slot(&b, "day", FIGURE_STRANGERS), 200 * 1000000LL);
	/* half of the failures have left the span, the successes have not */
	s.ts = start_ms + 24 * HOUR + 150 * 2 * MINUTE;
	snprintf(user, sizeof(user), "last@x");
	s.code = "50126";
	observe(&b, &s, false);
	ck_assert_int_eq(slot(&b, "day", FIGURE_STRANGERS), (150 + 1) * 1000000LL);
	bench_fini(&b, false);
}
END_TEST

START_TEST(age_tells_since_when_a_user_has_been_at_an_address)
{
	struct bench b;
	bench_init(&b, ONE_WINDOW("name: known, by: [userPrincipalName, ipAddress], span: 7d", "window.known.age|gte: 0"), NULL);
	struct sign_in s = {start_ms, "203.0.113.9", "a@x", "0", "a", "b", "c", "1"};
	observe(&b, &s, false);
	ck_assert_int_eq(slot(&b, "known", FIGURE_AGE), 0);
	s.ts += 3 * 24 * HOUR;
	observe(&b, &s, false);
	ck_assert_int_eq(slot(&b, "known", FIGURE_AGE), 3 * 24 * HOUR * 1000000LL);
	s.ip = "203.0.113.10";
	observe(&b, &s, false);
	ck_assert_int_eq(slot(&b, "known", FIGURE_AGE), 0);
	s.ip = "203.0.113.9";
	s.ts = start_ms + 8 * 24 * HOUR; /* the first has left the span */
	observe(&b, &s, false);
	ck_assert_int_eq(slot(&b, "known", FIGURE_AGE), 5 * 24 * HOUR * 1000000LL);
	bench_fini(&b, false);
}
END_TEST

START_TEST(figures_and_key_are_told_for_alerts)
{
	struct bench b;
	char text[NAMED_TEXT_SIZE];
	struct named_figures f;
	bench_init(&b, ONE_WINDOW("name: n, by: [ipAddress/24, userAgent], span: 1h", "window.n.attempts|gte: 0"), NULL);
	struct sign_in s = {start_ms, "203.0.113.9", "a@x", "50126", " Agent X ", "b", "c", "1"};
	observe(&b, &s, false);
	ck_assert_uint_eq(named_key_count(b.named, 0), 2);
	ck_assert_str_eq(named_key(b.named, 0, 0, text), "ipAddress/24");
	ck_assert_str_eq(text, "203.0.113.0/24");
	ck_assert_str_eq(named_key(b.named, 0, 1, text), "userAgent");
	ck_assert_str_eq(text, "agent x");
	ck_assert(named_read(b.named, 0, &f));
	ck_assert_int_eq(f.span_ms, HOUR);
	ck_assert_int_eq(f.first_ms, start_ms);
	ck_assert(f.exact && !f.partial);
	s.ip = "2001:db8:1:2::9";
	observe(&b, &s, false);
	named_key(b.named, 0, 0, text);
	ck_assert_str_eq(text, "2001:db8:1::/48");
	bench_fini(&b, false);
}
END_TEST

START_TEST(events_that_are_no_sign_in_have_no_figures)
{
	struct bench b;
	struct named_figures f;
	bench_init(&b, ONE_WINDOW("name: n, by: ipAddress, span: 1h", "window.n.attempts|gte: 0"), NULL);
	struct sign_in s = {start_ms, "203.0.113.9", "a@x", "50126", "a", "b", "c", "1"};
	observe(&b, &s, false);
	ck_assert_int_eq(slot(&b, "n", FIGURE_ATTEMPTS), 1000000);
	b.event.is_sign_in = false;
	context_observe(b.contexts, b.outcomes, &b.event, false, &b.out);
	named_observe(b.named, b.contexts, b.matcher, &b.event, &b.out);
	ck_assert_int_eq(slot(&b, "n", FIGURE_ATTEMPTS), -1);
	ck_assert(!named_read(b.named, 0, &f));
	bench_fini(&b, false);
}
END_TEST

START_TEST(reload_keeps_windows_whose_definition_is_the_same)
{
	struct bench before, after;
	bench_init(&before, ONE_WINDOW("name: n, by: [ipAddress], span: 1h, where: failure", "window.n.attempts|gte: 0"), NULL);
	struct sign_in s = {start_ms, "203.0.113.9", "a@x", "50126", "a", "b", "c", "1"};
	for (unsigned i = 0; i < 3; i++)
		observe(&before, &s, false);
	/* another name, another order of selections, another rule: the same window */
	bench_init(&after, HEAD "detection:\n  t: {window.other.attempts|gte: 0}\n  wrong: {resultType: 50126}\n  condition: t\n"
	    "picketd: {windows: [{name: other, span: 60m, by: ipAddress, where: wrong}]}\n", before.windows);
	observe(&after, &s, false);
	ck_assert_int_eq(slot(&after, "other", FIGURE_ATTEMPTS), 4 * 1000000);
	bench_fini(&after, true);
	bench_init(&after, ONE_WINDOW("name: n, by: [ipAddress], span: 61m, where: failure", "window.n.attempts|gte: 0"),
	    before.windows);
	observe(&after, &s, false);
	ck_assert_int_eq(slot(&after, "n", FIGURE_ATTEMPTS), 1000000);
	bench_fini(&after, true);
	bench_fini(&before, false);
}
END_TEST

START_TEST(named_windows_allocate_nothing_per_event)
{
	struct bench b;
	bench_init(&b, model_rule(), NULL);
	random_state = 11;
	uint64_t warm = 0;
	for (unsigned i = 0; i < 3000; i++) {
		char text[4][64];
		struct story_event e;
		struct sign_in s = make_event(&e, start_ms + i * 1000, 12, text);
		if (i == 1000)
			warm = mem_count();
		observe(&b, &s, false);
	}
	ck_assert_uint_eq(mem_count(), warm);
	bench_fini(&b, false);
}
END_TEST

enum { THREAD_EVENTS = 4000 };
static struct window_table *shared_windows;
static void *
run_worker(void *ctx)
{
	struct bench b;
	char user[32];
	bench_init(&b, ONE_WINDOW("name: n, by: [userAgent, appDisplayName], span: 1d, where: failure",
	    "window.n.strangers|gte: 0"), shared_windows);
	struct sign_in s = {start_ms, "203.0.113.9", user, "50126", "a", "b", "c", "1"};
	for (unsigned i = 0; i < THREAD_EVENTS; i++) {
		snprintf(user, sizeof(user), "%s-%u@x", (const char *)ctx, i % 50);
		s.ts = start_ms + i;
		observe(&b, &s, false);
	}
	bench_fini(&b, true);
	return NULL;
}

START_TEST(two_workers_share_a_named_window)
{
	struct bench b;
	static char names[2][2] = {"p", "q"};
	pthread_t threads[2];
	bench_init(&b, ONE_WINDOW("name: n, by: [userAgent, appDisplayName], span: 1d, where: failure",
	    "window.n.strangers|gte: 0"), NULL);
	shared_windows = b.windows;
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_worker, names[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	struct sign_in s = {start_ms + THREAD_EVENTS, "203.0.113.9", "end@x", "0", "a", "b", "c", "1"};
	struct named_figures f;
	observe(&b, &s, false);
	ck_assert(named_read(b.named, 0, &f));
	ck_assert_uint_eq(f.counts[FIGURE_ATTEMPTS], 2 * THREAD_EVENTS);
	ck_assert_uint_eq(f.counts[FIGURE_STRANGERS], 100);
	bench_fini(&b, false);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		named_windows_equal_a_naive_model_whatever_the_order_spelling_and_repeats,
		strangers_of_a_day_are_exact_beyond_the_log,
		age_tells_since_when_a_user_has_been_at_an_address,
		figures_and_key_are_told_for_alerts,
		events_that_are_no_sign_in_have_no_figures,
		reload_keeps_windows_whose_definition_is_the_same,
		named_windows_allocate_nothing_per_event,
		two_workers_share_a_named_window,
		NULL,
	};
	return unit_run("named", tests);
}
