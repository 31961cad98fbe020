#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "api/admin.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "crew.h"
#include "deliver/dispatcher.h"
#include "gates.h"
#include "ingest/admission.h"
#include "loop/loop.h"
#include "loop/notify.h"
#include "loop/signal_watch.h"
#include "reload.h"
#include "shared.h"
#include "store/store.h"
#include "watch.h"

enum { DRAIN_MAX_MS = 20000, STOP_SIGNALS = 2, SIGNALS };

struct daemon {
	/* set at start, by the step of the same name */
	const struct config *config;
	const struct options *options;
	struct policy *policy; /* the one in force */
	struct loop *control;
	struct signal_watch *signals[SIGNALS]; /* those that stop come first */
	struct notify *notify;
	struct store *store;
	struct shared *shared;
	struct admission *admission;
	struct crew *crew;
	struct dispatcher *dispatcher;
	struct watch *watch;
	struct admin *admin;
	struct gates *gates;
	struct timer *drain_limit;
	/* control loop only */
	bool stopping;
};

static void
on_drained(void *ctx)
{
	struct daemon *d = ctx;
	loop_break(d->control);
}

static void
on_drain_limit(void *ctx)
{
	struct daemon *d = ctx;
	log_warn("not every request could be answered in time; stopping all the same", LOG_END);
	loop_break(d->control);
}

/* Stop taking, answer what is committed. The signals get their default action back: a second one ends the process at
 * once, whatever it waits for; kill -9 loses nothing either. */
static void
on_stop(int number, void *ctx)
{
	struct daemon *d = ctx;
	log_notice("stopping", LOG_INT("signal", number), LOG_END);
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		signal_watch_free(d->signals[i]);
		d->signals[i] = NULL;
	}
	d->stopping = true;
	notify_stopping(d->notify);
	watch_set_stopping(d->watch);
	gates_close(d->gates);
	d->gates = NULL;
	timer_set(d->drain_limit, DRAIN_MAX_MS);
	crew_drain(d->crew);
}

static void
swap_policy(struct daemon *d, struct policy *fresh)
{
	const char *old = d->policy->digest, *new = fresh->digest;
	if (strcmp(old, new) != 0)
		metrics_set(metrics_get(METRIC_RULESET_INFO, old, NULL), 0);
	unsigned missed = crew_set_policy(d->crew, fresh);
	if (missed)
		log_err("workers too busy to take the new rules; reload again", LOG_INT("workers", missed), LOG_END);
	policy_unref(d->policy);
	d->policy = fresh;
	watch_set_broken(d->watch, 0, 0);
}

static void
on_reload(int number, void *ctx)
{
	struct daemon *d = ctx;
	(void)number;
	if (d->stopping)
		return;
	notify_reloading(d->notify);
	struct policy *fresh = reload_again(d->config, d->options);
	if (fresh)
		swap_policy(d, fresh);
	notify_status(d->notify, fresh ? "running" : "running; the last reload was refused");
	notify_ready(d->notify);
}

static bool
on_pressure(void *ctx)
{
	const struct daemon *d = ctx;
	return store_pressure(d->store) != STORE_OK || pipeline_is_crowded(shared_pipeline(d->shared));
}

static int
start_policy(struct daemon *d, struct fail *why)
{
	d->policy = reload_first(d->config);
	return d->policy ? 0 : fail_set(why, "config", "schemas or result codes are broken; see above");
}

static void
stop_policy(struct daemon *d)
{
	policy_unref(d->policy);
}

static int
start_control(struct daemon *d, struct fail *why)
{
	static const struct {
		int number;
		void (*on_signal)(int number, void *ctx);
	} signals[SIGNALS] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_reload}};
	d->control = loop_new("control");
	if (!d->control)
		return fail_set(why, "os", "no memory or descriptors for the control loop");
	d->drain_limit = timer_new(d->control, on_drain_limit, d);
	d->notify = notify_new(d->control);
	for (size_t i = 0; i < SIGNALS; i++) {
		d->signals[i] = signal_watch_new(d->control, signals[i].number, signals[i].on_signal, d);
		if (!d->signals[i])
			return fail_set(why, "os", "no memory to watch signals");
	}
	return d->drain_limit && d->notify ? 0 : fail_set(why, "os", "no memory for the control loop");
}

static void
stop_control(struct daemon *d)
{
	for (size_t i = 0; i < SIGNALS; i++)
		signal_watch_free(d->signals[i]);
	notify_free(d->notify);
	timer_free(d->drain_limit);
	loop_free(d->control);
}

static int
open_store(struct daemon *d, struct fail *why)
{
	struct store_options how = {&d->config->state, d->config->targets, d->config->target_count};
	d->store = store_new(&how, why);
	return d->store ? 0 : -1;
}

static void
close_store(struct daemon *d)
{
	store_free(d->store);
}

static int
open_shared(struct daemon *d, struct fail *why)
{
	d->shared = shared_new(d->config, store_sink(d->store), PACKAGE_VERSION, false);
	d->admission = admission_new(d->config->http.max_inflight_bytes, on_pressure, d);
	if (!d->shared || !d->admission)
		return fail_set(why, "os", "no memory for the windows; lower windows.memory");
	if (store_recall(d->store, shared_pipeline(d->shared)->incidents, why) < 0)
		log_err("alerts of before cannot be read; reports that name their events do not join them", LOG_WHY(why),
		    LOG_END);
	return 0;
}

static void
close_shared(struct daemon *d)
{
	admission_free(d->admission);
	shared_free(d->shared);
}

