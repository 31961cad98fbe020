/* The named windows of a policy as one worker sees them: updates those that a
 * sign-in counts in, writes the figures that rules test, and keeps what an alert
 * tells about them until the worker's next event. The windows themselves are
 * shared. Allocates nothing per event. Contract: picketd-rules(5), "windows". */
#ifndef DETECT_NAMED_H
#define DETECT_NAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/context.h"
#include "event/event.h"
#include "sigma/matcher.h"
#include "sigma/ruleset.h"

enum { NAMED_TEXT_SIZE = 512 }; /* of a key; longer ones are cut */

struct named;

/* rules are borrowed; NULL without memory. */
struct named *named_new(const struct ruleset *rules);
void named_free(struct named *n);
/* After context_observe and all else that fills slots, before the rules run: the matcher's answers about conditions serve
 * the run. Slots of windows whose key the event lacks, and of events that are no sign-in, are MISSING. */
void named_observe(struct named *n, struct contexts *contexts, struct matcher *m, struct event *e,
    struct context *context);

struct named_figures { /* over [t - span_ms, t] of the event's own time t */
	int64_t span_ms, first_ms, last_ms; /* times 0 when attempts is 0 */
	uint64_t counts[WINDOW_FIGURES]; /* the ratio in millionths; age in ms */
	bool exact, partial;             /* as struct window_figures */
};
/* Of the event of the last named_observe; false when it lacks the window's key. */
bool named_read(const struct named *n, unsigned window, struct named_figures *out);
unsigned named_key_count(const struct named *n, unsigned window);
/* Field and value of a key; text has room for the value. */
const char *named_key(const struct named *n, unsigned window, unsigned key, char text[NAMED_TEXT_SIZE]);

#endif
