#include "unit/unit.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "loop/loop.h"

enum { START_MS = 1000000 };

static char order[64];

static void
note(void *ctx)
{
	size_t n = strlen(order);
	ck_assert_uint_lt(n, sizeof order - 1);
	order[n] = *(char *)ctx;
	order[n + 1] = '\0';
}

static struct loop *
new_loop(void)
{
	order[0] = '\0';
	struct loop *l = loop_new("test");
	ck_assert_ptr_nonnull(l);
	return l;
}

static char a[] = "a", b[] = "b", c[] = "c";

START_TEST(timers_fire_when_due_in_order_and_once)
{
	clock_set(START_MS);
	struct loop *l = new_loop();
	struct timer *ta = timer_new(l, note, a), *tb = timer_new(l, note, b), *tc = timer_new(l, note, c);
	timer_set(ta, 300);
	timer_set(tb, 100);
	timer_set(tc, 100);
	loop_turn(l);
	ck_assert_str_eq(order, "");
	clock_set(START_MS + 100);
	loop_turn(l);
	loop_turn(l);
	ck_assert_str_eq(order, "bc");
	ck_assert(timer_is_set(ta) && !timer_is_set(tb));
	timer_set(tb, 100);
	timer_set(ta, 500);
	timer_cancel(tb);
	clock_set(START_MS + 599);
	loop_turn(l);
	ck_assert_str_eq(order, "bc");
	clock_set(START_MS + 600);
	loop_turn(l);
	ck_assert_str_eq(order, "bca");
	timer_free(ta);
	timer_free(tb);
	timer_free(tc);
	timer_free(NULL);
	loop_free(l);
}
END_TEST

struct self {
	struct timer *timer;
	struct loop *loop;
	int fired;
};

static void
fire_again(void *ctx)
{
	struct self *self = ctx;
	self->fired++;
	timer_set(self->timer, 0);
}

static void
free_self(void *ctx)
{
	struct self *self = ctx;
	self->fired++;
	timer_free(self->timer);
	timer_set(self->timer, 0);
}

START_TEST(timer_set_again_in_its_callback_waits_for_the_next_turn)
{
	clock_set(START_MS);
	struct self self = {.loop = new_loop()};
	self.timer = timer_new(self.loop, fire_again, &self);
	timer_set(self.timer, 0);
	for (int i = 1; i <= 3; i++) {
		loop_turn(self.loop);
		ck_assert_int_eq(self.fired, i);
	}
	timer_free(self.timer);
	loop_free(self.loop);
}
END_TEST

START_TEST(timer_may_be_freed_in_its_own_callback)
{
	clock_set(START_MS);
	struct self self = {.loop = new_loop()};
	self.timer = timer_new(self.loop, free_self, &self);
	timer_set(self.timer, 0);
	loop_turn(self.loop);
	loop_turn(self.loop);
	ck_assert_int_eq(self.fired, 1);
	loop_free(self.loop);
}
END_TEST

struct many {
	struct timer *timer;
	int64_t due_ms;
	int fired;
};
static int64_t last_due_ms;

static void
fire_many(void *ctx)
{
	struct many *m = ctx;
	ck_assert_int_ge(m->due_ms, last_due_ms);
	ck_assert_int_le(m->due_ms, clock_wall_ms());
	last_due_ms = m->due_ms;
	m->fired++;
}

START_TEST(timers_in_thousands_keep_their_order_when_set_and_cancelled)
{
	static struct many many[3000];
	uint32_t x = 12345;
	clock_set(START_MS);
	struct loop *l = new_loop();
	for (size_t i = 0; i < 3000; i++)
		many[i].timer = timer_new(l, fire_many, &many[i]);
	for (size_t i = 0; i < 30000; i++) {
		x = x * 1664525 + 1013904223;
		struct many *m = &many[(x >> 8) % 3000];
		if (x >> 30 == 0) {
			timer_cancel(m->timer);
			m->due_ms = 0;
		} else {
			int64_t delay_ms = (x >> 4) % 5000;
			m->due_ms = clock_wall_ms() + delay_ms;
			timer_set(m->timer, delay_ms);
		}
	}
	for (int64_t ms = 0; ms <= 5000; ms += 7) {
		clock_set(START_MS + ms);
		loop_turn(l);
	}
	for (size_t i = 0; i < 3000; i++) {
		ck_assert_int_eq(many[i].fired, many[i].due_ms != 0);
		timer_free(many[i].timer);
	}
	loop_free(l);
}
END_TEST

