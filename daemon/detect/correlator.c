#include "detect/correlator.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "detect/burst.h"
#include "detect/correlation_index.h"
#include "detect/evidence.h"
#include "detect/group.h"
#include "sigma/correlation.h"

enum { KEY_CORRELATION = 16, KEY_BURST = 17, KEY_EVENT = 18 }; /* kinds of window_table_key */
enum { CHAIN_MAX = 32 };     /* correlations that others fed, per event */
enum { KEY_PARTS_MAX = 3 + RULE_GROUP_MAX };

struct correlator {
	struct window_table *windows;
	struct burst_table *bursts;
	struct detail_table *evidence;
};

struct correlator_mark {
	struct burst_mark burst;
};

/* One event on its way through the rules. */
struct step {
	struct correlator *c;
	const struct correlator_input *in;
	correlator_emit_f emit;
	void *ctx;
	uint64_t event_hash;
	bool evidence_ready;
	struct evidence current; /* the event itself */
	struct evidence list[EVIDENCE_MAX];
	const struct rule *chain[CHAIN_MAX]; /* correlations that a correlation fed: each counts the event once */
	unsigned chain_count;
	bool failed;
};

/* What is judged by groups: a correlation, or a rule with a burst. */
struct subject {
	const struct rule *rule;
	const struct match *match; /* NULL: another correlation completed it */
	const struct rule_field *group_by;
	unsigned group_count;
	int64_t span_ms;
	window_holds_f holds;
	const void *holds_ctx;
	uint32_t value; /* 0: events are counted, not values */
	bool distinct;
};

struct correlator *
correlator_new(const struct correlator_options *options)
{
	struct correlator *c = mem_zero(1, sizeof(*c));
	if (!c)
		return NULL;
	c->windows = options->windows;
	c->bursts = burst_table_new(options->memory_bytes / 4);
	c->evidence = evidence_new(options->memory_bytes - options->memory_bytes / 4);
	if (c->bursts && c->evidence)
		return c;
	correlator_free(c);
	return NULL;
}

void
correlator_free(struct correlator *c)
{
	if (!c)
		return;
	burst_table_free(c->bursts);
	detail_table_free(c->evidence);
	mem_free(c);
}

uint64_t
correlator_bytes(const struct correlator *c)
{
	return sizeof(*c) + burst_table_bytes(c->bursts) + detail_table_bytes(c->evidence);
}

/* ---- marks ---- */

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

static void
marks_clear(struct correlator_marks *marks)
{
	mem_free(marks->items);
	*marks = (struct correlator_marks){0};
}

void
correlator_commit(struct correlator *c, struct correlator_marks *marks)
{
	for (unsigned i = 0; i < marks->len; i++)
		burst_commit(c->bursts, &marks->items[i].burst);
	marks_clear(marks);
}

void
correlator_rollback(struct correlator *c, struct correlator_marks *marks)
{
	for (unsigned i = marks->len; i > 0; i--)
		burst_rollback(c->bursts, &marks->items[i - 1].burst);
	marks_clear(marks);
}

/* ---- findings ---- */

static const struct evidence *
current_evidence(struct step *s)
{
	if (!s->evidence_ready)
		evidence_of(s->in->event, s->in->context ? s->in->context->code : -1, &s->current);
	s->evidence_ready = true;
	return &s->current;
}

static void
emit(struct step *s, const struct finding *f, const struct match *match)
{
	if (s->emit(f, match, s->ctx) < 0)
		s->failed = true;
}

static struct finding
finding_of(const struct step *s, const struct rule *rule, const struct match *match)
{
	bool own = match && match->rule == rule;
	return (struct finding){
		.rule = rule,
		.kind = FINDING_TRIGGER,
		.event = s->in->event,
		.score = own ? match->score : 0,
		.terms = own ? match->terms : 0,
		.context = s->in->context,
	};
}

static void
fire_plain(struct step *s, const struct match *match)
{
	struct finding f = finding_of(s, match->rule, match);
	f.evidence = current_evidence(s);
	f.evidence_count = 1;
	f.evidence_total = 1;
	emit(s, &f, match);
}

