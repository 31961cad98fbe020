/* A bounded queue of messages into a loop. Any thread posts; messages reach
 * on_message on the loop's thread in the order posted, at most 64 a turn, so
 * that a full box does not starve the loop's other work. Full is an answer to
 * the poster, never a wait. Memory: capacity pointers; messages are the
 * caller's, owned by the box while they are in it. */
#ifndef LOOP_MAILBOX_H
#define LOOP_MAILBOX_H

#include <stddef.h>

#include "loop/loop.h"

struct mailbox;

/* NULL without memory or descriptors. On the loop's thread, or before it runs. */
struct mailbox *mailbox_new(struct loop *l, size_t capacity, void (*on_message)(void *message, void *ctx), void *ctx)
    __attribute__((warn_unused_result));
/* Hands message (not NULL) over; -1 when the box is full, and message stays the poster's. Any thread. */
int mailbox_post(struct mailbox *m, void *message) __attribute__((warn_unused_result));
/* The next message without a callback, NULL when there is none: to empty a box before it is freed. Loop's thread, or
 * when the loop no longer runs. */
void *mailbox_take(struct mailbox *m) __attribute__((warn_unused_result));
/* How many wait now, for metrics. Any thread. */
size_t mailbox_len(struct mailbox *m);
/* When nobody posts any more. Loop's thread (also inside on_message), or when the loop no longer runs; takes NULL.
 * Messages still in it are not delivered. */
void mailbox_free(struct mailbox *m);

#endif
