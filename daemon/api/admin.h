/* The admin listener: probes and metrics over HTTP (evhttp) on the control
 * loop, away from all ingest work. Owned by the daemon; control thread only.
 * Requests are tiny: heads up to 8 KiB, bodies up to 1 KiB, 10 s. */
#ifndef API_ADMIN_H
#define API_ADMIN_H

#include <stdint.h>

#include "api/routes.h"
#include "base/fail.h"
#include "config/config.h"

struct admin;
struct event_base;

/* Binds config->address ("host:port"). config and hooks are borrowed and must outlive it. NULL with *why (code
 * "bind" when the address cannot be had). */
struct admin *admin_open(struct event_base *base, const struct admin_config *config, const struct api_hooks *hooks,
    struct fail *why);
/* Open requests are closed with it. Takes NULL. */
void admin_close(struct admin *a);
/* The port it listens on, also when the configuration said 0. */
uint16_t admin_port(const struct admin *a);

#endif
