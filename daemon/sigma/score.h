/* The threat_score terms of a rule: what each adds, and when. A term's
 * condition is over the rule's own selections. */
#ifndef SIGMA_SCORE_H
#define SIGMA_SCORE_H

#include "sigma/detection.h"
#include "sigma/rule.h"

struct score {
	struct rule_term *terms;
	int32_t *entries; /* programs of the conditions */
	const struct expr **conditions;
	unsigned count;   /* at most RULE_TERMS_MAX */
};

int score_parse(const struct detection_loader *loader, const struct detection *detection,
    const struct yaml_node *list, struct score *out, struct fail *why) __attribute__((warn_unused_result));
/* Marks where the rule's condition holds a term's condition: as a part of it, in any order of its own parts, or with
 * further parts behind `and`. Who makes the term false makes those parts false, too. */
void score_mark(const struct score *score, struct expr *condition);

#endif
