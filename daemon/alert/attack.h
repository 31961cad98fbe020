/* MITRE ATT&CK entries of an alert, from a rule's tags (attack.tNNNN.NNN and
 * tactic names) and the tables tactic.def and technique.def. Pure; any thread.
 * At most 8 entries. Source: delivery page section 2, `data.mitre[]`. */
#ifndef ALERT_ATTACK_H
#define ALERT_ATTACK_H

#include <jansson.h>

enum { ATTACK_MAX = 8 };

/* New array; tags is NULL-terminated. A technique that the table does not know
 * has a null name, and the rule's first tactic. NULL without memory. */
json_t *attack_json(const char *const *tags);

#endif
