#include "detect/context.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "detect/identity.h"
#include "detect/lateness.h"
#include "detect/names.h"
#include "detect/number_slot.h"

enum { KEY_IP = 1, KEY_USER = 2, KEY_FEED = 3, KEY_TENANT = 4 }; /* kinds of window_table_key */
enum { HORIZON_EVERY = 256 };                    /* events between two looks at the horizon */

_Static_assert((int)OUTCOME_FAILURE == (int)WINDOW_FAILURE && (int)OUTCOME_INTERRUPTED == (int)WINDOW_INTERRUPTED &&
    (int)OUTCOME_SUCCESS == (int)WINDOW_SUCCESS && (int)OUTCOME_OTHER == (int)WINDOW_OTHER, "one order of classes");
_Static_assert(FIELD_WIN_USER_AGE - FIELD_WIN_IP_ATTEMPTS + 1 == CONTEXT_SLOTS, "window.* fields are consecutive");

struct contexts {
	/* set at start */
	struct window_table *windows;
	struct detail_table *names;
	struct contexts_options options;
	int64_t window_ms;
	/* any thread */
	struct lateness lateness;
	_Atomic unsigned events;
};

struct contexts *
contexts_new(const struct contexts_options *options)
{
	struct contexts *c = mem_zero(1, sizeof(*c));
	if (!c)
		return NULL;
	c->windows = options->windows;
	c->window_ms = options->window_ms;
	c->options = *options;
	lateness_init(&c->lateness, options->lateness_ms);
	atomic_init(&c->events, 0);
	c->names = names_new(options->names_bytes);
	if (!c->names) {
		mem_free(c);
		return NULL;
	}
	return c;
}

void
contexts_free(struct contexts *c)
{
	if (!c)
		return;
	detail_table_free(c->names);
	mem_free(c);
}

struct window_table *
contexts_windows(struct contexts *c)
{
	return c->windows;
}

const struct lateness *
contexts_lateness(const struct contexts *c)
{
	return &c->lateness;
}

uint64_t
contexts_tenant(const struct window_table *windows, struct str tenant)
{
	uint64_t key = window_table_key(windows, KEY_TENANT, &tenant, 1);
	return key ? key : 1;
}

uint64_t
contexts_bytes(const struct contexts *c)
{
	return sizeof(*c) + detail_table_bytes(c->names);
}

/* ---- window.* slots ---- */

static void
slot_write(struct event *e, struct context *out, int field, uint64_t n, unsigned decimals)
{
	number_slot_write(e, field, out->text[field - FIELD_WIN_IP_ATTEMPTS], n, decimals);
}

static void
slots_clear(struct event *e)
{
	for (unsigned i = FIELD_WIN_IP_ATTEMPTS; i <= FIELD_WIN_USER_AGE && i < e->slot_count; i++)
		e->slots[i] = (struct value){.type = VALUE_MISSING};
}

static uint64_t
age_ms(const struct window_figures *f, int64_t at_ms)
{
	return f->attempts > 0 && f->first_ms < at_ms ? (uint64_t)(at_ms - f->first_ms) : 0;
}

static void
slots_ip(struct event *e, struct context *out, const struct window_figures *f)
{
	uint64_t successful = f->successful > 0 ? f->successful : 1;
	slot_write(e, out, FIELD_WIN_IP_ATTEMPTS, f->attempts, 0);
	slot_write(e, out, FIELD_WIN_IP_FAILURES, f->classes[WINDOW_FAILURE], 0);
	slot_write(e, out, FIELD_WIN_IP_INTERRUPTED, f->classes[WINDOW_INTERRUPTED], 0);
	slot_write(e, out, FIELD_WIN_IP_SUCCESSES, f->classes[WINDOW_SUCCESS], 0);
	slot_write(e, out, FIELD_WIN_IP_DISTINCT_USERS, f->distinct, 0);
	slot_write(e, out, FIELD_WIN_IP_FAILED_USERS, f->failed, 0);
	slot_write(e, out, FIELD_WIN_IP_SUCCESSFUL_USERS, f->successful, 0);
	slot_write(e, out, FIELD_WIN_IP_STRANGERS, f->strangers, 0);
	slot_write(e, out, FIELD_WIN_IP_STRANGER_RATIO, (uint64_t)f->strangers * 1000000 / successful, 6);
	slot_write(e, out, FIELD_WIN_IP_AGE, age_ms(f, e->window_ms), 0);
}

