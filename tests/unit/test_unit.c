#include "config/unit.h"
#include "unit.h"

START_TEST(unit_reads_durations_of_one_number_and_one_unit)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"250ms", 250}, {"30s", 30000}, {"5m", 300000}, {"1h", 3600000}, {"3d", 259200000}, {"0s", 0},
	    {"106751991167d", 106751991167 * 86400000}};
	static const char *const bad[] = {"", "5", "s", "5 m", "1h30m", "-1s", "1.5h", "5M", "5min", "5ss",
	    "106751991168d", "99999999999999999999s"};
	int64_t ms = 7;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_msg(unit_parse_duration(str_of(good[i].text), &ms), "%s", good[i].text);
		ck_assert_int_eq(ms, good[i].ms);
	}
	ms = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!unit_parse_duration(str_of(bad[i]), &ms), "%s", bad[i]);
	ck_assert_int_eq(ms, 7);
}
END_TEST

START_TEST(unit_reads_sizes_in_powers_of_1024)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {{"0", 0}, {"512", 512}, {"64KiB", 65536}, {"16MiB", 16777216}, {"1GiB", 1073741824}};
	static const char *const bad[] = {"", "1KB", "1MB", "1kib", "1K", "KiB", "1 KiB", "-1", "0.5GiB", "8589934592GiB"};
	int64_t bytes = 7;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_msg(unit_parse_bytes(str_of(good[i].text), &bytes), "%s", good[i].text);
		ck_assert_int_eq(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!unit_parse_bytes(str_of(bad[i]), &bytes), "%s", bad[i]);
}
END_TEST

START_TEST(unit_writes_the_largest_exact_unit_and_reads_it_back)
{
	static const int64_t values[] = {0, 1, 999, 1000, 1500, 60000, 90000, 3600000, 86400000, 90000000, INT64_MAX};
	char text[UNIT_TEXT_SIZE];
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		int64_t back = -1;
		unit_duration_text(values[i], text);
		ck_assert_msg(unit_parse_duration(str_of(text), &back), "%s", text);
		ck_assert_int_eq(back, values[i]);
		unit_bytes_text((uint64_t)values[i], text);
		ck_assert_msg(unit_parse_bytes(str_of(text), &back), "%s", text);
		ck_assert_int_eq(back, values[i]);
	}
	unit_duration_text(90000, text);
	ck_assert_str_eq(text, "90s");
	unit_duration_text(7200000, text);
	ck_assert_str_eq(text, "2h");
	unit_bytes_text(3 << 20, text);
	ck_assert_str_eq(text, "3MiB");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {unit_reads_durations_of_one_number_and_one_unit,
	    unit_reads_sizes_in_powers_of_1024, unit_writes_the_largest_exact_unit_and_reads_it_back, NULL};
	return unit_run("unit", tests);
}
