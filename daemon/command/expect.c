#include "command/expect.h"

#include <fnmatch.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/yaml.h"

struct expect {
	struct yaml_docs *docs;
	const struct yaml_node *root;
	enum expect_unexpected unexpected;
};

/* One {exactly: N, file: GLOB, ...}. */
struct wanted {
	const struct yaml_node *node, *users;
	const char *rule, *file;
	int64_t exactly, at_least, at_most, score; /* -1 = not said */
};

static int
read_count(const struct yaml_node *n, int64_t *out, struct fail *why)
{
	if (yaml_as_int(n, out) && *out >= 0)
		return 0;
	return yaml_fail(why, n, "value", "%s must be a whole number from 0", n->key->text.p);
}

static int
read_users(const struct yaml_node *list, struct wanted *w, struct fail *why)
{
	for (const struct yaml_node *n = list->kind == YAML_LIST ? list->first : list; n; n = n->next)
		if (n->kind != YAML_SCALAR || list->kind != YAML_LIST)
			return yaml_fail(why, n, "value", "users is a list of names");
	w->users = list;
	return 0;
}

static int
read_key(const struct yaml_node *n, struct wanted *w, struct fail *why)
{
	struct str key = n->key->text;
	if (str_eq(key, STR("exactly")))
		return read_count(n, &w->exactly, why);
	if (str_eq(key, STR("at_least")))
		return read_count(n, &w->at_least, why);
	if (str_eq(key, STR("at_most")))
		return read_count(n, &w->at_most, why);
	if (str_eq(key, STR("score")))
		return read_count(n, &w->score, why);
	if (str_eq(key, STR("file")) && n->kind == YAML_SCALAR)
		w->file = n->text.p;
	else if (str_eq(key, STR("users")))
		return read_users(n, w, why);
	else
		return yaml_fail(why, n->key, "unknown-key",
		    "unknown key %s; known: exactly, at_least, at_most, file, score, users", key.p);
	return 0;
}

static int
read_wanted(const struct yaml_node *n, const char *rule, struct wanted *w, struct fail *why)
{
	*w = (struct wanted){.node = n, .rule = rule, .exactly = -1, .at_least = -1, .at_most = -1, .score = -1};
	if (n->kind != YAML_MAP)
		return yaml_fail(why, n, "value", "an expectation is a map such as {exactly: 1}");
	for (const struct yaml_node *item = n->first; item; item = item->next)
		if (read_key(item, w, why) < 0)
			return -1;
	if (w->exactly < 0 && w->at_least < 0 && w->at_most < 0)
		return yaml_fail(why, n, "value", "say exactly, at_least or at_most");
	return 0;
}

static bool
is_unexpected_key(const struct yaml_node *n)
{
	return str_eq(n->key->text, STR("unexpected"));
}

static const struct yaml_node *
first_of(const struct yaml_node *n)
{
	return n->kind == YAML_LIST ? n->first : n;
}

static const struct yaml_node *
next_of(const struct yaml_node *n, const struct yaml_node *item)
{
	return n->kind == YAML_LIST ? item->next : NULL;
}

static int
read_unexpected(const struct yaml_node *n, enum expect_unexpected *out, struct fail *why)
{
	static const char *const names[] = {"fail", "warn", "ignore"};
	for (unsigned i = 0; i < 3; i++)
		if (str_eq(n->text, str_of(names[i]))) {
			*out = (enum expect_unexpected)i;
			return 0;
		}
	return yaml_fail(why, n, "value", "unexpected is one of fail, warn, ignore");
}

static int
check_file(struct expect *e, struct fail *why)
{
	if (e->docs->len != 1 || e->docs->roots[0]->kind != YAML_MAP)
		return fail_set(why, "value", "an expect file is one map of rule ids");
	e->root = e->docs->roots[0];
	for (const struct yaml_node *n = e->root->first; n; n = n->next) {
		if (is_unexpected_key(n)) {
			if (read_unexpected(n, &e->unexpected, why) < 0)
				return -1;
			continue;
		}
		struct wanted w;
		for (const struct yaml_node *item = first_of(n); item; item = next_of(n, item))
			if (read_wanted(item, n->key->text.p, &w, why) < 0)
				return -1;
	}
	return 0;
}

struct expect *
expect_load(const char *path, struct fail *why)
{
	struct expect *e = mem_zero(1, sizeof *e);
	if (!e) {
		fail_set(why, "memory", "no memory");
		return NULL;
	}
	e->docs = yaml_read_file(path, NULL, why);
	if (e->docs && check_file(e, why) == 0)
		return e;
	expect_free(e);
	return NULL;
}

void
expect_free(struct expect *e)
{
	if (!e)
		return;
	yaml_docs_free(e->docs);
	mem_free(e);
}

