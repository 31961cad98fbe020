#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/alerts.h"
#include "store/db.h"
#include "store/group.h"
#include "store/outbox.h"
#include "store/upkeep.h"

enum { CLAIMS_MAX = 4 * OUTBOX_TARGETS_MAX, SETTLED_MAX = 4096, AGAIN_MS = 200, REPLY_MS = 5 };

struct store {
	/* set at start */
	struct store_options options;
	struct sink sink;
	struct loop *loop;
	struct mailbox *batches, *claims, *settled;
	struct timer *commit, *reply;
	struct group_tables tables;
	struct upkeep *upkeep;
	metrics_series commit_duration, detection_latency;
	bool running;
	/* store thread only */
	struct group group;
	struct batch *unanswered; /* settled, but the owner's box was full */
	/* any thread */
	atomic_uint in_flight; /* batches taken and not answered yet */
	atomic_bool stopping;
	atomic_uint news;
	pthread_mutex_t watch_mu;
	struct mailbox *watch; /* guarded by watch_mu */
};

/* Back to the owner; -1 when its box is full. */
static int
answer(struct store *s, struct batch *b, enum batch_result result)
{
	b->result = result;
	b->next = NULL;
	if (mailbox_post(b->reply, b) < 0)
		return -1;
	atomic_fetch_sub(&s->in_flight, 1);
	return 0;
}

static void
keep_unanswered(struct store *s, struct batch *b)
{
	b->next = s->unanswered;
	s->unanswered = b;
	timer_set(s->reply, REPLY_MS);
}

static void
on_reply(void *ctx)
{
	struct store *s = ctx;
	struct batch *list = s->unanswered;
	s->unanswered = NULL;
	while (list) {
		struct batch *b = list;
		list = b->next;
		if (answer(s, b, b->result) < 0)
			keep_unanswered(s, b);
	}
}

static void
answer_batches(struct store *s, enum batch_result result)
{
	int64_t now = clock_wall_ms();
	struct batch *list = s->group.batches;
	s->group.batches = NULL;
	s->group.batches_end = &s->group.batches;
	s->group.alerts = 0;
	while (list) {
		struct batch *b = list;
		list = b->next;
		if (result == BATCH_DONE && now >= b->received_ms)
			metrics_observe(s->detection_latency, (double)(now - b->received_ms) / 1000.0);
		if (answer(s, b, result) < 0)
			keep_unanswered(s, b);
	}
}

/* Rows whose verdict is not written yet are not offered again. */
static void
fill_claim(struct store *s, struct claim *c)
{
	struct fail why;
	const struct group *g = &s->group;
	struct outbox_query query = {.target = c->target, .max = c->max, .fifo = c->fifo, .now_ms = clock_wall_ms()};
	if (c->max > 0)
		query.max += g->settled_len;
	if (outbox_claim(s->tables.outbox, &query, &c->rows, &c->next_due_ms, &why) < 0) {
		c->failed = true;
		metrics_count(METRIC_STORAGE_ERRORS, "claim", db_error_name(s->tables.db), 1);
		return;
	}
	unsigned hidden = group_hide_settled(g, &c->rows);
	if (hidden > 0 && !c->rows)
		c->next_due_ms = query.now_ms + s->options.state->commit_interval_ms;
	struct delivery **at = &c->rows;
	for (unsigned n = 0; n < c->max && *at; n++)
		at = &(*at)->next;
	while (*at) {
		struct delivery *next = (*at)->next;
		delivery_free(*at);
		*at = next;
	}
}

/* The asker keeps room in its box for each claim that it has out. */
static void
answer_claim(struct store *s, struct claim *c, bool failed)
{
	c->failed = failed;
	c->rows = NULL;
	c->next_due_ms = INT64_MAX;
	if (!failed)
		fill_claim(s, c);
	if (mailbox_post(c->reply, c) < 0)
		metrics_count(METRIC_LOST, "claim", NULL, 1);
}

static void
answer_claims(struct store *s, bool failed)
{
	struct claim *list = s->group.claims;
	s->group.claims = NULL;
	s->group.claims_end = &s->group.claims;
	while (list) {
		struct claim *c = list;
		list = c->next;
		answer_claim(s, c, failed);
	}
}

static void
tell_watcher(struct store *s, uint32_t fresh)
{
	if (fresh == 0)
		return;
	atomic_fetch_or(&s->news, fresh);
	pthread_mutex_lock(&s->watch_mu);
	if (s->watch)
		(void)!mailbox_post(s->watch, s);
	pthread_mutex_unlock(&s->watch_mu);
}

