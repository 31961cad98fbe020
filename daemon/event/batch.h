/* What one request (or one read of a syslog connection) brings: counts, errors
 * by index, and the alerts that it raised, until these are on disk and the
 * source can answer. Owned by the source; between pipeline_finish and on_done
 * it belongs to the pipeline and the store. Worker thread only, except that
 * the store reads alerts. Bounded: at most BATCH_ERRORS_MAX errors are kept. */
#ifndef EVENT_BATCH_H
#define EVENT_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "config/config.h"

struct alert;
struct mailbox;

enum batch_result {
	BATCH_DONE,   /* evaluated, every alert on disk: answer 200 */
	BATCH_FAILED, /* the alerts could not be stored: answer 503, the sender repeats */
};

enum { BATCH_ERRORS_MAX = 100 };

struct batch_error {
	uint32_t index;    /* of the record in the request, from 0 */
	uint64_t place;    /* batch.place when it was read */
	char code[32];     /* "json", "depth", "record_too_large", "truncated", ... */
	char pointer[128]; /* JSON pointer of the place, as far as known; "" */
	char detail[160];
};

struct batch {
	/* set by the source before pipeline_begin */
	const char *listener;        /* constant, metrics label: "http", "syslog" */
	const struct source_config *source; /* for events whose shape does not tell; NULL or all NULL = generic */
	struct str tenant;           /* of events that do not name theirs; outlives the batch */
	int64_t received_ms;
	uint32_t max_records;
	uint64_t place; /* of what is fed next, in the source's own terms: alerts that wait are told by it; 0 = none */
	uint64_t serial; /* not 0: records are taken as they are, each an event of its own, numbered from here */
	bool insist; /* nobody can be asked to repeat it (syslog): the store is tried until it is on disk */
	void (*on_done)(struct batch *b, enum batch_result result, void *ctx); /* once, on the owning worker's loop */
	void *on_done_ctx;
	/* filled by the pipeline */
	uint32_t records, accepted, rejected, duplicates;
	uint32_t disordered; /* in a replay: older than one before by more than windows.grace */
	uint32_t timeless; /* accepted events without a time that could be read: that of their arrival stands in */
	struct batch_error *errors; /* error_count of them, allocated on the first */
	uint32_t error_count;
	struct alert **alerts; /* alert_count references of the batch */
	uint32_t alert_count, alert_cap;
	void *pipeline_state; /* the pipeline's own; NULL outside begin..on_done */
	enum batch_result result; /* set by the store before it hands the batch back */
	struct mailbox *reply; /* where the store posts the settled batch: the owning worker's; set by the pipeline */
	struct batch *next;    /* queue link of whoever holds the batch */
};

void batch_init(struct batch *b);
/* Releases the errors; alerts were released by then (alert_drop). */
void batch_fini(struct batch *b);
/* Counts a rejected record and keeps its error while there is room. */
void batch_reject(struct batch *b, uint32_t index, const char *code, struct str pointer, struct str detail);

#endif
