/* The detection mapping of a rule -> its selections and its condition, as
 * expressions over shared predicates. Lives in the ruleset's arena. Source:
 * Sigma 2.1.0 rules, "Detection". */
#ifndef SIGMA_DETECTION_H
#define SIGMA_DETECTION_H

#include "base/arena.h"
#include "base/fail.h"
#include "config/yaml.h"
#include "event/field.h"
#include "sigma/condition.h"
#include "sigma/expr.h"
#include "sigma/predicate.h"

enum { SELECTIONS_MAX = 256 };

struct detection {
	struct condition_names names; /* of the selections */
	struct expr **selections;     /* names.count of them */
	struct expr *condition;
};

struct program_code;

struct detection_loader { /* what the parts of a ruleset under construction share; all borrowed */
	struct arena *arena;
	struct predicate_set *predicates;
	struct field_scope *fields;
	struct program_code *code;
	bool keep_text; /* of items, for ruleset_explain */
	struct fail_list *notes;
};

int detection_parse(const struct detection_loader *loader, const struct yaml_node *node, struct detection *out,
    struct fail *why) __attribute__((warn_unused_result));
/* The same for the map of a filter, whose key `rules` is no selection. */
int detection_parse_filter(const struct detection_loader *loader, const struct yaml_node *node, struct detection *out,
    struct fail *why) __attribute__((warn_unused_result));
/* One condition text over the selections; NULL with the place in *why. */
struct expr *detection_condition(const struct detection_loader *loader, const struct detection *detection,
    const struct yaml_node *text, struct fail *why) __attribute__((warn_unused_result));

#endif
