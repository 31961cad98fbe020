/* Result code -> what it means for a spray: wrong credential, password right but
 * more was asked, success, or none of these. From conf/result-codes.yaml; loaded
 * once, then immutable; belongs to the policy. Codes compare as text, words
 * without case. Contract: event-schemas page section 5. */
#ifndef DETECT_OUTCOME_CLASS_H
#define DETECT_OUTCOME_CLASS_H

#include <stdint.h>

#include "base/fail.h"
#include "event/event.h"

enum outcome_class { OUTCOME_OTHER, OUTCOME_FAILURE, OUTCOME_INTERRUPTED, OUTCOME_SUCCESS };
const char *outcome_class_name(enum outcome_class class); /* "failure", ...: data.outcome.result */

struct outcome_table;

/* NULL, with every problem in *problems, when the file is broken or memory is out. */
struct outcome_table *outcome_table_load(const char *path, struct fail_list *problems);
void outcome_table_free(struct outcome_table *t);
enum outcome_class outcome_table_find(const struct outcome_table *t, struct str code);
/* Of the event's resultType; *code gets the number, -1 when it has none. */
enum outcome_class outcome_of(const struct outcome_table *t, const struct event *e, int64_t *code);

#endif