static void
count_added(struct store *s)
{
	for (size_t i = 0; i < s->group.added_len; i++) {
		const struct alert *a = s->group.added[i];
		metrics_count(METRIC_ALERTS, alert_rule_id(a), alert_kind(a), 1);
		if (alert_suppression(a))
			metrics_count(METRIC_ALERTS_SUPPRESSED, alert_rule_id(a), alert_suppression(a), 1);
	}
}

static void
commit_writes(struct store *s)
{
	struct fail why;
	uint32_t fresh = 0;
	int64_t begin_us = clock_mono_us();
	int result = group_commit(&s->group, &s->tables, clock_wall_ms(), &fresh, &why);
	metrics_observe(s->commit_duration, (double)(clock_mono_us() - begin_us) / 1e6);
	upkeep_note(s->upkeep, result == 0);
	if (result < 0) {
		metrics_count(METRIC_STORAGE_ERRORS, "commit", db_error_name(s->tables.db), 1);
		answer_batches(s, BATCH_FAILED);
		answer_claims(s, true);
		/* What was delivered stays delivered: it is written with the next group. */
		s->group.writes = s->group.settled != NULL;
		if (s->group.settled)
			timer_set(s->commit, AGAIN_MS);
		return;
	}
	count_added(s);
	group_drop_settled(&s->group);
	s->group.writes = false;
	answer_batches(s, BATCH_DONE);
	answer_claims(s, false);
	tell_watcher(s, fresh);
}

static void
commit(struct store *s)
{
	timer_cancel(s->commit);
	if (s->group.writes)
		commit_writes(s);
}

static void
on_commit(void *ctx)
{
	commit(ctx);
}

static void
commit_soon(struct store *s)
{
	if (s->group.alerts >= s->options.state->commit_alerts)
		commit(s);
	else if (!timer_is_set(s->commit))
		timer_set(s->commit, s->options.state->commit_interval_ms);
}

static void
on_batch(void *message, void *ctx)
{
	struct store *s = ctx;
	group_add_batch(&s->group, message);
	commit_soon(s);
}

static void
on_settled(void *message, void *ctx)
{
	struct store *s = ctx;
	group_add_settled(&s->group, message);
	commit_soon(s);
}

/* Whatever was settled before the claim was posted is in its box by now. */
static void
on_claim(void *message, void *ctx)
{
	struct store *s = ctx;
	struct delivery *d;
	while ((d = mailbox_take(s->settled)))
		on_settled(d, s);
	struct claim *c = message;
	if (c->expire_before_ms > 0) {
		group_add_claim(&s->group, c);
		commit_soon(s);
	} else {
		/* A disk that takes no verdicts must not fill the memory with them. */
		answer_claim(s, c, s->group.settled_len >= SETTLED_MAX);
	}
}

static enum sink_result
append(struct sink *sink, struct batch *b)
{
	struct store *s = sink->ctx;
	if (b->alert_count == 0) {
		b->result = BATCH_DONE;
		return SINK_SETTLED;
	}
	if (atomic_load(&s->stopping))
		return SINK_REFUSED;
	if (atomic_fetch_add(&s->in_flight, 1) >= STORE_BATCHES_MAX || mailbox_post(s->batches, b) < 0) {
		atomic_fetch_sub(&s->in_flight, 1);
		return SINK_REFUSED;
	}
	return SINK_TAKEN;
}

static int
open_tables(struct store *s, struct fail *why)
{
	s->tables.db = db_open(s->options.state->dir, s->options.state->fsync, why);
	if (!s->tables.db)
		return -1;
	s->tables.alerts = alerts_new(s->tables.db, why);
	if (!s->tables.alerts)
		return -1;
	s->tables.outbox = outbox_new(s->tables.db, s->options.targets, (unsigned)s->options.target_count, why);
	return s->tables.outbox ? 0 : -1;
}

