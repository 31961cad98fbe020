/* What field names mean in the rule that is being loaded: window.<name>.<figure>
 * is a figure of the rule's own window of that name, else the configuration's;
 * all else is a field of events. Lives as long as the loading; one thread. */
#ifndef SIGMA_FIELD_SCOPE_H
#define SIGMA_FIELD_SCOPE_H

#include "base/fail.h"
#include "config/yaml.h"
#include "event/field.h"

struct window_names;

struct field_scope {
	struct field_set *fields;     /* borrowed */
	struct window_names *windows; /* borrowed */
};

/* The slot of the name, a new one if need be; -1 with the place in *why when there is no such window or figure, or no
 * room for another field. */
int field_scope_slot(struct field_scope *scope, struct str name, const struct yaml_node *place, int *slot,
    struct fail *why) __attribute__((warn_unused_result));

#endif
