#include "detect/group_judge.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "detect/figure.h"
#include "detect/tuning.h"

enum { WAITING_MAX = 64 }; /* checks of a group for absence */

struct seen_window { /* what a judgement saw */
	int64_t newest_ms; /* of the group */
	bool before, after, partial;
	double value;
	unsigned events;
};

struct waiter { /* the group that waits */
	const struct rule *rule;
	uint64_t key;
	const struct str *values;
};

/* ---- marks, evidence, the burst ---- */

static int
mark_add(struct correlator_marks *marks, const struct correlator_mark *mark)
{
	if (marks->len == marks->cap) {
		unsigned cap = marks->cap ? marks->cap * 2 : 8;
		struct correlator_mark *items = mem_resize(marks->items, cap, sizeof(*items));
		if (!items)
			return -1;
		marks->items = items;
		marks->cap = cap;
	}
	marks->items[marks->len++] = *mark;
	return 0;
}

/* A burst that began with an alert that tuning suppresses alerts again when an event comes that it does not. */
static bool
is_muted(const struct group_step *s, const struct rule *rule)
{
	return s->in->tuning && tuning_suppresses(s->in->tuning, s->in->event, rule);
}

/* Locked: does a burst begin or go on? */
static void
answer(const struct group_step *s, const struct burst_question *q, const struct seen_window *w, struct verdict *out)
{
	struct correlator_mark mark;
	struct correlator *c = s->c;
	bool was_hot = burst_is_hot(c->bursts, q->key);
	out->answer = burst_judge(c->bursts, q, &mark.burst);
	out->value = w->value;
	out->events = w->events;
	out->partial = w->partial;
	out->held_back = 0;
	out->storm_begins = false;
	if (out->answer != BURST_QUIET && mark_add(s->in->marks, &mark) < 0) {
		burst_undo(c->bursts, &mark.burst);
		*s->failed = true; /* the event comes again, and fires then */
		out->answer = BURST_QUIET;
	}
	bool goes_on = was_hot && out->answer != BURST_TRIGGER;
	int64_t forget_ms = goes_on ? INT64_MIN : q->at_ms - q->span_ms;
	if (out->answer != BURST_QUIET) {
		struct evidence_question question = {q->key, forget_ms, evidence_of(s->current)};
		out->evidence_count = evidence_read(c->evidence, &question, out->list);
	}
	if (q->counted && w->events >= 2)
		evidence_note(c->evidence, q->key, evidence_of(s->current), forget_ms);
}

/* ---- counts of events and of values: sliding windows of the table ---- */

static bool
range_holds(double value, const void *ctx)
{
	return correlation_holds(ctx, value);
}

static bool
any_event(double value, const void *ctx)
{
	(void)ctx;
	return value >= 1;
}

static void
judge_count(const struct group_step *s, const struct subject *subject, uint64_t key, struct seen_window *w)
{
	const struct correlation *correlation = subject->rule->correlation;
	int64_t at_ms = s->in->event->window_ms;
	struct window_update update = {.ts_ms = at_ms, .value = subject->value, .code = WINDOW_CODE_NONE};
	struct window_probe probe = {at_ms, false, any_event, NULL};
	struct window_verdict v;
	if (correlation) {
		probe.distinct = correlation->type == CORRELATION_VALUE_COUNT;
		probe.holds = range_holds;
		probe.ctx = &correlation->range;
	}
	window_table_probe(s->c->windows, key, subject->span_ms, subject->again ? NULL : &update, &probe, &v);
	*w = (struct seen_window){v.newest_ms, v.before, v.after, v.partial || !v.exact, v.value, v.events};
}

/* ---- all else: hits ---- */

static void
insert_hit(const struct group_step *s, const struct subject *subject, struct hits *h)
{
	struct hit hit = {
		.ts_ms = s->in->event->window_ms,
		.value = subject->number,
		.event = subject->value,
		.stage = subject->stage,
	};
	hits_insert(h, &hit, subject->span_ms + s->c->lateness_ms);
}

