/* The data path: bytes in, alerts out. One per worker; worker thread only.
 * Owns the scratch of decoding and matching, allocates nothing per event that
 * matches nothing. The policy in force when a batch begins judges all of it. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>

#include "alert/alert.h"
#include "alert/incidents.h"
#include "alert/sink.h"
#include "base/str.h"
#include "detect/advice.h"
#include "detect/context.h"
#include "detect/correlator.h"
#include "detect/policy.h"
#include "detect/travel.h"
#include "event/batch.h"
#include "window/seen.h"

struct kit;

/* What all workers share; borrowed, outlives every pipeline. */
struct pipeline_shared {
	const struct config *config;
	struct contexts *contexts;
	struct travels *travels;
	struct seen *seen;
	struct correlator *correlator;
	struct advisor *advisor;
	struct incidents *incidents;
	struct sink *sink;
	const char *version;
	bool event_clock; /* replay: the clock follows the events */
	/* --explain: is shown each event as the rules are about to see it; NULL elsewhere */
	void (*witness)(const struct event *e, const struct kit *kit, void *ctx);
	void *witness_ctx;
	/* What alerts may hold until they are on disk: a small event makes a document of kilobytes. 0 = no bound. */
	uint64_t batch_alert_bytes;
	uint64_t all_alert_bytes;      /* of all batches; those under way may still add as much again */
	_Atomic uint64_t *alert_bytes; /* what they hold now */
};

struct pipeline;

enum feed_result {
	FEED_OK,
	FEED_TOO_MANY, /* max_records reached: what was evaluated stands; answer 413 */
	FEED_TOO_MANY_ALERTS, /* batch_alert_bytes reached: likewise */
	FEED_BUSY,     /* too many alerts of all batches wait for the disk: what was evaluated stands; answer 503 */
};

/* reply: where the store posts settled batches; its owner passes them to pipeline_settled. NULL in replay. */
struct pipeline *pipeline_new(const struct pipeline_shared *shared, struct policy *policy, struct mailbox *reply);
void pipeline_free(struct pipeline *p);
/* A new policy takes effect for batches that begin later. Takes a reference of its own.
 * -1 without memory: the old one stays. */
int pipeline_set_policy(struct pipeline *p, struct policy *policy) __attribute__((warn_unused_result));

/* Begin a body; 0, or -1 without memory (answer 503). */
int pipeline_begin(struct pipeline *p, struct batch *b) __attribute__((warn_unused_result));
/* The next bytes of the body, cut anywhere; evaluated before it returns. */
enum feed_result pipeline_feed(struct pipeline *p, struct batch *b, struct str piece);
/* One whole text (a syslog message): a body of its own within the batch. */
enum feed_result pipeline_message(struct pipeline *p, struct batch *b, struct str text);
/* End of the body. Hands the alerts to the sink; on_done follows, perhaps before this returns (always when there is
 * no alert). After a transport error (a body that broke off) call it too: what was evaluated stands. */
void pipeline_finish(struct pipeline *p, struct batch *b);
/* A batch came back from the sink: settle bursts, release alerts, tell the source. */
void pipeline_settled(struct pipeline *p, struct batch *b);
/* Batches whose source cannot be asked to repeat and which the store did not take wait here: try again. Its owner
 * calls this now and then. */
void pipeline_retry(struct pipeline *p);
/* At the end of a shutdown: what still waits, or still comes and is not stored, is lost, counted and logged. */
void pipeline_give_up(struct pipeline *p);
/* Decides what needs no further event (absence, ends of windows) and is due, its alerts in a batch of its own; a worker
 * calls it once a second. */
void pipeline_tick(struct pipeline *p);
/* The same for one check, into a batch that has begun; b->place is the check's then. False when none is due. */
bool pipeline_decide(struct pipeline *p, struct batch *b);
/* When all checks are due by the clock; INT64_MAX when none waits. */
int64_t pipeline_last_ms(const struct pipeline *p);
/* What the body still holds is evaluated now, not in pipeline_finish. */
void pipeline_flush(struct pipeline *p, struct batch *b);
/* The alerts that wait for the disk fill their memory: nothing new should begin. Any thread. */
bool pipeline_is_crowded(const struct pipeline_shared *shared);
/* Batches between pipeline_finish and on_done. */
unsigned pipeline_pending(const struct pipeline *p);

#endif
