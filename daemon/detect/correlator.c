#include "detect/correlator.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "detect/correlation_index.h"
#include "detect/group.h"
#include "detect/group_judge.h"
#include "sigma/number.h"

enum { KEY_CORRELATION = 16, KEY_BURST = 17, KEY_EVENT = 18 }; /* kinds of window_table_key */
enum { COUNTED_MAX = 512, DEPTH_MAX = 16, KEY_PARTS_MAX = 3 + RULE_GROUP_MAX };

struct counted { /* the event counts once in a group, whichever rules it meets */
	const struct rule *correlation;
	uint64_t key;
};

/* One event on its way through the rules. */
struct step {
	struct correlator *c;
	const struct correlator_input *in;
	correlator_emit_f emit;
	void *ctx;
	uint64_t event_hash;
	struct evidence_current current; /* the event itself */
	struct counted counted[COUNTED_MAX];
	unsigned counted_count, depth;
	bool failed;
};

/* Who completed something: an event rule by its match, or a correlation with the group that it fired for. */
struct origin {
	const struct rule *rule;
	const struct match *match;          /* NULL: a correlation */
	const struct rule_field *group_by;  /* of the correlation */
	const struct str *values;
	unsigned group_count;
	bool again;
};

struct correlator *
correlator_new(const struct correlator_options *options)
{
	uint64_t quarter = options->memory_bytes / 4;
	struct correlator *c = mem_zero(1, sizeof(*c));
	if (!c)
		return NULL;
	c->windows = options->windows;
	c->counted = options->counted;
	c->lateness_ms = options->lateness_ms;
	c->feeds = options->feeds;
	c->storms = (struct storm_limit){options->windows, options->storm_alerts, options->storm_span_ms};
	c->grace_ms = options->grace_ms;
	atomic_flag_clear(&c->deciding);
	c->bursts = burst_table_new(quarter);
	c->evidence = evidence_new(quarter);
	c->hits = hit_table_new(quarter, options->whole_story, options->start_ms);
	c->parked = parked_new(quarter);
	if (c->bursts && c->evidence && c->hits && c->parked)
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
	hit_table_free(c->hits);
	parked_free(c->parked);
	mem_free(c);
}

uint64_t
correlator_bytes(struct correlator *c)
{
	return sizeof(*c) + burst_table_bytes(c->bursts) + detail_table_bytes(c->evidence) + hit_table_bytes(c->hits) +
	    parked_bytes(c->parked);
}

/* ---- marks ---- */

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
	f.evidence = evidence_of(&s->current);
	f.evidence_count = 1;
	f.evidence_total = 1;
	emit(s, &f, match);
}

/* Of a check: was a feed silent that might have told what is missing, when the check was due? */
static bool
is_silent(const struct step *s, const struct parked_record *r)
{
	int64_t at_ms = r->due_ms < s->in->now_ms ? r->due_ms : s->in->now_ms;
	struct awaited_question q = {s->c->feeds, r->definition, r->tenant_key, at_ms};
	if (!awaited_is_silent(correlation_index_awaited(s->in->index), &q))
		return false;
	metrics_count(METRIC_RULE_ERRORS, r->rule, "feed_silent", 1);
	return true;
}

