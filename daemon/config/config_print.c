#include "base/buf.h"
#include "config/config.h"
#include "config/option.h"
#include "config/option_value.h"

enum { VALUE_MAX = 1 << 20 };

/* How many bytes of path and before are the same sections. */
static size_t
common_sections(const char *path, const char *before)
{
	size_t common = 0;
	for (size_t i = 0; path[i] && path[i] == before[i]; i++)
		if (path[i] == '.')
			common = i + 1;
	return common;
}

static int
indent(unsigned depth, struct buf *out)
{
	return buf_addf(out, "%*s", (int)depth * 2, "");
}

/* The sections of path that were not open yet, a line each, then "name:" of its last part. */
static int
print_key(const char *path, const char *before, unsigned depth, bool inline_first, struct buf *out)
{
	size_t open = common_sections(path, before);
	const char *part = path;
	int bad = 0;
	for (; *part && !bad; depth++) {
		size_t len = strcspn(part, ".");
		bool is_last = part[len] == '\0';
		if (is_last || (size_t)(part - path) >= open) {
			if (!inline_first)
				bad |= indent(depth, out);
			inline_first = false;
			bad |= buf_addf(out, "%.*s:%s", (int)len, part, is_last ? "" : "\n");
		}
		part += len + (is_last ? 0 : 1);
	}
	return bad ? -1 : 0;
}

static unsigned
depth_of(const char *path)
{
	unsigned depth = 0;
	for (; *path; path++)
		depth += *path == '.';
	return depth;
}

static int print_scope(enum option_scope scope, const void *base, unsigned depth, struct buf *out);

static int
print_items(const struct option *o, const struct option_items *kind, const void *base, unsigned depth, struct buf *out)
{
	const char *items;
	/* option_count gives a place in base, which is only read here. */
	size_t count = *option_count(o, (void *)(uintptr_t)base);
	memcpy(&items, (const char *)base + o->offset, sizeof(items));
	if (count == 0)
		return buf_add_str(out, STR(" []\n"));
	int bad = buf_add(out, "\n", 1);
	for (size_t i = 0; i < count && !bad; i++) {
		bad |= indent(depth + 1, out) | buf_add(out, "- ", 2);
		bad |= print_scope(kind->scope, items + i * kind->size, depth + 2, out);
	}
	return bad ? -1 : 0;
}

/* Rows stand in the table so that a section is never left and entered again. An item begins behind its "- ". */
static int
print_scope(enum option_scope scope, const void *base, unsigned depth, struct buf *out)
{
	size_t count;
	const struct option *table = option_table(&count);
	const char *before = "";
	bool is_item = scope != SCOPE_CONFIG;
	for (size_t i = 0; i < count; i++) {
		const struct option *o = &table[i];
		struct option_items kind;
		if (o->scope != scope)
			continue;
		if (print_key(o->path, before, depth, is_item && before[0] == '\0', out) < 0)
			return -1;
		before = o->path;
		if (option_items(o, &kind)) {
			if (print_items(o, &kind, base, depth + depth_of(o->path), out) < 0)
				return -1;
			continue;
		}
		if (buf_add(out, " ", 1) < 0 || option_print(o, base, out) < 0 || buf_add(out, "\n", 1) < 0)
			return -1;
	}
	return 0;
}

int
config_print(const struct config *c, struct buf *out)
{
	return print_scope(SCOPE_CONFIG, c, 0, out);
}

static int
print_value(const struct option *o, const struct config *c, struct buf *out)
{
	struct option_items kind;
	buf_clear(out);
	return option_items(o, &kind) ? print_items(o, &kind, c, 0, out) : option_print(o, c, out);
}

size_t
config_restart_needed(const struct config *running, const struct config *loaded, const char **names, size_t max)
{
	size_t count, found = 0;
	const struct option *table = option_table(&count);
	struct buf a, b;
	buf_init(&a, VALUE_MAX);
	buf_init(&b, VALUE_MAX);
	for (size_t i = 0; i < count && found < max; i++) {
		const struct option *o = &table[i];
		if (o->scope != SCOPE_CONFIG || o->reload)
			continue;
		if (print_value(o, running, &a) < 0 || print_value(o, loaded, &b) < 0)
			continue;
		if (!str_eq(buf_str(&a), buf_str(&b)))
			names[found++] = o->path;
	}
	buf_fini(&a);
	buf_fini(&b);
	return found;
}
