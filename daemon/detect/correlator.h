/* Matches -> findings: one a match for plain event rules, one a burst for rules
 * with `burst` and for correlations. Daemon-lifetime, shared by workers (locked
 * shards), bounded; keyed by tenant, rule id and definition, so that a changed
 * rule starts empty. That a burst has fired stays provisional until its batch is
 * on disk: see marks. What only waiting can tell (absence, the end of a window)
 * is parked and decided by correlator_decide. Contract: windows page section 2,
 * sigma page section 7. */
#ifndef DETECT_CORRELATOR_H
#define DETECT_CORRELATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/context.h"
#include "detect/finding.h"
#include "detect/parked.h"
#include "event/event.h"
#include "sigma/matcher.h"
#include "window/seen.h"
#include "window/window_table.h"

struct tuning;
struct lateness;
struct correlator;
struct correlation_index; /* which correlations a rule feeds; immutable, belongs to the policy */
struct correlator_mark;

/* What a batch's findings changed, until it is known whether they are on disk. One a batch; no memory until
 * something fires. Zeroed is empty. */
struct correlator_marks {
	struct correlator_mark *items;
	unsigned len, cap;
};

struct correlator_options {
	struct window_table *windows; /* borrowed */
	struct seen *counted;         /* borrowed: which event met which rule */
	const struct lateness *feeds; /* borrowed: how far they have come */
	uint64_t memory_bytes;        /* for fired bursts, evidence, hits and parked checks */
	int64_t lateness_ms, grace_ms;
	uint32_t storm_alerts; /* about what is missing, of a rule within storm_span_ms; 0: no limit */
	int64_t storm_span_ms;
	bool whole_story; /* replay: nothing happened before the first event */
	int64_t start_ms; /* else: what lies before may be missing */
};

struct correlator_input {
	const struct correlation_index *index;
	const struct event *event;
	const struct match *matches;
	unsigned count;
	const struct context *context; /* of context_observe; goes into findings */
	bool repeat;                   /* the event was seen before: what it matched then is not counted again */
	struct correlator_marks *marks;
	uint64_t origin;             /* identity of the listener's log source; 0 = none */
	uint64_t place;              /* of the event in its input; batch.place */
	int64_t now_ms;              /* of the clock */
	const struct tuning *tuning; /* whose entries may suppress; NULL: none */
};

/* Called for each finding, with the event rule's match that completed it (NULL when that was another correlation, or
 * time). The finding lives until the call returns. -1: it could not be kept, the batch has to fail. */
typedef int (*correlator_emit_f)(const struct finding *f, const struct match *match, void *ctx);

struct correlation_rules { /* borrowed */
	const struct rule *const *rules; /* count of them, by rule.index */
	unsigned count;
	const struct source *const *sources; /* source_count of them: all that events may have */
	unsigned source_count;
	bool (*sees)(const struct rule *rule, const struct source *source, const void *ctx); /* source NULL: none */
	const void *ctx;
};
/* The rules must outlive it. NULL without memory. */
struct correlation_index *correlation_index_new(const struct correlation_rules *from);
void correlation_index_free(struct correlation_index *index);

struct correlator *correlator_new(const struct correlator_options *options);
void correlator_free(struct correlator *c);
/* Every event with at least one match. -1 when emit said so or memory is out: the batch has to fail. */
int correlator_step(struct correlator *c, const struct correlator_input *in, correlator_emit_f emit, void *ctx)
    __attribute__((warn_unused_result));

/* One worker decides at a time, so that the checks of a group are decided in their order: true for the one that may. */
bool correlator_claim(struct correlator *c) __attribute__((warn_unused_result));
void correlator_release(struct correlator *c);
/* Is a check due, by the clock or because the feeds that it waits for have passed its time? */
bool correlator_is_due(struct correlator *c, const struct correlation_index *index, int64_t now_ms);
/* The next such check, to be decided and given to parked_done; NULL when there is none. */
struct parked_check *correlator_due(struct correlator *c, const struct correlation_index *index, int64_t now_ms);
/* When all checks are due by the clock; INT64_MAX when none waits. */
int64_t correlator_last_ms(struct correlator *c);
unsigned correlator_waiting(struct correlator *c);
/* rule: the check's, of the policy in force; NULL when that has it no more: it is forgotten then. in->event is the check's record, decoded
 * anew; in->matches are not read. */
int correlator_decide(struct correlator *c, const struct correlator_input *in, const struct rule *rule,
    const struct parked_check *check, correlator_emit_f emit, void *ctx) __attribute__((warn_unused_result));
/* Instead: the check cannot be decided, because its rule, or how its record is read, has changed. Counted. */
void correlator_forget(struct correlator *c, const struct parked_check *check);

/* The batch is on disk: what fired has fired. Empties the marks. */
void correlator_commit(struct correlator *c, struct correlator_marks *marks);
/* It is not: the same events, sent again, fire again with the same ids. Empties the marks. */
void correlator_rollback(struct correlator *c, struct correlator_marks *marks);
uint64_t correlator_bytes(struct correlator *c); /* without the windows */

#endif
