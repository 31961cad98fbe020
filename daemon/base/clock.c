#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static atomic_bool frozen;
static _Atomic int64_t frozen_wall_ms, frozen_mono_us;
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER; /* one setter at a time */

static int64_t
read_us(clockid_t id)
{
	struct timespec t = {0};
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_wall_ms(void)
{
	if (atomic_load_explicit(&frozen, memory_order_acquire))
		return atomic_load_explicit(&frozen_wall_ms, memory_order_relaxed);
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_mono_us(void)
{
	if (atomic_load_explicit(&frozen, memory_order_acquire))
		return atomic_load_explicit(&frozen_mono_us, memory_order_relaxed);
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void
clock_set(int64_t wall_ms)
{
	pthread_mutex_lock(&mu);
	int64_t mono_us = clock_mono_us();
	if (atomic_load(&frozen))
		mono_us += (wall_ms - atomic_load(&frozen_wall_ms)) * 1000;
	atomic_store(&frozen_mono_us, mono_us);
	atomic_store(&frozen_wall_ms, wall_ms);
	atomic_store_explicit(&frozen, true, memory_order_release);
	pthread_mutex_unlock(&mu);
}

void
clock_unset(void)
{
	pthread_mutex_lock(&mu);
	atomic_store(&frozen, false);
	pthread_mutex_unlock(&mu);
}

void
clock_text(int64_t ms, char out[CLOCK_TEXT_SIZE])
{
	int64_t const first = -62167219200000, last = 253402300799999; /* years 0000 and 9999 */
	if (ms < first)
		ms = first;
	if (ms > last)
		ms = last;
	int64_t seconds = ms / 1000 - (ms % 1000 < 0);
	int64_t day = seconds / 86400 - (seconds % 86400 < 0);
	int64_t rest = seconds - day * 86400;
	/* Proleptic Gregorian calendar counted from 0000-03-01, in eras of 400 years (146,097 days). */
	int64_t z = day + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9) % 13;
	unsigned year = (unsigned)(yoe + era * 400 + (month <= 2)) % 10000;
	char text[64];
	snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month,
	    (unsigned)(doy - (153 * mp + 2) / 5 + 1) % 100, (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60),
	    (unsigned)(rest % 60), (unsigned)(ms - seconds * 1000));
	for (int i = 0; i < CLOCK_TEXT_SIZE; i++)
		out[i] = text[i];
	out[CLOCK_TEXT_SIZE - 1] = '\0';
}
