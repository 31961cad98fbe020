/* What the service manager is told (sd_notify(3)): ready, reloading, stopping,
 * a status line, and a sign of life only while every registered loop's
 * heartbeat has moved within 10 s. Control loop's thread. At most 32 loops.
 * Without a service manager every call does nothing. */
#ifndef LOOP_NOTIFY_H
#define LOOP_NOTIFY_H

#include "loop/loop.h"

struct notify;

/* Starts the watchdog timer on l if the service manager asks for one (half its interval). NULL without memory. */
struct notify *notify_new(struct loop *l) __attribute__((warn_unused_result));
void notify_free(struct notify *n);
/* l must outlive n, or be forgotten first. -1 when there are 32 already. */
int notify_watch(struct notify *n, struct loop *l) __attribute__((warn_unused_result));
void notify_forget(struct notify *n, struct loop *l);
/* The first loop whose heartbeat stands still, NULL when all move. */
const struct loop *notify_stuck(const struct notify *n);

void notify_ready(struct notify *n);
void notify_reloading(struct notify *n);
void notify_stopping(struct notify *n);
void notify_status(struct notify *n, const char *text); /* one line */

#endif
