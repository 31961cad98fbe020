/* One item of the section targets of the configuration: a webhook. Owned by
 * struct config, immutable after load, any thread. Source: picketd.yaml(5). */
#ifndef CONFIG_TARGET_CONFIG_H
#define CONFIG_TARGET_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/secret_config.h"

enum order_config { ORDER_PRIORITY, ORDER_FIFO };
enum preset_config { PRESET_GENERIC };
struct target_config {
	char *name, *url, *ca;
	struct secret url_secret; /* when url was given as cred: or file:; its value is also in url */
	enum preset_config preset;
	bool allow_plain, enabled, required, include_suppressed;
	struct secret secrets[2];
	size_t secret_count;
	struct secret bearer;
	int min_score;
	int min_severity; /* 0 informational .. 4 critical */
	enum order_config order;
	int64_t connect_timeout_ms, timeout_ms, backoff_min_ms, backoff_max_ms, retry_after_max_ms, max_age_ms;
	uint32_t queue_max_alerts;
};

#endif
