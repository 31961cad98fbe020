#include "detect/outcome_class.h"

#include "base/map.h"
#include "base/mem.h"
#include "config/yaml.h"

enum { CODE_MAX = 64 };

struct outcome_table {
	struct map *codes; /* lower case -> one of classes */
};

static const enum outcome_class classes[] = {OUTCOME_OTHER, OUTCOME_FAILURE, OUTCOME_INTERRUPTED, OUTCOME_SUCCESS};
static const char *const names[] = {"other", "failure", "interrupted", "success"};

const char *
outcome_class_name(enum outcome_class class)
{
	return names[class];
}

/* Lower case, without white space around; len 0 when it is too long to be a code. */
static struct str
code_key(struct str code, char out[CODE_MAX])
{
	code = str_trim(code);
	if (code.len > CODE_MAX)
		return str_make(out, 0);
	for (size_t i = 0; i < code.len; i++)
		out[i] = code.p[i] >= 'A' && code.p[i] <= 'Z' ? (char)(code.p[i] | 0x20) : code.p[i];
	return str_make(out, code.len);
}

static int
load_code(struct outcome_table *t, const struct yaml_node *n, enum outcome_class class, struct fail_list *problems)
{
	struct fail why = {0};
	char text[CODE_MAX];
	struct str key = n->kind == YAML_SCALAR ? code_key(n->text, text) : STR("");
	if (key.len == 0)
		yaml_fail(&why, n, "result-code", "a result code is a number or a word of at most %d characters", CODE_MAX);
	else if (map_get(t->codes, key))
		yaml_fail(&why, n, "duplicate-code", "code %.*s is listed twice", (int)key.len, key.p);
	else {
		void *value;
		const enum outcome_class *constant = &classes[class];
		memcpy(&value, &constant, sizeof(value)); /* the map keeps it and never writes to it */
		if (map_set(t->codes, key, value) == 0)
			return 0;
		fail_set(&why, "memory", "no memory for result codes");
	}
	fail_list_add(problems, &why);
	return -1;
}

static int
load_class(struct outcome_table *t, const struct yaml_node *list, struct fail_list *problems)
{
	struct fail why = {0};
	enum outcome_class class = OUTCOME_OTHER;
	for (unsigned i = OUTCOME_FAILURE; i <= OUTCOME_SUCCESS; i++)
		if (str_eq(list->key->text, str_of(names[i])))
			class = (enum outcome_class)i;
	if (class == OUTCOME_OTHER || list->kind != YAML_LIST) {
		yaml_fail(&why, list, "outcome-class", "only failure, interrupted and success are known here, each a list of codes");
		fail_list_add(problems, &why);
		return -1;
	}
	int result = 0;
	for (const struct yaml_node *n = list->first; n; n = n->next)
		if (load_code(t, n, class, problems) < 0)
			result = -1;
	return result;
}

static int
load_root(struct outcome_table *t, const struct yaml_docs *docs, const char *path, struct fail_list *problems)
{
	if (docs->len != 1 || docs->roots[0]->kind != YAML_MAP)
		return fail_list_at(problems, path, 1, 1, "outcome-class", "the file must be one mapping of classes to lists of codes");
	int result = 0;
	for (const struct yaml_node *n = docs->roots[0]->first; n; n = n->next)
		if (load_class(t, n, problems) < 0)
			result = -1;
	return result;
}

struct outcome_table *
outcome_table_load(const char *path, struct fail_list *problems)
{
	struct fail why = {0};
	struct yaml_docs *docs = yaml_read_file(path, NULL, &why);
	if (!docs) {
		fail_list_add(problems, &why);
		return NULL;
	}
	struct outcome_table *t = mem_zero(1, sizeof(*t));
	if (t)
		t->codes = map_new();
	if (!t || !t->codes) {
		fail_set(&why, "memory", "no memory for result codes");
		fail_list_add(problems, &why);
	} else if (load_root(t, docs, path, problems) == 0) {
		yaml_docs_free(docs);
		return t;
	}
	yaml_docs_free(docs);
	outcome_table_free(t);
	return NULL;
}

void
outcome_table_free(struct outcome_table *t)
{
	if (!t)
		return;
	map_free(t->codes);
	mem_free(t);
}

enum outcome_class
outcome_table_find(const struct outcome_table *t, struct str code)
{
	char text[CODE_MAX];
	struct str key = code_key(code, text);
	const enum outcome_class *class = key.len ? map_get(t->codes, key) : NULL;
	return class ? *class : OUTCOME_OTHER;
}

enum outcome_class
outcome_of(const struct outcome_table *t, const struct event *e, int64_t *code)
{
	struct str text = str_trim(event_text(e, FIELD_RESULT_TYPE));
	int64_t number;
	*code = str_to_i64(text, &number) && number >= 0 ? number : -1;
	return outcome_table_find(t, text);
}
