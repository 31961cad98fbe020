#include "raise.h"

#include <stdatomic.h>

#include "alert/alert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "feed.h"
#include "pipeline.h"

enum { REASONS_MAX = 32 };

static void
hold_bytes(const struct raise *r, const struct alert *a)
{
	uint64_t bytes = alert_bytes(a);
	r->feed->alert_bytes += bytes;
	atomic_fetch_add_explicit(r->shared->alert_bytes, bytes, memory_order_relaxed);
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
place_alert(const struct raise *r, struct finding *f, struct incident_place *place)
{
	bool first = f->kind == FINDING_TRIGGER;
	if (first && f->rule->dedup_rule)
		f->kind = FINDING_ESCALATE;
	incidents_place(r->shared->incidents, f, clock_wall_ms(), place);
	if (first && place->joined)
		f->kind = FINDING_ESCALATE;
	f->place = place;
}

int
raise_alert(const struct finding *found, const struct match *match, void *ctx)
{
	const struct raise *r = ctx;
	const struct pipeline_shared *s = r->shared;
	const struct policy *policy = r->feed->kit->policy;
	struct match_reason reasons[REASONS_MAX];
	struct tuning_effect effect;
	struct incident_place place;
	struct finding f = *found;
	context_complete(s->contexts, r->context);
	if (match)
		explain_match(r->feed->kit, match, &f, reasons, &effect);
	f.suppressed_by = tuning_suppresses(policy->tuning, f.event, f.rule);
	if (f.suppressed_by)
		metrics_add(f.suppressed_by->applied, 1);
	if (f.storm_begins)
		log_warn("storm of alerts about what is missing; further ones are kept as suppressed; check the rule's feeds",
		    LOG_TEXT("rule", f.rule->id), LOG_STR("tenant", f.event->tenant), LOG_END);
	place_alert(r, &f, &place);
	struct alert_producer producer = {
	    .version = s->version,
	    .instance = s->config->instance,
	    .ruleset = policy->digest,
	};
	struct fail why = {0};
	struct alert *a = alert_build(&f, &producer, &why);
	if (a && alert_add(r->batch, a) == 0) {
		hold_bytes(r, a);
		return 0;
	}
	alert_unref(a);
	log_err("alert could not be built; its sender is asked to repeat", LOG_TEXT("rule", f.rule->id),
	    LOG_WHY(&why), LOG_END);
	return -1;
}
