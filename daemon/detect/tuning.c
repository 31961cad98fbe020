#include "detect/tuning.h"

#include "base/mem.h"
#include "detect/tuning_priv.h"

void
tuning_free(struct tuning *t)
{
	if (!t)
		return;
	tuning_sets_free(t->sets);
	mem_free(t->masks);
	mem_free(t->silences);
	arena_fini(&t->arena);
	mem_free(t);
}

unsigned
tuning_count(const struct tuning *t)
{
	return t->count;
}

unsigned
tuning_broken(const struct tuning *t)
{
	return t->broken;
}

struct str
tuning_digest(const struct tuning *t)
{
	return str_make((const char *)t->digest, sizeof(t->digest));
}

bool
tuning_masks(const struct tuning *t)
{
	return t->mask_count > 0;
}

static bool
is_empty(const struct match_mask *mask)
{
	uint64_t any = mask->terms;
	for (unsigned i = 0; i < MASK_WORDS; i++)
		any |= mask->selections[i];
	return !any;
}

static void
add_effect(struct tuning_effect *effect, const struct match_mask *mask, const struct tuning_entry *entry)
{
	for (unsigned i = 0; i < MASK_WORDS; i++)
		effect->off.selections[i] |= mask->selections[i];
	effect->off.terms |= mask->terms;
	if (effect->count < TUNING_NAMED_MAX)
		effect->entries[effect->count++] = entry;
}

static bool
look(const struct tuning *t, struct matcher *m, const struct event *e, const struct rule *rule,
    struct tuning_effect *out, uint64_t count)
{
	const struct tuning_use *use = t->masks[rule->index].first;
	out->count = 0;
	if (!use)
		return false;
	*out = (struct tuning_effect){0};
	for (; use; use = use->next) {
		struct match_mask mask = use->mask;
		if (!tuning_match_holds(&use->entry->match, e))
			continue;
		matcher_true(m, e, rule, &mask);
		if (is_empty(&mask))
			continue;
		add_effect(out, &mask, &use->entry->entry);
		metrics_add(use->entry->entry.applied, count);
	}
	return out->count > 0;
}

bool
tuning_mask(const struct tuning *t, struct matcher *m, const struct event *e, const struct rule *rule,
    struct tuning_effect *out)
{
	return look(t, m, e, rule, out, 0);
}

bool
tuning_apply(const struct tuning *t, struct matcher *m, const struct event *e, const struct rule *rule,
    struct tuning_effect *out)
{
	return look(t, m, e, rule, out, 1);
}

static const struct tuning_entry *
first_that_holds(const struct tuning_use *use, const struct event *e)
{
	while (use && !tuning_match_holds(&use->entry->match, e))
		use = use->next;
	return use ? &use->entry->entry : NULL;
}

const struct tuning_entry *
tuning_suppresses(const struct tuning *t, const struct event *e, const struct rule *rule)
{
	const struct tuning_entry *own = first_that_holds(t->silences[rule->index].first, e);
	return own ? own : first_that_holds(t->all.first, e);
}
