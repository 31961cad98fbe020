/* The section listeners of the configuration: HTTP, syslog, admin. Owned by
 * struct config, immutable after load, any thread. Source: picketd.yaml(5). */
#ifndef CONFIG_LISTENER_CONFIG_H
#define CONFIG_LISTENER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/inet.h"
#include "config/secret_config.h"

struct source_config { /* {product, service, category}; all NULL = none */
	char *product, *service, *category;
};

struct token_config {
	char *id;
	struct secret secret;
	struct source_config source;
	char *tenant;
};

struct http_config {
	char *address; /* "host:port" or "fd:http"; NULL = off */
	struct token_config *tokens;
	size_t token_count;
	bool insecure;
	uint32_t max_connections, max_connections_per_ip, max_records, max_ratio;
	int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms;
	uint64_t min_rate_bytes, max_body_bytes, max_decompressed_bytes, max_inflight_bytes;
	struct source_config source;
	char *tenant;
};

enum framing_config { FRAMING_AUTO, FRAMING_OCTET, FRAMING_LF };
struct syslog_config {
	char *address;
	bool insecure;
	struct inet_net *allow;
	size_t allow_count; /* 0 = any */
	enum framing_config framing;
	uint64_t max_frame_bytes;
	uint32_t max_connections;
	int64_t idle_timeout_ms;
	struct source_config source;
	char *tenant;
};

struct admin_config {
	char *address; /* NULL = off */
	struct secret token;
};

#endif
