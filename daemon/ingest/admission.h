/* The one number of back-pressure: bytes that requests hold (received or
 * decoded, not yet answered) over all workers, and the store's word on how it
 * keeps up. Above the mark HTTP answers 503 and syslog stops reading. It also
 * keeps the connection limits of each listener. One per daemon, shared by the
 * workers; any thread; nothing allocated once the sources are made. */
#ifndef INGEST_ADMISSION_H
#define INGEST_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

struct admission;
struct connections;

enum admission_refusal {
	ADMISSION_TAKE = 0,
	ADMISSION_BYTES,   /* max_inflight is reached */
	ADMISSION_STORE,   /* the store is behind, or its disk is full */
	ADMISSION_STOPPED, /* starting or stopping */
};

/* true: the store wants no more for now. Called from any thread, often: cheap. */
typedef bool admission_pressure_f(void *ctx);

/* pressure may be NULL. NULL without memory. Starts open. */
struct admission *admission_new(uint64_t max_inflight_bytes, admission_pressure_f *pressure, void *ctx);
void admission_free(struct admission *a);
/* On ADMISSION_TAKE the caller owes admission_leave with the same bytes. A request that alone passes the mark is
 * taken when it is the only one, so that no setting stops everything. */
enum admission_refusal admission_enter(struct admission *a, uint64_t bytes);
void admission_leave(struct admission *a, uint64_t bytes);
/* May a reader without answers (syslog) go on? */
bool admission_is_open(const struct admission *a);
void admission_set_stopped(struct admission *a, bool stopped);
/* The limits of one listener, the same object for every worker that asks with this key (its configuration); listener is
 * the metrics label, a constant. Borrowed from a. NULL without memory, or for more than 32 listeners. */
struct connections *admission_listener(struct admission *a, const void *key, const char *listener, uint32_t max,
    uint32_t max_per_address);
uint64_t admission_inflight(const struct admission *a);
/* Seconds for Retry-After: 1 to 30, jittered so that senders do not return together. */
unsigned admission_retry_after(void);

#endif
