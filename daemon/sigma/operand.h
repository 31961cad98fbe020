/* The values of a detection item, as written -> the operands of its predicate:
 * placeholders replaced, changed by the modifiers, compiled. Lives in the
 * predicate set's arena. Source: Sigma 2.1.0, appendix "Modifiers". */
#ifndef SIGMA_OPERAND_H
#define SIGMA_OPERAND_H

#include "base/fail.h"
#include "config/yaml.h"
#include "sigma/field_scope.h"
#include "sigma/modifier.h"
#include "sigma/predicate.h"

/* A way to walk an item's value, a scalar or a list:
 *   for (v = operand_first(value); v; v = operand_next(value, v)) */
const struct yaml_node *operand_first(const struct yaml_node *value);
const struct yaml_node *operand_next(const struct yaml_node *value, const struct yaml_node *at);

/* Sets op, count and operands of *predicate, whose other members are set. *why has the place. */
int operands_make(struct predicate_set *set, struct field_scope *fields, const struct modifiers *modifiers,
    const struct yaml_node *value, struct predicate *predicate, struct fail *why) __attribute__((warn_unused_result));

#endif
