#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/stream.h"

enum { START_MS = 1000000, READ_MAX = 1 << 20, WRITE_MAX = 1 << 20 };

static struct loop *l;
static struct stream *s;
static int peer;
static int reads, eofs, drains, timeouts, closes;
static enum stream_end how;
static size_t eat; /* consumed by each on_read */
static void (*in_read)(void);
static char last[128];

static void
on_read(struct stream *stream, void *ctx)
{
	struct str input = stream_input(stream);
	size_t n = input.len < sizeof last - 1 ? input.len : sizeof last - 1;
	ck_assert_ptr_eq(ctx, &reads);
	memcpy(last, input.p, n);
	last[n] = '\0';
	reads++;
	stream_consume(stream, eat);
	if (in_read)
		in_read();
}

static void
on_eof(struct stream *stream, void *ctx)
{
	(void)stream;
	(void)ctx;
	eofs++;
}

static void
on_drain(struct stream *stream, void *ctx)
{
	(void)stream;
	(void)ctx;
	drains++;
}

static void
on_timeout(struct stream *stream, void *ctx)
{
	(void)ctx;
	timeouts++;
	if (timeouts == 2)
		stream_abort(stream);
}

static void
on_close(struct stream *stream, enum stream_end end, void *ctx)
{
	(void)stream;
	(void)ctx;
	closes++;
	how = end;
}

static const struct stream_handlers all = {on_read, on_eof, on_drain, on_timeout, on_close};
static const struct stream_handlers few = {.on_read = on_read, .on_close = on_close};

static void
open_stream(const struct stream_handlers *handlers, size_t read_max)
{
	int pair[2];
	clock_set(START_MS);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	peer = pair[1];
	l = loop_new("test");
	s = stream_new(l, pair[0], (struct stream_limits){read_max, WRITE_MAX}, handlers, &reads);
	ck_assert_ptr_nonnull(s);
	eat = SIZE_MAX;
}

static void
turns(int n)
{
	while (n-- > 0)
		loop_turn(l);
}

static void
say(const char *text)
{
	ck_assert_int_eq(write(peer, text, strlen(text)), (ssize_t)strlen(text));
}

static void
end_test(void)
{
	close(peer);
	loop_free(l);
}

START_TEST(stream_shows_what_is_not_consumed_again_with_the_next_bytes)
{
	open_stream(&all, READ_MAX);
	eat = 2;
	say("abc");
	turns(2);
	ck_assert_str_eq(last, "abc");
	ck_assert_int_eq(reads, 1);
	ck_assert(str_eq(stream_input(s), STR("c")));
	say("de");
	turns(2);
	ck_assert_str_eq(last, "cde");
	eat = 0;
	say("fg");
	turns(2);
	stream_consume(s, 2);
	say("h");
	turns(2);
	ck_assert_str_eq(last, "gh");
	stream_consume(s, 2);
	ck_assert_uint_eq(stream_input(s).len, 0);
	stream_abort(s);
	turns(1);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_ABORTED);
	end_test();
}
END_TEST

START_TEST(stream_keeps_every_byte_however_it_is_cut)
{
	static char sent[700000], got[700000];
	size_t put = 0, have = 0;
	for (size_t i = 0; i < sizeof sent; i++)
		sent[i] = (char)(i * 2654435761U >> 13);
	open_stream(&all, READ_MAX);
	for (unsigned round = 0; have < sizeof sent; round++) {
		/* Eats nothing for a while, then in odd pieces: all sizes of rest occur. */
		eat = 0;
		ssize_t n = put < sizeof sent ? write(peer, sent + put, round % 5 == 0 ? 1 : sizeof sent - put) : 0;
		put += n > 0 ? (size_t)n : 0;
		turns(1);
		struct str input = stream_input(s);
		if (round % 3 == 0 || put == sizeof sent) {
			size_t take = put == sizeof sent ? input.len : input.len * (round % 7) / 6;
			ck_assert_uint_le(have + take, sizeof got);
			memcpy(got + have, input.p, take);
			have += take;
			stream_consume(s, take);
		}
	}
	ck_assert_mem_eq(got, sent, sizeof sent);
	stream_abort(s);
	turns(1);
	end_test();
}
END_TEST

START_TEST(stream_reads_no_more_than_its_maximum)
{
	static char big[100000];
	memset(big, 'x', sizeof big);
	open_stream(&all, 5000);
	eat = 0;
	ck_assert_int_gt(write(peer, big, sizeof big), 10000);
	turns(5);
	ck_assert_uint_eq(stream_input(s).len, 5000);
	ck_assert_int_eq(reads, 1);
	stream_consume(s, 1000);
	turns(3);
	ck_assert_uint_eq(stream_input(s).len, 5000);
	ck_assert_int_eq(reads, 2);
	stream_abort(s);
	turns(1);
	end_test();
}
END_TEST

