#include "sigma/lint.h"

#include <string.h>

#include "sigma/operand.h"

static void
note(struct fail_list *notes, const struct yaml_node *n, const char *code, const char *text)
{
	fail_list_at(notes, n->file, n->line, n->column, code, "%s", text);
}

/* A path whose \* or \? is the character, not a backslash and a wildcard: C:\Windows\* */
static bool
escapes_in_path(struct str text)
{
	bool escaped = false, path = text.len > 2 && text.p[1] == ':' && text.p[2] == '\\';
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.p[i] != '\\')
			continue;
		escaped |= text.p[i + 1] == '*' || text.p[i + 1] == '?';
		path |= !memchr("*?", text.p[i + 1], 2);
		i += memchr("*?\\", text.p[i + 1], 3) != NULL;
	}
	return escaped && path;
}

void
lint_item(struct fail_list *notes, const struct modifiers *modifiers, const struct yaml_node *value)
{
	bool placeholder = false;
	if (modifiers->all && (value->kind == YAML_SCALAR || value->len == 1))
		note(notes, value, "all-of-one", "'all' has one value only: the list may have been forgotten");
	for (const struct yaml_node *v = operand_first(value); v; v = operand_next(value, v)) {
		if (modifiers->comparison == COMPARE_TEXT && escapes_in_path(v->text))
			note(notes, v, "escaped-wildcard",
			    "\\* and \\? are the characters * and ?; a backslash and a wildcard is \\\\*");
		placeholder |= v->text.len > 0 && memchr(v->text.p, '%', v->text.len) != NULL;
	}
	if (modifiers->expand && !placeholder)
		note(notes, value, "no-placeholder", "'expand' has no placeholder such as %name% to replace");
}
