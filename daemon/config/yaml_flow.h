/* A node of YAML as text on one line: flow style, texts in double quotes.
 * Reading it again gives an equal tree. Pure. */
#ifndef CONFIG_YAML_FLOW_H
#define CONFIG_YAML_FLOW_H

#include "base/buf.h"
#include "config/yaml.h"

/* -1 when it does not fit. */
int yaml_flow(const struct yaml_node *n, struct buf *out) __attribute__((warn_unused_result));

#endif
