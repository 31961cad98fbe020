/* A data path for the tests of the sources: counts lines as records, keeps the
 * bytes, and settles at once or when told. Stands in for pipeline.c, which the
 * linker then leaves in its library. */
#ifndef TESTS_FAKE_PIPELINE_H
#define TESTS_FAKE_PIPELINE_H

#include <stdlib.h>

#include "base/buf.h"
#include "pipeline.h"

static struct {
	struct buf text;       /* of all bodies and messages, each closed with '|' */
	struct batch *held[16];
	unsigned held_count, begun, finished, messages;
	bool hold, no_memory, fed;
	char last;
} fake;

int
pipeline_begin(struct pipeline *p, struct batch *b)
{
	(void)p;
	if (fake.no_memory)
		return -1;
	if (!fake.text.max)
		buf_init(&fake.text, 1 << 26);
	fake.begun++;
	fake.last = '\n';
	b->pipeline_state = &fake;
	return 0;
}

/* A line "bad" is rejected as depth, "cut" as truncated. */
static inline void
fake_record(struct batch *b)
{
	struct str all = buf_str(&fake.text);
	b->records++;
	if (str_ends(all, STR("bad")))
		batch_reject(b, b->records - 1, "depth", STR("/a\"\xff"), STR("too deep"));
	else if (str_ends(all, STR("cut")))
		batch_reject(b, b->records - 1, "truncated", STR(""), STR("breaks off"));
	else
		b->accepted++;
}

enum feed_result
pipeline_feed(struct pipeline *p, struct batch *b, struct str piece)
{
	(void)p;
	fake.fed = true;
	for (size_t i = 0; i < piece.len; i++) {
		if (b->records == b->max_records)
			return FEED_TOO_MANY;
		if (piece.p[i] == '\n' && fake.last != '\n')
			fake_record(b);
		if (buf_add(&fake.text, piece.p + i, 1) != 0)
			abort();
		fake.last = piece.p[i];
	}
	return FEED_OK;
}

enum feed_result
pipeline_message(struct pipeline *p, struct batch *b, struct str text)
{
	(void)p;
	fake.messages++;
	if (buf_add_str(&fake.text, text) != 0)
		abort();
	fake_record(b);
	if (buf_add_str(&fake.text, STR("|")) != 0)
		abort();
	return FEED_OK;
}

static inline void
fake_settle(enum batch_result result)
{
	struct batch *held[16]; /* a copy: new ones come meanwhile */
	unsigned n = fake.held_count;
	memcpy(held, fake.held, sizeof held);
	fake.held_count = 0;
	for (unsigned i = 0; i < n; i++)
		held[i]->on_done(held[i], result, held[i]->on_done_ctx);
}

void
pipeline_finish(struct pipeline *p, struct batch *b)
{
	(void)p;
	if (fake.fed && fake.last != '\n')
		fake_record(b);
	if (fake.fed && buf_add_str(&fake.text, STR("|")) != 0)
		abort();
	fake.finished++;
	fake.fed = false;
	b->pipeline_state = NULL;
	if (fake.hold)
		fake.held[fake.held_count++] = b;
	else
		b->on_done(b, BATCH_DONE, b->on_done_ctx);
}

#endif
