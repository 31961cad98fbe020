/* How new each feed (tenant and category) is, and which events come too late for
 * the windows. Lock-free, any thread; at most 256 feeds are told apart, the rest
 * share one. Contract: windows page section 2, "Too late" and "Horizon". */
#ifndef DETECT_LATENESS_H
#define DETECT_LATENESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LATENESS_FEEDS = 256 };

struct lateness_feed {
	_Atomic uint64_t hash; /* 0 = free */
	_Atomic int64_t newest_ms, received_ms;
};

struct lateness {
	int64_t lateness_ms;
	struct lateness_feed feeds[LATENESS_FEEDS + 1];
};

void lateness_init(struct lateness *l, int64_t lateness_ms);
/* Notes the event; true when it is older than its feed's newest less the lateness. */
bool lateness_check(struct lateness *l, uint64_t feed_hash, int64_t event_ms, int64_t received_ms);
/* The oldest event time that is not too late in any feed; a feed silent for a minute moves on with the wall clock.
 * INT64_MIN while there is no feed. */
int64_t lateness_horizon(const struct lateness *l, int64_t now_ms);

#endif
