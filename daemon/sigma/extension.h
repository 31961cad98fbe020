/* The `picketd` mapping of a rule: what Sigma cannot say. Keys in
 * extension.def; an unknown key is an error. */
#ifndef SIGMA_EXTENSION_H
#define SIGMA_EXTENSION_H

#include "sigma/detection.h"
#include "sigma/rule.h"
#include "sigma/score.h"

/* Fills rule's fields of the mapping, and *score. detection NULL for a correlation, which has no score and no burst. */
int extension_parse(const struct detection_loader *loader, const struct detection *detection,
    const struct yaml_node *map, struct rule *rule, struct score *score, struct fail *why)
    __attribute__((warn_unused_result));
/* Sigma's own `fields`, for rules without `columns`. */
int extension_fields(const struct detection_loader *loader, const struct yaml_node *list, struct rule *rule,
    struct fail *why) __attribute__((warn_unused_result));

#endif
