/* Which correlations each rule feeds, and how often events had no group, by rule.index. Immutable; belongs to the
 * policy. correlation_index_new and _free are in detect/correlator.h. */
#ifndef DETECT_CORRELATION_INDEX_H
#define DETECT_CORRELATION_INDEX_H

#include "detect/awaited.h"

/* Correlations that name the rule, each once; *count may be 0. */
const struct rule *const *correlation_index_fed(const struct correlation_index *index, const struct rule *rule,
    unsigned *count);
/* What those wait for that wait. */
const struct awaited *correlation_index_awaited(const struct correlation_index *index);
/* An event of the rule's lacks a field that it groups by. Allocates nothing: that can be every event. */
void correlation_index_ungrouped(const struct correlation_index *index, const struct rule *rule);

#endif
