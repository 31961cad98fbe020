/* The events behind a correlation's finding: per group the first three and the
 * last six that counted, in a detail table. Begun at a group's second match;
 * what it has lost makes the list shorter. Any thread. */
#ifndef DETECT_EVIDENCE_H
#define DETECT_EVIDENCE_H

#include "detect/finding.h"
#include "window/detail.h"

enum { EVIDENCE_FIRST = 3, EVIDENCE_KEPT = EVIDENCE_MAX - 1 };

struct detail_table *evidence_new(uint64_t memory_bytes);
/* The event at hand as evidence: made when it is first asked for, since that takes the digest of its raw record. */
struct evidence_current {
	const struct event *event;
	int64_t code; /* result code, -1 = none */
	bool ready;
	struct evidence item; /* when ready */
};
const struct evidence *evidence_of(struct evidence_current *current);
/* Adds it to the group's list; what is older than forget_ms goes first. */
void evidence_note(struct detail_table *t, uint64_t key, const struct evidence *item, int64_t forget_ms);
struct evidence_question {
	uint64_t key;
	int64_t forget_ms; /* what is older does not belong to the burst */
	const struct evidence *last;
};
/* The list by time, then `last` (once); returns how many. */
unsigned evidence_read(struct detail_table *t, const struct evidence_question *q, struct evidence out[EVIDENCE_MAX]);

#endif
