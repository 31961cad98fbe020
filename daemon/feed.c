#include "feed.h"

#include "base/mem.h"

enum { TEXT_MAX = 4 * 1024 * 1024 }; /* JSON text inside a string */

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
	if (k->decoder && k->matcher)
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
	matcher_free(k->matcher);
	decoder_free(k->decoder);
	policy_unref(k->policy);
	mem_free(k);
}

struct feed *
feed_new(void)
{
	struct feed *f = mem_zero(1, sizeof *f);
	if (!f)
		return NULL;
	for (unsigned i = 0; i < FEED_DEPTH_MAX; i++)
		buf_init(&f->inner[i], TEXT_MAX);
	return f;
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

struct envelope *
feed_level(struct feed *f, unsigned depth, const struct config *config)
{
	struct envelope_limits limits = {
	    .max_record = (size_t)config->input.max_record_bytes,
	    .max_text = TEXT_MAX,
	    .max_depth = config->input.max_depth,
	};
	if (!f->levels[depth])
		f->levels[depth] = envelope_new(&limits);
	return f->levels[depth];
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
	f->next = NULL;
}
