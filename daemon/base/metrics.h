/* Counters, gauges and histograms, one line each in metrics.def. Process-wide.
 * A series (metric + label values) is looked up once and kept; adding to it
 * is an uncontended add in the calling thread's own block, summed by a scrape.
 * At most 4,096 series; beyond, the label value "other" takes the rest. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum metric {
#define X(id, name, type, label1, label2, help) METRIC_##id,
#include "base/metrics.def"
#undef X
	METRIC_COUNT
};

typedef uint32_t metrics_series; /* 0 = the sink for "no room": adding is harmless */

/* Label values in the order of metrics.def, cut at 128 bytes; NULL where the metric has no such label.
 * Any thread; takes a lock. */
metrics_series metrics_get(enum metric m, const char *value1, const char *value2);
/* Counters. A gauge that threads share moves by this too: metrics_add(s, (uint64_t)-1) takes one off. */
void metrics_add(metrics_series s, uint64_t n);
/* Gauges: last writer wins, any thread. */
void metrics_set(metrics_series s, double value);
/* Histograms, in seconds. */
void metrics_observe(metrics_series s, double seconds);
/* Shorthand for a metric without labels or for rare events: looks the series up each time. */
void metrics_count(enum metric m, const char *value1, const char *value2, uint64_t n);
/* Current sum, of a histogram the number of observations; 0 for a series never asked for. For tests and status. */
double metrics_value(enum metric m, const char *value1, const char *value2);
/* Prometheus text 0.0.4, or OpenMetrics 1.0. -1 when out has no room. */
int metrics_write(struct buf *out, bool openmetrics) __attribute__((warn_unused_result));

#endif
