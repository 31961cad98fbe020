/* Checks that wait: what must be absent gets time to arrive, a window its end.
 * They are due when the feeds that they wait for have passed their end, or by the
 * clock. Each keeps what its alert needs: a copy of the event's record, to be decoded
 * again, and the group. Plain values in units of one size, taken at birth: a
 * check is a unit with its record, and further ones with its texts, chained by
 * number. One lock; any thread. What finds no room is the caller's to count.
 * Times are of the clock (base/clock.h), which in a replay follows the events. */
#ifndef DETECT_PARKED_H
#define DETECT_PARKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "sigma/rule.h"

enum { PARKED_RAW_MAX = 256 * 1024, PARKED_RULE_SIZE = 65 };

/* No pointers and no padding: written out as it stands (little endian), followed by its texts, which lie one behind the
 * other as the lengths tell: raw, tenant, the group's values. */
struct parked_record {
	int64_t end_ms;      /* event time that the feeds have to pass */
	int64_t due_ms;      /* at the latest, by the clock */
	int64_t at_ms;       /* event time that the check is about */
	int64_t received_ms; /* of the completing event */
	uint64_t key;        /* of the group */
	uint64_t definition; /* of the rule; with the tenant it says which feeds it waits for */
	uint64_t tenant_key;
	uint64_t origin;     /* identity of the listener's log source; 0 = none */
	uint64_t place;      /* batch.place */
	uint64_t serial;     /* event.serial */
	uint32_t raw_len, tenant_len, value_count, value_lens[RULE_GROUP_MAX];
	char rule[PARKED_RULE_SIZE + 3]; /* id */
};

struct parked_check {
	struct parked_record record; /* parked_add sets the lengths of the texts */
	struct str raw, tenant;      /* of the completing event */
	struct str values[RULE_GROUP_MAX]; /* of the group; record.value_count of them */
};

struct parked_time { /* what the time is, by the clock and by event time */
	int64_t now_ms;
	/* The event time that the feeds have passed which the rule of that definition waits for in that tenant; INT64_MIN: not
	 * known. */
	int64_t (*passed)(uint64_t definition, uint64_t tenant_key, void *ctx);
	void *ctx;
};

struct parked;

struct parked *parked_new(uint64_t memory_bytes);
void parked_free(struct parked *p); /* NULL is fine */
/* Copies. -1: no room. */
int parked_add(struct parked *p, const struct parked_check *check) __attribute__((warn_unused_result));
bool parked_is_due(struct parked *p, const struct parked_time *time);
/* Of the checks that are due that with the earliest end, taken out; NULL when there is none, or no memory to hand it out.
 * To be given back to parked_done. */
struct parked_check *parked_take(struct parked *p, const struct parked_time *time);
void parked_done(struct parked_check *check);
/* When all that waits is due by the clock; INT64_MAX when nothing waits. */
int64_t parked_last_ms(struct parked *p);
unsigned parked_count(struct parked *p);
uint64_t parked_bytes(struct parked *p); /* of the units that were ever used */

#endif
