#include "ingest/http_source.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "ingest/admission.h"
#include "ingest/auth.h"
#include "ingest/connections.h"
#include "ingest/http_connection.h"

struct http_source {
	struct http_server server;
};

struct http_source *
http_source_new(struct loop *loop, const struct http_config *config, struct pipeline *pipeline,
    struct admission *admission)
{
	struct http_source *source = mem_zero(1, sizeof *source);
	if (!source)
		return NULL;
	struct http_server *s = &source->server;
	s->loop = loop;
	s->config = config;
	s->auth = auth_new(config->tokens, config->token_count);
	s->limits =
	    admission_listener(admission, config, "http", config->max_connections, config->max_connections_per_ip);
	buf_init(&s->out, connection_out_max());
	arc4random_buf(&s->next_id, sizeof s->next_id);
	s->accepted = metrics_get(METRIC_HTTP_REQUESTS, connection_path_label(PATH_EVENTS), "200");
	for (int i = 0; i < PATH_COUNT; i++)
		s->duration[i] = metrics_get(METRIC_HTTP_DURATION, connection_path_label(i), NULL);
	if (http_worker_init(&s->worker, pipeline, admission, config) == 0 && s->auth && s->limits)
		return source;
	http_source_free(source);
	return NULL;
}

/* Every stream ends at the end of a turn; what then is left waits for a batch that will not come back. */
static void
drop_connections(struct http_server *s)
{
	bool any = s->count > 0;
	for (struct connection *c = s->connections; c; c = connection_next(c))
		connection_abort(c);
	for (int turn = 0; any && turn < 4; turn++)
		loop_turn(s->loop);
	while (s->connections)
		connection_drop(s->connections);
}

void
http_source_free(struct http_source *source)
{
	if (!source)
		return;
	struct http_server *s = &source->server;
	s->stopping = true;
	drop_connections(s);
	http_worker_fini(&s->worker);
	auth_free(s->auth);
	buf_fini(&s->out);
	mem_free(source);
}

static void
take(struct http_server *s, int fd, const struct inet *peer)
{
	if (s->stopping || connections_enter(s->limits, peer) != 0) {
		close(fd);
		return;
	}
	if (connection_open(s, fd, peer) != 0) {
		metrics_count(METRIC_CONNECTIONS_REFUSED, "http", "memory", 1);
		connections_leave(s->limits, peer);
	}
}

/* A connection at a limit. Its peer may just have closed another one, which this turn's events tell: it waits for
 * the end of the next turn before it is refused. */
struct latecomer {
	struct deferral deferral;
	struct http_server *server;
	int fd, turns;
	struct inet peer;
};

static void
on_turn_end(void *ctx)
{
	struct latecomer *late = ctx;
	struct http_server *s = late->server;
	if (late->turns++ == 0 && !connections_have_room(s->limits, &late->peer)) {
		loop_defer_in(s->loop, &late->deferral, on_turn_end, late);
		return;
	}
	take(s, late->fd, &late->peer);
	s->count--;
	mem_free(late);
}

void
http_source_accept(struct http_source *source, int fd, const struct inet *peer)
{
	struct http_server *s = &source->server;
	struct latecomer *late = NULL;
	if (!connections_have_room(s->limits, peer))
		late = mem_zero(1, sizeof *late);
	if (!late) {
		take(s, fd, peer);
		return;
	}
	*late = (struct latecomer){.server = s, .fd = fd, .peer = *peer};
	s->count++;
	loop_defer_in(s->loop, &late->deferral, on_turn_end, late);
}

void
http_source_stop(struct http_source *source)
{
	source->server.stopping = true;
	for (struct connection *c = source->server.connections; c; c = connection_next(c))
		connection_close_idle(c);
}

unsigned
http_source_connections(const struct http_source *source)
{
	return source->server.count;
}
