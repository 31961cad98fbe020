#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "unit/http_script.h"

#define HOST "Host: h\r\n"
static const struct http_limits limits = {.max_line = 8192, .max_head = 16384, .max_count = 64, .max_body = 1000};

/* The log of input cut at every position, and byte by byte; all must agree. */
static char *
run(struct str input)
{
	char *whole = NULL;
	for (size_t cut = 0; cut <= input.len + 1; cut++) {
		struct http_script s;
		http_script_init(&s, &limits);
		if (cut == input.len + 1) {
			for (size_t i = 0; i < input.len; i++)
				http_script_feed(&s, str_make(input.p + i, 1));
		} else {
			http_script_feed(&s, str_make(input.p, cut));
			http_script_feed(&s, str_make(input.p + cut, input.len - cut));
		}
		if (whole)
			ck_assert_str_eq(whole, s.log.data);
		else
			whole = buf_take(&s.log);
		http_script_fini(&s);
		if (input.len > 3000)
			cut += input.len / 50;
	}
	return whole;
}

static void
expect(const char *input, const char *log)
{
	char *seen = run(str_of(input));
	ck_assert_str_eq(seen, log);
	free(seen);
}

START_TEST(a_body_of_known_length_is_cut_from_the_next_request)
{
	expect("POST /v1/events?a=b HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET /x HTTP/1.1\r\n" HOST "\r\n",
	    "head 2 /v1/events?a=b 1.1 keep len=5 auth=0: ce=;[hello]end;head 0 /x? 1.1 keep len=-1 auth=0: ce=;end;");
}
END_TEST

START_TEST(chunks_are_joined_and_extensions_and_trailers_dropped)
{
	expect("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	       "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0 \r\nX-Sum: 1\r\nY:\r\n\r\nGET /n HTTP/1.1\r\n" HOST "\r\n",
	    "head 2 /? 1.1 keep chunked len=-1 auth=0: ce=;[abc0123456789]end;head 0 /n? 1.1 keep len=-1 auth=0: ce=;end;");
}
END_TEST

START_TEST(known_fields_are_handed_out)
{
	expect("POST / HTTP/1.1\r\nhOsT:h:80\r\nAUTHORIZATION: \t Bearer x y \t\r\ncontent-encoding: gzip\r\n"
	       "Expect: 100-Continue\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n",
	    "head 2 /? 1.1 expect len=0 auth=1:Bearer x y ce=gzip;end;");
}
END_TEST

START_TEST(http_1_0_closes_unless_it_asks_for_keep_alive)
{
	expect("GET / HTTP/1.0\r\n\r\n", "head 0 /? 1.0 len=-1 auth=0: ce=;end;");
	expect("GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n",
	    "head 0 /? 1.0 keep len=-1 auth=0: ce=;end;");
}
END_TEST

START_TEST(one_empty_line_before_the_request_is_tolerated_and_no_more)
{
	expect("\r\nGET / HTTP/1.0\r\n\r\n", "head 0 /? 1.0 len=-1 auth=0: ce=;end;");
	expect("\r\n\r\nGET / HTTP/1.0\r\n\r\n", "bad 400 malformed_request_line;");
}
END_TEST