static void
judge_hits(const struct group_step *s, const struct subject *subject, uint64_t key, struct seen_window *w)
{
	const struct correlation *correlation = subject->rule->correlation;
	int64_t at_ms = s->in->event->window_ms;
	struct hits h MEM_UNSET;
	struct figure before, after;
	hits_load(s->c->hits, key, &h);
	figure_any_window(correlation, &h, at_ms, &before);
	after = before;
	if (!subject->again) {
		insert_hit(s, subject, &h);
		hits_store(s->c->hits, key, &h);
		figure_any_window(correlation, &h, at_ms, &after);
	}
	*w = (struct seen_window){
		.newest_ms = h.n ? h.items[h.n - 1].ts_ms : at_ms,
		.before = before.holds,
		.after = after.holds,
		.partial = after.end_ms - subject->span_ms < h.blind_ms,
		.value = after.value,
		.events = after.events,
	};
}

/* ---- what has to wait ---- */

/* The hit at that index gets a check, with the event at hand as its record. Due when nothing comes any more that
 * belongs to what is over by end_ms; INT64_MAX: only the clock tells. */
static void
park(const struct group_step *s, const struct waiter *w, struct hits *h, unsigned at, int64_t end_ms)
{
	const struct correlator_input *in = s->in;
	int64_t later_ms = end_ms > in->now_ms && end_ms < INT64_MAX ? end_ms : in->now_ms;
	struct parked_check check = {
		.record = {
			.end_ms = end_ms,
			.due_ms = later_ms + s->c->grace_ms + 1,
			.at_ms = h->items[at].ts_ms,
			.received_ms = in->event->received_ms,
			.key = w->key,
			.definition = w->rule->definition,
			.tenant_key = contexts_tenant(s->c->windows, in->event->tenant),
			.origin = in->origin,
			.place = in->place,
			.serial = in->event->serial,
			.value_count = w->rule->correlation->group_count,
		},
		.raw = in->event->raw,
		.tenant = in->event->tenant,
	};
	snprintf(check.record.rule, sizeof(check.record.rule), "%s", w->rule->id);
	for (unsigned i = 0; i < check.record.value_count; i++)
		check.values[i] = w->values[i];
	bool full = w->rule->correlation->when == CORRELATION_ABSENCE && h->waiting >= WAITING_MAX;
	if (!full && parked_add(s->c->parked, &check) == 0)
		hits_await(h, at);
	else
		metrics_count(METRIC_RULE_ERRORS, w->rule->id, "checks_full", 1);
}

/* The matches at or after this one that end a window with it in which all that is wanted is there. */
static void
wait_for_absent(const struct group_step *s, const struct subject *subject, const struct waiter *w, struct hits *h)
{
	const struct correlation *c = w->rule->correlation;
	int64_t at_ms = s->in->event->window_ms;
	if (c->absent >> subject->stage & 1)
		return;
	for (unsigned i = hits_after(h, at_ms - 1); i < h->n && h->items[i].ts_ms <= at_ms + c->timespan_ms; i++) {
		int64_t end_ms = h->items[i].ts_ms;
		struct figure known;
		if (c->absent >> h->items[i].stage & 1 || hits_is_checked(h, i))
			continue;
		figure_window(c, h, end_ms - c->timespan_ms, end_ms, &known);
		if (known.holds) /* else something wanted is not there yet, or what must be absent is, and stays */
			park(s, w, h, i, end_ms);
	}
}

/* Windows lie one behind the other: each begins with the first hit behind the one before. The first of them that is not
 * yet decided and that begins at or after from_ms; h->n when there is none. */
static unsigned
first_window(const struct correlation *c, const struct hits *h, int64_t from_ms)
{
	unsigned at = hits_after(h, h->closed_ms);
	while (at < h->n && h->items[at].ts_ms < from_ms)
		at = hits_after(h, h->items[at].ts_ms + c->timespan_ms);
	return at;
}

static void
wait_for_end(const struct group_step *s, const struct subject *subject, const struct waiter *w)
{
	const struct correlation *c = w->rule->correlation;
	int64_t at_ms = s->in->event->window_ms;
	struct hits h MEM_UNSET;
	if (subject->again)
		return;
	hits_load(s->c->hits, w->key, &h);
	insert_hit(s, subject, &h);
	unsigned at = hits_after(&h, at_ms - 1);
	bool begins = c->when == CORRELATION_ON_SILENCE || first_window(c, &h, at_ms) == at;
	if (c->when == CORRELATION_ABSENCE)
		wait_for_absent(s, subject, w, &h);
	else if (begins && at < h.n && h.items[at].ts_ms == at_ms && !hits_is_checked(&h, at))
		park(s, w, &h, at, at_ms + c->timespan_ms);
	hits_store(s->c->hits, w->key, &h);
}

