#include "sigma/expansion.h"

#include <string.h>

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	    c == '-';
}

/* Length of %name% at text[at], 0 when none is there. */
static size_t
placeholder_len(struct str text, size_t at)
{
	size_t end = at + 1;
	while (end < text.len && is_name(text.p[end]))
		end++;
	return end > at + 1 && end < text.len && text.p[end] == '%' ? end + 1 - at : 0;
}

/* Up to the next placeholder or escaped percent sign. */
static size_t
fixed_len(struct str text, size_t from)
{
	for (size_t at = from; at < text.len; at++) {
		if (text.p[at] == '%' && placeholder_len(text, at) > 0)
			return at - from;
		if (text.p[at] != '\\' || at + 1 == text.len)
			continue;
		if (text.p[at + 1] == '%')
			return at - from;
		if (memchr("*?\\", text.p[at + 1], 3))
			at++;
	}
	return text.len - from;
}

static int
fail_value(struct fail *why, const struct yaml_node *value, size_t at, const char *code, const char *text,
    struct str name)
{
	unsigned column = value->column + (unsigned)at + !value->plain;
	return fail_at(why, value->file, value->line, column, code, "%s%.*s", text,
	    (int)(name.len < 100 ? name.len : 100), name.p);
}

static int
add_piece(struct expansion *x, const struct yaml_node *value, size_t at, struct expansion_piece piece, struct fail *why)
{
	if (x->piece_count == EXPANSION_PIECES_MAX)
		return fail_value(why, value, at, "too-many-placeholders", "the value has too many placeholders", STR(""));
	x->pieces[x->piece_count++] = piece;
	if (!piece.list)
		return 0;
	x->placeholders++;
	if (piece.list->count > 0 && x->count > EXPANSION_TEXTS_MAX / piece.list->count)
		return fail_value(why, value, at, "too-many-values", "the placeholders come to more than 1,000,000 values: ",
		    piece.list->name);
	x->count *= piece.list->count;
	return 0;
}

int
expansion_parse(struct expansion *x, const struct list_set *lists, const struct yaml_node *value, struct fail *why)
{
	struct str text = value->text;
	*x = (struct expansion){.count = 1};
	for (size_t at = 0; at < text.len;) {
		struct expansion_piece piece = {str_make(text.p + at, fixed_len(text, at)), NULL};
		size_t len = piece.text.len;
		if (len == 0 && text.p[at] == '\\') { /* \% */
			piece.text = str_make(text.p + at + 1, 1);
			len = 2;
		} else if (len == 0) {
			len = placeholder_len(text, at);
			struct str name = str_make(text.p + at + 1, len - 2);
			piece.list = list_set_find(lists, name);
			if (!piece.list)
				return fail_value(why, value, at, "unknown-placeholder",
				    "rules.lists has no list for the placeholder ", name);
		}
		if (add_piece(x, value, at, piece, why))
			return -1;
		at += len;
	}
	return 0;
}

/* A backslash at its end would escape what comes behind it. */
static bool
ends_open(struct str text)
{
	size_t backslashes = 0;
	while (backslashes < text.len && text.p[text.len - 1 - backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 1;
}

int
expansion_text(const struct expansion *x, size_t index, struct buf *out)
{
	buf_clear(out);
	for (unsigned i = 0; i < x->piece_count; i++) {
		const struct expansion_piece *piece = &x->pieces[i];
		struct str text = piece->text;
		if (piece->list) {
			text = piece->list->items[index % piece->list->count];
			index /= piece->list->count;
		}
		if (buf_add_str(out, text) || (i + 1 < x->piece_count && ends_open(text) && buf_add_str(out, STR("\\"))))
			return -1;
	}
	return 0;
}
