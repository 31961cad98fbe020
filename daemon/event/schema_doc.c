#include "event/schema_doc.h"

struct reader {
	struct arena *arena;
	struct schema_set *set;
	struct fail_list *problems;
	struct schema *schema;
	bool failed;
};

static void
problem(struct reader *r, const struct yaml_node *at, const char *code, const char *text, struct str what)
{
	fail_list_at(r->problems, at->file, at->line, at->column, code, "%s%s%.*s", text, what.len ? ": " : "",
	    (int)(what.len < 100 ? what.len : 100), what.p ? what.p : "");
	r->failed = true;
}

/* Zeroed; NULL with the problem noted. */
static void *
make(struct reader *r, const struct yaml_node *at, size_t n, size_t size)
{
	void *p = arena_alloc(r->arena, (n ? n : 1) * size);

	if (p)
		memset(p, 0, (n ? n : 1) * size);
	else
		problem(r, at, "memory", "no memory for the schemas", STR(""));
	return p;
}

static struct str
copy_text(struct reader *r, const struct yaml_node *n)
{
	if (n->kind != YAML_SCALAR || n->text.len == 0) {
		problem(r, n, "bad-value", "a text is expected", STR(""));
		return STR("");
	}
	struct str copy = arena_copy(r->arena, n->text);
	if (!copy.p)
		problem(r, n, "memory", "no memory for the schemas", STR(""));
	return copy;
}

/* A list, or one scalar as a list of itself. */
static size_t
list_len(const struct yaml_node *n)
{
	return n->kind == YAML_LIST ? n->len : 1;
}

static const struct yaml_node *
list_first(const struct yaml_node *n)
{
	return n->kind == YAML_LIST ? n->first : n;
}

static const struct yaml_node *
list_next(const struct yaml_node *list, const struct yaml_node *item)
{
	return list->kind == YAML_LIST ? item->next : NULL;
}

static const struct str *
read_texts(struct reader *r, const struct yaml_node *list, unsigned *len)
{
	struct str *texts = make(r, list, list_len(list), sizeof(*texts));

	*len = 0;
	for (const struct yaml_node *n = list_first(list); texts && n; n = list_next(list, n))
		texts[(*len)++] = copy_text(r, n);
	return texts;
}

static struct str
read_path_text(struct reader *r, const struct yaml_node *n)
{
	struct str path = copy_text(r, n);

	if (path.len > 0 && (path.p[0] == '.' || path.p[path.len - 1] == '.' || str_find(path, STR("..")) >= 0))
		problem(r, n, "bad-path", "a path is member names with dots between", path);
	return path;
}

/* LIST[NAME=TEXT].MEMBER */
static void
read_selected(struct reader *r, const struct yaml_node *n, struct schema_path *out)
{
	struct str text = copy_text(r, n), rest = text;

	out->kind = PATH_SELECTED;
	out->path = str_split(&rest, '[');
	out->name = str_split(&rest, '=');
	out->text = str_split(&rest, ']');
	bool dot = rest.len > 1 && *rest.p == '.';
	out->with = dot ? str_make(rest.p + 1, rest.len - 1) : STR("");
	if (out->path.len == 0 || out->name.len == 0 || out->text.len == 0 || out->with.len == 0)
		problem(r, n, "bad-path", "expected is LIST[NAME=TEXT].MEMBER", text);
}

static void
read_path_map(struct reader *r, const struct yaml_node *map, struct schema_path *out)
{
	const struct yaml_node *text = yaml_get(map, "text"), *address = yaml_get(map, "address");
	const struct yaml_node *path = yaml_get(map, "path"), *after = yaml_get(map, "after");
	const struct yaml_node *join = yaml_get(map, "join"), *with = yaml_get(map, "with");

	if (map->len == 1 && (text || address)) {
		out->kind = text ? PATH_TEXT : PATH_ADDRESS;
		out->path = read_path_text(r, text ? text : address);
	} else if (map->len == 2 && path && after) {
		out->kind = PATH_AFTER;
		out->path = read_path_text(r, path);
		out->text = copy_text(r, after);
	} else if (map->len == 2 && join && join->kind == YAML_LIST && join->len == 2 && with) {
		out->kind = PATH_JOINED;
		out->path = read_path_text(r, join->first);
		out->with = read_path_text(r, join->first->next);
		out->text = copy_text(r, with);
	} else {
		problem(r, map, "bad-path", "expected is {text: PATH}, {address: PATH}, {path: PATH, after: TEXT} or "
					    "{join: [PATH, PATH], with: TEXT}", STR(""));
	}
}

