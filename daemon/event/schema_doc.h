/* What one schema file says, as read: plain values in the set's arena, written
 * once by schema_doc_read and schema_set_load, then immutable. The plan turns
 * them into nodes of its trie. Paths are dotted member names. */
#ifndef EVENT_SCHEMA_DOC_H
#define EVENT_SCHEMA_DOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "config/yaml.h"
#include "event/schema.h"

enum schema_path_kind {
	PATH_PLAIN,
	PATH_TEXT,     /* an object or array there does not count */
	/* those above give what stands there, those below make something of it */
	PATH_ADDRESS,  /* an IP address, without port and brackets if it has them */
	PATH_AFTER,    /* what follows the first `text` in a text; one without it does not count */
	PATH_JOINED,   /* path's text, `text`, with's text */
	PATH_SELECTED, /* of the list at path the elements whose member `name` is `text`: their member `with` */
};
struct schema_path {
	enum schema_path_kind kind;
	struct str path, with, name, text;
};
struct schema_paths {
	const struct schema_path *items;
	unsigned len;
};

/* A path prefix that is tried before every field without paths of its own. */
struct schema_prefix {
	struct str text; /* "properties." */
	bool snake;      /* userPrincipalName is user_principal_name there */
};

struct schema_word { /* what the source writes, and the rules' word for it */
	struct str written, word;
};

struct schema_field {
	struct str name;
	struct schema_paths paths;
	/* derived: then if from's text equals, else otherwise; missing when from is */
	struct str from, equals, then, otherwise;
	struct str alias; /* the field of which this is another name; len 0: none */
	const struct str *also; /* fields whose values count beside it */
	unsigned also_len;
	const struct schema_word *words;
	unsigned word_len;
};

struct schema_category {
	struct str name; /* the category of the event */
	const struct str *also;
	unsigned also_len; /* other texts for it */
	const struct source *source;
	bool sign_in;
};

enum schema_check_kind { CHECK_PRESENT, CHECK_ABSENT, CHECK_OBJECT, CHECK_DOTTED, CHECK_EQUALS, CHECK_ENDS };

struct schema_check {
	enum schema_check_kind kind;
	struct str path;
	const struct str *values; /* EQUALS, ENDS: one of them, without case */
	unsigned value_len;
};

/* One way to recognise the shape: every check, and one of any if there are some. */
struct schema_clause {
	const struct schema_check *checks;
	unsigned check_len;
	const struct schema_check *any;
	unsigned any_len;
	bool exact; /* names with their case */
};

struct schema {
	const char *name, *file; /* NUL-terminated */
	struct str extends_name;
	const struct schema *extends; /* what this file does not say, that one does; NULL */
	const struct source *source;
	int64_t priority; /* lower is tried first */
	const struct schema_clause *clauses; /* clause_len 0: never recognised, only extended */
	unsigned clause_len;
	struct schema_paths time, category, tenant;
	const struct schema_paths *ids; /* each: all parts of one id */
	unsigned id_len;
	const struct schema_prefix *prefixes;
	unsigned prefix_len;
	const struct schema_field *fields;
	unsigned field_len;
	const struct schema_category *categories;
	unsigned category_len;
	struct str default_category;
	const struct str *strip; /* what rules may write before the name of a field */
	unsigned strip_len;
	const struct str *members; /* what the source's records have, but for fields; "x.*": anything below x */
	unsigned member_len;
};

/* The file's schema, or NULL with every problem in *problems. */
struct schema *schema_doc_read(const struct yaml_node *root, struct str name, struct schema_set *set,
    struct arena *arena, struct fail_list *problems);

/* Of a loaded set, in the order in which shapes are tried. */
const struct schema *const *schema_set_schemas(const struct schema_set *set, unsigned *count);
/* NULL when there is none of that name. */
const struct schema *schema_set_find(const struct schema_set *set, struct str name);

#endif
