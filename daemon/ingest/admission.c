#include "ingest/admission.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

enum { RETRY_AFTER_MAX = 30 };

struct admission {
	uint64_t max_inflight;
	admission_pressure_f *pressure;
	void *ctx;
	_Atomic uint64_t inflight;
	atomic_bool stopped;
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
	return a;
}

void
admission_free(struct admission *a)
{
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

unsigned
admission_retry_after(void)
{
	return 1 + arc4random_uniform(RETRY_AFTER_MAX);
}
