/* One body on its way through the pipeline: the nested splitters, the policy
 * kit that judges it and the bursts it fired. Kept on a free list by the
 * pipeline, so that a steady load allocates none. Worker thread only. */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>

#include "base/buf.h"
#include "decode/decoder.h"
#include "decode/envelope.h"
#include "detect/correlator.h"
#include "detect/policy.h"
#include "sigma/matcher.h"

enum { FEED_DEPTH_MAX = 6 }; /* wrappers within wrappers */

/* A policy and the scratch compiled for it; lives until its last body is done. */
struct kit {
	struct policy *policy;
	struct decoder *decoder;
	struct matcher *matcher;
	unsigned refs;
};

struct feed {
	struct kit *kit;
	const struct source *source;
	struct envelope *levels[FEED_DEPTH_MAX];
	struct buf inner[FEED_DEPTH_MAX]; /* text of the wrapper that a level splits */
	struct correlator_marks marks;
	bool full;   /* max_records was reached */
	bool failed; /* an alert could not be made: the sender must repeat */
	struct feed *next;
};

struct kit *kit_new(struct policy *policy, const struct config *config);
struct kit *kit_ref(struct kit *k);
void kit_unref(struct kit *k);

struct feed *feed_new(void);
void feed_free(struct feed *f);
/* The splitter of a level, made on first use; NULL without memory. */
struct envelope *feed_level(struct feed *f, unsigned depth, const struct config *config);
/* Ready for the next body. */
void feed_reset(struct feed *f);

#endif
