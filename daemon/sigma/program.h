/* A condition as a decision graph: each step asks one predicate and says where
 * to go on yes and on no. Targets always have smaller numbers, so a run ends
 * after at most as many steps as the program has. All programs of a ruleset
 * are in one array. Immutable after load. */
#ifndef SIGMA_PROGRAM_H
#define SIGMA_PROGRAM_H

#include <stdint.h>

#include "base/fail.h"
#include "sigma/expr.h"

enum { PROGRAM_ACCEPT = -1, PROGRAM_REJECT = -2, PROGRAM_LEN_MAX = 100000 };

struct step {
	uint32_t test; /* predicate */
	int32_t yes, no;
};

struct program_code {
	struct step *steps;
	int32_t len, size;
};

void program_code_fini(struct program_code *code);
/* Appends; *entry may be ACCEPT or REJECT. *why has no place. */
int program_compile(struct program_code *code, const struct expr *e, struct expr *const *selections, int32_t *entry,
    struct fail *why) __attribute__((warn_unused_result));

#endif
