#include "event/tally.h"

#include "base/mem.h"
#include "base/metrics.h"

enum { CATEGORIES_MAX = 64, CATEGORY_TEXT_MAX = 64, SHAPES_MAX = 64 };

struct category_series {
	char name[CATEGORY_TEXT_MAX + 1];
	size_t len;
	metrics_series lag, last_event;
};

struct shape_series {
	const char *listener, *shape; /* compared as pointers: both are constants */
	metrics_series received;
};

struct tally {
	struct category_series categories[CATEGORIES_MAX];
	unsigned category_count;
	struct category_series other;
	struct shape_series shapes[SHAPES_MAX];
	unsigned shape_count;
};

static void
category_init(struct category_series *c, struct str name)
{
	memcpy(c->name, name.p, name.len);
	c->name[name.len] = '\0';
	c->len = name.len;
	c->lag = metrics_get(METRIC_EVENT_LAG, c->name, NULL);
	c->last_event = metrics_get(METRIC_SOURCE_LAST_EVENT, c->name, NULL);
}

struct tally *
tally_new(void)
{
	struct tally *t = mem_zero(1, sizeof *t);
	if (t)
		category_init(&t->other, STR("other"));
	return t;
}

void
tally_free(struct tally *t)
{
	mem_free(t);
}

static const struct category_series *
category_of(struct tally *t, struct str name)
{
	for (unsigned i = 0; i < t->category_count; i++)
		if (str_eq(str_make(t->categories[i].name, t->categories[i].len), name))
			return &t->categories[i];
	if (name.len > CATEGORY_TEXT_MAX || memchr(name.p, '\0', name.len) || t->category_count == CATEGORIES_MAX)
		return &t->other;
	struct category_series *c = &t->categories[t->category_count++];
	category_init(c, name);
	return c;
}

void
tally_forget_shapes(struct tally *t)
{
	t->shape_count = 0;
}

/* A full table just starts over. */
static metrics_series
received_of(struct tally *t, const char *listener, const char *shape)
{
	for (unsigned i = 0; i < t->shape_count; i++)
		if (t->shapes[i].listener == listener && t->shapes[i].shape == shape)
			return t->shapes[i].received;
	if (t->shape_count == SHAPES_MAX)
		t->shape_count = 0;
	struct shape_series *s = &t->shapes[t->shape_count++];
	*s = (struct shape_series){listener, shape, metrics_get(METRIC_EVENTS_RECEIVED, listener, shape)};
	return s->received;
}

void
tally_event(struct tally *t, const char *listener, const struct event *e)
{
	metrics_add(received_of(t, listener, e->shape), 1);
	const struct category_series *c = category_of(t, e->category);
	metrics_set(c->last_event, (double)e->received_ms / 1000.0);
	if (e->has_time)
		metrics_observe(c->lag, (double)(e->received_ms - e->event_ms) / 1000.0);
	for (unsigned bits = e->anomalies; bits; bits &= bits - 1) {
		const char *name = event_anomaly_name(bits & -bits);
		if (name)
			metrics_count(METRIC_EVENTS_ANOMALOUS, name, NULL, 1);
	}
}
