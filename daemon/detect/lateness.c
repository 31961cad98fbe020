#include "detect/lateness.h"

enum { PROBES = 16, SILENT_MS = 60000 };

void
lateness_init(struct lateness *l, int64_t lateness_ms)
{
	l->lateness_ms = lateness_ms;
	atomic_init(&l->count, 0);
	for (unsigned i = 0; i <= LATENESS_FEEDS; i++) {
		if (i < LATENESS_FEEDS)
			atomic_init(&l->taken[i], LATENESS_FEEDS);
		atomic_init(&l->feeds[i].hash, 0);
		atomic_init(&l->feeds[i].tenant, 0);
		atomic_init(&l->feeds[i].source, 0);
		atomic_init(&l->feeds[i].newest_ms, INT64_MIN);
		atomic_init(&l->feeds[i].heard_ms, INT64_MIN);
		atomic_init(&l->feeds[i].first_ms, INT64_MAX);
		atomic_init(&l->feeds[i].quiet_ms, INT64_MAX);
		atomic_init(&l->feeds[i].quiet_from_ms, INT64_MIN);
		atomic_init(&l->feeds[i].quiet_to_ms, INT64_MIN);
	}
}

static void
enter(struct lateness *l, unsigned feed)
{
	unsigned n = atomic_fetch_add_explicit(&l->count, 1, memory_order_relaxed);
	atomic_store_explicit(&l->taken[n], feed, memory_order_relaxed);
}

struct lateness_feed *
lateness_feed(struct lateness *l, uint64_t hash)
{
	hash = hash ? hash : 1;
	for (uint64_t i = 0; i < PROBES; i++) {
		unsigned at = (unsigned)((hash + i) % LATENESS_FEEDS);
		struct lateness_feed *feed = &l->feeds[at];
		uint64_t there = atomic_load_explicit(&feed->hash, memory_order_relaxed);
		if (there == 0 && atomic_compare_exchange_strong(&feed->hash, &there, hash)) {
			enter(l, at);
			return feed;
		}
		if (there == hash)
			return feed;
	}
	return &l->feeds[LATENESS_FEEDS];
}

bool
lateness_is_nameless(const struct lateness *l, const struct lateness_feed *feed)
{
	return atomic_load_explicit(&feed->tenant, memory_order_relaxed) == 0 && feed != &l->feeds[LATENESS_FEEDS];
}

void
lateness_name(struct lateness_feed *feed, const struct lateness_name *name)
{
	atomic_store_explicit(&feed->source, name->source, memory_order_relaxed);
	atomic_store_explicit(&feed->first_ms, name->now_ms, memory_order_relaxed);
	atomic_store_explicit(&feed->quiet_ms, name->quiet_ms, memory_order_relaxed);
	atomic_store_explicit(&feed->tenant, name->tenant, memory_order_release);
}

/* Raises *at to value; returns what it then is. */
static int64_t
raise_to(_Atomic int64_t *at, int64_t value)
{
	int64_t now = atomic_load_explicit(at, memory_order_relaxed);
	while (now < value)
		if (atomic_compare_exchange_weak_explicit(at, &now, value, memory_order_relaxed, memory_order_relaxed))
			return value;
	return now;
}

/* Once a batch, for its events have arrived at one time. */
static void
hear(struct lateness_feed *feed, int64_t before_ms, int64_t now_ms)
{
	int64_t quiet_ms = atomic_load_explicit(&feed->quiet_ms, memory_order_relaxed);
	if (before_ms != INT64_MIN && now_ms - before_ms >= quiet_ms) {
		atomic_store_explicit(&feed->quiet_from_ms, before_ms + quiet_ms, memory_order_relaxed);
		atomic_store_explicit(&feed->quiet_to_ms, now_ms, memory_order_relaxed);
	}
	raise_to(&feed->heard_ms, now_ms);
}

