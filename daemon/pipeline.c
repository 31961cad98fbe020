#include "pipeline_priv.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "event/tally.h"
#include "feed.h"
#include "raise.h"

static void
advise(struct pipeline *p, const struct batch *b, const struct event *e)
{
	if (b->serial)
		return; /* that no schema knows them was asked for */
	enum advice advice = advisor_see(p->shared->advisor, e);
	if (advice == ADVICE_UNKNOWN_SHAPE)
		log_warn("events of no known shape arrive; picketd --decode FILE shows what is read from them",
		    LOG_TEXT("listener", b->listener), LOG_END);
	else if (advice == ADVICE_RISK_HIDDEN)
		log_warn("tenant's risk fields are always hidden (no Entra ID P2): risk terms cannot match",
		    LOG_STR("tenant", e->tenant), LOG_END);
}

/* Step 7: what tuning makes false is false before anything counts the match. */
static unsigned
tune(const struct kit *kit, const struct event *e, const struct match **matches, unsigned count)
{
	struct tuning_effect effect;
	unsigned kept = 0;
	if (!kit->tuned)
		return count;
	for (unsigned i = 0; i < count; i++) {
		const struct match *match = &(*matches)[i];
		if (!tuning_apply(kit->policy->tuning, kit->matcher, e, match->rule, &effect))
			kit->tuned[kept++] = *match;
		else
			kept += matcher_judge(kit->matcher, e, match->rule, &effect.off, &kit->tuned[kept]);
	}
	*matches = kit->tuned;
	return kept;
}

/* Steps 3 to 9: one event. */
static void
judge(struct event *e, void *ctx)
{
	struct batch *b = ctx;
	struct feed *f = b->pipeline_state;
	struct pipeline *p = f->pipeline;
	const struct pipeline_shared *s = p->shared;
	struct policy *policy = f->kit->policy;
	b->records++;
	b->accepted++;
	b->timeless += !e->has_time;
	if (s->event_clock && e->event_ms > clock_wall_ms())
		clock_set(e->event_ms);
	b->disordered += s->event_clock && e->event_ms < clock_wall_ms() - s->config->windows.grace_ms;
	bool repeat = seen_check(s->seen, e->tenant, e->id, e->received_ms);
	if (repeat) {
		b->duplicates++;
		metrics_count(METRIC_EVENTS_DUPLICATE, NULL, NULL, 1);
	}
	context_observe(s->contexts, policy->outcomes, e, repeat, &p->context);
	travel_observe(s->travels, e, p->context.outcome == OUTCOME_SUCCESS, !repeat, &p->travel);
	named_observe(f->kit->named, s->contexts, f->kit->matcher, e, &p->context);
	tally_event(p->tally, b->listener, e);
	advise(p, b, e);
	if (s->witness)
		s->witness(e, f->kit, s->witness_ctx);
	const struct match *matches;
	unsigned count = matcher_run(f->kit->matcher, e, &matches);
	if (count)
		count = tune(f->kit, e, &matches, count);
	if (!count)
		return;
	for (unsigned i = 0; i < count; i++)
		metrics_add(f->kit->rule_matches[matches[i].rule->index], 1);
	struct raise raise = {s, &p->context, b, f};
	struct correlator_input found = {
	    .index = policy->correlations,
	    .tuning = policy->tuning,
	    .event = e,
	    .matches = matches,
	    .count = count,
	    .context = &p->context,
	    .repeat = repeat,
	    .marks = &f->marks,
	    .origin = f->origin.source ? f->origin.source->identity : 0,
	    .place = b->place,
	    .now_ms = clock_wall_ms(),
	};
	if (correlator_step(s->correlator, &found, raise_alert, &raise) < 0)
		f->failed = true;
}

static void
reject(const char *code, struct str pointer, struct str detail, void *ctx)
{
	struct batch *b = ctx;
	batch_reject(b, b->records++, code, pointer, detail);
	metrics_count(METRIC_EVENTS_REJECTED, b->listener, code, 1);
}

bool
pipeline_is_crowded(const struct pipeline_shared *s)
{
	return s->all_alert_bytes && atomic_load_explicit(s->alert_bytes, memory_order_relaxed) >= s->all_alert_bytes;
}

static enum feed_result
verdict_on(const struct batch *b)
{
	const struct feed *f = b->pipeline_state;
	const struct pipeline_shared *s = f->pipeline->shared;
	if (b->records >= b->max_records)
		return FEED_TOO_MANY;
	/* What nobody repeats is never cut short: its source stops reading instead. A batch without alerts goes on. */
	if (b->insist || !f->alert_bytes)
		return FEED_OK;
	if (s->batch_alert_bytes && f->alert_bytes >= s->batch_alert_bytes)
		return FEED_TOO_MANY_ALERTS;
	uint64_t all = atomic_load_explicit(s->alert_bytes, memory_order_relaxed);
	return s->all_alert_bytes && all / 2 >= s->all_alert_bytes ? FEED_BUSY : FEED_OK;
}

static bool
is_full(void *ctx)
{
	const struct batch *b = ctx;
	struct feed *f = b->pipeline_state;
	f->verdict = (int)verdict_on(b);
	return f->verdict != FEED_OK;
}

