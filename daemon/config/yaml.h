/* YAML files as a small tree that keeps the place of every key and value and
 * whether a scalar was quoted: configuration, rules, schemas. One owner, then
 * immutable and any thread. Memory: at most 64 times the size cap. Parsed by
 * libyaml; scalars are typed by the YAML 1.2 core schema (section 10.3.2), so
 * yes and no are text. Tags (but !!str) are refused, and so are anchors and
 * aliases where the limits do not allow for them; an alias is a copy of what its
 * anchor marks that shares its children. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* Walk the children of a list or map in file order:
 *   for (const struct yaml_node *n = map->first; n; n = n->next) use n->key->text, n
 * All of it lives until yaml_docs_free of its docs. */
struct yaml_node {
	enum yaml_kind kind;
	bool plain;            /* scalar: neither quoted nor a block (| or >); only these have a type other than text */
	unsigned line, column; /* from 1, of the value's first character */
	const char *file;
	struct str text; /* scalar: its content; also NUL-terminated, may hold NUL itself ("\0") */
	size_t len;      /* list, map: number of children */
	const struct yaml_node *first, *next;
	const struct yaml_node *key; /* of a value in a map: a scalar; else NULL */
};

struct yaml_limits {
	size_t max_bytes; /* 0 = 1 MiB */
	unsigned max_depth; /* 0 = 32 */
	size_t max_alias_nodes; /* values that aliases may add in one file; 0: anchors and aliases are refused */
};

/* One file: a stream of documents. An empty stream has none. */
struct yaml_docs {
	const struct yaml_node **roots;
	size_t len;
};

/* file names the text in places and messages; limits NULL = the defaults above. NULL and *why on the first error. */
struct yaml_docs *yaml_parse(struct str text, const char *file, const struct yaml_limits *limits, struct fail *why)
    __attribute__((warn_unused_result));
/* Same for a regular file. */
struct yaml_docs *yaml_read_file(const char *path, const struct yaml_limits *limits, struct fail *why)
    __attribute__((warn_unused_result));
/* Not yaml_free, which is a function of libyaml. */
void yaml_docs_free(struct yaml_docs *docs);

/* NULL when map is NULL, no map, or lacks the key. Time linear in its length. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* NULL behind the end, and when list is NULL or no list. Linear. */
const struct yaml_node *yaml_at(const struct yaml_node *list, size_t index);

/* Core schema. False, with *out untouched, when the node is not a plain scalar of that type or is out of range. */
bool yaml_is_null(const struct yaml_node *n); /* null, ~ or nothing; also true for n == NULL */
bool yaml_as_bool(const struct yaml_node *n, bool *out);
bool yaml_as_int(const struct yaml_node *n, int64_t *out);      /* 17, -3, 0x11, 0o21 */
bool yaml_as_double(const struct yaml_node *n, double *out);    /* integers too; .inf and .nan are refused */
/* A scalar that is text by the core schema: quoted, or plain and none of the types above. */
bool yaml_is_text(const struct yaml_node *n);

/* fail_at with the place of n. Always -1. */
int yaml_fail(struct fail *why, const struct yaml_node *n, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
