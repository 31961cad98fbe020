#include "detect/names.h"

#include "detect/identity.h"

enum { SAMPLE_MAX = CONTEXT_NAMES_MAX };

/* Who got in has a list of its own, under another key: a spray names many more than it hits. */
static const uint64_t hits_key = UINT64_C(0x68697473);

struct name {
	int64_t first_ms, last_ms;
	char text[CONTEXT_NAME_SIZE];
};

struct detail_table *
names_new(uint64_t memory_bytes)
{
	struct detail_options options = {memory_bytes, sizeof(struct name), CONTEXT_NAMES_MAX};
	return detail_table_new(&options);
}

/* The list's note is a time before which no name was last seen, when last looked: no need to look again until then. */
static void
drop_forgotten(struct detail_table *t, struct detail *d, int64_t forget_ms)
{
	if (forget_ms <= *detail_note(d))
		return;
	int64_t oldest_ms = INT64_MAX;
	uint32_t cursor = 0;
	const struct name *item;
	for (unsigned i = 0; (item = detail_next(t, d, &cursor));) {
		if (item->last_ms >= forget_ms) {
			oldest_ms = item->last_ms < oldest_ms ? item->last_ms : oldest_ms;
			i++;
			continue;
		}
		detail_drop(t, d, i);
		cursor = 0; /* from the start again: at most CONTEXT_NAMES_MAX times */
		oldest_ms = INT64_MAX;
		i = 0;
	}
	*detail_note(d) = oldest_ms == INT64_MAX ? 0 : oldest_ms;
}

static void
list_note(struct detail_table *t, uint64_t key, const struct name_note *note, bool newest)
{
	struct detail *d = detail_enter(t, key, true);
	if (!d)
		return;
	struct name *item = detail_find(t, d, note->value);
	if (!item && detail_count(d) == CONTEXT_NAMES_MAX) {
		drop_forgotten(t, d, note->forget_ms);
		if (newest && detail_count(d) == CONTEXT_NAMES_MAX)
			detail_drop(t, d, 0);
	}
	if (item) {
		item->first_ms = note->at_ms < item->first_ms ? note->at_ms : item->first_ms;
		item->last_ms = note->at_ms > item->last_ms ? note->at_ms : item->last_ms;
	} else if ((item = detail_add(t, d, note->value))) {
		item->first_ms = item->last_ms = note->at_ms;
		identity_cut(note->user, item->text, sizeof(item->text));
		if (detail_count(d) > 1 && note->at_ms < *detail_note(d))
			*detail_note(d) = note->at_ms;
	}
	detail_leave(t, d);
}

void
names_note(struct detail_table *t, uint64_t key, const struct name_note *note)
{
	list_note(t, key, note, false);
	if (note->hit)
		list_note(t, key ^ hits_key, note, true);
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

static unsigned
list_read(struct detail_table *t, uint64_t key, int64_t from_ms, int64_t to_ms,
    char out[CONTEXT_NAMES_MAX][CONTEXT_NAME_SIZE])
{
	const struct name *ranked[SAMPLE_MAX], *item;
	unsigned count = 0;
	struct detail *d = detail_enter(t, key, false);
	if (!d)
		return 0;
	uint32_t cursor = 0;
	while ((item = detail_next(t, d, &cursor)))
		if (item->last_ms >= from_ms && item->first_ms <= to_ms)
			count = rank(ranked, count, item);
	for (unsigned i = 0; i < count; i++)
		identity_cut(str_of(ranked[i]->text), out[i], CONTEXT_NAME_SIZE);
	detail_leave(t, d);
	return count;
}

void
names_read(struct detail_table *t, uint64_t key, const struct name_question *question, struct context_names *out)
{
	int64_t hits_ms = question->failures_ms > question->from_ms ? question->failures_ms : question->from_ms;
	out->sample_count = list_read(t, key, question->from_ms, question->to_ms, out->sample);
	out->compromised_count = list_read(t, key ^ hits_key, hits_ms, question->to_ms, out->compromised);
}