static int
open_crew(struct daemon *d, struct fail *why)
{
	struct worker_options each = {
	    .config = d->config,
	    .shared = shared_pipeline(d->shared),
	    .admission = d->admission,
	    .policy = d->policy,
	};
	d->crew = crew_new(&each, d->control, on_drained, d, why);
	return d->crew ? 0 : -1;
}

static void
close_crew(struct daemon *d)
{
	crew_free(d->crew);
}

static int
start_store(struct daemon *d, struct fail *why)
{
	return store_start(d->store, why);
}

/* Workers have stopped, but what the store hands back still finds their mailboxes. */
static void
stop_store(struct daemon *d)
{
	store_stop(d->store);
}

static int
start_crew(struct daemon *d, struct fail *why)
{
	struct loop *l;
	for (unsigned i = 0; (l = crew_loop(d->crew, i)); i++)
		if (notify_watch(d->notify, l) < 0)
			return fail_set(why, "os", "too many threads to watch; lower limits.threads");
	return crew_start(d->crew, why);
}

static void
stop_crew(struct daemon *d)
{
	struct loop *l;
	for (unsigned i = 0; (l = crew_loop(d->crew, i)); i++)
		notify_forget(d->notify, l);
	crew_stop(d->crew);
}

static int
start_dispatcher(struct daemon *d, struct fail *why)
{
	struct dispatcher_options how = {
	    .store = d->store,
	    .targets = d->config->targets,
	    .target_count = d->config->target_count,
	};
	d->dispatcher = dispatcher_new(&how, why);
	return d->dispatcher ? dispatcher_start(d->dispatcher, why) : -1;
}

static void
stop_dispatcher(struct daemon *d)
{
	dispatcher_stop(d->dispatcher);
	dispatcher_free(d->dispatcher);
}

static int
start_watch(struct daemon *d, struct fail *why)
{
	struct watch_parts parts = {d->config, d->control, d->notify, d->shared, d->store};
	d->watch = watch_start(&parts);
	if (!d->watch)
		return fail_set(why, "os", "no memory for the watch");
	watch_set_broken(d->watch, ruleset_broken(d->policy->rules), tuning_broken(d->policy->tuning));
	metrics_set(metrics_get(METRIC_BUILD_INFO, PACKAGE_VERSION, NULL), 1);
	return 0;
}

static void
stop_watch(struct daemon *d)
{
	watch_stop(d->watch);
}

static int
start_admin(struct daemon *d, struct fail *why)
{
	if (!d->config->admin.address)
		return 0;
	d->admin = admin_open(loop_base(d->control), &d->config->admin, watch_hooks(d->watch), why);
	if (!d->admin)
		return -1;
	const char *address = d->config->admin.address, *colon = strrchr(address, ':');
	char bound[256];
	snprintf(bound, sizeof bound, "%.*s:%u", (int)(colon ? colon - address : 0), address, admin_port(d->admin));
	log_notice("listening", LOG_TEXT("listener", "admin"), LOG_TEXT("address", bound), LOG_END);
	return 0;
}

static void
stop_admin(struct daemon *d)
{
	admin_close(d->admin);
}

static int
start_gates(struct daemon *d, struct fail *why)
{
	d->gates = gates_open(d->config, d->control, d->crew, why);
	return d->gates ? 0 : -1;
}

static void
stop_gates(struct daemon *d)
{
	gates_close(d->gates);
}

/* The start list; the stop list is the same, read upwards. A step that failed is stopped, too: stop takes half of one. */
static const struct step {
	const char *name;
	int (*start)(struct daemon *d, struct fail *why);
	void (*stop)(struct daemon *d);
	int exit_code;
} steps[] = {
    {"policy", start_policy, stop_policy, EX_CONFIG},
    {"control", start_control, stop_control, EX_OSERR},
    {"state", open_store, close_store, EX_CANTCREAT},
    {"windows", open_shared, close_shared, EX_OSERR},
    {"workers", open_crew, close_crew, EX_OSERR},
    {"store", start_store, stop_store, EX_OSERR},
    {"crew", start_crew, stop_crew, EX_OSERR},
    {"dispatcher", start_dispatcher, stop_dispatcher, EX_OSERR},
    {"watch", start_watch, stop_watch, EX_OSERR},
    {"admin", start_admin, stop_admin, EX_TEMPFAIL},
    {"gates", start_gates, stop_gates, EX_TEMPFAIL},
};

enum { STEPS = sizeof steps / sizeof steps[0] };

int
daemon_run(const struct config *c, const struct options *o)
{
	struct daemon d = {.config = c, .options = o};
	struct fail why = {0};
	int code = 0;
	unsigned done = 0;
	log_setup(c->log.level, c->log.format, c->log.rate);
	while (done < STEPS && !code) {
		if (steps[done].start(&d, &why) < 0) {
			code = strcmp(why.code, "state-locked") == 0 ? EX_TEMPFAIL : steps[done].exit_code;
			log_crit("cannot start", LOG_TEXT("step", steps[done].name), LOG_WHY(&why), LOG_END);
		}
		done++;
	}
	if (!code) {
		notify_status(d.notify, "running");
		notify_ready(d.notify);
		log_notice("ready", LOG_TEXT("version", PACKAGE_VERSION), LOG_END);
		loop_run(d.control);
	}
	while (done)
		steps[--done].stop(&d);
	if (!code)
		log_notice("stopped", LOG_END);
	return code;
}
