/* Searches that would take hours end soon, and those that only look like them find what is there. */
#include "sigma/regex.h"

#include <string.h>

#include "unit/unit.h"

static int
search(const char *pattern, struct str text)
{
	struct fail why = {0};
	struct regex *regex = regex_new(str_of(pattern), 0, &why);
	struct regex_scratch *scratch = regex_scratch_new(100000);
	ck_assert_msg(regex && scratch, "%s", why.text);
	int found = regex_search(regex, scratch, text);
	regex_scratch_free(scratch);
	regex_free(regex);
	return found;
}

START_TEST(regex_gives_up_where_one_place_takes_too_long)
{
	ck_assert_int_eq(search("^(a+)+$", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")), -1);
	ck_assert_int_eq(search("^(\\w+\\s?)*$", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")), -1);
}
END_TEST

/* Each place stays below the limit, all of them together would take seconds to minutes. */
START_TEST(regex_gives_up_where_all_places_together_take_too_long)
{
	static char text[20000];
	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(search("(?:a|aa){1,14}[xy]", str_make(text, sizeof(text))), -1);
	ck_assert_int_eq(search("a{0,200}a{0,200}a{0,200}[xy]", str_make(text, 300)), -1);
	ck_assert_int_eq(search("(a|b|ab)*[xy]", str_make(text, sizeof(text))), -1);
}
END_TEST

START_TEST(regex_finds_in_long_texts_what_is_at_their_end)
{
	static char text[65536];
	memset(text, 'b', sizeof(text));
	memcpy(text + sizeof(text) - 13, "aaaaaaaaaaaax", 13);
	ck_assert_int_eq(search("(?:a|aa){1,14}[xy]", str_make(text, sizeof(text))), 1);
	ck_assert_int_eq(search("b.*a[xy]$", str_make(text, sizeof(text))), 1);
	ck_assert_int_eq(search("^b+a+x$", str_make(text, sizeof(text))), 1);
	ck_assert_int_eq(search("(?i)A+X", str_make(text, sizeof(text))), 1);
	ck_assert_int_eq(search("c+x", str_make(text, sizeof(text))), 0);
}
END_TEST

/* An array of many texts, each just below the limit: after so many dear searches the rest is given up, until the next item;
 * cheap ones are never. */
START_TEST(regex_gives_up_after_many_dear_searches_of_one_item)
{
	struct fail why = {0};
	struct regex *regex = regex_new(STR("a{0,200}a{0,200}a{0,200}[xy]"), 0, &why);
	struct regex_scratch *scratch = regex_scratch_new(10000);
	const struct str dear = str_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	ck_assert(regex && scratch);
	for (int round = 0; round < 2; round++) {
		unsigned done = 0;
		regex_begin(scratch);
		while (done < 1000 && regex_search(regex, scratch, dear) == 0)
			done++;
		ck_assert_uint_ge(done, 64);
		ck_assert_uint_lt(done, 1000);
		ck_assert_int_eq(regex_search(regex, scratch, STR("aax")), 1);
		ck_assert_int_eq(regex_search(regex, scratch, STR("aaz")), 0);
	}
	regex_scratch_free(scratch);
	regex_free(regex);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {regex_gives_up_where_one_place_takes_too_long, regex_gives_up_where_all_places_together_take_too_long,
	    regex_finds_in_long_texts_what_is_at_their_end, regex_gives_up_after_many_dear_searches_of_one_item, NULL};
	return unit_run("regex", tests);
}
