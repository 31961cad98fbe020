#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sigma/extension.h"
#include "sigma/keep.h"
#include "sigma/loader_priv.h"
#include "sigma/read.h"
#include "sigma/rule_files.h"

enum { ARENA_MAX = 512 << 20, RULES_MAX = 50000, CHAIN_DEPTH_MAX = 16, ALIAS_NODES_MAX = 65536 };

void
loader_note(struct loader *l, const struct rule *rule, const char *code, const char *text, const char *more)
{
	fail_list_at(&l->set->notes, rule->file, rule->line, 0, code, "rule '%.80s' %s%s", rule->title, text, more);
}

/* Keeps the problem, at the document when it has no place yet. */
static void
report(struct loader *l, const struct yaml_node *root, struct fail *why)
{
	if (!why->file[0] && root)
		fail_list_at(l->problems, root->file, root->line, root->column, why->code, "%s", why->text);
	else
		fail_list_add(l->problems, why);
}

static bool
is_disabled(const struct loader *l, const char *id)
{
	char wanted[HEADING_ID_SIZE];
	for (size_t i = 0; i < l->options->disabled_count; i++) {
		if (str_eq(str_of(id), heading_id(str_of(l->options->disabled[i]), wanted)))
			return true;
	}
	return false;
}

/* A rule of a collection whose id is that of its template, or of the rule that it repeats, gets the next free one. */
static int
number_id(struct loader *l, struct draft *draft, struct fail *why)
{
	char id[80];
	for (unsigned n = 2; n <= RULES_MAX; n++) {
		int len = snprintf(id, sizeof(id), "%.56s-%u", draft->rule.id, n);
		if (map_get(l->by_id, str_make(id, (size_t)len)))
			continue;
		draft->rule.id = keep_text(&l->set->arena, str_make(id, (size_t)len));
		return draft->rule.id ? 0 : fail_set(why, "memory", "out of memory");
	}
	return fail_set(why, "too-many-rules", "more than %d rules", RULES_MAX);
}

static bool
is_of_file(const struct draft *known, const struct draft *draft)
{
	return known->rule.file && strcmp(known->rule.file, draft->rule.file) == 0;
}

/* 0: go on with it; 1: another rule replaces it; -1: error. */
static int
register_draft(struct loader *l, struct draft *draft, struct fail *why)
{
	const struct draft *known = map_get(l->by_id, str_of(draft->rule.id));
	bool unnamed = !heading_key(draft->root, "id"), part = !draft->own_id && known && is_of_file(known, draft);
	if (known && known->dir == l->dir && (unnamed || part)) {
		if (number_id(l, draft, why))
			return -1;
		if (!part && draft->heading.kind != HEADING_FILTER)
			loader_note(l, &draft->rule, "title-taken", "has no id, and its title is another's; its id is now ", draft->rule.id);
		known = NULL;
	}
	if (known && known->dir == l->dir)
		return yaml_fail(why, draft->root, "duplicate-id", "the id %s is already that of the rule at %.150s:%u",
		    draft->rule.id, known->rule.file, known->rule.line);
	if (known) {
		loader_note(l, &draft->rule, "replaced", "is replaced by ", known->rule.file);
		return 1;
	}
	if (map_set(l->by_id, str_of(draft->rule.id), draft))
		return fail_set(why, "memory", "out of memory");
	struct str name = str_of(draft->heading.name);
	const struct draft *namesake = name.len ? map_get(l->by_name, name) : NULL;
	if (namesake && namesake->dir == l->dir)
		return yaml_fail(why, draft->root, "duplicate-name", "the name %.100s is already that of the rule at %.150s:%u",
		    name.p, namesake->rule.file, namesake->rule.line);
	if (name.len && !namesake && map_set(l->by_name, name, draft))
		return fail_set(why, "memory", "out of memory");
	return 0;
}

int
loader_compile(struct loader *l, struct draft *draft, struct fail *why)
{
	struct rule_entry *entry = &draft->entry;
	return program_compile(&l->set->code, entry->detection.condition, entry->detection.selections, &entry->entry, why);
}

