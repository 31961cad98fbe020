#include "detect/tuning.h"

#include "base/map.h"
#include "base/mem.h"
#include "config/file.h"
#include "config/suggest.h"
#include "config/yaml.h"
#include "detect/tuning_priv.h"
#include "sigma/condition.h"
#include "sigma/keep.h"
#include "sigma/pattern.h"
#include "sigma/read.h"
#include "sigma/rule_files.h"

enum { ARENA_MAX = 256 << 20, ID_MAX = 64, LABELS_MAX = 1000, NAMES_MAX = 500, RULES_NAMED_MAX = 1000 };

struct loader {
	struct tuning *tuning;
	const struct tuning_options *options;
	struct fail_list *problems;
	struct map *ids; /* id -> the number of its directory, as a pointer into numbers */
	size_t dir;
};

struct name { /* of selections or terms, as an entry writes it */
	const struct yaml_node *node;
	struct pattern pattern;
	bool used;    /* some rule has it */
	bool negated; /* some rule has it, behind `not` alone or unused */
};

struct entry_reader {
	struct loader *loader;
	const struct yaml_node *node;
	struct tuned_entry *entry;
	bool bad;
	/* what it makes false */
	const char *kind; /* "selections", "terms" or "suppress" */
	struct name *names;
	unsigned name_count;
	bool blind; /* it names a rule that is not here or does not run: nobody can tell what that one has */
};

static void
complain(struct entry_reader *r, const struct yaml_node *n, const char *code, const char *text)
{
	r->bad = true;
	fail_list_at(r->loader->problems, n->file, n->line, n->column, code, "%s", text);
}

static void
report(struct entry_reader *r, const struct fail *why)
{
	r->bad = true;
	fail_list_add(r->loader->problems, why);
}

/* ---- texts ---- */

static const char *
text_of(struct entry_reader *r, const char *key, size_t max)
{
	const struct yaml_node *n = yaml_get(r->node, key);
	const char *text = NULL;
	struct fail why = {0};
	if (!n)
		fail_at(&why, r->node->file, r->node->line, r->node->column, "required", "a tuning entry needs '%s'", key);
	else if (read_text(&r->loader->tuning->arena, n, max, &text, &why) == 0)
		return text;
	report(r, &why);
	return "";
}

static void
parse_id(struct entry_reader *r)
{
	const struct yaml_node *n = yaml_get(r->node, "id");
	const char *id = r->entry->entry.id = text_of(r, "id", ID_MAX);
	for (const char *p = id; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-_.", *p))
			continue;
		complain(r, n, "name", "an id has only letters, digits, - _ and .");
		return;
	}
}

/* ---- what is made false ---- */

static int
add_name(struct entry_reader *r, const struct yaml_node *n)
{
	struct arena *arena = &r->loader->tuning->arena;
	struct name *name = &r->names[r->name_count];
	const char *text;
	struct fail why = {0};
	if (read_text(arena, n, 256, &text, &why) < 0 ||
	    (pattern_parse(arena, n->text, WRAP_NONE, true, &name->pattern) < 0 && fail_set(&why, "memory", "out of memory"))) {
		report(r, &why);
		return -1;
	}
	name->node = n;
	r->name_count++;
	return 0;
}

static void
parse_names(struct entry_reader *r, const struct yaml_node *node)
{
	bool list = node->kind == YAML_LIST;
	size_t count = list ? node->len : 1;
	if (node->kind == YAML_MAP || count == 0 || count > NAMES_MAX) {
		complain(r, node, "list", "a list of 1 to 500 names is expected here");
		return;
	}
	r->names = keep_zero(&r->loader->tuning->arena, count, sizeof(*r->names));
	if (!r->names) {
		complain(r, node, "memory", "out of memory");
		return;
	}
	for (const struct yaml_node *n = list ? node->first : node; n; n = list ? n->next : NULL)
		(void)add_name(r, n);
}

static void
parse_effect(struct entry_reader *r)
{
	static const char *const kinds[] = {"selections", "terms", "suppress"};
	const struct yaml_node *found = NULL;
	bool yes = false;
	for (unsigned i = 0; i < 3; i++) {
		const struct yaml_node *n = yaml_get(r->node, kinds[i]);
		if (n && found)
			complain(r, n->key, "one-of", "an entry has one of 'selections', 'terms' and 'suppress: true'");
		if (n)
			r->kind = kinds[i];
		found = n ? n : found;
	}
	if (!found)
		complain(r, r->node, "required", "an entry has one of 'selections', 'terms' and 'suppress: true'");
	else if (r->kind != kinds[2])
		parse_names(r, found);
	else if (!yaml_as_bool(found, &yes) || !yes)
		complain(r, found, "type", "'suppress' is true, or is not there");
}

