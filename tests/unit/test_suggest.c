#include "config/suggest.h"
#include "unit.h"

static const char *const words[] = {"address", "auth", "insecure", "max_body", "max_records", "tenant", "url", NULL};

static struct str
best(const char *typed)
{
	struct suggest s;
	suggest_init(&s, str_of(typed));
	for (size_t i = 0; words[i]; i++)
		suggest_add(&s, str_of(words[i]));
	return s.best;
}

START_TEST(suggest_finds_the_word_with_the_fewest_slips)
{
	static const char *const pairs[][2] = {{"adress", "address"}, {"addres", "address"}, {"insceure", "insecure"},
	    {"max-body", "max_body"}, {"MaxBody", "max_body"}, {"max_record", "max_records"}, {"utl", "url"},
	    {"uth", "auth"}, {"tennant", "tenant"}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		ck_assert_msg(str_eq(best(pairs[i][0]), str_of(pairs[i][1])), "%s: %.*s", pairs[i][0],
		    (int)best(pairs[i][0]).len, best(pairs[i][0]).p);
}
END_TEST

START_TEST(suggest_is_silent_when_nothing_is_near)
{
	char longest[80];
	ck_assert_ptr_null(best("zebra").p);
	ck_assert_ptr_null(best("").p);
	ck_assert_ptr_null(best("x").p);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(best(longest).p);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {suggest_finds_the_word_with_the_fewest_slips,
	    suggest_is_silent_when_nothing_is_near, NULL};
	return unit_run("suggest", tests);
}
