#include "sigma/glyphs.h"

#include <string.h>

#include "base/mem.h"

/* - / and the en dash, em dash and horizontal bar of Unicode */
static const struct str dashes[GLYPH_DASHES] = {
    {"-", 1}, {"/", 1}, {"\xE2\x80\x93", 3}, {"\xE2\x80\x94", 3}, {"\xE2\x80\x95", 3}};

void
glyphs_init(struct glyphs *g)
{
	*g = (struct glyphs){0};
}

void
glyphs_fini(struct glyphs *g)
{
	mem_free(g->items);
	*g = (struct glyphs){0};
}

static int
add(struct glyphs *g, uint16_t glyph)
{
	if (g->len == g->size) {
		size_t size = g->size ? g->size * 2 : 256;
		uint16_t *grown = size > GLYPHS_MAX ? NULL : mem_resize(g->items, size, sizeof(*grown));
		if (!grown)
			return -1;
		g->items = grown;
		g->size = size;
	}
	g->items[g->len++] = glyph;
	return 0;
}

static int
add_bytes(struct glyphs *g, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (add(g, bytes[i]))
			return -1;
	return 0;
}

int
glyphs_read(struct glyphs *g, struct str raw)
{
	g->len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		uint16_t glyph = (uint8_t)raw.p[i];
		if (glyph == '\\' && i + 1 < raw.len && memchr("*?\\", raw.p[i + 1], 3))
			glyph = (uint8_t)raw.p[++i];
		else if (glyph == '*')
			glyph = GLYPH_STAR;
		else if (glyph == '?')
			glyph = GLYPH_ANY;
		if (add(g, glyph))
			return -1;
	}
	return 0;
}

int
glyphs_copy(struct glyphs *g, const struct glyphs *from)
{
	g->len = 0;
	for (size_t i = 0; i < from->len; i++)
		if (add(g, from->items[i]))
			return -1;
	return 0;
}

bool
glyphs_has_wildcards(const struct glyphs *g)
{
	for (size_t i = 0; i < g->len; i++)
		if (g->items[i] == GLYPH_STAR || g->items[i] == GLYPH_ANY)
			return true;
	return false;
}

/* Bytes of the dash that stands at items[at]; 0: none does. */
static size_t
dash_len(const struct glyphs *g, size_t at)
{
	for (size_t i = 0; i < GLYPH_DASHES; i++) {
		size_t n = 0;
		while (n < dashes[i].len && at + n < g->len && g->items[at + n] == (uint8_t)dashes[i].p[n])
			n++;
		if (n == dashes[i].len)
			return n;
	}
	return 0;
}

/* Letters, digits and _; all characters beyond ASCII but the dashes. */
static bool
is_word(const struct glyphs *g, size_t at)
{
	uint16_t c = g->items[at];
	if (c > 0xFF || dash_len(g, at) > 0)
		return false;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

unsigned
glyphs_mark_dashes(struct glyphs *g)
{
	size_t out = 0;
	unsigned count = 0;
	bool behind_word = false;
	for (size_t at = 0; at < g->len;) {
		size_t len = dash_len(g, at);
		bool begins = len > 0 && !behind_word && at + len < g->len && is_word(g, at + len);
		if (begins) {
			g->items[out++] = GLYPH_DASH;
			count++;
			behind_word = false;
			at += len;
			continue;
		}
		behind_word = len == 0 && is_word(g, at);
		for (size_t n = len ? len : 1; n > 0; n--)
			g->items[out++] = g->items[at++];
	}
	g->len = out;
	return count;
}

/* Ends a rewrite: what was written takes the text's place. */
static int
take(struct glyphs *g, struct glyphs *written, int failed)
{
	if (!failed) {
		struct glyphs old = *g;
		*g = *written;
		*written = old;
	}
	glyphs_fini(written);
	return failed;
}

int
glyphs_choose_dashes(struct glyphs *g, unsigned way)
{
	struct glyphs out;
	int failed = 0;
	glyphs_init(&out);
	for (size_t i = 0; i < g->len && !failed; i++) {
		if (g->items[i] != GLYPH_DASH) {
			failed = add(&out, g->items[i]);
			continue;
		}
		const struct str *dash = &dashes[way % GLYPH_DASHES];
		failed = add_bytes(&out, (const uint8_t *)dash->p, dash->len);
		way /= GLYPH_DASHES;
	}
	return take(g, &out, failed);
}

/* The character at items[at] of well-formed UTF-8; *at goes behind it. Ill-formed bytes are taken one by one. */
static uint32_t
next_char(const struct glyphs *g, size_t *at)
{
	uint32_t c = g->items[(*at)++];
	unsigned more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC2 ? 1 : 0;
	if (more == 0 || *at + more > g->len)
		return c;
	c &= 0x3FU >> more;
	for (; more > 0; more--)
		c = c << 6 | (g->items[(*at)++] & 0x3F);
	return c;
}

static int
add_unit(struct glyphs *g, uint32_t unit, enum utf16 form)
{
	uint8_t low = (uint8_t)unit, high = (uint8_t)(unit >> 8);
	const uint8_t bytes[2] = {form == UTF16_BE ? high : low, form == UTF16_BE ? low : high};
	return add_bytes(g, bytes, 2);
}

int
glyphs_utf16(struct glyphs *g, enum utf16 form)
{
	struct glyphs out;
	int failed = 0;
	glyphs_init(&out);
	if (form == UTF16_MARKED)
		failed = add_bytes(&out, (const uint8_t *)"\xFF\xFE", 2);
	for (size_t at = 0; at < g->len && !failed;) {
		if (g->items[at] > 0xFF) {
			failed = add(&out, g->items[at++]);
			continue;
		}
		uint32_t c = next_char(g, &at);
		if (c >= 0x10000)
			failed = add_unit(&out, 0xD800 + ((c - 0x10000) >> 10 & 0x3FF), form);
		if (!failed)
			failed = add_unit(&out, c >= 0x10000 ? 0xDC00 + (c & 0x3FF) : c, form);
	}
	return take(g, &out, failed);
}

/* i bytes are in front, as many as offset says; what they are must not matter. */
int
glyphs_base64(struct glyphs *g, int offset)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const size_t cut_front[BASE64_OFFSETS] = {0, 2, 3}, cut_back[BASE64_OFFSETS] = {0, 3, 2};
	size_t before = offset > 0 ? (size_t)offset : 0, len = before + g->len;
	struct glyphs out;
	int failed = 0;
	glyphs_init(&out);
	for (size_t at = 0; at < len && !failed; at += 3) {
		uint32_t three = 0;
		for (size_t i = at; i < at + 3; i++)
			three = three << 8 | (i < before ? ' ' : i < len ? g->items[i - before] : 0U);
		for (unsigned i = 0; i < 4 && !failed; i++)
			failed = add(&out, (uint8_t)(at + i > len ? '=' : digits[three >> (18 - 6 * i) & 0x3F]));
	}
	if (failed || offset < 0 || out.len == 0)
		return take(g, &out, failed);
	size_t front = cut_front[offset], back = cut_back[len % 3];
	out.len = out.len > front + back ? out.len - front - back : 0;
	memmove(out.items, out.items + front, out.len * sizeof(*out.items));
	return take(g, &out, 0);
}
