#include "unit.h"

#include "deliver/backoff.h"

START_TEST(each_step_doubles_up_to_the_maximum)
{
	static const int64_t want[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	for (unsigned n = 0; n < 8; n++) {
		ck_assert_int_eq(backoff_ms(n, 1000, 60000, 0), want[n] * 8 / 10);
		ck_assert_int_le(backoff_ms(n, 1000, 60000, 0.999999), want[n]);
		ck_assert_int_ge(backoff_ms(n, 1000, 60000, 0.999999), want[n] - 1);
	}
	ck_assert_int_eq(backoff_ms(4000000000U, 1000, 60000, 0), 48000);
	ck_assert_int_ge(backoff_ms(100, 1, INT64_MAX / 4, 0.5), 0);
	ck_assert_int_eq(backoff_ms(3, 0, 0, 0.5), 0);
}
END_TEST

START_TEST(retry_after_takes_seconds_and_dates_and_ignores_the_rest)
{
	const int64_t now = INT64_C(1795377600000); /* Sun, 22 Nov 2026 20:00:00 GMT */
	static const struct {
		const char *text;
		int64_t wait_ms; /* -1 = ignored */
	} cases[] = {{"5", 5000}, {" 120 ", 120000}, {"0", -1}, {"-5", -1}, {"", -1}, {"soon", -1}, {"5s", -1}, {"1.5", -1},
	    {"99999999999999999999", -1}, {"4294967296", INT64_C(2147483647000)},
	    {"Sun, 22 Nov 2026 20:00:30 GMT", 30000}, {"Sunday, 22-Nov-26 20:00:30 GMT", 30000},
	    {"Sun Nov 22 20:00:30 2026", 30000}, {"Sun, 22 Nov 2026 19:59:59 GMT", -1}, {"+5", -1},
	    {"Sun, 22 Nov 2026 20:00:30 GMT and a very long tail that is no date at all, is it", -1}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t wait = -1;
		bool taken = backoff_retry_after(str_of(cases[i].text), now, &wait);
		ck_assert_msg(taken == (cases[i].wait_ms >= 0) && wait == cases[i].wait_ms, "%s: %lld", cases[i].text, (long long)wait);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {each_step_doubles_up_to_the_maximum,
	    retry_after_takes_seconds_and_dates_and_ignores_the_rest, NULL};
	return unit_run("backoff", tests);
}
