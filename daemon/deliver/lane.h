/* The way to one target: which row is next, what its answer means for the row
 * and for the target. One attempt at a time, so that order holds. Lanes do not
 * know each other: a dead target holds up nobody else. Deliver thread only.
 * Memory: at most 32 rows of the outbox, one in flight. */
#ifndef DELIVER_LANE_H
#define DELIVER_LANE_H

#include <stdbool.h>

#include "base/fail.h"
#include "config/config.h"
#include "deliver/webhook.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "store/store.h"

struct lane;

struct lane_options { /* borrowed */
	struct loop *loop;
	struct webhook *webhook;
	struct store *store;
	struct mailbox *claims; /* where the store answers; has room for one claim a lane */
	const struct target_config *target;
	unsigned index;
};

struct lane *lane_new(const struct lane_options *options, struct fail *why);
void lane_free(struct lane *l); /* idle or dropped; NULL is fine */
void lane_start(struct lane *l);
/* The target has new rows. */
void lane_news(struct lane *l);
/* The store has answered a claim: which lane asked, and what to do with it. */
struct lane *lane_of(struct claim *c);
void lane_claimed(struct lane *l);
/* Begins nothing more. */
void lane_stop(struct lane *l);
/* Nothing is in flight, asked for, or not handed back yet. */
bool lane_idle(const struct lane *l);
bool lane_claims(const struct lane *l); /* a claim is with the store */
/* Breaks off what is in flight: the row stays due. */
void lane_drop(struct lane *l);
const char *lane_state(const struct lane *l); /* any thread; circuit_state_name */

#endif
