/* The bytes of one TCP connection on a loop: input to look at and consume,
 * output that waits for the socket, a deadline, an orderly end. Loop's thread
 * only. Reads up to 256 KiB a turn. Memory: unconsumed input up to read_max,
 * unsent output up to write_max; a stream with neither holds no buffer. No
 * call here runs a handler: they run from the loop only. */
#ifndef LOOP_STREAM_H
#define LOOP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "loop/loop.h"

struct stream;

enum stream_end {
	STREAM_CLOSED,  /* by stream_close, everything sent */
	STREAM_ABORTED, /* by stream_abort */
	STREAM_EOF,     /* by the peer, and there was no on_eof */
	STREAM_TIMEOUT, /* the deadline, and there was no on_timeout; or the peer did not take the rest of the output */
	STREAM_ERROR,   /* by the network, or no memory */
};

struct stream_handlers {
	/* There is input, new or kept back by stream_pause. What is not consumed is shown again with the next bytes. */
	void (*on_read)(struct stream *s, void *ctx);
	/* The peer has sent its last byte; it may still read. May be NULL: then the stream ends. Once. */
	void (*on_eof)(struct stream *s, void *ctx);
	/* Output that had to wait is all sent. May be NULL. */
	void (*on_drain)(struct stream *s, void *ctx);
	/* The deadline has passed and is no longer set. May be NULL: then the stream ends. */
	void (*on_timeout)(struct stream *s, void *ctx);
	/* The stream ends and is freed after this. Exactly once, the last call of all. */
	void (*on_close)(struct stream *s, enum stream_end end, void *ctx);
};
struct stream_limits {
	size_t read_max, write_max; /* bytes */
};

/* Takes fd (connected, non-blocking), also on failure; handlers are borrowed for the life of the stream.
 * NULL without memory; then there is no on_close. */
struct stream *stream_new(struct loop *l, int fd, struct stream_limits limits, const struct stream_handlers *handlers,
    void *ctx) __attribute__((warn_unused_result));

/* What was read and not consumed. Its bytes may move: the pointer is good until the handler returns. When it is as long
 * as read_max nothing more is read until some is consumed. */
struct str stream_input(const struct stream *s);
void stream_consume(struct stream *s, size_t n);

/* Copies data for sending, at once as far as the socket takes it. -1 and nothing taken when unsent output would pass
 * write_max, or when the stream is closing or has ended. */
int stream_write(struct stream *s, const void *data, size_t len) __attribute__((warn_unused_result));
size_t stream_unsent(const struct stream *s);

/* Back-pressure: nothing is read until resumed; resume shows waiting input again. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);
/* ms from now, 0 for none; replaces the one before. Once stream_close was called the stream sets its own. */
void stream_deadline(struct stream *s, int64_t ms);

/* Sends what waits (30 s at most), then tells the peer and drains what it still sends (2 s or 4 MiB at most), so that
 * the last answer is not lost to a reset: RFC 9112 section 9.6. No more on_read. */
void stream_close(struct stream *s);
/* At the end of this turn, unsent output is lost. */
void stream_abort(struct stream *s);

#endif