/* ---- which rules ---- */

static void
unknown_rule(struct entry_reader *r, const struct yaml_node *n)
{
	struct suggest s;
	unsigned count;
	const struct rule *const *rules = ruleset_rules(r->loader->options->rules, &count);
	suggest_init(&s, n->text);
	for (unsigned i = 0; i < count; i++) {
		suggest_add(&s, str_of(rules[i]->id));
		suggest_add(&s, str_of(rules[i]->name));
	}
	r->bad = true;
	fail_list_at(r->loader->problems, n->file, n->line, n->column, "unknown-rule",
	    "'%.64s' is no id or name of a rule%s%.*s%s", n->text.p, s.best.p ? "; did you mean '" : "", (int)s.best.len,
	    s.best.p ? s.best.p : "", s.best.p ? "'?" : "");
}

static int
add_use(struct entry_reader *r, struct tuning_uses *uses, const struct match_mask *mask)
{
	struct tuning_use *use = keep_zero(&r->loader->tuning->arena, 1, sizeof(*use));
	if (!use) {
		complain(r, r->node, "memory", "out of memory");
		return -1;
	}
	*use = (struct tuning_use){r->entry, *mask, NULL};
	if (uses->last)
		uses->last->next = use;
	else
		uses->first = use;
	uses->last = use;
	return 0;
}

/* True when the name takes one of the rule's selections in. */
static bool
take_selections(struct entry_reader *r, struct name *name, const struct rule *rule, struct match_mask *mask)
{
	const struct ruleset *rules = r->loader->options->rules;
	const struct condition_names *names = ruleset_selections(rules, rule);
	bool any = false;
	for (unsigned i = 0; i < names->count; i++) {
		if (!pattern_matches(&name->pattern, names->names[i]))
			continue;
		if (!ruleset_needs_selection(rules, rule, i)) {
			name->negated = true;
			continue;
		}
		mask->selections[i / 64] |= UINT64_C(1) << i % 64;
		any = true;
	}
	return any;
}

static bool
take_terms(const struct name *name, const struct rule *rule, struct match_mask *mask)
{
	bool any = false;
	for (unsigned i = 0; i < rule->term_count; i++) {
		if (!pattern_matches(&name->pattern, str_of(rule->terms[i].name)))
			continue;
		mask->terms |= UINT32_C(1) << i;
		any = true;
	}
	return any;
}

/* What the entry makes false in the rule; false: nothing. */
static bool
mask_of(struct entry_reader *r, const struct rule *rule, struct match_mask *mask)
{
	bool terms = strcmp(r->kind, "terms") == 0, any = false;
	*mask = (struct match_mask){0};
	if (rule->correlation)
		return false;
	for (unsigned i = 0; i < r->name_count; i++) {
		bool used = terms ? take_terms(&r->names[i], rule, mask) : take_selections(r, &r->names[i], rule, mask);
		r->names[i].used |= used;
		any |= used;
	}
	return any;
}

static void
tune_rule(struct entry_reader *r, const struct yaml_node *n, const struct rule *rule)
{
	struct tuning *t = r->loader->tuning;
	struct match_mask mask = {0};
	if (strcmp(r->kind, "suppress") == 0)
		(void)add_use(r, &t->silences[rule->index], &mask);
	else if (mask_of(r, rule, &mask))
		(void)add_use(r, &t->masks[rule->index], &mask);
	else if (n && rule->correlation)
		complain(r, n, "correlation", "this is a correlation: it has no selections or terms; name the rules that it counts");
}

static void
suggest_names(struct suggest *s, struct entry_reader *r, const struct rule *rule)
{
	const struct condition_names *names = ruleset_selections(r->loader->options->rules, rule);
	bool terms = strcmp(r->kind, "terms") == 0;
	for (unsigned i = 0; i < (terms ? rule->term_count : names->count); i++)
		suggest_add(s, terms ? str_of(rule->terms[i].name) : names->names[i]);
}