static struct schema_paths
read_paths(struct reader *r, const struct yaml_node *list)
{
	struct schema_path *items = make(r, list, list_len(list), sizeof(*items));
	unsigned len = 0;

	for (const struct yaml_node *n = list_first(list); items && n; n = list_next(list, n)) {
		struct schema_path *out = &items[len++];
		if (n->kind == YAML_MAP)
			read_path_map(r, n, out);
		else if (n->kind == YAML_SCALAR && str_find(n->text, STR("[")) >= 0)
			read_selected(r, n, out);
		else
			out->path = read_path_text(r, n);
	}
	return (struct schema_paths){items, len};
}

static void
read_extends(struct reader *r, const struct yaml_node *n)
{
	r->schema->extends_name = copy_text(r, n);
}

static void
read_priority(struct reader *r, const struct yaml_node *n)
{
	if (!yaml_as_int(n, &r->schema->priority))
		problem(r, n, "bad-value", "a whole number is expected", STR(""));
}

static const struct source *
read_source_map(struct reader *r, const struct yaml_node *map)
{
	struct str product = {NULL, 0}, service = {NULL, 0}, category = {NULL, 0};
	const struct str *also = NULL;
	unsigned also_len = 0;

	if (map->kind != YAML_MAP) {
		problem(r, map, "bad-value", "expected is {product: P, service: S, category: C, also: [S, ..]}", STR(""));
		return NULL;
	}
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		if (str_eq(n->key->text, STR("product")))
			product = copy_text(r, n);
		else if (str_eq(n->key->text, STR("service")))
			service = copy_text(r, n);
		else if (str_eq(n->key->text, STR("category")))
			category = copy_text(r, n);
		else if (str_eq(n->key->text, STR("also")))
			also = read_texts(r, n, &also_len);
		else
			problem(r, n->key, "unknown-key", "unknown key", n->key->text);
	}
	const struct source *source = schema_set_source(r->set, product, service, category);
	if (!source)
		problem(r, map, "memory", "no memory for the schemas", STR(""));
	else if (also)
		schema_set_also(r->set, source, also, also_len);
	return source;
}

static void
read_source(struct reader *r, const struct yaml_node *n)
{
	r->schema->source = read_source_map(r, n);
}

static void
read_time(struct reader *r, const struct yaml_node *n)
{
	r->schema->time = read_paths(r, n);
}

static void
read_category(struct reader *r, const struct yaml_node *n)
{
	r->schema->category = read_paths(r, n);
}

static void
read_tenant(struct reader *r, const struct yaml_node *n)
{
	r->schema->tenant = read_paths(r, n);
}

static void
read_default_category(struct reader *r, const struct yaml_node *n)
{
	r->schema->default_category = copy_text(r, n);
}

/* id: [PATH, [PATH, PATH]]: alternatives; a list within is one id of several parts */
static void
read_ids(struct reader *r, const struct yaml_node *list)
{
	struct schema_paths *ids = make(r, list, list_len(list), sizeof(*ids));

	for (const struct yaml_node *n = list_first(list); ids && n; n = list_next(list, n))
		ids[r->schema->id_len++] = read_paths(r, n);
	r->schema->ids = ids;
}

static void
read_prefixes(struct reader *r, const struct yaml_node *list)
{
	struct schema_prefix *prefixes = make(r, list, list_len(list), sizeof(*prefixes));

	for (const struct yaml_node *n = list_first(list); prefixes && n; n = list_next(list, n)) {
		struct schema_prefix *out = &prefixes[r->schema->prefix_len++];
		const struct yaml_node *snake = n->kind == YAML_MAP && n->len == 1 ? yaml_get(n, "snake") : NULL;
		out->snake = snake != NULL;
		out->text = copy_text(r, snake ? snake : n);
		if (out->text.len > 0 && out->text.p[out->text.len - 1] != '.')
			problem(r, n, "bad-path", "a prefix ends with a dot", out->text);
	}
	r->schema->prefixes = prefixes;
}

static const struct schema_word *
read_words(struct reader *r, const struct yaml_node *map, unsigned *len)
{
	struct schema_word *words = make(r, map, map->len, sizeof(*words));

	*len = 0;
	if (map->kind != YAML_MAP)
		problem(r, map, "bad-value", "expected is {WRITTEN: WORD}", STR(""));
	for (const struct yaml_node *n = map->kind == YAML_MAP ? map->first : NULL; words && n; n = n->next)
		words[(*len)++] = (struct schema_word){copy_text(r, n->key), copy_text(r, n)};
	return words;
}

