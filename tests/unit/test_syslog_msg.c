#include "unit/unit.h"

#include "decode/syslog_msg.h"

static const int64_t now = 1795392000000; /* 2026-11-23T00:00:00Z */
static struct syslog_msg m;

static void
assert_json(struct str text, const char *want)
{
	const char *reason = syslog_msg_parse(text, now, &m);
	ck_assert_msg(!reason, "%s: %.*s", reason, (int)text.len, text.p);
	ck_assert_msg(str_eq(m.json, str_of(want)), "got %.*s", (int)m.json.len, m.json.p);
}

START_TEST(rfc5424_header_is_read)
{
	assert_json(STR("<165>1 2026-11-22T20:00:00.123Z relay01 azure 77 ID47 - \xEF\xBB\xBF{\"a\":1}\n"), "{\"a\":1}");
	ck_assert(str_eq(m.host, STR("relay01")));
	ck_assert(str_eq(m.app, STR("azure")));
	ck_assert(m.has_time);
	ck_assert_int_eq(m.time_ms, 1795377600123);
	assert_json(STR("<13>1 - - - - - - {}"), "{}");
	ck_assert_uint_eq(m.host.len, 0);
	ck_assert(!m.has_time);
}
END_TEST

START_TEST(structured_data_is_skipped_with_its_escapes)
{
	assert_json(STR("<13>1 - h a - - [x@1 k=\"{\\\"a]\\\" ]\\\\\"][y@2] {\"b\":2}"), "{\"b\":2}");
	assert_json(STR("<13>1 - h a - - [x@1] @cee: {\"b\":3}"), "{\"b\":3}");
	ck_assert_ptr_nonnull(syslog_msg_parse(STR("<13>1 - h a - - [x@1 k=\"v] {\"b\":2}"), now, &m));
	ck_assert_ptr_nonnull(syslog_msg_parse(STR("<13>1 - h a - - [x@1 k=\"\\"), now, &m));
}
END_TEST

START_TEST(rfc3164_header_is_read_as_far_as_it_is_there)
{
	assert_json(STR("<34>Nov 22 20:00:00 relay01 azure[12]: {\"a\":1}"), "{\"a\":1}");
	ck_assert(str_eq(m.host, STR("relay01")));
	ck_assert(str_eq(m.app, STR("azure")));
	ck_assert_int_eq(m.time_ms, 1795377600000);
	assert_json(STR("<34>Nov  2 20:00:00 relay01 azure: @cee:{\"a\":1}"), "{\"a\":1}");
	assert_json(STR("<34>2026-11-22T20:00:00+00:00 relay01 azure: {\"a\":\"x: y\"}"), "{\"a\":\"x: y\"}");
	ck_assert_int_eq(m.time_ms, 1795377600000);
	assert_json(STR("<34>{\"a\":1}"), "{\"a\":1}");
	assert_json(STR("<34>Nov 22 20:00:00 relay01 {\"a:b\":1}"), "{\"a:b\":1}");
	assert_json(STR("<34>Nov 22 20:00:00 relay01 tag: sign-in {\"a\":1}"), "{\"a\":1}");
}
END_TEST

START_TEST(bare_json_and_the_cookie_need_no_header)
{
	assert_json(STR("{\"a\":1}\r\n"), "{\"a\":1}");
	assert_json(STR("[{\"a\":1}]"), "[{\"a\":1}]");
	assert_json(STR("\xEF\xBB\xBF  {\"a\":1}"), "{\"a\":1}");
	assert_json(STR("@cee: {\"a\":1}"), "{\"a\":1}");
	assert_json(STR("{\"a\":1}\n\0"), "{\"a\":1}");
}
END_TEST

START_TEST(a_message_without_json_says_so)
{
	static const char *const texts[] = {"", " \n", "<34>", "<34>Nov 22 20:00:00 host su: failed", "hello", "<999>x",
	    "<13>1 - - - - - -", "CEF:0|Microsoft|x|1|2|3|4|suser=a"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_ptr_nonnull(syslog_msg_parse(str_of(texts[i]), now, &m));
		ck_assert_uint_eq(m.json.len, 0);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		rfc5424_header_is_read,
		structured_data_is_skipped_with_its_escapes,
		rfc3164_header_is_read_as_far_as_it_is_there,
		bare_json_and_the_cookie_need_no_header,
		a_message_without_json_says_so,
		NULL,
	};
	return unit_run("syslog_msg", tests);
}
