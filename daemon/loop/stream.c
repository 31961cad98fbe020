#include "loop/stream.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	READ_A_TURN = 256 * 1024,
	ASSEMBLE_MAX = LOOP_SCRATCH_BYTES - READ_A_TURN, /* longer rests are read behind in their own buffer */
	READ_STEP = 16 * 1024,
	FLUSH_MS = 30000,
	LINGER_MS = 2000,
	LINGER_BYTES = 4 * 1024 * 1024
};

/* OPEN -close-> FLUSHING -all sent-> LINGERING -peer's end, time, bytes-> ENDED;
 * abort, errors and ends without a handler lead to ENDED from everywhere. */
enum state { OPEN, FLUSHING, LINGERING, ENDED };

struct stream {
	struct loop *loop;
	const struct stream_handlers *handlers;
	void *ctx;
	struct stream_limits limits;
	int fd;
	struct event *readable, *writable;
	struct timer *deadline;
	enum state state;
	enum stream_end end;
	bool paused, eof, again; /* again: show the input even without new bytes */
	/* Unconsumed input: [start, stop) of at, which is rest.data, or the loop's scratch while on_read runs. */
	struct buf rest;
	char *at;
	size_t start, stop;
	struct buf out; /* unsent from sent on */
	size_t sent, drained;
	struct deferral last;
};

static void
free_stream(struct stream *s)
{
	if (s->readable)
		event_free(s->readable);
	if (s->writable)
		event_free(s->writable);
	timer_free(s->deadline);
	buf_fini(&s->rest);
	buf_fini(&s->out);
	close(s->fd);
	mem_free(s);
}

static void
say_end(void *ctx)
{
	struct stream *s = ctx;
	s->handlers->on_close(s, s->end, s->ctx);
	free_stream(s);
}

static void
end_stream(struct stream *s, enum stream_end end)
{
	if (s->state == ENDED)
		return;
	s->state = ENDED;
	s->end = end;
	event_del(s->readable);
	event_del(s->writable);
	timer_cancel(s->deadline);
	loop_defer_in(s->loop, &s->last, say_end, s);
}

/* Reading is on while somebody wants bytes and there is room for them. */
static void
read_or_not(struct stream *s)
{
	bool open = s->state == OPEN && !s->paused && s->stop - s->start < s->limits.read_max;
	bool on = !s->eof && (open || s->state == LINGERING);
	if (!on)
		event_del(s->readable);
	else if (event_add(s->readable, NULL) != 0)
		end_stream(s, STREAM_ERROR);
	if (s->again && open)
		event_active(s->readable, EV_READ, 0);
}

