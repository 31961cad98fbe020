#include "deliver/circuit.h"

#include "deliver/backoff.h"

enum { TRANSIENT_MAX = 5, REFUSED_MAX = 5 };

const char *
circuit_state_name(enum circuit_state state)
{
	static const char *const names[CIRCUIT_STATES] = {[CIRCUIT_CLOSED] = "closed", [CIRCUIT_OPEN] = "open",
	    [CIRCUIT_HALF_OPEN] = "half_open", [CIRCUIT_GONE] = "gone", [CIRCUIT_DISABLED] = "disabled"};
	return (unsigned)state < CIRCUIT_STATES ? names[state] : "unknown";
}

void
circuit_init(struct circuit *c, bool enabled)
{
	*c = (struct circuit){.state = enabled ? CIRCUIT_CLOSED : CIRCUIT_DISABLED};
}

bool
circuit_may_send(const struct circuit *c, int64_t now_ms)
{
	return (c->state == CIRCUIT_CLOSED || c->state == CIRCUIT_OPEN) && now_ms >= c->next_ms;
}

bool
circuit_probes(const struct circuit *c)
{
	return c->state == CIRCUIT_OPEN;
}

void
circuit_sent(struct circuit *c)
{
	if (c->state == CIRCUIT_OPEN)
		c->state = CIRCUIT_HALF_OPEN;
}

static void
wait(struct circuit *c, const struct target_config *target, const struct circuit_event *event)
{
	int64_t ms = backoff_ms(c->step, target->backoff_min_ms, target->backoff_max_ms, event->random);
	int64_t asked = event->retry_after_ms;
	if (asked > target->retry_after_max_ms)
		asked = target->retry_after_max_ms;
	if (c->step < 62)
		c->step++;
	c->next_ms = event->now_ms + (asked > ms ? asked : ms);
}

static void
close_circuit(struct circuit *c)
{
	c->state = CIRCUIT_CLOSED;
	c->transient = c->step = 0;
	c->next_ms = 0;
}

bool
circuit_answered(struct circuit *c, const struct target_config *target, const struct circuit_event *event)
{
	switch (event->outcome) {
	case ANSWER_ACCEPTED:
		c->refused = 0;
		close_circuit(c);
		return false;
	case ANSWER_TRANSIENT:
		if (c->transient < TRANSIENT_MAX)
			c->transient++;
		if (c->transient >= TRANSIENT_MAX || c->state == CIRCUIT_HALF_OPEN)
			c->state = CIRCUIT_OPEN;
		wait(c, target, event);
		return true;
	case ANSWER_GONE:
		c->state = CIRCUIT_GONE;
		return true;
	case ANSWER_TOO_LARGE:
	case ANSWER_MESSAGE:
		if (c->refused + 1 < REFUSED_MAX) {
			c->refused++;
			close_circuit(c);
			return false;
		}
		break;
	case ANSWER_ENDPOINT:
		break;
	}
	c->state = CIRCUIT_OPEN;
	wait(c, target, event);
	return true;
}
