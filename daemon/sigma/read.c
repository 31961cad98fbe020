#include "sigma/read.h"

#include <string.h>

#include "base/map.h"
#include "sigma/keep.h"
#include "sigma/word.h"

int
read_text(struct arena *arena, const struct yaml_node *node, size_t max, const char **out, struct fail *why)
{
	if (node->kind != YAML_SCALAR || yaml_is_null(node) || node->text.len == 0)
		return yaml_fail(why, node, "text", "a text is expected here");
	if (node->text.len > max)
		return yaml_fail(why, node, "text", "the text is longer than %zu bytes", max);
	if (memchr(node->text.p, '\0', node->text.len))
		return yaml_fail(why, node, "text", "the text holds a NUL byte");
	const char *copy = keep_text(arena, node->text);
	if (!copy)
		return fail_set(why, "memory", "out of memory");
	*out = copy;
	return 0;
}

int
read_texts(struct arena *arena, const struct yaml_node *node, const char *const **out, struct fail *why)
{
	bool list = node && node->kind == YAML_LIST;
	size_t count = list ? node->len : node && !yaml_is_null(node) ? 1 : 0, i = 0;
	if (count > TEXTS_MAX)
		return yaml_fail(why, node, "list", "the list has more than %d entries", TEXTS_MAX);
	const char **texts = keep_zero(arena, count + 1, sizeof(*texts));
	if (!texts)
		return fail_set(why, "memory", "out of memory");
	for (const struct yaml_node *n = list ? node->first : node; n && i < count; n = list ? n->next : NULL) {
		if (read_text(arena, n, 4096, &texts[i++], why))
			return -1;
	}
	*out = texts;
	return 0;
}

int
read_network(const struct yaml_node *node, struct str *field, unsigned *prefix, struct fail *why)
{
	static const struct str address = {"ipAddress/", 10};
	int64_t number;
	*field = node->text;
	*prefix = 32;
	if (node->text.len <= address.len || !str_eq_nocase(str_make(node->text.p, address.len), address))
		return 0;
	struct str digits = str_make(node->text.p + address.len, node->text.len - address.len);
	if (!str_to_i64(digits, &number) || number < 8 || number > 32)
		return yaml_fail(why, node, "network", "the length of a network is from ipAddress/8 to ipAddress/32");
	*prefix = (unsigned)number;
	*field = str_make(node->text.p, address.len - 1);
	return 0;
}

int
read_fields(const struct detection_loader *loader, const struct yaml_node *node, const struct rule_field **out,
    unsigned *count, struct fail *why)
{
	bool list = node && node->kind == YAML_LIST;
	size_t len = list ? node->len : node ? 1 : 0, i = 0;
	struct rule_field *fields = keep_zero(loader->arena, len, sizeof(*fields));
	if (len > RULE_GROUP_MAX)
		return yaml_fail(why, node, "list", "more than %d fields", RULE_GROUP_MAX);
	if (!fields)
		return fail_set(why, "memory", "out of memory");
	for (const struct yaml_node *n = list ? node->first : node; n && i < len; n = list ? n->next : NULL, i++) {
		struct str field;
		if (read_text(loader->arena, n, 256, &fields[i].name, why))
			return -1;
		if (read_network(n, &field, &fields[i].prefix, why) ||
		    field_scope_slot(loader->fields, field, n, &fields[i].slot, why))
			return -1;
	}
	*out = fields;
	*count = (unsigned)len;
	return 0;
}

int
read_span(const struct yaml_node *node, int64_t *out_ms, struct fail *why)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	int64_t number, unit = 0;
	struct str text = node->kind == YAML_SCALAR ? node->text : STR("");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		unit = text.len > 1 && text.p[text.len - 1] == units[i].letter ? units[i].ms : unit;
	if (!unit || !str_to_i64(str_make(text.p, text.len - 1), &number) || number < 1)
		return yaml_fail(why, node, "span", "a span is a whole number and one of s, m, h, d: 10m");
	if (number > SPAN_MAX_DAYS * INT64_C(86400000) / unit)
		return yaml_fail(why, node, "span", "the span is longer than %d days", SPAN_MAX_DAYS);
	*out_ms = number * unit;
	return 0;
}

int
read_keys(const struct yaml_node *map, const char *const *words, const char *where, struct fail *why)
{
	if (map->kind != YAML_MAP)
		return yaml_fail(why, map, "map", "'%s' is a map", where);
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		const char *const *word = words;
		while (*word && !str_eq(n->key->text, str_of(*word)))
			word++;
		if (*word)
			continue;
		const char *near = word_near(n->key->text, words);
		return yaml_fail(why, n->key, "unknown-key", "'%s' has no key '%.64s'%s%s%s", where, n->key->text.p,
		    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	return 0;
}

static uint64_t
hash_text(struct str text, uint64_t before, uint64_t kind)
{
	uint8_t key[16];
	memcpy(key, &before, 8);
	memcpy(key + 8, &kind, 8);
	return siphash(key, text.p ? text.p : "", text.len);
}

uint64_t
read_hash(const struct yaml_node *node, uint64_t before)
{
	if (!node)
		return hash_text(STR(""), before, 9);
	if (node->kind == YAML_SCALAR)
		return hash_text(node->text, before, node->plain);
	before = hash_text(STR(""), before, node->kind == YAML_MAP ? 2 : 3);
	for (const struct yaml_node *n = node->first; n; n = n->next) {
		if (n->key)
			before = hash_text(n->key->text, before, 4);
		before = read_hash(n, before);
	}
	return hash_text(STR(""), before, 5);
}
