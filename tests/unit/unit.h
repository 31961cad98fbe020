/* What every unit test program shares: a table of tests, run by Check.
 *   static const TTest *const tests[] = {claim_one, claim_two, NULL};
 *   int main(void) { return unit_run("noun", tests); }
 * A test's name is a claim: arena_refuses_more_than_its_cap. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

static inline int
unit_run(const char *noun, const TTest *const *tests)
{
	Suite *suite = suite_create(noun);
	TCase *cases = tcase_create(noun);
	tcase_set_timeout(cases, 120);
	for (; *tests; tests++)
		tcase_add_test(cases, *tests);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_VERBOSE);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