/* TLS would stand behind these two: bytes, 0 at the end of input, -1 to try later, -2 broken. */
static ptrdiff_t
pull(struct stream *s, char *p, size_t n)
{
	ssize_t got;
	do
		got = recv(s->fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
}

static ptrdiff_t
push(struct stream *s, const char *p, size_t n)
{
	ssize_t put;
	do
		put = send(s->fd, p, n, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : -2;
}

/* Everything is sent: end our side, and read the peer's rest away. */
static void
linger(struct stream *s)
{
	s->state = LINGERING;
	if (s->eof || shutdown(s->fd, SHUT_WR) != 0) {
		end_stream(s, STREAM_CLOSED);
		return;
	}
	timer_set(s->deadline, LINGER_MS);
	read_or_not(s);
}

static void
drain_peer(struct stream *s)
{
	char *p = loop_scratch(s->loop);
	buf_fini(&s->rest);
	s->start = s->stop = 0;
	ptrdiff_t n = p ? pull(s, p, LOOP_SCRATCH_BYTES) : -2;
	if (n > 0)
		s->drained += (size_t)n;
	if (n == 0 || n == -2 || s->drained > LINGER_BYTES)
		end_stream(s, STREAM_CLOSED);
}

/* Memory for the input of one turn: room bytes behind what is there, at s->at. */
static int
make_room(struct stream *s, size_t *room)
{
	size_t have = s->stop - s->start;
	*room = s->limits.read_max - have;
	if (*room > READ_A_TURN)
		*room = READ_A_TURN;
	if (have <= ASSEMBLE_MAX) {
		char *scratch = loop_scratch(s->loop);
		if (!scratch)
			return -1;
		if (have > 0)
			memcpy(scratch, s->at + s->start, have);
		s->at = scratch;
	} else {
		if (s->start > 0)
			buf_drop(&s->rest, s->start);
		if (buf_reserve(&s->rest, *room) != 0)
			return -1;
		s->at = s->rest.data;
	}
	s->start = 0;
	s->stop = have;
	return 0;
}

/* What on_read left goes to memory of the stream's own, of about its size; nothing left, no memory. */
static int
keep_rest(struct stream *s)
{
	size_t left = s->stop - s->start;
	bool elsewhere = s->at != s->rest.data, too_big = s->rest.size > 4 * left + READ_STEP;
	if (elsewhere || too_big) {
		struct buf fresh;
		buf_init(&fresh, s->rest.max);
		if (left > 0 && buf_add(&fresh, s->at + s->start, left) != 0)
			return -1;
		buf_fini(&s->rest);
		s->rest = fresh;
		s->start = 0;
		s->stop = left;
	}
	if (left == 0) {
		buf_fini(&s->rest);
		s->start = s->stop = 0;
	}
	s->rest.len = s->stop;
	s->at = s->rest.data;
	return 0;
}

/* Reads into the room until it is full or the socket is empty. */
static ptrdiff_t
fill(struct stream *s, size_t room)
{
	size_t before = s->stop;
	ptrdiff_t n = -1;
	while (room > 0 && (n = pull(s, s->at + s->stop, room)) > 0) {
		size_t asked = room;
		s->stop += (size_t)n;
		room -= (size_t)n;
		if ((size_t)n < asked)
			break; /* it had no more */
	}
	return s->stop > before ? 1 : n;
}

static void
take_eof(struct stream *s)
{
	s->eof = true;
	if (s->state != OPEN)
		return;
	if (s->handlers->on_eof)
		s->handlers->on_eof(s, s->ctx);
	else
		end_stream(s, STREAM_EOF);
}

static void
read_input(struct stream *s)
{
	size_t room, before;
	if (make_room(s, &room) != 0) {
		end_stream(s, STREAM_ERROR);
		return;
	}
	before = s->stop;
	ptrdiff_t n = s->eof ? -1 : fill(s, room);
	bool show = s->stop > before || (s->again && s->stop > s->start);
	s->again = false;
	if (show)
		s->handlers->on_read(s, s->ctx);
	if (keep_rest(s) != 0 || n == -2)
		end_stream(s, STREAM_ERROR);
	else if (n == 0)
		take_eof(s);
	if (s->state == OPEN)
		read_or_not(s);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;
	(void)fd;
	(void)what;
	if (s->state == LINGERING)
		drain_peer(s);
	else if (s->state == OPEN && !s->paused)
		read_input(s);
}

/* 0 all sent, -1 some waits, -2 broken. */
static int
flush(struct stream *s)
{
	while (s->sent < s->out.len) {
		ptrdiff_t n = push(s, s->out.data + s->sent, s->out.len - s->sent);
		if (n < 0)
			return (int)n;
		s->sent += (size_t)n;
	}
	s->sent = 0;
	buf_fini(&s->out);
	return 0;
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct stream *s = ctx;
	(void)fd;
	(void)what;
	if (s->state == ENDED)
		return;
	int result = flush(s);
	if (result == -2) {
		end_stream(s, STREAM_ERROR);
	} else if (result == 0) {
		event_del(s->writable);
		if (s->state == FLUSHING)
			linger(s);
		else if (s->handlers->on_drain)
			s->handlers->on_drain(s, s->ctx);
	}
}

static void
on_deadline(void *ctx)
{
	struct stream *s = ctx;
	if (s->state == OPEN && s->handlers->on_timeout)
		s->handlers->on_timeout(s, s->ctx);
	else
		end_stream(s, s->state == LINGERING ? STREAM_CLOSED : STREAM_TIMEOUT);
}

struct stream *
stream_new(struct loop *l, int fd, struct stream_limits limits, const struct stream_handlers *handlers, void *ctx)
{
	int on = 1;
	struct stream *s = mem_zero(1, sizeof *s);
	if (!s) {
		close(fd);
		return NULL;
	}
	s->loop = l;
	s->fd = fd;
	s->limits = limits;
	s->handlers = handlers;
	s->ctx = ctx;
	buf_init(&s->rest, limits.read_max + READ_A_TURN);
	buf_init(&s->out, limits.write_max);
	/* Answers are written whole; on a socket that is not TCP this fails and does not matter. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	s->readable = event_new(loop_base(l), fd, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(loop_base(l), fd, EV_WRITE | EV_PERSIST, on_writable, s);
	s->deadline = timer_new(l, on_deadline, s);
	if (!s->readable || !s->writable || !s->deadline || event_add(s->readable, NULL) != 0) {
		free_stream(s);
		return NULL;
	}
	return s;
}

struct str
stream_input(const struct stream *s)
{
	size_t len = s->stop - s->start;
	return str_make(len > 0 ? s->at + s->start : "", len);
}

void
stream_consume(struct stream *s, size_t n)
{
	size_t have = s->stop - s->start;
	bool was_full = have >= s->limits.read_max;
	s->start += n < have ? n : have;
	if (was_full && s->state == OPEN)
		read_or_not(s);
}

int
stream_write(struct stream *s, const void *data, size_t len)
{
	const char *p = data;
	size_t unsent = stream_unsent(s);
	if (s->state != OPEN || len > s->limits.write_max || unsent > s->limits.write_max - len)
		return -1;
	if (unsent == 0) {
		ptrdiff_t n = 0;
		while (len > 0 && (n = push(s, p, len)) > 0) {
			p += n;
			len -= (size_t)n;
		}
		if (n == -2) {
			end_stream(s, STREAM_ERROR);
			return -1;
		}
		if (len == 0)
			return 0;
	}
	/* What is sent makes room when it is half of the memory, or when the room is needed. */
	if (s->sent > s->out.len / 2 || len > s->limits.write_max - s->out.len) {
		buf_drop(&s->out, s->sent);
		s->sent = 0;
	}
	/* Part of it may be on the wire: without memory for the rest the stream is broken. */
	if (buf_add(&s->out, p, len) != 0 || event_add(s->writable, NULL) != 0) {
		end_stream(s, STREAM_ERROR);
		return -1;
	}
	return 0;
}

size_t
stream_unsent(const struct stream *s)
{
	return s->out.len - s->sent;
}

void
stream_pause(struct stream *s)
{
	s->paused = true;
	if (s->state == OPEN)
		read_or_not(s);
}

void
stream_resume(struct stream *s)
{
	s->paused = false;
	if (s->state != OPEN)
		return;
	s->again = s->stop > s->start;
	read_or_not(s);
}

void
stream_deadline(struct stream *s, int64_t ms)
{
	if (s->state != OPEN)
		return;
	if (ms > 0)
		timer_set(s->deadline, ms);
	else
		timer_cancel(s->deadline);
}

void
stream_close(struct stream *s)
{
	if (s->state != OPEN)
		return;
	s->state = FLUSHING;
	event_del(s->readable);
	if (stream_unsent(s) == 0)
		linger(s);
	else
		timer_set(s->deadline, FLUSH_MS);
}

void
stream_abort(struct stream *s)
{
	end_stream(s, STREAM_ABORTED);
}
