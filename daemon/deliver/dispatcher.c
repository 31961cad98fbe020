#include "deliver/dispatcher.h"

#include <pthread.h>

#include "base/mem.h"
#include "deliver/lane.h"
#include "deliver/webhook.h"
#include "loop/mailbox.h"
#include "store/outbox.h"

enum { STOP_MS = 5000, STOP_LOOK_MS = 10 };

struct dispatcher {
	struct dispatcher_options options;
	struct loop *loop;
	struct webhook *webhook;
	struct mailbox *claims, *news, *orders;
	struct timer *stop;
	struct lane *lanes[OUTBOX_TARGETS_MAX];
	unsigned lane_count;
	bool running;
	/* deliver thread only */
	unsigned looks; /* since the order to stop */
	/* guarded by mu */
	pthread_mutex_t mu;
	pthread_cond_t is_drained;
	bool drained;
};

static void
on_claimed(void *message, void *ctx)
{
	(void)ctx;
	lane_claimed(lane_of(message));
}

static void
on_news(void *message, void *ctx)
{
	struct dispatcher *d = ctx;
	(void)message;
	uint32_t targets = store_take_news(d->options.store);
	for (unsigned i = 0; i < d->lane_count; i++) {
		if (targets & (UINT32_C(1) << i))
			lane_news(d->lanes[i]);
	}
}

/* A claim's memory is the store's until it is answered, so for that no deadline holds; the store still runs. */
static bool
may_end(const struct dispatcher *d)
{
	bool late = d->looks >= STOP_MS / STOP_LOOK_MS;
	for (unsigned i = 0; i < d->lane_count; i++) {
		if (lane_claims(d->lanes[i]) || (!late && !lane_idle(d->lanes[i])))
			return false;
	}
	return true;
}

static void
on_stop_look(void *ctx)
{
	struct dispatcher *d = ctx;
	if (!may_end(d)) {
		d->looks++;
		timer_set(d->stop, STOP_LOOK_MS);
		return;
	}
	pthread_mutex_lock(&d->mu);
	d->drained = true;
	pthread_cond_signal(&d->is_drained);
	pthread_mutex_unlock(&d->mu);
}

static void
on_order(void *message, void *ctx)
{
	struct dispatcher *d = ctx;
	(void)message;
	for (unsigned i = 0; i < d->lane_count; i++)
		lane_stop(d->lanes[i]);
	timer_set(d->stop, 0);
}

static int
make_loop(struct dispatcher *d)
{
	d->loop = loop_new("deliver");
	if (!d->loop)
		return -1;
	d->webhook = webhook_new(d->loop);
	d->claims = mailbox_new(d->loop, OUTBOX_TARGETS_MAX, on_claimed, d);
	d->news = mailbox_new(d->loop, 1, on_news, d);
	d->orders = mailbox_new(d->loop, 1, on_order, d);
	d->stop = timer_new(d->loop, on_stop_look, d);
	return d->webhook && d->claims && d->news && d->orders && d->stop ? 0 : -1;
}

struct dispatcher *
dispatcher_new(const struct dispatcher_options *options, struct fail *why)
{
	struct dispatcher *d = mem_zero(1, sizeof(*d));
	if (!d || options->target_count > OUTBOX_TARGETS_MAX) {
		mem_free(d);
		fail_set(why, "targets", "no memory for the targets, or more than %d", OUTBOX_TARGETS_MAX);
		return NULL;
	}
	d->options = *options;
	pthread_mutex_init(&d->mu, NULL);
	pthread_cond_init(&d->is_drained, NULL);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || make_loop(d) < 0) {
		fail_set(why, "memory", "no memory or descriptors for the deliveries");
		goto fail;
	}
	for (; d->lane_count < options->target_count; d->lane_count++) {
		struct lane_options lane = {.loop = d->loop, .webhook = d->webhook, .store = options->store,
		    .claims = d->claims, .target = &options->targets[d->lane_count], .index = d->lane_count};
		d->lanes[d->lane_count] = lane_new(&lane, why);
		if (!d->lanes[d->lane_count])
			goto fail;
		lane_start(d->lanes[d->lane_count]);
	}
	store_watch(options->store, d->news);
	return d;
fail:
	dispatcher_free(d);
	return NULL;
}

void
dispatcher_free(struct dispatcher *d)
{
	if (!d)
		return;
	if (d->news)
		store_watch(d->options.store, NULL);
	for (unsigned i = 0; i < d->lane_count; i++)
		lane_free(d->lanes[i]);
	webhook_free(d->webhook);
	timer_free(d->stop);
	mailbox_free(d->claims);
	mailbox_free(d->news);
	mailbox_free(d->orders);
	if (d->loop)
		loop_free(d->loop);
	pthread_cond_destroy(&d->is_drained);
	pthread_mutex_destroy(&d->mu);
	mem_free(d);
}

int
dispatcher_start(struct dispatcher *d, struct fail *why)
{
	if (loop_start(d->loop, why) < 0)
		return -1;
	d->running = true;
	return 0;
}

void
dispatcher_stop(struct dispatcher *d)
{
	if (!d->running)
		return;
	d->running = false;
	store_watch(d->options.store, NULL);
	if (mailbox_post(d->orders, d) == 0) {
		pthread_mutex_lock(&d->mu);
		while (!d->drained)
			pthread_cond_wait(&d->is_drained, &d->mu);
		pthread_mutex_unlock(&d->mu);
	}
	loop_stop(d->loop);
	for (unsigned i = 0; i < d->lane_count; i++)
		lane_drop(d->lanes[i]);
}

struct loop *
dispatcher_loop(struct dispatcher *d)
{
	return d->loop;
}

const char *
dispatcher_state(const struct dispatcher *d, unsigned target)
{
	return target < d->lane_count ? lane_state(d->lanes[target]) : "unknown";
}