START_TEST(absolute_targets_lose_their_authority)
{
	expect("GET http://h:1/p?q HTTP/1.1\r\n" HOST "\r\n", "head 0 /p?q 1.1 keep len=-1 auth=0: ce=;end;");
	expect("GET http://h HTTP/1.1\r\n" HOST "\r\n", "bad 400 bad_target;");
	expect("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "head 3 *? 1.1 keep len=-1 auth=0: ce=;end;");
}
END_TEST

START_TEST(malformed_heads_are_refused)
{
	static const char *const cases[][2] = {
	    {"GET  / HTTP/1.1\r\n" HOST "\r\n", "bad 400 malformed_request_line;"},
	    {"GET / HTTP/1.1 \r\n" HOST "\r\n", "bad 400 malformed_request_line;"},
	    {"GET /\r\n" HOST "\r\n", "bad 400 malformed_request_line;"},
	    {" GET / HTTP/1.1\r\n" HOST "\r\n", "bad 400 malformed_request_line;"},
	    {"G@T / HTTP/1.1\r\n" HOST "\r\n", "bad 400 malformed_request_line;"},
	    {"GET / HTTP/2.0\r\n" HOST "\r\n", "bad 505 version;"},
	    {"GET /\x01 HTTP/1.1\r\n" HOST "\r\n", "bad 400 bad_target;"},
	    {"GET x HTTP/1.1\r\n" HOST "\r\n", "bad 400 bad_target;"},
	    {"GET / HTTP/1.1\n" HOST "\r\n", "bad 400 bare_lf;"},
	    {"GET / HTTP/1.1\r\nHost: h\n\r\n", "bad 400 bare_lf;"},
	    {"GET / HTTP/1.1\r\n" HOST "\n", "bad 400 bare_lf;"},
	    {"GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", "bad 400 malformed_header;"},
	    {"GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", "bad 400 obs_fold;"},
	    {"GET / HTTP/1.1\r\n A: b\r\n" HOST "\r\n", "bad 400 obs_fold;"},
	    {"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", "bad 400 malformed_header;"},
	    {"GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", "bad 400 malformed_header;"},
	    {"GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", "bad 400 malformed_header;"},
	    {"GET / HTTP/1.1\r\n\r\n", "bad 400 bad_host;"},
	    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", "bad 400 bad_host;"},
	    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "bad 400 bad_host;"},
	    {"GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: a\r\n\r\n", "bad 400 bad_authorization;"},
	    {"GET / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n\r\n", "bad 417 expectation;"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(ambiguous_framing_is_refused)
{
	static const char *const cases[][2] = {
	    {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "bad 400 ambiguous_length;"},
	    {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "bad 400 ambiguous_length;"},
	    {"Content-Length: 5\r\nContent-Length: 6\r\n", "bad 400 bad_content_length;"},
	    {"Content-Length: 5, 5\r\n", "bad 400 bad_content_length;"},
	    {"Content-Length: +5\r\n", "bad 400 bad_content_length;"},
	    {"Content-Length: -1\r\n", "bad 400 bad_content_length;"},
	    {"Content-Length: 0x5\r\n", "bad 400 bad_content_length;"},
	    {"Content-Length:\r\n", "bad 400 bad_content_length;"},
	    {"Transfer-Encoding: gzip\r\n", "bad 501 transfer_encoding;"},
	    {"Transfer-Encoding: gzip, chunked\r\n", "bad 501 transfer_encoding;"},
	    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "bad 400 bad_transfer_encoding;"},
	    {"Transfer-Encoding: identity\r\n", "bad 501 transfer_encoding;"},
	};
	char text[300];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "POST / HTTP/1.1\r\n" HOST "%s\r\n", cases[i][0]);
		expect(text, cases[i][1]);
	}
	expect("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "bad 400 bad_transfer_encoding;");
	expect("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
	    "head 2 /? 1.1 keep len=2 auth=0: ce=;[ab]end;");
}
END_TEST

START_TEST(broken_chunks_are_refused)
{
	static const char *const cases[][2] = {
	    {"x\r\n", "bad 400 bad_chunk;"},
	    {"\r\n", "bad 400 bad_chunk;"},
	    {"-1\r\n", "bad 400 bad_chunk;"},
	    {"0x1\r\n", "bad 400 bad_chunk;"},
	    {"1\na", "bad 400 bad_chunk;"},
	    {"1\r\nab", "[a]bad 400 bad_chunk;"},
	    {"1\r\na\n", "[a]bad 400 bad_chunk;"},
	    {"1;\x01\r\n", "bad 400 bad_chunk;"},
	    {"3e9\r\n", "bad 413 body_too_large;"},
	    {"ffffffffffffffff\r\n", "bad 400 bad_chunk;"},
	    {"fffffffffffffff\r\n", "bad 413 body_too_large;"},
	    {"0\r\n a: b\r\n", "bad 400 bad_trailer;"},
	    {"0\r\na b\r\n", "bad 400 bad_trailer;"},
	    {"0\r\na\r\n", "bad 400 bad_trailer;"},
	    {"0\r\na: b\n", "bad 400 bad_trailer;"},
	    {"0\r\n\rx", "bad 400 bad_chunk;"},
	};
	char text[300], log[300];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n%s", cases[i][0]);
		snprintf(log, sizeof log, "head 2 /? 1.1 keep chunked len=-1 auth=0: ce=;%s", cases[i][1]);
		expect(text, log);
	}
}
END_TEST

/* POST with chunks of 400, 400 and `last` bytes against max_body 1000. */
static void
expect_chunks(unsigned last, const char *tail)
{
	struct buf b;
	buf_init(&b, 10000);
	ck_assert_int_eq(buf_addf(&b, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), 0);
	ck_assert_int_eq(buf_addf(&b, "190\r\n%0400d\r\n190\r\n%0400d\r\n%x\r\n%0*d\r\n0\r\n\r\n", 1, 2, last, (int)last, 3), 0);
	char *log = run(buf_str(&b));
	ck_assert_msg(str_ends(str_of(log), str_of(tail)), "%s", log);
	free(log);
	buf_fini(&b);
}

START_TEST(the_body_limit_counts_all_chunks)
{
	expect_chunks(200, "3]end;");
	expect_chunks(201, "2]bad 413 body_too_large;");
}
END_TEST

