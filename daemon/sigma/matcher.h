/* Runs a ruleset over one event. One matcher per worker: it holds the scratch
 * (predicate results of this event, PCRE2 match data), so that a run allocates
 * nothing. */
#ifndef SIGMA_MATCHER_H
#define SIGMA_MATCHER_H

#include <stdint.h>

#include "event/event.h"
#include "sigma/rule.h"
#include "sigma/ruleset.h"

struct matcher;

struct match {
	const struct rule *rule;
	int score;      /* sum of the terms that hold */
	uint32_t terms; /* bit i: rule->terms[i] holds */
};

/* Some of a rule's selections (bit i % 64 of word i / 64 is selection i) and terms (bit i is term i). */
enum { MASK_WORDS = 4 };
struct match_mask {
	uint64_t selections[MASK_WORDS];
	uint32_t terms;
};

/* Why a rule matched: one item of a selection that was true. */
struct match_reason {
	const char *selection, *field; /* field "" for keywords */
	struct str value;              /* of the event, as received; cut at 256 bytes on a character boundary */
};

struct matcher *matcher_new(const struct ruleset *set); /* borrowed */
void matcher_free(struct matcher *m);
/* Before matcher_where: another event, whose window.* slots may still be filled one named window after the other. */
void matcher_begin(struct matcher *m, const struct event *e);
/* Does the sign-in count in the window? All slots that the condition tests must be filled; what is found out about them
 * serves the run, too. */
bool matcher_where(struct matcher *m, const struct named_window *window);
/* Event rules that match, in rule order; *matches is valid until the next run. Rules that
 * only feed correlations are included. */
unsigned matcher_run(struct matcher *m, const struct event *e, const struct match **matches);
/* The same without the index, each rule asked: what tests hold matcher_run against. */
unsigned matcher_run_all(struct matcher *m, const struct event *e, const struct match **matches);
/* One event rule over the event of the last run, with some of its selections and terms made false (tuning); a term also
 * where the condition holds it. False: no match now. */
bool matcher_judge(struct matcher *m, const struct event *e, const struct rule *rule, const struct match_mask *off,
    struct match *out);
/* Which of these selections and terms of the rule are true; takes the others out. */
void matcher_true(struct matcher *m, const struct event *e, const struct rule *rule, struct match_mask *mask);
/* For a rule that just matched: at most max reasons; every selection of the rule that is true once, while there is room. */
unsigned matcher_reasons(struct matcher *m, const struct event *e, const struct rule *rule,
    struct match_reason *out, unsigned max);

#endif
