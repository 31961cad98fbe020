/* Rule collections: the `action` documents of a file. `global` is a template
 * for the rules behind it, `reset` ends it, `repeat` is the rule before it with
 * changes. Maps are merged key by key; lists and scalars of the template, or of
 * the document that repeats, take the place of the rule's. One for a file, in
 * the loader; merged documents live in its arena and share the nodes of the
 * file. Source: not in the specification of version 2; the reference
 * implementation (pySigma). */
#ifndef SIGMA_COLLECTION_H
#define SIGMA_COLLECTION_H

#include "base/arena.h"
#include "base/fail.h"
#include "config/yaml.h"

struct collection {
	struct arena *arena; /* borrowed */
	const struct yaml_node *template, *rule; /* the last of each; NULL */
};

/* *out: the document to load, NULL when this one is none. */
int collection_take(struct collection *c, const struct yaml_node *root, const struct yaml_node **out, struct fail *why)
    __attribute__((warn_unused_result));

#endif
