/* HTTP ingest on one worker's loop: connections, deadlines, tokens judged on
 * the headers, POST /v1/events, answers in order (delivery page section 4).
 * Owned by the worker; its thread only; admission is shared by all workers. Memory: per connection its stream
 * (256 KiB at most while bytes wait) and, for gzip, 40 KiB; unsent answers up
 * to 1 MiB. */
#ifndef INGEST_HTTP_SOURCE_H
#define INGEST_HTTP_SOURCE_H

#include <stddef.h>

#include "base/inet.h"
#include "config/config.h"
#include "loop/loop.h"

struct admission;
struct http_source;
struct pipeline;

/* All borrowed for the life of the source. NULL without memory. */
struct http_source *http_source_new(struct loop *loop, const struct http_config *config, struct pipeline *pipeline,
    struct admission *admission) __attribute__((warn_unused_result));
/* Closes what is left; when the loop does not run, and nobody holds a batch any more. Takes NULL. */
void http_source_free(struct http_source *s);
/* Takes fd (connected, non-blocking); closes it when a limit is reached. */
void http_source_accept(struct http_source *s, int fd, const struct inet *peer);
/* No further requests: idle connections are closed, what is pending is answered and then closed. */
void http_source_stop(struct http_source *s);
/* Connections, and batches whose peer is gone, that still need the loop. */
unsigned http_source_connections(const struct http_source *s);

#endif
