/* Where finished batches go: the store, or a replay's report. The one ops
 * table on this floor: two implementations exist. */
#ifndef ALERT_SINK_H
#define ALERT_SINK_H

#include "event/batch.h"

struct sink {
	/* Takes the batch until its alerts are settled; then batch->result is set and done(batch, ctx)
	 * runs on the thread that called append. -1: not taken (queue full, stopping); the caller fails the batch. */
	int (*append)(struct sink *sink, struct batch *b);
	void *ctx;
};

#endif
