#include "config/yaml_flow.h"

#include <inttypes.h>

/* The character at p: text of a tree is well-formed UTF-8. */
static size_t
sequence(const unsigned char *p, uint32_t *code)
{
	size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	*code = len == 1 ? *p : *p & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		*code = *code << 6 | (p[i] & 0x3f);
	return len;
}

/* Double-quoted (YAML 1.2 section 7.3.1); only printable ASCII stands for itself. */
static int
add_text(struct str text, struct buf *out)
{
	int bad = buf_add(out, "\"", 1);
	uint32_t code;
	for (size_t i = 0; i < text.len && !bad;) {
		i += sequence((const unsigned char *)text.p + i, &code);
		if (code == '"' || code == '\\')
			bad = buf_addf(out, "\\%c", (int)code);
		else if (code >= 0x20 && code < 0x7f)
			bad = buf_addf(out, "%c", (int)code);
		else
			bad = buf_addf(out, "\\U%08" PRIX32, code);
	}
	return bad ? -1 : buf_add(out, "\"", 1);
}

static int
add_scalar(const struct yaml_node *n, struct buf *out)
{
	if (yaml_is_null(n))
		return buf_add_str(out, STR("null"));
	return yaml_is_text(n) ? add_text(n->text, out) : buf_add_str(out, n->text); /* a number or a boolean */
}

int
yaml_flow(const struct yaml_node *n, struct buf *out)
{
	if (n->kind == YAML_SCALAR)
		return add_scalar(n, out);
	bool map = n->kind == YAML_MAP;
	int bad = buf_add(out, map ? "{" : "[", 1);
	for (const struct yaml_node *child = n->first; child && !bad; child = child->next) {
		bad = child == n->first ? 0 : buf_add(out, ", ", 2);
		if (!bad && map)
			bad = add_text(child->key->text, out) | buf_add(out, ": ", 2);
		if (!bad)
			bad = yaml_flow(child, out); /* depth: the reader's cap */
	}
	return bad ? -1 : buf_add(out, map ? "}" : "]", 1);
}
