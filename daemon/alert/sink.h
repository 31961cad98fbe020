/* Where finished batches go: the store, or a replay's report. The one ops
 * table on this floor: two implementations exist. */
#ifndef ALERT_SINK_H
#define ALERT_SINK_H

#include "event/batch.h"

enum sink_result {
	SINK_TAKEN,   /* later: b->result is set and b is posted to b->reply */
	SINK_SETTLED, /* b->result is set already */
	SINK_REFUSED, /* queue full or stopping: the caller fails the batch */
};

struct sink {
	/* Any thread. Reads b->alerts until settled; the batch stays the caller's. */
	enum sink_result (*append)(struct sink *sink, struct batch *b);
	void *ctx;
};

#endif
