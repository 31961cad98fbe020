/* The whole configuration, read once from YAML by the table config.def, then
 * immutable. Owned by the daemon; a reload makes a new one. Unset strings are
 * NULL, unset lists empty. Sources: operations page section 2, picketd.yaml(5). */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/log.h"
#include "config/listener_config.h"
#include "config/target_config.h"

struct quiet_config {
	char *category;
	int64_t after_ms;
};
struct input_config {
	struct strings schemas;
	char *result_codes;
	uint64_t max_record_bytes;
	uint32_t max_depth;
	int64_t max_future_ms, lateness_ms, dedup_ttl_ms;
	uint32_t dedup_max;
	struct quiet_config *quiet_after;
	size_t quiet_count;
};

struct list_config { /* a named list: config/list.h */
	char *name, *file;
};
struct rules_config {
	struct strings dirs, tuning, disabled;
	bool replaced; /* dirs are those of the command line */
	struct list_config *lists;
	size_t list_count;
};

struct window_config { /* an item of windows.contexts: a window that rules may test */
	char *name;
	struct strings by;
	int64_t span_ms;
	char *where; /* a detection, as YAML on one line; NULL = every sign-in counts */
	unsigned line;
};
struct windows_config {
	uint64_t memory_bytes;
	int64_t span_ms;  /* of the per-IP and per-user context windows */
	int64_t grace_ms; /* what is decided by waiting waits this much longer */
	int64_t quiet_after_ms; /* a feed is silent, unless input.quiet_after says other of its category */
	uint32_t storm_alerts; /* of a rule about what is missing, within the span: further ones are held back */
	int64_t storm_span_ms;
	int64_t max_span_ms; /* of named windows */
	struct window_config *contexts;
	size_t context_count;
};

struct state_config {
	char *dir;
	bool fsync;
	int64_t commit_interval_ms;
	uint32_t commit_alerts;
	int64_t alerts_keep_ms;
	int64_t join_span_ms; /* how long an alert can be joined by a report */
	uint32_t join_max;    /* events of such alerts */
	uint64_t disk_reserve_bytes;
};

struct limits_config {
	uint32_t threads; /* never 0 after load */
	uint32_t max_regex_steps;
};

struct log_config {
	enum log_level level;
	enum log_format format;
	uint32_t rate;
};

struct config {
	char *path; /* the file it came from; NULL = defaults */
	uint32_t version;
	char *instance; /* never NULL after load: the host name when none is configured */
	struct http_config http;
	struct syslog_config *syslog;
	size_t syslog_count;
	struct admin_config admin;
	struct input_config input;
	struct rules_config rules;
	struct windows_config windows;
	struct target_config *targets;
	size_t target_count;
	struct state_config state;
	struct limits_config limits;
	struct log_config log;
};

/* Command-line overrides, applied before the checks. */
struct config_overrides {
	const char *const *rules_dirs; /* replace rules.dirs when rules_count > 0 */
	size_t rules_count;
	const char *state_dir, *log_level, *log_format; /* NULL = as configured */
};

/* Reads and checks path (NULL: built-in defaults only). Every problem goes to *problems; NULL when there is any.
 * Directories and files that are not installed fall back to fallback_conf (the checkout's conf/) when that is not NULL. */
struct config *config_load(const char *path, const char *fallback_conf, const struct config_overrides *overrides,
    struct fail_list *problems);
void config_free(struct config *c);
/* The effective configuration as YAML with units; secrets as <file:...>. Loading it again gives the same. */
int config_print(const struct config *c, struct buf *out) __attribute__((warn_unused_result));
/* Paths of the options that differ between the two and that only a restart can change; at most max names, constants. */
size_t config_restart_needed(const struct config *running, const struct config *loaded, const char **names, size_t max);

#endif
