/* The timers of one loop, as a binary heap by due time. Private to loop/.
 * Room for every timer is made when it is born, so that setting cannot fail.
 * Loop thread only. */
#ifndef LOOP_TIMERS_H
#define LOOP_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct timers {
	struct timer **heap;
	size_t len, room, alive;
	uint64_t orders; /* times set so far */
};

struct timers *loop_timers(struct loop *l);
void timers_fini(struct timers *ts);
/* Fires what is due at now_ms, each at most once. */
void timers_run(struct timers *ts, int64_t now_ms);
/* Milliseconds until the next is due (0 = now), at most limit_ms. */
int64_t timers_wait_ms(const struct timers *ts, int64_t now_ms, int64_t limit_ms);

#endif
