#include "unit/unit.h"

#include "base/fail.h"

START_TEST(fail_set_keeps_the_place_and_fail_at_gives_one)
{
	struct fail why = {0};
	char text[700];
	ck_assert_int_eq(fail_at(&why, "rules/a.yml", 3, 7, "bad-key", "unknown key %s", "x"), -1);
	fail_print(&why, text, sizeof text);
	ck_assert_str_eq(text, "rules/a.yml:3:7: error: unknown key x [bad-key]");
	ck_assert_int_eq(fail_set(&why, "", "%s, seen again", why.text), -1);
	fail_print(&why, text, sizeof text);
	ck_assert_str_eq(text, "rules/a.yml:3:7: error: unknown key x, seen again");
	ck_assert_int_eq(fail_set(NULL, "x", "y"), -1);
}
END_TEST

START_TEST(fail_print_leaves_out_what_is_unknown)
{
	struct fail why = {0};
	char text[700];
	fail_set(&why, "io", "no space");
	fail_print(&why, text, sizeof text);
	ck_assert_str_eq(text, "error: no space [io]");
	fail_at(&why, "a", 0, 0, "", "gone");
	fail_print(&why, text, sizeof text);
	ck_assert_str_eq(text, "a: error: gone");
	fail_print(&why, text, 5);
	ck_assert_str_eq(text, "a: e");
}
END_TEST

START_TEST(fail_text_has_no_control_bytes_and_is_cut_at_a_character)
{
	struct fail why = {0};
	char longest[400];
	memset(longest, 'x', sizeof longest);
	memcpy(longest + sizeof why.text - 2, "\xC3\xA4\n\x7F", 5);
	fail_set(&why, "c", "%s", longest);
	ck_assert_uint_eq(strlen(why.text), sizeof why.text - 2);
	fail_set(&why, "c", "a\nb\x7F\x1B[1m");
	ck_assert_str_eq(why.text, "a?b??[1m");
}
END_TEST

START_TEST(fail_list_keeps_a_thousand_and_counts_the_rest)
{
	struct fail_list list;
	fail_list_init(&list);
	for (unsigned i = 1; i <= 1005; i++)
		ck_assert_int_eq(fail_list_at(&list, "f", i, 1, "c", "t"), -1);
	ck_assert_uint_eq(list.len, 1000);
	ck_assert_uint_eq(list.dropped, 5);
	ck_assert_uint_eq(list.items[999].line, 1000);
	fail_list_fini(&list);
	ck_assert_uint_eq(list.len, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {fail_set_keeps_the_place_and_fail_at_gives_one,
	    fail_print_leaves_out_what_is_unknown, fail_text_has_no_control_bytes_and_is_cut_at_a_character,
	    fail_list_keeps_a_thousand_and_counts_the_rest, NULL};
	return unit_run("fail", tests);
}
