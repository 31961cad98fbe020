/* Which rules of one log source an event can match at all: by what their
 * conditions need (need.h), found in the event with one look-up a value. What
 * is found is a superset of the rules that match. Immutable, shared by
 * workers; belongs to a route of the ruleset. */
#ifndef SIGMA_RULE_INDEX_H
#define SIGMA_RULE_INDEX_H

#include <stdint.h>

#include "event/event.h"
#include "sigma/evaluate.h"
#include "sigma/need.h"

struct rule_index;

/* needs: of the rules at the places 0 to count - 1; borrowed while it is made. The predicates must outlive it. NULL
 * without memory. */
struct rule_index *rule_index_new(const struct predicate_set *set, const struct need *const *needs, unsigned count)
    __attribute__((warn_unused_result));
void rule_index_free(struct rule_index *x); /* NULL is fine */
/* Sets bit i % 64 of places[i / 64] for each rule i that may match, clears the others; (count + 63) / 64 words. The
 * scratch has begun with the event. */
void rule_index_find(const struct rule_index *x, const struct event *e, struct scratch *scratch, uint64_t *places);

#endif
