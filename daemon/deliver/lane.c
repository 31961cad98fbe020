#include "deliver/lane.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "deliver/circuit.h"

enum {
	CLAIM_MAX = 32,
	EXPIRE_EVERY_MAX_MS = 60 * 1000,
	EXPIRE_EVERY_MIN_MS = 1000,
	REFUSED_AGAIN_MS = 60 * 1000, /* between the two tries of a refused message */
	REFUSED_TRIES = 2,
	STORE_AGAIN_MS = 100, /* the store was full or failed */
	SMALL_BODY_MAX = 4096, /* of an alert whose size was refused */
};

struct lane {
	/* set at start */
	struct lane_options options;
	struct request *request;
	struct timer *wake;
	metrics_series duration, states[CIRCUIT_STATES];
	/* deliver thread only */
	struct circuit circuit;
	struct claim claim;
	bool claiming;
	struct delivery *rows;    /* claimed, in order, not sent yet */
	struct delivery *current; /* on its way */
	struct delivery *settled; /* with a verdict, not taken by the store yet */
	struct buf body;
	bool probed;        /* the one in flight is a probe */
	bool overtaken;     /* news came while a claim was out */
	bool more;          /* rows may be waiting in the store */
	bool stopping;
	int64_t due_ms;     /* wall: when a waiting row is due; INT64_MAX none */
	int64_t expire_ms;  /* monotonic: when to look for rows past their age */
	/* any thread */
	atomic_int state;
};

static void pump(struct lane *l);

static void
show_state(struct lane *l)
{
	atomic_store(&l->state, (int)l->circuit.state);
	for (unsigned i = 0; i < CIRCUIT_STATES; i++)
		metrics_set(l->states[i], i == (unsigned)l->circuit.state);
}

static struct str
name_of(const struct lane *l)
{
	return str_of(l->options.target->name);
}

/* Claimed rows go back by being forgotten: in the store they are due as before. */
static void
forget_list(struct lane *l, struct delivery **rows)
{
	while (*rows) {
		struct delivery *next = (*rows)->next;
		delivery_free(*rows);
		*rows = next;
		l->more = true;
	}
}

static void
forget_rows(struct lane *l)
{
	forget_list(l, &l->rows);
}

static void
wake_in(struct lane *l, int64_t ms)
{
	timer_set(l->wake, ms > 0 ? ms : 0);
}

static void
hand_back(struct lane *l)
{
	while (l->settled) {
		struct delivery *d = l->settled, *next = d->next;
		d->next = NULL;
		if (store_settle(l->options.store, d) < 0) {
			d->next = next;
			wake_in(l, STORE_AGAIN_MS);
			return;
		}
		l->settled = next;
	}
}

static void
settle(struct lane *l, struct delivery *d, enum delivery_verdict verdict, int64_t due_ms)
{
	d->verdict = verdict;
	d->at_ms = clock_wall_ms();
	d->due_ms = due_ms;
	struct delivery **last = &l->settled;
	while (*last)
		last = &(*last)->next;
	d->next = NULL;
	*last = d;
	hand_back(l);
}

static void
bury(struct lane *l, struct delivery *d, enum dead_reason reason)
{
	d->reason = reason;
	log_err("alert given up", LOG_STR("target", name_of(l)), LOG_TEXT("reason", dead_reason_name(reason)),
	    LOG_TEXT("alert_id", d->alert), LOG_INT("status", d->status), LOG_INT("attempts", d->attempts), LOG_END);
	settle(l, d, DELIVERY_DEAD, 0);
}

static void
log_failure(const struct lane *l, const struct delivery *d, const struct answer *a)
{
	log_warn("delivery failed, will be repeated", LOG_STR("target", name_of(l)), LOG_TEXT("alert_id", d->alert),
	    LOG_INT("status", a->status), LOG_TEXT("reason", a->error), LOG_INT("attempt", d->attempts), LOG_END);
}

/* One line when a target fails, one when it works again. */
static void
log_change(const struct lane *l, bool probed, enum circuit_state before, const struct answer *a)
{
	enum circuit_state after = l->circuit.state;
	if (after == CIRCUIT_GONE && before != CIRCUIT_GONE)
		log_err("target is gone (410): reload or restart to try it again", LOG_STR("target", name_of(l)), LOG_END);
	else if (after == CIRCUIT_OPEN && before == CIRCUIT_CLOSED)
		log_err("target fails: alerts are kept, one at a time is tried", LOG_STR("target", name_of(l)),
		    LOG_INT("status", a->status), LOG_TEXT("reason", a->error), LOG_END);
	else if (after == CIRCUIT_CLOSED && probed)
		log_notice("target works again", LOG_STR("target", name_of(l)), LOG_END);
}

static void send_row(struct lane *l, struct delivery *d);

