/* The data path: bytes in, alerts out. One per worker; worker thread only.
 * Owns the scratch of decoding and matching, allocates nothing per event that
 * matches nothing. The policy in force when a batch begins judges all of it. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>

#include "alert/sink.h"
#include "base/str.h"
#include "detect/policy.h"
#include "event/batch.h"

struct pipeline;
struct pipeline_shared; /* what all workers share: windows, seen, bursts */

enum feed_result {
	FEED_OK,
	FEED_TOO_MANY, /* max_records reached: what was evaluated stands; answer 413 */
};

/* A new policy takes effect for batches that begin later. Takes a reference. */
void pipeline_set_policy(struct pipeline *p, struct policy *policy);

/* Begin a body; 0, or -1 without memory (answer 503). */
int pipeline_begin(struct pipeline *p, struct batch *b) __attribute__((warn_unused_result));
/* The next bytes of the body, cut anywhere; evaluated before it returns. */
enum feed_result pipeline_feed(struct pipeline *p, struct batch *b, struct str piece);
/* One whole text (a syslog message): bodies of their own within the batch. */
enum feed_result pipeline_message(struct pipeline *p, struct batch *b, struct str text);
/* End of the body. Hands the alerts to the sink; on_done follows, perhaps before this returns (always when there is
 * no alert). After an error of the transport (a body that broke off) call it too: what was evaluated stands. */
void pipeline_finish(struct pipeline *p, struct batch *b);

#endif
