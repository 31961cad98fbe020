/* One group commit: what came in since the last one, written in one
 * transaction or not at all. Store thread only. */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include <stdint.h>

#include "base/fail.h"
#include "event/batch.h"
#include "store/alerts.h"
#include "store/db.h"
#include "store/outbox.h"
#include "store/store.h"

struct group_tables { /* borrowed */
	struct db *db;
	struct alerts *alerts;
	struct outbox *outbox;
};

struct group {
	struct batch *batches, **batches_end;
	struct delivery *settled, **settled_end;
	uint32_t settled_len;
	struct claim *claims, **claims_end; /* those that expire rows: answered after the commit */
	uint32_t alerts; /* of the batches */
	bool writes;     /* a batch, a settled row or an expiry is in it */
	struct alert **added; /* references: the alerts that were new to the store */
	size_t added_len, added_cap;
};

void group_init(struct group *g);
void group_fini(struct group *g); /* frees settled rows; batches and claims were answered */
void group_add_batch(struct group *g, struct batch *b);
void group_add_settled(struct group *g, struct delivery *d);
void group_add_claim(struct group *g, struct claim *c);

/* Takes the rows out of the list that wait here to be settled; how many. */
unsigned group_hide_settled(const struct group *g, struct delivery **rows);
/* Frees the settled rows. */
void group_drop_settled(struct group *g);

/* BEGIN to COMMIT; -1: rolled back, nothing of it happened. On success *fresh tells the targets with new rows. */
int group_commit(struct group *g, const struct group_tables *tables, int64_t now_ms, uint32_t *fresh,
    struct fail *why) __attribute__((warn_unused_result));

#endif