/* {alias: NAME} or {from: NAME, equals: A, then: B, else: C} or {paths: PATHS}, and of each {also: NAMES, values: {A: B}} */
static void
read_field_map(struct reader *r, const struct yaml_node *map, struct schema_field *out)
{
	struct str *const texts[] = {&out->alias, &out->from, &out->equals, &out->then, &out->otherwise};
	static const char *const keys[] = {"alias", "from", "equals", "then", "else"};

	for (const struct yaml_node *n = map->first; n; n = n->next) {
		size_t i = 0;
		while (i < sizeof(keys) / sizeof(keys[0]) && !str_eq(n->key->text, str_of(keys[i])))
			i++;
		if (i < sizeof(keys) / sizeof(keys[0]))
			*texts[i] = copy_text(r, n);
		else if (str_eq(n->key->text, STR("paths")))
			out->paths = read_paths(r, n);
		else if (str_eq(n->key->text, STR("also")))
			out->also = read_texts(r, n, &out->also_len);
		else if (str_eq(n->key->text, STR("values")))
			out->words = read_words(r, n, &out->word_len);
		else
			problem(r, n->key, "unknown-key", "unknown key", n->key->text);
	}
	int derived = (out->from.len > 0) + (out->equals.len > 0) + (out->then.len > 0) + (out->otherwise.len > 0);
	if ((out->alias.len > 0) + (derived > 0) + (out->paths.len > 0) != 1 || (derived > 0 && derived < 4))
		problem(r, map, "bad-value", "expected is {alias: FIELD}, {paths: PATHS} or "
					     "{from: FIELD, equals: TEXT, then: TEXT, else: TEXT}", STR(""));
}

/* A map is one of read_field_map, or one path of its own. */
static bool
is_path_map(const struct yaml_node *n)
{
	return yaml_get(n, "text") || yaml_get(n, "address") || yaml_get(n, "after") || yaml_get(n, "join");
}

static void
read_fields(struct reader *r, const struct yaml_node *map)
{
	if (map->kind != YAML_MAP) {
		problem(r, map, "bad-value", "expected is a mapping of names to paths", STR(""));
		return;
	}
	struct schema_field *fields = make(r, map, map->len, sizeof(*fields));
	for (const struct yaml_node *n = map->first; fields && n; n = n->next) {
		struct schema_field *out = &fields[r->schema->field_len++];
		out->name = copy_text(r, n->key);
		if (n->kind == YAML_MAP && !is_path_map(n))
			read_field_map(r, n, out);
		else
			out->paths = read_paths(r, n);
	}
	r->schema->fields = fields;
}

static void
read_one_category(struct reader *r, const struct yaml_node *map, struct schema_category *out)
{
	out->source = r->schema->source;
	if (map->kind != YAML_MAP || !yaml_get(map, "name")) {
		problem(r, map, "bad-value", "expected is {name: N, also: [..], source: {..}, sign_in: true}", STR(""));
		return;
	}
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		if (str_eq(n->key->text, STR("name")))
			out->name = copy_text(r, n);
		else if (str_eq(n->key->text, STR("also")))
			out->also = read_texts(r, n, &out->also_len);
		else if (str_eq(n->key->text, STR("source")))
			out->source = read_source_map(r, n);
		else if (!str_eq(n->key->text, STR("sign_in")))
			problem(r, n->key, "unknown-key", "unknown key", n->key->text);
		else if (!yaml_as_bool(n, &out->sign_in))
			problem(r, n, "bad-value", "true or false is expected", STR(""));
	}
}

static void
read_categories(struct reader *r, const struct yaml_node *list)
{
	if (list->kind != YAML_LIST) {
		problem(r, list, "bad-value", "expected is a list of categories", STR(""));
		return;
	}
	struct schema_category *categories = make(r, list, list->len, sizeof(*categories));
	for (const struct yaml_node *n = list->first; categories && n; n = n->next)
		read_one_category(r, n, &categories[r->schema->category_len++]);
	r->schema->categories = categories;
}

static unsigned
read_checks(struct reader *r, const struct yaml_node *list, enum schema_check_kind kind, struct schema_check *out)
{
	unsigned len = 0;

	for (const struct yaml_node *n = list_first(list); n; n = list_next(list, n))
		out[len++] = (struct schema_check){.kind = kind, .path = read_path_text(r, n)};
	return len;
}

static unsigned
read_texts_checks(struct reader *r, const struct yaml_node *map, enum schema_check_kind kind, struct schema_check *out)
{
	unsigned len = 0;

	if (map->kind != YAML_MAP) {
		problem(r, map, "bad-value", "expected is {PATH: [TEXT, ...]}", STR(""));
		return 0;
	}
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		out[len] = (struct schema_check){.kind = kind, .path = read_path_text(r, n->key)};
		out[len].values = read_texts(r, n, &out[len].value_len);
		len++;
	}
	return len;
}

static const struct {
	const char *key;
	enum schema_check_kind kind;
} check_keys[] = {{"all", CHECK_PRESENT}, {"none", CHECK_ABSENT}, {"object", CHECK_OBJECT}, {"dotted", CHECK_DOTTED}};

