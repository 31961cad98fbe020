/* A signal as a callback on a loop. One loop of a process watches signals (the
 * control loop), before other threads start or while they block them. */
#ifndef LOOP_SIGNAL_WATCH_H
#define LOOP_SIGNAL_WATCH_H

#include "loop/loop.h"

struct signal_watch;

/* NULL without memory. Loop's thread, or before it runs. */
struct signal_watch *signal_watch_new(struct loop *l, int signal_number, void (*on_signal)(int number, void *ctx),
    void *ctx) __attribute__((warn_unused_result));
void signal_watch_free(struct signal_watch *s); /* takes NULL */

#endif
