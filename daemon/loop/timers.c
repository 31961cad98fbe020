#include "loop/timers.h"

#include "base/clock.h"
#include "base/mem.h"

struct timer {
	struct loop *loop;
	void (*on_fire)(void *ctx);
	void *ctx;
	int64_t due_ms;
	uint64_t order;  /* of two due together the one set first fires first */
	size_t position; /* in the heap, from 1; 0 = not set */
	struct deferral last;
};

static uint64_t
next_order(struct timers *ts)
{
	return ts->orders++;
}

static bool
before(const struct timer *a, const struct timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void
put(struct timers *ts, struct timer *t, size_t position)
{
	ts->heap[position - 1] = t;
	t->position = position;
}

static void
sift_up(struct timers *ts, struct timer *t, size_t at)
{
	while (at > 1 && before(t, ts->heap[at / 2 - 1])) {
		put(ts, ts->heap[at / 2 - 1], at);
		at /= 2;
	}
	put(ts, t, at);
}

static void
sift_down(struct timers *ts, struct timer *t, size_t at)
{
	for (size_t child = 2 * at; child <= ts->len; child = 2 * at) {
		if (child < ts->len && before(ts->heap[child], ts->heap[child - 1]))
			child++;
		if (!before(ts->heap[child - 1], t))
			break;
		put(ts, ts->heap[child - 1], at);
		at = child;
	}
	put(ts, t, at);
}

static void
take_out(struct timers *ts, struct timer *t)
{
	size_t at = t->position;
	struct timer *mover = ts->heap[--ts->len];
	t->position = 0;
	if (mover == t)
		return;
	if (at > 1 && before(mover, ts->heap[at / 2 - 1]))
		sift_up(ts, mover, at);
	else
		sift_down(ts, mover, at);
}

void
timers_fini(struct timers *ts)
{
	mem_free(ts->heap);
	*ts = (struct timers){0};
}

void
timers_run(struct timers *ts, int64_t now_ms)
{
	/* What is set meanwhile waits for the next turn: its order is not below this. */
	uint64_t end = ts->orders;
	while (ts->len > 0 && ts->heap[0]->due_ms <= now_ms && ts->heap[0]->order < end) {
		struct timer *t = ts->heap[0];
		take_out(ts, t);
		t->on_fire(t->ctx);
	}
}

int64_t
timers_wait_ms(const struct timers *ts, int64_t now_ms, int64_t limit_ms)
{
	if (ts->len == 0 || ts->heap[0]->due_ms - now_ms > limit_ms)
		return limit_ms;
	return ts->heap[0]->due_ms > now_ms ? ts->heap[0]->due_ms - now_ms : 0;
}

struct timer *
timer_new(struct loop *l, void (*on_fire)(void *ctx), void *ctx)
{
	struct timers *ts = loop_timers(l);
	if (ts->alive == ts->room) {
		size_t room = ts->room ? 2 * ts->room : 16;
		struct timer **heap = mem_resize(ts->heap, room, sizeof(struct timer *));
		if (!heap)
			return NULL;
		ts->heap = heap;
		ts->room = room;
	}
	struct timer *t = mem_zero(1, sizeof *t);
	if (!t)
		return NULL;
	t->loop = l;
	t->on_fire = on_fire;
	t->ctx = ctx;
	ts->alive++;
	return t;
}

void
timer_set(struct timer *t, int64_t delay_ms)
{
	struct timers *ts = loop_timers(t->loop);
	timer_cancel(t);
	if (t->last.pending)
		return; /* freed in this turn */
	if (delay_ms < 0)
		delay_ms = 0;
	if (__builtin_add_overflow(clock_mono_ms(), delay_ms, &t->due_ms))
		t->due_ms = INT64_MAX;
	t->order = next_order(ts);
	sift_up(ts, t, ++ts->len);
}

void
timer_cancel(struct timer *t)
{
	if (t->position)
		take_out(loop_timers(t->loop), t);
}

bool
timer_is_set(const struct timer *t)
{
	return t->position != 0;
}

static void
free_timer(void *ctx)
{
	struct timer *t = ctx;
	loop_timers(t->loop)->alive--;
	mem_free(t);
}

void
timer_free(struct timer *t)
{
	if (!t)
		return;
	timer_cancel(t);
	loop_defer_in(t->loop, &t->last, free_timer, t);
}
