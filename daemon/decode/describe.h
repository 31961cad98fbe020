/* An event as text for people (--decode): its shape, log source, category, id,
 * tenant and time, then every field that the plan knows with its value, and
 * the names of those that the record lacks. Pure; any thread. Bounded by the
 * buffer's maximum. */
#ifndef DECODE_DESCRIBE_H
#define DECODE_DESCRIBE_H

#include "base/buf.h"
#include "event/event.h"
#include "event/plan.h"

/* Text whose control characters are written as escapes. -1 when the buffer is full, as below. */
int describe_text(struct str text, struct buf *out) __attribute__((warn_unused_result));
/* A value, texts with quotes, cut to about max bytes. */
int describe_value(const struct value *v, size_t max, struct buf *out) __attribute__((warn_unused_result));
/* -1 when the buffer is full. Control characters are written as escapes. */
int describe_event(const struct event *e, const struct plan *plan, struct buf *out) __attribute__((warn_unused_result));

#endif
