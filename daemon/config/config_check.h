/* What must hold between options, after all were read: required ones, names,
 * listeners that others can reach, URLs. Every problem goes to the list with
 * the place of the value that is wrong. One thread, at load. */
#ifndef CONFIG_CONFIG_CHECK_H
#define CONFIG_CONFIG_CHECK_H

#include "base/fail.h"
#include "config/config.h"
#include "config/option.h"
#include "config/yaml.h"

/* One item of a list of structs, right after it was read from n. */
void config_check_item(enum option_scope scope, const struct yaml_node *n, const void *item, struct fail_list *problems);
/* The whole. root is what was read, NULL for the defaults. */
void config_check(const struct config *c, const struct yaml_node *root, struct fail_list *problems);
/* The value at a path with dots; NULL when the file does not have it. */
const struct yaml_node *config_place(const struct yaml_node *root, const char *path);

#endif
