/* The alert document (JSON Schema conf/alert.schema.json): built once from a
 * finding, then immutable and reference-counted; crosses threads. Ids are
 * functions of rule and event alone (delivery page section 2). At most 16 KiB. */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "detect/finding.h"
#include "event/batch.h"

enum { ALERT_ID_SIZE = 37 }; /* alr_ + 32 hex and NUL; ddk_, grp_, msg_ likewise */

struct alert; /* immutable */

struct alert_producer { /* borrowed while building */
	const char *version, *instance, *ruleset;
};

/* Why the alert is kept but not sent: "tuning", "rate"; NULL: it is sent. */
const char *alert_suppressed(const struct finding *f);
/* NULL without memory. */
struct alert *alert_build(const struct finding *f, const struct alert_producer *producer, struct fail *why);
struct alert *alert_ref(struct alert *a);
void alert_unref(struct alert *a); /* NULL is fine */

const char *alert_id(const struct alert *a);
const char *alert_dedup_key(const struct alert *a);
const char *alert_rule_id(const struct alert *a);
const char *alert_kind(const struct alert *a); /* "trigger", ... */
int alert_score(const struct alert *a);
const char *alert_suppression(const struct alert *a); /* why it is kept but not sent; NULL: it is sent */
int alert_severity(const struct alert *a); /* enum rule_level */
int64_t alert_event_ms(const struct alert *a);
int64_t alert_detected_ms(const struct alert *a);
size_t alert_bytes(const struct alert *a); /* of memory, about */
struct str alert_data(const struct alert *a); /* compact JSON of `data` */
struct str alert_tenant(const struct alert *a);
struct str alert_keys(const struct alert *a); /* of its place: struct incident_key, as bytes */

/* The same finding as kind `escalate`: its own id, the same dedup_key. For when a later copy of an event scores
 * higher than the alert that is on disk. again: one of that kind is there already, with a lower score than this;
 * then the score is part of the id. NULL without memory. */
struct alert *alert_escalate(const struct alert *a, bool again);

/* `data` cut to at most max_bytes where possible (shrink.h), for a receiver that refused its size; -1 when it
 * is not a JSON object or without memory. */
int alert_shrink(struct str data, size_t max_bytes, struct buf *out) __attribute__((warn_unused_result));

/* Adds to the batch, which takes over the reference; -1 without memory (then the caller keeps it). */
int alert_add(struct batch *b, struct alert *a) __attribute__((warn_unused_result));
/* Releases all alerts of the batch. */
void alert_drop(struct batch *b);

/* Ids of delivery section 2, over netstrings; out holds ALERT_ID_SIZE. */
void alert_make_id(char *out, const char prefix[4], const struct str *parts, unsigned count);

#endif