static void
slots_user(struct event *e, struct context *out, const struct window_figures *f)
{
	slot_write(e, out, FIELD_WIN_USER_ATTEMPTS, f->attempts, 0);
	slot_write(e, out, FIELD_WIN_USER_FAILURES, f->classes[WINDOW_FAILURE], 0);
	slot_write(e, out, FIELD_WIN_USER_INTERRUPTED, f->classes[WINDOW_INTERRUPTED], 0);
	slot_write(e, out, FIELD_WIN_USER_SUCCESSES, f->classes[WINDOW_SUCCESS], 0);
	slot_write(e, out, FIELD_WIN_USER_DISTINCT_IPS, f->distinct, 0);
	slot_write(e, out, FIELD_WIN_USER_FAILED_IPS, f->failed, 0);
	slot_write(e, out, FIELD_WIN_USER_DISTINCT_ASNS, f->distinct2, 0);
	slot_write(e, out, FIELD_WIN_USER_AGE, age_ms(f, e->window_ms), 0);
}

/* ---- observing ---- */

static void
tell(struct context_window *out, const struct contexts *c, const struct window_figures *f, struct str key,
    int64_t at_ms)
{
	out->present = true;
	out->partial = f->partial;
	out->distinct_exact = f->exact;
	identity_cut(key, out->key, sizeof(out->key));
	out->window_ms = c->window_ms;
	out->attempts = f->attempts;
	out->failures = f->classes[WINDOW_FAILURE];
	out->interrupted = f->classes[WINDOW_INTERRUPTED];
	out->successes = f->classes[WINDOW_SUCCESS];
	out->distinct = f->distinct;
	out->failed = f->failed;
	out->successful = f->successful;
	out->strangers = f->strangers;
	out->stranger_ratio = (double)f->strangers / (f->successful > 0 ? f->successful : 1);
	out->distinct_asns = f->distinct2;
	out->first_ms = f->first_ms;
	out->last_ms = f->last_ms;
	out->age_ms = (int64_t)age_ms(f, at_ms);
	out->code_count = f->code_count;
	for (unsigned i = 0; i < f->code_count; i++)
		out->codes[i] = (struct context_code){f->codes[i].code, f->codes[i].count};
}

struct sign_in { /* what observing needs to know of one */
	struct str ip, user;      /* keys as text; empty = none */
	uint64_t ip_key, user_key;
	uint32_t ip_value, user_value, asn_value; /* 0 = none */
	bool count;          /* false: look only */
	struct window_update update;
};

static void
observe_ip(struct contexts *c, struct event *e, struct sign_in *s, struct context *out)
{
	struct window_answer f;
	out->ip_key = s->ip_key;
	s->update.value = s->user_value;
	s->update.value2 = 0;
	window_table_observe(c->windows, out->ip_key, c->window_ms, s->count ? &s->update : NULL, e->window_ms, &f);
	tell(&out->ip, c, &f.at, s->ip, e->window_ms);
	slots_ip(e, out, &f.best);
	if (!s->count || s->user.len == 0 || f.best.classes[WINDOW_FAILURE] < 2)
		return;
	struct name_note note = {
		.user = s->user,
		.value = s->user_value,
		.at_ms = e->window_ms,
		.hit = out->outcome == OUTCOME_SUCCESS || out->outcome == OUTCOME_INTERRUPTED,
		.forget_ms = f.best.last_ms - c->window_ms,
	};
	names_note(c->names, out->ip_key, &note);
}

static void
observe_user(struct contexts *c, struct event *e, struct sign_in *s, struct context *out)
{
	struct window_answer f;
	s->update.value = s->ip_value;
	s->update.value2 = s->asn_value;
	window_table_observe(c->windows, s->user_key, c->window_ms, s->count ? &s->update : NULL, e->window_ms, &f);
	tell(&out->user, c, &f.at, s->user, e->window_ms);
	slots_user(e, out, &f.best);
}

/* A key is a keyed hash already: half of it stands for the value in the other's window. */
static uint32_t
value_of(uint64_t key)
{
	uint32_t value = (uint32_t)(key ^ key >> 32);
	return value ? value : 1;
}

