/* Whether and when a target is tried: a pure state machine over outcomes.
 *
 *   closed --5 transient in a row, or 1 endpoint fault--> open
 *   open --the wait is over--> half_open (one probe is out)
 *   half_open --accepted--> closed;  --failed--> open, waiting longer
 *   any --410--> gone
 *
 * Five messages refused in a row are an endpoint fault: a changed schema at the
 * receiver looks like bad messages. Deliver thread; a plain value. */
#ifndef DELIVER_CIRCUIT_H
#define DELIVER_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "deliver/outcome.h"

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN, CIRCUIT_GONE, CIRCUIT_DISABLED, CIRCUIT_STATES };
const char *circuit_state_name(enum circuit_state state); /* "closed", ...: metrics label */

struct circuit {
	enum circuit_state state;
	unsigned transient; /* in a row */
	unsigned refused;   /* in a row */
	unsigned step;      /* of the backoff */
	int64_t next_ms;    /* not before, on the monotonic clock */
};

struct circuit_event {
	enum outcome outcome;
	int64_t now_ms;         /* monotonic */
	int64_t retry_after_ms; /* 0 = not asked for */
	double random;          /* [0, 1) */
};

void circuit_init(struct circuit *c, bool enabled);
bool circuit_may_send(const struct circuit *c, int64_t now_ms);
/* The next one out is a probe: the oldest row, alone. */
bool circuit_probes(const struct circuit *c);
void circuit_sent(struct circuit *c);
/* true when the target is to blame: the row is kept, whatever the answer was. */
bool circuit_answered(struct circuit *c, const struct target_config *target, const struct circuit_event *event);

#endif
