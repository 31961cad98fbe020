/* The groups an event belongs to: the values of its group-by fields, case-folded,
 * addresses as windows key them. A field with several elements puts the event into
 * a group for each; at most GROUPS_MAX in all. On the caller's stack. */
#ifndef DETECT_GROUP_H
#define DETECT_GROUP_H

#include "base/str.h"
#include "event/event.h"
#include "sigma/rule.h"

enum { GROUPS_MAX = 8, GROUP_VALUE_MAX = 1024, GROUP_TEXT_SIZE = 4096 };

struct groups {
	struct str values[GROUPS_MAX][RULE_GROUP_MAX];
	unsigned count; /* 0: a field is missing; without fields there is one group */
	size_t used;    /* of text */
	char text[GROUP_TEXT_SIZE];
};

/* Values longer than GROUP_VALUE_MAX are cut; those for which text has no room are empty. */
void groups_of(const struct event *e, const struct rule_field *fields, unsigned count, struct groups *out);

#endif
