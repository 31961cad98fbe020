#include "sigma/heading.h"

#include <stddef.h>
#include <stdio.h>

#include "sigma/keep.h"
#include "sigma/read.h"
#include "sigma/word.h"

enum { ID_MAX = HEADING_ID_SIZE - 1 };

static const char *const level_names[] = {"informational", "low", "medium", "high", "critical", NULL};

const char *
rule_level_name(enum rule_level level)
{
	return level_names[level];
}

bool
rule_level_parse(struct str text, enum rule_level *out)
{
	for (unsigned i = 0; level_names[i]; i++) {
		if (str_eq_nocase(text, str_of(level_names[i]))) {
			*out = (enum rule_level)i;
			return true;
		}
	}
	return false;
}

const struct yaml_node *
heading_key(const struct yaml_node *root, const char *key)
{
	const struct yaml_node *n = yaml_get(root, key);
	return n && !yaml_is_null(n) ? n : NULL;
}

static bool
is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

struct str
heading_id(struct str text, char out[static HEADING_ID_SIZE])
{
	size_t len = text.len <= ID_MAX ? text.len : 0;
	for (size_t i = 0; i < len; i++) {
		char c = lower(text.p[i]);
		out[i] = '-';
		if (is_id_char(c))
			out[i] = c;
	}
	return str_make(out, len);
}

static int
parse_id(struct arena *arena, const struct yaml_node *node, struct rule *rule, struct fail *why)
{
	char id[HEADING_ID_SIZE];
	if (node->kind != YAML_SCALAR || node->text.len == 0 || node->text.len > ID_MAX)
		return yaml_fail(why, node, "id", "'id' is a text of 1 to %d characters, a UUID as a rule", ID_MAX);
	rule->id = keep_text(arena, heading_id(node->text, id));
	return rule->id ? 0 : fail_set(why, "memory", "out of memory");
}

/* A rule without an id is known by its name, or by its title. */
static int
make_id(struct arena *arena, const char *name, struct rule *rule, struct fail *why)
{
	char id[ID_MAX + 1];
	size_t len = 0;
	for (const char *p = name ? name : rule->title; *p && len < ID_MAX; p++) {
		char c = lower(*p);
		if (is_id_char(c) && c != '-')
			id[len++] = c;
		else if (len > 0 && id[len - 1] != '-')
			id[len++] = '-';
	}
	while (len > 0 && id[len - 1] == '-')
		len--;
	rule->id = keep_text(arena, len ? str_make(id, len) : STR("rule"));
	return rule->id ? 0 : fail_set(why, "memory", "out of memory");
}

static int
parse_texts(struct arena *arena, const struct yaml_node *root, struct rule *rule, struct fail *why)
{
	static const struct {
		const char *key;
		size_t offset, max;
	} texts[] = {
	    {"title", offsetof(struct rule, title), 256},
	    {"author", offsetof(struct rule, author), 4096},
	    {"description", offsetof(struct rule, description), 65536},
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct yaml_node *n = heading_key(root, texts[i].key);
		const char **out = (const char **)((char *)rule + texts[i].offset);
		if (n && read_text(arena, n, texts[i].max, out, why))
			return -1;
	}
	if (!rule->title)
		return yaml_fail(why, root, "missing-title", "the rule has no 'title'");
	if (read_texts(arena, heading_key(root, "tags"), &rule->tags, why))
		return -1;
	return read_texts(arena, heading_key(root, "references"), &rule->references, why);
}

static int
parse_level(const struct yaml_node *root, struct rule *rule, struct fail *why)
{
	const struct yaml_node *n = heading_key(root, "level");
	rule->level = LEVEL_MEDIUM;
	if (!n || rule_level_parse(n->text, &rule->level))
		return 0;
	const char *near = word_near(n->text, level_names);
	return yaml_fail(why, n, "level", "'level' is informational, low, medium, high or critical%s%s%s",
	    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int
parse_status(const struct yaml_node *root, struct heading *out, struct fail *why)
{
	static const char *const names[] = {"stable", "test", "experimental", "deprecated", "unsupported", NULL};
	const struct yaml_node *n = heading_key(root, "status");
	if (!n)
		return 0;
	for (unsigned i = 0; names[i]; i++) {
		if (str_eq_nocase(n->text, str_of(names[i]))) {
			out->retired = i >= 3;
			return 0;
		}
	}
	const char *near = word_near(n->text, names);
	return yaml_fail(why, n, "status", "'status' is stable, test, experimental, deprecated or unsupported%s%s%s",
	    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int
parse_kind(const struct yaml_node *root, struct heading *out, struct fail *why)
{
	const struct yaml_node *taxonomy = heading_key(root, "taxonomy");
	if (root->kind != YAML_MAP)
		return yaml_fail(why, root, "document", "a rule is a map");
	if (taxonomy && !str_eq(taxonomy->text, STR("sigma")))
		return yaml_fail(why, taxonomy, "unsupported-taxonomy", "only the taxonomy 'sigma' is supported");
	out->kind = HEADING_RULE;
	if (yaml_get(root, "correlation"))
		out->kind = HEADING_CORRELATION;
	else if (yaml_get(root, "filter"))
		out->kind = HEADING_FILTER;
	return 0;
}

int
heading_parse(struct arena *arena, const struct yaml_node *root, struct rule *rule, struct heading *out,
    struct fail *why)
{
	*out = (struct heading){0};
	if (parse_kind(root, out, why) || parse_status(root, out, why) || parse_texts(arena, root, rule, why))
		return -1;
	const struct yaml_node *id = heading_key(root, "id"), *name = heading_key(root, "name");
	if (name && read_text(arena, name, 256, &out->name, why))
		return -1;
	if (id ? parse_id(arena, id, rule, why) : make_id(arena, out->name, rule, why))
		return -1;
	rule->name = out->name;
	rule->file = keep_text(arena, str_of(root->file));
	rule->line = root->line;
	rule->version = 1;
	if (!rule->file)
		return fail_set(why, "memory", "out of memory");
	return parse_level(root, rule, why);
}
