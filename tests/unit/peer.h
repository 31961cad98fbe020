/* The other end of a connection that a source serves, in one thread: bytes are
 * sent, the loop is turned, and what came back is collected. */
#ifndef TESTS_PEER_H
#define TESTS_PEER_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"

struct peer {
	struct loop *loop;
	int fd;
	bool ended; /* the other side sends no more */
	size_t len;
	char got[1 << 16];
};

/* The source's descriptor is *other. */
static inline void
peer_open(struct peer *p, struct loop *loop, int *other)
{
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*p = (struct peer){.loop = loop, .fd = fds[0]};
	*other = fds[1];
}

static inline void
peer_turn(struct peer *p)
{
	for (int i = 0; i < 6; i++) {
		loop_turn(p->loop);
		ssize_t n = recv(p->fd, p->got + p->len, sizeof p->got - 1 - p->len, 0);
		if (n > 0)
			p->len += (size_t)n;
		p->ended = p->ended || n == 0;
		p->got[p->len] = '\0';
	}
}

static inline void
peer_send(struct peer *p, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(p->fd, bytes, len, MSG_NOSIGNAL);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		peer_turn(p);
		if (p->ended)
			return;
	}
	peer_turn(p);
}

static inline void
peer_say(struct peer *p, const char *text)
{
	peer_send(p, text, strlen(text));
}

static inline void
peer_forget(struct peer *p)
{
	p->len = 0;
	p->got[0] = '\0';
}

static inline unsigned
peer_count(const struct peer *p, const char *text)
{
	unsigned n = 0;
	for (const char *at = p->got; (at = strstr(at, text)); at++)
		n++;
	return n;
}

#endif
