/* What --explain has found out, and the forms in which it is told: text for
 * people, one line of JSON for programs, and the verdict in a sentence. Plain
 * values, valid while the event is being judged. */
#ifndef EXPLAIN_VIEW_H
#define EXPLAIN_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "decode/decoder.h"
#include "detect/tuning.h"
#include "event/event.h"
#include "event/field.h"
#include "sigma/explain.h"

struct explain_view {
	const struct rule *rule; /* that was asked about */
	const struct event *event;
	struct decoder *decoder; /* that read the event: knows its paths */
	const struct field_set *fields;
	const struct explanation *parts; /* the rule itself, or the event rules that a correlation counts in the end */
	const struct tuning_effect *tuned; /* of each part: what tuning made false, and by which entries */
	unsigned part_count;
	const struct tuning_entry *silence; /* keeps the rule's alerts about the event as suppressed; NULL */
};

enum { EXPLAIN_VALUE_MAX = 200 }; /* bytes of one value that are shown */

/* An event rule that matches; of a correlation: one of its rules does. */
bool explain_matches(const struct explain_view *v);
/* All -1 when the buffer is full. */
int explain_text(const struct explain_view *v, struct buf *out) __attribute__((warn_unused_result));
int explain_json(const struct explain_view *v, struct buf *out) __attribute__((warn_unused_result));
int explain_verdict(const struct explain_view *v, struct buf *out) __attribute__((warn_unused_result));
/* What to keep in mind: the i-th note, NULL behind the last. */
const char *explain_note(const struct explain_view *v, unsigned i);

#endif
