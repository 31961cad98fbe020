#include "unit.h"

#include <stdio.h>

#include "deliver/backoff.h"
#include "fuzz/fuzz.h"

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

/* Pieces of the real thing in any order, so that dates are reached as well. */
START_TEST(no_text_of_retry_after_does_harm)
{
	static const char *const pieces[] = {"Sun", ", ", "22", " ", "Nov", "2026", "20:00:30", "GMT", "-", "99999999", "\xff", "+",
	    "Sunday", "26", ":", "0", "\t", "PST", "(", "1e9"};
	unsigned state = 1;
	for (int i = 0; i < 50000; i++) {
		char text[128];
		size_t len = 0;
		for (unsigned n = (state = state * 1103515245 + 12345) >> 28; n > 0; n--) {
			const char *piece = pieces[((state = state * 1103515245 + 12345) >> 16) % 20];
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", piece);
			if (len >= sizeof(text) - 16)
				break;
		}
		ck_assert_int_eq(LLVMFuzzerTestOneInput((const uint8_t *)text, len), 0);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {each_step_doubles_up_to_the_maximum,
	    retry_after_takes_seconds_and_dates_and_ignores_the_rest, no_text_of_retry_after_does_harm, NULL};
	return unit_run("backoff", tests);
}
