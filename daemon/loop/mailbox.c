#include "loop/mailbox.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

enum { TURN_MAX = 64 };

struct mailbox {
	/* set at start */
	struct loop *loop;
	void (*on_message)(void *message, void *ctx);
	void *ctx;
	struct event *event;
	int fd;
	size_t capacity;
	/* loop thread only */
	bool freed;
	struct deferral last;
	/* guarded by mu */
	pthread_mutex_t mu;
	void **ring;
	size_t first, len;
};

static void
ring_bell(struct mailbox *m)
{
	uint64_t one = 1;
	if (write(m->fd, &one, sizeof one) < 0)
		return; /* the counter is full: it rings */
}

void *
mailbox_take(struct mailbox *m)
{
	void *message = NULL;
	pthread_mutex_lock(&m->mu);
	if (m->len > 0) {
		message = m->ring[m->first];
		m->first = (m->first + 1) % m->capacity;
		m->len--;
	}
	pthread_mutex_unlock(&m->mu);
	return message;
}

static void
on_bell(evutil_socket_t fd, short what, void *ctx)
{
	struct mailbox *m = ctx;
	uint64_t n;
	(void)what;
	/* Silenced before the box is looked into: a post after the look rings again. */
	if (read(fd, &n, sizeof n) < 0)
		return;
	for (int i = 0; i < TURN_MAX; i++) {
		void *message = m->freed ? NULL : mailbox_take(m);
		if (!message)
			return;
		m->on_message(message, m->ctx);
	}
	if (!m->freed && mailbox_len(m) > 0)
		ring_bell(m);
}

struct mailbox *
mailbox_new(struct loop *l, size_t capacity, void (*on_message)(void *message, void *ctx), void *ctx)
{
	struct mailbox *m = mem_zero(1, sizeof *m);
	if (!m)
		return NULL;
	m->loop = l;
	m->capacity = capacity ? capacity : 1;
	m->on_message = on_message;
	m->ctx = ctx;
	pthread_mutex_init(&m->mu, NULL);
	m->ring = mem_zero(m->capacity, sizeof(void *));
	m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->fd >= 0)
		m->event = event_new(loop_base(l), m->fd, EV_READ | EV_PERSIST, on_bell, m);
	if (!m->ring || !m->event || event_add(m->event, NULL) != 0) {
		mailbox_free(m);
		return NULL;
	}
	return m;
}

int
mailbox_post(struct mailbox *m, void *message)
{
	pthread_mutex_lock(&m->mu);
	bool full = m->len == m->capacity, first = m->len == 0;
	if (!full) {
		m->ring[(m->first + m->len) % m->capacity] = message;
		m->len++;
		/* Under the lock: the box may be freed once its last message was taken. */
		if (first)
			ring_bell(m);
	}
	pthread_mutex_unlock(&m->mu);
	return full ? -1 : 0;
}

size_t
mailbox_len(struct mailbox *m)
{
	pthread_mutex_lock(&m->mu);
	size_t len = m->len;
	pthread_mutex_unlock(&m->mu);
	return len;
}

static void
free_mailbox(void *ctx)
{
	struct mailbox *m = ctx;
	pthread_mutex_destroy(&m->mu);
	mem_free(m->ring);
	mem_free(m);
}

void
mailbox_free(struct mailbox *m)
{
	if (!m || m->freed)
		return;
	m->freed = true;
	if (m->event)
		event_free(m->event);
	if (m->fd >= 0)
		close(m->fd);
	loop_defer_in(m->loop, &m->last, free_mailbox, m);
}