static int
load_detection(struct loader *l, struct draft *draft, struct fail *why)
{
	const struct yaml_node *logsource = yaml_get(draft->root, "logsource");
	const struct yaml_node *detection = yaml_get(draft->root, "detection");
	struct rule_entry *entry = &draft->entry;
	if (!logsource)
		return yaml_fail(why, draft->root, "missing-logsource", "the rule has no 'logsource'");
	if (!detection)
		return yaml_fail(why, draft->root, "missing-detection", "the rule has no 'detection'");
	const struct yaml_node *windows = yaml_get(yaml_get(draft->root, "picketd"), "windows");
	if (logsource_parse(&l->set->arena, logsource, &entry->logsource, why) ||
	    (windows && window_names_declare(&l->windows, windows, detection, why)) ||
	    detection_parse(&l->parts, detection, &entry->detection, why))
		return -1;
	if (loader_compile(l, draft, why))
		return -1;
	draft->rule.definition = read_hash(detection, read_hash(logsource, 1));
	return 0;
}

static int
load_extension(struct loader *l, struct draft *draft, struct fail *why)
{
	const struct yaml_node *extension = yaml_get(draft->root, "picketd"), *fields = yaml_get(draft->root, "fields");
	bool is_rule = draft->heading.kind == HEADING_RULE;
	struct rule *rule = &draft->rule;
	if (extension && extension_parse(&l->parts, is_rule ? &draft->entry.detection : NULL, extension, rule,
			     &draft->entry.score, why))
		return -1;
	if (!rule->columns && fields && extension_fields(&l->parts, fields, rule, why))
		return -1;
	rule->definition = read_hash(yaml_get(extension, "burst"), rule->definition);
	return 0;
}

void
loader_break(struct loader *l, struct draft *draft, struct fail *why)
{
	report(l, draft->root, why);
	if (draft->state != DRAFT_BROKEN)
		l->set->broken++;
	draft->state = DRAFT_BROKEN;
}

/* Both parts are looked at, so that --check shows the problems of both. */
static void
compile_draft(struct loader *l, struct draft *draft)
{
	struct fail why = {0}, extension_why = {0};
	int32_t code_len = l->set->code.len;
	unsigned windows = l->windows.count;
	window_names_begin(&l->windows);
	if (draft->heading.kind == HEADING_CORRELATION) {
		if (correlation_parse(&l->parts, draft->root, &draft->correlation, &why))
			loader_break(l, draft, &why);
		draft->rule.correlation = &draft->correlation.correlation;
		draft->rule.definition = read_hash(yaml_get(draft->root, "correlation"), 2);
	} else if (draft->heading.kind == HEADING_FILTER) {
		if (filter_parse(&l->parts, draft->root, &draft->filter, &why))
			loader_break(l, draft, &why);
		else if (!filter_negates(&draft->filter))
			loader_note(l, &draft->rule, "filter-without-not",
			    "holds back all that it does not match: to leave out what it matches, its condition is 'not ...'", "");
		draft->rule.definition = read_hash(yaml_get(draft->root, "filter"), 3);
	} else if (load_detection(l, draft, &why)) {
		loader_break(l, draft, &why);
		draft->entry.detection.names.count = 0;
	}
	if (draft->state == DRAFT_GOOD && draft->heading.kind != HEADING_FILTER && load_extension(l, draft, &extension_why))
		loader_break(l, draft, &extension_why);
	if (draft->state == DRAFT_GOOD && draft->heading.kind == HEADING_RULE)
		score_mark(&draft->entry.score, draft->entry.detection.condition);
	if (draft->state == DRAFT_GOOD && window_names_keep(&l->windows, &draft->rule, &extension_why))
		loader_break(l, draft, &extension_why);
	if (l->windows.hides)
		loader_note(l, &draft->rule, "window-hides", "has a window of its own that hides the configuration's ",
		    l->windows.hides);
	if (draft->state == DRAFT_BROKEN) {
		l->set->code.len = code_len;
		l->windows.count = windows;
	}
}

static void
load_document(struct loader *l, const struct yaml_node *root, bool own_id)
{
	struct fail why = {0};
	struct draft *draft = keep_zero(&l->set->arena, 1, sizeof(*draft));
	if (!draft || l->count++ == RULES_MAX) {
		fail_list_at(l->problems, root->file, root->line, 0, "too-many-rules",
		    "more than %d rules, or out of memory", RULES_MAX);
		l->set->broken++;
		return;
	}
	draft->root = root;
	draft->own_id = own_id;
	draft->dir = l->dir;
	int registered = heading_parse(&l->set->arena, root, &draft->rule, &draft->heading, &why);
	if (!registered)
		registered = register_draft(l, draft, &why);
	if (registered < 0)
		loader_break(l, draft, &why);
	if (registered)
		return;
	*l->last = draft;
	l->last = &draft->next;
	bool disabled = draft->heading.retired || is_disabled(l, draft->rule.id);
	if (!disabled || l->options->check_retired)
		compile_draft(l, draft);
	if (disabled && draft->state == DRAFT_GOOD) {
		draft->state = DRAFT_DISABLED;
		l->set->disabled++;
		loader_note(l, &draft->rule, "skipped", draft->heading.retired ? "is skipped: deprecated or unsupported"
									 : "is disabled by configuration", "");
	}
}

