/* One body on its way through the pipeline: the nested splitters, the policy
 * kit that judges it and the bursts it fired. Kept on a free list by the
 * pipeline, so that a steady load allocates none. Worker thread only. */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/metrics.h"
#include "decode/decoder.h"
#include "decode/envelope.h"
#include "detect/correlator.h"
#include "detect/named.h"
#include "detect/policy.h"
#include "sigma/matcher.h"

enum { FEED_DEPTH_MAX = 6 }; /* wrappers within wrappers */

struct pipeline;

/* A policy and the scratch compiled for it; lives until its last body is done. */
struct kit {
	struct policy *policy;
	struct decoder *decoder;
	struct matcher *matcher;
	struct named *named;
	metrics_series *rule_matches; /* by rule.index */
	struct match *tuned; /* room for every rule's match under tuning; NULL: no entry makes anything false */
	unsigned refs;
};

/* What becomes of the records: judged by the pipeline, printed by --decode. */
struct feed_ops {
	void (*on_event)(struct event *e, void *ctx);
	void (*on_reject)(const char *code, struct str pointer, struct str detail, void *ctx);
	bool (*is_full)(void *ctx); /* no further record is wanted */
	void *ctx;
};

struct feed {
	struct kit *kit;
	const struct config *config;
	struct decoder_origin origin;
	struct feed_ops ops;
	struct envelope *levels[FEED_DEPTH_MAX];
	struct buf inner[FEED_DEPTH_MAX]; /* text of the wrapper that a level splits */
	struct pipeline *pipeline; /* whose body it is; NULL for --decode */
	struct correlator_marks marks;
	uint64_t alert_bytes; /* of its batch's alerts */
	int verdict; /* enum feed_result that is_full came to */
	bool full;   /* is_full said so */
	bool failed; /* an alert could not be made: the sender must repeat */
	struct feed *next;
};

struct kit *kit_new(struct policy *policy, const struct config *config);
struct kit *kit_ref(struct kit *k);
void kit_unref(struct kit *k);

/* NULL without memory. config is borrowed. */
struct feed *feed_new(const struct config *config);
void feed_free(struct feed *f);
/* Bytes to records to events: the next piece of a body, cut anywhere, and the end of the body. */
void feed_split(struct feed *f, struct str piece);
void feed_end(struct feed *f);
/* Ready for the next body; lets go of the kit. */
void feed_reset(struct feed *f);

#endif
