#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

START_TEST(clock_set_stops_both_clocks_and_moves_them_by_the_same_step)
{
	clock_set(1000000);
	int64_t mono = clock_mono_ms();
	ck_assert_int_eq(clock_wall_ms(), 1000000);
	clock_set(1002500);
	ck_assert_int_eq(clock_wall_ms(), 1002500);
	ck_assert_int_eq(clock_mono_ms() - mono, 2500);
	clock_set(1000500);
	ck_assert_int_eq(clock_mono_ms() - mono, 500);
	clock_unset();
	int64_t real = (int64_t)time(NULL) * 1000;
	ck_assert_int_le(llabs((long long)(clock_wall_ms() - real)), 2000);
	ck_assert_int_eq(clock_mono_us() / 1000000, clock_mono_ms() / 1000);
}
END_TEST

START_TEST(clock_text_agrees_with_gmtime)
{
	for (int64_t ms = -62167219200000; ms < 253402300800000; ms += 86400000LL * 13 + 12345678) {
		char text[CLOCK_TEXT_SIZE], expect[64];
		struct tm tm;
		time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
		gmtime_r(&s, &tm);
		int n = snprintf(expect, sizeof expect, "%04d-", tm.tm_year + 1900);
		strftime(expect + n, sizeof expect - (size_t)n, "%m-%dT%H:%M:%S", &tm);
		clock_text(ms, text);
		ck_assert_int_eq(strncmp(text, expect, strlen(expect)), 0);
		ck_assert_int_eq((int)strtol(text + 20, NULL, 10), (int)(ms - (int64_t)s * 1000));
	}
}
END_TEST

START_TEST(clock_text_clamps_years_and_keeps_three_decimals)
{
	char text[CLOCK_TEXT_SIZE];
	clock_text(0, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
	clock_text(1763841600412, text);
	ck_assert_str_eq(text, "2025-11-22T20:00:00.412Z");
	clock_text(-1, text);
	ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
	clock_text(951782400000, text);
	ck_assert_str_eq(text, "2000-02-29T00:00:00.000Z");
	clock_text(INT64_MAX, text);
	ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
	clock_text(INT64_MIN, text);
	ck_assert_str_eq(text, "0000-01-01T00:00:00.000Z");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {clock_set_stops_both_clocks_and_moves_them_by_the_same_step,
	    clock_text_agrees_with_gmtime, clock_text_clamps_years_and_keeps_three_decimals, NULL};
	return unit_run("clock", tests);
}
