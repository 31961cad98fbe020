/* One decoded event: its values by slot, where and when it comes from. All
 * slices point into the record or the decoder's arena and die with the record.
 * Owned by the worker that reads it; reused for the next record. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "event/field.h"
#include "event/value.h"

/* A log source in Sigma's sense; an absent attribute has len 0. Interned by the
 * schema set: equal sources have equal index. Immutable. */
struct source {
	struct str product, service, category;
	unsigned index;
	uint64_t identity; /* of the three, never 0; the same in every schema set and process */
	const struct str *also; /* other services under which rules know the log */
	unsigned also_len;
};

enum event_anomaly { /* anomalies[] of the alert document; event_anomaly_name() gives the text */
	ANOMALY_DUPLICATE_KEY = 1,
	ANOMALY_INVALID_UTF8 = 2,
	ANOMALY_NUMBER_RANGE = 4,
	ANOMALY_LATE = 8,
	ANOMALY_FUTURE = 16,
	ANOMALY_CLOCK_JUMP = 32,
	ANOMALY_FIELD_CUT = 64,
};

/* Finds the leaves of an event when someone asks. Belongs to the decoder; NULL when there are none. */
struct leaf_source {
	const struct value *(*gather)(struct leaf_source *source);
};

struct event {
	struct value *slots; /* slot_count of them; MISSING where the record has none */
	unsigned slot_count;
	const struct source *source; /* by shape and category, else the listener's; NULL = generic */
	const char *shape;           /* schema name, e.g. "entra-diagnostic"; "generic" */
	struct str category;         /* "SignInLogs"; for generic events "generic" */
	struct str id;               /* "<category>/<id>" or "sha256/<hex>" (delivery: Identity of an event) */
	uint64_t serial;             /* of the record's place, part of an id that is a digest; 0 = none */
	struct str tenant;           /* may be empty */
	struct str raw;              /* the record as received, after unwrapping */
	int64_t event_ms;            /* source clock, as received; arrival when the record has no time */
	int64_t window_ms;           /* event_ms, or arrival when missing or too far ahead */
	int64_t received_ms;         /* our clock */
	unsigned anomalies;          /* enum event_anomaly, or'ed */
	bool has_time;               /* false: arrival stands in */
	bool is_sign_in;             /* counts in the per-IP and per-user windows */
	const struct value *leaves;  /* of event_leaves when leaf_source is NULL */
	struct leaf_source *leaf_source; /* valid as long as the slices; set only when the plan wants leaves */
};

/* Every string, number and bool of the record, by next; NULL when there are none or the plan does not want them.
 * The first call reads the record once more. */
const struct value *event_leaves(const struct event *e);

/* The slot's value; MISSING for a slot < 0 or beyond slot_count. Never NULL. */
const struct value *event_value(const struct event *e, int slot);
/* Text of a scalar slot (first element of an array); empty when missing, null or not scalar. */
struct str event_text(const struct event *e, int slot);
/* "late" for ANOMALY_LATE, ...; NULL for a bit without a name. */
const char *event_anomaly_name(unsigned bit);

#endif