/* One document of a file: a rule, or what makes rules of others. */
static void
load_part(struct loader *l, const struct yaml_node *part)
{
	struct fail why = {0};
	const struct yaml_node *root = NULL;
	if (collection_take(&l->collection, part, &root, &why)) {
		report(l, part, &why);
		l->set->broken++;
	} else if (root) {
		load_document(l, root, root == part || yaml_get(part, "id"));
	}
}

static int
keep_file(struct loader *l, struct yaml_docs *docs)
{
	if (l->file_count == l->file_size) {
		size_t size = l->file_size ? l->file_size * 2 : 64;
		struct yaml_docs **grown = mem_resize(l->files, size, sizeof(*grown));
		if (!grown)
			return -1;
		l->files = grown;
		l->file_size = size;
	}
	l->files[l->file_count++] = docs;
	return 0;
}

static void
digest_add(struct loader *l, struct str text)
{
	struct str pieces[2] = {{(const char *)l->digest, SHA256_SIZE}, text};
	codec_sha256_pieces(pieces, 2, l->digest);
}

static void
load_text(struct loader *l, const char *file, struct str text)
{
	struct fail why = {0};
	digest_add(l, text);
	const struct yaml_limits limits = {.max_alias_nodes = ALIAS_NODES_MAX};
	struct yaml_docs *docs = yaml_parse(text, file, &limits, &why);
	if (docs && keep_file(l, docs)) {
		yaml_docs_free(docs);
		docs = NULL;
		fail_at(&why, file, 0, 0, "memory", "out of memory");
	}
	if (!docs) {
		fail_list_add(l->problems, &why);
		l->set->broken++;
		return;
	}
	l->collection = (struct collection){.arena = &l->set->arena};
	for (size_t i = 0; i < docs->len; i++) {
		if (!yaml_is_null(docs->roots[i]))
			load_part(l, docs->roots[i]);
	}
}

static void
load_file(struct loader *l, const char *path)
{
	struct fail why = {0};
	struct buf text;
	buf_init(&text, RULE_FILE_MAX + 4096);
	if (rule_file_read(path, &text, &why)) {
		fail_list_add(l->problems, &why);
		l->set->broken++;
	} else {
		load_text(l, path, buf_str(&text));
	}
	buf_fini(&text);
}

static struct draft *
find_document(const struct loader *l, struct str text)
{
	char id[HEADING_ID_SIZE];
	struct draft *found = map_get(l->by_id, heading_id(text, id));
	struct draft *named = found && str_eq_nocase(text, str_of(found->rule.id)) ? NULL : map_get(l->by_name, text);
	return named ? named : found;
}

struct draft *
loader_find(const struct loader *l, struct str text)
{
	struct draft *found = find_document(l, text);
	return found && found->heading.kind != HEADING_FILTER ? found : NULL;
}

static int resolve_correlation(struct loader *l, struct draft *draft, unsigned depth, struct fail *why);

struct references {
	struct correlation_reference items[CORRELATION_RULES_MAX]; /* count of them, each rule once */
	unsigned count;
};

static int
add_reference(struct references *out, const struct yaml_node *n, const struct draft *target, struct fail *why)
{
	for (unsigned i = 0; i < out->count; i++) {
		if (out->items[i].rule == &target->rule)
			return yaml_fail(why, n, "correlation-rules", "the rule '%.100s' is named twice", n->text.p);
	}
	out->items[out->count++] = (struct correlation_reference){n, str_of(target->heading.name), &target->rule};
	return 0;
}