static void
defer_more(void *ctx)
{
	note(a);
	ck_assert_int_eq(loop_defer(ctx, note, c), 0);
}

START_TEST(loop_defer_runs_at_the_end_of_the_turn_in_order)
{
	struct loop *l = new_loop();
	struct deferral d = {0};
	ck_assert_int_eq(loop_defer(l, defer_more, l), 0);
	loop_defer_in(l, &d, note, b);
	loop_defer_in(l, &d, note, b);
	ck_assert_str_eq(order, "");
	loop_turn(l);
	ck_assert_str_eq(order, "ab");
	loop_free(l); /* makes the calls that are left */
	ck_assert_str_eq(order, "abc");
}
END_TEST

static void
on_pipe(evutil_socket_t fd, short what, void *ctx)
{
	char byte;
	(void)what;
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	loop_break(ctx);
}

START_TEST(loop_run_serves_descriptors_until_broken)
{
	int pipes[2];
	struct loop *l = new_loop();
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(write(pipes[1], "xy", 2), 2);
	struct event *e = event_new(loop_base(l), pipes[0], EV_READ | EV_PERSIST, on_pipe, l);
	ck_assert_int_eq(event_add(e, NULL), 0);
	loop_run(l);
	loop_run(l);
	event_free(e);
	loop_break(l);
	loop_run(l);
	loop_free(l);
}
END_TEST

static atomic_int ticks;
static struct timer *ticker;

static void
tick(void *ctx)
{
	sigset_t set;
	char name[32];
	(void)ctx;
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	pthread_getname_np(pthread_self(), name, sizeof name);
	if (sigismember(&set, SIGTERM) && strcmp(name, "a-long-name-for") == 0)
		atomic_fetch_add(&ticks, 1);
	timer_set(ticker, 1);
}

START_TEST(loop_thread_is_named_takes_no_signals_and_stops_when_told)
{
	struct fail why;
	struct loop *l = loop_new("a-long-name-for-a-thread");
	ck_assert_ptr_nonnull(l);
	for (int round = 0; round < 3; round++) {
		atomic_store(&ticks, 0);
		ticker = timer_new(l, tick, NULL);
		timer_set(ticker, 0);
		ck_assert_int_eq(loop_start(l, &why), 0);
		while (atomic_load(&ticks) < 3)
			sched_yield();
		loop_stop(l);
		int after = atomic_load(&ticks);
		sched_yield();
		ck_assert_int_eq(atomic_load(&ticks), after);
		timer_free(ticker);
		loop_stop(l);
	}
	ck_assert_int_eq(loop_start(l, &why), 0);
	loop_stop(l);
	loop_free(l);
}
END_TEST

static void *
stop_it(void *ctx)
{
	loop_stop(ctx);
	return NULL;
}

static pthread_t stopper;

static void
start_stopper(void *ctx)
{
	ck_assert_int_eq(pthread_create(&stopper, NULL, stop_it, ctx), 0);
}

START_TEST(loop_stop_ends_a_loop_run_by_another_thread)
{
	struct loop *l = new_loop();
	struct timer *t = timer_new(l, start_stopper, l);
	timer_set(t, 0);
	loop_run(l);
	pthread_join(stopper, NULL);
	timer_free(t);
	loop_free(l);
}
END_TEST

START_TEST(loop_beat_moves_with_every_turn)
{
	clock_set(START_MS);
	struct loop *l = new_loop();
	int64_t beat_ms = loop_beat_ms(l);
	clock_set(START_MS + 5000);
	ck_assert_int_eq(loop_beat_ms(l), beat_ms);
	loop_turn(l);
	ck_assert_int_eq(loop_beat_ms(l), beat_ms + 5000);
	loop_free(l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {timers_fire_when_due_in_order_and_once,
	    timer_set_again_in_its_callback_waits_for_the_next_turn, timer_may_be_freed_in_its_own_callback,
	    timers_in_thousands_keep_their_order_when_set_and_cancelled, loop_defer_runs_at_the_end_of_the_turn_in_order,
	    loop_run_serves_descriptors_until_broken, loop_thread_is_named_takes_no_signals_and_stops_when_told,
	    loop_stop_ends_a_loop_run_by_another_thread, loop_beat_moves_with_every_turn, NULL};
	return unit_run("loop", tests);
}
