#include "detect/sliding.h"

#include <float.h>
#include <math.h>
#include <string.h>

double
sliding_percentile(const double *sorted, unsigned n, double p)
{
	double place = p / 100 * (n - 1), low = floor(place);
	unsigned i = (unsigned)low, next = i + 1 < n ? i + 1 : i;
	return sorted[i] + (sorted[next] - sorted[i]) * (place - low);
}

static bool
is_sum(const struct correlation *c)
{
	return c->type == CORRELATION_VALUE_SUM || c->type == CORRELATION_VALUE_AVG;
}

void
sliding_init(struct sliding *s, const struct correlation *c, const struct hits *h)
{
	long double total = 0, size = 0;
	s->c = c;
	s->h = h;
	s->first = s->last = 0;
	if (!is_sum(c))
		return;
	s->sums[0] = 0;
	for (unsigned i = 0; i < h->n; i++) {
		s->sums[i + 1] = total += (long double)h->items[i].value;
		size += fabsl((long double)h->items[i].value);
	}
	/* That of adding n doubles one by one, as the figure does, and twice that of the sums here. */
	s->error = (double)size * (2 * h->n + 4) * DBL_EPSILON;
}

static unsigned
place_of(const double *sorted, unsigned n, double value)
{
	unsigned low = 0, high = n;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (sorted[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
sorted_add(struct sliding *s, unsigned n, double value)
{
	unsigned at = place_of(s->sorted, n, value);
	memmove(&s->sorted[at + 1], &s->sorted[at], (n - at) * sizeof(s->sorted[0]));
	s->sorted[at] = value;
}

static void
sorted_remove(struct sliding *s, unsigned n, double value)
{
	unsigned at = place_of(s->sorted, n, value);
	memmove(&s->sorted[at], &s->sorted[at + 1], (n - at - 1) * sizeof(s->sorted[0]));
}

static void
move_to(struct sliding *s, int64_t begin_ms, int64_t end_ms)
{
	const struct hit *items = s->h->items;
	bool sorted = s->c->type == CORRELATION_VALUE_PERCENTILE;
	for (; s->first < s->h->n && items[s->first].ts_ms < begin_ms; s->first++) {
		if (s->first == s->last)
			s->last++; /* was never in it */
		else if (sorted)
			sorted_remove(s, s->last - s->first, items[s->first].value);
	}
	for (; s->last < s->h->n && items[s->last].ts_ms <= end_ms; s->last++)
		if (sorted)
			sorted_add(s, s->last - s->first, items[s->last].value);
}

/* Could a number within error of value meet it? Between two limits all numbers are alike. */
static bool
range_may_hold(const struct correlation_range *r, double value, double error)
{
	const double limits[] = {r->gt, r->gte, r->lt, r->lte, r->eq, r->neq};
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (r->ops & 1u << i && !(fabs(limits[i] - value) > error))
			return true;
	return correlation_holds(r, value);
}

bool
sliding_may_hold(struct sliding *s, int64_t begin_ms, int64_t end_ms)
{
	const struct correlation_range *range = &s->c->range;
	bool sum = is_sum(s->c);
	if (!range->ops || (!sum && s->c->type != CORRELATION_VALUE_PERCENTILE))
		return true;
	move_to(s, begin_ms, end_ms);
	unsigned n = s->last - s->first;
	if (n == 0)
		return false;
	if (!sum)
		return correlation_holds(range, sliding_percentile(s->sorted, n, s->c->percentile));
	double value = (double)(s->sums[s->last] - s->sums[s->first]), error = s->error;
	if (s->c->type == CORRELATION_VALUE_AVG) {
		value /= n;
		error = error / n + fabs(value) * DBL_EPSILON;
	}
	return range_may_hold(range, value, error);
}