START_TEST(stream_reads_at_most_256_kib_a_turn)
{
	static char big[1 << 20];
	int size = 4 << 20;
	open_stream(&all, 4 << 20);
	eat = 0;
	setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	for (int i = 0; i < 10; i++) {
		ssize_t n = write(peer, big, sizeof big);
		(void)n; /* as much as the socket holds */
		size_t before = stream_input(s).len;
		turns(1);
		ck_assert_uint_le(stream_input(s).len - before, 256 * 1024);
	}
	stream_abort(s);
	turns(1);
	end_test();
}
END_TEST

START_TEST(stream_whose_input_is_consumed_allocates_and_holds_nothing)
{
	open_stream(&all, READ_MAX);
	say("warm");
	turns(1);
	uint64_t before = mem_count();
	for (int i = 0; i < 100; i++) {
		say("message");
		turns(1);
	}
	ck_assert_int_eq(reads, 101);
	ck_assert_uint_eq(mem_count(), before);
	stream_abort(s);
	turns(1);
	end_test();
}
END_TEST

START_TEST(stream_paused_reads_nothing_and_resume_shows_the_rest)
{
	open_stream(&all, READ_MAX);
	eat = 1;
	say("abc");
	turns(1);
	stream_pause(s);
	say("def");
	turns(3);
	ck_assert_int_eq(reads, 1);
	eat = 0;
	stream_resume(s);
	turns(1);
	ck_assert_int_eq(reads, 2);
	ck_assert_str_eq(last, "bcdef");
	stream_pause(s);
	eat = SIZE_MAX;
	stream_resume(s);
	turns(1);
	ck_assert_int_eq(reads, 3);
	turns(3);
	ck_assert_int_eq(reads, 3);
	stream_abort(s);
	turns(1);
	end_test();
}
END_TEST

START_TEST(stream_shows_kept_input_after_the_peer_ended)
{
	open_stream(&all, READ_MAX);
	eat = 1;
	say("ab");
	turns(1);
	shutdown(peer, SHUT_WR);
	turns(3);
	ck_assert_int_eq(eofs, 1);
	ck_assert_int_eq(closes, 0);
	stream_pause(s);
	stream_resume(s);
	turns(1);
	ck_assert_str_eq(last, "b");
	ck_assert_int_eq(stream_write(s, "bye", 3), 0);
	stream_close(s);
	turns(2);
	char answer[8] = "";
	ck_assert_int_eq(read(peer, answer, sizeof answer), 3);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_CLOSED);
	end_test();
}
END_TEST

START_TEST(stream_without_on_eof_ends_with_its_peer)
{
	open_stream(&few, READ_MAX);
	say("x");
	close(peer);
	turns(3);
	ck_assert_int_eq(reads, 1);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_EOF);
	peer = -1;
	loop_free(l);
}
END_TEST

/* Reads what the stream sent; checks that it is the running count of bytes. */
static size_t
take_sent(size_t from)
{
	static unsigned char p[65536];
	ssize_t n;
	while ((n = read(peer, p, sizeof p)) > 0)
		for (ssize_t i = 0; i < n; i++, from++)
			ck_assert_int_eq(p[i], (unsigned char)(from % 251));
	return from;
}

START_TEST(stream_write_waits_for_the_socket_and_tells_when_it_is_drained)
{
	static unsigned char data[900000];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i % 251);
	open_stream(&all, READ_MAX);
	ck_assert_int_eq(stream_write(s, data, 100), 0);
	ck_assert_uint_eq(stream_unsent(s), 0);
	ck_assert_int_eq(stream_write(s, data + 100, 700000), 0);
	ck_assert_uint_gt(stream_unsent(s), 0);
	size_t unsent = stream_unsent(s);
	ck_assert_int_eq(stream_write(s, data, WRITE_MAX - unsent + 1), -1);
	ck_assert_uint_eq(stream_unsent(s), unsent);
	ck_assert_int_eq(stream_write(s, data + 700100, 100), 0);
	size_t got = 0;
	for (int i = 0; i < 1000 && got < 700200; i++) {
		got = take_sent(got);
		turns(1);
		if (i == 1)
			ck_assert_int_eq(stream_write(s, data + 700200, 50), 0);
	}
	got = take_sent(got);
	ck_assert_uint_eq(got, 700250);
	turns(1);
	ck_assert_int_eq(drains, 1);
	stream_abort(s);
	turns(1);
	end_test();
}
END_TEST

