/* One record to one event: a single pass of json_scan over the plan, then the
 * shape, the canonical fields, the time and the id. One per worker; not shared.
 * Bounded by its arena; no heap allocation per record once warm. */
#ifndef DECODE_DECODER_H
#define DECODE_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "event/event.h"
#include "event/plan.h"

struct decoder;

struct decoder_limits {
	unsigned max_depth;
	size_t max_text; /* JSON text inside a string */
	int64_t max_future_ms;
};

/* Where the record came from, for what its shape does not tell. */
struct decoder_origin {
	const struct source *source; /* NULL = generic */
	struct str tenant;
	int64_t received_ms;
	uint64_t serial; /* not 0: the record is an event of its own, also when another is equal to it */
};

enum decode_result {
	DECODE_EVENT,  /* *out is filled, valid until the next decoder_read */
	DECODE_INNER,  /* no known shape, but a wrapper: *inner is the JSON text to split and read instead (valid likewise) */
	DECODE_REJECT, /* *why: code ("json", "depth", "keys", ...) and text; the JSON pointer of the place in why->file */
};

/* plan is borrowed and must outlive the decoder. */
struct decoder *decoder_new(const struct plan *plan, const struct decoder_limits *limits);
void decoder_free(struct decoder *d);
enum decode_result decoder_read(struct decoder *d, struct str record, const struct decoder_origin *origin,
    struct event *out, struct str *inner, struct fail *why);
/* Adds the path, with the names as the record has them, from which a slot of the last event was read; two with " + "
 * between when it was joined. Nothing when the record did not give it. For people; -1 when out is full. */
int decoder_path(struct decoder *d, unsigned slot, struct buf *out) __attribute__((warn_unused_result));

#endif
