/* The registry of series as metrics_text.c sees it. Private to metrics*.c.
 * Between metrics_lock and metrics_unlock no series is added; values may still
 * move under a reader, each on its own. */
#ifndef BASE_METRICS_SERIES_H
#define BASE_METRICS_SERIES_H

#include <stdint.h>

#include "base/metrics.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
enum { METRIC_BUCKETS = 13 }; /* the last is +Inf */

struct metric_info {
	const char *name, *label1, *label2, *help;
	enum metric_type type;
};
struct series_view {
	const char *value1, *value2; /* borrowed until metrics_unlock */
	uint64_t count;              /* of a counter its value, of a histogram its observations */
	uint64_t buckets[METRIC_BUCKETS];
	double value; /* of a gauge its value, of a histogram its sum */
};

extern const struct metric_info metric_infos[METRIC_COUNT];
extern const double metric_bounds[METRIC_BUCKETS - 1];

void metrics_lock(void);
void metrics_unlock(void);
/* The series after s of this metric, from 0; returns 0 behind the last. */
metrics_series metrics_next(enum metric m, metrics_series s, struct series_view *out);

#endif
