#include "ingest/http_connection.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "ingest/admission.h"
#include "ingest/auth.h"
#include "ingest/connections.h"
#include "ingest/http_reply.h"
#include "loop/stream.h"

enum {
	READ_MAX = 256 * 1024,
	WRITE_MAX = 1024 * 1024,
	OUTPUT_HIGH = 64 * 1024, /* a peer that does not read its answers gets no further ones */
	OUTPUT_STEP = 16 * 1024,
	RATE_CHECK_MS = 5000,
	DISCARD_MS = 5000,
};

struct connection {
	struct connection *next, *previous; /* of the server's list */
	struct http_server *server;
	struct stream *stream; /* NULL: the peer is gone, a batch is still with the store */
	struct http_conn *http;
	struct inet peer;
	struct deferral free_later;
	/* READING: heads and bodies are taken. WAITING: the batch is with the store, nothing is read.
	 * DISCARDING: the last answer is given, the rest of the body is thrown away so that the answer arrives.
	 * CLOSING: the stream ends by itself. */
	enum { READING, WAITING, DISCARDING, CLOSING } state;
	bool eof, throttled;
	/* of the request being read */
	struct http_request request;
	bool in_head, in_body; /* bytes of a head were seen; a body is (or was) to come */
	bool keep_alive, http_10, without_body, known_path;
	char id[REQUEST_ID_SIZE];
	int64_t start_us, body_ms;
	uint64_t body_bytes, discarded;
};

static void
connection_free(void *ctx)
{
	struct connection *c = ctx;
	if (c->next)
		c->next->previous = c->previous;
	if (c->previous)
		c->previous->next = c->next;
	else
		c->server->connections = c->next;
	c->server->count--;
	http_conn_free(c->http);
	mem_free(c);
}

/* --- answers --- */

static void
count_answer(struct connection *c, int status)
{
	struct http_server *s = c->server;
	if (c->known_path && status == 200) {
		metrics_add(s->accepted, 1);
	} else {
		char code[12];
		snprintf(code, sizeof code, "%d", status);
		metrics_count(METRIC_HTTP_REQUESTS, connection_path_label(c->known_path), code, 1);
	}
	metrics_observe(s->duration[c->known_path], (double)(clock_mono_us() - c->start_us) / 1e6);
}

/* Hands the answers to the stream. false: it is broken, or the peer takes nothing. */
static bool
flush(struct connection *c)
{
	struct http_server *s = c->server;
	bool sent = s->out.len == 0 || stream_write(c->stream, s->out.data, s->out.len) == 0;
	buf_clear(&s->out);
	(void)fault_hit("http.flushed");
	if (sent)
		return true;
	c->state = CLOSING;
	stream_abort(c->stream);
	return false;
}

static void
close_stream(struct connection *c)
{
	if (c->server->corked == c && !flush(c))
		return;
	c->state = CLOSING;
	stream_close(c->stream);
}

/* Sends the answer; the connection then reads on, or discards and closes. */
static void
respond(struct connection *c, struct http_error error, uint64_t limit, const struct batch *batch)
{
	struct http_server *s = c->server;
	bool close = !c->keep_alive || s->stopping;
	struct http_reply reply = {
	    .status = error.status,
	    .code = error.code,
	    .detail = error.detail,
	    .limit = limit,
	    .retry_after = error.status == 503 ? admission_retry_after() : 0,
	    .request_id = c->id,
	    .batch = batch,
	    .close = close,
	    .keep_alive_10 = c->http_10,
	    .without_body = c->without_body,
	    .now_ms = clock_wall_ms(),
	};
	count_answer(c, error.status);
	if (http_reply_write(&reply, &s->out) != 0) {
		buf_clear(&s->out);
		c->state = CLOSING;
		stream_abort(c->stream);
		return;
	}
	if ((close || s->corked != c || s->out.len > OUTPUT_STEP) && !flush(c))
		return;
	if (!close) {
		c->state = READING;
		return;
	}
	if (c->in_body && !c->eof) {
		c->state = DISCARDING;
		c->discarded = 0;
		stream_deadline(c->stream, DISCARD_MS);
		stream_resume(c->stream);
	} else {
		close_stream(c);
	}
}

