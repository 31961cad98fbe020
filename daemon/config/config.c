#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config_check.h"
#include "config/option.h"
#include "config/option_value.h"
#include "config/suggest.h"
#include "config/yaml.h"

enum { PATH_BYTES = 128, MAX_THREADS = 8 };

struct load {
	struct config *config;
	const struct yaml_node *root; /* NULL: nothing but defaults */
	const char *fallback_conf;
	struct fail_list *problems;
};

static void walk(struct load *load, enum option_scope scope, void *base, const struct yaml_node *map,
    const char *prefix);

static int
set_fallback(const struct option *o, void *base, struct fail *why)
{
	if (o->fallback[0] == '\0')
		return 0;
	struct yaml_docs *docs = yaml_parse(str_of(o->fallback), "default", NULL, why);
	if (!docs)
		return -1;
	int result = option_parse(o, docs->roots[0], base, why);
	yaml_docs_free(docs);
	return result;
}

static void
set_fallbacks(struct load *load, enum option_scope scope, void *base)
{
	size_t count;
	const struct option *table = option_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct fail why = {0};
		if (table[i].scope == scope && set_fallback(&table[i], base, &why) < 0)
			fail_list_add(load->problems, &why);
	}
}

static void
report(struct load *load, const struct yaml_node *n, const char *code, const char *text)
{
	fail_list_at(load->problems, n->file, n->line, n->column, code, "%s", text);
}

/* The names that may stand where the unknown key stands; else a row elsewhere whose last name is the key. */
static void
report_unknown(struct load *load, enum option_scope scope, const char *prefix, const struct yaml_node *key)
{
	struct suggest near;
	size_t count, skip = strlen(prefix);
	const struct option *table = option_table(&count);
	const char *elsewhere = NULL;
	char hint[PATH_BYTES + 32] = "";
	suggest_init(&near, key->text);
	for (size_t i = 0; i < count; i++) {
		if (table[i].scope != scope)
			continue;
		struct str path = str_of(table[i].path);
		if (str_starts(path, str_of(prefix)))
			suggest_add(&near, str_make(path.p + skip, strcspn(path.p + skip, ".")));
		const char *dot = strrchr(path.p, '.');
		if (dot && str_eq(key->text, str_of(dot + 1)) && !elsewhere)
			elsewhere = path.p;
	}
	if (near.best.p)
		snprintf(hint, sizeof(hint), "; did you mean %.*s?", (int)near.best.len, near.best.p);
	else if (elsewhere)
		snprintf(hint, sizeof(hint), "; did you mean %s?", elsewhere);
	fail_list_at(load->problems, key->file, key->line, key->column, "unknown-key", "unknown key %s%.80s%s", prefix,
	    key->text.p, hint);
}

/* A list of structs: each item a map with rows of its own. */
static void
set_items(struct load *load, const struct option *o, const struct option_items *kind, void *base,
    const struct yaml_node *n)
{
	size_t *count = option_count(o, base);
	char *items = mem_zero(n->len + 1, kind->size);
	if (!items) {
		report(load, n, "memory", "out of memory");
		return;
	}
	memcpy((char *)base + o->offset, &items, sizeof(items));
	for (const struct yaml_node *item = n->first; item; item = item->next) {
		void *at = items + *count * kind->size;
		++*count;
		set_fallbacks(load, kind->scope, at);
		if (item->kind != YAML_MAP) {
			report(load, item, "type", "an item of this list must be a map");
			continue;
		}
		walk(load, kind->scope, at, item, "");
		if (kind->scope == SCOPE_WINDOW)
			((struct window_config *)at)->line = item->line;
		config_check_item(kind->scope, item, at, load->problems);
	}
}

static void
set_option(struct load *load, const struct option *o, void *base, const struct yaml_node *n)
{
	struct option_items kind;
	struct fail why = {0};
	if (option_parse(o, n, base, &why) < 0)
		fail_list_add(load->problems, &why);
	else if (option_items(o, &kind) && n->len > 0)
		set_items(load, o, &kind, base, n);
}