int
pipeline_begin(struct pipeline *p, struct batch *b)
{
	struct feed *f = p->spare;
	if (f)
		p->spare = f->next;
	else
		f = feed_new(p->shared->config);
	if (!f)
		return -1;
	f->next = NULL;
	f->pipeline = p;
	f->kit = kit_ref(p->kit);
	f->origin = (struct decoder_origin){policy_source(f->kit->policy, b->source), b->tenant, b->received_ms, b->serial};
	f->ops = (struct feed_ops){judge, reject, is_full, b};
	b->pipeline_state = f;
	b->reply = p->reply;
	return 0;
}

/* Steps 1 and 2, splitting and decoding, are the feed's; it calls judge and reject. */
enum feed_result
pipeline_feed(struct pipeline *p, struct batch *b, struct str piece)
{
	struct feed *f = b->pipeline_state;
	(void)p;
	feed_split(f, piece);
	return f->full ? (enum feed_result)f->verdict : FEED_OK;
}

enum feed_result
pipeline_message(struct pipeline *p, struct batch *b, struct str text)
{
	struct feed *f = b->pipeline_state;
	(void)p;
	feed_split(f, text);
	feed_end(f);
	return f->full ? (enum feed_result)f->verdict : FEED_OK;
}

/* Step 10: to the sink, which answers now or by pipeline_settled. */
static void
submit(struct pipeline *p, struct batch *b)
{
	switch (p->shared->sink->append(p->shared->sink, b)) {
	case SINK_TAKEN:
		return;
	case SINK_REFUSED:
		b->result = BATCH_FAILED;
		break;
	case SINK_SETTLED:
		break;
	}
	pipeline_settled(p, b);
}

void
pipeline_finish(struct pipeline *p, struct batch *b)
{
	struct feed *f = b->pipeline_state;
	feed_end(f);
	p->pending++;
	b->result = f->failed ? BATCH_FAILED : BATCH_DONE;
	if (b->alert_count && !f->failed)
		submit(p, b);
	else
		pipeline_settled(p, b);
}

void
pipeline_retry(struct pipeline *p)
{
	struct batch *list = p->held;
	p->held = NULL;
	while (list) {
		struct batch *b = list;
		list = b->next;
		submit(p, b);
	}
}

void
pipeline_give_up(struct pipeline *p)
{
	struct batch *list = p->held;
	p->held = NULL;
	p->given_up = true; /* a source that gets its batch back may go on with what it still has */
	while (list) {
		struct batch *b = list;
		list = b->next;
		pipeline_settled(p, b);
	}
}

static void
account(const struct batch *b)
{
	if (b->result == BATCH_FAILED && b->insist) {
		const char *what = b->source ? "syslog_alerts" : "timed_alerts";
		metrics_count(METRIC_LOST, what, NULL, b->alert_count + 1);
		log_crit("alerts that nobody can be asked for again are lost: no memory, or the store took nothing until the end",
		    LOG_TEXT("listener", b->listener), LOG_INT("alerts", b->alert_count), LOG_END);
	}
}

void
pipeline_settled(struct pipeline *p, struct batch *b)
{
	struct feed *f = b->pipeline_state;
	if (b->result == BATCH_FAILED && b->insist && !f->failed && !p->given_up) {
		b->next = p->held;
		p->held = b;
		return;
	}
	account(b);
	if (b->result == BATCH_DONE)
		correlator_commit(p->shared->correlator, &f->marks);
	else
		correlator_rollback(p->shared->correlator, &f->marks);
	alert_drop(b);
	atomic_fetch_sub_explicit(p->shared->alert_bytes, f->alert_bytes, memory_order_relaxed);
	feed_reset(f);
	f->next = p->spare;
	p->spare = f;
	b->pipeline_state = NULL;
	p->pending--;
	b->on_done(b, b->result, b->on_done_ctx);
}

void
pipeline_flush(struct pipeline *p, struct batch *b)
{
	(void)p;
	feed_end(b->pipeline_state);
}

unsigned
pipeline_pending(const struct pipeline *p)
{
	return p->pending;
}

int
pipeline_set_policy(struct pipeline *p, struct policy *policy)
{
	struct kit *k = kit_new(policy, p->shared->config);
	if (!k)
		return -1;
	kit_unref(p->kit);
	p->kit = k;
	tally_forget_shapes(p->tally);
	return 0;
}

struct pipeline *
pipeline_new(const struct pipeline_shared *shared, struct policy *policy, struct mailbox *reply)
{
	struct pipeline *p = mem_zero(1, sizeof *p);
	if (!p)
		return NULL;
	p->shared = shared;
	p->reply = reply;
	p->tally = tally_new();
	if (p->tally && pipeline_set_policy(p, policy) == 0)
		return p;
	pipeline_free(p);
	return NULL;
}

void
pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	for (struct feed *f; (f = p->spare);) {
		p->spare = f->next;
		feed_free(f);
	}
	kit_unref(p->kit);
	tally_free(p->tally);
	mem_free(p);
}
