/* One definition of a named window on its way from YAML to the windows of a
 * ruleset under construction, and its identity. One thread. */
#ifndef SIGMA_WINDOW_DEFINITION_H
#define SIGMA_WINDOW_DEFINITION_H

#include "sigma/window_names.h"

struct window_definition {
	struct window_names *windows;
	const struct yaml_node *item;       /* map of name, by, span and where */
	const struct yaml_node *selections; /* what the condition is over; NULL = there is none */
	const struct yaml_node *condition;
	struct named_window window;
	struct expr *expr;
	uint64_t needs;
	struct fail *why;
};

/* Reads the item: a window that is there already, or a new one, becomes visible under its name. window.span_ms may be
 * set before, for an item without span. */
int window_definition_add(struct window_definition *d) __attribute__((warn_unused_result));

#endif
