/* One POST of events from its head to its verdict: the bytes it is charged
 * for, its inflation, its batch. Embedded in the connection, which must keep
 * it until on_done, also when the peer is gone. Worker thread only. The body
 * is evaluated as it comes; nothing of it is kept here. */
#ifndef INGEST_HTTP_REQUEST_H
#define INGEST_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/batch.h"
#include "ingest/admission.h"
#include "ingest/http_conn.h"

struct inflate;
struct pipeline;
struct http_config;
struct token_config;

enum { REQUEST_SPARES = 8 };

/* What the requests of one worker share. */
struct http_worker {
	struct pipeline *pipeline;
	struct admission *admission;
	const struct http_config *config;
	char *room; /* decoded bytes on their way to the pipeline */
	struct inflate *spares[REQUEST_SPARES];
	size_t spare_count;
	uint32_t wire, decoded; /* metrics_series */
};

struct http_request {
	struct http_worker *worker; /* NULL: no request is open */
	struct batch batch;
	struct inflate *inflate; /* NULL: the body is as sent */
	uint64_t charge;
	struct http_error error; /* status 0: none so far */
	uint64_t limit;          /* the limit that error is about; 0 = none */
	char first;              /* decoded byte that is not white space; 0 = none yet */
};

int http_worker_init(struct http_worker *w, struct pipeline *pipeline, struct admission *admission,
    const struct http_config *config) __attribute__((warn_unused_result));
void http_worker_fini(struct http_worker *w);

enum request_begin {
	REQUEST_TAKEN,   /* http_request_finish is owed, then on_done comes, then http_request_fini is owed */
	REQUEST_REFUSED, /* 503: error is filled */
	REQUEST_CODING,  /* 415 */
};
typedef void http_request_done_f(struct batch *b, enum batch_result result, void *ctx);
/* who may be NULL. */
enum request_begin http_request_begin(struct http_request *r, struct http_worker *w, const struct http_head *head,
    const struct token_config *who, http_request_done_f *on_done, void *ctx);
/* false: no more of the body is wanted, error says why; finish it and answer. */
bool http_request_feed(struct http_request *r, struct str piece);
/* why: what went wrong with the transport, NULL when the body is complete. on_done may come before this returns. */
void http_request_finish(struct http_request *r, const struct http_error *why);
/* The answer's status and problem; status 200 has no code. Inside on_done. */
struct http_error http_request_verdict(const struct http_request *r, enum batch_result result);
/* Gives back the bytes in flight. Before the answer goes out: who has read it may send again at once. */
void http_request_leave(struct http_request *r);
void http_request_fini(struct http_request *r);

#endif