START_TEST(stream_close_sends_everything_and_waits_for_the_peer_s_end)
{
	static unsigned char data[600000];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i % 251);
	open_stream(&all, READ_MAX);
	ck_assert_int_eq(stream_write(s, data, sizeof data), 0);
	stream_close(s);
	ck_assert_int_eq(stream_write(s, "x", 1), -1);
	say("ignored");
	size_t got = 0;
	for (int i = 0; i < 100; i++) {
		got = take_sent(got);
		turns(1);
	}
	ck_assert_uint_eq(got, sizeof data);
	ck_assert_int_eq(read(peer, last, 1), 0);
	ck_assert_int_eq(closes, 0);
	ck_assert_int_eq(reads, 0);
	say("ignored too");
	turns(1);
	close(peer);
	turns(2);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_CLOSED);
	loop_free(l);
}
END_TEST

START_TEST(stream_close_does_not_wait_for_ever)
{
	static char data[900000];
	open_stream(&all, READ_MAX);
	stream_close(s);
	turns(2);
	ck_assert_int_eq(closes, 0);
	clock_set(START_MS + 2000);
	turns(2);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_CLOSED);
	end_test();
	open_stream(&all, READ_MAX);
	ck_assert_int_eq(stream_write(s, data, sizeof data), 0);
	stream_close(s);
	clock_set(START_MS + 29999);
	turns(2);
	ck_assert_int_eq(closes, 1);
	clock_set(START_MS + 30000);
	turns(2);
	ck_assert_int_eq(closes, 2);
	ck_assert_int_eq(how, STREAM_TIMEOUT);
	ck_assert_int_eq(timeouts, 0);
	end_test();
}
END_TEST

START_TEST(stream_deadline_fires_once_per_setting)
{
	open_stream(&all, READ_MAX);
	stream_deadline(s, 100);
	stream_deadline(s, 200);
	clock_set(START_MS + 100);
	turns(1);
	ck_assert_int_eq(timeouts, 0);
	clock_set(START_MS + 200);
	turns(3);
	ck_assert_int_eq(timeouts, 1);
	stream_deadline(s, 100);
	stream_deadline(s, 0);
	clock_set(START_MS + 900);
	turns(1);
	ck_assert_int_eq(timeouts, 1);
	stream_deadline(s, 1);
	clock_set(START_MS + 901);
	turns(1);
	ck_assert_int_eq(timeouts, 2);
	ck_assert_int_eq(closes, 1);
	end_test();
}
END_TEST

START_TEST(stream_without_on_timeout_ends_at_its_deadline)
{
	open_stream(&few, READ_MAX);
	stream_deadline(s, 5);
	clock_set(START_MS + 5);
	turns(2);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_TIMEOUT);
	end_test();
}
END_TEST

static void
answer_and_close(void)
{
	ck_assert_int_eq(stream_write(s, "no", 2), 0);
	stream_close(s);
	stream_close(s);
	stream_pause(s);
	stream_resume(s);
}

static void
abort_twice(void)
{
	stream_abort(s);
	stream_abort(s);
	stream_close(s);
	stream_resume(s);
	ck_assert_int_eq(stream_write(s, "x", 1), -1);
	ck_assert_int_eq(closes, 1); /* the one before */
}

START_TEST(stream_may_be_closed_or_aborted_in_its_handler)
{
	open_stream(&all, READ_MAX);
	in_read = answer_and_close;
	eat = 1;
	say("request");
	turns(2);
	ck_assert_int_eq(read(peer, last, sizeof last), 2);
	close(peer);
	turns(2);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(reads, 1);
	loop_free(l);
	open_stream(&all, READ_MAX);
	in_read = abort_twice;
	eat = 1;
	say("request");
	turns(3);
	ck_assert_int_eq(closes, 2);
	ck_assert_int_eq(how, STREAM_ABORTED);
	end_test();
}
END_TEST

START_TEST(stream_ends_with_an_error_when_the_peer_is_gone)
{
	open_stream(&all, READ_MAX);
	stream_pause(s);
	close(peer);
	ck_assert_int_eq(stream_write(s, "x", 1), -1);
	ck_assert_int_eq(closes, 0);
	turns(1);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(how, STREAM_ERROR);
	loop_free(l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {stream_shows_what_is_not_consumed_again_with_the_next_bytes,
	    stream_keeps_every_byte_however_it_is_cut, stream_reads_no_more_than_its_maximum,
	    stream_reads_at_most_256_kib_a_turn, stream_whose_input_is_consumed_allocates_and_holds_nothing,
	    stream_paused_reads_nothing_and_resume_shows_the_rest, stream_shows_kept_input_after_the_peer_ended,
	    stream_without_on_eof_ends_with_its_peer, stream_write_waits_for_the_socket_and_tells_when_it_is_drained,
	    stream_close_sends_everything_and_waits_for_the_peer_s_end, stream_close_does_not_wait_for_ever,
	    stream_deadline_fires_once_per_setting, stream_without_on_timeout_ends_at_its_deadline,
	    stream_may_be_closed_or_aborted_in_its_handler, stream_ends_with_an_error_when_the_peer_is_gone, NULL};
	return unit_run("stream", tests);
}
