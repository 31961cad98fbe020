/* What every kind of rule document has in common: title, id, level, tags ...
 * Source: Sigma 2.1.0 rules, "Components". */
#ifndef SIGMA_HEADING_H
#define SIGMA_HEADING_H

#include "base/arena.h"
#include "base/fail.h"
#include "config/yaml.h"
#include "sigma/rule.h"

enum { HEADING_ID_SIZE = 65 };

enum heading_kind { HEADING_RULE, HEADING_CORRELATION, HEADING_FILTER };

struct heading {
	enum heading_kind kind;
	const char *name; /* NULL when absent */
	bool retired;     /* status deprecated or unsupported */
};

/* Fills the common part of *rule, which starts zeroed. */
int heading_parse(struct arena *arena, const struct yaml_node *root, struct rule *rule, struct heading *out,
    struct fail *why) __attribute__((warn_unused_result));
/* What stands there; NULL also when nothing stands behind the key's colon. */
const struct yaml_node *heading_key(const struct yaml_node *root, const char *key);
/* An id as alerts have it, [a-z0-9-]: lower case, any other character a dash. Empty when the text is too long for one. */
struct str heading_id(struct str text, char out[static HEADING_ID_SIZE]);

#endif