/* The framing is lost or given up: the answer is the last one. */
static void
respond_last(struct connection *c, struct http_error error)
{
	c->keep_alive = c->in_body = false;
	respond(c, error, 0, NULL);
}

/* The batch is settled: on the loop, perhaps inside http_request_finish, perhaps long after the peer went. */
static void
on_done(struct batch *b, enum batch_result result, void *ctx)
{
	struct connection *c = ctx;
	struct http_error verdict = http_request_verdict(&c->request, result);
	uint64_t limit = verdict.code && verdict.code == c->request.error.code ? c->request.limit : 0;
	http_request_leave(&c->request);
	if (c->stream) {
		bool counts = b->records || b->rejected || verdict.status == 200;
		respond(c, verdict, limit, result == BATCH_DONE && counts ? b : NULL);
	}
	http_request_fini(&c->request);
	if (!c->stream) {
		loop_defer_in(c->server->loop, &c->free_later, connection_free, c);
		return;
	}
	if (c->state == READING) {
		stream_deadline(c->stream, c->server->config->idle_timeout_ms);
		stream_resume(c->stream);
		if (c->eof && stream_input(c->stream).len == 0)
			close_stream(c);
	}
}

static void
finish_request(struct connection *c, const struct http_error *why)
{
	c->state = WAITING;
	if (c->stream) {
		stream_pause(c->stream);
		stream_deadline(c->stream, 0);
	}
	http_request_finish(&c->request, why);
}

/* --- requests --- */

/* Before the head is judged: what every answer needs. */
static void
begin_request(struct connection *c)
{
	struct http_server *s = c->server;
	c->in_head = true;
	c->in_body = c->known_path = c->without_body = c->http_10 = false;
	c->keep_alive = true;
	c->start_us = clock_mono_us();
	c->body_bytes = 0;
	snprintf(c->id, sizeof c->id, "%016llx", (unsigned long long)s->next_id);
	s->next_id += 0x9E3779B97F4A7C15u; /* odd: every value comes once */
	stream_deadline(c->stream, s->config->header_timeout_ms);
}

/* Most senders drop what is refused with 401: somebody must hear of it. */
static void
log_bad_token(const struct connection *c)
{
	char peer[INET_TEXT_SIZE];
	inet_text(&c->peer, peer);
	log_warn("a token is not known", LOG_TEXT("listener", "http"), LOG_TEXT("peer", peer), LOG_TEXT("request", c->id),
	    LOG_END);
}

/* What the head alone decides; 0 when the request may be taken. */
static struct http_error
judge_head(struct connection *c, const struct http_head *head, const struct token_config **who)
{
	const struct http_server *s = c->server;
	c->known_path = str_eq(head->path, STR("/v1/events"));
	if (!c->known_path)
		return (struct http_error){404, "not_found", "There is no such path; events go to /v1/events."};
	if (head->method != METHOD_POST)
		return (struct http_error){405, "method_not_allowed", "Events are sent by POST."};
	switch (auth_check(s->auth, head->has_authorization, head->authorization, who)) {
	case AUTH_OK:
		break;
	case AUTH_MISSING:
		return (struct http_error){401, "no_credentials", "Send a token as Bearer, Splunk or Basic password."};
	case AUTH_WRONG:
		log_bad_token(c);
		return (struct http_error){401, "bad_credentials", "The token is not known."};
	}
	if (!head->has_length && !head->chunked)
		return (struct http_error){411, "length_required", "Send Content-Length or chunks."};
	if (head->has_length && head->length > s->config->max_body_bytes)
		return (struct http_error){413, "body_too_large", "The body is larger than the limit; split it."};
	return (struct http_error){0};
}

static void
begin_body(struct connection *c, bool expect_continue)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct http_config *config = c->server->config;
	c->body_ms = clock_mono_ms();
	stream_deadline(c->stream, RATE_CHECK_MS < config->body_timeout_ms ? RATE_CHECK_MS : config->body_timeout_ms);
	/* A failure shows when the answer is written. */
	if (expect_continue && flush(c) && stream_write(c->stream, go_on, sizeof go_on - 1) != 0)
		c->keep_alive = false;
}

