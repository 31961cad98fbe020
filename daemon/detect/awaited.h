/* What a correlation that waits has to wait for: the log sources of the rules
 * whose matches could still make its condition false, and how far their feeds
 * have come. Immutable, any thread; belongs to the index of correlations of a
 * policy. Contract: windows page section 2, "Watermark" and "Absence". */
#ifndef DETECT_AWAITED_H
#define DETECT_AWAITED_H

#include "detect/correlator.h"
#include "detect/lateness.h"

struct awaited;

/* NULL without memory. */
struct awaited *awaited_new(const struct correlation_rules *from);
void awaited_free(struct awaited *a); /* NULL is fine */

struct awaited_question {
	const struct lateness *feeds;
	uint64_t definition; /* of the correlation */
	uint64_t tenant;     /* contexts_tenant */
	int64_t now_ms;
};
/* How far the feeds have come that the correlation waits for: the newest event of the one that is furthest behind.
 * INT64_MIN when one of its rules has no feed that was ever heard, or there is no such correlation that waits. */
int64_t awaited_newest(const struct awaited *a, const struct awaited_question *q);
/* Were all feeds of one of its rules silent at q->now_ms, or was there none? Then what is missing may be the feed. */
bool awaited_is_silent(const struct awaited *a, const struct awaited_question *q);

#endif
