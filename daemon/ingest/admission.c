#include "ingest/admission.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ingest/connections.h"

enum { RETRY_AFTER_MAX = 30, LISTENERS_MAX = 32 };

struct entry {
	const void *key;
	const char *listener;
	struct connections *connections;
};

struct admission {
	uint64_t max_inflight;
	admission_pressure_f *pressure;
	void *ctx;
	_Atomic uint64_t inflight;
	atomic_bool stopped;
	pthread_mutex_t mu;
	struct entry listeners[LISTENERS_MAX]; /* guarded by mu */
	size_t count;                          /* guarded by mu */
};

struct admission *
admission_new(uint64_t max_inflight_bytes, admission_pressure_f *pressure, void *ctx)
{
	struct admission *a = mem_zero(1, sizeof *a);
	if (!a)
		return NULL;
	a->max_inflight = max_inflight_bytes;
	a->pressure = pressure;
	a->ctx = ctx;
	atomic_init(&a->inflight, 0);
	atomic_init(&a->stopped, false);
	pthread_mutex_init(&a->mu, NULL);
	return a;
}

void
admission_free(struct admission *a)
{
	if (!a)
		return;
	while (a->count)
		connections_free(a->listeners[--a->count].connections);
	pthread_mutex_destroy(&a->mu);
	mem_free(a);
}

enum admission_refusal
admission_enter(struct admission *a, uint64_t bytes)
{
	if (atomic_load_explicit(&a->stopped, memory_order_relaxed))
		return ADMISSION_STOPPED;
	if (a->pressure && a->pressure(a->ctx))
		return ADMISSION_STORE;
	uint64_t now = atomic_load_explicit(&a->inflight, memory_order_relaxed);
	do {
		if (now && (bytes > a->max_inflight || now > a->max_inflight - bytes))
			return ADMISSION_BYTES;
	} while (!atomic_compare_exchange_weak(&a->inflight, &now, now + bytes));
	return ADMISSION_TAKE;
}

void
admission_leave(struct admission *a, uint64_t bytes)
{
	atomic_fetch_sub(&a->inflight, bytes);
}

bool
admission_is_open(const struct admission *a)
{
	return !atomic_load_explicit(&a->stopped, memory_order_relaxed) && !(a->pressure && a->pressure(a->ctx));
}

void
admission_set_stopped(struct admission *a, bool stopped)
{
	atomic_store(&a->stopped, stopped);
}

uint64_t
admission_inflight(const struct admission *a)
{
	return atomic_load(&a->inflight);
}

static struct connections *
add_listener(struct admission *a, struct entry entry, uint32_t max, uint32_t max_per_address)
{
	struct connections *sibling = NULL;
	for (size_t i = 0; i < a->count && !sibling; i++) {
		if (str_eq(str_of(a->listeners[i].listener), str_of(entry.listener)))
			sibling = a->listeners[i].connections;
	}
	if (a->count == LISTENERS_MAX)
		return NULL;
	entry.connections = connections_new(entry.listener, max, max_per_address, sibling);
	if (entry.connections)
		a->listeners[a->count++] = entry;
	return entry.connections;
}

struct connections *
admission_listener(struct admission *a, const void *key, const char *listener, uint32_t max, uint32_t max_per_address)
{
	struct connections *found = NULL;
	pthread_mutex_lock(&a->mu);
	for (size_t i = 0; i < a->count && !found; i++) {
		if (a->listeners[i].key == key)
			found = a->listeners[i].connections;
	}
	if (!found)
		found = add_listener(a, (struct entry){.key = key, .listener = listener}, max, max_per_address);
	pthread_mutex_unlock(&a->mu);
	return found;
}

unsigned
admission_retry_after(void)
{
	return 1 + arc4random_uniform(RETRY_AFTER_MAX);
}
