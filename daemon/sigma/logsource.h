/* Which events a rule may see: product, service, category. A rule sees an
 * event only when the event's source has every attribute that the rule asks
 * for. A plain value; texts live in the ruleset's arena. Source: Sigma 2.1.0
 * rules, "Log source". */
#ifndef SIGMA_LOGSOURCE_H
#define SIGMA_LOGSOURCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fail.h"
#include "config/yaml.h"
#include "event/event.h"

struct logsource {
	struct str product, service, category; /* empty: any */
};

int logsource_parse(struct arena *arena, const struct yaml_node *node, struct logsource *out, struct fail *why)
    __attribute__((warn_unused_result));
/* source NULL: an event that shows none. */
bool logsource_contains(const struct logsource *wanted, const struct source *source);

#endif
