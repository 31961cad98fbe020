#include "unit/unit.h"

#include "base/str.h"

START_TEST(str_compares_bytes_and_lengths)
{
	ck_assert(str_eq(STR("a\0b"), str_make("a\0b", 3)));
	ck_assert(!str_eq(STR("ab"), STR("abc")));
	ck_assert(str_eq(str_make(NULL, 0), STR("")));
	ck_assert_int_lt(str_cmp(STR("ab"), STR("abc")), 0);
	ck_assert_int_gt(str_cmp(STR("\xFF"), STR("a")), 0);
	ck_assert_int_eq(str_cmp(str_make(NULL, 0), STR("")), 0);
}
END_TEST

START_TEST(str_folds_ascii_case_only)
{
	ck_assert(str_eq_nocase(STR("Content-TYPE"), STR("cONTENT-type")));
	ck_assert(!str_eq_nocase(STR("\xC3\x84"), STR("\xC3\xA4")));
	ck_assert(!str_eq_nocase(STR("@"), STR("`")));
	ck_assert(!str_eq_nocase(STR("["), STR("{")));
}
END_TEST

START_TEST(str_finds_prefix_suffix_and_first_occurrence)
{
	ck_assert(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
	ck_assert(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
	ck_assert_int_eq(str_find(STR("abcabc"), STR("ca")), 2);
	ck_assert_int_eq(str_find(STR("abc"), STR("d")), -1);
	ck_assert_int_eq(str_find(STR("abc"), STR("")), 0);
	ck_assert_int_eq(str_find(str_make(NULL, 0), STR("a")), -1);
}
END_TEST

START_TEST(str_trim_takes_space_from_both_ends_only)
{
	ck_assert(str_eq(str_trim(STR(" \t\r\na b\n ")), STR("a b")));
	ck_assert(str_eq(str_trim(STR(" \t ")), STR("")));
}
END_TEST

START_TEST(str_split_gives_every_piece_once)
{
	struct str rest = STR("a,,b");
	ck_assert(str_eq(str_split(&rest, ','), STR("a")));
	ck_assert(str_eq(str_split(&rest, ','), STR("")));
	ck_assert(str_eq(str_split(&rest, ','), STR("b")));
	ck_assert_uint_eq(rest.len, 0);
	ck_assert_uint_eq(str_split(&rest, ',').len, 0);
}
END_TEST

START_TEST(str_to_i64_takes_whole_integers_in_range)
{
	int64_t v = 7;
	ck_assert(str_to_i64(STR("9223372036854775807"), &v) && v == INT64_MAX);
	ck_assert(str_to_i64(STR("-9223372036854775808"), &v) && v == INT64_MIN);
	ck_assert(str_to_i64(STR("007"), &v) && v == 7);
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808",
	    "-9223372036854775809", "99999999999999999999999"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(!str_to_i64(str_of(bad[i]), &v), "%s", bad[i]);
		ck_assert_int_eq(v, 7);
	}
}
END_TEST

START_TEST(str_to_double_takes_json_numbers_only)
{
	double v = 7;
	static const char *const good[] = {"0", "-0", "1.5", "1e3", "-12.25E-2", "123456789.125", "1e-400"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(str_to_double(str_of(good[i]), &v), "%s", good[i]);
		ck_assert_msg(!(v < strtod(good[i], NULL)) && !(v > strtod(good[i], NULL)), "%s", good[i]);
	}
	static const char *const bad[] = {"", "-", "01", ".5", "1.", "1e", "1e+", "+1", "inf", "nan", "0x10", "1e999",
	    "1,5", " 1", "1 "};
	v = 7;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!str_to_double(str_of(bad[i]), &v) && v > 6.9, "%s", bad[i]);
	char many[402];
	memset(many, '1', sizeof many);
	ck_assert(!str_to_double(str_make(many, 401), &v));
	ck_assert(str_to_double(str_make(many, 300), &v));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {str_compares_bytes_and_lengths, str_folds_ascii_case_only,
	    str_finds_prefix_suffix_and_first_occurrence, str_trim_takes_space_from_both_ends_only,
	    str_split_gives_every_piece_once, str_to_i64_takes_whole_integers_in_range,
	    str_to_double_takes_json_numbers_only, NULL};
	return unit_run("str", tests);
}
