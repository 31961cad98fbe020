/* The delivery thread: takes due rows from the store and posts them, one lane a
 * target, on one loop. Claims are released at start by being due. Owned by the
 * daemon; started after the store, stopped before it. Contract: delivery page
 * section 3. */
#ifndef DELIVER_DISPATCHER_H
#define DELIVER_DISPATCHER_H

#include <stddef.h>

#include "base/fail.h"
#include "config/config.h"
#include "loop/loop.h"
#include "store/store.h"

struct dispatcher;

struct dispatcher_options { /* all borrowed, until dispatcher_free */
	struct store *store;
	const struct target_config *targets; /* the store's, in the same order */
	size_t target_count;
};

/* *why: a target's secret or certificate file that cannot be used, or no memory. */
struct dispatcher *dispatcher_new(const struct dispatcher_options *options, struct fail *why);
void dispatcher_free(struct dispatcher *d); /* after dispatcher_stop; NULL is fine */
int dispatcher_start(struct dispatcher *d, struct fail *why) __attribute__((warn_unused_result));
/* Begins no delivery more, waits at most 5 s for those in flight, ends the thread. What was not answered is due again at
 * the next start. */
void dispatcher_stop(struct dispatcher *d);
/* For tests that turn it themselves. */
struct loop *dispatcher_loop(struct dispatcher *d);
/* "closed" (works), "open", "half_open" (fails), "gone", "disabled". Any thread. */
const char *dispatcher_state(const struct dispatcher *d, unsigned target);

#endif
