/* The text of one HTTP answer: status line, fields, and a JSON body (RFC 9457
 * for errors). Pure; any thread. Every answer carries x-request-id, a date and
 * a length. Bounded: REPLY_MAX with all errors of a batch. */
#ifndef INGEST_HTTP_REPLY_H
#define INGEST_HTTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/batch.h"

enum { REPLY_MAX = 512 * 1024, REQUEST_ID_SIZE = 17 };

struct http_reply {
	int status;
	const char *code;   /* of the problem; NULL for 200 */
	const char *detail; /* one sentence */
	uint64_t limit;     /* the limit that was passed; 0 = none */
	unsigned retry_after; /* seconds; 0 = none */
	const char *request_id;
	const struct batch *batch; /* its counts and errors are told when not NULL */
	bool close;         /* the connection ends behind this answer */
	bool keep_alive_10; /* HTTP/1.0 needs to be told that it stays open */
	bool without_body;  /* HEAD */
	int64_t now_ms;
};

/* Appends the answer to out. -1 without memory or room. */
int http_reply_write(const struct http_reply *reply, struct buf *out) __attribute__((warn_unused_result));

#endif