static void
observe_sign_in(struct contexts *c, struct event *e, bool count, struct context *out)
{
	char ip[IDENTITY_IP_SIZE], user[IDENTITY_USER_SIZE];
	struct str asn = str_trim(event_text(e, FIELD_ASN));
	struct sign_in s = {
		.ip = identity_ip(event_text(e, FIELD_IP_ADDRESS), ip),
		.user = identity_user(e, user),
		.count = count,
		.update = {.ts_ms = e->window_ms, .class = (enum window_class)out->outcome},
	};
	s.update.code = out->code >= 0 && out->code < WINDOW_CODE_NONE ? (uint32_t)out->code : WINDOW_CODE_NONE;
	if (s.ip.len) {
		s.ip_key = window_table_key(c->windows, KEY_IP, (struct str[]){e->tenant, s.ip}, 2);
		s.ip_value = value_of(s.ip_key);
		window_table_prefetch(c->windows, s.ip_key);
	}
	if (s.user.len) {
		s.user_key = window_table_key(c->windows, KEY_USER, (struct str[]){e->tenant, s.user}, 2);
		s.user_value = value_of(s.user_key);
		window_table_prefetch(c->windows, s.user_key);
	}
	s.asn_value = asn.len ? window_table_value(c->windows, asn) : 0;
	out->counted = count;
	out->ip_value = s.ip_value;
	out->user_value = s.user_value;
	out->asn_value = s.asn_value;
	if (s.ip.len)
		observe_ip(c, e, &s, out);
	if (s.user.len)
		observe_user(c, e, &s, out);
}

static int64_t
quiet_ms(const struct contexts_options *o, struct str category)
{
	for (size_t i = 0; i < o->quiet_count; i++)
		if (str_eq(str_of(o->quiet[i].category), category))
			return o->quiet[i].after_ms;
	return o->quiet_ms;
}

static void
name_feed(const struct contexts *c, struct lateness_feed *feed, const struct event *e, int64_t now_ms)
{
	struct lateness_name name = {
		.tenant = contexts_tenant(c->windows, e->tenant),
		.source = e->source ? e->source->identity : 0,
		.quiet_ms = quiet_ms(&c->options, e->category),
		.now_ms = now_ms,
	};
	lateness_name(feed, &name);
}

static void
check_late(struct contexts *c, struct event *e, bool repeat)
{
	struct str parts[] = {e->tenant, e->category};
	uint64_t source = e->source ? e->source->identity : 0;
	int64_t now_ms = c->options.event_clock ? clock_wall_ms() : e->received_ms;
	struct lateness_feed *feed =
	    lateness_feed(&c->lateness, window_table_key(c->windows, KEY_FEED, parts, 2) ^ source);
	if (lateness_is_nameless(&c->lateness, feed))
		name_feed(c, feed, e, now_ms);
	if (lateness_note(&c->lateness, feed, e->window_ms, now_ms)) {
		char category[64];
		identity_cut(e->category, category, sizeof(category));
		e->anomalies |= ANOMALY_LATE;
		if (!repeat)
			metrics_count(METRIC_EVENTS_LATE, category, NULL, 1);
	}
	if (atomic_fetch_add_explicit(&c->events, 1, memory_order_relaxed) % HORIZON_EVERY == 0)
		window_table_set_horizon(c->windows, lateness_horizon(&c->lateness, now_ms));
}

static void
observe(struct contexts *c, const struct outcome_table *outcomes, struct event *e, bool count, struct context *out)
{
	out->outcome = OUTCOME_OTHER;
	out->code = -1;
	out->ip.present = out->user.present = out->counted = false;
	out->named = NULL;
	out->ip_value = out->user_value = out->asn_value = 0;
	out->names.sample_count = out->names.compromised_count = 0;
	out->at_ms = e->window_ms;
	slots_clear(e);
	if (!e->is_sign_in)
		return;
	out->outcome = outcome_of(outcomes, e, &out->code);
	observe_sign_in(c, e, count, out);
}

void
context_observe(struct contexts *c, const struct outcome_table *outcomes, struct event *e, bool repeat,
    struct context *out)
{
	check_late(c, e, repeat);
	observe(c, outcomes, e, !repeat && !(e->anomalies & ANOMALY_LATE), out);
}

void
context_look(struct contexts *c, const struct outcome_table *outcomes, struct event *e, struct context *out)
{
	observe(c, outcomes, e, false, out);
}

void
context_complete(struct contexts *c, struct context *out)
{
	if (!out->ip.present)
		return;
	struct name_question question = {
		.from_ms = out->at_ms - c->window_ms,
		.to_ms = out->at_ms,
		.failures_ms = window_table_second_failure(c->windows, out->ip_key, c->window_ms, out->at_ms),
	};
	names_read(c->names, out->ip_key, &question, &out->names);
}
