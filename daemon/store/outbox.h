/* What is to be delivered: one row a target and alert, numbered without gaps
 * per target; dead letters; the log of what was delivered. Store thread only,
 * inside its transactions. Counters and sequence numbers run ahead in memory
 * and take effect with outbox_commit. Contract: delivery page sections 1, 3. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert.h"
#include "base/fail.h"
#include "config/config.h"
#include "store/db.h"
#include "store/delivery.h"

enum { OUTBOX_TARGETS_MAX = 32 };

struct outbox;

/* targets are borrowed and give the indexes; at most OUTBOX_TARGETS_MAX. */
struct outbox *outbox_new(struct db *db, const struct target_config *targets, unsigned count, struct fail *why);
void outbox_free(struct outbox *o);

/* A row for every enabled target that wants the alert. */
int outbox_add(struct outbox *o, const struct alert *a, int64_t now_ms, struct fail *why)
    __attribute__((warn_unused_result));
int outbox_settle(struct outbox *o, const struct delivery *d, struct fail *why) __attribute__((warn_unused_result));
/* At most max rows made before the time become dead letters; how many, or -1. */
int outbox_expire(struct outbox *o, unsigned target, int64_t before_ms, unsigned max, struct fail *why);
/* The same for targets that are configured no more. */
int outbox_expire_unknown(struct outbox *o, int64_t before_ms, unsigned max, struct fail *why);
/* Writes the numbers given out; to be called before COMMIT. */
int outbox_flush(struct outbox *o, struct fail *why) __attribute__((warn_unused_result));
/* What the transaction did stands; bit i of the result: target i has new rows. */
uint32_t outbox_commit(struct outbox *o);
void outbox_rollback(struct outbox *o);

struct outbox_query {
	unsigned target, max;
	bool fifo; /* in order of seq; else highest score first, then newest event first */
	int64_t now_ms;
};
/* Due rows as a list by next, NULL when there is none; then *next_due_ms tells when a row will be due, INT64_MAX: never. */
int outbox_claim(struct outbox *o, const struct outbox_query *query, struct delivery **out, int64_t *next_due_ms,
    struct fail *why) __attribute__((warn_unused_result));

/* Deletes at most max entries each of the delivered log and of the dead letters. How many, or -1. */
int outbox_trim(struct outbox *o, int64_t delivered_before_ms, int64_t dead_before_ms, unsigned max, struct fail *why);

uint32_t outbox_len(const struct outbox *o, unsigned target); /* any thread */

#endif
