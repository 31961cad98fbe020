#include "deliver/dispatcher.h"

#include <stdatomic.h>
#include <time.h>

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
	/* any thread */
	atomic_bool drained;
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

static bool
all_idle(const struct dispatcher *d)
{
	for (unsigned i = 0; i < d->lane_count; i++) {
		if (!lane_idle(d->lanes[i]))
			return false;
	}
	return true;
}

static void
on_stop_look(void *ctx)
{
	struct dispatcher *d = ctx;
	if (all_idle(d) || ++d->looks >= STOP_MS / STOP_LOOK_MS)
		atomic_store(&d->drained, true);
	else
		timer_set(d->stop, STOP_LOOK_MS);
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

static const struct timespec a_moment = {0, 1000000};

/* The store still runs and answers each claim; until then the claim's memory is the store's. */
static void
await_claims(struct dispatcher *d)
{
	for (unsigned i = 0; i < d->lane_count; i++) {
		while (lane_claims(d->lanes[i])) {
			struct claim *c = mailbox_take(d->claims);
			if (c)
				lane_claimed(lane_of(c));
			else
				nanosleep(&a_moment, NULL);
		}
	}
}

void
dispatcher_stop(struct dispatcher *d)
{
	if (!d->running)
		return;
	d->running = false;
	store_watch(d->options.store, NULL);
	if (mailbox_post(d->orders, d) == 0) {
		for (int ms = 0; ms < STOP_MS + 1000 && !atomic_load(&d->drained); ms++)
			nanosleep(&a_moment, NULL);
	}
	loop_stop(d->loop);
	for (unsigned i = 0; i < d->lane_count; i++)
		lane_drop(d->lanes[i]);
	await_claims(d);
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
