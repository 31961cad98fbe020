/* A correlation document -> struct correlation, in two steps: what the document
 * says, and, once every file is read, what depends on the rules that it refers
 * to. What is not understood is refused, never weakened. */
#ifndef SIGMA_CORRELATION_LOAD_H
#define SIGMA_CORRELATION_LOAD_H

#include "sigma/correlation.h"
#include "sigma/detection.h"

struct correlation_draft {
	struct correlation correlation;
	const struct yaml_node *map;        /* the `correlation` mapping; as long as the document */
	const struct yaml_node *references; /* scalar or list */
	const struct yaml_node *group_by, *values, *aliases, *text; /* NULL when absent */
	bool generate; /* the rules alert by themselves too */
};

struct correlation_reference { /* one entry of `rules`, found */
	const struct yaml_node *node;
	struct str name; /* the rule's `name`; empty when it has none */
	const struct rule *rule;
};

int correlation_parse(const struct detection_loader *loader, const struct yaml_node *root,
    struct correlation_draft *out, struct fail *why) __attribute__((warn_unused_result));
/* count references, each rule once: aliases, the condition as text, and when the whole is decided. */
int correlation_finish(const struct detection_loader *loader, struct correlation_draft *draft,
    const struct correlation_reference *references, unsigned count, struct fail *why)
    __attribute__((warn_unused_result));

#endif
