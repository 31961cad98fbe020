/* Checks that wait: what must be absent gets time to arrive, a window its end. Each
 * keeps what its alert needs: a copy of the record, to be decoded again, and the
 * group. A heap by due time under one lock; any thread. Bounded in bytes; what
 * finds no room is the caller's to count. Times are of the clock (base/clock.h),
 * which in a replay follows the events. */
#ifndef DETECT_PARKED_H
#define DETECT_PARKED_H

#include <stdint.h>

#include "base/str.h"
#include "config/config.h"
#include "sigma/rule.h"

enum { PARKED_RAW_MAX = 256 * 1024 };

struct parked_check {
	int64_t due_ms;
	int64_t at_ms; /* event time that the check is about */
	uint64_t key;  /* of the group */
	const char *rule; /* id */
	uint64_t definition;
	struct str raw, tenant;            /* of the completing event */
	const struct source_config *source; /* of its listener; lives as long as the configuration */
	int64_t received_ms;
	uint64_t place; /* batch.place */
	struct str values[RULE_GROUP_MAX]; /* of the group; value_count of them */
	unsigned value_count;
};

struct parked;

struct parked *parked_new(uint64_t memory_bytes);
void parked_free(struct parked *p); /* NULL is fine */
/* Copies. -1: no room. */
int parked_add(struct parked *p, const struct parked_check *check) __attribute__((warn_unused_result));
/* The next check that is due, taken out; NULL when there is none. To be given back to parked_done. */
struct parked_check *parked_take(struct parked *p, int64_t now_ms);
void parked_done(struct parked_check *check);
/* INT64_MAX when nothing waits. */
int64_t parked_next_ms(struct parked *p);
unsigned parked_count(struct parked *p);
uint64_t parked_bytes(struct parked *p);

#endif
