#include "loop/loop.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"
#include "loop/timers.h"

enum { NAME_SIZE = 16, BEAT_MS = 1000 };

struct loop {
	/* set at start */
	char name[NAME_SIZE];
	struct event_base *base;
	struct event *wake_event, *tick;
	int wake_fd;
	/* loop thread only */
	struct timers timers;
	struct deferral *deferred, **deferred_end;
	char *scratch;
	/* any thread */
	atomic_bool stopping;
	_Atomic int64_t beat_ms;
	/* guarded by mu */
	pthread_mutex_t mu;
	pthread_cond_t stopped;
	bool running, has_thread;
	pthread_t thread;
};

static void
on_wake(evutil_socket_t fd, short what, void *ctx)
{
	uint64_t n;
	(void)what;
	(void)ctx;
	if (read(fd, &n, sizeof n) < 0)
		return; /* someone else's turn emptied it */
}

static void
on_tick(evutil_socket_t fd, short what, void *ctx)
{
	/* Only ends the wait; the turn itself runs the timers. */
	(void)fd;
	(void)what;
	(void)ctx;
}

static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;
	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

struct loop *
loop_new(const char *name)
{
	struct loop *l = mem_zero(1, sizeof *l);
	if (!l)
		return NULL;
	snprintf(l->name, sizeof l->name, "%s", name);
	l->deferred_end = &l->deferred;
	pthread_mutex_init(&l->mu, NULL);
	pthread_cond_init(&l->stopped, NULL);
	atomic_store(&l->beat_ms, clock_mono_ms());
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->base = l->wake_fd >= 0 ? new_base() : NULL;
	if (l->base) {
		l->wake_event = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, NULL);
		l->tick = evtimer_new(l->base, on_tick, NULL);
	}
	if (!l->tick || !l->wake_event || event_add(l->wake_event, NULL) != 0) {
		loop_free(l);
		return NULL;
	}
	return l;
}

static void
run_deferred(struct loop *l)
{
	struct deferral *d = l->deferred;
	l->deferred = NULL;
	l->deferred_end = &l->deferred;
	while (d) {
		struct deferral *next = d->next; /* fn may free d */
		d->pending = false;
		d->fn(d->ctx);
		d = next;
	}
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->deferred)
		run_deferred(l);
	timers_fini(&l->timers);
	if (l->wake_event)
		event_free(l->wake_event);
	if (l->tick)
		event_free(l->tick);
	if (l->base)
		event_base_free(l->base);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	pthread_mutex_destroy(&l->mu);
	pthread_cond_destroy(&l->stopped);
	mem_free(l->scratch);
	mem_free(l);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

const char *
loop_name(const struct loop *l)
{
	return l->name;
}

struct timers *
loop_timers(struct loop *l)
{
	return &l->timers;
}

static void
turn(struct loop *l, int64_t limit_ms)
{
	int64_t now_ms = clock_mono_ms();
	atomic_store_explicit(&l->beat_ms, now_ms, memory_order_relaxed);
	timers_run(&l->timers, now_ms);
	int64_t wait_ms = l->deferred || atomic_load(&l->stopping) ? 0 : limit_ms;
	wait_ms = timers_wait_ms(&l->timers, clock_mono_ms(), wait_ms);
	if (wait_ms > 0) {
		struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
		evtimer_add(l->tick, &wait);
		event_base_loop(l->base, EVLOOP_ONCE);
	} else {
		event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	run_deferred(l);
}

void
loop_turn(struct loop *l)
{
	turn(l, 0);
}

/* The thread that ends is the one that says so, so that a stop asked for before the start is not lost. */
static void
set_running(struct loop *l, bool running)
{
	pthread_mutex_lock(&l->mu);
	l->running = running;
	if (!running) {
		atomic_store(&l->stopping, false);
		pthread_cond_broadcast(&l->stopped);
	}
	pthread_mutex_unlock(&l->mu);
}

void
loop_run(struct loop *l)
{
	set_running(l, true);
	while (!atomic_load(&l->stopping))
		turn(l, BEAT_MS);
	set_running(l, false);
}

static void *
run_thread(void *ctx)
{
	loop_run(ctx);
	return NULL;
}

int
loop_start(struct loop *l, struct fail *why)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&l->mu);
	int error = pthread_create(&l->thread, NULL, run_thread, l);
	if (error == 0) {
		l->has_thread = true;
		l->running = true; /* before its first turn: loop_stop must wait for it */
		pthread_setname_np(l->thread, l->name);
	}
	pthread_mutex_unlock(&l->mu);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error == 0 ? 0 : fail_set(why, "thread", "cannot start thread %s: %s", l->name, strerror(error));
}

void
loop_break(struct loop *l)
{
	uint64_t one = 1;
	atomic_store(&l->stopping, true);
	if (write(l->wake_fd, &one, sizeof one) < 0)
		return; /* full means that it is awake already */
}

void
loop_stop(struct loop *l)
{
	pthread_t thread;
	pthread_mutex_lock(&l->mu);
	bool join = l->has_thread;
	thread = l->thread;
	l->has_thread = false;
	if (l->running)
		loop_break(l);
	while (!join && l->running)
		pthread_cond_wait(&l->stopped, &l->mu);
	pthread_mutex_unlock(&l->mu);
	if (join)
		pthread_join(thread, NULL);
}

int64_t
loop_beat_ms(const struct loop *l)
{
	return atomic_load_explicit(&l->beat_ms, memory_order_relaxed);
}

void
loop_defer_in(struct loop *l, struct deferral *d, void (*fn)(void *ctx), void *ctx)
{
	if (d->pending)
		return;
	*d = (struct deferral){.fn = fn, .ctx = ctx, .pending = true};
	*l->deferred_end = d;
	l->deferred_end = &d->next;
}

struct call {
	struct deferral d;
	void (*fn)(void *ctx);
	void *ctx;
};

static void
make_call(void *ctx)
{
	struct call call = *(struct call *)ctx;
	mem_free(ctx);
	call.fn(call.ctx);
}

int
loop_defer(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct call *call = mem_zero(1, sizeof *call);
	if (!call)
		return -1;
	call->fn = fn;
	call->ctx = ctx;
	loop_defer_in(l, &call->d, make_call, call);
	return 0;
}

char *
loop_scratch(struct loop *l)
{
	if (!l->scratch)
		l->scratch = mem_resize(NULL, LOOP_SCRATCH_BYTES, 1);
	return l->scratch;
}