static void
fire_group(struct step *s, const struct subject *subject, const struct str *values, const struct window_verdict *v,
    enum burst_answer answer, unsigned evidence_count)
{
	struct finding f = finding_of(s, subject->rule, subject->match);
	const struct correlation *correlation = subject->rule->correlation;
	f.kind = answer == BURST_REPEAT ? FINDING_REPEAT : FINDING_TRIGGER;
	f.group_count = subject->group_count;
	for (unsigned i = 0; i < subject->group_count; i++)
		f.group[i] = (struct finding_group){subject->group_by[i].name, values[i]};
	f.timespan_ms = subject->span_ms;
	f.value = v->value;
	f.threshold = correlation ? correlation_threshold(&correlation->range) : 1;
	f.partial = v->partial || !v->exact;
	f.evidence = s->list;
	f.evidence_count = evidence_count;
	f.evidence_total = v->events > 0 ? v->events : 1;
	emit(s, &f, subject->match);
}

/* ---- groups ---- */

static uint64_t
group_key(const struct step *s, const struct subject *subject, const struct str *values)
{
	struct str parts[KEY_PARTS_MAX] = {
		s->in->event->tenant,
		str_of(subject->rule->id),
		str_make((const char *)&subject->rule->definition, sizeof(subject->rule->definition)),
	};
	for (unsigned i = 0; i < subject->group_count; i++)
		parts[3 + i] = values[i];
	uint64_t kind = subject->rule->correlation ? KEY_CORRELATION : KEY_BURST;
	return window_table_key(s->c->windows, kind, parts, 3 + subject->group_count);
}

/* Under the group's lock: counts the event, and asks whether a burst begins or goes on. */
static enum burst_answer
judge_locked(struct step *s, const struct subject *subject, uint64_t key, struct window_verdict *v, unsigned *evidence)
{
	const struct event *e = s->in->event;
	struct window_update update = {.ts_ms = e->window_ms, .value = subject->value, .code = WINDOW_CODE_NONE};
	struct window_probe probe = {e->window_ms, subject->distinct, subject->holds, subject->holds_ctx};
	window_table_probe(s->c->windows, key, subject->span_ms, s->in->repeat ? NULL : &update, &probe, v);
	struct burst_question q = {key, s->event_hash, e->window_ms, subject->span_ms, !s->in->repeat, v->before, v->after};
	struct correlator_mark mark;
	bool was_hot = burst_is_hot(s->c->bursts, key);
	enum burst_answer answer = burst_judge(s->c->bursts, &q, &mark.burst);
	if (answer != BURST_QUIET && mark_add(s->in->marks, &mark) < 0) {
		burst_undo(s->c->bursts, &mark.burst);
		s->failed = true; /* the event comes again, and fires then */
		answer = BURST_QUIET;
	}
	bool goes_on = was_hot && answer != BURST_TRIGGER;
	int64_t forget_ms = goes_on ? INT64_MIN : e->window_ms - subject->span_ms;
	if (answer != BURST_QUIET) {
		struct evidence_question question = {key, forget_ms, current_evidence(s)};
		*evidence = evidence_read(s->c->evidence, &question, s->list);
	}
	if (!s->in->repeat && v->events >= 2) {
		evidence_note(s->c->evidence, key, current_evidence(s), forget_ms);
	}
	return answer;
}

/* True when it fired for some group. */
static bool
judge(struct step *s, const struct subject *subject)
{
	struct groups groups;
	bool fired = false;
	groups_of(s->in->event, subject->group_by, subject->group_count, &groups);
	if (groups.count == 0)
		metrics_count(METRIC_RULE_ERRORS, subject->rule->id, "group_field_missing", 1);
	for (unsigned i = 0; i < groups.count; i++) {
		struct window_verdict v;
		unsigned evidence = 0;
		uint64_t key = group_key(s, subject, groups.values[i]);
		burst_lock(s->c->bursts, key);
		enum burst_answer answer = judge_locked(s, subject, key, &v, &evidence);
		burst_unlock(s->c->bursts, key);
		if (answer == BURST_QUIET)
			continue;
		fired = fired || answer == BURST_TRIGGER;
		if (!subject->rule->silent)
			fire_group(s, subject, groups.values[i], &v, answer, evidence);
	}
	return fired;
}

