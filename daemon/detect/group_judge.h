/* One event and one group of a correlation, or of a rule with a burst: counts the
 * event and answers whether a burst begins or goes on, or parks the question.
 * Inside the correlator. */
#ifndef DETECT_GROUP_JUDGE_H
#define DETECT_GROUP_JUDGE_H

#include <stdatomic.h>

#include "detect/burst.h"
#include "detect/correlator.h"
#include "detect/evidence.h"
#include "detect/storm.h"
#include "sigma/correlation.h"
#include "window/hits.h"

struct correlator {
	struct window_table *windows;
	struct burst_table *bursts;
	struct detail_table *evidence;
	struct hit_table *hits;
	struct parked *parked;
	struct seen *counted;
	const struct lateness *feeds;
	int64_t lateness_ms, grace_ms;
	struct storm_limit storms;
	atomic_flag deciding;
};

struct correlator_mark {
	struct burst_mark burst;
};

struct subject { /* what is judged by groups */
	const struct rule *rule;
	const struct match *match; /* NULL: another correlation, or time, completed it */
	const struct rule_field *group_by;
	unsigned group_count;
	int64_t span_ms;
	uint32_t value; /* of what is counted: the event's hash, or that of a value */
	double number;
	uint8_t stage;  /* feed of a temporal correlation */
	bool again;     /* counted before: only an unfinished firing fires again */
};

struct verdict {
	enum burst_answer answer;
	double value;
	unsigned events;
	bool partial;
	uint32_t held_back; /* finding.held_back, .storm_begins */
	bool storm_begins;
	int64_t begin_ms; /* finding.begin_ms */
	unsigned evidence_count; /* in list */
	struct evidence list[EVIDENCE_MAX];
};

struct group_step { /* the event that is being judged */
	struct correlator *c;
	const struct correlator_input *in;
	struct evidence_current *current; /* the event itself */
	uint64_t event_hash;
	bool *failed; /* no memory for a mark: the batch has to fail */
};

/* Takes the group's lock. */
void group_judge(const struct group_step *s, const struct subject *subject, uint64_t key, const struct str *values,
    struct verdict *out);
/* The same for a check whose time has come. */
void group_decide(const struct group_step *s, const struct rule *rule, const struct parked_check *check,
    struct verdict *out);
/* For a check that cannot be decided: its match waits no more. */
void group_forget(struct correlator *c, const struct parked_check *check);

#endif
