/* A correlation document -> struct correlation, all but the rules it refers
 * to, which are known when every file is read. What this version does not do
 * is refused, never weakened. */
#ifndef SIGMA_CORRELATION_LOAD_H
#define SIGMA_CORRELATION_LOAD_H

#include "sigma/correlation.h"
#include "sigma/detection.h"

struct correlation_draft {
	struct correlation correlation;
	const struct yaml_node *references; /* scalar or list; as long as the document */
	bool generate;                      /* the rules alert by themselves too */
};

int correlation_parse(const struct detection_loader *loader, const struct yaml_node *root,
    struct correlation_draft *out, struct fail *why) __attribute__((warn_unused_result));

#endif
