#include "worker.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "ingest/http_source.h"
#include "ingest/syslog_source.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

enum { ORDERS_MAX = 4096, REPLIES_MAX = 65536, DRAIN_LOOK_MS = 20, RETRY_MS = 250, TICK_MS = 1000 };

enum order_kind { ORDER_CONNECTION, ORDER_POLICY, ORDER_DRAIN };

struct order { /* from the control loop, freed by the worker */
	enum order_kind kind;
	int listener, fd;
	struct inet peer;
	struct policy *policy;
};

/* An order that nobody carries out any more. */
static void
drop_order(struct order *order)
{
	if (order->kind == ORDER_CONNECTION)
		close(order->fd);
	policy_unref(order->policy);
	mem_free(order);
}

struct worker {
	/* set at start */
	const struct config *config;
	struct loop *loop;
	struct mailbox *orders, *replies, *drained;
	/* loop thread only */
	struct pipeline *pipeline;
	struct http_source *http;
	struct syslog_source **syslog; /* by index of config->syslog */
	struct timer *drain_timer, *retry_timer, *tick_timer;
	/* any thread */
	atomic_uint connections;
};

static unsigned
busy(const struct worker *w)
{
	unsigned count = http_source_connections(w->http);
	for (size_t i = 0; i < w->config->syslog_count; i++)
		count += syslog_source_connections(w->syslog[i]);
	return count;
}

static void
publish_connections(struct worker *w)
{
	atomic_store_explicit(&w->connections, busy(w), memory_order_relaxed);
}

static void
on_drain_look(void *ctx)
{
	struct worker *w = ctx;
	publish_connections(w);
	bool busy_still = worker_connections(w) || pipeline_pending(w->pipeline);
	if (busy_still || mailbox_post(w->drained, w) < 0)
		timer_set(w->drain_timer, DRAIN_LOOK_MS);
}

static void
drain(struct worker *w)
{
	http_source_stop(w->http);
	for (size_t i = 0; i < w->config->syslog_count; i++)
		syslog_source_stop(w->syslog[i]);
	on_drain_look(w);
}

static void
on_order(void *message, void *ctx)
{
	struct worker *w = ctx;
	struct order *order = message;
	switch (order->kind) {
	case ORDER_CONNECTION:
		if (order->listener == WORKER_HTTP)
			http_source_accept(w->http, order->fd, &order->peer);
		else
			syslog_source_accept(w->syslog[order->listener], order->fd, &order->peer);
		publish_connections(w);
		break;
	case ORDER_POLICY:
		if (pipeline_set_policy(w->pipeline, order->policy) < 0)
			log_err("no memory for new rules; this worker keeps the old ones", LOG_END);
		policy_unref(order->policy);
		break;
	case ORDER_DRAIN:
		drain(w);
		break;
	}
	mem_free(order);
}

static void
on_retry(void *ctx)
{
	struct worker *w = ctx;
	pipeline_retry(w->pipeline);
	timer_set(w->retry_timer, RETRY_MS);
}

static void
on_tick(void *ctx)
{
	struct worker *w = ctx;
	pipeline_tick(w->pipeline);
	timer_set(w->tick_timer, TICK_MS);
}

static void
on_reply(void *message, void *ctx)
{
	struct worker *w = ctx;
	pipeline_settled(w->pipeline, message);
}

static int
open_sources(struct worker *w, struct admission *admission, struct fail *why)
{
	w->http = http_source_new(w->loop, &w->config->http, w->pipeline, admission);
	w->syslog = mem_zero(w->config->syslog_count + 1, sizeof(struct syslog_source *));
	if (!w->http || !w->syslog)
		return fail_set(why, "memory", "no memory for the sources of a worker");
	for (size_t i = 0; i < w->config->syslog_count; i++) {
		w->syslog[i] = syslog_source_new(w->loop, &w->config->syslog[i], w->pipeline, admission);
		if (!w->syslog[i])
			return fail_set(why, "memory", "no memory for the sources of a worker");
	}
	return 0;
}

