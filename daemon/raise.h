/* Step 9 of the pipeline: what detection found becomes an alert of the batch,
 * with its reasons, what tuning took from it, and the incident it is part of.
 * Worker thread only. */
#ifndef RAISE_H
#define RAISE_H

#include "detect/correlator.h"

struct batch;
struct context;
struct feed;
struct pipeline_shared;

struct raise { /* what an alert is made of beside the finding; all borrowed */
	const struct pipeline_shared *shared;
	struct context *context; /* of the event that is judged */
	struct batch *batch;     /* gets the alert */
	struct feed *feed;       /* of the batch; counts the alert's bytes */
};

/* A correlator_emit_f; ctx is a struct raise. -1, logged: no memory, the batch has to fail. */
int raise_alert(const struct finding *found, const struct match *match, void *ctx);

#endif
