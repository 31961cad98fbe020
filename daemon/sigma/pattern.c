#include "sigma/pattern.h"

#include <stdint.h>
#include <string.h>

#include "sigma/fold.h"
#include "sigma/glyphs.h"

/* While a pattern is made: text without stars, and where the stars were. */
struct pattern_reader {
	char *text;
	size_t len;
	struct str *pieces;
	unsigned piece_count;
	bool has_class;   /* a byte that stands for others */
	bool has_class_byte; /* a byte that looks like one: of no well-formed UTF-8 */
};

static void
add_star(struct pattern_reader *r)
{
	struct str *piece = &r->pieces[r->piece_count - 1];
	piece->len = (size_t)(r->text + r->len - piece->p);
	if (r->piece_count > 1 && piece->len == 0)
		return; /* two stars in a row are one */
	r->pieces[r->piece_count++] = str_make(r->text + r->len, 0);
}

static bool
is_class(char c)
{
	return c == PATTERN_ANY_CHAR || c == PATTERN_DASH;
}

static void
read_pieces(struct pattern_reader *r, const struct glyphs *glyphs)
{
	for (size_t i = 0; i < glyphs->len; i++) {
		uint16_t glyph = glyphs->items[i];
		if (glyph == GLYPH_STAR) {
			add_star(r);
			continue;
		}
		char c = glyph == GLYPH_ANY ? PATTERN_ANY_CHAR : glyph == GLYPH_DASH ? PATTERN_DASH : (char)glyph;
		r->has_class |= glyph > 0xFF;
		r->has_class_byte |= glyph <= 0xFF && is_class(c);
		r->text[r->len++] = c;
	}
}

/* A folded copy; what stands for others is ill-formed UTF-8, which folding keeps. */
static int
fold_copy(struct arena *arena, struct str *text)
{
	size_t size = text->len + text->len / 2 + 4;
	char *copy = arena_alloc(arena, size);
	if (!copy)
		return -1;
	*text = str_make(copy, fold_text(*text, copy, size));
	return 0;
}

static void
choose_kind(const struct pattern_reader *r, struct pattern *out)
{
	const struct str *p = r->pieces;
	*out = (struct pattern){PATTERN_GLOB, {"", 0}, p, r->piece_count};
	if (r->has_class && r->has_class_byte) /* no text of an event has such a byte */
		*out = (struct pattern){PATTERN_EQUALS, STR("\xFF"), NULL, 0};
	if (r->has_class)
		return;
	if (r->piece_count == 1)
		*out = (struct pattern){PATTERN_EQUALS, p[0], NULL, 0};
	else if (r->piece_count == 2 && p[0].len == 0 && p[1].len == 0)
		*out = (struct pattern){PATTERN_ANY, {"", 0}, NULL, 0};
	else if (r->piece_count == 2 && p[1].len == 0)
		*out = (struct pattern){PATTERN_STARTS, p[0], NULL, 0};
	else if (r->piece_count == 2 && p[0].len == 0)
		*out = (struct pattern){PATTERN_ENDS, p[1], NULL, 0};
	else if (r->piece_count == 3 && p[0].len == 0 && p[2].len == 0)
		*out = (struct pattern){PATTERN_CONTAINS, p[1], NULL, 0};
}

int
pattern_make(struct arena *arena, const struct glyphs *glyphs, enum pattern_wrap wrap, bool cased, struct pattern *out)
{
	struct pattern_reader r = {.piece_count = 1};
	size_t stars = 3; /* one piece more than stars; a wrap adds up to two */
	for (size_t i = 0; i < glyphs->len; i++)
		stars += glyphs->items[i] == GLYPH_STAR;
	r.text = arena_alloc(arena, glyphs->len + 1);
	r.pieces = arena_alloc(arena, stars * sizeof(struct str));
	if (!r.text || !r.pieces)
		return -1;
	r.pieces[0] = str_make(r.text, 0);
	if (wrap == WRAP_CONTAINS || wrap == WRAP_ENDSWITH)
		add_star(&r);
	read_pieces(&r, glyphs);
	if (wrap == WRAP_CONTAINS || wrap == WRAP_STARTSWITH)
		add_star(&r);
	struct str *last = &r.pieces[r.piece_count - 1];
	last->len = (size_t)(r.text + r.len - last->p);
	for (unsigned i = 0; !cased && i < r.piece_count; i++) {
		if (fold_copy(arena, &r.pieces[i]))
			return -1;
	}
	choose_kind(&r, out);
	return 0;
}

