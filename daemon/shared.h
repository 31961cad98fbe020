/* What all workers of one process share and no reload replaces: windows, the
 * ids seen, bursts, advice, incidents. Made before the first worker, freed after
 * the last. */
#ifndef SHARED_H
#define SHARED_H

#include <stdbool.h>

#include "alert/sink.h"
#include "config/config.h"
#include "pipeline.h"

struct shared;

/* replay: the clock follows the events, and a file is the whole story (windows are complete from the start). */
struct shared *shared_new(const struct config *config, struct sink *sink, const char *version, bool replay);
void shared_free(struct shared *s); /* NULL is fine */
const struct pipeline_shared *shared_pipeline(const struct shared *s);
/* Sets the gauges of window memory; any thread. */
void shared_measure(const struct shared *s);

#endif