/* One map of the file; prefix is the path that leads to it, with a dot at its end. Recursion ends with the paths of
 * the table. */
static void
walk(struct load *load, enum option_scope scope, void *base, const struct yaml_node *map, const char *prefix)
{
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		char path[PATH_BYTES];
		struct str key = n->key->text;
		int len = snprintf(path, sizeof(path), "%s%.*s", prefix, (int)(key.len > 99 ? 99 : key.len), key.p);
		const struct option *o = option_find(scope, str_of(path));
		bool is_section = option_is_section(scope, str_of(path));
		if (len >= PATH_BYTES - 1 || key.len > 99 || strlen(key.p) != key.len || strchr(key.p, '.') ||
		    (!o && !is_section)) {
			report_unknown(load, scope, prefix, n->key);
		} else if (o) {
			set_option(load, o, base, n);
		} else if (n->kind == YAML_MAP) {
			path[len] = '.';
			path[len + 1] = '\0';
			walk(load, scope, base, n, path);
		} else if (!yaml_is_null(n)) {
			report(load, n, "type", "options of their own stand here: a map is needed");
		}
	}
}

static void
load_file(struct load *load, const char *path, struct yaml_docs **docs)
{
	struct fail why = {0};
	*docs = yaml_read_file(path, NULL, &why);
	if (!*docs) {
		fail_list_add(load->problems, &why);
		return;
	}
	if ((*docs)->len > 1) {
		report(load, (*docs)->roots[1], "type", "one document is allowed");
		return;
	}
	if ((*docs)->len == 0 || yaml_is_null((*docs)->roots[0])) {
		fail_list_at(load->problems, path, 1, 1, "required", "version: 1 is required");
		return;
	}
	load->root = (*docs)->roots[0];
	if (load->root->kind != YAML_MAP) {
		report(load, load->root, "type", "the configuration must be a map");
		return;
	}
	if (!yaml_get(load->root, "version"))
		report(load, load->root, "required", "version: 1 is required");
	walk(load, SCOPE_CONFIG, load->config, load->root, "");
}

static void
set_text(struct load *load, char **at, const char *text)
{
	char *copy = mem_copy_str(str_of(text));
	if (!copy)
		fail_list_at(load->problems, "", 0, 0, "memory", "out of memory");
	mem_free(*at);
	*at = copy;
}

static void
override(struct load *load, const char *option, const char *path, const char *value)
{
	struct yaml_node n = {.kind = YAML_SCALAR, .file = option, .text = str_of(value)};
	struct fail why = {0};
	if (value && option_parse(option_find(SCOPE_CONFIG, str_of(path)), &n, load->config, &why) < 0)
		fail_list_add(load->problems, &why);
}

static void
set_overrides(struct load *load, const struct config_overrides *o)
{
	struct strings *dirs = &load->config->rules.dirs;
	override(load, "--state-dir", "state.dir", o->state_dir);
	override(load, "--log-level", "log.level", o->log_level);
	override(load, "--log-format", "log.format", o->log_format);
	if (o->rules_count == 0)
		return;
	load->config->rules.replaced = true;
	option_fini(option_find(SCOPE_CONFIG, STR("rules.dirs")), load->config);
	dirs->items = mem_zero(o->rules_count, sizeof(char *));
	for (size_t i = 0; dirs->items && i < o->rules_count; i++)
		set_text(load, &dirs->items[dirs->len++], o->rules_dirs[i]);
	if (!dirs->items)
		fail_list_at(load->problems, "--rules", 0, 0, "memory", "out of memory");
}