struct store *
store_new(const struct store_options *options, struct fail *why)
{
	struct store *s = mem_zero(1, sizeof(*s));
	if (!s) {
		fail_set(why, "memory", "no memory for the store");
		return NULL;
	}
	s->options = *options;
	s->sink = (struct sink){.append = append, .ctx = s};
	group_init(&s->group);
	pthread_mutex_init(&s->watch_mu, NULL);
	s->commit_duration = metrics_get(METRIC_COMMIT_DURATION, NULL, NULL);
	s->detection_latency = metrics_get(METRIC_DETECTION_LATENCY, NULL, NULL);
	if (open_tables(s, why) < 0)
		goto fail;
	s->loop = loop_new("store");
	if (s->loop) {
		s->batches = mailbox_new(s->loop, STORE_BATCHES_MAX, on_batch, s);
		s->settled = mailbox_new(s->loop, SETTLED_MAX, on_settled, s);
		s->claims = mailbox_new(s->loop, CLAIMS_MAX, on_claim, s);
		s->commit = timer_new(s->loop, on_commit, s);
		s->reply = timer_new(s->loop, on_reply, s);
		s->upkeep = upkeep_new(s->loop, &s->tables, options->state);
	}
	if (s->batches && s->settled && s->claims && s->commit && s->reply && s->upkeep)
		return s;
	fail_set(why, "memory", "no memory or descriptors for the store");
fail:
	store_free(s);
	return NULL;
}

void
store_free(struct store *s)
{
	if (!s)
		return;
	upkeep_free(s->upkeep);
	timer_free(s->commit);
	timer_free(s->reply);
	mailbox_free(s->batches);
	mailbox_free(s->settled);
	mailbox_free(s->claims);
	group_fini(&s->group);
	if (s->loop)
		loop_free(s->loop);
	outbox_free(s->tables.outbox);
	alerts_free(s->tables.alerts);
	db_close(s->tables.db);
	pthread_mutex_destroy(&s->watch_mu);
	mem_free(s);
}

int
store_recall(struct store *s, struct incidents *incidents, struct fail *why)
{
	return alerts_recall(s->tables.alerts, incidents, clock_wall_ms(), why);
}

int
store_start(struct store *s, struct fail *why)
{
	if (loop_start(s->loop, why) < 0)
		return -1;
	s->running = true;
	return 0;
}

/* The thread has ended: what is in the boxes is committed here, on the stopper's. */
void
store_stop(struct store *s)
{
	atomic_store(&s->stopping, true);
	if (s->running)
		loop_stop(s->loop);
	s->running = false;
	void *message;
	while ((message = mailbox_take(s->batches)))
		group_add_batch(&s->group, message);
	while ((message = mailbox_take(s->settled)))
		group_add_settled(&s->group, message);
	while ((message = mailbox_take(s->claims)))
		group_add_claim(&s->group, message);
	commit(s);
	on_reply(s);
}

struct loop *
store_loop(struct store *s)
{
	return s->loop;
}

struct sink *
store_sink(struct store *s)
{
	return &s->sink;
}

static bool
outbox_is_full(const struct store *s)
{
	for (unsigned i = 0; i < s->options.target_count; i++) {
		const struct target_config *t = &s->options.targets[i];
		if (t->required && t->enabled && t->queue_max_alerts > 0 &&
		    (uint64_t)store_outbox_len(s, i) * 10 >= (uint64_t)t->queue_max_alerts * 9)
			return true;
	}
	return false;
}

enum store_pressure
store_pressure(const struct store *s)
{
	if (atomic_load(&s->stopping))
		return STORE_STOPPING;
	if (!upkeep_disk_ok(s->upkeep))
		return STORE_DISK_LOW;
	if (outbox_is_full(s))
		return STORE_OUTBOX_FULL;
	return atomic_load(&s->in_flight) * 10 > STORE_BATCHES_MAX * 8 ? STORE_BUSY : STORE_OK;
}

const char *
store_pressure_name(enum store_pressure p)
{
	static const char *const names[] = {
	    [STORE_OK] = "ok", [STORE_BUSY] = "queue", [STORE_OUTBOX_FULL] = "outbox", [STORE_DISK_LOW] = "disk",
	    [STORE_STOPPING] = "stopping"};
	return (unsigned)p < sizeof(names) / sizeof(names[0]) ? names[p] : "unknown";
}

bool
store_ready(const struct store *s)
{
	return !atomic_load(&s->stopping) && upkeep_disk_ok(s->upkeep) && upkeep_writable(s->upkeep);
}

uint32_t
store_outbox_len(const struct store *s, unsigned target)
{
	return outbox_len(s->tables.outbox, target);
}

int
store_claim(struct store *s, struct claim *c)
{
	return mailbox_post(s->claims, c);
}

int
store_settle(struct store *s, struct delivery *d)
{
	return mailbox_post(s->settled, d);
}

void
store_watch(struct store *s, struct mailbox *news)
{
	pthread_mutex_lock(&s->watch_mu);
	s->watch = news;
	pthread_mutex_unlock(&s->watch_mu);
}

uint32_t
store_take_news(struct store *s)
{
	return atomic_exchange(&s->news, 0);
}
