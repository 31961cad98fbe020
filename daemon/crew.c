#include "crew.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "loop/mailbox.h"

enum { DRAINED_MAX = 64 };

struct crew {
	struct worker **workers;
	unsigned count, started;
	struct mailbox *drained; /* idle workers */
	unsigned idle;
	void (*on_drained)(void *ctx);
	void *ctx;
};

static void
on_idle(void *message, void *ctx)
{
	struct crew *c = ctx;
	(void)message;
	if (++c->idle == c->count)
		c->on_drained(c->ctx);
}

struct crew *
crew_new(const struct worker_options *options, struct loop *control, void (*on_drained)(void *ctx), void *ctx,
    struct fail *why)
{
	unsigned threads = options->config->limits.threads;
	struct worker_options each = *options;
	struct crew *c = mem_zero(1, sizeof *c);
	if (!c)
		goto no_memory;
	c->on_drained = on_drained;
	c->ctx = ctx;
	c->drained = mailbox_new(control, DRAINED_MAX, on_idle, c);
	c->workers = mem_zero(threads, sizeof(struct worker *));
	if (!c->drained || !c->workers)
		goto no_memory;
	each.drained = c->drained;
	for (; c->count < threads; c->count++) {
		each.index = c->count;
		c->workers[c->count] = worker_new(&each, why);
		if (!c->workers[c->count])
			goto failed;
	}
	return c;
no_memory:
	fail_set(why, "memory", "no memory for the workers");
failed:
	crew_free(c);
	return NULL;
}

void
crew_free(struct crew *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->count; i++)
		worker_free(c->workers[i]); /* NOLINT(clang-analyzer-core.NullDereference): counted only once there */
	mailbox_free(c->drained);
	mem_free(c->workers);
	mem_free(c);
}

int
crew_start(struct crew *c, struct fail *why)
{
	for (; c->started < c->count; c->started++)
		if (worker_start(c->workers[c->started], why) < 0)
			return -1;
	return 0;
}

void
crew_stop(struct crew *c)
{
	while (c && c->started)
		worker_stop(c->workers[--c->started]);
}

void
crew_give(struct crew *c, int listener, int fd, const struct inet *peer)
{
	struct worker *least = c->workers[0];
	for (unsigned i = 1; i < c->count; i++)
		if (worker_connections(c->workers[i]) < worker_connections(least))
			least = c->workers[i];
	if (worker_give(least, listener, fd, peer) < 0)
		metrics_count(METRIC_CONNECTIONS_REFUSED, listener == WORKER_HTTP ? "http" : "syslog", "worker_busy", 1);
}

unsigned
crew_set_policy(struct crew *c, struct policy *policy)
{
	unsigned failed = 0;
	for (unsigned i = 0; i < c->count; i++)
		failed += worker_set_policy(c->workers[i], policy) < 0;
	return failed;
}

void
crew_drain(struct crew *c)
{
	c->idle = 0;
	for (unsigned i = 0; i < c->count; i++)
		if (worker_drain(c->workers[i]) < 0)
			on_idle(c->workers[i], c);
}

struct loop *
crew_loop(struct crew *c, unsigned index)
{
	return c && index < c->count ? worker_loop(c->workers[index]) : NULL;
}