/* The rule that an entry of `rules` names, itself resolved. */
static int
resolve_reference(struct loader *l, struct draft *draft, const struct yaml_node *n, unsigned depth,
    struct references *out, struct fail *why)
{
	struct draft *target = loader_find(l, n->text);
	if (!target)
		return yaml_fail(why, n, "unknown-rule", "the correlation refers to '%.100s', which is no id or name of a rule",
		    n->text.p);
	if (target->resolving)
		return yaml_fail(why, n, "correlation-cycle", "the correlation refers to itself through '%.100s'", n->text.p);
	if (depth == CHAIN_DEPTH_MAX)
		return yaml_fail(why, n, "correlation-chain", "more than %d correlations refer to one another in a row",
		    CHAIN_DEPTH_MAX);
	if (target->heading.kind == HEADING_CORRELATION && target->state == DRAFT_GOOD && !target->resolved) {
		struct fail inner = {0};
		if (resolve_correlation(l, target, depth + 1, &inner))
			loader_break(l, target, &inner);
	}
	if (target->state == DRAFT_BROKEN)
		return yaml_fail(why, n, "broken-rule", "the correlation refers to '%.100s', which has errors", n->text.p);
	if (target->state == DRAFT_DISABLED)
		draft->state = DRAFT_DISABLED;
	uint64_t both[2] = {draft->rule.definition, target->rule.definition};
	draft->rule.definition = siphash((const uint8_t[16]){0}, both, sizeof(both));
	return add_reference(out, n, target, why);
}

static int
resolve_references(struct loader *l, struct draft *draft, unsigned depth, struct fail *why)
{
	struct references references = {.count = 0};
	const struct yaml_node *node = draft->correlation.references;
	bool list = node->kind == YAML_LIST;
	for (const struct yaml_node *n = list ? node->first : node; n; n = list ? n->next : NULL)
		if (resolve_reference(l, draft, n, depth, &references, why))
			return -1;
	return correlation_finish(&l->parts, &draft->correlation, references.items, references.count, why);
}

static int
resolve_correlation(struct loader *l, struct draft *draft, unsigned depth, struct fail *why)
{
	draft->resolving = true;
	int failed = resolve_references(l, draft, depth, why);
	draft->resolving = false;
	draft->resolved = true;
	return failed;
}

static void
mark_counted(struct draft *drafts, const struct draft *correlation)
{
	const struct correlation *c = &correlation->correlation.correlation;
	for (struct draft *d = drafts; d; d = d->next) {
		for (unsigned i = 0; i < c->feed_count; i++) {
			if (c->feeds[i].rule != &d->rule)
				continue;
			d->counted = true;
			if (strcmp(d->rule.file, correlation->rule.file) != 0)
				d->counted_by = correlation->rule.title;
			d->generate |= correlation->correlation.generate;
		}
	}
}

static void
resolve_correlations(struct loader *l)
{
	window_names_begin(&l->windows);
	for (struct draft *d = l->first; d; d = d->next) {
		struct fail why = {0};
		if (d->heading.kind != HEADING_CORRELATION || d->state != DRAFT_GOOD)
			continue;
		if (!d->resolved && resolve_correlation(l, d, 0, &why))
			loader_break(l, d, &why);
	}
	for (struct draft *d = l->first; d; d = d->next) {
		if (d->heading.kind != HEADING_CORRELATION || !d->resolved || d->state == DRAFT_BROKEN)
			continue;
		if (d->state == DRAFT_DISABLED) {
			l->set->disabled++;
			loader_note(l, &d->rule, "skipped", "is skipped: a rule that it counts is disabled", "");
		} else {
			mark_counted(l->first, d);
		}
	}
}

/* So that who names such a rule can be told from who names none. */
static int
keep_idle(struct loader *l)
{
	for (struct draft *d = l->first; d; d = d->next) {
		if (d->state == DRAFT_GOOD)
			continue;
		struct str name = str_of(d->heading.name);
		if (map_set(l->set->idle, str_of(d->rule.id), d) || (name.len && map_set(l->set->idle, name, d)))
			return -1;
	}
	return 0;
}

static bool
is_rule(const struct draft *d)
{
	return d->state == DRAFT_GOOD && d->heading.kind != HEADING_FILTER;
}

