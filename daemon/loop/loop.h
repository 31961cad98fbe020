/* One event base and the thread that runs it, timers, and end-of-turn work.
 * A turn is: due timers, ready descriptors, deferred calls. Timers run on
 * clock.h's monotonic time, so a test moves them with clock_set and
 * loop_turn. Everything here is for the loop's own thread (the one that runs
 * it, or the maker before it runs) unless said otherwise. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct fail;
struct loop;
struct timer;

/* name names the thread (15 bytes kept). NULL without memory or descriptors. */
struct loop *loop_new(const char *name) __attribute__((warn_unused_result));
/* Not while it runs. Makes the deferred calls that are left; timers and
 * everything else on this loop must be freed before. */
void loop_free(struct loop *l);
struct event_base *loop_base(struct loop *l); /* made without locks: use it on the loop's thread only */
const char *loop_name(const struct loop *l);

/* Runs on the calling thread until loop_break or loop_stop; a loop_break from before makes it return at once. */
void loop_run(struct loop *l);
/* Runs on a thread of its own, with all signals blocked. */
int loop_start(struct loop *l, struct fail *why) __attribute__((warn_unused_result));
/* From another thread: returns when the loop no longer runs; at once if it does not run. */
void loop_stop(struct loop *l);
/* Any thread: the loop returns after the turn it is in. */
void loop_break(struct loop *l);
/* One turn without waiting, for tests and for the end of a shutdown. */
void loop_turn(struct loop *l);
/* When the loop last began a turn, clock_mono_ms; it does so at least once a second. Any thread. */
int64_t loop_beat_ms(const struct loop *l);

/* on_fire runs once per timer_set. NULL without memory. */
struct timer *timer_new(struct loop *l, void (*on_fire)(void *ctx), void *ctx) __attribute__((warn_unused_result));
void timer_set(struct timer *t, int64_t delay_ms); /* replaces the time set before; cannot fail */
void timer_cancel(struct timer *t);
bool timer_is_set(const struct timer *t);
/* Also inside its own on_fire; takes NULL. */
void timer_free(struct timer *t);

/* A call at the end of this turn, in the order asked for; one deferred there belongs to the next turn.
 * -1 without memory. */
int loop_defer(struct loop *l, void (*fn)(void *ctx), void *ctx);
/* The same with memory of the caller's, which cannot fail: d lives until fn is called, and fn may free it.
 * Asking again before that changes nothing. */
struct deferral {
	struct deferral *next;
	void (*fn)(void *ctx);
	void *ctx;
	bool pending;
};
void loop_defer_in(struct loop *l, struct deferral *d, void (*fn)(void *ctx), void *ctx);

/* Working memory of LOOP_SCRATCH_BYTES shared by all on this loop: valid until the callback returns. NULL without memory. */
enum { LOOP_SCRATCH_BYTES = 320 * 1024 };
char *loop_scratch(struct loop *l);

#endif
