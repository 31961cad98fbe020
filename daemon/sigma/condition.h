/* Sigma's condition grammar -> an expression over the rule's selections:
 *   or := and {"or" and} ; and := not {"and" not} ; not := {"not"} primary
 *   primary := "(" or ")" | ("1"|"any"|"all") "of" ("them" | pattern) | name
 * Keywords in any case. Depth and size are bounded. Source: Sigma 2.1.0 rules,
 * "Condition". */
#ifndef SIGMA_CONDITION_H
#define SIGMA_CONDITION_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "sigma/expr.h"

enum { CONDITION_LEN_MAX = 16384, CONDITION_DEPTH_MAX = 64, CONDITION_NODES_MAX = 20000 };

struct condition_names { /* of the rule's selections, in order */
	const struct str *names;
	unsigned count;
};

/* NULL with code and text in *why; *offset is then the byte of the text where it went wrong. */
struct expr *condition_parse(struct arena *arena, struct str text, const struct condition_names *names,
    size_t *offset, struct fail *why) __attribute__((warn_unused_result));

#endif
