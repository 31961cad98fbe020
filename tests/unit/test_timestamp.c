#include "unit/unit.h"

#include <stdio.h>
#include <time.h>

#include "base/timestamp.h"

/* 2007-01-09T09:41:00Z */
static const int64_t keynote = 1168335660000;

static void
assert_time(const char *text, int64_t want)
{
	int64_t ms = -1;
	ck_assert_msg(timestamp_parse(str_of(text), &ms), "refused: %s", text);
	ck_assert_msg(ms == want, "%s gave %lld, not %lld", text, (long long)ms, (long long)want);
}

START_TEST(every_form_of_the_same_moment_is_read)
{
	static const char *const texts[] = {"01/09/2007 09:41:00", "1/9/2007 09:41:00", "01/09/2007 09:41:00 AM",
	    "1/9/2007 9:41:00 AM", "1/9/2007 10:41:00 AM +01:00", "2007-01-09T09:41:00", "2007-01-09T09:41:00Z",
	    "2007-01-09T11:41:00+02:00", "2007-01-09T04:41:00-05:00", "2007-01-09 09:41:00.000", "2007-01-09T9:41:00Z",
	    "2007-01-09T09:41Z", "1/9/2007, 9:41:00.000 AM", "2007-01-09t09:41:00z", "2007-01-09 20:41:00+11:00",
	    "2007-01-09T11:41:00+0200", "2007-01-09T11:41:00+02", " 2007-01-09 09:41:00 UTC ", "2007/01/09 09:41:00",
	    "2007-01-08T21:41:00.0-12:00", "1168335660", "1168335660.0", "1168335660000", "1168335660000000",
	    "1168335660000000000"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_time(texts[i], keynote);
}
END_TEST

START_TEST(fractions_of_any_length_are_cut_to_milliseconds)
{
	assert_time("2007-01-09T09:41:00.22Z", keynote + 220);
	assert_time("2007-01-09T09:41:00.6816663Z", keynote + 681);
	assert_time("2007-01-09T09:41:00.535404056Z", keynote + 535);
	assert_time("2007-01-09T09:41:00.992099+00:00", keynote + 992);
	assert_time("2007-01-09 09:41:00.999999999", keynote + 999);
	assert_time("1168335660.5", keynote + 500);
}
END_TEST

START_TEST(afternoon_and_the_two_twelves)
{
	assert_time("4/28/2021, 2:08:45.221 PM", 1619618925221);
	assert_time("1/9/2007 12:00:00 AM", keynote - (9 * 3600 + 41 * 60) * 1000);
	assert_time("1/9/2007 12:00:00 PM", keynote - (9 * 3600 + 41 * 60) * 1000 + 12 * 3600 * 1000);
	assert_time("11/14/2025 1:48:53 AM", 1763084933000);
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
	static const char *const texts[] = {"", " ", "yesterday", "2007", "2007-01-09", "2007-13-09T09:41:00Z",
	    "2007-02-29T00:00:00Z", "2007-00-10T00:00:00Z", "2007-01-09T24:00:00Z", "2007-01-09T09:60:00Z",
	    "2007-01-09T09:41:61Z", "2007-01-09T09:41:00X", "2007-01-09T09:41:00Z!", "2007-01-09T09:41:00.Z",
	    "2007-01-09T09:41:00+24:00", "2007-01-09X09:41:00Z", "13/13/2007 01:00:00", "0", "4", "99999999", "-1168335660",
	    "1e10", "99999999999999999999", "1168335660x", "20070109T094100Z", "0000-01-01T00:00:00Z", ":", "1:2",
	    "01/09/07 09:41:00"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t ms = 42;
		ck_assert_msg(!timestamp_parse(str_of(texts[i]), &ms), "took: %s", texts[i]);
		ck_assert_int_eq(ms, 42);
	}
}
END_TEST

START_TEST(dates_agree_with_the_c_library_over_the_centuries)
{
	char text[64];
	for (int64_t t = -62135596800; t < 253402300800; t += 86400 * 37 + 12345) {
		struct tm tm;
		time_t seconds = (time_t)t;
		ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
		snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		    tm.tm_hour, tm.tm_min, tm.tm_sec);
		assert_time(text, t * 1000);
	}
}
END_TEST

