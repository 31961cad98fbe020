#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "decode/envelope.h"
#include "fuzz/fuzz.h"

static const struct envelope_limits limits = {.max_record = 100, .max_text = 300, .max_depth = 64};

/* Records and complaints of a body given in pieces of step bytes, with "|" between; "!code" is a complaint. */
static void
split(struct envelope *e, struct str body, size_t step, struct buf *out)
{
	struct str record;
	const char *code, *detail;
	enum envelope_result result;
	buf_clear(out);
	envelope_reset(e);
	for (bool end = false; !end;) {
		size_t n = step < body.len ? step : body.len;
		struct str piece = str_make(body.p, n);
		end = body.len == 0;
		for (;;) {
			result = end ? envelope_end(e, &record, &code, &detail) : envelope_next(e, &piece, &record, &code, &detail);
			if (result == ENVELOPE_MORE || result == ENVELOPE_END)
				break;
			if (out->len > 0)
				ck_assert_int_eq(buf_add(out, "|", 1), 0);
			if (result == ENVELOPE_BAD)
				ck_assert_int_eq(buf_addf(out, "!%s", code), 0);
			else
				ck_assert_int_eq(buf_add_str(out, record), 0);
		}
		body = str_make(body.p + n, body.len - n);
	}
}

/* The same for every size of piece. */
static void
assert_split(struct str body, const char *want)
{
	struct envelope *e = envelope_new(&limits);
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t step = 1; step <= body.len; step++) {
		split(e, body, step, &out);
		ck_assert_msg(str_eq(buf_str(&out), str_of(want)), "in pieces of %zu: %.*s\ngave %s\nwant %s", step, (int)body.len,
		    body.p, out.data ? out.data : "", want);
	}
	/* every split in two */
	for (size_t at = 1; at < body.len; at++) {
		struct str record, first = str_make(body.p, at), second = str_make(body.p + at, body.len - at);
		const char *code, *detail;
		unsigned results = 0, bars = 0;
		envelope_reset(e);
		while (envelope_next(e, &first, &record, &code, &detail) != ENVELOPE_MORE)
			results++;
		while (envelope_next(e, &second, &record, &code, &detail) != ENVELOPE_MORE)
			results++;
		while (envelope_end(e, &record, &code, &detail) != ENVELOPE_END)
			results++;
		for (const char *p = want; *p; p++)
			bars += *p == '|';
		ck_assert_uint_eq(results, *want ? bars + 1 : 0);
	}
	buf_fini(&out);
	envelope_free(e);
}

START_TEST(single_records_lines_and_concatenated_objects)
{
	assert_split(STR("{\"a\":1}"), "{\"a\":1}");
	assert_split(STR("\xEF\xBB\xBF {\"a\":1}\r\n{\"b\":\"}{\"}\n\n{\"c\":[1,{}]}{\"d\":4}"),
	    "{\"a\":1}|{\"b\":\"}{\"}|{\"c\":[1,{}]}|{\"d\":4}");
	assert_split(STR("\x1E{\"a\":1}\n\x1E{\"b\":2}\n"), "{\"a\":1}|{\"b\":2}");
	assert_split(STR("{\n  \"a\": [\n{\n\"x\": 1 },\n{ }\n]\n}\n"), "{\n  \"a\": [\n{\n\"x\": 1 },\n{ }\n]\n}");
	assert_split(STR(" \n\t"), "");
}
END_TEST

START_TEST(lists_and_wrappers_open_to_their_elements)
{
	assert_split(STR("[{\"a\":1}, {\"b\":2} ]"), "{\"a\":1}|{\"b\":2}");
	assert_split(STR("{\"records\":[{\"a\":1},{\"b\":2}]}"), "{\"a\":1}|{\"b\":2}");
	assert_split(STR("{ \"x\" : {\"records\":[{\"n\":1}]}, \"Records\" : [ {\"a\":\"]}\"} ], \"tail\" : [\"}\\\"\", {}] }{\"z\":0}"),
	    "{\"a\":\"]}\"}|{\"z\":0}");
	assert_split(STR("[{\"records\":[{\"a\":1}]},{\"records\":[{\"b\":2},{\"c\":3}]}]"), "{\"a\":1}|{\"b\":2}|{\"c\":3}");
	assert_split(STR("{\"messageType\":\"DATA\",\"logEvents\":[{\"id\":\"1\",\"message\":\"{}\"}]}"), "{\"id\":\"1\",\"message\":\"{}\"}");
	assert_split(STR("{\"records\":[]}"), "");
	assert_split(STR("[]"), "");
}
END_TEST