static void
unknown_name(struct entry_reader *r, const struct name *name, const struct rule *const *rules, unsigned count)
{
	struct suggest s;
	const struct yaml_node *n = name->node;
	suggest_init(&s, n->text);
	for (unsigned i = 0; i < count; i++)
		suggest_names(&s, r, rules[i]);
	r->bad = true;
	if (name->negated)
		fail_list_at(r->loader->problems, n->file, n->line, n->column, "adds-alerts",
		    "'%.64s' stands only behind 'not', or nowhere: to make it false takes no alert away, and tuning adds none",
		    n->text.p);
	else
		fail_list_at(r->loader->problems, n->file, n->line, n->column, "unknown-name",
		    "no rule of this entry has a %s '%.64s'%s%.*s%s", strcmp(r->kind, "terms") == 0 ? "term" : "selection",
		    n->text.p, s.best.p ? "; did you mean '" : "", (int)s.best.len, s.best.p ? s.best.p : "",
		    s.best.p ? "'?" : "");
}

static void
check_names(struct entry_reader *r, const struct rule *const *rules, unsigned count)
{
	for (unsigned i = 0; i < r->name_count; i++) {
		struct name *name = &r->names[i];
		if (!name->used && !r->blind)
			unknown_name(r, name, rules, count);
	}
}

