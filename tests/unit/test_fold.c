#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "unit.h"

#include "sigma/fold.h"

START_TEST(fold_lowers_ascii_and_nothing_else)
{
	for (uint32_t c = 0; c < 128; c++)
		ck_assert_uint_eq(fold_char(c), c >= 'A' && c <= 'Z' ? c + 32 : c);
}
END_TEST

START_TEST(fold_is_idempotent_and_stays_in_unicode)
{
	for (uint32_t c = 0; c < 0x110000; c++) {
		ck_assert_uint_eq(fold_char(fold_char(c)), fold_char(c));
		ck_assert_uint_lt(fold_char(c), 0x110000);
	}
}
END_TEST

/* PCRE2's own tables as the second opinion: does c, without case, match other? */
static size_t
utf8(uint32_t c, PCRE2_UCHAR out[4])
{
	if (c < 0x80) {
		out[0] = (PCRE2_UCHAR)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (PCRE2_UCHAR)(0xC0 | c >> 6);
		out[1] = (PCRE2_UCHAR)(0x80 | (c & 0x3F));
		return 2;
	}
	size_t len = c < 0x10000 ? 3 : 4;
	for (size_t i = len; i-- > 1; c >>= 6)
		out[i] = (PCRE2_UCHAR)(0x80 | (c & 0x3F));
	out[0] = (PCRE2_UCHAR)((len == 3 ? 0xE0 : 0xF0) | c);
	return len;
}

static bool
pcre2_same(uint32_t c, uint32_t other)
{
	int error;
	PCRE2_SIZE at;
	PCRE2_UCHAR pattern[4], text[4];
	pcre2_code *code = pcre2_compile(pattern, utf8(c, pattern), PCRE2_UTF | PCRE2_CASELESS | PCRE2_LITERAL, &error, &at, NULL);
	ck_assert_ptr_nonnull(code);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int found = pcre2_match(code, text, utf8(other, text), 0, 0, data, NULL);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return found >= 0;
}

START_TEST(fold_agrees_with_pcre2)
{
	static const uint32_t steps[] = {1, 2, 7, 8, 16, 26, 32, 40, 48, 80};
	unsigned folded = 0;
	for (uint32_t c = 0x80; c < 0x1F000; c++) {
		if (c >= 0xD800 && c < 0xE000)
			continue;
		if (fold_char(c) != c) {
			folded++;
			ck_assert_msg(pcre2_same(c, fold_char(c)), "U+%04X", c);
		}
		for (size_t i = 0; c < 0x3000 && i < sizeof(steps) / sizeof(steps[0]); i++)
			ck_assert_msg(pcre2_same(c, c + steps[i]) == (fold_char(c) == fold_char(c + steps[i])),
			    "U+%04X U+%04X", c, c + steps[i]);
	}
	ck_assert_uint_gt(folded, 1300);
}
END_TEST

START_TEST(fold_text_folds_and_keeps_broken_bytes)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"", ""},
	    {"Hello, WORLD 42!", "hello, world 42!"},
	    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`@", "abcdefghijklmnopqrstuvwxyz[\\]^_`@"},
	    {"ÄÖÜ", "äöü"},
	    {"ABCDEFGÄHIJKLMNO", "abcdefgähijklmno"},
	    {"\xC3", "\xC3"},
	    {"A\xFF\x80Z", "a\xFF\x80z"},
	    {"\xE2\x84\xAA", "k"},
	    {"Ⱥ", "ⱥ"},
	    {"𐐀", "𐐨"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[64];
		size_t len = fold_text(str_of(rows[i].in), out, sizeof(out));
		ck_assert_msg(str_eq(str_make(out, len), str_of(rows[i].out)), "row %zu", i);
	}
}
END_TEST

START_TEST(fold_text_never_passes_its_room_and_never_splits_a_character)
{
	static const char text[] = "aÄȺ𐐀bcdefghijkl";
	char out[64];
	for (size_t size = 0; size < sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		size_t len = fold_text(str_of(text), out, size);
		ck_assert_uint_le(len, size);
		ck_assert(len == 0 || fold_char_len(out, len) <= len);
		for (size_t i = size; i < sizeof(out); i++)
			ck_assert_int_eq(out[i], '#');
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {fold_lowers_ascii_and_nothing_else, fold_is_idempotent_and_stays_in_unicode,
	    fold_agrees_with_pcre2, fold_text_folds_and_keeps_broken_bytes,
	    fold_text_never_passes_its_room_and_never_splits_a_character, NULL};
	return unit_run("fold", tests);
}
