/* One predicate over one event. The scratch belongs to one thread and to one
 * event at a time; it is bounded and nothing is allocated during evaluation.
 * Texts beyond 64 KiB are compared by their first 64 KiB. */
#ifndef SIGMA_EVALUATE_H
#define SIGMA_EVALUATE_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "sigma/predicate.h"

struct scratch;

struct scratch *scratch_new(unsigned slot_count, uint32_t max_regex_steps) __attribute__((warn_unused_result));
void scratch_free(struct scratch *scratch);
/* Before the first predicate of each event. */
void scratch_begin(struct scratch *scratch, const struct event *e);
/* Evaluations that hit a limit (and count as false) since the last call. */
unsigned scratch_errors(struct scratch *scratch);

/* What evaluation compares of a value: its first 64 KiB, and these folded. The latter is valid until the next call, that of
 * a slot's own value, mostly, until scratch_begin. */
struct str scratch_cut(struct str text);
struct str scratch_folded(struct scratch *scratch, const struct value *v, int slot);
enum { ELEMENT_DEPTH_MAX = 16 }; /* arrays in arrays */

/* hit, when not NULL, is set to the value (or element) that met the predicate, NULL when none did so. */
bool predicate_holds(const struct predicate *p, struct scratch *scratch, const struct value **hit);
/* The same as if operand i were its only one; of a predicate that has operands. */
bool predicate_operand_holds(const struct predicate *p, struct scratch *scratch, unsigned i);

#endif
