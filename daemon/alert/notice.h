/* Messages about picketd itself, `data` of system.* envelopes: schema
 * system/1. Pure; any thread. Contract: delivery page section 2. */
#ifndef ALERT_NOTICE_H
#define ALERT_NOTICE_H

#include "alert/alert.h"
#include "base/buf.h"

struct notice {
	const char *id, *code, *detail, *target; /* target NULL: none */
};

/* Compact JSON; totals and since are null: nobody counted. */
int notice_data(const struct notice *n, const struct alert_producer *producer, struct buf *out)
    __attribute__((warn_unused_result));

#endif
