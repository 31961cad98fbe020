#include "base/clock.h"
#include "base/mem.h"
#include "feed.h"
#include "pipeline_priv.h"
#include "raise.h"

/* pipeline_decide and pipeline_tick: what only waiting could tell. */

enum { TICK_CHECKS_MAX = 1000 };

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
	struct raise raise = {s, &p->context, b, f};
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
