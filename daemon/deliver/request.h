/* One POST to a target: a curl handle with everything that never changes, then
 * per attempt the headers, the signature and the body; and what came back. Used
 * by the deliver loop (webhook.h) and by the test from the command line
 * (send_test.h). One thread. Keeps 512 bytes of an answer, reads at most 64 KiB.
 * Contract: delivery page section 3. */
#ifndef DELIVER_REQUEST_H
#define DELIVER_REQUEST_H

#include <curl/curl.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "config/config.h"
#include "deliver/outcome.h"

enum { REQUEST_KEPT_MAX = 512, REQUEST_READ_MAX = 64 * 1024 };

struct request; /* reusable: one attempt at a time */

struct request_message { /* borrowed until the answer */
	const char *webhook_id;
	unsigned attempt; /* from 1 */
	struct str body;
};

struct answer {
	enum outcome outcome;
	int status;              /* 0 = none came */
	int64_t retry_after_ms;  /* 0 = not asked for */
	double seconds;
	char error[CURL_ERROR_SIZE]; /* of the transport; "" when a status came */
	char body[REQUEST_KEPT_MAX + 1];
};

/* target is borrowed. NULL with *why: a secret that is none, a bearer token with control bytes, or no memory. */
struct request *request_new(const struct target_config *target, struct fail *why);
void request_free(struct request *r); /* NULL is fine; not while it is in a multi handle */
/* The handle, ready to be performed; NULL without memory. */
CURL *request_begin(struct request *r, const struct request_message *message);
/* What became of it. */
void request_end(struct request *r, CURLcode code, struct answer *answer);

#endif
