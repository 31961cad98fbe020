/* POSTs on one curl multi handle, driven by the loop's sockets and timers, so
 * that no target waits for another. Deliver thread. Memory: one request per
 * target, its connections. curl's timeouts run in real time. */
#ifndef DELIVER_WEBHOOK_H
#define DELIVER_WEBHOOK_H

#include "deliver/request.h"
#include "loop/loop.h"

struct webhook;

struct webhook *webhook_new(struct loop *loop); /* NULL without memory */
void webhook_free(struct webhook *w);           /* every transfer ended or was dropped; NULL is fine */

/* on_answer runs once, later, on the loop. -1 without memory (then never). r and the message's body live until then. */
int webhook_post(struct webhook *w, struct request *r, const struct request_message *message,
    void (*on_answer)(const struct answer *answer, void *ctx), void *ctx) __attribute__((warn_unused_result));
/* Breaks the request's transfer off, if there is one; on_answer does not run. */
void webhook_drop(struct webhook *w, struct request *r);

#endif
