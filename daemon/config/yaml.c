#include "config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/file.h"

enum { DEFAULT_BYTES = 1 << 20, DEFAULT_DEPTH = 32, LINEAR_KEYS = 16, BYTES_PER_BYTE = 64 };

/* What the caller holds is &owner->docs; the arena beside it has everything that docs points to. */
struct owner {
	struct yaml_docs docs;
	struct arena arena;
};

struct anchor {
	const struct yaml_node *node;
	size_t nodes;    /* it and what is below it */
	unsigned height; /* levels below it */
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	const char *file;
	struct str text;
	unsigned max_depth;
	size_t max_alias_nodes;
	struct fail *why;
	struct map *anchors; /* of the document: name -> struct anchor; NULL before the first */
	size_t nodes, alias_nodes; /* read so far, and those that aliases added */
	unsigned deepest;          /* level met since it was set */
};

static int
fail_mark(struct reader *r, const yaml_mark_t *mark, const char *code, const char *text)
{
	return fail_at(r->why, r->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1, code, "%s", text);
}

static int
fail_memory(struct reader *r, const yaml_mark_t *mark)
{
	return fail_mark(r, mark, "yaml-size", "the file holds too many values to be kept in memory");
}

/* libyaml's reader knows only the byte offset of what it could not decode. */
static int
fail_offset(struct reader *r)
{
	size_t end = r->parser.problem_offset < r->text.len ? r->parser.problem_offset : r->text.len;
	unsigned line = 1, column = 1;
	for (size_t i = 0; i < end; i++) {
		unsigned char c = (unsigned char)r->text.p[i];
		if (c == '\n') {
			line++;
			column = 1;
		} else if ((c & 0xC0) != 0x80) {
			column++;
		}
	}
	return fail_at(r->why, r->file, line, column, "yaml-syntax", "%s",
	    r->parser.problem ? r->parser.problem : "the text cannot be read");
}

static int
fail_parser(struct reader *r)
{
	const char *problem = r->parser.problem ? r->parser.problem : "the text cannot be read";
	const yaml_mark_t *mark = &r->parser.problem_mark;
	switch (r->parser.error) {
	case YAML_READER_ERROR:
		return fail_offset(r);
	case YAML_MEMORY_ERROR:
		return fail_mark(r, &r->parser.mark, "memory", "out of memory");
	default:
		break;
	}
	size_t at = mark->index; /* of characters; what is before a tab that indents is ASCII most of the time */
	if (r->parser.error == YAML_SCANNER_ERROR && at < r->text.len && r->text.p[at] == '\t')
		return fail_mark(r, mark, "yaml-syntax", "a tab stands where YAML wants spaces; indent by spaces");
	if (!r->parser.context)
		return fail_mark(r, mark, "yaml-syntax", problem);
	return fail_at(r->why, r->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "yaml-syntax",
	    "%s (%s that began at line %u)", problem, r->parser.context,
	    (unsigned)r->parser.context_mark.line + 1);
}

static int
next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? 0 : fail_parser(r);
}

static struct yaml_node *
node_new(struct reader *r, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_node *n = arena_alloc(r->arena, sizeof(*n));
	if (!n) {
		fail_memory(r, mark);
		return NULL;
	}
	*n = (struct yaml_node){
	    .kind = kind, .line = (unsigned)mark->line + 1, .column = (unsigned)mark->column + 1, .file = r->file};
	return n;
}

static int
check_tag(struct reader *r, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (!tag || strcmp((const char *)tag, "!") == 0)
		return 0;
	if (event->type == YAML_SCALAR_EVENT && strcmp((const char *)tag, YAML_STR_TAG) == 0)
		return 0;
	return fail_at(r->why, r->file, (unsigned)event->start_mark.line + 1, (unsigned)event->start_mark.column + 1,
	    "yaml-tag", "the tag %.60s is not supported; remove it", (const char *)tag);
}

