#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "ingest/syslog_frame.h"

/* What comes out of input, with the end of the connection behind it; cut like a stream would be. */
static char *
frames(struct str input, enum framing_config framing, size_t cut, size_t step)
{
	struct syslog_frame f;
	struct buf log;
	syslog_frame_init(&f, framing, 20);
	buf_init(&log, 1 << 20);
	ck_assert_int_eq(buf_add(&log, "", 0), 0);
	size_t from = 0, to = 0;
	bool broken = false;
	while (!broken) {
		char *copy = malloc(to - from + 1);
		memcpy(copy, input.p + from, to - from);
		size_t used = 0;
		struct str frame = {NULL, 0};
		const char *reason = NULL;
		enum frame_result r = syslog_frame_next(&f, str_make(copy, to - from), &used, &frame, &reason);
		ck_assert_uint_le(used, to - from);
		if (r == FRAME_MORE && to == input.len)
			r = syslog_frame_end(&f, str_make(copy + used, to - from - used), &frame, &reason);
		else if (r == FRAME_MORE)
			to = cut ? (to < cut ? cut : input.len) : to + step < input.len ? to + step : input.len;
		bool end = r == FRAME_MORE && to == input.len && from + used == input.len;
		if (r == FRAME_TEXT)
			ck_assert_int_eq(buf_addf(&log, "(%.*s)", (int)frame.len, frame.p), 0);
		if (r == FRAME_ERROR)
			ck_assert_int_eq(buf_addf(&log, "!%s ", reason), 0);
		broken = r == FRAME_ERROR && (strcmp(reason, "bad_count") == 0 || strcmp(reason, "truncated") == 0);
		free(copy);
		from += used;
		if (end || (r == FRAME_TEXT && used == 0))
			break;
	}
	return buf_take(&log);
}

static void
expect_as(struct str input, enum framing_config framing, const char *log)
{
	for (size_t cut = 0; cut <= input.len; cut++) {
		char *seen = frames(input, framing, cut, input.len);
		ck_assert_str_eq(seen, log);
		free(seen);
	}
	char *seen = frames(input, framing, 0, 1);
	ck_assert_str_eq(seen, log);
	free(seen);
}

static void
expect(const char *input, const char *log)
{
	expect_as(str_of(input), FRAMING_AUTO, log);
}

START_TEST(lines_end_at_lf_and_lose_their_cr)
{
	expect("<13>a b\n<14>c\r\n\n\r\n{\"x\":1}\n", "(<13>a b)(<14>c)({\"x\":1})");
}
END_TEST

START_TEST(counted_messages_may_hold_lf)
{
	expect("5 <1>ab6 <1>a\nb7 <1>abc\n3 abc", "(<1>ab)(<1>a\nb)(<1>abc)(abc)");
}
END_TEST

START_TEST(the_first_bytes_of_a_connection_decide_its_framing)
{
	expect("3 {1}3 {2}", "({1})({2})");
	expect("3 @ce", "(@ce)");
	expect("3 abc3 def", "(abc)(def)");
	expect("12345\n", "(12345)");
	expect("0 <1>\n", "(0 <1>)");
	expect("1234567890 <1>\n", "(1234567890 <1>)");
	expect("12:30 a\n4 <1>\n", "(12:30 a)(4 <1>)");
	expect("{\"a\":1}\n7 <1>abcd\n", "({\"a\":1})(7 <1>abcd)");
}
END_TEST

START_TEST(the_configured_framing_is_not_guessed)
{
	expect_as(STR("3 abc3 def"), FRAMING_OCTET, "(abc)(def)");
	expect_as(STR("5 <1>ab\n"), FRAMING_LF, "(5 <1>ab)");
	expect_as(STR("<1>ab\n"), FRAMING_OCTET, "!bad_count ");
}
END_TEST

START_TEST(a_long_line_is_skipped_to_its_end_and_reported_once)
{
	expect("<1>01234567890123456\n<2>\n", "(<1>01234567890123456)(<2>)"); /* 20 */
	expect("<1>01234567890123456\r\n<2>\n", "(<1>01234567890123456)(<2>)");
	expect("<1>012345678901234567\n<2>\n", "!too_long (<2>)");
	expect("<1>0123456789012345678901234567890123456789\n<2>\n", "!too_long (<2>)");
	expect("<1>0123456789012345678901234567890123456789", "!too_long ");
}
END_TEST

START_TEST(a_long_counted_message_is_skipped_by_its_count)
{
	expect("20 <1>012345678901234563 <2>", "(<1>01234567890123456)(<2>)");
	expect("21 <1>0123456789012345673 <2>", "!too_long (<2>)");
	expect("40 <1>0123456789012345670123456789012345678\n3 <2>", "!too_long (<2>)");
}
END_TEST

START_TEST(a_broken_count_is_final)
{
	expect("3 <1>x <2>\n3 <3>", "(<1>)!bad_count ");
	expect("3 <1>03 <2>", "(<1>)!bad_count ");
	expect("3 <1>1234567890 <2>", "(<1>)!bad_count ");
}
END_TEST

START_TEST(what_is_left_when_the_peer_closes_is_a_line_or_a_truncated_frame)
{
	expect("<1>a\n<2>b", "(<1>a)(<2>b)");
	expect("3 <1>9 <2>", "(<1>)!truncated ");
	expect("3 <1>9", "(<1>)!truncated ");
	expect("3 <1>\n", "(<1>)");
	expect("123", "(123)");
}
END_TEST

START_TEST(nul_at_the_end_of_a_message_is_dropped)
{
	expect_as(STR("<1>a\0\n<2>b\r\0\n"), FRAMING_AUTO, "(<1>a)(<2>b)");
	expect_as(STR("4 <1>\0004 <2>\n"), FRAMING_OCTET, "(<1>)(<2>)");
}
END_TEST

/* Every input of the corpus through the fuzz target. */
START_TEST(the_corpus_holds)
{
	DIR *corpus = opendir(SRCDIR "/tests/corpus/syslog_frame");
	unsigned runs = 0;
	ck_assert_ptr_nonnull(corpus);
	for (struct dirent *entry; (entry = readdir(corpus));) {
		char path[4096];
		uint8_t data[8192];
		snprintf(path, sizeof path, SRCDIR "/tests/corpus/syslog_frame/%s/input", entry->d_name);
		FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (!file)
			continue;
		LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, file));
		fclose(file);
		runs++;
	}
	closedir(corpus);
	ck_assert_uint_gt(runs, 5);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {lines_end_at_lf_and_lose_their_cr, counted_messages_may_hold_lf,
	    the_first_bytes_of_a_connection_decide_its_framing, the_configured_framing_is_not_guessed,
	    a_long_line_is_skipped_to_its_end_and_reported_once, a_long_counted_message_is_skipped_by_its_count,
	    a_broken_count_is_final, what_is_left_when_the_peer_closes_is_a_line_or_a_truncated_frame,
	    nul_at_the_end_of_a_message_is_dropped, the_corpus_holds, NULL};
	return unit_run("syslog_frame", tests);
}
