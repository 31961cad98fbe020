/* What the admin listener offers: path and role -> handler, one line each in
 * routes.def. Handlers run on the control loop, touch neither disk nor network
 * and fill a reply; admin.c sends it. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <stddef.h>

#include "base/buf.h"

enum { API_REASONS_MAX = 16 };

/* The process's word on its state; filled by whoever knows. All run on the control loop and are cheap. */
struct api_hooks {
	/* Writes up to API_REASONS_MAX constant words on what is wrong ("worker_stalled"); how many, 0 = all is well. */
	size_t (*health)(void *ctx, const char **reasons);
	size_t (*readiness)(void *ctx, const char **reasons);
	void (*refresh)(void *ctx); /* sets the gauges that only a scrape needs; may be NULL */
	void *ctx;
};

struct api_request {
	const struct api_hooks *hooks;
	struct str accept; /* the Accept field, may be empty */
};

struct api_reply {
	int status;
	const char *type; /* content type, constant */
	struct buf body;
};

enum api_role {
	ROLE_OPEN,  /* probes */
	ROLE_TOKEN, /* the admin token, when one is configured */
};

struct route {
	struct str path;
	enum api_role role;
	void (*handle)(const struct api_request *request, struct api_reply *reply);
};

/* NULL when there is no such path. Every route answers GET and HEAD. */
const struct route *route_find(struct str path);

void api_health(const struct api_request *request, struct api_reply *reply);
void api_ready(const struct api_request *request, struct api_reply *reply);
void api_metrics(const struct api_request *request, struct api_reply *reply);

#endif