static void
on_head(struct connection *c, const struct http_head *head)
{
	struct http_server *s = c->server;
	const struct token_config *who = NULL;
	c->keep_alive = head->keep_alive;
	c->http_10 = head->minor == 0;
	c->without_body = head->method == METHOD_HEAD;
	struct http_error error = judge_head(c, head, &who);
	uint64_t limit = error.status == 413 ? s->config->max_body_bytes : 0;
	if (error.status == 0) {
		switch (http_request_begin(&c->request, &s->worker, head, who, on_done, c)) {
		case REQUEST_TAKEN:
			begin_body(c, head->expect_continue);
			return;
		case REQUEST_REFUSED:
			error = c->request.error;
			break;
		case REQUEST_CODING:
			error = (struct http_error){415, "content_encoding", "The codings understood are gzip and identity."};
			break;
		}
	}
	if (head->chunked || head->length) {
		c->in_body = true; /* it is not read: the connection ends */
		c->keep_alive = false;
	}
	respond(c, error, limit, NULL);
}

static void
on_piece(struct connection *c, struct str piece)
{
	c->in_body = true;
	c->body_bytes += piece.len;
	if (http_request_feed(&c->request, piece))
		return;
	c->keep_alive = false;
	finish_request(c, NULL);
}

static void
on_end(struct connection *c)
{
	c->in_head = c->in_body = false;
	if (c->request.worker)
		finish_request(c, NULL);
	else if (c->state == READING)
		stream_deadline(c->stream, c->server->config->idle_timeout_ms);
}

static void
on_bad(struct connection *c, const struct http_error *error)
{
	if (!c->request.worker) {
		respond_last(c, *error);
		return;
	}
	c->keep_alive = false;
	c->in_body = error->status == 413; /* then the rest is read, so that the answer arrives */
	c->request.limit = error->status == 413 ? c->server->config->max_body_bytes : 0;
	finish_request(c, error);
}

/* The peer will send no more, and all it sent was looked at. */
static void
end_of_input(struct connection *c)
{
	static const struct http_error incomplete = {400, "incomplete", "The request breaks off."};
	if (!c->in_head)
		close_stream(c);
	else
		on_bad(c, &incomplete);
}

/* --- stream --- */

/* The rest of a body whose answer is given; to its end where the framing is known, else until the peer goes. */
static void
discard(struct connection *c)
{
	enum http_result r = HTTP_PIECE;
	while (r == HTTP_PIECE) {
		struct str piece, in = stream_input(c->stream);
		size_t used = 0;
		r = http_conn_next(c->http, in, &used, &piece);
		if (r == HTTP_BAD)
			used = in.len;
		c->discarded += used;
		stream_consume(c->stream, used);
	}
	if (r == HTTP_END || c->eof || c->discarded > 2 * c->server->config->max_body_bytes)
		close_stream(c);
}

/* One step of the protocol; false when the input is used up. */
static bool
advance(struct connection *c)
{
	struct str piece;
	size_t used = 0;
	struct str in = stream_input(c->stream);
	if (!c->in_head && in.len)
		begin_request(c);
	enum http_result r = http_conn_next(c->http, in, &used, &piece);
	switch (r) {
	case HTTP_MORE:
		break;
	case HTTP_HEAD:
		on_head(c, http_conn_head(c->http));
		break;
	case HTTP_PIECE:
		on_piece(c, piece);
		break;
	case HTTP_END:
		on_end(c);
		break;
	case HTTP_BAD:
		on_bad(c, http_conn_error(c->http));
		break;
	}
	stream_consume(c->stream, used);
	return r != HTTP_MORE;
}

static void
take_input(struct connection *c)
{
	while (c->state == READING) {
		if (stream_unsent(c->stream) > OUTPUT_HIGH) {
			c->throttled = true;
			stream_pause(c->stream);
			return;
		}
		if (!advance(c)) {
			if (c->eof)
				end_of_input(c);
			return;
		}
	}
}

static void
on_read(struct stream *stream, void *ctx)
{
	struct connection *c = ctx;
	(void)stream;
	c->server->corked = c;
	take_input(c);
	c->server->corked = NULL;
	if (c->server->out.len)
		(void)flush(c);
	if (c->state == DISCARDING)
		discard(c);
}

