/* From what a scan found to the parts of an event: which shape it is, its
 * slots, time, category, tenant and id. Part of the decoder; one per worker.
 * Memory: the decoder's arena. */
#ifndef DECODE_FILL_H
#define DECODE_FILL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "decode/json_scan.h"
#include "event/event.h"
#include "event/shape.h"

enum { FILL_TEXT_MAX = 64 * 1024 }; /* bytes of one field for matching */

struct fill {
	const struct plan *plan;
	struct json_scan *scan;
	struct json_scan *elements; /* of lists, over plan_elements */
	struct arena *arena;
	struct event *out;
	struct fill_slots_used *used; /* the decoder's, from record to record */
	bool no_memory;
};

/* Which slots hold something, so that the next record finds them empty. */
struct fill_slots_used {
	unsigned *items; /* len of them; room for every slot */
	unsigned len;
	uint32_t *asked; /* by slot: the run in which its places were read */
	uint32_t run;
};

/* The shape of the record, or NULL: none of the known ones. */
const struct shape *fill_recognise(const struct fill *f);
/* Category and source. */
void fill_category(struct fill *f, const struct shape *shape, const struct source *fallback);
void fill_tenant(struct fill *f, const struct shape *shape, struct str fallback);
/* event_ms, window_ms, has_time and FUTURE. */
void fill_time(struct fill *f, const struct shape *shape, int64_t received_ms, int64_t max_future_ms);
void fill_id(struct fill *f, const struct shape *shape);
/* Every slot; needs the others before. */
void fill_slots(struct fill *f, const struct shape *shape);
/* Adds the paths from which the slot was filled (choice_path); nothing when it was not from the record. */
int fill_path(struct fill *f, const struct shape *shape, unsigned slot, struct buf *out)
    __attribute__((warn_unused_result));

#endif