static struct yaml_node *
scalar_new(struct reader *r, const yaml_event_t *event)
{
	if (check_tag(r, event, event->data.scalar.tag) < 0)
		return NULL;
	struct yaml_node *n = node_new(r, YAML_SCALAR, &event->start_mark);
	if (!n)
		return NULL;
	size_t len = event->data.scalar.length;
	char *copy = arena_alloc(r->arena, len + 1);
	if (!copy) {
		fail_memory(r, &event->start_mark);
		return NULL;
	}
	memcpy(copy, event->data.scalar.value, len);
	copy[len] = '\0';
	n->text = str_make(copy, len);
	n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
	return n;
}

static const yaml_char_t *
event_anchor(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static int
fail_duplicate(struct reader *r, const struct yaml_node *key, const struct yaml_node *first)
{
	return fail_at(r->why, r->file, key->line, key->column, "yaml-duplicate-key",
	    "the key %.80s is here twice; the first is at line %u", key->text.p, first->line);
}

/* Few keys are compared with each other; many go through a hash map, as the file may be hostile. */
static int
check_duplicates(struct reader *r, const struct yaml_node *map)
{
	if (map->len <= LINEAR_KEYS) {
		for (const struct yaml_node *n = map->first; n; n = n->next)
			for (const struct yaml_node *m = map->first; m != n; m = m->next)
				if (str_eq(m->key->text, n->key->text))
					return fail_duplicate(r, n->key, m->key);
		return 0;
	}
	struct map *seen = map_new();
	int result = -1;
	if (!seen)
		goto memory;
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		const struct yaml_node *first = map_get(seen, n->key->text);
		if (first) {
			fail_duplicate(r, n->key, first);
			goto out;
		}
		if (map_set(seen, n->key->text, (void *)(uintptr_t)n->key) < 0)
			goto memory;
	}
	result = 0;
	goto out;
memory:
	fail_at(r->why, r->file, map->line, map->column, "memory", "out of memory");
out:
	map_free(seen);
	return result;
}

/* Registered once it is complete, so that no alias is part of what it stands for. */
static int
keep_anchor(struct reader *r, const char *name, const yaml_mark_t *mark, struct anchor anchor)
{
	struct anchor *kept = arena_alloc(r->arena, sizeof(*kept));
	if (!r->anchors)
		r->anchors = map_new();
	if (!kept || !r->anchors)
		return fail_memory(r, mark);
	*kept = anchor;
	return map_set(r->anchors, str_of(name), kept) < 0 ? fail_memory(r, mark) : 0;
}

/* The bound on what aliases add keeps whoever walks the tree from walking for ever. */
static struct yaml_node *
alias_new(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *anchor = r->anchors ? map_get(r->anchors, str_of(name)) : NULL;
	const char *problem = NULL;
	if (!anchor)
		problem = "the alias names no anchor that is complete before it";
	else if (anchor->nodes > r->max_alias_nodes - r->alias_nodes)
		problem = "aliases make the file too large; write less of it with aliases";
	else if (anchor->height >= r->max_depth - depth)
		problem = "what the alias stands for is nested too deep here";
	if (problem) {
		fail_mark(r, &event->start_mark, "yaml-alias", problem);
		return NULL;
	}
	struct yaml_node *copy = node_new(r, anchor->node->kind, &event->start_mark);
	if (!copy)
		return NULL;
	*copy = *anchor->node;
	copy->key = NULL;
	copy->next = NULL;
	r->alias_nodes += anchor->nodes;
	r->nodes += anchor->nodes;
	if (depth + anchor->height > r->deepest)
		r->deepest = depth + anchor->height;
	return copy;
}

static struct yaml_node *read_node(struct reader *r, yaml_event_t *event, unsigned depth);

