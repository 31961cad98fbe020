#include "detect/names.h"

#include "detect/identity.h"

enum { SAMPLE_MAX = CONTEXT_NAMES_MAX, ITEMS_MAX = 2 * CONTEXT_NAMES_MAX };

struct name {
	int64_t first_ms, last_ms, hit_ms; /* hit_ms: last success or interrupted; INT64_MIN = none */
	uint32_t value;
	char text[CONTEXT_NAME_SIZE];
};

struct detail_table *
names_new(uint64_t memory_bytes)
{
	struct detail_options options = {memory_bytes, sizeof(struct name), ITEMS_MAX};
	return detail_table_new(&options);
}

/* Room for one more: what is out of the span goes, then, for a hit, the oldest of the others. */
static bool
make_place(struct detail_table *t, struct detail *d, const struct name_note *note)
{
	unsigned plain = 0, plain_at = 0;
	uint32_t cursor = 0;
	const struct name *item;
	for (unsigned i = 0; (item = detail_next(t, d, &cursor)); i++) {
		if (item->last_ms < note->forget_ms) {
			detail_drop(t, d, i);
			return true;
		}
		if (item->hit_ms == INT64_MIN && plain++ == 0)
			plain_at = i;
	}
	if (!note->hit)
		return plain < SAMPLE_MAX && detail_count(d) < ITEMS_MAX;
	if (detail_count(d) == ITEMS_MAX)
		detail_drop(t, d, plain_at); /* without others the oldest hit */
	return true;
}

static struct name *
find(struct detail_table *t, struct detail *d, uint32_t value)
{
	uint32_t cursor = 0;
	struct name *item;
	while ((item = detail_next(t, d, &cursor)))
		if (item->value == value)
			return item;
	return NULL;
}

void
names_note(struct detail_table *t, uint64_t key, const struct name_note *note)
{
	struct detail *d = detail_enter(t, key, true);
	if (!d)
		return;
	struct name *item = find(t, d, note->value);
	if (!item && make_place(t, d, note) && (item = detail_add(t, d))) {
		*item = (struct name){.first_ms = note->at_ms, .last_ms = note->at_ms, .hit_ms = INT64_MIN, .value = note->value};
		identity_cut(note->user, item->text, sizeof(item->text));
	}
	if (item) {
		item->first_ms = note->at_ms < item->first_ms ? note->at_ms : item->first_ms;
		item->last_ms = note->at_ms > item->last_ms ? note->at_ms : item->last_ms;
		if (note->hit && note->at_ms > item->hit_ms)
			item->hit_ms = note->at_ms;
	}
	detail_leave(t, d);
}

/* The first SAMPLE_MAX by first_ms, in that order. */
static unsigned
rank(const struct name **ranked, unsigned count, const struct name *item)
{
	unsigned at = count;
	while (at > 0 && ranked[at - 1]->first_ms > item->first_ms)
		at--;
	if (at == SAMPLE_MAX)
		return count;
	unsigned last = count < SAMPLE_MAX ? count : SAMPLE_MAX - 1;
	for (unsigned i = last; i > at; i--)
		ranked[i] = ranked[i - 1];
	ranked[at] = item;
	return last + 1;
}

void
names_read(struct detail_table *t, uint64_t key, const struct name_question *question, struct context_names *out)
{
	const struct name *ranked[SAMPLE_MAX], *item;
	out->sample_count = out->compromised_count = 0;
	struct detail *d = detail_enter(t, key, false);
	if (!d)
		return;
	uint32_t cursor = 0;
	while ((item = detail_next(t, d, &cursor))) {
		if (item->last_ms < question->from_ms || item->first_ms > question->to_ms)
			continue;
		out->sample_count = rank(ranked, out->sample_count, item);
		if (item->hit_ms >= question->failures_ms && item->hit_ms >= question->from_ms &&
		    item->hit_ms <= question->to_ms && out->compromised_count < CONTEXT_NAMES_MAX)
			identity_cut(str_of(item->text), out->compromised[out->compromised_count++], CONTEXT_NAME_SIZE);
	}
	for (unsigned i = 0; i < out->sample_count; i++)
		identity_cut(str_of(ranked[i]->text), out->sample[i], CONTEXT_NAME_SIZE);
	detail_leave(t, d);
}