/* A default that is not installed: the checkout's copy for what we ship, nothing for what a site may add. */
static void
use_installed(struct load *load, char **at, const char *name)
{
	char path[4096];
	if (!*at || access(*at, F_OK) == 0)
		return;
	if (str_starts(str_of(*at), STR(SITE_DIR "/"))) {
		mem_free(*at);
		*at = NULL;
		return;
	}
	if (!load->fallback_conf)
		return;
	snprintf(path, sizeof(path), "%s/%s", load->fallback_conf, name);
	if (access(path, F_OK) == 0)
		set_text(load, at, path);
}

static void
use_installed_all(struct load *load, struct strings *dirs, const char *name)
{
	size_t kept = 0;
	for (size_t i = 0; i < dirs->len; i++) {
		use_installed(load, &dirs->items[i], name);
		if (dirs->items[i])
			dirs->items[kept++] = dirs->items[i];
	}
	dirs->len = kept;
}

static void
set_state_dir(struct load *load)
{
	/* systemd.exec(5): a list with colons; ours has one. */
	const char *given = getenv("STATE_DIRECTORY");
	char first[1024];
	if (!given || given[0] != '/') {
		set_text(load, &load->config->state.dir, SYSTEM_STATE_DIR);
		return;
	}
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(given, ":"), given);
	set_text(load, &load->config->state.dir, first);
}

/* Values that depend on the machine. */
static void
complete(struct load *load, const struct config_overrides *overrides)
{
	struct config *c = load->config;
	char host[256] = "";
	bool own_rules = overrides && overrides->rules_count > 0;
	if (!config_place(load->root, "rules.dirs") && !own_rules)
		use_installed_all(load, &c->rules.dirs, "rules");
	if (!config_place(load->root, "rules.tuning"))
		use_installed_all(load, &c->rules.tuning, "tuning.d");
	if (!config_place(load->root, "input.schemas"))
		use_installed_all(load, &c->input.schemas, "schemas");
	if (!config_place(load->root, "input.result_codes"))
		use_installed(load, &c->input.result_codes, "result-codes.yaml");
	if (!c->instance) {
		if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0')
			snprintf(host, sizeof(host), "localhost");
		set_text(load, &c->instance, host);
	}
	if (!c->state.dir)
		set_state_dir(load);
	if (c->limits.threads == 0) {
		long cores = sysconf(_SC_NPROCESSORS_ONLN);
		c->limits.threads = cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (uint32_t)cores;
	}
}

struct config *
config_load(const char *path, const char *fallback_conf, const struct config_overrides *overrides,
    struct fail_list *problems)
{
	struct yaml_docs *docs = NULL;
	size_t before = problems->len + problems->dropped;
	struct config *c = mem_zero(1, sizeof(*c));
	if (!c) {
		fail_list_at(problems, path ? path : "", 0, 0, "memory", "out of memory");
		return NULL;
	}
	struct load load = {.config = c, .fallback_conf = fallback_conf, .problems = problems};
	set_fallbacks(&load, SCOPE_CONFIG, c);
	if (path) {
		set_text(&load, &c->path, path);
		load_file(&load, path, &docs);
	}
	if (overrides)
		set_overrides(&load, overrides);
	complete(&load, overrides);
	config_check(c, load.root, problems);
	yaml_docs_free(docs);
	if (problems->len + problems->dropped == before)
		return c;
	config_free(c);
	return NULL;
}

static void
fini_scope(enum option_scope scope, void *base)
{
	size_t count;
	const struct option *table = option_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct option_items kind;
		const struct option *o = &table[i];
		if (o->scope != scope)
			continue;
		if (!option_items(o, &kind)) {
			option_fini(o, base);
			continue;
		}
		char *items;
		memcpy(&items, (char *)base + o->offset, sizeof(items));
		for (size_t j = 0; j < *option_count(o, base); j++)
			fini_scope(kind.scope, items + j * kind.size);
		mem_free(items);
	}
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	fini_scope(SCOPE_CONFIG, c);
	mem_free(c->path);
	mem_free(c);
}
