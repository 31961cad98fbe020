#include "feed.h"

#include "base/mem.h"

enum { TEXT_MAX = 4 * 1024 * 1024 }; /* JSON text inside a string */

static metrics_series *
series_of(const struct ruleset *set)
{
	unsigned count;
	const struct rule *const *rules = ruleset_rules(set, &count);
	metrics_series *series = mem_zero(count + 1, sizeof *series);
	for (unsigned i = 0; series && i < count; i++)
		series[i] = metrics_get(METRIC_RULE_MATCHES, rules[i]->id, NULL);
	return series;
}

static struct match *
room_of(const struct ruleset *set)
{
	unsigned count;
	ruleset_rules(set, &count);
	return mem_zero(count + 1, sizeof(struct match));
}

struct kit *
kit_new(struct policy *policy, const struct config *config)
{
	struct decoder_limits limits = {
	    .max_depth = config->input.max_depth,
	    .max_text = TEXT_MAX,
	    .max_future_ms = config->input.max_future_ms,
	};
	struct kit *k = mem_zero(1, sizeof *k);
	if (!k)
		return NULL;
	k->refs = 1;
	k->policy = policy_ref(policy);
	k->decoder = decoder_new(policy->plan, &limits);
	k->matcher = matcher_new(policy->rules);
	k->named = named_new(policy->rules);
	k->rule_matches = series_of(policy->rules);
	bool tuned = tuning_masks(policy->tuning);
	if (tuned)
		k->tuned = room_of(policy->rules);
	if (k->decoder && k->matcher && k->named && k->rule_matches && (k->tuned || !tuned))
		return k;
	kit_unref(k);
	return NULL;
}

struct kit *
kit_ref(struct kit *k)
{
	k->refs++;
	return k;
}

void
kit_unref(struct kit *k)
{
	if (!k || --k->refs)
		return;
	mem_free(k->rule_matches);
	named_free(k->named);
	mem_free(k->tuned);
	matcher_free(k->matcher);
	decoder_free(k->decoder);
	policy_unref(k->policy);
	mem_free(k);
}

/* The splitter of a level, made on first use. */
static struct envelope *
level(struct feed *f, unsigned depth)
{
	struct envelope_limits limits = {
	    .max_record = (size_t)f->config->input.max_record_bytes,
	    .max_text = TEXT_MAX,
	    .max_depth = f->config->input.max_depth,
	};
	if (!f->levels[depth])
		f->levels[depth] = envelope_new(&limits);
	return f->levels[depth];
}

struct feed *
feed_new(const struct config *config)
{
	struct feed *f = mem_zero(1, sizeof *f);
	if (!f)
		return NULL;
	f->config = config;
	for (unsigned i = 0; i < FEED_DEPTH_MAX; i++)
		buf_init(&f->inner[i], TEXT_MAX);
	if (level(f, 0))
		return f;
	feed_free(f);
	return NULL;
}

void
feed_free(struct feed *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < FEED_DEPTH_MAX; i++) {
		envelope_free(f->levels[i]);
		buf_fini(&f->inner[i]);
	}
	mem_free(f->marks.items);
	kit_unref(f->kit);
	mem_free(f);
}

static void split(struct feed *f, unsigned depth, struct str piece);
static void split_end(struct feed *f, unsigned depth);

/* A wrapper without a shape of its own: its text is a body, too. */
static void
unwrap(struct feed *f, unsigned depth, struct str inner)
{
	if (depth == FEED_DEPTH_MAX) {
		f->ops.on_reject("depth", STR(""), STR("wrappers are nested too deep"), f->ops.ctx);
		return;
	}
	struct buf *text = &f->inner[depth];
	buf_clear(text);
	if (!level(f, depth) || buf_add_str(text, inner) < 0) {
		f->ops.on_reject(
		    "record_too_large", STR(""), STR("JSON text inside a string is too long"), f->ops.ctx);
		return;
	}
	envelope_reset(f->levels[depth]);
	split(f, depth, buf_str(text));
	split_end(f, depth);
}

static void
read_record(struct feed *f, unsigned depth, struct str record)
{
	struct event e;
	struct str inner;
	struct fail why = {0};
	switch (decoder_read(f->kit->decoder, record, &f->origin, &e, &inner, &why)) {
	case DECODE_EVENT:
		f->origin.serial += f->origin.serial != 0;
		f->ops.on_event(&e, f->ops.ctx);
		break;
	case DECODE_INNER:
		unwrap(f, depth + 1, inner);
		break;
	case DECODE_REJECT:
		f->ops.on_reject(why.code, str_of(why.file), str_of(why.text), f->ops.ctx);
		break;
	}
}

/* One answer of a splitter; false when there is no more for now. */
static bool
take(struct feed *f, unsigned depth, enum envelope_result result, struct str record, const char *const *why)
{
	if (result != ENVELOPE_RECORD && result != ENVELOPE_BAD)
		return false;
	f->full = f->ops.is_full(f->ops.ctx);
	if (result == ENVELOPE_BAD) /* told even so: it may be the end of the body */
		f->ops.on_reject(why[0], STR(""), str_of(why[1]), f->ops.ctx);
	else if (!f->full)
		read_record(f, depth, record);
	return !f->full;
}

static void
split(struct feed *f, unsigned depth, struct str piece)
{
	struct str record = {0};
	const char *why[2] = {"", ""};
	enum envelope_result result;
	do
		result = envelope_next(f->levels[depth], &piece, &record, &why[0], &why[1]);
	while (take(f, depth, result, record, why));
}

static void
split_end(struct feed *f, unsigned depth)
{
	struct str record = {0};
	const char *why[2] = {"", ""};
	enum envelope_result result;
	do
		result = envelope_end(f->levels[depth], &record, &why[0], &why[1]);
	while (take(f, depth, result, record, why));
}

void
feed_split(struct feed *f, struct str piece)
{
	if (!f->full)
		split(f, 0, piece);
}

void
feed_end(struct feed *f)
{
	if (!f->full)
		split_end(f, 0);
	envelope_reset(f->levels[0]);
}

void
feed_reset(struct feed *f)
{
	for (unsigned i = 0; i < FEED_DEPTH_MAX; i++) {
		if (f->levels[i])
			envelope_reset(f->levels[i]);
		buf_fini(&f->inner[i]);
		buf_init(&f->inner[i], TEXT_MAX);
	}
	kit_unref(f->kit);
	f->kit = NULL;
	f->full = f->failed = false;
	f->alert_bytes = 0;
	f->next = NULL;
}
