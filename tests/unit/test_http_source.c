#include "unit/unit.h"

#include <zlib.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "ingest/admission.h"
#include "ingest/http_source.h"
#include "unit/fake_pipeline.h"
#include "unit/peer.h"

static struct loop *loop;
static struct http_config config;
static struct token_config token;
static struct admission *admission;
static struct http_source *source;
static struct peer peer;
static char secret[] = "s3cret", red[] = "red", blue[] = "blue";
static const struct inet home = {.bytes = {127, 0, 0, 1}, .family = 4};

#define HEAD "POST /v1/events HTTP/1.1\r\nHost: h\r\n"
#define GOOD HEAD "Content-Length: 4\r\n\r\n{1}\n"

static void
setup(void)
{
	clock_set(1795377600000);
	loop = loop_new("test");
	config = (struct http_config){.max_connections = 3,
	    .max_connections_per_ip = 2,
	    .max_records = 3,
	    .max_ratio = 100,
	    .header_timeout_ms = 10000,
	    .body_timeout_ms = 60000,
	    .idle_timeout_ms = 60000,
	    .min_rate_bytes = 1024,
	    .max_body_bytes = 100000,
	    .max_decompressed_bytes = 1000000};
	admission = admission_new(1 << 26, NULL, NULL);
	source = http_source_new(loop, &config, NULL, admission);
	ck_assert_ptr_nonnull(source);
}

static void
connect_peer(struct peer *p)
{
	int other;
	peer_open(p, loop, &other);
	http_source_accept(source, other, &home);
}

static void
open_peer(void)
{
	setup();
	connect_peer(&peer);
}

static void
teardown(void)
{
	http_source_free(source);
	ck_assert_uint_eq(admission_inflight(admission), 0);
	admission_free(admission);
	loop_free(loop);
	close(peer.fd);
	clock_unset();
}

static void
expect(const char *start, const char *part)
{
	ck_assert_msg(strncmp(peer.got, start, strlen(start)) == 0, "%s", peer.got);
	ck_assert_msg(strstr(peer.got, part) != NULL, "%s has no %s", peer.got, part);
}

START_TEST(a_body_is_fed_and_answered_when_its_batch_is_settled)
{
	open_peer();
	fake.hold = true;
	peer_say(&peer, HEAD "Content-Length: 8\r\n\r\n{1}\n");
	ck_assert_str_eq(fake.text.data, "{1}\n"); /* before the rest is here */
	peer_say(&peer, "{2}\n");
	ck_assert_uint_eq(fake.finished, 1);
	ck_assert_uint_eq(peer.len, 0);
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	expect("HTTP/1.1 200 OK\r\n", "{\"accepted\":2,\"rejected\":0,\"duplicates\":0,\"batch\":\"");
	expect("HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 20:00:00 GMT\r\n", "\r\nx-request-id: ");
	ck_assert(!peer.ended);
	teardown();
}
END_TEST

