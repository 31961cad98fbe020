#include "detect/lateness.h"

enum { PROBES = 16, SILENT_MS = 60000 };

void
lateness_init(struct lateness *l, int64_t lateness_ms)
{
	l->lateness_ms = lateness_ms;
	for (unsigned i = 0; i <= LATENESS_FEEDS; i++) {
		atomic_init(&l->feeds[i].hash, 0);
		atomic_init(&l->feeds[i].newest_ms, INT64_MIN);
		atomic_init(&l->feeds[i].received_ms, INT64_MIN);
	}
}

static struct lateness_feed *
feed_of(struct lateness *l, uint64_t hash)
{
	hash = hash ? hash : 1;
	for (uint64_t i = 0; i < PROBES; i++) {
		struct lateness_feed *feed = &l->feeds[(hash + i) % LATENESS_FEEDS];
		uint64_t there = atomic_load_explicit(&feed->hash, memory_order_relaxed);
		if (there == 0 && atomic_compare_exchange_strong(&feed->hash, &there, hash))
			return feed;
		if (there == hash)
			return feed;
	}
	return &l->feeds[LATENESS_FEEDS];
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

bool
lateness_check(struct lateness *l, uint64_t feed_hash, int64_t event_ms, int64_t received_ms)
{
	struct lateness_feed *feed = feed_of(l, feed_hash);
	atomic_store_explicit(&feed->received_ms, received_ms, memory_order_relaxed);
	return event_ms < raise_to(&feed->newest_ms, event_ms) - l->lateness_ms;
}

int64_t
lateness_horizon(const struct lateness *l, int64_t now_ms)
{
	int64_t oldest_ms = INT64_MAX;
	for (unsigned i = 0; i <= LATENESS_FEEDS; i++) {
		int64_t newest_ms = atomic_load_explicit(&l->feeds[i].newest_ms, memory_order_relaxed);
		int64_t received_ms = atomic_load_explicit(&l->feeds[i].received_ms, memory_order_relaxed);
		if (newest_ms == INT64_MIN || received_ms == INT64_MIN)
			continue;
		if (now_ms - received_ms > SILENT_MS)
			newest_ms += now_ms - received_ms - SILENT_MS;
		oldest_ms = newest_ms < oldest_ms ? newest_ms : oldest_ms;
	}
	return oldest_ms == INT64_MAX ? INT64_MIN : oldest_ms - l->lateness_ms;
}