/* check: what had to wait; NULL: nothing. */
static void
fire_group(struct step *s, const struct subject *subject, const struct str *values, const struct verdict *v,
    const struct parked_check *check)
{
	struct finding f = finding_of(s, subject->rule, subject->match);
	const struct correlation *correlation = subject->rule->correlation;
	f.kind = v->answer == BURST_REPEAT ? FINDING_REPEAT : FINDING_TRIGGER;
	f.group_count = subject->group_count;
	for (unsigned i = 0; i < subject->group_count; i++)
		f.group[i] = (struct finding_group){subject->group_by[i].name, values[i]};
	f.timespan_ms = subject->span_ms;
	f.value = v->value;
	f.threshold = correlation ? correlation_threshold(&correlation->range) : 1;
	f.partial = v->partial;
	f.begin_ms = v->begin_ms;
	f.silent = check && is_silent(s, &check->record);
	f.held_back = v->held_back;
	f.storm_begins = v->storm_begins;
	f.evidence = v->list;
	f.evidence_count = v->evidence_count;
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

/* True the first time. A full list counts no more, and says so. */
static bool
counts_now(struct step *s, const struct rule *correlation, uint64_t key)
{
	for (unsigned i = 0; i < s->counted_count; i++)
		if (s->counted[i].correlation == correlation && s->counted[i].key == key)
			return false;
	if (s->counted_count == COUNTED_MAX) {
		metrics_count(METRIC_RULE_ERRORS, correlation->id, "chain_limit", 1);
		return false;
	}
	s->counted[s->counted_count++] = (struct counted){correlation, key};
	return true;
}

/* Did an earlier copy of the event meet another of the rules? Then it was counted, whichever it meets now. */
static bool
counted_before(const struct step *s, const struct correlation *c, const struct match *match)
{
	struct str event = str_make((const char *)&s->event_hash, sizeof(s->event_hash));
	for (unsigned i = 0; s->in->repeat && i < c->feed_count; i++)
		if (match && !c->feeds[i].rule->correlation && c->feeds[i].rule != match->rule &&
		    seen_has(s->c->counted, str_of(c->feeds[i].rule->id), event, s->in->event->received_ms))
			return true;
	return false;
}

static void feed(struct step *s, const struct origin *from);

static void
judge(struct step *s, struct subject *subject, const struct str *values)
{
	const struct correlation *correlation = subject->rule->correlation;
	struct verdict v MEM_UNSET;
	uint64_t key = group_key(s, subject, values);
	bool once = correlation && !correlation_is_temporal(correlation) && (correlation->feed_count > 1 || !subject->match);
	if (once && !counts_now(s, subject->rule, key))
		return;
	subject->again = subject->again || (once && counted_before(s, correlation, subject->match));
	struct group_step g = {s->c, s->in, &s->current, s->event_hash, &s->failed};
	group_judge(&g, subject, key, values, &v);
	if (v.answer == BURST_QUIET)
		return;
	if (!subject->rule->silent)
		fire_group(s, subject, values, &v, NULL);
	struct origin fired = {subject->rule, NULL, subject->group_by, values, subject->group_count, subject->again};
	if (v.answer == BURST_TRIGGER && correlation)
		feed(s, &fired);
}

/* ---- where an event, or the group of an inner correlation, belongs ---- */

/* A fired correlation is an event that has the fields it groups by, and no other. */
static bool
carried_values(const struct origin *from, const struct rule_field *fields, unsigned count, struct str *out)
{
	for (unsigned i = 0; i < count; i++) {
		struct str wanted = str_of(fields[i].read ? fields[i].read : fields[i].name);
		unsigned k = 0;
		while (k < from->group_count && !str_eq_nocase(str_of(from->group_by[k].name), wanted))
			k++;
		if (k == from->group_count)
			return false;
		out[i] = from->values[k];
	}
	return true;
}

static void
groups_from(const struct step *s, const struct origin *from, const struct rule_field *fields, unsigned count,
    struct groups *out)
{
	if (from->match)
		groups_of(s->in->event, fields, count, out);
	else
		out->count = carried_values(from, fields, count, out->values[0]) ? 1 : 0;
}

/* What the event adds: its hash, the tuple of the counted fields, a number. False when it has none: it does not count. */
static bool
read_value(const struct step *s, const struct correlation *c, const struct correlation_feed *feed,
    const struct origin *from, struct subject *subject)
{
	struct groups tuple MEM_UNSET;
	struct number number;
	subject->value = (uint32_t)(s->event_hash ^ s->event_hash >> 32);
	if (c->value_count == 0)
		return true;
	groups_from(s, from, feed->values, c->value_count, &tuple);
	if (tuple.count == 0)
		return false;
	if (c->type != CORRELATION_VALUE_COUNT) {
		if (!number_parse(tuple.values[0][0], &number))
			return false;
		subject->number = number.d;
		return true;
	}
	uint64_t key = window_table_key(s->c->windows, KEY_CORRELATION, tuple.values[0], c->value_count);
	subject->value = window_table_value(s->c->windows, str_make((const char *)&key, sizeof(key)));
	return true;
}

static void
correlation_step(struct step *s, const struct rule *rule, const struct origin *from)
{
	const struct correlation *c = rule->correlation;
	uint8_t stage = 0;
	struct groups groups MEM_UNSET;
	while (stage < c->feed_count && c->feeds[stage].rule != from->rule)
		stage++;
	if (stage == c->feed_count)
		return;
	struct subject subject = {
		.rule = rule,
		.match = from->match,
		.group_by = c->group_by,
		.group_count = c->group_count,
		.span_ms = c->timespan_ms,
		.stage = correlation_is_temporal(c) ? stage : HIT_NO_STAGE,
		.again = from->again,
	};
	if (!read_value(s, c, &c->feeds[stage], from, &subject))
		return;
	groups_from(s, from, c->feeds[stage].group_by, c->group_count, &groups);
	if (groups.count == 0)
		correlation_index_ungrouped(s->in->index, rule);
	for (unsigned i = 0; i < groups.count; i++)
		judge(s, &subject, groups.values[i]);
}

static void
burst_step(struct step *s, const struct match *match, bool again)
{
	const struct rule_burst *burst = &match->rule->burst;
	struct groups groups MEM_UNSET;
	struct subject subject = {
		.rule = match->rule,
		.match = match,
		.group_by = burst->by,
		.group_count = burst->by_count,
		.span_ms = burst->span_ms,
		.again = again,
	};
	groups_of(s->in->event, burst->by, burst->by_count, &groups);
	if (groups.count == 0)
		correlation_index_ungrouped(s->in->index, match->rule);
	for (unsigned i = 0; i < groups.count; i++)
		judge(s, &subject, groups.values[i]);
}

/* The correlations that name the rule. */
static void
feed(struct step *s, const struct origin *from)
{
	unsigned count;
	const struct rule *const *fed = correlation_index_fed(s->in->index, from->rule, &count);
	if (s->depth == DEPTH_MAX) /* the loader allows no deeper chain */
		return;
	s->depth++;
	for (unsigned i = 0; i < count; i++)
		correlation_step(s, fed[i], from);
	s->depth--;
}

/* ---- the two ways in ---- */

static void
step_init(struct step *s, struct correlator *c, const struct correlator_input *in, correlator_emit_f emit_finding,
    void *ctx)
{
	struct str id[] = {in->event->tenant, in->event->id};
	s->c = c;
	s->in = in;
	s->emit = emit_finding;
	s->ctx = ctx;
	s->event_hash = window_table_key(c->windows, KEY_EVENT, id, 2);
	s->current.event = in->event;
	s->current.code = in->context ? in->context->code : -1;
	s->current.ready = s->failed = false;
	s->counted_count = s->depth = 0;
}

/* Did an earlier copy of the event meet this rule? A rule that it meets for the first time counts it. */
static bool
is_again(const struct step *s, const struct rule *rule, unsigned fed)
{
	if (fed == 0 && rule->burst.span_ms == 0)
		return false;
	struct str event = str_make((const char *)&s->event_hash, sizeof(s->event_hash));
	return seen_check(s->c->counted, str_of(rule->id), event, s->in->event->received_ms) && s->in->repeat;
}

int
correlator_step(struct correlator *c, const struct correlator_input *in, correlator_emit_f emit_finding, void *ctx)
{
	struct step s MEM_UNSET;
	step_init(&s, c, in, emit_finding, ctx);
	/* too late for the windows: rules that need none still run */
	bool late = (in->event->anomalies & ANOMALY_LATE) != 0;
	for (unsigned i = 0; i < in->count; i++) {
		const struct match *match = &in->matches[i];
		const struct rule *rule = match->rule;
		unsigned fed;
		correlation_index_fed(in->index, rule, &fed);
		struct origin from = {.rule = rule, .match = match, .again = is_again(&s, rule, fed)};
		if (rule->burst.span_ms == 0 && !rule->silent)
			fire_plain(&s, match);
		else if (rule->burst.span_ms > 0 && !rule->silent && !late)
			burst_step(&s, match, from.again);
		if (!late)
			feed(&s, &from);
	}
	return s.failed ? -1 : 0;
}

struct due_question {
	const struct correlator *c;
	const struct correlation_index *index;
	int64_t now_ms;
};

/* Nothing that is as old comes any more, but for what is later than the grace. */
static int64_t
passed(uint64_t definition, uint64_t tenant_key, void *ctx)
{
	const struct due_question *d = ctx;
	struct awaited_question q = {d->c->feeds, definition, tenant_key, d->now_ms};
	int64_t newest_ms = awaited_newest(correlation_index_awaited(d->index), &q);
	return newest_ms == INT64_MIN ? newest_ms : newest_ms - d->c->grace_ms;
}

bool
correlator_claim(struct correlator *c)
{
	return !atomic_flag_test_and_set_explicit(&c->deciding, memory_order_acquire);
}

void
correlator_release(struct correlator *c)
{
	atomic_flag_clear_explicit(&c->deciding, memory_order_release);
}

bool
correlator_is_due(struct correlator *c, const struct correlation_index *index, int64_t now_ms)
{
	struct due_question question = {c, index, now_ms};
	struct parked_time time = {now_ms, passed, &question};
	return parked_is_due(c->parked, &time);
}

struct parked_check *
correlator_due(struct correlator *c, const struct correlation_index *index, int64_t now_ms)
{
	struct due_question question = {c, index, now_ms};
	struct parked_time time = {now_ms, passed, &question};
	return parked_take(c->parked, &time);
}

int64_t
correlator_last_ms(struct correlator *c)
{
	return parked_last_ms(c->parked);
}

unsigned
correlator_waiting(struct correlator *c)
{
	return parked_count(c->parked);
}

void
correlator_forget(struct correlator *c, const struct parked_check *check)
{
	metrics_count(METRIC_RULE_ERRORS, check->record.rule, "rule_changed", 1);
	group_forget(c, check);
}

int
correlator_decide(struct correlator *c, const struct correlator_input *in, const struct rule *rule,
    const struct parked_check *check, correlator_emit_f emit_finding, void *ctx)
{
	struct step s MEM_UNSET;
	struct verdict v MEM_UNSET;
	if (!rule || rule->definition != check->record.definition || !rule->correlation) {
		correlator_forget(c, check);
		return 0;
	}
	step_init(&s, c, in, emit_finding, ctx);
	struct group_step g = {c, in, &s.current, s.event_hash, &s.failed};
	struct subject subject = {
		.rule = rule,
		.group_by = rule->correlation->group_by,
		.group_count = rule->correlation->group_count,
		.span_ms = rule->correlation->timespan_ms,
	};
	group_decide(&g, rule, check, &v);
	if (v.answer != BURST_QUIET && !rule->silent)
		fire_group(&s, &subject, check->values, &v, check);
	struct origin fired = {rule, NULL, subject.group_by, check->values, subject.group_count, false};
	if (v.answer == BURST_TRIGGER)
		feed(&s, &fired);
	return s.failed ? -1 : 0;
}
