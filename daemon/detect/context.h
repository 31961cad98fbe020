/* What this IP and this user did in the last minutes: updates their windows with
 * a sign-in, writes the window.* slots that rules test, and tells the figures that
 * go into an alert. Any worker; the windows are shared, the out value is the
 * worker's own. Allocates nothing per event. Contract: product page "Spray context". */
#ifndef DETECT_CONTEXT_H
#define DETECT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "detect/outcome_class.h"
#include "event/event.h"
#include "window/window_table.h"

enum {
	CONTEXT_KEY_SIZE = 256, /* of a key as text; longer ones are cut */
	CONTEXT_NAME_SIZE = 128,
	CONTEXT_NAMES_MAX = 20,
	CONTEXT_CODES_MAX = 8,
	CONTEXT_SLOTS = 18, /* window.* fields */
};

struct context_code {
	int64_t code;
	uint32_t count;
};

struct context_window { /* over [t - window_ms, t] of the event's own time t, the event included */
	bool present;        /* false: the event has no such key; the rest is then not set */
	bool partial;        /* window_state "partial": the figures are floors */
	bool distinct_exact; /* false: distinct and the like are "at least" */
	char key[CONTEXT_KEY_SIZE]; /* "203.0.113.7", "2001:db8:1:2::/64", "alice@contoso.example" */
	int64_t window_ms;
	uint32_t attempts, failures, interrupted, successes;
	uint32_t distinct;   /* distinct_users of an IP, distinct_ips of a user */
	uint32_t failed;     /* failed_users, failed_ips */
	uint32_t successful; /* successful_users (ip) */
	uint32_t strangers;  /* ip */
	double stranger_ratio;  /* ip: strangers / max(1, successful) */
	uint32_t distinct_asns; /* user */
	int64_t first_ms, last_ms; /* of events in the span; 0 when there is none */
	int64_t age_ms;            /* since the key was first seen within the span; 0 = never before */
	struct context_code codes[CONTEXT_CODES_MAX]; /* most frequent first, without 0 */
	unsigned code_count;
};

struct context_names { /* of the IP; filled by context_complete */
	char sample[CONTEXT_NAMES_MAX][CONTEXT_NAME_SIZE]; /* users in the order first seen */
	unsigned sample_count;
	char compromised[CONTEXT_NAMES_MAX][CONTEXT_NAME_SIZE]; /* success or interrupted after failures from this IP */
	unsigned compromised_count;
};

struct named;

struct context {
	enum outcome_class outcome; /* of the event; OTHER when it is no sign-in */
	int64_t code;               /* result code, -1 = none */
	struct context_window ip, user;
	struct context_names names;
	const struct named *named; /* figures of the named windows, by named_observe; else NULL */
	/* for context.c and named.c */
	bool counted; /* false: windows were only looked at */
	uint32_t ip_value, user_value, asn_value; /* as values of windows; 0 = none */
	uint64_t ip_key;
	int64_t at_ms;
	char text[CONTEXT_SLOTS][24]; /* what the window.* slots point to */
};

struct lateness;
struct contexts; /* shared by all workers; daemon-lifetime */

struct contexts_options {
	struct window_table *windows; /* borrowed */
	uint64_t names_bytes;         /* memory for users_sample and compromised */
	int64_t window_ms;            /* windows.context span, 10 min */
	int64_t lateness_ms;
	const struct quiet_config *quiet; /* quiet_count categories (borrowed), and quiet_ms for all others: when they are silent */
	size_t quiet_count;
	int64_t quiet_ms;
	bool event_clock; /* replay: events arrive when the clock says, not when they are read */
};

struct contexts *contexts_new(const struct contexts_options *options);
void contexts_free(struct contexts *c);
/* For every event, once, before the rules run. Notes how new its category is and sets ANOMALY_LATE when it comes too
 * late for the windows. For a sign-in also updates the windows (not when repeat or late), fills *out but for the
 * names, and writes the window.* slots, which point into *out. Other events: both windows not present, slots MISSING. */
void context_observe(struct contexts *c, const struct outcome_table *outcomes, struct event *e, bool repeat,
    struct context *out);
/* The same for an event that has waited: it was counted when it came, and tells nothing new of its category. */
void context_look(struct contexts *c, const struct outcome_table *outcomes, struct event *e, struct context *out);
struct window_table *contexts_windows(struct contexts *c);
/* How far the feeds have come. */
const struct lateness *contexts_lateness(const struct contexts *c);
/* The tenant as it is named in the questions about them. */
uint64_t contexts_tenant(const struct window_table *windows, struct str tenant);
/* Fills out->names; to be called once something fired for the event of the last context_observe. */
void context_complete(struct contexts *c, struct context *out);
uint64_t contexts_bytes(const struct contexts *c); /* without the windows */

#endif
