#include "event/schema.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/yaml.h"
#include "event/schema_doc.h"

enum { SCHEMAS_MAX = 256, SOURCES_MAX = 4096, EXTENDS_MAX = 8, ARENA_MAX = 32 << 20, PATH_BYTES = 4096 };

struct schema_set {
	struct arena arena; /* all that the files say */
	struct schema *schemas[SCHEMAS_MAX];
	unsigned schema_len;
	struct source **sources;
	unsigned source_len, source_cap;
};

void
schema_set_free(struct schema_set *set)
{
	if (!set)
		return;
	arena_fini(&set->arena);
	mem_free(set->sources);
	mem_free(set);
}

/* FNV-1a over the attributes, mixed; case makes no difference. */
static uint64_t
identity_of(const struct source *s)
{
	const struct str pieces[] = {s->product, s->service, s->category};
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (unsigned i = 0; i < 3; i++) {
		for (size_t k = 0; k < pieces[i].len; k++)
			hash = (hash ^ (uint64_t)tolower((unsigned char)pieces[i].p[k])) * UINT64_C(0x100000001b3);
		hash = (hash ^ 0xff) * UINT64_C(0x100000001b3); /* where one ends */
	}
	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

const struct source *
schema_set_source(struct schema_set *set, struct str product, struct str service, struct str category)
{
	for (unsigned i = 0; i < set->source_len; i++) {
		const struct source *s = set->sources[i];
		if (str_eq_nocase(s->product, product) && str_eq_nocase(s->service, service) &&
		    str_eq_nocase(s->category, category))
			return s;
	}
	if (set->source_len == set->source_cap) {
		unsigned cap = set->source_cap ? set->source_cap * 2 : 16;
		struct source **grown = cap > SOURCES_MAX ? NULL : mem_resize(set->sources, cap, sizeof(struct source *));
		if (!grown)
			return NULL;
		set->sources = grown;
		set->source_cap = cap;
	}
	struct source *s = arena_alloc(&set->arena, sizeof(*s));
	if (!s)
		return NULL;
	*s = (struct source){.product = arena_copy(&set->arena, product), .service = arena_copy(&set->arena, service),
	    .category = arena_copy(&set->arena, category), .index = set->source_len};
	if (!s->product.p || !s->service.p || !s->category.p)
		return NULL;
	s->identity = identity_of(s);
	set->sources[set->source_len++] = s;
	return s;
}

void
schema_set_also(struct schema_set *set, const struct source *source, const struct str *services, unsigned count)
{
	struct source *mine = set->sources[source->index];

	mine->also = services;
	mine->also_len = count;
}

const struct source *const *
schema_set_sources(const struct schema_set *set, unsigned *count)
{
	*count = set->source_len;
	return (const struct source *const *)set->sources;
}

const struct schema *const *
schema_set_schemas(const struct schema_set *set, unsigned *count)
{
	*count = set->schema_len;
	return (const struct schema *const *)set->schemas;
}

const struct schema *
schema_set_find(const struct schema_set *set, struct str name)
{
	for (unsigned i = 0; i < set->schema_len; i++)
		if (str_eq(str_of(set->schemas[i]->name), name))
			return set->schemas[i];
	return NULL;
}

static void
load_file(struct schema_set *set, const char *path, struct str name, struct fail_list *problems)
{
	struct fail why = {.code = ""};
	struct schema *schema = NULL;

	if (schema_set_find(set, name))
		return; /* the earlier directory's wins */
	struct yaml_docs *docs = yaml_read_file(path, NULL, &why);
	if (!docs) {
		fail_list_add(problems, &why);
		return;
	}
	if (docs->len != 1)
		fail_list_at(problems, path, 1, 1, "bad-value", "a schema file holds one document, this has %zu", docs->len);
	else if (set->schema_len == SCHEMAS_MAX)
		fail_list_at(problems, path, 1, 1, "too-many", "more than %d schemas", SCHEMAS_MAX);
	else
		schema = schema_doc_read(docs->roots[0], name, set, &set->arena, problems);
	if (schema)
		set->schemas[set->schema_len++] = schema;
	yaml_docs_free(docs);
}

static int
is_yaml(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), STR(".yaml"));
}

static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
load_directory(struct schema_set *set, const char *dir, struct fail_list *problems)
{
	char path[PATH_BYTES];
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_yaml, compare_entries);

	if (n < 0) {
		fail_list_at(problems, dir, 0, 0, "unreadable", "the directory cannot be read: %s", strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		struct str name = str_of(entries[i]->d_name);
		name.len -= strlen(".yaml");
		int len = snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (len < 0 || (size_t)len >= sizeof(path))
			fail_list_at(problems, dir, 0, 0, "unreadable", "a file name is too long");
		else
			load_file(set, path, name, problems);
		free(entries[i]); /* scandir's */
	}
	free(entries);
}

/* What a schema extends, and for lists that it leaves out those of the one it extends. */
static void
resolve_extends(struct schema_set *set, struct fail_list *problems)
{
	for (unsigned i = 0; i < set->schema_len; i++) {
		struct schema *s = set->schemas[i];
		if (s->extends_name.len == 0)
			continue;
		s->extends = schema_set_find(set, s->extends_name);
		if (!s->extends)
			fail_list_at(problems, s->file, 1, 1, "unknown-schema", "extends a schema that there is not: %.*s",
			    (int)s->extends_name.len, s->extends_name.p);
	}
	for (unsigned i = 0; i < set->schema_len; i++) {
		struct schema *s = set->schemas[i];
		unsigned depth = 0;
		for (const struct schema *up = s->extends; up; up = up->extends)
			if (++depth > EXTENDS_MAX) {
				fail_list_at(problems, s->file, 1, 1, "unknown-schema", "extends itself, or too many others");
				s->extends = NULL;
				break;
			}
	}
}

static void
inherit(struct schema *s)
{
	for (const struct schema *up = s->extends; up; up = up->extends) {
		if (!s->source)
			s->source = up->source;
		if (s->time.len == 0)
			s->time = up->time;
		if (s->category.len == 0)
			s->category = up->category;
		if (s->tenant.len == 0)
			s->tenant = up->tenant;
		if (s->default_category.len == 0)
			s->default_category = up->default_category;
		if (s->id_len == 0) {
			s->ids = up->ids;
			s->id_len = up->id_len;
		}
		if (s->prefix_len == 0) {
			s->prefixes = up->prefixes;
			s->prefix_len = up->prefix_len;
		}
	}
}

static int
compare_schemas(const void *a, const void *b)
{
	const struct schema *const *x = a, *const *y = b;

	if ((*x)->priority != (*y)->priority)
		return (*x)->priority < (*y)->priority ? -1 : 1;
	return strcmp((*x)->name, (*y)->name);
}

struct schema_set *
schema_set_load(const char *const *dirs, size_t dir_count, struct fail_list *problems)
{
	size_t before = problems->len + problems->dropped;
	struct schema_set *set = mem_zero(1, sizeof(*set));

	if (!set) {
		fail_list_at(problems, "", 0, 0, "memory", "no memory for the schemas");
		return NULL;
	}
	arena_init(&set->arena, ARENA_MAX, 0);
	for (size_t i = 0; i < dir_count; i++)
		load_directory(set, dirs[i], problems);
	resolve_extends(set, problems);
	if (problems->len + problems->dropped != before) {
		schema_set_free(set);
		return NULL;
	}
	for (unsigned i = 0; i < set->schema_len; i++)
		inherit(set->schemas[i]);
	if (set->schema_len > 1)
		qsort(set->schemas, set->schema_len, sizeof(struct schema *), compare_schemas);
	return set;
}