START_TEST(a_graph_page_is_a_wrapper_and_a_member_named_value_is_not)
{
	assert_split(STR("{\"@odata.context\":\"c\",\"@odata.nextLink\":\"n\",\"value\":[{\"a\":1}]}"), "{\"a\":1}");
	assert_split(STR("{\"value\":[{\"a\":1}],\"@odata.nextLink\":\"n\"}"), "{\"a\":1}");
	assert_split(STR("{\"@odata.context\":\"c\",\"value\":[]}"), "");
	assert_split(STR("{\"value\":[],\"user\":\"x\"}"), "{\"value\":[],\"user\":\"x\"}");
	assert_split(STR("{\"id\":1,\"value\":[{\"a\":1}]}"), "{\"id\":1,\"value\":[{\"a\":1}]}");
	assert_split(STR("{\"value\":[\"a\"]}"), "{\"value\":[\"a\"]}");
}
END_TEST

START_TEST(a_member_named_records_that_holds_no_records_is_not_a_wrapper)
{
	assert_split(STR("{\"records\":[1,2]}"), "{\"records\":[1,2]}");
	assert_split(STR("{\"records\":{\"a\":1}}"), "{\"records\":{\"a\":1}}");
	assert_split(STR("{\"x\":\"records\",\"y\":[{}]}"), "{\"x\":\"records\",\"y\":[{}]}");
	assert_split(STR("{\"x\":{\"records\":[{}]}}"), "{\"x\":{\"records\":[{}]}}");
	assert_split(STR("{\"records2\":[{}]}"), "{\"records2\":[{}]}");
}
END_TEST

START_TEST(a_document_in_a_string_is_opened_again_and_again)
{
	assert_split(STR("\"{\\\"a\\\":1}\""), "{\"a\":1}");
	assert_split(STR("\"\\\"{\\\\\\\"records\\\\\\\":[{\\\\\\\"a\\\\\\\":1},{}]}\\\"\""), "{\"a\":1}|{}");
	assert_split(STR("{\"records\":[\"{\\\"a\\\":1}\\n{\\\"b\\\":2}\",{\"c\":3}]}"), "{\"a\":1}|{\"b\":2}|{\"c\":3}");
	assert_split(STR("[\"{}\",\"\",\"x y\"]"), "{}|x y");
	assert_split(STR("\"{\\x}\""), "!json");
	assert_split(STR("[\"{\\\"a\\\":\"]"), "!truncated");
}
END_TEST

START_TEST(a_broken_line_is_one_complaint_and_the_next_line_counts)
{
	assert_split(STR("{\"a\":1\n{\"b\":2}\n"), "!truncated|{\"b\":2}");
	assert_split(STR("{\"a\":\"cut of\n{\"b\":2}\n"), "!truncated|{\"b\":2}");
	assert_split(STR("{\"a\":[1,2\n\n[{\"b\":2}]\n"), "!truncated|{\"b\":2}");
	assert_split(STR("rubbish {\"x\":1}\n{\"b\":2}\n"), "rubbish {\"x\":1}|{\"b\":2}");
	assert_split(STR("{\"a\":1}}\n{\"b\":2}"), "{\"a\":1}|}|{\"b\":2}");
	assert_split(STR("{\"a\":tru}\n{\"b\":2}"), "{\"a\":tru}|{\"b\":2}");
}
END_TEST

START_TEST(a_broken_element_leaves_its_neighbours_alone)
{
	assert_split(STR("[{\"a\":tru},nonsense,{\"b\":2}]"), "{\"a\":tru}|nonsense|{\"b\":2}");
	assert_split(STR("{\"records\":[{\"a\" 1},{\"b\":2}]}"), "{\"a\" 1}|{\"b\":2}");
	assert_split(STR("[1,null,{\"b\":2}]"), "1|null|{\"b\":2}");
}
END_TEST

START_TEST(a_text_that_breaks_off_is_one_complaint_after_the_good_records)
{
	assert_split(STR("[{\"a\":1},{\"b\":"), "{\"a\":1}|!truncated");
	assert_split(STR("[{\"a\":1}"), "{\"a\":1}|!truncated");
	assert_split(STR("{\"records\":[{\"a\":1}],\"x\":\"y"), "{\"a\":1}|!truncated");
	assert_split(STR("\"{\\\"a\\\":1}"), "!truncated");
	assert_split(STR("{\"a\":1}\n42"), "{\"a\":1}|42");
}
END_TEST

