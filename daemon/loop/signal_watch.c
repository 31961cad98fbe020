#include "loop/signal_watch.h"

#include <event2/event.h>

#include "base/mem.h"

struct signal_watch {
	struct event *event;
	void (*on_signal)(int number, void *ctx);
	void *ctx;
};

static void
on_event(evutil_socket_t number, short what, void *ctx)
{
	struct signal_watch *s = ctx;
	(void)what;
	s->on_signal(number, s->ctx);
}

struct signal_watch *
signal_watch_new(struct loop *l, int signal_number, void (*on_signal)(int number, void *ctx), void *ctx)
{
	struct signal_watch *s = mem_zero(1, sizeof *s);
	if (!s)
		return NULL;
	s->on_signal = on_signal;
	s->ctx = ctx;
	s->event = evsignal_new(loop_base(l), signal_number, on_event, s);
	if (s->event && event_add(s->event, NULL) == 0)
		return s;
	signal_watch_free(s);
	return NULL;
}

void
signal_watch_free(struct signal_watch *s)
{
	if (s && s->event)
		event_free(s->event);
	mem_free(s);
}