/* ---- bursts and correlations ---- */

static bool
any_event(double value, const void *ctx)
{
	(void)ctx;
	return value >= 1;
}

static void
burst_step(struct step *s, const struct match *match)
{
	const struct rule_burst *burst = &match->rule->burst;
	struct subject subject = {
		.rule = match->rule,
		.match = match,
		.group_by = burst->by,
		.group_count = burst->by_count,
		.span_ms = burst->span_ms,
		.holds = any_event,
	};
	judge(s, &subject);
}

static bool
range_holds(double value, const void *ctx)
{
	return correlation_holds(ctx, value);
}

/* The tuple of the counted fields, folded; 0 when one is missing: the event does not count. */
static uint32_t
counted_value(const struct step *s, const struct correlation *correlation)
{
	struct groups tuple;
	groups_of(s->in->event, correlation->values, correlation->value_count, &tuple);
	if (tuple.count == 0)
		return 0;
	uint64_t key = window_table_key(s->c->windows, KEY_CORRELATION, tuple.values[0], correlation->value_count);
	return window_table_value(s->c->windows, str_make((const char *)&key, sizeof(key)));
}

static void feed(struct step *s, const struct rule *rule, const struct match *match);

static void
correlation_step(struct step *s, const struct rule *rule, const struct match *match)
{
	const struct correlation *correlation = rule->correlation;
	struct subject subject = {
		.rule = rule,
		.match = match,
		.group_by = correlation->group_by,
		.group_count = correlation->group_count,
		.span_ms = correlation->timespan_ms,
		.holds = range_holds,
		.holds_ctx = &correlation->range,
	};
	if (correlation->type == CORRELATION_VALUE_COUNT) {
		subject.distinct = true;
		subject.value = counted_value(s, correlation);
		if (subject.value == 0)
			return;
	}
	if (judge(s, &subject))
		feed(s, rule, NULL);
}

/* An earlier match of this event, or a correlation of its chain, was counted by it already. */
static bool
was_counted(const struct step *s, const struct rule *correlation, const struct match *match)
{
	for (const struct match *m = s->in->matches; m < s->in->matches + s->in->count && m != match; m++)
		if (correlation_names(correlation->correlation, m->rule))
			return true;
	for (unsigned i = 0; i < s->chain_count; i++)
		if (s->chain[i] == correlation)
			return true;
	return false;
}

/* The correlations that name the rule; match is NULL when the rule is a correlation that just fired. */
static void
feed(struct step *s, const struct rule *rule, const struct match *match)
{
	unsigned count;
	const struct rule *const *fed = correlation_index_fed(s->in->index, rule, &count);
	for (unsigned i = 0; i < count; i++) {
		if (was_counted(s, fed[i], match))
			continue;
		if (!match) {
			if (s->chain_count == CHAIN_MAX) {
				metrics_count(METRIC_RULE_ERRORS, fed[i]->id, "chain_limit", 1);
				return;
			}
			s->chain[s->chain_count++] = fed[i];
		}
		correlation_step(s, fed[i], match);
	}
}

int
correlator_step(struct correlator *c, const struct correlator_input *in, correlator_emit_f emit_finding, void *ctx)
{
	struct str id[] = {in->event->tenant, in->event->id};
	struct step s;
	s.c = c;
	s.in = in;
	s.emit = emit_finding;
	s.ctx = ctx;
	s.event_hash = window_table_key(c->windows, KEY_EVENT, id, 2);
	s.evidence_ready = s.failed = false;
	s.chain_count = 0;
	/* too late for the windows: rules that need none still run */
	bool late = (in->event->anomalies & ANOMALY_LATE) != 0;
	for (unsigned i = 0; i < in->count; i++) {
		const struct match *match = &in->matches[i];
		if (match->rule->burst.span_ms == 0 && !match->rule->silent)
			fire_plain(&s, match);
		else if (match->rule->burst.span_ms > 0 && !match->rule->silent && !late)
			burst_step(&s, match);
		if (!late)
			feed(&s, match->rule, match);
	}
	return s.failed ? -1 : 0;
}
