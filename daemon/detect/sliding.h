/* Windows of a group's hits one after the other, each later than the one before,
 * for a late event is asked about many: which of them may meet the condition is
 * told in few steps a window, without its figure. Plain value on the stack; any
 * thread. */
#ifndef DETECT_SLIDING_H
#define DETECT_SLIDING_H

#include <stdbool.h>
#include <stdint.h>

#include "sigma/correlation.h"
#include "window/hits.h"

struct sliding {
	const struct correlation *c;
	const struct hits *h; /* borrowed, and not changed meanwhile */
	unsigned first, last; /* hits of the window: first .. last - 1 */
	double error;         /* SUM and AVG: no sum of hits is wrong by more */
	union {
		long double sums[HITS_MAX + 1]; /* SUM and AVG: of all hits before */
		double sorted[HITS_MAX];        /* PERCENTILE: the window's values */
	};
};

void sliding_init(struct sliding *s, const struct correlation *c, const struct hits *h);
/* False: the condition is not met over [begin, end]. Neither lies before that of the last call. */
bool sliding_may_hold(struct sliding *s, int64_t begin_ms, int64_t end_ms);
/* p % of the way through n > 0 sorted values, linear between two of them. */
double sliding_percentile(const double *sorted, unsigned n, double p);

#endif
