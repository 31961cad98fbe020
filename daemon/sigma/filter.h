/* A Sigma filter: a condition that is joined by `and` to those of the rules it
 * is for, with selections of its own. Lives in the ruleset's arena. Source:
 * Sigma 2.1.0 filters specification. */
#ifndef SIGMA_FILTER_H
#define SIGMA_FILTER_H

#include "base/fail.h"
#include "config/yaml.h"
#include "sigma/detection.h"
#include "sigma/logsource.h"

struct filter {
	struct logsource logsource;
	struct detection detection;
	const struct yaml_node *rules; /* a list or one scalar of ids and names; NULL: any rule */
};

/* root: the document. *why has the place. */
int filter_parse(const struct detection_loader *loader, const struct yaml_node *root, struct filter *out,
    struct fail *why) __attribute__((warn_unused_result));
/* Does it apply to rules of this log source? */
bool filter_covers(const struct filter *filter, const struct logsource *rule);
/* Joins the filter's condition to the rule's, which must be compiled anew. -1 only without memory. */
int filter_apply(const struct filter *filter, struct arena *arena, struct detection *rule)
    __attribute__((warn_unused_result));
/* Is there a negation in it at all? Without one it hardly says what it was meant to. */
bool filter_negates(const struct filter *filter);

#endif
