/* Which fields of the rules no schema can ever supply, and which rules wait for
 * a log source that nothing sends: such a rule never matches, and no error says
 * so. Load time; pure. */
#ifndef DETECT_SUPPLY_H
#define DETECT_SUPPLY_H

#include "base/fail.h"
#include "detect/policy.h"

/* One warning for each field of a rule or a filter, at its first place ("unsupplied-field"), or for the rules of a log source
 * together ("unknown-logsource"). Events of a source that only a listener names have any field, by its path. */
void supply_check(const struct policy *policy, struct fail_list *warnings);

#endif
