#include "pipeline.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "event/tally.h"
#include "feed.h"

enum { REASONS_MAX = 32, TICK_CHECKS_MAX = 1000 };

struct pipeline {
	/* set at start */
	const struct pipeline_shared *shared;
	struct mailbox *reply;
	/* worker thread only */
	struct kit *kit;    /* of the policy in force */
	struct feed *spare; /* free list */
	struct tally *tally;
	unsigned pending;
	bool given_up;      /* nothing waits for pipeline_retry any more */
	struct batch *held; /* waiting for pipeline_retry, newest first */
	struct context context; /* of the event being judged */
	struct travel_text travel;
};

struct raise { /* what raise_alert needs beside the finding */
	struct pipeline *pipeline;
	struct batch *batch;
	struct feed *feed;
};

static void
hold_bytes(struct feed *f, const struct alert *a)
{
	uint64_t bytes = alert_bytes(a);
	f->alert_bytes += bytes;
	atomic_fetch_add_explicit(f->pipeline->shared->alert_bytes, bytes, memory_order_relaxed);
}

/* What tuning took from a match is no reason for it. */
static unsigned
drop_tuned(const struct kit *kit, const struct rule *rule, const struct match_mask *off, struct match_reason *reasons,
    unsigned count)
{
	const struct condition_names *names = ruleset_selections(kit->policy->rules, rule);
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned k = 0;
		while (k < names->count && names->names[k].p != reasons[i].selection)
			k++;
		if (k == names->count || !(off->selections[k / 64] >> k % 64 & 1))
			reasons[kept++] = reasons[i];
	}
	return kept;
}

static void
explain_match(const struct kit *kit, const struct match *match, struct finding *f, struct match_reason *reasons,
    struct tuning_effect *effect)
{
	f->reasons = reasons;
	f->reason_count = matcher_reasons(kit->matcher, f->event, match->rule, reasons, REASONS_MAX);
	if (!tuning_mask(kit->policy->tuning, kit->matcher, f->event, match->rule, effect))
		return;
	f->reason_count = drop_tuned(kit, match->rule, &effect->off, reasons, f->reason_count);
	f->tuning = effect->entries;
	f->tuning_count = effect->count;
}

/* Which incident it is part of; what belongs to another alert is an escalation of that. */
static void
place_alert(struct pipeline *p, struct finding *f, struct incident_place *place)
{
	bool first = f->kind == FINDING_TRIGGER;
	if (first && f->rule->dedup_rule)
		f->kind = FINDING_ESCALATE;
	incidents_place(p->shared->incidents, f, clock_wall_ms(), place);
	if (first && place->joined)
		f->kind = FINDING_ESCALATE;
	f->place = place;
}

/* Step 9: what detection found becomes a document. */
static int
raise_alert(const struct finding *found, const struct match *match, void *ctx)
{
	struct raise *r = ctx;
	struct pipeline *p = r->pipeline;
	const struct policy *policy = r->feed->kit->policy;
	struct match_reason reasons[REASONS_MAX];
	struct tuning_effect effect;
	struct incident_place place;
	struct finding f = *found;
	context_complete(p->shared->contexts, &p->context);
	if (match)
		explain_match(r->feed->kit, match, &f, reasons, &effect);
	f.suppressed_by = tuning_suppresses(policy->tuning, f.event, f.rule);
	if (f.suppressed_by)
		metrics_add(f.suppressed_by->applied, 1);
	if (f.storm_begins)
		log_warn("storm of alerts about what is missing; further ones are kept as suppressed; check the rule's feeds",
		    LOG_TEXT("rule", f.rule->id), LOG_STR("tenant", f.event->tenant), LOG_END);
	place_alert(p, &f, &place);
	struct alert_producer producer = {
	    .version = p->shared->version,
	    .instance = p->shared->config->instance,
	    .ruleset = policy->digest,
	};
	struct fail why = {0};
	struct alert *a = alert_build(&f, &producer, &why);
	if (a && alert_add(r->batch, a) == 0) {
		hold_bytes(r->feed, a);
		return 0;
	}
	alert_unref(a);
	log_err("alert could not be built; its sender is asked to repeat", LOG_TEXT("rule", f.rule->id),
	    LOG_WHY(&why), LOG_END);
	return -1;
}

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
	struct raise raise = {p, b, f};
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

/* ---- what only waiting could tell ---- */

/* The check's record is decoded anew: its batch is long gone. */
static void
decide(struct pipeline *p, struct batch *b, const struct parked_check *check)
{
	struct feed *f = b->pipeline_state;
	const struct pipeline_shared *s = p->shared;
	const struct parked_record *r = &check->record;
	struct policy *policy = f->kit->policy;
	struct decoder_origin origin = {policy_source_known(policy, r->origin), check->tenant, r->received_ms, r->serial};
	struct event e;
	struct str inner;
	struct fail why = {0};
	if (decoder_read(f->kit->decoder, check->raw, &origin, &e, &inner, &why) != DECODE_EVENT) {
		correlator_forget(s->correlator, check); /* a schema has changed */
		return;
	}
	context_look(s->contexts, policy->outcomes, &e, &p->context);
	travel_observe(s->travels, &e, p->context.outcome == OUTCOME_SUCCESS, false, &p->travel);
	named_observe(f->kit->named, s->contexts, f->kit->matcher, &e, &p->context);
	struct raise raise = {p, b, f};
	struct correlator_input in = {
	    .index = policy->correlations,
	    .tuning = policy->tuning,
	    .event = &e,
	    .context = &p->context,
	    .marks = &f->marks,
	    .origin = r->origin,
	    .place = r->place,
	    .now_ms = clock_wall_ms(),
	};
	const struct rule *rule = ruleset_find(policy->rules, str_of(r->rule));
	if (correlator_decide(s->correlator, &in, rule, check, raise_alert, &raise) < 0)
		f->failed = true;
}

bool
pipeline_decide(struct pipeline *p, struct batch *b)
{
	const struct feed *f = b->pipeline_state;
	const struct policy *policy = f->kit->policy;
	struct parked_check *check = correlator_due(p->shared->correlator, policy->correlations, clock_wall_ms());
	if (!check)
		return false;
	b->place = check->record.place;
	decide(p, b, check);
	parked_done(check);
	return true;
}

int64_t
pipeline_last_ms(const struct pipeline *p)
{
	return correlator_last_ms(p->shared->correlator);
}

static void
on_tick_done(struct batch *b, enum batch_result result, void *ctx)
{
	(void)result; /* pipeline_settled has counted it */
	(void)ctx;
	batch_fini(b);
	mem_free(b);
}

static void
decide_due(struct pipeline *p)
{
	struct batch *b = mem_zero(1, sizeof *b);
	if (!b)
		return; /* the checks wait for the next tick */
	batch_init(b);
	b->listener = "timer";
	b->received_ms = clock_wall_ms();
	b->max_records = UINT32_MAX;
	b->insist = true;
	b->on_done = on_tick_done;
	if (pipeline_begin(p, b) < 0) {
		on_tick_done(b, BATCH_FAILED, NULL);
		return;
	}
	for (unsigned i = 0; i < TICK_CHECKS_MAX && pipeline_decide(p, b); i++)
		;
	pipeline_finish(p, b);
}

void
pipeline_tick(struct pipeline *p)
{
	const struct pipeline_shared *s = p->shared;
	if (pipeline_is_crowded(s) || !correlator_claim(s->correlator))
		return;
	if (correlator_is_due(s->correlator, p->kit->policy->correlations, clock_wall_ms()))
		decide_due(p);
	correlator_release(s->correlator);
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