void
group_judge(const struct group_step *s, const struct subject *subject, uint64_t key, const struct str *values,
    struct verdict *out)
{
	const struct correlation *c = subject->rule->correlation;
	int64_t at_ms = s->in->event->window_ms;
	struct seen_window w;
	out->answer = BURST_QUIET;
	out->begin_ms = 0;
	burst_lock(s->c->bursts, key);
	if (c && c->when != CORRELATION_ON_ARRIVAL) {
		struct waiter waiter = {subject->rule, key, values};
		wait_for_end(s, subject, &waiter);
	} else {
		if (!c || c->type == CORRELATION_EVENT_COUNT || c->type == CORRELATION_VALUE_COUNT)
			judge_count(s, subject, key, &w);
		else
			judge_hits(s, subject, key, &w);
		struct burst_question q = {
			.key = key,
			.event = s->event_hash,
			.at_ms = at_ms,
			.span_ms = subject->span_ms,
			.newest_ms = w.newest_ms,
			.counted = !subject->again,
			.before = w.before,
			.after = w.after,
			.by_time = c && c->type >= CORRELATION_VALUE_SUM,
			.muted = is_muted(s, subject->rule),
		};
		answer(s, &q, &w, out);
	}
	burst_unlock(s->c->bursts, key);
}

/* ---- when its time has come ---- */

struct window { /* that a check is about */
	int64_t begin_ms, end_ms;
};

static struct window
window_of(const struct correlation *c, int64_t at_ms)
{
	switch (c->when) {
	case CORRELATION_AT_END:
		return (struct window){at_ms, at_ms + c->timespan_ms};
	case CORRELATION_ON_SILENCE:
		return (struct window){at_ms + 1, at_ms + c->timespan_ms};
	case CORRELATION_ABSENCE:
	case CORRELATION_ON_ARRIVAL:
		break;
	}
	return (struct window){at_ms - c->timespan_ms, at_ms};
}

/* What is not known to be absent: the group was forgotten in between, or the daemon began later. */
static bool
is_unknown(const struct rule *rule, const struct hits *h, const struct window *span)
{
	if (span->begin_ms >= h->blind_ms)
		return false;
	if (!rule->alert_on_unknown)
		metrics_count(METRIC_RULE_ERRORS, rule->id, "absence_unknown", 1);
	return true;
}

/* Does a burst go on: did a window that touches this one meet the condition, too? */
static bool
goes_on(const struct correlation *c, const struct hits *h, const struct window *span)
{
	switch (c->when) {
	case CORRELATION_AT_END:
		return h->held_ms != INT64_MIN && h->held_ms >= span->begin_ms - c->timespan_ms;
	case CORRELATION_ABSENCE:
		return hits_held(h, span->begin_ms, span->end_ms + c->timespan_ms);
	case CORRELATION_ON_SILENCE: /* the match at its begin ended the silence before it */
	case CORRELATION_ON_ARRIVAL:
		break;
	}
	return false;
}

/* The burst of what is missing; alerts that nobody hears anyway, and rules that only feed others, make no storm. */
static void
answer_missing(const struct group_step *s, const struct rule *rule, struct burst_question *q, const struct seen_window *w,
    struct verdict *out)
{
	const struct storm_limit *limit = &s->c->storms;
	struct storm storm = storm_of(limit, rule, s->in->event->tenant, q->at_ms);
	bool tuned = is_muted(s, rule);
	q->muted = tuned || storm_is_full(limit, &storm);
	answer(s, q, w, out);
	if (out->answer != BURST_QUIET && !tuned && !rule->silent)
		out->held_back = storm_count(limit, &storm, &out->storm_begins);
}

/* Windows that a late match moved are decided with the record of an earlier one's: the begin tells them apart. */
static int64_t
begin_of(const struct group_step *s, const struct correlation *c, const struct window *span)
{
	return c->when == CORRELATION_AT_END && s->in->event->window_ms != span->begin_ms ? span->begin_ms : 0;
}

