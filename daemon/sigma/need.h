/* What must hold for a condition to hold: predicates of which one at least is
 * true whenever the condition is, and what of a predicate can be looked up.
 * The index of rules is made of it. Plain values in the caller's arena. */
#ifndef SIGMA_NEED_H
#define SIGMA_NEED_H

#include <stdbool.h>

#include "base/arena.h"
#include "sigma/detection.h"
#include "sigma/predicate.h"

/* One of these is there in an event for which the predicate holds. */
enum fact_kind {
	FACT_TEXT,    /* a value of the slot, folded, is the text */
	FACT_NUMBER,  /* a value of the slot is a number of that size */
	FACT_PART,    /* a value of the slot, folded, has the text in it */
	FACT_PRESENT, /* the slot is not missing */
	FACT_KEYWORD, /* the record has the text in it, without ASCII case; the text is plain in JSON */
};
struct fact {
	enum fact_kind kind;
	struct str text;
	double number;
};

struct need {
	const unsigned *predicates; /* count of them, each once */
	unsigned count;
	bool nothing; /* the condition may hold whatever the event has */
};

/* Calls take for each fact of a positive predicate; false: it has none, it may hold for any event. take returns false
 * to end it, without memory. */
typedef bool fact_take_f(const struct fact *fact, void *ctx);
bool need_facts(const struct predicate *p, fact_take_f *take, void *ctx);
/* uses: by predicate, how many rules name it; what many name is taken as frequent. -1 without memory. */
int need_find(struct arena *arena, const struct predicate_set *set, const struct detection *detection,
    const unsigned *uses, struct need *out) __attribute__((warn_unused_result));
/* Counts the predicates that the selections name, once each for a rule: rule is its number, from 1. */
void need_count(const struct detection *detection, unsigned *uses, unsigned *last_rule, unsigned rule);

#endif
