#include "loop/notify.h"

#include <stdint.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/mem.h"

enum { LOOPS_MAX = 32, STUCK_MS = 10000 };

struct notify {
	struct timer *watchdog;
	int64_t period_ms;
	const struct loop *loops[LOOPS_MAX];
	size_t len;
};

/* The answer of sd_notify says only whether somebody listened. */
static void
tell(const char *text)
{
	(void)sd_notify(0, text);
}

static void
on_watchdog(void *ctx)
{
	struct notify *n = ctx;
	const struct loop *stuck = notify_stuck(n);
	if (!stuck)
		tell("WATCHDOG=1");
	else
		(void)sd_notifyf(0, "STATUS=loop %s stands still", loop_name(stuck));
	timer_set(n->watchdog, n->period_ms);
}

struct notify *
notify_new(struct loop *l)
{
	uint64_t interval_us = 0;
	struct notify *n = mem_zero(1, sizeof *n);
	if (!n || sd_watchdog_enabled(0, &interval_us) <= 0)
		return n;
	n->watchdog = timer_new(l, on_watchdog, n);
	if (!n->watchdog) {
		mem_free(n);
		return NULL;
	}
	interval_us /= 2000;
	n->period_ms = interval_us > 1 ? (int64_t)interval_us : 1;
	timer_set(n->watchdog, n->period_ms);
	return n;
}

void
notify_free(struct notify *n)
{
	if (!n)
		return;
	timer_free(n->watchdog);
	mem_free(n);
}

int
notify_watch(struct notify *n, struct loop *l)
{
	if (n->len == LOOPS_MAX)
		return -1;
	n->loops[n->len++] = l;
	return 0;
}

void
notify_forget(struct notify *n, struct loop *l)
{
	for (size_t i = 0; i < n->len; i++) {
		if (n->loops[i] == l) {
			n->loops[i] = n->loops[--n->len];
			return;
		}
	}
}

const struct loop *
notify_stuck(const struct notify *n)
{
	int64_t now_ms = clock_mono_ms();
	for (size_t i = 0; i < n->len; i++)
		if (now_ms - loop_beat_ms(n->loops[i]) > STUCK_MS)
			return n->loops[i];
	return NULL;
}

void
notify_ready(struct notify *n)
{
	(void)n;
	tell("READY=1");
}

void
notify_reloading(struct notify *n)
{
	(void)n;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());
}

void
notify_stopping(struct notify *n)
{
	(void)n;
	tell("STOPPING=1");
}

void
notify_status(struct notify *n, const char *text)
{
	(void)n;
	(void)sd_notifyf(0, "STATUS=%s", text);
}