struct worker *
worker_new(const struct worker_options *options, struct fail *why)
{
	char name[16];
	struct worker *w = mem_zero(1, sizeof *w);
	if (!w)
		goto no_memory;
	w->config = options->config;
	w->drained = options->drained;
	snprintf(name, sizeof name, "worker-%u", options->index);
	w->loop = loop_new(name);
	if (!w->loop)
		goto no_memory;
	w->orders = mailbox_new(w->loop, ORDERS_MAX, on_order, w);
	w->replies = mailbox_new(w->loop, REPLIES_MAX, on_reply, w);
	w->drain_timer = timer_new(w->loop, on_drain_look, w);
	w->retry_timer = timer_new(w->loop, on_retry, w);
	w->tick_timer = timer_new(w->loop, on_tick, w);
	w->pipeline = pipeline_new(options->shared, options->policy, w->replies);
	if (!w->orders || !w->replies || !w->drain_timer || !w->retry_timer || !w->tick_timer || !w->pipeline)
		goto no_memory;
	timer_set(w->retry_timer, RETRY_MS);
	timer_set(w->tick_timer, TICK_MS);
	if (open_sources(w, options->admission, why) == 0)
		return w;
	worker_free(w);
	return NULL;
no_memory:
	fail_set(why, "memory", "no memory or descriptors for a worker");
	worker_free(w);
	return NULL;
}

int
worker_start(struct worker *w, struct fail *why)
{
	return loop_start(w->loop, why);
}

void
worker_stop(struct worker *w)
{
	loop_stop(w->loop);
}

/* After the loop: answers of the store that came too late for it, then whatever connections are left. */
static void
close_sources(struct worker *w)
{
	struct batch *b;
	struct order *order;
	while (w->replies && (b = mailbox_take(w->replies)))
		pipeline_settled(w->pipeline, b);
	if (w->pipeline)
		pipeline_give_up(w->pipeline);
	while (w->orders && (order = mailbox_take(w->orders)))
		drop_order(order);
	for (size_t i = 0; w->syslog && i < w->config->syslog_count; i++)
		syslog_source_free(w->syslog[i]);
	mem_free(w->syslog);
	http_source_free(w->http);
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	if (w->loop)
		close_sources(w);
	timer_free(w->tick_timer);
	timer_free(w->retry_timer);
	timer_free(w->drain_timer);
	mailbox_free(w->replies);
	mailbox_free(w->orders);
	pipeline_free(w->pipeline);
	if (w->loop)
		loop_free(w->loop);
	mem_free(w);
}

static int
post_order(struct worker *w, const struct order *what)
{
	struct order *order = mem_zero(1, sizeof *order);
	if (!order)
		return -1;
	*order = *what;
	if (mailbox_post(w->orders, order) == 0)
		return 0;
	mem_free(order);
	return -1;
}

int
worker_give(struct worker *w, int listener, int fd, const struct inet *peer)
{
	struct order order = {.kind = ORDER_CONNECTION, .listener = listener, .fd = fd, .peer = *peer};
	if (post_order(w, &order) == 0) {
		atomic_fetch_add_explicit(&w->connections, 1, memory_order_relaxed);
		return 0;
	}
	close(fd);
	return -1;
}

int
worker_set_policy(struct worker *w, struct policy *policy)
{
	struct order order = {.kind = ORDER_POLICY, .policy = policy_ref(policy)};
	if (post_order(w, &order) == 0)
		return 0;
	policy_unref(policy);
	return -1;
}

int
worker_drain(struct worker *w)
{
	return post_order(w, &(struct order){.kind = ORDER_DRAIN});
}

unsigned
worker_connections(const struct worker *w)
{
	return atomic_load_explicit(&w->connections, memory_order_relaxed);
}

struct loop *
worker_loop(struct worker *w)
{
	return w->loop;
}
