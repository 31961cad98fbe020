/* What the control loop looks at once a second: memory gauges, silent sources,
 * and what /healthz, /readyz and picketd_degraded say. Control loop only. */
#ifndef WATCH_H
#define WATCH_H

#include "api/routes.h"
#include "config/config.h"
#include "loop/notify.h"
#include "shared.h"
#include "store/store.h"

struct watch;

struct watch_parts { /* borrowed */
	const struct config *config;
	struct loop *control;
	struct notify *notify;
	const struct shared *shared;
	struct store *store;
};

struct watch *watch_start(const struct watch_parts *parts);
void watch_stop(struct watch *w); /* NULL is fine */
/* For the admin listener; lives as long as the watch. */
const struct api_hooks *watch_hooks(const struct watch *w);
/* Rules and tuning entries that the last load left out: degraded while above 0. */
void watch_set_broken(struct watch *w, unsigned rules, unsigned tuning);
void watch_set_stopping(struct watch *w);

#endif
