/* Drives http_conn the way a connection does: bytes arrive in pieces, unused
 * ones are kept. Writes what came out as text, body pieces joined, so that any
 * two ways of cutting the same input can be compared. */
#ifndef TESTS_HTTP_SCRIPT_H
#define TESTS_HTTP_SCRIPT_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "ingest/http_conn.h"

struct http_script {
	struct http_conn *conn;
	struct buf pending, log;
	bool in_body, failed;
};

static inline void
http_script_init(struct http_script *s, const struct http_limits *limits)
{
	*s = (struct http_script){.conn = http_conn_new(limits)};
	buf_init(&s->pending, 1 << 22);
	buf_init(&s->log, 1 << 24);
	if (!s->conn || buf_add(&s->log, "", 0) != 0 || buf_add(&s->pending, "", 0) != 0)
		abort();
}

static inline void
http_script_fini(struct http_script *s)
{
	http_conn_free(s->conn);
	buf_fini(&s->pending);
	buf_fini(&s->log);
}

static inline void
http_script_log(struct http_script *s, enum http_result r, struct str piece)
{
	const struct http_head *h = http_conn_head(s->conn);
	int bad = 0;
	if (r == HTTP_PIECE && !s->in_body)
		bad = buf_addf(&s->log, "[");
	if (r == HTTP_PIECE)
		bad |= buf_add_str(&s->log, piece);
	if (r != HTTP_PIECE && s->in_body)
		bad |= buf_addf(&s->log, "]");
	s->in_body = r == HTTP_PIECE;
	if (r == HTTP_HEAD)
		bad |= buf_addf(&s->log, "head %d %.*s?%.*s 1.%u%s%s%s len=%lld auth=%d:%.*s ce=%.*s;", h->method,
		    (int)h->path.len, h->path.p, (int)h->query.len, h->query.p, h->minor, h->keep_alive ? " keep" : "",
		    h->expect_continue ? " expect" : "", h->chunked ? " chunked" : "",
		    h->has_length ? (long long)h->length : -1LL, h->has_authorization, (int)h->authorization.len,
		    h->authorization.p ? h->authorization.p : "", (int)h->content_encoding.len,
		    h->content_encoding.p ? h->content_encoding.p : "");
	if (r == HTTP_END)
		bad |= buf_addf(&s->log, "end;");
	if (r == HTTP_BAD)
		bad |= buf_addf(&s->log, "bad %d %s;", http_conn_error(s->conn)->status, http_conn_error(s->conn)->code);
	if (bad)
		abort();
}

static inline void
http_script_feed(struct http_script *s, struct str bytes)
{
	if (buf_add_str(&s->pending, bytes) != 0)
		abort();
	while (!s->failed) {
		/* An exact copy, so that AddressSanitizer sees a read beyond the input. */
		char *copy = malloc(s->pending.len ? s->pending.len : 1);
		if (!copy)
			abort();
		memcpy(copy, s->pending.data, s->pending.len);
		size_t used = 0;
		struct str piece;
		enum http_result r = http_conn_next(s->conn, str_make(copy, s->pending.len), &used, &piece);
		if (used > s->pending.len)
			abort();
		if (r != HTTP_MORE)
			http_script_log(s, r, piece);
		free(copy);
		buf_drop(&s->pending, used);
		s->failed = r == HTTP_BAD;
		if (r == HTTP_MORE)
			return;
	}
}

#endif