int
pattern_parse(struct arena *arena, struct str raw, enum pattern_wrap wrap, bool cased, struct pattern *out)
{
	struct glyphs glyphs;
	glyphs_init(&glyphs);
	int failed = glyphs_read(&glyphs, raw);
	if (!failed)
		failed = pattern_make(arena, &glyphs, wrap, cased, out);
	glyphs_fini(&glyphs);
	return failed;
}

/* Bytes of the dash at text[at], 0 when none is there: - / U+2013 U+2014 U+2015. */
static size_t
dash_len(struct str text, size_t at)
{
	if (text.p[at] == '-' || text.p[at] == '/')
		return 1;
	return text.len - at >= 3 && memcmp(text.p + at, "\xE2\x80", 2) == 0 && (uint8_t)text.p[at + 2] >= 0x93 &&
	    (uint8_t)text.p[at + 2] <= 0x95 ? 3 : 0;
}

/* Bytes of what the class meets at text[at]; 0: it does not. */
static size_t
class_len(char class, struct str text, size_t at)
{
	return class == PATTERN_DASH ? dash_len(text, at) : fold_char_len(text.p + at, text.len - at);
}

/* End of the piece when it stands at text[at], else -1. */
static ptrdiff_t
piece_at(struct str text, size_t at, struct str piece)
{
	for (size_t i = 0; i < piece.len; i++) {
		if (at >= text.len)
			return -1;
		size_t len = is_class(piece.p[i]) ? class_len(piece.p[i], text, at) : 0;
		if (len > 0)
			at += len;
		else if (piece.p[i] == text.p[at])
			at++;
		else
			return -1;
	}
	return (ptrdiff_t)at;
}

static size_t
char_len_before(struct str text, size_t end)
{
	for (size_t len = 2; len <= 4 && len <= end; len++) {
		if (fold_char_len(text.p + end - len, len) == len)
			return len;
	}
	return 1;
}

/* Start of the piece when it ends the text, else -1. */
static ptrdiff_t
piece_before_end(struct str text, struct str piece)
{
	size_t at = text.len;
	for (size_t i = piece.len; i-- > 0;) {
		if (at == 0)
			return -1;
		size_t len = is_class(piece.p[i]) ? char_len_before(text, at) : 1;
		if (is_class(piece.p[i]) ? class_len(piece.p[i], text, at - len) != len : piece.p[i] != text.p[at - 1])
			return -1;
		at -= len;
	}
	return (ptrdiff_t)at;
}

/* End of the leftmost piece at or behind `at`, else -1. A class never starts within a character. */
static ptrdiff_t
piece_behind(struct str text, size_t at, struct str piece)
{
	if (!memchr(piece.p, (uint8_t)PATTERN_ANY_CHAR, piece.len) && !memchr(piece.p, (uint8_t)PATTERN_DASH, piece.len)) {
		const char *hit = memmem(text.p + at, text.len - at, piece.p, piece.len);
		return hit ? hit + piece.len - text.p : -1;
	}
	while (at < text.len) {
		ptrdiff_t end = piece_at(text, at, piece);
		if (end >= 0)
			return end;
		at += fold_char_len(text.p + at, text.len - at);
	}
	return -1;
}

static bool
glob_matches(const struct pattern *pattern, struct str text)
{
	const struct str *pieces = pattern->pieces;
	unsigned last = pattern->piece_count - 1;
	ptrdiff_t at = piece_at(text, 0, pieces[0]);
	if (at < 0 || last == 0)
		return at == (ptrdiff_t)text.len;
	for (unsigned i = 1; i < last; i++) {
		at = piece_behind(text, (size_t)at, pieces[i]);
		if (at < 0)
			return false;
	}
	ptrdiff_t tail = piece_before_end(text, pieces[last]);
	return tail >= at;
}

bool
pattern_matches(const struct pattern *pattern, struct str text)
{
	switch (pattern->kind) {
	case PATTERN_EQUALS:
		return str_eq(text, pattern->literal);
	case PATTERN_STARTS:
		return str_starts(text, pattern->literal);
	case PATTERN_ENDS:
		return str_ends(text, pattern->literal);
	case PATTERN_CONTAINS:
		return memmem(text.p, text.len, pattern->literal.p, pattern->literal.len) != NULL;
	case PATTERN_ANY:
		return true;
	case PATTERN_GLOB:
		return glob_matches(pattern, text);
	}
	return false;
}
