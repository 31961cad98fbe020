/* The fields that a policy wants x the schemas -> one trie of member names, so
 * that a record is walked once for all shapes. Immutable, shared by workers;
 * belongs to the policy. */
#ifndef EVENT_PLAN_H
#define EVENT_PLAN_H

#include <stdbool.h>

#include "base/fail.h"
#include "event/field.h"
#include "event/schema.h"

struct plan;

struct plan_options {
	bool leaves;     /* keyword rules: event_leaves has them */
	bool any_source; /* replay with --logsource any: no schema mapping, no wrappers, fields by their own path */
};

/* fields and schemas are borrowed and must outlive the plan. */
struct plan *plan_compile(const struct field_set *fields, const struct schema_set *schemas,
    const struct plan_options *options, struct fail *why);
void plan_free(struct plan *plan);

#endif
