#include "shared.h"

#include <stdatomic.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "window/window_table.h"

struct shared {
	struct pipeline_shared pipeline;
	struct window_table *windows;
	struct seen *counted; /* which event met which rule */
	_Atomic uint64_t alert_bytes;
};

/* How windows.memory is split: windows with their index, names, bursts with their evidence, where users last were (windows page, Memory). */
enum { WINDOWS_PART = 65, NAMES_PART = 10, BURSTS_PART = 20, TRAVELS_PART = 5 };
/* Some 8,000 alerts of a request, 16,000 in all: more than the store writes in a second. */
enum { BATCH_ALERT_BYTES = 32 << 20, ALL_ALERT_BYTES = 64 << 20 };

static uint64_t
part(const struct config *c, unsigned percent)
{
	return c->windows.memory_bytes / 100 * percent;
}

static int
open_windows(struct shared *s, const struct config *c, bool replay)
{
	struct window_table_options windows = {
	    .memory_bytes = part(c, WINDOWS_PART),
	    .lateness_ms = c->input.lateness_ms,
	    .whole_story = replay,
	};
	struct seen_options seen = {.ttl_ms = c->input.dedup_ttl_ms, .max_ids = c->input.dedup_max};
	if (getrandom(windows.hash_key, sizeof windows.hash_key, 0) < 0 ||
	    getrandom(seen.hash_key, sizeof seen.hash_key, 0) < 0)
		return -1;
	s->windows = window_table_new(&windows);
	s->pipeline.seen = seen_new(&seen);
	s->counted = seen_new(&seen);
	return s->windows && s->pipeline.seen && s->counted ? 0 : -1;
}

static int
open_detection(struct shared *s, const struct config *c, bool replay)
{
	struct contexts_options contexts = {
	    .windows = s->windows,
	    .names_bytes = part(c, NAMES_PART),
	    .window_ms = c->windows.span_ms,
	    .lateness_ms = c->input.lateness_ms,
	    .quiet = c->input.quiet_after,
	    .quiet_count = c->input.quiet_count,
	    .quiet_ms = c->windows.quiet_after_ms,
	    .event_clock = replay,
	};
	s->pipeline.travels = travels_new(s->windows, part(c, TRAVELS_PART));
	s->pipeline.contexts = contexts_new(&contexts);
	if (!s->pipeline.contexts)
		return -1;
	struct correlator_options bursts = {
	    .windows = s->windows,
	    .counted = s->counted,
	    .feeds = contexts_lateness(s->pipeline.contexts),
	    .memory_bytes = part(c, BURSTS_PART),
	    .lateness_ms = c->input.lateness_ms,
	    .grace_ms = c->windows.grace_ms,
	    .storm_alerts = c->windows.storm_alerts,
	    .storm_span_ms = c->windows.storm_span_ms,
	    .whole_story = replay,
	    .start_ms = clock_wall_ms(),
	};
	struct incidents_options incidents = {.span_ms = c->state.join_span_ms, .max = c->state.join_max};
	if (getrandom(incidents.hash_key, sizeof incidents.hash_key, 0) < 0)
		return -1;
	s->pipeline.correlator = correlator_new(&bursts);
	s->pipeline.advisor = advisor_new();
	s->pipeline.incidents = incidents_new(&incidents);
	return s->pipeline.travels && s->pipeline.correlator && s->pipeline.advisor &&
	    s->pipeline.incidents ? 0 : -1;
}

struct shared *
shared_new(const struct config *config, struct sink *sink, const char *version, bool replay)
{
	struct shared *s = mem_zero(1, sizeof *s);
	if (!s)
		return NULL;
	s->pipeline.config = config;
	s->pipeline.sink = sink;
	s->pipeline.version = version;
	s->pipeline.event_clock = replay;
	s->pipeline.batch_alert_bytes = replay ? 0 : BATCH_ALERT_BYTES; /* a replay keeps all its alerts anyway */
	s->pipeline.all_alert_bytes = replay ? 0 : ALL_ALERT_BYTES;
	atomic_init(&s->alert_bytes, 0);
	s->pipeline.alert_bytes = &s->alert_bytes;
	if (open_windows(s, config, replay) == 0 && open_detection(s, config, replay) == 0)
		return s;
	shared_free(s);
	return NULL;
}

void
shared_free(struct shared *s)
{
	if (!s)
		return;
	incidents_free(s->pipeline.incidents);
	advisor_free(s->pipeline.advisor);
	correlator_free(s->pipeline.correlator);
	travels_free(s->pipeline.travels);
	contexts_free(s->pipeline.contexts);
	seen_free(s->counted);
	seen_free(s->pipeline.seen);
	window_table_free(s->windows);
	mem_free(s);
}

const struct pipeline_shared *
shared_pipeline(const struct shared *s)
{
	return &s->pipeline;
}

void
shared_measure(const struct shared *s)
{
	uint64_t bytes = window_table_bytes(s->windows) + contexts_bytes(s->pipeline.contexts) +
	    correlator_bytes(s->pipeline.correlator) + seen_bytes(s->pipeline.seen) +
	    seen_bytes(s->counted) + travels_bytes(s->pipeline.travels) + incidents_bytes(s->pipeline.incidents);
	metrics_set(metrics_get(METRIC_WINDOW_BYTES, NULL, NULL), (double)bytes);
	metrics_set(metrics_get(METRIC_WINDOW_KEYS, NULL, NULL), (double)window_table_keys(s->windows));
}
