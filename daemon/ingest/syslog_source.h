/* TCP syslog on one worker's loop: connections, frames, headers stripped, one
 * batch a read turn. Syslog has no answers: under pressure it stops reading
 * (TCP back-pressure), batches insist on the store, and what was read and not
 * committed is lost in a crash. Owned by the worker; its thread only. Memory:
 * a connection keeps at most an unfinished frame (max_frame) and BATCHES_MAX
 * batches with the store. */
#ifndef INGEST_SYSLOG_SOURCE_H
#define INGEST_SYSLOG_SOURCE_H

#include "base/inet.h"
#include "config/config.h"
#include "loop/loop.h"

struct admission;
struct pipeline;
struct syslog_source;

/* All borrowed for the life of the source. NULL without memory. */
struct syslog_source *syslog_source_new(struct loop *loop, const struct syslog_config *config,
    struct pipeline *pipeline, struct admission *admission) __attribute__((warn_unused_result));
/* Closes what is left; when the loop does not run, and nobody holds a batch any more. Takes NULL. */
void syslog_source_free(struct syslog_source *s);
/* Takes fd (connected, non-blocking); closes it when the peer is not allowed or a limit is reached. */
void syslog_source_accept(struct syslog_source *s, int fd, const struct inet *peer);
/* Connections are read until they pause for 100 ms (2 s at most) and then closed. */
void syslog_source_stop(struct syslog_source *s);
/* Connections, and batches whose peer is gone, that still need the loop. */
unsigned syslog_source_connections(const struct syslog_source *s);

#endif
