/* One row of the outbox on its way to a target: made by a claim, owned by the
 * dispatcher, handed back to the store with a verdict. A plain value on the
 * heap, one thread at a time; holds one alert document (at most 16 KiB). */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "base/buf.h"

enum {
	DELIVERY_BODY_MAX = 512, /* kept of a receiver's answer */
	DELIVERY_ENVELOPE_MAX = 256 * 1024,
};

enum delivery_verdict { DELIVERY_DONE, DELIVERY_RETRY, DELIVERY_DEAD };

enum dead_reason { DEAD_EXPIRED, DEAD_REFUSED, DEAD_TOO_LARGE, DEAD_OVERFLOW, DEAD_REASONS };
const char *dead_reason_name(enum dead_reason reason); /* "expired", "refused", "too_large", "overflow" */

struct delivery {
	unsigned target; /* index in the configuration */
	int64_t seq, event_ms, created_ms;
	int64_t first_ms; /* of the first attempt, 0 = none yet */
	int score;
	unsigned attempts; /* so far */
	unsigned refusals; /* answers that were about this message */
	char alert[ALERT_ID_SIZE];
	char type[24]; /* "alert.trigger" */
	char *data;
	size_t data_len;
	/* set by the dispatcher, who also counts attempts and refusals */
	enum delivery_verdict verdict;
	enum dead_reason reason;
	int status;    /* HTTP, 0 = none */
	int64_t at_ms; /* when it was settled */
	int64_t due_ms; /* of RETRY: not before */
	char body[DELIVERY_BODY_MAX + 1]; /* of the answer, for the dead letter */
	struct delivery *next;
};

void delivery_free(struct delivery *d); /* NULL is fine */
/* {"type","timestamp","seq","data"}: the same bytes on every attempt. */
int delivery_envelope(const struct delivery *d, struct buf *out) __attribute__((warn_unused_result));
/* "msg_" + 32 hex over alert and target: the same on retry and redelivery. out holds ALERT_ID_SIZE. */
void delivery_webhook_id(const char *alert_id, const char *target, char *out);

#endif
