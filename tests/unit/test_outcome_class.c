#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "detect/outcome_class.h"

static enum outcome_class
class_of(const struct outcome_table *t, const char *code)
{
	return outcome_table_find(t, str_of(code));
}

START_TEST(shipped_codes_are_classed_as_the_design_says)
{
	struct fail_list problems;
	fail_list_init(&problems);
	struct outcome_table *t = outcome_table_load(SRCDIR "/conf/result-codes.yaml", &problems);
	ck_assert_ptr_nonnull(t);
	static const char *const failure[] = {"50126", "50064", "50056", "50034", "51004", "50053", "Failure", NULL};
	static const char *const interrupted[] = {"50055", "50144", "50135", "50142", "50072", "50074", "50076", "50079",
		"500121", "50158", "53000", "53001", "53002", "53003", "53004", "530032", "50097", "50155", "50131", "50105", NULL};
	static const char *const other[] = {"50140", "50058", "70044", "7000215", "50057", "", "0x0", "00", "50126x", NULL};
	for (unsigned i = 0; failure[i]; i++)
		ck_assert_int_eq(class_of(t, failure[i]), OUTCOME_FAILURE);
	for (unsigned i = 0; interrupted[i]; i++)
		ck_assert_int_eq(class_of(t, interrupted[i]), OUTCOME_INTERRUPTED);
	for (unsigned i = 0; other[i]; i++)
		ck_assert_int_eq(class_of(t, other[i]), OUTCOME_OTHER);
	ck_assert_int_eq(class_of(t, "0"), OUTCOME_SUCCESS);
	ck_assert_int_eq(class_of(t, " 0 "), OUTCOME_SUCCESS);
	ck_assert_int_eq(class_of(t, "SUCCESS"), OUTCOME_SUCCESS);
	ck_assert_str_eq(outcome_class_name(OUTCOME_INTERRUPTED), "interrupted");
	outcome_table_free(t);
	fail_list_fini(&problems);
}
END_TEST

START_TEST(result_type_counts_as_text_and_as_number)
{
	struct fail_list problems;
	fail_list_init(&problems);
	struct outcome_table *t = outcome_table_load(SRCDIR "/conf/result-codes.yaml", &problems);
	struct value slots[FIELD_FIXED_COUNT] = {0};
	struct event e = {.slots = slots, .slot_count = FIELD_FIXED_COUNT};
	int64_t code = 0;
	ck_assert_int_eq(outcome_of(t, &e, &code), OUTCOME_OTHER);
	ck_assert_int_eq(code, -1);
	for (int type = VALUE_NUMBER; type <= VALUE_STRING; type++) {
		slots[FIELD_RESULT_TYPE] = (struct value){.text = STR("50126"), .type = (uint8_t)type};
		ck_assert_int_eq(outcome_of(t, &e, &code), OUTCOME_FAILURE);
		ck_assert_int_eq(code, 50126);
	}
	slots[FIELD_RESULT_TYPE] = (struct value){.text = STR("Success"), .type = VALUE_STRING};
	ck_assert_int_eq(outcome_of(t, &e, &code), OUTCOME_SUCCESS);
	ck_assert_int_eq(code, -1);
	outcome_table_free(t);
	fail_list_fini(&problems);
}
END_TEST

static size_t
problems_of(const char *yaml)
{
	char path[] = "/tmp/result-codes-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert(write(fd, yaml, strlen(yaml)) == (ssize_t)strlen(yaml));
	close(fd);
	struct fail_list problems;
	fail_list_init(&problems);
	struct outcome_table *t = outcome_table_load(path, &problems);
	ck_assert_int_eq(t == NULL, problems.len > 0);
	size_t count = problems.len;
	outcome_table_free(t);
	fail_list_fini(&problems);
	unlink(path);
	return count;
}

START_TEST(broken_file_is_refused_with_every_problem)
{
	ck_assert_uint_eq(problems_of("failure: [50126]\nsuccess: [\"0\"]\n"), 0);
	ck_assert_uint_eq(problems_of("failure: [50126, 50126]\nsuccess: [50126]\n"), 2);
	ck_assert_uint_eq(problems_of("lucky: [1]\nfailure: 50126\n"), 2);
	ck_assert_uint_eq(problems_of("failure: [[1]]\n"), 1);
	ck_assert_uint_eq(problems_of("- 1\n"), 1);
	ck_assert_uint_eq(problems_of("failure: [\n"), 1);
	struct fail_list problems;
	fail_list_init(&problems);
	ck_assert_ptr_null(outcome_table_load("/nonexistent/codes.yaml", &problems));
	ck_assert_uint_eq(problems.len, 1);
	fail_list_fini(&problems);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		shipped_codes_are_classed_as_the_design_says,
		result_type_counts_as_text_and_as_number,
		broken_file_is_refused_with_every_problem,
		NULL,
	};
	return unit_run("outcome_class", tests);
}
