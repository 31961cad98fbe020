/* The inside of a pipeline, for the events that arrive and for what is decided
 * without one. */
#ifndef PIPELINE_PRIV_H
#define PIPELINE_PRIV_H

#include "pipeline.h"

struct pipeline {
	/* set at start */
	const struct pipeline_shared *shared;
	struct mailbox *reply;
	/* worker thread only */
	struct kit *kit;    /* of the policy in force */
	struct feed *spare; /* free list */
	struct tally *tally;
	unsigned pending;
	bool given_up;      /* nothing waits for pipeline_retry any more */
	struct batch *held; /* waiting for pipeline_retry, newest first */
	struct context context; /* of the event being judged */
	struct travel_text travel;
};

#endif