static int
assemble(struct loader *l)
{
	struct ruleset *set = l->set;
	unsigned count = 0;
	for (const struct draft *d = l->first; d; d = d->next)
		count += is_rule(d);
	set->entries = mem_zero(count ? count : 1, sizeof(*set->entries));
	set->rules = mem_zero(count ? count : 1, sizeof(*set->rules));
	if (!set->entries || !set->rules)
		return -1;
	for (struct draft *d = l->first; d; d = d->next) {
		if (!is_rule(d))
			continue;
		d->rule.index = set->count++;
		d->rule.silent = d->counted && !d->generate;
		if (d->rule.silent && d->counted_by && d->rule.level != LEVEL_INFORMATIONAL)
			loader_note(l, &d->rule, "silent", "does not alert by itself; it is counted by ", d->counted_by);
		d->entry.rule = &d->rule;
		set->entries[d->rule.index] = d->entry;
		set->rules[d->rule.index] = &d->rule;
		if (map_set(set->by_id, str_of(d->rule.id), &set->entries[d->rule.index]))
			return -1;
		digest_add(l, str_of(d->rule.id)); /* what is disabled runs no more: another rule set */
	}
	if (window_names_finish(&l->windows, set->rules, set->count, &set->windows))
		return -1;
	const struct list *list;
	for (size_t i = 0; (list = list_set_at(l->options->lists, i)); i++) {
		digest_add(l, list->name);
		digest_add(l, str_make((const char *)list->digest, SHA256_SIZE));
	}
	set->slot_count = field_set_len(l->scope.fields);
	char hex[SHA256_SIZE * 2 + 1];
	codec_hex(l->digest, SHA256_SIZE, hex);
	snprintf(set->digest, sizeof(set->digest), "sha256:%.8s", hex);
	return keep_idle(l) || ruleset_route(set, NULL, 0) ? -1 : 0;
}

/* Those that are wrong are reported, and no rule sees them. */
static void
configure_windows(struct loader *l)
{
	for (size_t i = 0; i < l->options->window_count; i++) {
		const struct window_config *config = &l->options->windows[i];
		struct fail why = {0};
		int32_t code_len = l->set->code.len;
		if (window_names_configure(&l->windows, config, l->options->config_file, &why) == 0)
			continue;
		l->set->code.len = code_len;
		fail_list_add(l->problems, &why);
	}
}

static int
loader_init(struct loader *l, const struct ruleset_options *options, struct field_set *fields,
    struct fail_list *problems)
{
	*l = (struct loader){.options = options, .problems = problems};
	l->last = &l->first;
	l->set = mem_zero(1, sizeof(*l->set));
	l->by_id = map_new();
	l->by_name = map_new();
	if (!l->set || !l->by_id || !l->by_name)
		return -1;
	arena_init(&l->set->arena, ARENA_MAX, 0);
	fail_list_init(&l->set->notes);
	l->set->any_source = options->any_source;
	l->set->max_regex_steps = options->max_regex_steps;
	l->set->by_id = map_new();
	l->set->idle = map_new();
	l->scope = (struct field_scope){fields, &l->windows};
	l->parts = (struct detection_loader){&l->set->arena, &l->set->predicates, &l->scope, &l->set->code,
	    options->keep_text, &l->set->notes};
	l->windows.loader = &l->parts;
	l->windows.max_span_ms = options->max_window_span_ms ? options->max_window_span_ms : WINDOW_SPAN_MAX_MS;
	if (predicate_set_init(&l->set->predicates, &l->set->arena, options->lists) || !l->set->by_id || !l->set->idle)
		return -1;
	configure_windows(l);
	return 0;
}

/* Hands the set over, NULL when it could not be finished. */
static struct ruleset *
loader_fini(struct loader *l, bool ok)
{
	struct ruleset *set = l->set;
	for (size_t i = 0; i < l->file_count; i++)
		yaml_docs_free(l->files[i]);
	mem_free(l->files);
	map_free(l->by_id);
	map_free(l->by_name);
	if (ok)
		return set;
	ruleset_free(set);
	return NULL;
}

/* Every document was read. */
static struct ruleset *
finish(struct loader *l)
{
	if (loader_apply_filters(l))
		return loader_fini(l, false);
	resolve_correlations(l);
	return loader_fini(l, !assemble(l));
}

static void
load_dir(struct loader *l, size_t index, const char *path)
{
	struct rule_files files = {0};
	l->dir = index;
	if (rule_files_list(&files, path, l->problems))
		l->set->broken++;
	for (size_t i = 0; i < files.len; i++)
		load_file(l, files.paths[i]);
	rule_files_fini(&files);
}

struct ruleset *
ruleset_load(const struct ruleset_options *options, struct field_set *fields, struct fail_list *problems)
{
	struct loader l;
	if (loader_init(&l, options, fields, problems))
		return loader_fini(&l, false);
	if (options->first)
		load_dir(&l, options->dir_count, options->first);
	for (size_t i = 0; i < options->dir_count; i++)
		load_dir(&l, i, options->dirs[i]);
	return finish(&l);
}

struct ruleset *
ruleset_load_text(const struct ruleset_options *options, const char *file, struct str text, struct field_set *fields,
    struct fail_list *problems)
{
	struct loader l;
	if (loader_init(&l, options, fields, problems))
		return loader_fini(&l, false);
	load_text(&l, file, text);
	return finish(&l);
}
