/* Any bytes: a tree or a reason, never both, and every node has a place. */
#include <stdlib.h>

#include "config/yaml.h"
#include "fuzz/fuzz.h"

static size_t visited, nodes_max;

static void
walk(const struct yaml_node *n)
{
	int64_t integer;
	double number;
	bool boolean;
	if (++visited > nodes_max)
		abort(); /* more than the text and its aliases can be */
	if (n->line == 0 || n->column == 0)
		abort();
	if (n->kind == YAML_SCALAR) {
		if (n->text.p[n->text.len] != '\0')
			abort();
		int types = yaml_is_null(n) + yaml_as_bool(n, &boolean) + yaml_as_double(n, &number) + yaml_is_text(n);
		if (types != 1 || (yaml_as_int(n, &integer) && !yaml_as_double(n, &number)))
			abort();
		return;
	}
	size_t children = 0;
	for (const struct yaml_node *child = n->first; child; child = child->next, children++) {
		if ((n->kind == YAML_MAP) != (child->key != NULL))
			abort();
		walk(child);
	}
	if (children != n->len)
		abort();
}

static void
try_limits(const uint8_t *data, size_t size, const struct yaml_limits *limits)
{
	struct fail why = {0};
	struct yaml_docs *docs = yaml_parse(str_make((const char *)data, size), "fuzz.yaml", limits, &why);
	if (!docs == !why.text[0])
		abort();
	visited = 0;
	nodes_max = size + 2 + (limits ? limits->max_alias_nodes : 0);
	for (size_t i = 0; docs && i < docs->len; i++)
		walk(docs->roots[i]);
	yaml_docs_free(docs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_limits(data, size, NULL);
	try_limits(data, size, &(struct yaml_limits){.max_alias_nodes = 1000});
	return 0;
}
