#include "unit.h"

#include "deliver/outcome.h"

START_TEST(each_status_has_the_documented_class)
{
	static const struct {
		int status;
		enum outcome want;
	} cases[] = {{200, ANSWER_ACCEPTED}, {204, ANSWER_ACCEPTED}, {299, ANSWER_ACCEPTED}, {301, ANSWER_ENDPOINT},
	    {302, ANSWER_ENDPOINT}, {308, ANSWER_ENDPOINT}, {400, ANSWER_MESSAGE}, {401, ANSWER_ENDPOINT},
	    {402, ANSWER_MESSAGE}, {403, ANSWER_ENDPOINT}, {404, ANSWER_ENDPOINT}, {405, ANSWER_ENDPOINT},
	    {406, ANSWER_MESSAGE}, {407, ANSWER_ENDPOINT}, {408, ANSWER_TRANSIENT}, {409, ANSWER_TRANSIENT},
	    {410, ANSWER_GONE}, {411, ANSWER_MESSAGE}, {413, ANSWER_TOO_LARGE}, {414, ANSWER_MESSAGE}, {415, ANSWER_MESSAGE},
	    {422, ANSWER_MESSAGE}, {425, ANSWER_TRANSIENT}, {429, ANSWER_TRANSIENT}, {431, ANSWER_MESSAGE},
	    {451, ANSWER_MESSAGE}, {500, ANSWER_TRANSIENT}, {501, ANSWER_ENDPOINT}, {502, ANSWER_TRANSIENT},
	    {503, ANSWER_TRANSIENT}, {504, ANSWER_TRANSIENT}, {505, ANSWER_ENDPOINT}, {599, ANSWER_TRANSIENT},
	    {0, ANSWER_TRANSIENT}, {199, ANSWER_TRANSIENT}, {999, ANSWER_TRANSIENT}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(outcome_judge(CURLE_OK, cases[i].status) == cases[i].want, "%d", cases[i].status);
}
END_TEST

START_TEST(a_certificate_failure_is_the_targets_and_a_network_error_passes)
{
	ck_assert_int_eq((int)outcome_judge(CURLE_PEER_FAILED_VERIFICATION, 0), (int)ANSWER_ENDPOINT);
	ck_assert_int_eq((int)outcome_judge(CURLE_UNSUPPORTED_PROTOCOL, 0), (int)ANSWER_ENDPOINT);
	ck_assert_int_eq((int)outcome_judge(CURLE_COULDNT_CONNECT, 0), (int)ANSWER_TRANSIENT);
	ck_assert_int_eq((int)outcome_judge(CURLE_COULDNT_RESOLVE_HOST, 0), (int)ANSWER_TRANSIENT);
	ck_assert_int_eq((int)outcome_judge(CURLE_OPERATION_TIMEDOUT, 200), (int)ANSWER_TRANSIENT);
	ck_assert_int_eq((int)outcome_judge(CURLE_SSL_CONNECT_ERROR, 0), (int)ANSWER_TRANSIENT);
	ck_assert_int_eq((int)outcome_judge(CURLE_WRITE_ERROR, 200), (int)ANSWER_ACCEPTED);
	ck_assert_int_eq((int)outcome_judge(CURLE_WRITE_ERROR, 0), (int)ANSWER_TRANSIENT);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {each_status_has_the_documented_class,
	    a_certificate_failure_is_the_targets_and_a_network_error_passes, NULL};
	return unit_run("outcome", tests);
}
