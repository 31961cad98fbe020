/* Which alerts an event is in, so that a report which names the event by its
 * id joins them (rules with `dedup: joins`), whichever comes first. A table of
 * records of fixed size without pointers, one for each event of an alert: the
 * completing one, the evidence, the one that a report names. Events are 128-bit
 * hashes of (tenant, id without category). Owned by the process, shared by the
 * workers; any thread, one short lock, asked only for alerts. Memory is taken
 * at birth: about 84 bytes a record; oldest out, by age or when full. After a
 * restart the store tells it what it knew (incidents_recall). */
#ifndef ALERT_INCIDENTS_H
#define ALERT_INCIDENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert.h"
#include "detect/finding.h"

struct incidents;

struct incidents_options {
	int64_t span_ms; /* how long an alert can be joined */
	uint32_t max;    /* records */
	uint8_t hash_key[16];
};

/* What an alert has to do with an event. The numbers are stored. */
enum incident_role {
	INCIDENT_COMPLETED = 1, /* the event completed it */
	INCIDENT_EVIDENCE = 2,  /* the event is in its evidence */
	INCIDENT_NAMED = 3,     /* a report that named the event and joined its alert */
	INCIDENT_AWAITED = 4,   /* the same that found no alert: who comes later takes its dedup_key */
	INCIDENT_ALIAS = 5,     /* no event but the dedup_key that the alert has by its rule, and left for another's */
};

enum { INCIDENT_HASH_SIZE = 16, INCIDENT_KEYS_MAX = EVIDENCE_MAX + 3 };
struct incident_key { /* as stored: 17 bytes */
	uint8_t hash[INCIDENT_HASH_SIZE];
	uint8_t role;
};

/* Where an alert belongs. */
struct incident_place {
	char dedup_key[ALERT_ID_SIZE];
	char related[ALERT_ID_SIZE]; /* the alert it joins, or the report that waited for it; "" = none */
	char event_id[128];          /* the event that both are about, without its category */
	bool joined;                 /* its rule joins alerts, and it found one */
	struct incident_key keys[INCIDENT_KEYS_MAX];
	unsigned key_count;
};

/* An alert of an earlier life. */
struct incident_alert {
	const char *id, *dedup_key;
	int64_t event_ms, at_ms; /* at_ms: when it was raised */
	int score;
	struct str keys; /* incident_place.keys as bytes */
};

/* NULL without memory. */
struct incidents *incidents_new(const struct incidents_options *options);
void incidents_free(struct incidents *t); /* NULL is fine */
/* Finds the alert's place and enters it there, in one step; an alert that is suppressed only looks. An alert that is
 * known by its id keeps the place it has. Of several alerts with the event that is named: those that it completed, then
 * those with it in their evidence, then other reports of it; of these the highest score, then the newest event, then
 * the lowest id. Newest records first, at most 256 are looked at. */
void incidents_place(struct incidents *t, const struct finding *f, int64_t now_ms, struct incident_place *out);
/* Oldest first. */
void incidents_recall(struct incidents *t, const struct incident_alert *a);
int64_t incidents_span_ms(const struct incidents *t);
uint32_t incidents_max(const struct incidents *t);
uint64_t incidents_bytes(const struct incidents *t);

#endif
