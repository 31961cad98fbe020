/* One ingest thread: its loop, its sources and its pipeline. Made, started,
 * drained and stopped by the daemon; everything else happens by message, so no
 * other thread touches what it owns. */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/inet.h"
#include "config/config.h"
#include "detect/policy.h"
#include "ingest/admission.h"
#include "pipeline.h"

struct worker;
struct loop;

struct worker_options {
	unsigned index;
	const struct config *config;
	const struct pipeline_shared *shared;
	struct admission *admission;
	struct policy *policy; /* the worker takes a reference of its own */
	struct mailbox *drained; /* gets the worker itself when nothing is left to answer */
};

enum { WORKER_HTTP = -1 }; /* which listener a connection came from; else index into config.syslog */

struct worker *worker_new(const struct worker_options *options, struct fail *why);
int worker_start(struct worker *w, struct fail *why) __attribute__((warn_unused_result));
void worker_stop(struct worker *w);
void worker_free(struct worker *w); /* stopped; NULL is fine */

/* Control loop. Takes fd; -1 (and closes it) when the worker's mailbox is full. */
int worker_give(struct worker *w, int listener, int fd, const struct inet *peer);
/* Control loop. -1: mailbox full or no memory. */
int worker_set_policy(struct worker *w, struct policy *policy);
int worker_drain(struct worker *w);
/* Any thread; open connections, roughly. */
unsigned worker_connections(const struct worker *w);
struct loop *worker_loop(struct worker *w);

#endif
