/* What came in: counters by listener, shape and category, their series looked
 * up once. One per worker. Categories are the peers' words, so at most 64 get a
 * label of their own, the rest count as "other". */
#ifndef EVENT_TALLY_H
#define EVENT_TALLY_H

#include "event/event.h"

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally *t);
/* listener is a constant. Counts one decoded event, its lag and its anomalies. */
void tally_event(struct tally *t, const char *listener, const struct event *e);
/* Shapes of a policy are known by their addresses, which the next policy's may take over: call it between the two. */
void tally_forget_shapes(struct tally *t);

#endif
