/* The workers: made, started, drained and stopped together. Control loop only. */
#ifndef CREW_H
#define CREW_H

#include "base/fail.h"
#include "worker.h"

struct crew;

/* options.index is the crew's to set; on_drained runs on the control loop once, when every worker is idle after crew_drain. */
struct crew *crew_new(const struct worker_options *options, struct loop *control, void (*on_drained)(void *ctx),
    void *ctx, struct fail *why);
void crew_free(struct crew *c); /* stopped; NULL is fine */
int crew_start(struct crew *c, struct fail *why) __attribute__((warn_unused_result));
void crew_stop(struct crew *c); /* NULL is fine */
/* To the worker with the fewest connections. Takes fd. */
void crew_give(struct crew *c, int listener, int fd, const struct inet *peer);
/* How many workers could not be told (mailbox full); 0 = all were. */
unsigned crew_set_policy(struct crew *c, struct policy *policy);
void crew_drain(struct crew *c);
/* Each worker's loop, for heartbeats; NULL beyond the last, or without a crew. */
struct loop *crew_loop(struct crew *c, unsigned index);

#endif
