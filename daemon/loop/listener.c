#include "loop/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/socket.h"

enum { SOCKETS_MAX = 8, ACCEPTS_A_TURN = 64, REST_MS = 100 };

struct listener {
	struct loop *loop;
	char name[64];
	char address[SOCKET_TEXT_SIZE];
	listener_accept_f *on_accept;
	void *ctx;
	int fds[SOCKETS_MAX];
	struct event *events[SOCKETS_MAX];
	int count;
	bool paused, resting, closed;
	struct timer *rest;
	struct deferral last;
};

static void
listen_or_not(struct listener *s)
{
	bool on = !s->paused && !s->resting && !s->closed;
	for (int i = 0; i < s->count; i++) {
		if (!on)
			event_del(s->events[i]);
		else if (event_add(s->events[i], NULL) != 0)
			continue; /* no memory: tried again by the next resume */
	}
}

static void
on_rested(void *ctx)
{
	struct listener *s = ctx;
	s->resting = false;
	listen_or_not(s);
}

static bool
is_out_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void
on_ready(evutil_socket_t listening, short what, void *ctx)
{
	struct listener *s = ctx;
	(void)what;
	for (int i = 0; i < ACCEPTS_A_TURN && !s->paused && !s->closed; i++) {
		struct sockaddr_storage from = {0};
		socklen_t size = sizeof from;
		struct inet peer;
		int fd = accept4(listening, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && is_out_of_room(errno)) {
			metrics_count(METRIC_CONNECTIONS_REFUSED, s->name, "fds", 1);
			s->resting = true;
			listen_or_not(s);
			timer_set(s->rest, REST_MS);
			return;
		}
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd < 0)
			continue; /* that connection's own end: accept(2), "Error handling" */
		socket_inet(&from, &peer);
		s->on_accept(fd, &peer, s->ctx);
	}
}

static void
free_listener(void *ctx)
{
	mem_free(ctx);
}

void
listener_close(struct listener *s)
{
	if (!s || s->closed)
		return;
	s->closed = true;
	for (int i = 0; i < s->count; i++) {
		if (s->events[i])
			event_free(s->events[i]);
		close(s->fds[i]);
	}
	s->count = 0;
	timer_free(s->rest);
	loop_defer_in(s->loop, &s->last, free_listener, s);
}

struct listener *
listener_open(struct loop *l, const char *name, struct str address, listener_accept_f *on_accept, void *ctx,
    struct fail *why)
{
	struct listener *s = mem_zero(1, sizeof *s);
	if (!s) {
		fail_set(why, "memory", "no memory for a listener");
		return NULL;
	}
	s->loop = l;
	s->on_accept = on_accept;
	s->ctx = ctx;
	snprintf(s->name, sizeof s->name, "%s", name);
	int count = socket_listen(address, s->fds, SOCKETS_MAX, why);
	if (count < 0)
		goto failed;
	s->count = count;
	s->rest = timer_new(l, on_rested, s);
	bool ready = s->rest != NULL;
	for (int i = 0; i < count; i++) {
		s->events[i] = event_new(loop_base(l), s->fds[i], EV_READ | EV_PERSIST, on_ready, s);
		ready = ready && s->events[i] && event_add(s->events[i], NULL) == 0;
	}
	if (!ready) {
		fail_set(why, "memory", "no memory for a listener");
		goto failed;
	}
	socket_text(s->fds[0], s->address);
	return s;
failed:
	listener_close(s);
	return NULL;
}

const char *
listener_address(const struct listener *s)
{
	return s->address;
}

void
listener_pause(struct listener *s)
{
	s->paused = true;
	listen_or_not(s);
}

void
listener_resume(struct listener *s)
{
	s->paused = false;
	listen_or_not(s);
}