START_TEST(rfc3164_takes_the_year_that_brings_it_closest)
{
	int64_t ms = 0;
	size_t used = 0;
	const int64_t new_year = 1798761600000; /* 2027-01-01T00:00:00Z */
	ck_assert(timestamp_parse_rfc3164(STR("Dec 31 23:59:59 host"), new_year, &ms, &used));
	ck_assert_int_eq(ms, new_year - 1000);
	ck_assert_uint_eq(used, 15);
	ck_assert(timestamp_parse_rfc3164(STR("Jan  1 00:00:01 host"), new_year - 5000, &ms, &used));
	ck_assert_int_eq(ms, new_year + 1000);
	ck_assert(!timestamp_parse_rfc3164(STR("Foo  1 00:00:01 host"), new_year, &ms, &used));
	ck_assert(!timestamp_parse_rfc3164(STR("Jan  1 00:00"), new_year, &ms, &used));
	ck_assert(!timestamp_parse_rfc3164(STR("Feb 30 00:00:01 x"), new_year, &ms, &used));
}
END_TEST

START_TEST(parts_are_those_written_and_no_zone_is_applied)
{
	static const struct {
		const char *text;
		int parts[6]; /* minute, hour, day, week, month, year; -1: none */
	} rows[] = {
	    {"2026-03-02T23:59:01-05:00", {59, 23, 2, 10, 3, 2026}},
	    {"2026-03-02 0:07:01Z", {7, 0, 2, 10, 3, 2026}},
	    {"4/28/2021, 2:08:45.221 PM", {8, 14, 28, 17, 4, 2021}},
	    {"1/1/2021 12:30:00 AM", {30, 0, 1, 53, 1, 2021}}, /* of 2020's last week */
	    {"2024-12-30T00:00:00Z", {0, 0, 30, 1, 12, 2024}}, /* of 2025's first */
	    {"2026-11-29", {-1, -1, 29, 48, 11, 2026}},
	    {" 11/29/2026 ", {-1, -1, 29, 48, 11, 2026}},
	    {"1772460000", {0, 14, 2, 10, 3, 2026}}, /* a number is UTC */
	    {"1772460000123", {0, 14, 2, 10, 3, 2026}},
	    {"2026-02-30", {-1, -1, -1, -1, -1, -1}},
	    {"2026-02-28T24:00:00Z", {-1, -1, -1, -1, -1, -1}},
	    {"noon", {-1, -1, -1, -1, -1, -1}},
	    {"12", {-1, -1, -1, -1, -1, -1}},
	    {"", {-1, -1, -1, -1, -1, -1}},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int part = TIMESTAMP_MINUTE; part <= TIMESTAMP_YEAR; part++) {
			int value = -1;
			bool known = timestamp_part(str_of(rows[i].text), (enum timestamp_part)part, &value);
			ck_assert_msg(known == (rows[i].parts[part] >= 0) && value == rows[i].parts[part],
			    "part %d of '%s' is %d", part, rows[i].text, value);
		}
	}
}
END_TEST

START_TEST(weeks_agree_with_the_c_library)
{
	char text[64], week[8];
	for (int64_t t = -62135596800; t < 253402300800; t += 86400 * 11) {
		struct tm tm;
		time_t seconds = (time_t)t;
		int found = 0;
		ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
		snprintf(text, sizeof(text), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		ck_assert_uint_gt(strftime(week, sizeof(week), "%V", &tm), 0);
		ck_assert(timestamp_part(str_of(text), TIMESTAMP_WEEK, &found));
		ck_assert_msg(found == atoi(week), "%s: week %d, not %s", text, found, week);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		every_form_of_the_same_moment_is_read,
		fractions_of_any_length_are_cut_to_milliseconds,
		afternoon_and_the_two_twelves,
		what_is_no_time_is_refused,
		dates_agree_with_the_c_library_over_the_centuries,
		rfc3164_takes_the_year_that_brings_it_closest,
		parts_are_those_written_and_no_zone_is_applied,
		weeks_agree_with_the_c_library,
		NULL,
	};
	return unit_run("timestamp", tests);
}
