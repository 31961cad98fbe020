/* What the operator should be told once: events of no known shape, and tenants
 * whose risk fields are always hidden (no Entra ID P2), for which half of the
 * seed rule is blind. Shared by workers; bounded to 256 tenants. */
#ifndef DETECT_ADVICE_H
#define DETECT_ADVICE_H

#include "event/event.h"

enum advice { ADVICE_NONE, ADVICE_UNKNOWN_SHAPE, ADVICE_RISK_HIDDEN };

struct advisor;

struct advisor *advisor_new(void);
void advisor_free(struct advisor *a);
/* Any thread. At most once per daemon (shape) and per tenant (risk). */
enum advice advisor_see(struct advisor *a, const struct event *e);

#endif
