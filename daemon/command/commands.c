#include "command/commands.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "base/timestamp.h"
#include "deliver/send_test.h"
#include "detect/policy.h"
#include "detect/supply.h"
#include "command/explain.h"
#include "command/replay.h"
#include "sigma/ruleset.h"
#include "store/alerts.h"

enum { PATH_SIZE = 4096 };

/* dir/conf, when dir is a checkout: told by the build file beside it. */
static bool
is_checkout(const char *dir, char *conf, size_t size)
{
	char mark[PATH_SIZE + 32];
	snprintf(mark, sizeof mark, "%s/conf/schemas", dir);
	if (access(mark, R_OK) != 0)
		return false;
	snprintf(mark, sizeof mark, "%s/configure.ac", dir);
	if (access(mark, R_OK) != 0)
		return false;
	return snprintf(conf, size, "%s/conf", dir) < (int)size;
}

const char *
command_fallback_conf(char *conf, size_t size)
{
	char exe[PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	/* beside the program, or above it when it was built in a folder of its own */
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(exe, '/');
		if (!slash)
			break;
		*slash = '\0';
		if (is_checkout(exe, conf, size))
			return conf;
	}
	return NULL;
}

/* Without --config: the installed file; the offline commands also do without one. */
static const char *
config_path(const struct options *o)
{
	const char *named = o->config ? o->config : getenv("PICKETD_CONFIG");
	if (o->command == COMMAND_PRINT_DEFAULTS)
		return NULL;
	if (named && *named)
		return named;
	bool offline = o->command == COMMAND_REPLAY || o->command == COMMAND_DECODE || o->command == COMMAND_CHECK ||
	    o->command == COMMAND_EXPLAIN;
	if (offline && access(SYSTEM_CONFIG_FILE, F_OK) != 0)
		return NULL;
	return SYSTEM_CONFIG_FILE;
}

struct config *
command_load_config(const struct options *o, struct fail_list *problems)
{
	char fallback[PATH_SIZE];
	return config_load(config_path(o), command_fallback_conf(fallback, sizeof fallback), &o->overrides, problems);
}

struct config *
command_config(const struct options *o, FILE *err)
{
	struct fail_list problems;
	fail_list_init(&problems);
	struct config *c = command_load_config(o, &problems);
	fail_list_print(&problems, err);
	fail_list_fini(&problems);
	return c;
}

int
command_version(FILE *out)
{
	fprintf(out, "picketd %s\n", PACKAGE_VERSION);
	fprintf(out, "compiler %s\n", __VERSION__);
	fprintf(out, "jansson %s, sqlite %s, %s\n", jansson_version_str(), sqlite3_libversion(), curl_version());
#ifdef ENABLE_FAULTS
	fprintf(out, "fault points are compiled in: not for production\n");
#endif
	return 0;
}

/* What is no error, but keeps a rule from ever matching. */
static void
print_warnings(const struct policy *p, FILE *err)
{
	struct fail_list warnings;
	fail_list_init(&warnings);
	supply_check(p, &warnings);
	fail_list_print_warnings(&warnings, err);
	fail_list_fini(&warnings);
}

int
command_check(const struct config *c, FILE *out, FILE *err)
{
	struct policy_options how = {.config = c};
	struct fail_list problems;
	fail_list_init(&problems);
	struct policy *p = policy_load(&how, &problems);
	fail_list_print(&problems, err);
	if (p)
		fail_list_print_notes(ruleset_notes(p->rules), out);
	int code = p && !problems.len ? 0 : EX_CONFIG;
	fail_list_fini(&problems);
	if (p)
		print_warnings(p, err);
	if (code == 0) {
		unsigned count;
		ruleset_rules(p->rules, &count);
		fprintf(out, "%s: ok; %u rules (%u disabled), ", c->path ? c->path : "defaults", count,
		    ruleset_disabled(p->rules));
		if (tuning_count(p->tuning))
			fprintf(out, "%u tuning entries, ", tuning_count(p->tuning));
		fprintf(out, "ruleset %s\n", p->digest);
	}
	policy_unref(p);
	return code;
}

int
command_print_config(const struct config *c, FILE *out, FILE *err)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	int failed = config_print(c, &text) < 0 || fwrite(text.data, 1, text.len, out) != text.len;
	if (failed)
		fprintf(err, "picketd: cannot print the configuration\n");
	buf_fini(&text);
	return failed ? EXIT_FAILURE : 0;
}

int
command_replay(const struct config *c, const struct options *o, FILE *out, FILE *err)
{
	struct replay_options how = {
	    .config = c,
	    .version = PACKAGE_VERSION,
	    .logsource = o->logsource,
	    .expect = o->expect,
	    .carry_state = o->carry_state,
	    .files = o->files,
	    .file_count = o->file_count,
	};
	static const char *const formats[] = {
	    [REPLAY_NDJSON] = "ndjson", [REPLAY_TABLE] = "table", [REPLAY_JUNIT] = "junit"};
	size_t i = 0, count = sizeof formats / sizeof formats[0];
	while (o->format && i < count && strcmp(o->format, formats[i]) != 0)
		i++;
	if (i == count) {
		fprintf(err, "picketd: --replay takes --format ndjson, table or junit: %s\n", o->format);
		return EX_USAGE;
	}
	how.format = (enum replay_format)i;
	return replay_run(&how, out, err);
}

int
command_explain(const struct config *c, const struct options *o, FILE *out, FILE *err)
{
	struct explain_options how = {
	    .config = c,
	    .version = PACKAGE_VERSION,
	    .logsource = o->logsource,
	    .rule = o->rule,
	    .event = o->files[0],
	    .json = o->format && strcmp(o->format, "json") == 0,
	};
	if (o->format && !how.json && strcmp(o->format, "text") != 0) {
		fprintf(err, "picketd: --explain takes --format text or json: %s\n", o->format);
		return EX_USAGE;
	}
	return explain_run(&how, out, err);
}

int
command_alerts(const struct config *c, const struct options *o, FILE *out, FILE *err)
{
	char path[PATH_SIZE], line[1024];
	int64_t since_ms = INT64_MIN;
	struct fail why = {0};
	if (o->since && !timestamp_parse(str_of(o->since), &since_ms)) {
		fprintf(err, "picketd: --since takes a time such as 2026-11-22T20:00:00Z: %s\n", o->since);
		return EX_USAGE;
	}
	snprintf(path, sizeof path, "%s/picketd.db", c->state.dir);
	if (alerts_list(path, since_ms, o->json, out, &why) == 0)
		return 0;
	fail_print(&why, line, sizeof line);
	fprintf(err, "picketd: %s\n", line);
	return EX_CANTCREAT;
}

static const struct target_config *
find_target(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->target_count; i++)
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	return NULL;
}

int
command_send_test(const struct config *c, const struct options *o, FILE *out, FILE *err)
{
	const struct target_config *target = find_target(c, o->target);
	if (!target) {
		fprintf(err, "picketd: no target is named %s in %s\n", o->target, c->path ? c->path : "the defaults");
		return EX_USAGE;
	}
	struct alert_producer producer = {PACKAGE_VERSION, c->instance, ""};
	struct fail why = {0};
	bool accepted = false;
	if (send_test(target, &producer, out, &accepted, &why) < 0) {
		char line[1024];
		fail_print(&why, line, sizeof line);
		fprintf(err, "picketd: %s\n", line);
		return EX_UNAVAILABLE;
	}
	return accepted ? 0 : 1;
}