/* A head with a target of n bytes, or count fields, or a field of size bytes. */
static char *
head_of(size_t target, size_t count, size_t size)
{
	struct buf b;
	buf_init(&b, 100000);
	int r = buf_addf(&b, "GET /%0*d HTTP/1.1\r\n" HOST, (int)target - 1, 0);
	for (size_t i = 1; i < count; i++)
		r |= buf_addf(&b, "a: b\r\n");
	if (size)
		r |= buf_addf(&b, "c: %0*d\r\n", (int)size, 0);
	r |= buf_addf(&b, "\r\n");
	ck_assert_int_eq(r, 0);
	char *log = run(buf_str(&b));
	char *short_log = strdup(strncmp(log, "bad", 3) == 0 ? log : "good");
	free(log);
	buf_fini(&b);
	return short_log;
}

static void
expect_head(size_t target, size_t count, size_t size, const char *log)
{
	char *seen = head_of(target, count, size);
	ck_assert_str_eq(seen, log);
	free(seen);
}

START_TEST(the_limits_of_the_head_are_exact)
{
	expect_head(8192 - 13, 1, 0, "good"); /* "GET " and " HTTP/1.1" take 13 */
	expect_head(8192 - 12, 1, 0, "bad 414 request_line_too_long;");
	expect_head(20000, 1, 0, "bad 414 request_line_too_long;");
	expect_head(2, 64, 0, "good");
	expect_head(2, 65, 0, "bad 431 headers_too_large;");
	expect_head(2, 1, 16384 - 9 - 5 - 2, "good"); /* Host line, "c: " and CRLF, the empty line */
	expect_head(2, 1, 16384 - 9 - 5 - 1, "bad 431 headers_too_large;");
}
END_TEST

START_TEST(extensions_and_trailers_are_bounded)
{
	struct buf b;
	buf_init(&b, 200000);
	ck_assert_int_eq(buf_addf(&b, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), 0);
	size_t head = b.len;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(buf_addf(&b, "1;%0200d\r\nx\r\n", 0), 0);
	char *log = run(buf_str(&b));
	ck_assert_msg(str_ends(str_of(log), STR("]bad 400 bad_chunk;")), "%s", log);
	free(log);
	b.len = head;
	ck_assert_int_eq(buf_addf(&b, "0\r\n"), 0);
	for (int i = 0; i < 70; i++)
		ck_assert_int_eq(buf_addf(&b, "a: b\r\n"), 0);
	log = run(buf_str(&b));
	ck_assert_msg(str_ends(str_of(log), STR("bad 400 bad_trailer;")), "%s", log);
	free(log);
	buf_fini(&b);
}
END_TEST

START_TEST(a_length_beyond_64_bits_is_very_large_and_not_small)
{
	struct http_script s;
	http_script_init(&s, &limits);
	http_script_feed(&s, STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551621\r\n\r\n"));
	ck_assert(http_conn_head(s.conn)->length == UINT64_MAX);
	http_script_fini(&s);
}
END_TEST

START_TEST(two_lines_of_content_encoding_equal_no_coding)
{
	expect("GET / HTTP/1.1\r\n" HOST "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n",
	    "head 0 /? 1.1 keep len=-1 auth=0: ce=gzip\r\nContent-Encoding: gzip;end;");
}
END_TEST

START_TEST(idle_means_that_no_byte_of_a_request_was_seen)
{
	struct http_script s;
	http_script_init(&s, &limits);
	ck_assert(http_conn_idle(s.conn));
	http_script_feed(&s, STR("G"));
	ck_assert(!http_conn_idle(s.conn));
	http_script_feed(&s, STR("ET / HTTP/1.1\r\n" HOST "\r\n"));
	ck_assert(http_conn_idle(s.conn));
	http_script_fini(&s);
}
END_TEST

/* Every input of the corpus through the fuzz target. */
START_TEST(the_corpus_holds)
{
	DIR *corpus = opendir(SRCDIR "/tests/corpus/http_conn");
	unsigned runs = 0;
	ck_assert_ptr_nonnull(corpus);
	for (struct dirent *entry; (entry = readdir(corpus));) {
		char path[4096];
		uint8_t data[8192];
		snprintf(path, sizeof path, SRCDIR "/tests/corpus/http_conn/%s/input", entry->d_name);
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
	const TTest *const tests[] = {a_body_of_known_length_is_cut_from_the_next_request,
	    chunks_are_joined_and_extensions_and_trailers_dropped, known_fields_are_handed_out,
	    http_1_0_closes_unless_it_asks_for_keep_alive, one_empty_line_before_the_request_is_tolerated_and_no_more,
	    absolute_targets_lose_their_authority, malformed_heads_are_refused, ambiguous_framing_is_refused,
	    broken_chunks_are_refused, the_body_limit_counts_all_chunks, the_limits_of_the_head_are_exact,
	    extensions_and_trailers_are_bounded, a_length_beyond_64_bits_is_very_large_and_not_small,
	    two_lines_of_content_encoding_equal_no_coding, idle_means_that_no_byte_of_a_request_was_seen, the_corpus_holds, NULL};
	return unit_run("http_conn", tests);
}
