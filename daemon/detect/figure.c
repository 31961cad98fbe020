#include "detect/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct slice {
	const struct hit *items;
	unsigned n;
};

static uint64_t
stages_of(const struct slice *s)
{
	uint64_t seen = 0;
	for (unsigned i = 0; i < s->n; i++)
		seen |= UINT64_C(1) << s->items[i].stage;
	return seen;
}

static unsigned
bits(uint64_t set)
{
	unsigned count = 0;
	for (; set; set &= set - 1)
		count++;
	return count;
}

/* The hits can be put in the order of the rules; equal times count as in order. */
static bool
is_ordered(const struct correlation *c, const struct slice *s)
{
	unsigned stage = 0;
	int64_t at_ms = INT64_MIN;
	for (bool found = true; found && stage < c->feed_count; stage += found) {
		found = false;
		for (unsigned i = 0; i < s->n && !found; i++) {
			if (s->items[i].stage != stage || s->items[i].ts_ms < at_ms)
				continue;
			found = true;
			at_ms = s->items[i].ts_ms;
		}
	}
	return stage == c->feed_count;
}

static int
cmp_event(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static int
cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static unsigned
distinct(const struct slice *s)
{
	uint32_t events[HITS_MAX];
	unsigned count = 0;
	for (unsigned i = 0; i < s->n; i++)
		events[i] = s->items[i].event;
	qsort(events, s->n, sizeof(*events), cmp_event);
	for (unsigned i = 0; i < s->n; i++)
		count += i == 0 || events[i] != events[i - 1];
	return count;
}

static double
sum(const struct slice *s)
{
	double total = 0;
	for (unsigned i = 0; i < s->n; i++)
		total += s->items[i].value;
	return total;
}

/* Linear interpolation between the two values around p % of the way. */
static double
percentile(const struct slice *s, double p)
{
	double values[HITS_MAX];
	for (unsigned i = 0; i < s->n; i++)
		values[i] = s->items[i].value;
	qsort(values, s->n, sizeof(*values), cmp_double);
	double place = p / 100 * (s->n - 1), low = floor(place);
	unsigned i = (unsigned)low, next = i + 1 < s->n ? i + 1 : i;
	return values[i] + (values[next] - values[i]) * (place - low);
}

static double
number(const struct correlation *c, const struct slice *s)
{
	switch (c->type) {
	case CORRELATION_EVENT_COUNT:
	case CORRELATION_VALUE_COUNT:
		return distinct(s);
	case CORRELATION_TEMPORAL:
	case CORRELATION_TEMPORAL_ORDERED:
		return bits(stages_of(s));
	case CORRELATION_VALUE_SUM:
		return sum(s);
	case CORRELATION_VALUE_AVG:
		return sum(s) / s->n;
	case CORRELATION_VALUE_PERCENTILE:
		return percentile(s, c->percentile);
	}
	return 0;
}

static bool
holds(const struct correlation *c, const struct slice *s, bool assume_absent, double *value)
{
	uint64_t all = c->feed_count < 64 ? (UINT64_C(1) << c->feed_count) - 1 : UINT64_MAX;
	if (s->n == 0 && c->type >= CORRELATION_VALUE_SUM)
		return false; /* nothing has no sum, no mean and no percentile */
	*value = number(c, s);
	if (c->type == CORRELATION_TEMPORAL_ORDERED && !is_ordered(c, s))
		return false;
	if (c->range.ops)
		return correlation_holds(&c->range, *value);
	uint64_t seen = stages_of(s);
	if (c->text)
		return correlation_text_holds(c->text, assume_absent ? seen & ~c->absent : seen);
	return (seen & all) == all;
}

void
figure_window(const struct correlation *c, const struct hits *h, int64_t begin_ms, int64_t end_ms, bool assume_absent,
    struct figure *out)
{
	unsigned first = 0, last;
	while (first < h->n && h->items[first].ts_ms < begin_ms)
		first++;
	for (last = h->n; last > first && h->items[last - 1].ts_ms > end_ms; last--)
		;
	struct slice s = {h->items + first, last - first};
	*out = (struct figure){.events = s.n, .end_ms = end_ms};
	out->holds = holds(c, &s, assume_absent, &out->value);
}

void
figure_any_window(const struct correlation *c, const struct hits *h, int64_t at_ms, struct figure *out)
{
	struct figure later;
	int64_t end_ms = at_ms;
	figure_window(c, h, at_ms - c->timespan_ms, at_ms, true, out);
	for (unsigned i = 0; i < h->n && !out->holds; i++) {
		if (h->items[i].ts_ms <= end_ms || h->items[i].ts_ms > at_ms + c->timespan_ms)
			continue;
		end_ms = h->items[i].ts_ms;
		figure_window(c, h, end_ms - c->timespan_ms, end_ms, true, &later);
		if (later.holds)
			*out = later;
	}
}
