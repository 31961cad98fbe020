/* The fields that the detections of rules name, with their places, for who
 * wants to know whether anything can supply them. Read-only; load time. */
#ifndef SIGMA_MENTION_H
#define SIGMA_MENTION_H

#include <stdbool.h>

#include "event/event.h"
#include "event/field.h"
#include "sigma/logsource.h"
#include "sigma/rule.h"
#include "sigma/ruleset.h"

struct mention {
	const struct rule *rule; /* or filter */
	struct str field;
	unsigned line, column; /* in rule->file */
};

typedef void mention_f(const struct mention *mention, void *ctx);

/* Each field of each item of an event rule, also those that a fieldref compares with, repeated as the rule repeats it; and
 * the one by which it joins, in the rule's line. */
void mention_each(const struct ruleset *set, const struct rule *rule, const struct field_set *fields, mention_f *each,
    void *ctx);
/* How many filters there are, and the same for each of them, by its index. */
unsigned mention_filters(const struct ruleset *set);
void mention_each_of_filter(const struct ruleset *set, unsigned filter, const struct field_set *fields, mention_f *each,
    void *ctx);
/* The rules that it filters: one after another, NULL behind the last. */
const struct rule *mention_filtered(const struct ruleset *set, unsigned filter, unsigned *next);
/* What the event rule asks for. */
const struct logsource *mention_logsource(const struct ruleset *set, const struct rule *rule);
/* Whether the rule may see events of the source; NULL: of none. */
bool mention_sees(const struct ruleset *set, const struct rule *rule, const struct source *source);

#endif