static bool
user_is_wanted(const struct wanted *w, const struct alert *a)
{
	if (!w->users)
		return true;
	struct str text = alert_data(a);
	json_t *data = json_loadb(text.p, text.len, 0, NULL);
	const char *name = json_string_value(json_object_get(json_object_get(data, "user"), "name"));
	bool found = false;
	for (const struct yaml_node *n = w->users->first; n && name && !found; n = n->next)
		found = str_eq_nocase(n->text, str_of(name));
	json_decref(data);
	return found;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool
counts_for(const struct wanted *w, const struct report_entry *entry)
{
	if (strcmp(alert_rule_id(entry->alert), w->rule) != 0)
		return false;
	if (w->file && fnmatch(w->file, entry->file, 0) != 0 && fnmatch(w->file, base_name(entry->file), 0) != 0)
		return false;
	if (w->score >= 0 && alert_score(entry->alert) != w->score)
		return false;
	return user_is_wanted(w, entry->alert);
}

/* "exactly 1, score 2, file *.ndjson, users ..." */
static void
describe(const struct wanted *w, char out[EXPECT_TEXT_SIZE])
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {{"exactly", w->exactly}, {"at_least", w->at_least}, {"at_most", w->at_most}, {"score", w->score}};
	struct buf text;
	int full = 0;
	buf_init(&text, EXPECT_TEXT_SIZE);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (numbers[i].value >= 0)
			full |= buf_addf(&text, "%s%s %lld", text.len ? ", " : "", numbers[i].name, (long long)numbers[i].value);
	if (w->file)
		full |= buf_addf(&text, ", file %s", w->file);
	for (const struct yaml_node *n = w->users ? w->users->first : NULL; n; n = n->next)
		full |= buf_addf(&text, "%s %s", n == w->users->first ? ", users" : "", n->text.p);
	snprintf(out, EXPECT_TEXT_SIZE, "%.*s%s", (int)(text.len < EXPECT_TEXT_SIZE - 4 ? text.len : EXPECT_TEXT_SIZE - 4),
	    text.len ? text.data : "", full ? "..." : "");
	buf_fini(&text);
}

static void
judge(const struct wanted *w, const struct report *r, struct expect_verdict *out)
{
	size_t count;
	const struct report_entry *entries = report_entries(r, &count);
	int64_t seen = 0;
	for (size_t i = 0; i < count; i++)
		seen += counts_for(w, &entries[i]);
	*out = (struct expect_verdict){.rule = w->rule, .file = w->node->file, .line = w->node->line, .seen = (size_t)seen};
	out->met = (w->exactly < 0 || seen == w->exactly) && (w->at_least < 0 || seen >= w->at_least) &&
	    (w->at_most < 0 || seen <= w->at_most);
	describe(w, out->wanted);
}

void
expect_each(const struct expect *e, const struct report *r, void (*on_verdict)(const struct expect_verdict *v, void *ctx),
    void *ctx)
{
	for (const struct yaml_node *n = e->root->first; n; n = n->next) {
		if (is_unexpected_key(n))
			continue;
		for (const struct yaml_node *item = first_of(n); item; item = next_of(n, item)) {
			struct wanted w;
			struct expect_verdict v;
			struct fail why = {0};
			if (read_wanted(item, n->key->text.p, &w, &why) < 0)
				continue; /* expect_load has read it: it can be read */
			judge(&w, r, &v);
			on_verdict(&v, ctx);
		}
	}
}

bool
expect_names(const struct expect *e, const char *rule)
{
	return yaml_get(e->root, rule) != NULL;
}

enum expect_unexpected
expect_unexpected(const struct expect *e)
{
	return e->unexpected;
}

/* ---- told as text ---- */

struct checking {
	FILE *out;
	bool ok;
};

static void
tell(const struct expect_verdict *v, void *ctx)
{
	struct checking *c = ctx;
	if (v->met)
		return;
	c->ok = false;
	fprintf(c->out, "%s:%u: %s: %zu alerts, wanted %s\n", v->file, v->line, v->rule, v->seen, v->wanted);
}

/* What a misspelt id expects would else be met by never happening. */
static void
tell_unknown(const struct expect *e, const struct ruleset *rules, FILE *out)
{
	for (const struct yaml_node *n = e->root->first; n; n = n->next)
		if (!is_unexpected_key(n) && !ruleset_find(rules, n->key->text))
			fprintf(out, "%s:%u: warning: no rule that runs has the id %s\n", n->file, n->key->line, n->key->text.p);
}

static bool
check_unexpected(const struct expect *e, const struct report *r, FILE *out)
{
	size_t count;
	const struct report_entry *entries = report_entries(r, &count);
	bool ok = true;
	for (size_t i = 0; i < count && e->unexpected != UNEXPECTED_IGNORE; i++) {
		const char *rule = alert_rule_id(entries[i].alert);
		if (expect_names(e, rule))
			continue;
		fprintf(out, "%s:%lu: unexpected alert of %s\n", entries[i].file, entries[i].line, rule);
		ok = false;
	}
	return ok || e->unexpected == UNEXPECTED_WARN;
}

bool
expect_check(const struct expect *e, const struct report *r, const struct ruleset *rules, FILE *out)
{
	struct checking c = {out, true};
	tell_unknown(e, rules, out);
	c.ok = check_unexpected(e, r, out);
	expect_each(e, r, tell, &c);
	return c.ok;
}
