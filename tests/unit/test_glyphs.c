#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "sigma/glyphs.h"

static uint32_t seed = 2463534242;

static uint32_t
roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % sides;
}

static size_t
bytes_of(const struct glyphs *g, char *out)
{
	for (size_t i = 0; i < g->len; i++) {
		ck_assert_uint_lt(g->items[i], 256);
		out[i] = (char)g->items[i];
	}
	out[g->len] = '\0';
	return g->len;
}

/* With D for a dash, S for a star and A for any character. */
static void
check_dashes(const char *text, const char *expected)
{
	char found[128];
	struct glyphs g;
	glyphs_init(&g);
	ck_assert_int_eq(glyphs_read(&g, str_of(text)), 0);
	(void)glyphs_mark_dashes(&g);
	for (size_t i = 0; i < g.len; i++)
		found[i] = g.items[i] == GLYPH_DASH ? 'D' :
		    g.items[i] == GLYPH_STAR        ? 'S' :
		    g.items[i] == GLYPH_ANY         ? 'A' :
						      (char)g.items[i];
	found[g.len] = '\0';
	ck_assert_str_eq(found, expected);
	glyphs_fini(&g);
}

START_TEST(dashes_are_marked_where_a_parameter_begins)
{
	check_dashes("-a", "Da");
	check_dashes("/a -b", "Da Db");
	check_dashes("a-b", "a-b");
	check_dashes("a -b-c", "a Db-c");
	check_dashes("--ab", "-Dab");
	check_dashes("-/ab", "-Dab");
	check_dashes("- a", "- a");
	check_dashes("a -", "a -");
	check_dashes("*-a?-b", "SDaADb");
	check_dashes("-*", "-S");
	check_dashes("\xE2\x80\x93\x61 \xE2\x80\x95\x62", "Da Db");
	check_dashes("a\xE2\x80\x94\x62", "a\xE2\x80\x94\x62");
	check_dashes("-\xC3\xA9", "D\xC3\xA9");
	check_dashes("\xC3\xA9-a", "\xC3\xA9-a");
	check_dashes(":-a", ":Da");
	check_dashes("-_", "D_");
	check_dashes("\\*-a\\\\", "*Da\\");
	check_dashes("", "");
}
END_TEST

START_TEST(dashes_are_chosen_in_every_way_once)
{
	char found[25][16];
	for (unsigned way = 0; way < 25; way++) {
		struct glyphs g;
		glyphs_init(&g);
		ck_assert_int_eq(glyphs_read(&g, STR("-a /b")), 0);
		ck_assert_uint_eq(glyphs_mark_dashes(&g), 2);
		ck_assert_int_eq(glyphs_choose_dashes(&g, way), 0);
		bytes_of(&g, found[way]);
		for (unsigned other = 0; other < way; other++)
			ck_assert_str_ne(found[way], found[other]);
		glyphs_fini(&g);
	}
}
END_TEST

/* Whatever stands around a value, one of its three forms stands in the base64 of the whole. */
START_TEST(base64offset_is_in_the_base64_of_every_text_around)
{
	for (unsigned round = 0; round < 20000; round++) {
		char value[24], whole[96], form[64], encoded[160];
		size_t len = 2 + roll(20), front = roll(8), back = roll(8);
		for (size_t i = 0; i < front + len + back; i++)
			whole[i] = (char)(1 + roll(255));
		memcpy(value, whole + front, len);
		codec_base64((const uint8_t *)whole, front + len + back, encoded);
		struct glyphs g;
		glyphs_init(&g);
		for (size_t i = 0; i < len; i++)
			if (value[i] == '*' || value[i] == '?' || value[i] == '\\')
				value[i] = whole[front + i] = 'x';
		codec_base64((const uint8_t *)whole, front + len + back, encoded);
		ck_assert_int_eq(glyphs_read(&g, str_make(value, len)), 0);
		ck_assert_int_eq(glyphs_base64(&g, (int)(front % 3)), 0);
		ck_assert_uint_gt(bytes_of(&g, form), 0);
		ck_assert_msg(strstr(encoded, form) != NULL, "%s is not in %s", form, encoded);
		/* all that depends on the value alone: (8 * len - 5) / 6 digits at least */
		ck_assert_uint_ge(strlen(form), (8 * len - 4) / 6);
		glyphs_fini(&g);
	}
}
END_TEST

START_TEST(base64_of_nothing_is_nothing)
{
	for (int offset = -1; offset < 3; offset++) {
		struct glyphs g;
		glyphs_init(&g);
		ck_assert_int_eq(glyphs_base64(&g, offset), 0);
		ck_assert_uint_eq(g.len, 0);
		glyphs_fini(&g);
	}
}
END_TEST

START_TEST(base64_is_that_of_the_codec)
{
	for (unsigned round = 0; round < 2000; round++) {
		char value[32], found[64], expected[64];
		size_t len = roll(30);
		for (size_t i = 0; i < len; i++)
			value[i] = (char)('0' + roll(10));
		struct glyphs g;
		glyphs_init(&g);
		ck_assert_int_eq(glyphs_read(&g, str_make(value, len)), 0);
		ck_assert_int_eq(glyphs_base64(&g, -1), 0);
		bytes_of(&g, found);
		codec_base64((const uint8_t *)value, len, expected);
		ck_assert_str_eq(found, expected);
		glyphs_fini(&g);
	}
}
END_TEST

START_TEST(utf16_has_pairs_for_characters_beyond_the_first_plane)
{
	static const struct {
		enum utf16 form;
		const char *bytes;
		size_t len;
	} rows[] = {{UTF16_LE, "a\0\xE9\0\x3D\xD8\x11\xDD", 8}, {UTF16_BE, "\0a\0\xE9\xD8\x3D\xDD\x11", 8},
	    {UTF16_MARKED, "\xFF\xFE" "a\0\xE9\0\x3D\xD8\x11\xDD", 10}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char found[32];
		struct glyphs g;
		glyphs_init(&g);
		ck_assert_int_eq(glyphs_read(&g, STR("a\xC3\xA9\xF0\x9F\x94\x91")), 0);
		ck_assert_int_eq(glyphs_utf16(&g, rows[i].form), 0);
		ck_assert_uint_eq(bytes_of(&g, found), rows[i].len);
		ck_assert(memcmp(found, rows[i].bytes, rows[i].len) == 0);
		glyphs_fini(&g);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {dashes_are_marked_where_a_parameter_begins, dashes_are_chosen_in_every_way_once,
	    base64offset_is_in_the_base64_of_every_text_around, base64_of_nothing_is_nothing, base64_is_that_of_the_codec,
	    utf16_has_pairs_for_characters_beyond_the_first_plane, NULL};
	return unit_run("glyphs", tests);
}