/* The message is to blame, not the target. */
static void
refused(struct lane *l, struct delivery *d, enum outcome outcome)
{
	d->refusals++;
	if (d->refusals >= REFUSED_TRIES) {
		bury(l, d, outcome == ANSWER_TOO_LARGE ? DEAD_TOO_LARGE : DEAD_REFUSED);
		return;
	}
	if (outcome == ANSWER_MESSAGE) {
		settle(l, d, DELIVERY_RETRY, clock_wall_ms() + REFUSED_AGAIN_MS);
		if (l->due_ms > d->due_ms)
			l->due_ms = clock_wall_ms() + REFUSED_AGAIN_MS;
		return;
	}
	struct buf small;
	buf_init(&small, DELIVERY_ENVELOPE_MAX);
	char *data = alert_shrink(str_make(d->data, d->data_len), SMALL_BODY_MAX, &small) == 0 ? mem_copy_str(buf_str(&small)) : NULL;
	if (data) {
		mem_free(d->data);
		d->data = data;
		d->data_len = small.len;
	}
	buf_fini(&small);
	send_row(l, d);
}

static void
count(struct lane *l, const struct answer *a)
{
	metrics_count(METRIC_DELIVERIES, l->options.target->name, outcome_name(a->outcome), 1);
	metrics_observe(l->duration, a->seconds);
}

static void
on_answer(const struct answer *a, void *ctx)
{
	struct lane *l = ctx;
	struct delivery *d = l->current;
	bool probed = l->probed;
	enum circuit_state before = probed ? CIRCUIT_OPEN : l->circuit.state;
	l->current = NULL;
	count(l, a);
	d->attempts++;
	d->status = a->status;
	if (d->first_ms == 0)
		d->first_ms = clock_wall_ms();
	snprintf(d->body, sizeof(d->body), "%s", a->status ? a->body : a->error);
	struct circuit_event event = {.outcome = a->outcome, .now_ms = clock_mono_ms(),
	    .retry_after_ms = a->retry_after_ms, .random = (double)(arc4random() >> 1) / 2147483648.0};
	bool blamed = circuit_answered(&l->circuit, l->options.target, &event);
	show_state(l);
	log_change(l, probed, before, a);
	if (blamed) {
		log_failure(l, d, a);
		forget_rows(l);
		l->more = true;
		settle(l, d, DELIVERY_RETRY, clock_wall_ms());
	} else if (a->outcome == ANSWER_ACCEPTED) {
		log_debug("alert delivered", LOG_STR("target", name_of(l)), LOG_TEXT("alert_id", d->alert),
		    LOG_INT("status", a->status), LOG_INT("attempt", d->attempts), LOG_END);
		settle(l, d, DELIVERY_DONE, 0);
	} else {
		refused(l, d, a->outcome);
	}
	pump(l);
}

static void
send_row(struct lane *l, struct delivery *d)
{
	char webhook_id[ALERT_ID_SIZE];
	delivery_webhook_id(d->alert, l->options.target->name, webhook_id);
	buf_clear(&l->body);
	struct request_message message = {.webhook_id = webhook_id, .attempt = d->attempts + 1};
	int result = delivery_envelope(d, &l->body);
	message.body = buf_str(&l->body);
	if (result == 0)
		result = webhook_post(l->options.webhook, l->request, &message, on_answer, l);
	if (result < 0) { /* no memory: later */
		delivery_free(d);
		forget_rows(l);
		l->more = true;
		l->circuit.next_ms = clock_mono_ms() + STORE_AGAIN_MS;
		wake_in(l, STORE_AGAIN_MS);
		return;
	}
	l->current = d;
	l->probed = circuit_probes(&l->circuit);
	circuit_sent(&l->circuit);
	show_state(l);
}

/* Rows past their age are looked for ten times in that age. */
static int64_t
expire_every_ms(const struct lane *l)
{
	int64_t every_ms = l->options.target->max_age_ms / 10;
	if (every_ms > EXPIRE_EVERY_MAX_MS)
		return EXPIRE_EVERY_MAX_MS;
	return every_ms < EXPIRE_EVERY_MIN_MS ? EXPIRE_EVERY_MIN_MS : every_ms;
}

static void
ask(struct lane *l, unsigned max)
{
	bool probe = circuit_probes(&l->circuit);
	bool expire = clock_mono_ms() >= l->expire_ms;
	l->claim = (struct claim){.target = l->options.index, .max = probe && max > 1 ? 1 : max,
	    .fifo = probe || l->options.target->order == ORDER_FIFO, .reply = l->options.claims,
	    .expire_before_ms = expire ? clock_wall_ms() - l->options.target->max_age_ms : 0};
	l->more = false; /* news that come from now on say so again */
	if (store_claim(l->options.store, &l->claim) < 0) {
		l->more = true;
		wake_in(l, STORE_AGAIN_MS);
		return;
	}
	l->claiming = true;
	if (expire)
		l->expire_ms = clock_mono_ms() + expire_every_ms(l);
}

