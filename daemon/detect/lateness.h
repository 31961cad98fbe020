/* How new each feed (tenant, category and log source) is: which events come too
 * late for the windows, which times a feed has passed, and whether it is silent.
 * Lock-free, any thread; at most 256 feeds are told apart, the rest share one of no
 * tenant and no source.
 * Contract: windows page section 2, "Too late", "Watermark" and "Horizon". */
#ifndef DETECT_LATENESS_H
#define DETECT_LATENESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATENESS_FEEDS = 256 };

struct lateness_feed {
	_Atomic uint64_t hash;           /* 0 = free */
	_Atomic uint64_t tenant, source; /* keys; tenant 0: not named yet */
	_Atomic int64_t newest_ms;       /* event time */
	_Atomic int64_t heard_ms;        /* our clock */
	_Atomic int64_t first_ms, quiet_ms; /* heard first; silent when not heard for so long */
	_Atomic int64_t quiet_from_ms, quiet_to_ms; /* when it last was silent and was then heard again */
};

struct lateness_name { /* whose feed it is */
	uint64_t tenant; /* any key of it, not 0 */
	uint64_t source; /* identity of the log source, 0 = none */
	int64_t quiet_ms, now_ms;
};

struct lateness {
	int64_t lateness_ms;
	_Atomic unsigned count;                  /* of feeds that are taken */
	_Atomic unsigned taken[LATENESS_FEEDS];  /* their indices */
	struct lateness_feed feeds[LATENESS_FEEDS + 1];
};

void lateness_init(struct lateness *l, int64_t lateness_ms);
/* The feed of that hash. */
struct lateness_feed *lateness_feed(struct lateness *l, uint64_t hash);
/* Does someone have to say whose feed it is? */
bool lateness_is_nameless(const struct lateness *l, const struct lateness_feed *feed);
void lateness_name(struct lateness_feed *feed, const struct lateness_name *name);
/* Notes an event of the feed; true when it is older than the feed's newest less the lateness. */
bool lateness_note(const struct lateness *l, struct lateness_feed *feed, int64_t event_ms, int64_t now_ms);
/* The oldest event time that is not too late in any feed; a feed silent for a minute moves on with the clock.
 * INT64_MIN while there is no feed. */
int64_t lateness_horizon(const struct lateness *l, int64_t now_ms);

struct lateness_question { /* about the feeds of a tenant that have events of some log sources */
	uint64_t tenant;
	const uint64_t *sources; /* source_count identities, ascending */
	size_t source_count;
	int64_t now_ms;
};
/* The newest event of the feed that is furthest behind, which moves on with the clock when silent for a minute; INT64_MIN
 * when no such feed was ever heard. */
int64_t lateness_newest(const struct lateness *l, const struct lateness_question *q);
/* Were all such feeds silent at q->now_ms, which may have gone by? True when there was none. */
bool lateness_is_silent(const struct lateness *l, const struct lateness_question *q);

#endif