static void
tune_all(struct entry_reader *r)
{
	struct tuning *t = r->loader->tuning;
	const struct match_mask none = {0};
	unsigned count;
	const struct rule *const *rules = ruleset_rules(r->loader->options->rules, &count);
	if (strcmp(r->kind, "suppress") == 0) {
		(void)add_use(r, &t->all, &none);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		tune_rule(r, NULL, rules[i]);
	r->blind = r->loader->options->other_rules;
	check_names(r, rules, count);
}

static const struct rule *
rule_of(struct entry_reader *r, const struct yaml_node *n)
{
	const struct ruleset *rules = r->loader->options->rules;
	if (n->kind != YAML_SCALAR || n->text.len == 0) {
		complain(r, n, "text", "an id or name of a rule is expected here");
		return NULL;
	}
	const struct rule *rule = ruleset_named(rules, n->text);
	if (rule)
		return rule;
	r->blind = true;
	if (!r->loader->options->other_rules && !ruleset_rests(rules, n->text))
		unknown_rule(r, n);
	return NULL;
}

static void
tune_named(struct entry_reader *r, const struct yaml_node *node)
{
	bool list = node->kind == YAML_LIST;
	size_t len = list ? node->len : 1;
	unsigned count = 0;
	if (node->kind == YAML_MAP || len == 0 || len > RULES_NAMED_MAX) {
		complain(r, node, "list", "a list of 1 to 1,000 ids or names of rules is expected here, or any");
		return;
	}
	const struct rule **rules = keep_zero(&r->loader->tuning->arena, len, sizeof(*rules));
	for (const struct yaml_node *n = list ? node->first : node; n && rules; n = list ? n->next : NULL) {
		const struct rule *rule = rule_of(r, n);
		if (!rule)
			continue;
		rules[count++] = rule;
		tune_rule(r, n, rule);
	}
	if (!rules)
		complain(r, node, "memory", "out of memory");
	else if (!r->bad)
		check_names(r, rules, count);
}

/* ---- entries and files ---- */

/* 0: it is new; 1: one of an earlier directory stands for it; -1: it is here twice. */
static int
register_id(struct entry_reader *r)
{
	struct loader *l = r->loader;
	struct str id = str_of(r->entry->entry.id);
	const size_t *known = map_get(l->ids, id);
	if (known && *known != l->dir)
		return 1;
	if (known) {
		complain(r, yaml_get(r->node, "id"), "duplicate-id", "another entry of this directory has this id");
		return -1;
	}
	size_t *dir = keep_zero(&l->tuning->arena, 1, sizeof(*dir));
	if (dir)
		*dir = l->dir;
	if (dir && map_set(l->ids, id, dir) == 0)
		return 0;
	complain(r, r->node, "memory", "out of memory");
	return -1;
}

/* Uses are made last, of an entry without a problem; those that were made before one was found go again. */
static void
tune(struct entry_reader *r)
{
	struct tuning *t = r->loader->tuning;
	const struct yaml_node *rules = yaml_get(r->node, "rules");
	bool any = !rules || (rules->kind == YAML_SCALAR && str_eq_nocase(rules->text, STR("any")));
	t->count++;
	r->entry->entry.applied =
	    metrics_get(METRIC_TUNING_APPLIED, t->count <= LABELS_MAX ? r->entry->entry.id : "other", NULL);
	if (any)
		tune_all(r);
	else
		tune_named(r, rules);
	if (r->bad) {
		r->entry->match.end_ms = INT64_MIN; /* never */
		t->count--;
	} else if (strcmp(r->kind, "suppress") != 0) {
		t->mask_count++;
	}
}

static void
load_entry(struct loader *l, const struct yaml_node *node)
{
	static const char *const keys[] = {"id", "rules", "selections", "terms", "suppress", "match", "start", "end",
	    "owner", "reason", NULL};
	struct entry_reader r = {.loader = l, .node = node};
	struct fail why = {0};
	r.entry = keep_zero(&l->tuning->arena, 1, sizeof(*r.entry));
	if (!r.entry || l->tuning->count == TUNING_ENTRIES_MAX) {
		complain(&r, node, "too-many-entries", "more than 10,000 tuning entries, or out of memory");
	} else if (node->kind != YAML_MAP) {
		complain(&r, node, "entry", "a tuning entry is a map: id, rules, selections, match, owner, reason ...");
	} else {
		if (read_keys(node, keys, "a tuning entry", &why) < 0)
			report(&r, &why);
		parse_id(&r);
		r.entry->entry.owner = text_of(&r, "owner", 256);
		r.entry->entry.reason = text_of(&r, "reason", 1024);
		parse_effect(&r);
		if (tuning_match_parse(l->tuning->sets, &l->tuning->arena, l->options->fields, node, &r.entry->match, l->problems) < 0)
			r.bad = true;
		r.entry->entry.end_ms = r.entry->match.end_ms;
		if (!r.bad && register_id(&r) == 0)
			tune(&r);
	}
	l->tuning->broken += r.bad;
}

static void
load_text(struct loader *l, const char *file, struct str text)
{
	struct fail why = {0};
	struct tuning *t = l->tuning;
	struct str pieces[] = {{(const char *)t->digest, sizeof(t->digest)}, text};
	codec_sha256_pieces(pieces, 2, t->digest);
	struct yaml_docs *docs = yaml_parse(text, file, NULL, &why);
	if (!docs) {
		fail_list_add(l->problems, &why);
		t->broken++;
		return;
	}
	for (size_t i = 0; i < docs->len; i++) {
		const struct yaml_node *root = docs->roots[i];
		if (yaml_is_null(root))
			continue;
		if (root->kind != YAML_LIST) {
			fail_list_at(l->problems, file, root->line, root->column, "document", "a tuning file is a list of entries");
			t->broken++;
			continue;
		}
		for (const struct yaml_node *n = root->first; n; n = n->next)
			load_entry(l, n);
	}
	yaml_docs_free(docs);
}

static void
load_file(struct loader *l, const char *path)
{
	struct fail why = {0};
	struct buf text;
	buf_init(&text, RULE_FILE_MAX + 4096);
	if (rule_file_read(path, &text, &why) < 0) {
		fail_list_add(l->problems, &why);
		l->tuning->broken++;
	} else {
		load_text(l, path, buf_str(&text));
	}
	buf_fini(&text);
}

static int
begin(struct loader *l, const struct tuning_options *options, struct fail_list *problems)
{
	struct tuning *t = mem_zero(1, sizeof(*t));
	*l = (struct loader){.tuning = t, .options = options, .problems = problems, .ids = map_new()};
	if (!t)
		return -1;
	arena_init(&t->arena, ARENA_MAX, 0);
	(void)ruleset_rules(options->rules, &t->rule_count);
	t->sets = tuning_sets_new(options->lists);
	t->masks = mem_zero(t->rule_count + 1, sizeof(*t->masks));
	t->silences = mem_zero(t->rule_count + 1, sizeof(*t->silences));
	return t->sets && t->masks && t->silences && l->ids ? 0 : -1;
}

static struct tuning *
end(struct loader *l, int failed)
{
	map_free(l->ids);
	if (!failed)
		return l->tuning;
	tuning_free(l->tuning);
	return NULL;
}

struct tuning *
tuning_load(const struct tuning_options *options, struct fail_list *problems)
{
	struct loader l;
	int failed = begin(&l, options, problems);
	for (l.dir = 0; l.dir < options->dir_count && !failed; l.dir++) {
		struct rule_files files = {0};
		if (rule_files_list(&files, options->dirs[l.dir], problems) < 0)
			l.tuning->broken++;
		for (size_t i = 0; i < files.len; i++)
			load_file(&l, files.paths[i]);
		rule_files_fini(&files);
	}
	return end(&l, failed);
}

struct tuning *
tuning_load_text(const struct tuning_options *options, const char *file, struct str text, struct fail_list *problems)
{
	struct loader l;
	int failed = begin(&l, options, problems);
	if (!failed)
		load_text(&l, file, text);
	return end(&l, failed);
}