static int
check_key(struct reader *r, const struct yaml_node *key)
{
	if (key->kind != YAML_SCALAR)
		return fail_at(r->why, r->file, key->line, key->column, "yaml-key", "a key must be plain text");
	if (key->plain && str_eq(key->text, STR("<<")))
		return fail_at(r->why, r->file, key->line, key->column, "yaml-merge",
		    "YAML 1.2 has no merge keys (<<); write out what shall be merged");
	return 0;
}

/* The events of a list up to its end event; with keys, those of a map. */
static int
read_children(struct reader *r, struct yaml_node *parent, unsigned depth)
{
	const struct yaml_node **tail = &parent->first;
	yaml_event_type_t end = parent->kind == YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	for (;;) {
		struct yaml_node *key = NULL;
		yaml_event_t event;
		if (next_event(r, &event) < 0)
			return -1;
		if (event.type == end) {
			yaml_event_delete(&event);
			break;
		}
		if (parent->kind == YAML_MAP) {
			key = read_node(r, &event, depth + 1);
			if (!key)
				return -1;
			if (check_key(r, key) < 0)
				return -1;
			if (next_event(r, &event) < 0)
				return -1;
		}
		struct yaml_node *child = read_node(r, &event, depth + 1);
		if (!child)
			return -1;
		child->key = key;
		*tail = child;
		tail = &child->next;
		parent->len++;
	}
	return parent->kind == YAML_MAP ? check_duplicates(r, parent) : 0;
}

/* The collection that event starts; takes no ownership of event. */
static struct yaml_node *
collection_new(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	if (depth >= r->max_depth) {
		fail_at(r->why, r->file, (unsigned)event->start_mark.line + 1, (unsigned)event->start_mark.column + 1,
		    "yaml-depth", "nested deeper than %u levels", r->max_depth);
		return NULL;
	}
	const yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	if (check_tag(r, event, tag) < 0)
		return NULL;
	return node_new(r, is_map ? YAML_MAP : YAML_LIST, &event->start_mark);
}

/* What the event is or starts; takes no ownership of it. */
static struct yaml_node *
start_node(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	bool alias = event->type == YAML_ALIAS_EVENT;
	if ((alias || event_anchor(event)) && !r->max_alias_nodes)
		fail_mark(r, &event->start_mark, "yaml-alias", "anchors and aliases are not supported; write the value out");
	else if (alias)
		return alias_new(r, event, depth);
	else if (event->type == YAML_SCALAR_EVENT)
		return scalar_new(r, event);
	else if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT)
		return collection_new(r, event, depth);
	else
		fail_mark(r, &event->start_mark, "yaml-syntax", "a value is missing");
	return NULL;
}

/* Deletes event. Recursion is bounded by max_depth. */
static struct yaml_node *
read_node(struct reader *r, yaml_event_t *event, unsigned depth)
{
	size_t before = r->nodes;
	unsigned deepest = r->deepest;
	r->deepest = depth;
	struct yaml_node *n = start_node(r, event, depth);
	bool children = n && n->kind != YAML_SCALAR && event->type != YAML_ALIAS_EVENT;
	r->nodes += event->type != YAML_ALIAS_EVENT;
	if (children && read_children(r, n, depth) < 0)
		n = NULL;
	const char *name = (const char *)event_anchor(event);
	if (n && name &&
	    keep_anchor(r, name, &event->start_mark, (struct anchor){n, r->nodes - before, r->deepest - depth}) < 0)
		n = NULL;
	if (deepest > r->deepest)
		r->deepest = deepest;
	yaml_event_delete(event);
	return n;
}

static int
add_root(struct reader *r, struct yaml_docs *docs, const struct yaml_node *root)
{
	/* Powers of two: grow when len is one. */
	if ((docs->len & (docs->len - 1)) == 0) {
		size_t room = docs->len ? docs->len * 2 : 1;
		const struct yaml_node **more = arena_alloc(r->arena, room * sizeof(struct yaml_node *));
		if (!more)
			return fail_memory(r, &r->parser.mark);
		if (docs->len)
			memcpy(more, docs->roots, docs->len * sizeof(struct yaml_node *));
		docs->roots = more;
	}
	docs->roots[docs->len++] = root;
	return 0;
}

