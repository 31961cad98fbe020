#include "quiet.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

struct quiet {
	const struct input_config *input;
	int64_t started_ms;
	bool *silent; /* by index of input->quiet_after */
};

struct quiet *
quiet_new(const struct input_config *input, int64_t now_ms)
{
	struct quiet *q = mem_zero(1, sizeof *q);
	if (!q)
		return NULL;
	q->input = input;
	q->started_ms = now_ms;
	q->silent = mem_zero(input->quiet_count + 1, sizeof *q->silent);
	if (q->silent)
		return q;
	quiet_free(q);
	return NULL;
}

void
quiet_free(struct quiet *q)
{
	if (q)
		mem_free(q->silent);
	mem_free(q);
}

static void
tell(const struct quiet_config *c, bool silent, int64_t for_ms)
{
	if (silent)
		log_warn("source is silent; check its relay", LOG_TEXT("category", c->category),
		    LOG_INT("silent_s", for_ms / 1000), LOG_END);
	else
		log_notice("source sends again", LOG_TEXT("category", c->category), LOG_END);
}

void
quiet_check(struct quiet *q, int64_t now_ms)
{
	bool any = false;
	for (size_t i = 0; i < q->input->quiet_count; i++) {
		const struct quiet_config *c = &q->input->quiet_after[i];
		int64_t last_ms = (int64_t)(metrics_value(METRIC_SOURCE_LAST_EVENT, c->category, NULL) * 1000.0);
		int64_t for_ms = now_ms - (last_ms > q->started_ms ? last_ms : q->started_ms);
		bool silent = for_ms >= c->after_ms;
		if (silent != q->silent[i])
			tell(c, silent, for_ms);
		q->silent[i] = silent;
		any |= silent;
	}
	metrics_set(metrics_get(METRIC_DEGRADED, "source_silent", NULL), any ? 1 : 0);
}