/* When there is something to do again. */
static void
wake_later(struct lane *l)
{
	int64_t mono = clock_mono_ms(), ms = l->expire_ms - mono;
	bool sends = l->circuit.state == CIRCUIT_CLOSED || l->circuit.state == CIRCUIT_OPEN;
	if (sends && (l->more || l->rows) && l->circuit.next_ms - mono < ms)
		ms = l->circuit.next_ms - mono;
	if (sends && l->due_ms != INT64_MAX && l->due_ms - clock_wall_ms() < ms)
		ms = l->due_ms - clock_wall_ms();
	wake_in(l, ms);
}

/* What comes next: hand back, expire, send, claim or wait. */
static void
pump(struct lane *l)
{
	if (l->current || l->claiming)
		return;
	hand_back(l);
	if (l->settled || l->stopping)
		return;
	if (l->due_ms <= clock_wall_ms()) {
		l->due_ms = INT64_MAX;
		l->more = true;
	}
	bool may_send = circuit_may_send(&l->circuit, clock_mono_ms());
	if (may_send && l->rows) {
		struct delivery *d = l->rows;
		l->rows = d->next;
		d->next = NULL;
		send_row(l, d);
	} else if (may_send && l->more) {
		ask(l, CLAIM_MAX);
	} else if (clock_mono_ms() >= l->expire_ms) {
		bool more = l->more;
		ask(l, 0);
		l->more |= more;
	} else {
		wake_later(l);
	}
}

static void
on_wake(void *ctx)
{
	pump(ctx);
}

static void
metric_series(struct lane *l)
{
	const char *name = l->options.target->name;
	l->duration = metrics_get(METRIC_DELIVERY_DURATION, name, NULL);
	for (unsigned i = 0; i < CIRCUIT_STATES; i++)
		l->states[i] = metrics_get(METRIC_TARGET_STATE, name, circuit_state_name((enum circuit_state)i));
}

struct lane *
lane_new(const struct lane_options *options, struct fail *why)
{
	struct lane *l = mem_zero(1, sizeof(*l));
	if (!l) {
		fail_set(why, "memory", "no memory for a target");
		return NULL;
	}
	l->options = *options;
	buf_init(&l->body, DELIVERY_ENVELOPE_MAX);
	circuit_init(&l->circuit, options->target->enabled);
	l->due_ms = INT64_MAX;
	l->more = true;
	metric_series(l);
	show_state(l);
	l->request = request_new(options->target, why);
	if (!l->request)
		goto fail;
	l->wake = timer_new(options->loop, on_wake, l);
	if (l->wake)
		return l;
	fail_set(why, "memory", "no memory for a target");
fail:
	lane_free(l);
	return NULL;
}

void
lane_free(struct lane *l)
{
	if (!l)
		return;
	lane_drop(l);
	forget_rows(l);
	while (l->settled) {
		struct delivery *next = l->settled->next;
		delivery_free(l->settled);
		l->settled = next;
	}
	timer_free(l->wake);
	request_free(l->request);
	buf_fini(&l->body);
	mem_free(l);
}

void
lane_start(struct lane *l)
{
	l->expire_ms = clock_mono_ms();
	wake_in(l, 0);
}

/* A new row may go before those that are claimed. */
void
lane_news(struct lane *l)
{
	if (l->options.target->order == ORDER_PRIORITY) {
		forget_rows(l);
		l->overtaken = l->claiming;
	}
	l->more = true;
	pump(l);
}

struct lane *
lane_of(struct claim *c)
{
	return (struct lane *)(void *)((char *)c - offsetof(struct lane, claim));
}

void
lane_claimed(struct lane *l)
{
	struct claim *c = &l->claim;
	l->claiming = false;
	l->rows = c->rows;
	c->rows = NULL;
	if (l->overtaken && l->rows) /* the first goes, or a steady stream would let none go */
		forget_list(l, &l->rows->next);
	l->overtaken = false;
	if (c->expired > 0) {
		log_err("alerts past their age given up", LOG_STR("target", name_of(l)), LOG_INT("alerts", c->expired), LOG_END);
		l->expire_ms = clock_mono_ms(); /* there may be more */
	}
	if (c->failed) {
		l->more = true;
		wake_in(l, STORE_AGAIN_MS);
		return;
	}
	if (c->max > 0 && l->rows)
		l->more = true;
	else if (c->max > 0)
		l->due_ms = c->next_due_ms;
	if (l->stopping)
		forget_rows(l);
	pump(l);
}

void
lane_stop(struct lane *l)
{
	l->stopping = true;
	forget_rows(l);
	pump(l);
}

bool
lane_idle(const struct lane *l)
{
	return !l->current && !l->claiming && !l->settled;
}

bool
lane_claims(const struct lane *l)
{
	return l->claiming;
}

void
lane_drop(struct lane *l)
{
	if (!l->current)
		return;
	webhook_drop(l->options.webhook, l->request);
	delivery_free(l->current);
	l->current = NULL;
}

const char *
lane_state(const struct lane *l)
{
	return circuit_state_name((enum circuit_state)atomic_load(&l->state));
}