START_TEST(a_record_beyond_the_limit_is_skipped_to_its_end)
{
	static char body[600];
	struct envelope *e = envelope_new(&limits);
	struct buf out;
	int n = snprintf(body, sizeof(body), "[{\"a\":\"%0100d\"},{\"b\":2},{\"c\":\"%086d\"},{\"d\":[%0300d]}]", 1, 2, 3);
	buf_init(&out, 1 << 20);
	for (size_t step = 1; step <= (size_t)n; step++) {
		split(e, str_make(body, (size_t)n), step, &out);
		ck_assert_msg(str_starts(buf_str(&out), STR("!record_too_large|{\"b\":2}|{\"c\":\"0000")), "%s", out.data);
		ck_assert(str_ends(buf_str(&out), STR("2\"}|!record_too_large")));
	}
	n = snprintf(body, sizeof(body), "{\"x\":\"%0200d\",\"records\":[{\"b\":2}]}", 1);
	for (size_t step = 1; step <= (size_t)n; step++) {
		split(e, str_make(body, (size_t)n), step, &out);
		ck_assert_str_eq(out.data, "{\"b\":2}");
	}
	n = snprintf(body, sizeof(body), "[\"%0350d\",{\"b\":2}]", 1);
	for (size_t step = 1; step <= (size_t)n; step++) {
		split(e, str_make(body, (size_t)n), step, &out);
		ck_assert_str_eq(out.data, "!record_too_large|{\"b\":2}");
	}
	buf_fini(&out);
	envelope_free(e);
}
END_TEST

START_TEST(a_whole_record_is_a_slice_of_its_piece_and_costs_no_memory)
{
	const struct str body = STR("{\"records\":[{\"a\":1},{\"b\":[2,3]}]}");
	struct envelope *e = envelope_new(&limits);
	struct str record;
	const char *code, *detail;
	uint64_t before = mem_count();
	for (int i = 0; i < 10; i++) {
		struct str piece = body;
		while (envelope_next(e, &piece, &record, &code, &detail) == ENVELOPE_RECORD)
			ck_assert(record.p > body.p && record.p + record.len < body.p + body.len);
		ck_assert_int_eq(envelope_end(e, &record, &code, &detail), ENVELOPE_END);
	}
	ck_assert_uint_eq(mem_count(), before);
	envelope_free(e);
}
END_TEST

START_TEST(brackets_beyond_any_depth_do_not_cost_the_rest)
{
	static char body[4000];
	struct envelope *e = envelope_new(&(struct envelope_limits){4000, 4000, 64});
	struct buf out;
	buf_init(&out, 1 << 20);
	memset(body, '[', 1000);
	memset(body + 1000, ']', 1000);
	memcpy(body + 2000, "\n{\"a\":1}", 8);
	split(e, str_make(body, 2008), 77, &out);
	ck_assert(str_ends(buf_str(&out), STR("|{\"a\":1}")));
	buf_fini(&out);
	envelope_free(e);
}
END_TEST

START_TEST(corpus_gives_the_same_records_in_any_pieces)
{
	static const char *const folders[] = {"envelope", "json_scan"};
	char path[600];
	static char data[1 << 14];
	unsigned cases = 0;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), SRCDIR "/tests/corpus/%s", folders[i]);
		DIR *dir = opendir(path);
		ck_assert_ptr_nonnull(dir);
		for (struct dirent *entry; (entry = readdir(dir));) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), SRCDIR "/tests/corpus/%s/%s/input", folders[i], entry->d_name);
			FILE *file = fopen(path, "rb");
			ck_assert_ptr_nonnull(file);
			size_t size = fread(data, 1, sizeof(data), file);
			fclose(file);
			for (size_t n = size > 1000 ? size - 16 : 0; n <= size; n++)
				LLVMFuzzerTestOneInput((const uint8_t *)data, n);
			cases++;
		}
		closedir(dir);
	}
	ck_assert_uint_gt(cases, 70);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		single_records_lines_and_concatenated_objects,
		lists_and_wrappers_open_to_their_elements,
		a_graph_page_is_a_wrapper_and_a_member_named_value_is_not,
		a_member_named_records_that_holds_no_records_is_not_a_wrapper,
		a_document_in_a_string_is_opened_again_and_again,
		a_broken_line_is_one_complaint_and_the_next_line_counts,
		a_broken_element_leaves_its_neighbours_alone,
		a_text_that_breaks_off_is_one_complaint_after_the_good_records,
		a_record_beyond_the_limit_is_skipped_to_its_end,
		a_whole_record_is_a_slice_of_its_piece_and_costs_no_memory,
		brackets_beyond_any_depth_do_not_cost_the_rest,
		corpus_gives_the_same_records_in_any_pieces,
		NULL,
	};
	return unit_run("envelope", tests);
}
