/* What a correlation makes of the hits of a group: the number of a window, and
 * whether some window meets the condition. Pure; any thread. Contract: windows
 * page section 2, sigma page section 7. */
#ifndef DETECT_FIGURE_H
#define DETECT_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigma/correlation.h"
#include "window/hits.h"

struct figure {
	bool holds;
	double value;    /* events, values, stages, sum, mean, percentile */
	unsigned events; /* hits in the window */
	int64_t end_ms;  /* of the window */
};

/* Over the hits of [begin, end], both included. */
void figure_window(const struct correlation *c, const struct hits *h, int64_t begin_ms, int64_t end_ms,
    struct figure *out);
/* Over all windows of the timespan that contain at_ms and end at a hit's time, or at at_ms: the first that holds, else
 * the one that ends at at_ms. */
void figure_any_window(const struct correlation *c, const struct hits *h, int64_t at_ms, struct figure *out);

#endif
