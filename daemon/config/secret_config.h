/* Values that more than one section of the configuration has: lists of text
 * and secrets. Owned by struct config, immutable after load, any thread.
 * Source: picketd.yaml(5), Types. */
#ifndef CONFIG_SECRET_CONFIG_H
#define CONFIG_SECRET_CONFIG_H

#include <stddef.h>

struct strings {
	char **items;
	size_t len;
};

/* A secret read from file:/path or cred:NAME at load: never printed. */
struct secret {
	char *reference; /* as configured, e.g. "file:/etc/x"; NULL = none */
	char *value;     /* one trailing newline stripped */
	size_t len;
};

#endif