static void
read_clause_key(struct reader *r, const struct yaml_node *n, struct schema_clause *clause, struct schema_check *checks)
{
	struct schema_check *any;

	if (str_eq(n->key->text, STR("exact"))) {
		if (!yaml_as_bool(n, &clause->exact))
			problem(r, n, "bad-value", "true or false is expected", STR(""));
	} else if (str_eq(n->key->text, STR("any"))) {
		clause->any = any = make(r, n, list_len(n), sizeof(*any));
		if (any)
			clause->any_len = read_checks(r, n, CHECK_PRESENT, any);
	} else if (str_eq(n->key->text, STR("equals")) || str_eq(n->key->text, STR("ends"))) {
		enum schema_check_kind kind = str_eq(n->key->text, STR("ends")) ? CHECK_ENDS : CHECK_EQUALS;
		clause->check_len += read_texts_checks(r, n, kind, checks + clause->check_len);
	} else {
		for (size_t i = 0; i < sizeof(check_keys) / sizeof(check_keys[0]); i++) {
			if (!str_eq(n->key->text, str_of(check_keys[i].key)))
				continue;
			clause->check_len += read_checks(r, n, check_keys[i].kind, checks + clause->check_len);
			return;
		}
		problem(r, n->key, "unknown-key", "unknown key", n->key->text);
	}
}

static void
read_clause(struct reader *r, const struct yaml_node *map, struct schema_clause *clause)
{
	size_t len = 0;

	if (map->kind != YAML_MAP || map->len == 0) {
		problem(r, map, "bad-value", "expected is {all: [..], any: [..], none: [..], equals: {..}}", STR(""));
		return;
	}
	for (const struct yaml_node *n = map->first; n; n = n->next)
		len += n->kind == YAML_SCALAR ? 1 : n->len;
	struct schema_check *checks = make(r, map, len, sizeof(*checks));
	for (const struct yaml_node *n = map->first; checks && n; n = n->next)
		read_clause_key(r, n, clause, checks);
	clause->checks = checks;
	if (checks && clause->check_len + clause->any_len == 0)
		problem(r, map, "bad-value", "a shape needs something to be recognised by", STR(""));
}

static void
read_detect(struct reader *r, const struct yaml_node *list)
{
	struct schema_clause *clauses = make(r, list, list_len(list), sizeof(*clauses));

	for (const struct yaml_node *n = list_first(list); clauses && n; n = list_next(list, n))
		read_clause(r, n, &clauses[r->schema->clause_len++]);
	r->schema->clauses = clauses;
}

static void
read_strip(struct reader *r, const struct yaml_node *list)
{
	r->schema->strip = read_texts(r, list, &r->schema->strip_len);
}

static void
read_members(struct reader *r, const struct yaml_node *list)
{
	r->schema->members = read_texts(r, list, &r->schema->member_len);
}

/* source before categories: it is what a category has without one of its own */
static const struct {
	const char *key;
	void (*read)(struct reader *r, const struct yaml_node *n);
} keys[] = {{"extends", read_extends}, {"priority", read_priority}, {"source", read_source}, {"detect", read_detect},
    {"time", read_time}, {"id", read_ids}, {"category", read_category}, {"default_category", read_default_category},
    {"categories", read_categories}, {"tenant", read_tenant}, {"prefix", read_prefixes}, {"fields", read_fields},
    {"strip", read_strip}, {"members", read_members}};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static bool
is_known_key(struct str key)
{
	for (size_t i = 0; i < KEYS; i++)
		if (str_eq(key, str_of(keys[i].key)))
			return true;
	return false;
}

struct schema *
schema_doc_read(const struct yaml_node *root, struct str name, struct schema_set *set, struct arena *arena,
    struct fail_list *problems)
{
	struct reader r = {.arena = arena, .set = set, .problems = problems};

	r.schema = make(&r, root, 1, sizeof(*r.schema));
	if (!r.schema)
		return NULL;
	if (root->kind != YAML_MAP) {
		problem(&r, root, "bad-value", "a schema is a mapping", STR(""));
		return NULL;
	}
	char *text = make(&r, root, name.len + 1, 1), *file = make(&r, root, strlen(root->file) + 1, 1);
	if (!text || !file)
		return NULL;
	memcpy(text, name.p, name.len);
	memcpy(file, root->file, strlen(root->file));
	r.schema->name = text;
	r.schema->file = file;
	for (const struct yaml_node *n = root->first; n; n = n->next)
		if (!is_known_key(n->key->text))
			problem(&r, n->key, "unknown-key", "unknown key", n->key->text);
	for (size_t i = 0; i < KEYS; i++) {
		const struct yaml_node *n = yaml_get(root, keys[i].key);
		if (n)
			keys[i].read(&r, n);
	}
	return r.failed ? NULL : r.schema;
}
