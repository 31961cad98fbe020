#include "detect/figure.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/sliding.h"

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

/* How many rules have hits that can be put in the order of the rules; equal times count as in order. The longest rising
 * run of stages in the order of time: each hit is looked at once, for a late one asks this of many windows. */
static unsigned
ordered(const struct slice *s)
{
	unsigned ends[CORRELATION_RULES_MAX]; /* of chains of 1, 2, 3 ... rules: the earliest rule that may end one */
	unsigned longest = 0;
	for (unsigned i = 0; i < s->n;) {
		uint64_t stages = 0; /* of hits at one time */
		for (int64_t at_ms = s->items[i].ts_ms; i < s->n && s->items[i].ts_ms == at_ms; i++)
			stages |= UINT64_C(1) << s->items[i].stage;
		for (; stages; stages &= stages - 1) {
			unsigned stage = (unsigned)__builtin_ctzll(stages), k = 0;
			while (k < longest && ends[k] < stage)
				k++;
			ends[k] = stage;
			longest += k == longest;
		}
	}
	return longest;
}

struct order { /* what is known of the hits of a window before chains are tried */
	const struct correlation *c;
	const struct slice *s;
	uint64_t seen;
	int64_t last_ms[CORRELATION_RULES_MAX]; /* of the stages in seen */
};

static void
order_of(const struct correlation *c, const struct slice *s, struct order *out)
{
	out->c = c;
	out->s = s;
	out->seen = stages_of(s);
	for (unsigned i = 0; i < s->n; i++)
		out->last_ms[s->items[i].stage] = s->items[i].ts_ms;
}

static bool
comes_after(const struct order *o, unsigned stage, int64_t at_ms)
{
	return (o->seen >> stage & 1) && o->last_ms[stage] >= at_ms;
}

/* The first hit of a stage at or after at_ms; there is one. */
static int64_t
first_after(const struct order *o, unsigned stage, int64_t at_ms)
{
	unsigned low = 0, high = o->s->n;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (o->s->items[middle].ts_ms < at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	while (o->s->items[low].stage != stage)
		low++;
	return o->s->items[low].ts_ms;
}

/* Do rules from stage on, in order from at_ms, make the text true beside those that are there? Without `not` (the loader
 * sees to that) more rules make nothing false. */
static bool
ordered_text(const struct order *o, unsigned stage, int64_t at_ms, uint64_t there)
{
	uint64_t most = there;
	if (correlation_text_holds(o->c->text, there))
		return true;
	for (unsigned i = stage; i < o->c->feed_count; i++)
		most |= (uint64_t)comes_after(o, i, at_ms) << i;
	if (most == there || !correlation_text_holds(o->c->text, most))
		return false;
	if (comes_after(o, stage, at_ms) &&
	    ordered_text(o, stage + 1, first_after(o, stage, at_ms), there | UINT64_C(1) << stage))
		return true;
	return ordered_text(o, stage + 1, at_ms, there);
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
	if (s->n == 0)
		return 0;
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

static double
percentile(const struct slice *s, double p)
{
	double values[HITS_MAX];
	values[0] = s->items[0].value; /* nothing has no percentile: n > 0 */
	for (unsigned i = 1; i < s->n; i++)
		values[i] = s->items[i].value;
	qsort(values, s->n, sizeof(*values), cmp_double);
	return sliding_percentile(values, s->n, p);
}

static double
number(const struct correlation *c, const struct slice *s)
{
	switch (c->type) {
	case CORRELATION_EVENT_COUNT:
	case CORRELATION_VALUE_COUNT:
		return distinct(s);
	case CORRELATION_TEMPORAL:
		return bits(stages_of(s));
	case CORRELATION_TEMPORAL_ORDERED:
		return ordered(s);
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
holds(const struct correlation *c, const struct slice *s, double *value)
{
	if (s->n == 0 && c->type >= CORRELATION_VALUE_SUM)
		return false; /* nothing has no sum, no mean and no percentile */
	*value = number(c, s);
	if (c->range.ops)
		return correlation_holds(&c->range, *value);
	if (!c->text)
		return *value == c->feed_count;
	if (c->type == CORRELATION_TEMPORAL_ORDERED) {
		struct order order;
		order_of(c, s, &order);
		return ordered_text(&order, 0, INT64_MIN, 0);
	}
	return correlation_text_holds(c->text, stages_of(s));
}

void
figure_window(const struct correlation *c, const struct hits *h, int64_t begin_ms, int64_t end_ms,
    struct figure *out)
{
	unsigned first = hits_after(h, begin_ms - 1), last = hits_after(h, end_ms);
	struct slice s = {h->items + first, last > first ? last - first : 0};
	*out = (struct figure){.events = s.n, .end_ms = end_ms};
	out->holds = holds(c, &s, &out->value);
}

void
figure_any_window(const struct correlation *c, const struct hits *h, int64_t at_ms, struct figure *out)
{
	struct sliding windows MEM_UNSET;
	struct figure later;
	int64_t end_ms = at_ms;
	figure_window(c, h, at_ms - c->timespan_ms, at_ms, out);
	unsigned i = hits_after(h, at_ms);
	if (out->holds || i == h->n)
		return;
	sliding_init(&windows, c, h);
	for (; i < h->n && h->items[i].ts_ms <= at_ms + c->timespan_ms && !out->holds; i++) {
		if (h->items[i].ts_ms == end_ms)
			continue;
		end_ms = h->items[i].ts_ms;
		if (!sliding_may_hold(&windows, end_ms - c->timespan_ms, end_ms))
			continue;
		figure_window(c, h, end_ms - c->timespan_ms, end_ms, &later);
		if (later.holds)
			*out = later;
	}
}