static int
read_stream(struct reader *r, struct yaml_docs *docs)
{
	for (;;) {
		yaml_event_t event;
		if (next_event(r, &event) < 0)
			return -1;
		yaml_event_type_t type = event.type;
		if (type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
		    type == YAML_DOCUMENT_END_EVENT) {
			yaml_event_delete(&event);
			map_free(r->anchors);
			r->anchors = NULL;
			continue;
		}
		const struct yaml_node *root = read_node(r, &event, 0);
		if (!root || add_root(r, docs, root) < 0)
			return -1;
	}
}

struct yaml_docs *
yaml_parse(struct str text, const char *file, const struct yaml_limits *limits, struct fail *why)
{
	size_t max_bytes = limits && limits->max_bytes ? limits->max_bytes : DEFAULT_BYTES;
	if (text.len > max_bytes) {
		fail_at(why, file, 0, 0, "yaml-size", "the file is larger than %zu bytes", max_bytes);
		return NULL;
	}
	struct owner *owner = mem_zero(1, sizeof(*owner));
	if (!owner) {
		fail_at(why, file, 0, 0, "memory", "out of memory");
		return NULL;
	}
	arena_init(&owner->arena, (max_bytes + 4096) * BYTES_PER_BYTE, 0);
	static const struct str mark = {"\xEF\xBB\xBF", 3}; /* of byte order: editors leave it */
	if (str_starts(text, mark))
		text = str_make(text.p + mark.len, text.len - mark.len);
	struct reader r = {.arena = &owner->arena, .text = text, .why = why,
	    .max_alias_nodes = limits ? limits->max_alias_nodes : 0,
	    .max_depth = limits && limits->max_depth ? limits->max_depth : DEFAULT_DEPTH};
	size_t file_len = strlen(file);
	char *name = arena_alloc(&owner->arena, file_len + 1);
	int result = -1;
	if (!name || !yaml_parser_initialize(&r.parser)) {
		fail_at(why, file, 0, 0, "memory", "out of memory");
		goto out;
	}
	memcpy(name, file, file_len + 1);
	r.file = name;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.len);
	result = read_stream(&r, &owner->docs);
	yaml_parser_delete(&r.parser);
	map_free(r.anchors);
out:
	if (result < 0) {
		yaml_docs_free(&owner->docs);
		return NULL;
	}
	return &owner->docs;
}

struct yaml_docs *
yaml_read_file(const char *path, const struct yaml_limits *limits, struct fail *why)
{
	size_t max = limits && limits->max_bytes ? limits->max_bytes : DEFAULT_BYTES, len = 0;
	char *data = file_read(path, max, &len, why);
	if (!data)
		return NULL;
	struct yaml_docs *docs = yaml_parse(str_make(data, len), path, limits, why);
	mem_free(data);
	return docs;
}

void
yaml_docs_free(struct yaml_docs *docs)
{
	if (!docs)
		return;
	struct owner *owner = (struct owner *)docs; /* docs is its first member */
	arena_fini(&owner->arena);
	mem_free(owner);
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	struct str wanted = str_of(key);
	for (const struct yaml_node *n = map->first; n; n = n->next)
		if (str_eq(n->key->text, wanted))
			return n;
	return NULL;
}

const struct yaml_node *
yaml_at(const struct yaml_node *list, size_t index)
{
	if (!list || list->kind != YAML_LIST)
		return NULL;
	const struct yaml_node *n = list->first;
	while (n && index-- > 0)
		n = n->next;
	return n;
}

int
yaml_fail(struct fail *why, const struct yaml_node *n, const char *code, const char *format, ...)
{
	char text[sizeof(why->text)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return fail_at(why, n->file, n->line, n->column, code, "%s", text);
}
