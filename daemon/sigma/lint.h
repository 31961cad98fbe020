/* What is legal in a rule and hardly what its author meant: notes for the
 * operator, shown by --check. */
#ifndef SIGMA_LINT_H
#define SIGMA_LINT_H

#include "base/fail.h"
#include "config/yaml.h"
#include "sigma/modifier.h"

void lint_item(struct fail_list *notes, const struct modifiers *modifiers, const struct yaml_node *value);

#endif
