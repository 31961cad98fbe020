/* What the HTTP connections of one worker share, and one of them: private to
 * http_source. Worker thread only. A connection lives until its stream has
 * ended and its batch, if one is with the store, has come back. */
#ifndef INGEST_HTTP_CONNECTION_H
#define INGEST_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/inet.h"
#include "config/config.h"
#include "ingest/http_request.h"
#include "loop/loop.h"

struct auth;
struct connection;
struct connections;

enum { PATH_OTHER, PATH_EVENTS, PATH_COUNT };

struct http_server {
	struct loop *loop;
	const struct http_config *config;
	struct auth *auth;
	struct connections *limits; /* shared by the workers */
	struct http_worker worker;
	struct connection *connections; /* every one that is not freed yet */
	unsigned count;
	bool stopping;
	struct buf out;            /* answers not handed to the stream yet: those of one on_read go in one piece */
	struct connection *corked; /* whose they are; NULL: an answer goes at once */
	uint64_t next_id;
	uint32_t accepted, duration[PATH_COUNT]; /* metrics_series */
};

/* Room for http_server.out. */
size_t connection_out_max(void);
/* The label of enum PATH_... */
const char *connection_path_label(int path);
/* Takes fd and the peer's place in the limits. -1 without memory; fd is closed then, the place is not given back. */
int connection_open(struct http_server *s, int fd, const struct inet *peer) __attribute__((warn_unused_result));
/* Closes it unless bytes of a request are there. */
void connection_close_idle(struct connection *c);
/* Its stream ends at the end of the turn. */
void connection_abort(struct connection *c);
struct connection *connection_next(const struct connection *c);
/* The last resort: frees it although a batch is out. */
void connection_drop(struct connection *c);

#endif