bool
lateness_note(const struct lateness *l, struct lateness_feed *feed, int64_t event_ms, int64_t now_ms)
{
	int64_t before_ms = atomic_load_explicit(&feed->heard_ms, memory_order_relaxed);
	if (before_ms < now_ms)
		hear(feed, before_ms, now_ms);
	return event_ms < raise_to(&feed->newest_ms, event_ms) - l->lateness_ms;
}

/* How far the feed has come; INT64_MIN when it was never heard. */
static int64_t
newest_of(const struct lateness_feed *feed, int64_t now_ms)
{
	int64_t newest_ms = atomic_load_explicit(&feed->newest_ms, memory_order_relaxed);
	int64_t heard_ms = atomic_load_explicit(&feed->heard_ms, memory_order_relaxed);
	if (newest_ms == INT64_MIN || heard_ms == INT64_MIN)
		return INT64_MIN;
	return newest_ms + (now_ms - heard_ms > SILENT_MS ? now_ms - heard_ms - SILENT_MS : 0);
}

int64_t
lateness_horizon(const struct lateness *l, int64_t now_ms)
{
	int64_t oldest_ms = INT64_MAX;
	for (unsigned i = 0; i <= LATENESS_FEEDS; i++) {
		int64_t newest_ms = newest_of(&l->feeds[i], now_ms);
		if (newest_ms != INT64_MIN && newest_ms < oldest_ms)
			oldest_ms = newest_ms;
	}
	return oldest_ms == INT64_MAX ? INT64_MIN : oldest_ms - l->lateness_ms;
}

/* ---- the feeds of a tenant and some log sources ---- */

static bool
is_among(const struct lateness_question *q, uint64_t source)
{
	size_t low = 0, high = q->source_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (q->sources[middle] < source)
			low = middle + 1;
		else
			high = middle;
	}
	return low < q->source_count && q->sources[low] == source;
}

/* The next feed of the question from *at of l->taken on; NULL behind the last. */
static const struct lateness_feed *
next_feed(const struct lateness *l, const struct lateness_question *q, unsigned *at)
{
	unsigned count = atomic_load_explicit(&l->count, memory_order_relaxed);
	while (*at < count) {
		unsigned i = atomic_load_explicit(&l->taken[(*at)++], memory_order_relaxed);
		const struct lateness_feed *feed = &l->feeds[i]; /* the one for all when its place is just being noted */
		if (atomic_load_explicit(&feed->tenant, memory_order_acquire) == q->tenant &&
		    is_among(q, atomic_load_explicit(&feed->source, memory_order_relaxed)))
			return feed;
	}
	return NULL;
}

int64_t
lateness_newest(const struct lateness *l, const struct lateness_question *q)
{
	int64_t oldest_ms = INT64_MAX;
	unsigned at = 0;
	for (const struct lateness_feed *feed; (feed = next_feed(l, q, &at));) {
		int64_t newest_ms = newest_of(feed, q->now_ms);
		if (newest_ms != INT64_MIN && newest_ms < oldest_ms)
			oldest_ms = newest_ms;
	}
	return oldest_ms == INT64_MAX ? INT64_MIN : oldest_ms;
}

static bool
was_silent(const struct lateness_feed *feed, int64_t at_ms)
{
	int64_t heard_ms = atomic_load_explicit(&feed->heard_ms, memory_order_relaxed);
	if (atomic_load_explicit(&feed->first_ms, memory_order_relaxed) > at_ms)
		return true;
	if (heard_ms <= at_ms)
		return at_ms - heard_ms >= atomic_load_explicit(&feed->quiet_ms, memory_order_relaxed);
	return at_ms >= atomic_load_explicit(&feed->quiet_from_ms, memory_order_relaxed) &&
	    at_ms < atomic_load_explicit(&feed->quiet_to_ms, memory_order_relaxed);
}

bool
lateness_is_silent(const struct lateness *l, const struct lateness_question *q)
{
	unsigned at = 0;
	for (const struct lateness_feed *feed; (feed = next_feed(l, q, &at));)
		if (!was_silent(feed, q->now_ms))
			return false;
	return true;
}