/* True when the condition holds. */
static bool
decide_window(const struct group_step *s, const struct waiter *waiter, const struct window *span, struct hits *h,
    struct verdict *out)
{
	const struct rule *rule = waiter->rule;
	const struct correlation *c = rule->correlation;
	struct figure figure;
	bool before = goes_on(c, h, span);
	figure_window(c, h, span->begin_ms, span->end_ms, &figure);
	if (c->when == CORRELATION_ON_SILENCE)
		figure.holds = figure.events == 0;
	if (c->when == CORRELATION_AT_END)
		h->closed_ms = span->end_ms;
	h->held_ms = INT64_MIN;
	if (!figure.holds)
		return false;
	h->held_ms = span->end_ms;
	bool unknown = is_unknown(rule, h, span);
	if (unknown && !rule->alert_on_unknown)
		return false;
	struct seen_window w = {span->end_ms, before, true, unknown, figure.value, figure.events};
	out->begin_ms = begin_of(s, c, span);
	struct burst_question q = {
		.key = waiter->key,
		.event = s->event_hash,
		.at_ms = span->end_ms,
		.span_ms = c->timespan_ms,
		.newest_ms = span->end_ms,
		.counted = true,
		.before = before,
		.after = true,
	};
	answer_missing(s, rule, &q, &w, out);
	return true;
}

/* Windows are decided in their order: when a match that came late began one before this, which has its own time, this one
 * waits on; only by the clock when its feeds have passed it already and the other knows none. */
static bool
has_to_wait(const struct group_step *s, const struct waiter *w, struct hits *h, const struct parked_record *r)
{
	unsigned at = hits_after(h, r->at_ms - 1), first = 0;
	while (first < at && !h->items[first].waits)
		first++;
	if (first >= at || at == h->n || h->items[at].ts_ms != r->at_ms)
		return false;
	hits_waited(h, r->at_ms, false);
	park(s, w, h, at, s->in->now_ms < r->due_ms ? INT64_MAX : r->end_ms);
	return true;
}

/* A match that came late may have moved the windows behind it: the first of those that are left gets its check. */
static void
pass_on(const struct group_step *s, const struct waiter *w, struct hits *h)
{
	unsigned next = hits_after(h, h->closed_ms);
	if (next < h->n && !hits_is_checked(h, next))
		park(s, w, h, next, h->items[next].ts_ms + w->rule->correlation->timespan_ms);
}

/* A window of those that lie one behind the other. */
static void
decide_in_order(const struct group_step *s, const struct waiter *w, const struct parked_record *r, struct hits *h,
    struct verdict *out)
{
	struct window span = window_of(w->rule->correlation, r->at_ms);
	bool held = false;
	if (has_to_wait(s, w, h, r))
		return;
	if (r->at_ms > h->closed_ms)
		held = decide_window(s, w, &span, h, out);
	pass_on(s, w, h);
	hits_waited(h, r->at_ms, held);
}

void
group_decide(const struct group_step *s, const struct rule *rule, const struct parked_check *check, struct verdict *out)
{
	const struct correlation *c = rule->correlation;
	const struct parked_record *r = &check->record;
	struct hits h MEM_UNSET;
	out->answer = BURST_QUIET;
	out->begin_ms = 0;
	burst_lock(s->c->bursts, r->key);
	hits_load(s->c->hits, r->key, &h);
	struct waiter waiter = {rule, r->key, check->values};
	if (c->when == CORRELATION_AT_END) {
		decide_in_order(s, &waiter, r, &h, out);
	} else {
		struct window span = window_of(c, r->at_ms);
		hits_waited(&h, r->at_ms, decide_window(s, &waiter, &span, &h, out));
	}
	hits_store(s->c->hits, r->key, &h);
	burst_unlock(s->c->bursts, r->key);
}

void
group_forget(struct correlator *c, const struct parked_check *check)
{
	struct hits h MEM_UNSET;
	burst_lock(c->bursts, check->record.key);
	hits_load(c->hits, check->record.key, &h);
	if (h.waiting > 0) { /* else the group was forgotten meanwhile */
		hits_waited(&h, check->record.at_ms, false);
		hits_store(c->hits, check->record.key, &h);
	}
	burst_unlock(c->bursts, check->record.key);
}
