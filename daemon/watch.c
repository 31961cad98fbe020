#include "watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "quiet.h"

enum { LOOK_MS = 1000 };

struct watch {
	struct watch_parts parts;
	struct api_hooks hooks;
	struct timer *timer;
	struct quiet *quiet;
	bool stopping;
};

static size_t
on_health(void *ctx, const char **reasons)
{
	const struct watch *w = ctx;
	if (!notify_stuck(w->parts.notify))
		return 0;
	reasons[0] = "worker_stalled";
	return 1;
}

static size_t
on_readiness(void *ctx, const char **reasons)
{
	const struct watch *w = ctx;
	size_t count = on_health(ctx, reasons);
	enum store_pressure pressure = store_pressure(w->parts.store);
	if (w->stopping)
		reasons[count++] = "stopping";
	if (pressure == STORE_DISK_LOW)
		reasons[count++] = "disk_low";
	if (pressure == STORE_OUTBOX_FULL)
		reasons[count++] = "outbox_full";
	if (!store_ready(w->parts.store) && pressure != STORE_DISK_LOW)
		reasons[count++] = "store_not_writable";
	return count;
}

static void
on_refresh(void *ctx)
{
	const struct watch *w = ctx;
	const char *reasons[API_REASONS_MAX];
	shared_measure(w->parts.shared);
	metrics_set(metrics_get(METRIC_READY, NULL, NULL), on_readiness(ctx, reasons) == 0);
}

static void
on_look(void *ctx)
{
	struct watch *w = ctx;
	quiet_check(w->quiet, clock_wall_ms());
	on_refresh(w);
	timer_set(w->timer, LOOK_MS);
}

struct watch *
watch_start(const struct watch_parts *parts)
{
	struct watch *w = mem_zero(1, sizeof *w);
	if (!w)
		return NULL;
	w->parts = *parts;
	w->hooks = (struct api_hooks){on_health, on_readiness, on_refresh, w};
	w->timer = timer_new(parts->control, on_look, w);
	w->quiet = quiet_new(&parts->config->input, clock_wall_ms());
	if (!w->timer || !w->quiet) {
		watch_stop(w);
		return NULL;
	}
	timer_set(w->timer, LOOK_MS);
	return w;
}

void
watch_stop(struct watch *w)
{
	if (!w)
		return;
	timer_free(w->timer);
	quiet_free(w->quiet);
	mem_free(w);
}

const struct api_hooks *
watch_hooks(const struct watch *w)
{
	return &w->hooks;
}

void
watch_set_broken(struct watch *w, unsigned rules, unsigned tuning)
{
	(void)w;
	metrics_set(metrics_get(METRIC_DEGRADED, "broken_rules", NULL), rules ? 1 : 0);
	metrics_set(metrics_get(METRIC_DEGRADED, "broken_tuning", NULL), tuning ? 1 : 0);
}

void
watch_set_stopping(struct watch *w)
{
	w->stopping = true;
}