START_TEST(pipelined_requests_are_answered_one_after_the_other)
{
	open_peer();
	fake.hold = true;
	peer_say(&peer, GOOD HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{b\r\n3\r\nad\n\r\n0\r\n\r\n" GOOD);
	ck_assert_uint_eq(fake.begun, 1);
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	ck_assert_uint_eq(fake.begun, 2);
	fake.hold = false;
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	ck_assert_str_eq(fake.text.data, "{1}\n|{bad\n|{1}\n|");
	ck_assert_uint_eq(peer_count(&peer, "HTTP/1.1 200"), 2);
	expect("HTTP/1.1 200", "HTTP/1.1 422");
	teardown();
}
END_TEST

START_TEST(a_batch_that_could_not_be_stored_is_to_be_sent_again)
{
	open_peer();
	fake.hold = true;
	peer_say(&peer, GOOD);
	fake_settle(BATCH_FAILED);
	peer_turn(&peer);
	expect("HTTP/1.1 503 ", "\r\nRetry-After: ");
	expect("HTTP/1.1 503 ", "\"retry_after\":");
	ck_assert(!peer.ended);
	teardown();
}
END_TEST

START_TEST(a_batch_outlives_its_connection)
{
	open_peer();
	fake.hold = true;
	peer_say(&peer, GOOD);
	http_source_stop(source);
	shutdown(peer.fd, SHUT_RDWR);
	peer_turn(&peer);
	ck_assert_uint_eq(http_source_connections(source), 1);
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	ck_assert_uint_eq(http_source_connections(source), 0);
	teardown();
}
END_TEST

START_TEST(a_body_that_breaks_off_is_evaluated_as_far_as_it_came)
{
	open_peer();
	peer_say(&peer, HEAD "Content-Length: 100\r\n\r\n{1}\n");
	shutdown(peer.fd, SHUT_WR);
	peer_turn(&peer);
	ck_assert_str_eq(fake.text.data, "{1}\n|");
	expect("HTTP/1.1 400 ", "\"code\":\"incomplete\"");
	ck_assert(peer.ended);
	teardown();
}
END_TEST

START_TEST(a_half_closed_peer_gets_its_answer)
{
	open_peer();
	fake.hold = true;
	peer_say(&peer, GOOD);
	shutdown(peer.fd, SHUT_WR);
	peer_turn(&peer);
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	expect("HTTP/1.1 200 ", "accepted");
	ck_assert(peer.ended);
	ck_assert_uint_eq(http_source_connections(source), 0);
	teardown();
}
END_TEST

START_TEST(partial_failure_is_200_with_errors_by_index)
{
	open_peer();
	peer_say(&peer, HEAD "Content-Length: 8\r\n\r\n{1}\nbad\n");
	expect("HTTP/1.1 200 ",
	    "\"accepted\":1,\"rejected\":1,\"duplicates\":0,");
	expect("HTTP/1.1 200 ",
	    "\"errors\":[{\"index\":1,\"code\":\"depth\",\"pointer\":\"/a\\\"\xEF\xBF\xBD\",\"detail\":\"too deep\"}]}");
	teardown();
}
END_TEST

static void
answer_to(const char *body, const char *start, const char *part)
{
	char text[200];
	open_peer();
	snprintf(text, sizeof text, HEAD "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	peer_say(&peer, text);
	expect(start, part);
	ck_assert(!peer.ended); /* the framing is known: the connection stays */
	teardown();
	buf_clear(&fake.text);
}

START_TEST(bodies_without_anything_usable_are_refused)
{
	answer_to("", "HTTP/1.1 400 ", "\"code\":\"empty_body\"");
	answer_to("  \n", "HTTP/1.1 400 ", "\"code\":\"empty_body\"");
	answer_to("this is no json: bad", "HTTP/1.1 400 ", "\"code\":\"malformed_json\"");
	answer_to("{cut", "HTTP/1.1 400 ", "\"code\":\"malformed_json\"");
	answer_to("{bad\n{bad", "HTTP/1.1 422 ", "\"accepted\":0,\"rejected\":2,");
	answer_to("{1}\n{cut", "HTTP/1.1 200 ", "\"accepted\":1,\"rejected\":1,");
}
END_TEST

START_TEST(limits_met_after_good_records_let_those_stand)
{
	open_peer();
	peer_say(&peer, HEAD "Content-Length: 16\r\n\r\n{1}\n{2}\n{3}\n{4}\n");
	ck_assert_str_eq(fake.text.data, "{1}\n{2}\n{3}\n|");
	expect("HTTP/1.1 413 ", "\"code\":\"too_many_records\",\"limit\":3,\"accepted\":3,");
	expect("HTTP/1.1 413 ", "\r\nConnection: close\r\n");
	ck_assert(peer.ended);
	teardown();
}
END_TEST

START_TEST(a_chunked_body_beyond_the_limit_is_refused_and_its_rest_read_away)
{
	static char chunk[70000];
	open_peer();
	config.max_records = 1000000;
	memset(chunk, ' ', sizeof chunk);
	peer_say(&peer, HEAD "Transfer-Encoding: chunked\r\n\r\n11170\r\n");
	peer_send(&peer, chunk, sizeof chunk);
	peer_say(&peer, "\r\n11170\r\n");
	expect("HTTP/1.1 413 ", "\"code\":\"body_too_large\",\"limit\":100000");
	ck_assert(!peer.ended);
	peer_send(&peer, chunk, sizeof chunk); /* no reset: the answer is there to be read */
	shutdown(peer.fd, SHUT_WR);
	peer_turn(&peer);
	ck_assert(peer.ended);
	teardown();
}
END_TEST

START_TEST(a_head_alone_is_enough_to_refuse)
{
	static const char *const cases[][3] = {
	    {"POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n", "HTTP/1.1 413 ", "\"limit\":100000"},
	    {"POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Encoding: br\r\n", "HTTP/1.1 415 ",
	        "Accept-Encoding: gzip, identity\r\n"},
	    {"POST /v1/event HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n", "HTTP/1.1 404 ", "urn:picketd:problem:not_found"},
	    {"PUT /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n", "HTTP/1.1 405 ", "Allow: POST\r\n"},
	    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 400 ",
	        "ambiguous_length"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		open_peer();
		peer_say(&peer, cases[i][0]);
		peer_say(&peer, "\r\n");
		expect(cases[i][1], cases[i][2]);
		expect(cases[i][1], "Connection: close\r\n");
		expect(cases[i][1], "application/problem+json");
		ck_assert_uint_eq(fake.begun, 0);
		teardown();
	}
}
END_TEST

START_TEST(refused_requests_without_a_body_keep_the_connection)
{
	open_peer();
	peer_say(&peer, "GET /v1/events HTTP/1.1\r\nHost: h\r\n\r\nHEAD /x HTTP/1.1\r\nHost: h\r\n\r\n"
	                "POST /v1/events HTTP/1.1\r\nHost: h\r\n\r\n" GOOD);
	expect("HTTP/1.1 405 ", "HTTP/1.1 404 ");
	ck_assert_ptr_nonnull(strstr(peer.got, "HTTP/1.1 411 "));
	ck_assert_ptr_nonnull(strstr(peer.got, "HTTP/1.1 200 "));
	ck_assert_uint_eq(peer_count(&peer, "\"code\":"), 2); /* HEAD has no body */
	ck_assert(!peer.ended);
	teardown();
}
END_TEST

START_TEST(without_the_token_no_body_byte_is_taken)
{
	token = (struct token_config){.id = red, .secret = {.value = secret, .len = 6}, .source = {.product = red}, .tenant = blue};
	setup();
	http_source_free(source);
	config.tokens = &token;
	config.token_count = 1;
	source = http_source_new(loop, &config, NULL, admission);
	connect_peer(&peer);
	peer_say(&peer, HEAD "Authorization: Bearer s3cre\r\nContent-Length: 4\r\n\r\n{1}\n");
	expect("HTTP/1.1 401 ", "WWW-Authenticate: Bearer\r\n");
	expect("HTTP/1.1 401 ", "bad_credentials");
	ck_assert_uint_eq(fake.begun, 0);
	ck_assert(peer.ended);
	close(peer.fd);
	connect_peer(&peer);
	peer_say(&peer, HEAD "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	expect("HTTP/1.1 401 ", "no_credentials");
	close(peer.fd);
	connect_peer(&peer);
	fake.hold = true;
	peer_say(&peer, HEAD "Authorization: Bearer s3cret\r\nContent-Length: 4\r\n\r\n{1}\n");
	ck_assert_ptr_eq(fake.held[0]->source, &token.source);
	ck_assert(str_eq(fake.held[0]->tenant, STR("blue")));
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	expect("HTTP/1.1 200 ", "accepted");
	teardown();
}
END_TEST

START_TEST(expect_100_continue_is_answered_before_the_body)
{
	open_peer();
	peer_say(&peer, HEAD "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	ck_assert_str_eq(peer.got, "HTTP/1.1 100 Continue\r\n\r\n");
	peer_forget(&peer);
	peer_say(&peer, "{1}\n");
	expect("HTTP/1.1 200 ", "accepted");
	teardown();
}
END_TEST

START_TEST(http_1_0_closes_or_says_that_it_stays)
{
	open_peer();
	peer_say(&peer, "POST /v1/events HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\n{1}\n");
	expect("HTTP/1.1 200 ", "Connection: keep-alive\r\n");
	peer_forget(&peer);
	peer_say(&peer, "POST /v1/events HTTP/1.0\r\nContent-Length: 4\r\n\r\n{1}\n");
	expect("HTTP/1.1 200 ", "Connection: close\r\n");
	ck_assert(peer.ended);
	teardown();
}
END_TEST

START_TEST(back_pressure_is_503_and_ends_with_what_caused_it)
{
	open_peer();
	admission_set_stopped(admission, true);
	peer_say(&peer, HEAD "Content-Length: 0\r\n\r\n");
	expect("HTTP/1.1 503 ", "\"code\":\"stopping\"");
	admission_set_stopped(admission, false);
	peer_forget(&peer);
	peer_say(&peer, GOOD);
	expect("HTTP/1.1 200 ", "accepted");
	fake.no_memory = true;
	peer_forget(&peer);
	peer_say(&peer, HEAD "Content-Length: 0\r\n\r\n");
	expect("HTTP/1.1 503 ", "\"code\":\"memory\"");
	teardown();
}
END_TEST

static void
pass(int64_t ms)
{
	clock_set(clock_wall_ms() + ms);
	peer_turn(&peer);
}

START_TEST(slow_heads_and_bodies_get_408)
{
	open_peer();
	peer_say(&peer, "POST /v1/ev");
	pass(9000);
	peer_say(&peer, "ents HTT"); /* does not prolong it */
	pass(1001);
	expect("HTTP/1.1 408 ", "too_slow");
	ck_assert(peer.ended);
	close(peer.fd);
	connect_peer(&peer);
	peer_say(&peer, HEAD "Content-Length: 50000\r\n\r\n");
	pass(5001);
	expect("HTTP/1.1 408 ", "too_slow");
	close(peer.fd);
	connect_peer(&peer);
	peer_say(&peer, HEAD "Content-Length: 90000\r\n\r\n{1}\n");
	static char blanks[3000];
	memset(blanks, '\n', sizeof blanks);
	for (int i = 0; i < 12; i++) { /* fast enough, but not in time */
		ck_assert_uint_eq(peer.len, 0);
		peer_send(&peer, blanks, sizeof blanks);
		peer_send(&peer, blanks, sizeof blanks);
		pass(5000);
	}
	pass(10);
	expect("HTTP/1.1 408 ", "too_slow");
	teardown();
}
END_TEST

START_TEST(idle_connections_are_closed_without_a_word)
{
	open_peer();
	pass(10001);
	ck_assert(peer.ended && peer.len == 0);
	close(peer.fd);
	connect_peer(&peer);
	peer_say(&peer, GOOD);
	peer_forget(&peer);
	pass(59000);
	ck_assert(!peer.ended);
	pass(1001);
	ck_assert(peer.ended && peer.len == 0);
	teardown();
}
END_TEST

START_TEST(connections_are_limited_by_address)
{
	struct peer second, third;
	open_peer();
	connect_peer(&second);
	connect_peer(&third);
	peer_turn(&third);
	ck_assert(third.ended);
	ck_assert_uint_eq(http_source_connections(source), 2);
	ck_assert(metrics_value(METRIC_CONNECTIONS, "http", NULL) == 2.0);
	ck_assert(metrics_value(METRIC_CONNECTIONS_REFUSED, "http", "address_limit") == 1.0);
	close(second.fd);
	peer_turn(&peer);
	ck_assert(metrics_value(METRIC_CONNECTIONS, "http", NULL) == 1.0);
	close(third.fd);
	teardown();
}
END_TEST

START_TEST(a_connection_that_just_closed_makes_room_for_the_next)
{
	struct peer second;
	open_peer();
	connect_peer(&second);
	close(second.fd); /* its end is not read yet */
	connect_peer(&second);
	peer_turn(&second);
	ck_assert(!second.ended);
	ck_assert(metrics_value(METRIC_CONNECTIONS_REFUSED, "http", "address_limit") == 0.0);
	close(second.fd);
	teardown();
}
END_TEST

START_TEST(stop_closes_the_idle_and_answers_the_rest)
{
	struct peer idle;
	open_peer();
	connect_peer(&idle);
	fake.hold = true;
	peer_say(&peer, GOOD);
	http_source_stop(source);
	peer_turn(&idle);
	ck_assert(idle.ended);
	ck_assert(!peer.ended);
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	expect("HTTP/1.1 200 ", "Connection: close\r\n");
	ck_assert(peer.ended);
	close(idle.fd);
	close(peer.fd);
	peer_turn(&idle);
	ck_assert_uint_eq(http_source_connections(source), 0);
	peer.fd = dup(0);
	teardown();
}
END_TEST

/* A gzip body of n times text, after a head that says so. */
static void
send_gzip(const char *text, int n, size_t cut)
{
	static unsigned char packed[1 << 16];
	z_stream z = {0};
	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof packed;
	for (int i = 0; i < n; i++) {
		z.next_in = (Bytef *)(uintptr_t)text;
		z.avail_in = (uInt)strlen(text);
		ck_assert_int_ge(deflate(&z, i == n - 1 ? Z_FINISH : Z_NO_FLUSH), Z_OK);
	}
	size_t len = z.total_out - cut;
	char head[200];
	snprintf(head, sizeof head, HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", len);
	deflateEnd(&z);
	peer_say(&peer, head);
	peer_send(&peer, (const char *)packed, len);
}

START_TEST(gzip_bodies_are_decoded_and_counted)
{
	open_peer();
	send_gzip("{1}\n", 2, 0);
	ck_assert_str_eq(fake.text.data, "{1}\n{1}\n|");
	expect("HTTP/1.1 200 ", "\"accepted\":2");
	ck_assert(metrics_value(METRIC_RECEIVED_BYTES, "http", "decoded") == 8.0);
	peer_forget(&peer);
	send_gzip("{1}\n", 3, 0); /* the second of a connection */
	expect("HTTP/1.1 200 ", "\"accepted\":3");
	teardown();
}
END_TEST

START_TEST(broken_gzip_is_400_and_a_bomb_is_413)
{
	open_peer();
	config.max_records = 1000000;
	send_gzip("{1}\n", 2, 3);
	expect("HTTP/1.1 400 ", "\"code\":\"bad_gzip\"");
	ck_assert(!peer.ended);
	peer_forget(&peer);
	send_gzip("                                                                \n", 40000, 0);
	expect("HTTP/1.1 413 ", "\"code\":\"decompression\",\"limit\":1000000");
	ck_assert(peer.ended);
	teardown();
}
END_TEST

START_TEST(a_peer_that_does_not_read_gets_no_further_answers)
{
	open_peer();
	int size = 4096;
	setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	static const char get[] = "GET /v1/events HTTP/1.1\r\nHost: h\r\n\r\n";
	size_t sent = 0;
	for (int i = 0; i < 20000; i++) { /* about 8 MB of answers */
		if (send(peer.fd, get, sizeof get - 1, MSG_NOSIGNAL) > 0)
			sent++;
		loop_turn(loop);
	}
	ck_assert_uint_lt(sent, 19000);
	ck_assert_uint_eq(http_source_connections(source), 1);
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_body_is_fed_and_answered_when_its_batch_is_settled,
	    pipelined_requests_are_answered_one_after_the_other, a_batch_that_could_not_be_stored_is_to_be_sent_again,
	    a_batch_outlives_its_connection, a_body_that_breaks_off_is_evaluated_as_far_as_it_came,
	    a_half_closed_peer_gets_its_answer, partial_failure_is_200_with_errors_by_index,
	    bodies_without_anything_usable_are_refused, limits_met_after_good_records_let_those_stand,
	    a_chunked_body_beyond_the_limit_is_refused_and_its_rest_read_away, a_head_alone_is_enough_to_refuse,
	    refused_requests_without_a_body_keep_the_connection, without_the_token_no_body_byte_is_taken,
	    expect_100_continue_is_answered_before_the_body, http_1_0_closes_or_says_that_it_stays,
	    back_pressure_is_503_and_ends_with_what_caused_it, slow_heads_and_bodies_get_408,
	    idle_connections_are_closed_without_a_word, connections_are_limited_by_address, a_connection_that_just_closed_makes_room_for_the_next,
	    stop_closes_the_idle_and_answers_the_rest,
	    gzip_bodies_are_decoded_and_counted, broken_gzip_is_400_and_a_bomb_is_413,
	    a_peer_that_does_not_read_gets_no_further_answers, NULL};
	return unit_run("http_source", tests);
}
