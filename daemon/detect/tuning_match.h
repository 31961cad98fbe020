/* What a tuning entry asks of an event: `match` and the time between `start`
 * and `end`. All of it must hold. Lists are read into sets once and shared by
 * the entries that name them. Belongs to the tuning; immutable after load. */
#ifndef DETECT_TUNING_MATCH_H
#define DETECT_TUNING_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "config/list.h"
#include "config/yaml.h"
#include "detect/value_set.h"
#include "event/event.h"
#include "event/field.h"

enum { TUNING_SIDES = 4 };

struct tuning_match {
	int64_t start_ms, end_ms; /* of event time, half-open; INT64_MIN, INT64_MAX: none */
	/* users, apps, networks, tenants: NULL when not asked for, else NULL-terminated; one of the sets has to have a value */
	const struct value_set *const *sides[TUNING_SIDES];
	int home_tenant; /* slot */
};

struct tuning_sets; /* owner of the sets */

struct tuning_sets *tuning_sets_new(const struct list_set *lists); /* borrowed */
void tuning_sets_free(struct tuning_sets *sets);

/* Reads the keys match, start and end of an entry; -1 when there was any problem. */
int tuning_match_parse(struct tuning_sets *sets, struct arena *arena, struct field_set *fields,
    const struct yaml_node *entry, struct tuning_match *out, struct fail_list *problems) __attribute__((warn_unused_result));
bool tuning_match_holds(const struct tuning_match *m, const struct event *e);

#endif