static void
on_drain(struct stream *stream, void *ctx)
{
	struct connection *c = ctx;
	if (c->throttled && c->state == READING)
		stream_resume(stream);
	c->throttled = false;
	if (c->eof && c->state == READING && stream_input(stream).len == 0)
		end_of_input(c);
}

static void
on_eof(struct stream *stream, void *ctx)
{
	struct connection *c = ctx;
	(void)stream;
	c->eof = true;
	if (c->state == READING && !c->throttled)
		end_of_input(c);
	else if (c->state == DISCARDING)
		close_stream(c);
}

static void
on_timeout(struct stream *stream, void *ctx)
{
	static const struct http_error slow = {408, "too_slow", "The request did not arrive in time."};
	struct connection *c = ctx;
	const struct http_config *config = c->server->config;
	if (c->state != READING || !c->in_head) {
		if (c->state != CLOSING)
			close_stream(c);
		return;
	}
	if (!c->request.worker) {
		respond_last(c, slow);
		return;
	}
	int64_t elapsed = clock_mono_ms() - c->body_ms;
	int64_t left = config->body_timeout_ms - elapsed;
	if (left <= 0 || c->body_bytes * 1000 < config->min_rate_bytes * (uint64_t)elapsed)
		on_bad(c, &slow);
	else
		stream_deadline(stream, left < RATE_CHECK_MS ? left : RATE_CHECK_MS);
}

static void
on_close(struct stream *stream, enum stream_end end, void *ctx)
{
	struct connection *c = ctx;
	(void)stream;
	(void)end;
	c->stream = NULL;
	connections_leave(c->server->limits, &c->peer);
	if (!c->request.worker)
		loop_defer_in(c->server->loop, &c->free_later, connection_free, c);
	else if (c->state != WAITING) /* its body broke off; what was evaluated stands */
		finish_request(c, NULL);
}

static const struct stream_handlers handlers = {
    .on_read = on_read,
    .on_eof = on_eof,
    .on_drain = on_drain,
    .on_timeout = on_timeout,
    .on_close = on_close,
};

/* --- for the source --- */

size_t
connection_out_max(void)
{
	return OUTPUT_STEP + REPLY_MAX + 1024;
}

const char *
connection_path_label(int path)
{
	return path == PATH_EVENTS ? "/v1/events" : "other";
}

static struct connection *
connection_new(struct http_server *s, const struct inet *peer)
{
	const struct http_limits limits = {
	    .max_line = 8192, .max_head = 16384, .max_count = 64, .max_body = s->config->max_body_bytes};
	struct connection *c = mem_zero(1, sizeof *c);
	struct http_conn *http = http_conn_new(&limits);
	if (!c || !http) {
		mem_free(c);
		http_conn_free(http);
		return NULL;
	}
	*c = (struct connection){.server = s, .http = http, .peer = *peer, .next = s->connections};
	if (c->next)
		c->next->previous = c;
	s->connections = c;
	s->count++;
	return c;
}

int
connection_open(struct http_server *s, int fd, const struct inet *peer)
{
	const struct stream_limits limits = {.read_max = READ_MAX, .write_max = WRITE_MAX};
	struct connection *c = connection_new(s, peer);
	if (!c) {
		close(fd);
		return -1;
	}
	c->stream = stream_new(s->loop, fd, limits, &handlers, c);
	if (!c->stream) {
		connection_free(c);
		return -1;
	}
	stream_deadline(c->stream, s->config->header_timeout_ms);
	return 0;
}

void
connection_close_idle(struct connection *c)
{
	if (c->stream && c->state == READING && !c->in_head && stream_input(c->stream).len == 0)
		close_stream(c);
}

void
connection_abort(struct connection *c)
{
	if (c->state != WAITING)
		c->state = CLOSING;
	if (c->stream)
		stream_abort(c->stream);
}

struct connection *
connection_next(const struct connection *c)
{
	return c->next;
}

void
connection_drop(struct connection *c)
{
	batch_fini(&c->request.batch);
	connection_free(c);
}
