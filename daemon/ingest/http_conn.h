/* The server side of one HTTP/1.1 connection as a state machine over bytes: no
 * socket, no route (RFC 9112, strict: bare LF, obs-fold, space before a colon,
 * ambiguous framing are errors that end the connection). Owned by the
 * connection, its thread only. Zero copy: what it hands out are slices of the
 * caller's input. Memory: this struct; the caller keeps at most
 * max_line + max_head + 8 unconsumed bytes for it. */
#ifndef INGEST_HTTP_CONN_H
#define INGEST_HTTP_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct http_conn;

struct http_limits {
	size_t max_line;    /* request line, without CRLF: 414 */
	size_t max_head;    /* header section: 431; also the trailer section: 400 */
	unsigned max_count; /* header lines: 431 */
	uint64_t max_body;  /* chunked body as sent: 413. A Content-Length is the caller's to judge */
};

enum http_result {
	HTTP_MORE,  /* give more input (what was not used, and further bytes) */
	HTTP_HEAD,  /* http_conn_head() is filled; its slices live until the used bytes are consumed */
	HTTP_PIECE, /* *piece: bytes of the body */
	HTTP_END,   /* the request is complete; the next one may follow */
	HTTP_BAD,   /* http_conn_error() says why; answer it and close: framing is lost. Repeats for ever */
};

enum http_method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OPTIONS, METHOD_OTHER };

struct http_head {
	enum http_method method;
	struct str path;  /* of the target, raw, without query; "*" for OPTIONS * */
	struct str query; /* behind '?', may be empty */
	unsigned minor;   /* HTTP/1.minor: 0 or 1 */
	bool keep_alive;  /* what the client wishes and the version allows */
	bool expect_continue;
	bool chunked;
	bool has_length;
	uint64_t length; /* Content-Length; UINT64_MAX when it does not fit */
	bool has_authorization;
	struct str authorization;    /* field value, trimmed */
	struct str content_encoding; /* empty = none */
};

struct http_error {
	int status;
	const char *code;   /* constant, for the problem document */
	const char *detail; /* constant sentence */
};

struct http_conn *http_conn_new(const struct http_limits *limits);
void http_conn_free(struct http_conn *c);
/* One step over the front of in; *used bytes of it are done with. Call until HTTP_MORE or HTTP_BAD. */
enum http_result http_conn_next(struct http_conn *c, struct str in, size_t *used, struct str *piece);
const struct http_head *http_conn_head(const struct http_conn *c);
const struct http_error *http_conn_error(const struct http_conn *c);
/* No byte of a next request was seen. */
bool http_conn_idle(const struct http_conn *c);

#endif
