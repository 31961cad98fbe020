#include "unit.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/metrics.h"
#include "deliver/dispatcher.h"
#include "deliver/send_test.h"
#include "store_fixture.h"

enum { SEEN_MAX = 256, TURNS_MAX = 200000 };

/* A receiver on a port of the kernel's choice: answers by script, remembers what came. */
struct receiver {
	struct event_base *base;
	struct evhttp *http;
	char url[64];
	int script[SEEN_MAX]; /* status of request n; 0 = 200 */
	const char *retry_after;
	struct {
		int64_t seq;
		int score, attempt;
		char id[64];
		size_t len;
	} seen[SEEN_MAX];
	unsigned count, bad_signatures;
	unsigned char keys[2][32];
	bool hang;
	struct evhttp_request *hung;
	char last_body[32768], signature[256], authorization[64], agent[64];
	size_t long_answer;
};

static struct fixture x;
static struct home h;
static struct receiver soc, low;

static const char secret_1[] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const char secret_2[] = "whsec_//////////////////////////////////////////8=";

/* By OpenSSL alone, not by the code under test. */
static void
expect_signature(char *out, const unsigned char *key, const char *id, const char *timestamp, const char *body)
{
	static char text[65536];
	unsigned char digest[32];
	unsigned len = 0;
	int n = snprintf(text, sizeof(text), "%s.%s.%s", id, timestamp, body);
	HMAC(EVP_sha256(), key, 32, (const unsigned char *)text, (size_t)n, digest, &len);
	memcpy(out, "v1,", 3);
	EVP_EncodeBlock((unsigned char *)out + 3, digest, 32);
}

static void
check_signature(struct receiver *r, struct evhttp_request *req)
{
	char want[2][64];
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	const char *id = evhttp_find_header(in, "webhook-id"), *time = evhttp_find_header(in, "webhook-timestamp");
	const char *have = evhttp_find_header(in, "webhook-signature"), *key = evhttp_find_header(in, "idempotency-key");
	char quoted[80];
	ck_assert(id && time && have && key);
	snprintf(quoted, sizeof(quoted), "\"%s\"", id);
	ck_assert_str_eq(key, quoted);
	for (int i = 0; i < 2; i++)
		expect_signature(want[i], r->keys[i], id, time, r->last_body);
	if (strncmp(have, want[0], 47) != 0 || (have[47] && strcmp(have + 48, want[1]) != 0))
		r->bad_signatures++;
	snprintf(r->signature, sizeof(r->signature), "%s", have);
}

static void
remember(struct receiver *r, struct evhttp_request *req)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(body);
	ck_assert_uint_lt(len, sizeof(r->last_body));
	evbuffer_copyout(body, r->last_body, len);
	r->last_body[len] = '\0';
	const char *seq = strstr(r->last_body, "\"seq\":"), *score = strstr(r->last_body, "\"threat_score\":");
	unsigned n = r->count++ % SEEN_MAX;
	r->seen[n].len = len;
	r->seen[n].seq = seq ? atoll(seq + 6) : -1;
	r->seen[n].score = score ? (int)strtol(score + 15, NULL, 10) : -1;
	r->seen[n].attempt = (int)strtol(evhttp_find_header(in, "x-picketd-attempt"), NULL, 10);
	snprintf(r->seen[n].id, sizeof(r->seen[n].id), "%s", evhttp_find_header(in, "webhook-id"));
	ck_assert_str_eq(evhttp_find_header(in, "content-type"), "application/json");
	const char *authorization = evhttp_find_header(in, "authorization");
	snprintf(r->authorization, sizeof(r->authorization), "%s", authorization ? authorization : "");
	snprintf(r->agent, sizeof(r->agent), "%s", evhttp_find_header(in, "user-agent"));
}

static void
on_request(struct evhttp_request *req, void *ctx)
{
	struct receiver *r = ctx;
	unsigned n = r->count;
	remember(r, req);
	if (evhttp_find_header(evhttp_request_get_input_headers(req), "webhook-signature"))
		check_signature(r, req);
	if (r->hang) {
		r->hung = req;
		return;
	}
	int status = n < SEEN_MAX && r->script[n] ? r->script[n] : 200;
	if (r->retry_after)
		evhttp_add_header(evhttp_request_get_output_headers(req), "Retry-After", r->retry_after);
	struct evbuffer *body = evbuffer_new();
	if (status >= 300)
		evhttp_add_header(evhttp_request_get_output_headers(req), "Location", "http://127.0.0.1:1/");
	evbuffer_add_printf(body, "answer %d", status);
	for (size_t i = 0; i < r->long_answer; i += 16)
		evbuffer_add(body, "sixteen bytes...", 16);
	evhttp_send_reply(req, status, "Status", body);
	evbuffer_free(body);
}

static void
receiver_init(struct receiver *r)
{
	memset(r, 0, sizeof(*r));
	for (int i = 0; i < 32; i++) {
		r->keys[0][i] = (unsigned char)i;
		r->keys[1][i] = 0xff;
	}
	r->base = event_base_new();
	r->http = evhttp_new(r->base);
	struct evhttp_bound_socket *s = evhttp_bind_socket_with_handle(r->http, "127.0.0.1", 0);
	ck_assert_ptr_nonnull(s);
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)(void *)&address, &len);
	snprintf(r->url, sizeof(r->url), "http://127.0.0.1:%d/hook", ntohs(address.sin_port));
	evhttp_set_gencb(r->http, on_request, r);
}

static void
receiver_fini(struct receiver *r)
{
	if (r->http)
		evhttp_free(r->http);
	if (r->base)
		event_base_free(r->base);
	memset(r, 0, sizeof(*r));
}

static struct dispatcher *d;

static void
open_dispatcher(void)
{
	struct fail why = {0};
	struct dispatcher_options options = {h.store, h.targets, h.target_count};
	d = dispatcher_new(&options, &why);
	ck_assert_msg(d != NULL, "%s", why.text);
}

/* soc and low are receivers of their own; nothing is delivered yet. */
static void
begin(size_t targets)
{
	struct receiver *receivers[] = {&soc, &low};
	home_init(&h, targets);
	for (size_t i = 0; i < 2; i++) {
		receiver_init(receivers[i]);
		h.targets[i].url = receivers[i]->url;
		h.targets[i].allow_plain = true;
		h.targets[i].secret_count = 1;
		h.targets[i].secrets[0].value = strdup(secret_1);
		h.targets[i].secrets[0].len = strlen(secret_1);
	}
}

static void
close_dispatcher(void)
{
	dispatcher_stop(d);
	dispatcher_free(d);
	d = NULL;
}

static void
end(void)
{
	if (d)
		close_dispatcher();
	ck_assert_uint_eq(soc.bad_signatures + low.bad_signatures, 0);
	receiver_fini(&soc);
	receiver_fini(&low);
	for (size_t i = 0; i < 2; i++)
		free(h.targets[i].secrets[0].value);
	home_fini(&h);
}

/* Everybody turns until the condition holds; the clock moves by ms in between. */
static void
step(int64_t ms)
{
	loop_turn(dispatcher_loop(d));
	loop_turn(store_loop(h.store));
	if (soc.base)
		event_base_loop(soc.base, EVLOOP_NONBLOCK);
	if (low.base)
		event_base_loop(low.base, EVLOOP_NONBLOCK);
	if (ms)
		clock_set(clock_wall_ms() + ms);
}

#define turn_until(condition) \
	do { \
		int turns_ = 0; \
		for (; !(condition) && turns_ < TURNS_MAX; turns_++) \
			step(turns_ % 16 == 15 ? 10 : 0); \
		ck_assert_msg(turns_ < TURNS_MAX, "never: %s", #condition); \
	} while (0)

/* A good while in which nothing more may happen, at most ms of the clock. */
static void
turn_for(int64_t ms)
{
	int64_t until = clock_wall_ms() + ms;
	for (int i = 0; i < 300; i++)
		step(clock_wall_ms() + 1 < until && i % 8 == 7);
}

static void
add_alerts(unsigned first, unsigned count, int score)
{
	for (unsigned i = first; i < first + count; i++)
		home_store(&h, fixture_plain(&x, i, score), BATCH_DONE);
}

START_TEST(an_alert_arrives_signed_once_and_is_settled)
{
	char value[] = "t0ken";
	begin(1);
	h.targets[0].bearer = (struct secret){.value = value, .len = 5};
	open_dispatcher();
	add_alerts(1, 1, 2);
	turn_until(soc.count == 1 && store_outbox_len(h.store, 0) == 0);
	turn_for(5000);
	ck_assert_uint_eq(soc.count, 1);
	ck_assert_int_eq(soc.seen[0].attempt, 1);
	ck_assert_int_eq(soc.seen[0].seq, 1);
	ck_assert_int_eq((int)strlen(soc.signature), 47);
	ck_assert_str_eq(soc.authorization, "Bearer t0ken");
	ck_assert_str_eq(soc.agent, "picketd/" PACKAGE_VERSION);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM delivered WHERE status = 200 AND attempts = 1"), 1);
	ck_assert_double_eq(metrics_value(METRIC_DELIVERIES, "soc", "ok"), 1);
	ck_assert_double_eq(metrics_value(METRIC_OUTBOX_ALERTS, "soc", NULL), 0);
	end();
}
END_TEST

START_TEST(two_secrets_both_sign)
{
	char second[sizeof(secret_2)];
	begin(1);
	memcpy(second, secret_2, sizeof(second));
	h.targets[0].secrets[1] = (struct secret){.value = second, .len = strlen(second)};
	h.targets[0].secret_count = 2;
	open_dispatcher();
	add_alerts(1, 1, 2);
	turn_until(soc.count == 1);
	ck_assert_int_eq((int)strlen(soc.signature), 47 * 2 + 1);
	end();
}
END_TEST

START_TEST(a_transient_failure_is_repeated_with_the_same_id_and_body)
{
	char first[32768];
	begin(1);
	soc.script[0] = soc.script[1] = 503;
	open_dispatcher();
	add_alerts(1, 1, 2);
	turn_until(soc.count == 1);
	memcpy(first, soc.last_body, sizeof(first));
	turn_for(700);
	ck_assert_uint_eq(soc.count, 1); /* not before 0.8 s */
	turn_until(soc.count == 3 && store_outbox_len(h.store, 0) == 0);
	ck_assert_str_eq(soc.last_body, first);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(soc.seen[i].attempt, i + 1);
		ck_assert_str_eq(soc.seen[i].id, soc.seen[0].id);
	}
	ck_assert_double_eq(metrics_value(METRIC_DELIVERIES, "soc", "transient"), 2);
	end();
}
END_TEST

START_TEST(retry_after_is_kept)
{
	begin(1);
	soc.script[0] = 429;
	soc.retry_after = "120";
	open_dispatcher();
	add_alerts(1, 1, 2);
	turn_until(soc.count == 1);
	turn_for(1);
	int64_t at = clock_wall_ms();
	clock_set(at + 119000);
	turn_for(1);
	ck_assert_uint_eq(soc.count, 1);
	turn_until(soc.count == 2);
	ck_assert_int_ge(clock_wall_ms(), at + 119900);
	end();
}
END_TEST

START_TEST(a_backlog_goes_out_by_score_then_newest_first)
{
	begin(1);
	soc.script[0] = 404; /* an endpoint fault: the circuit is open at once */
	open_dispatcher();
	add_alerts(1, 1, 1);
	turn_until(soc.count == 1);
	turn_for(10);
	ck_assert_str_eq(dispatcher_state(d, 0), "open");
	ck_assert_double_eq(metrics_value(METRIC_TARGET_STATE, "soc", "open"), 1);
	for (unsigned i = 2; i < 60; i++)
		add_alerts(i, 1, (int)(i % 3) + 1);
	turn_until(store_outbox_len(h.store, 0) == 0);
	ck_assert_uint_eq(soc.count, 60);
	ck_assert_int_eq(soc.seen[1].seq, 1); /* the probe is the oldest */
	for (unsigned n = 3; n < 60; n++) {
		ck_assert_int_le(soc.seen[n].score, soc.seen[n - 1].score);
		ck_assert(soc.seen[n].score < soc.seen[n - 1].score || soc.seen[n].seq < soc.seen[n - 1].seq);
	}
	ck_assert_str_eq(dispatcher_state(d, 0), "closed");
	end();
}
END_TEST

START_TEST(fifo_keeps_the_order_of_arrival)
{
	begin(1);
	h.targets[0].order = ORDER_FIFO;
	soc.script[0] = 404;
	open_dispatcher();
	for (unsigned i = 1; i < 50; i++)
		add_alerts(i, 1, (int)(i % 3) + 1);
	turn_until(store_outbox_len(h.store, 0) == 0);
	for (unsigned n = 1; n < 50; n++)
		ck_assert_int_eq(soc.seen[n].seq, n);
	end();
}
END_TEST

START_TEST(a_new_alert_of_a_higher_score_overtakes_the_backlog)
{
	begin(1);
	open_dispatcher();
	add_alerts(1, 20, 1);
	turn_until(soc.count == 2);
	add_alerts(100, 1, 3);
	turn_until(store_outbox_len(h.store, 0) == 0);
	unsigned at = 0;
	while (soc.seen[at].score != 3)
		at++;
	ck_assert_uint_le(at, 4); /* the one in flight and one claimed may go before */
	ck_assert_uint_eq(soc.count, 21);
	end();
}
END_TEST

START_TEST(five_failures_in_a_row_open_the_circuit_and_a_success_closes_it)
{
	begin(1);
	for (int i = 0; i < 6; i++)
		soc.script[i] = 500;
	open_dispatcher();
	add_alerts(1, 3, 1);
	turn_until(soc.count == 4);
	turn_for(1);
	ck_assert_str_eq(dispatcher_state(d, 0), "closed");
	turn_until(soc.count == 5);
	turn_for(1);
	ck_assert_str_eq(dispatcher_state(d, 0), "open");
	turn_until(store_outbox_len(h.store, 0) == 0);
	ck_assert_str_eq(dispatcher_state(d, 0), "closed");
	ck_assert_uint_eq(soc.count, 9);
	end();
}
END_TEST

START_TEST(a_refused_message_is_tried_twice_a_minute_apart_and_holds_up_nobody)
{
	begin(1);
	soc.script[0] = soc.script[2] = 400;
	open_dispatcher();
	add_alerts(1, 1, 3);
	turn_until(soc.count == 1);
	add_alerts(2, 1, 1);
	turn_until(soc.count == 2);
	turn_for(50000);
	int64_t at = clock_wall_ms();
	ck_assert_uint_eq(soc.count, 2);
	clock_set(at + 50000);
	turn_for(1);
	ck_assert_uint_eq(soc.count, 2);
	clock_set(at + 60000);
	turn_until(soc.count == 3 && store_outbox_len(h.store, 0) == 0);
	ck_assert_int_eq(soc.seen[2].seq, 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE reason = 'refused' AND last_status = 400 AND "
	    "attempts = 2 AND last_body = 'answer 400'"), 1);
	end();
}
END_TEST

START_TEST(a_receiver_that_refuses_everything_loses_nothing)
{
	begin(1);
	for (int i = 0; i < 9; i++)
		soc.script[i] = 422;
	open_dispatcher();
	add_alerts(1, 8, 1);
	turn_until(soc.count == 5);
	turn_for(1);
	ck_assert_str_eq(dispatcher_state(d, 0), "open");
	turn_until(store_outbox_len(h.store, 0) == 0);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters"), 0);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM delivered"), 8);
	end();
}
END_TEST

START_TEST(a_body_too_large_is_sent_once_more_cut)
{
	static char agent[3000];
	begin(1);
	soc.script[0] = 413;
	soc.script[2] = soc.script[3] = 413;
	open_dispatcher();
	for (unsigned i = 1; i <= 2; i++) {
		struct alert *small = fixture_plain(&x, i, 1);
		alert_unref(small);
		memset(agent, 'u', sizeof(agent) - 1);
		fixture_set(&x, FIELD_USER_AGENT, VALUE_STRING, agent);
		home_store(&h, fixture_alert(&x), BATCH_DONE);
		turn_until(soc.count == 2 * i && store_outbox_len(h.store, 0) == 0);
	}
	ck_assert_uint_gt(soc.seen[0].len, 5000);
	ck_assert_uint_lt(soc.seen[1].len, 4300);
	ck_assert_str_eq(soc.seen[0].id, soc.seen[1].id);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE reason = 'too_large'"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM delivered"), 1);
	end();
}
END_TEST

START_TEST(gone_keeps_the_queue_until_it_is_too_old)
{
	begin(1);
	soc.script[0] = 410;
	open_dispatcher();
	add_alerts(1, 3, 1);
	turn_until(soc.count == 1);
	turn_for(1);
	ck_assert_str_eq(dispatcher_state(d, 0), "gone");
	clock_set(clock_wall_ms() + 3600000);
	turn_for(100);
	ck_assert_uint_eq(soc.count, 1);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 3);
	clock_set(clock_wall_ms() + h.targets[0].max_age_ms);
	turn_until(store_outbox_len(h.store, 0) == 0);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE reason = 'expired'"), 3);
	end();
}
END_TEST

START_TEST(a_dead_target_holds_up_no_other)
{
	begin(2);
	receiver_fini(&soc); /* nobody listens there */
	receiver_init(&soc);
	h.targets[0].url = soc.url;
	for (int i = 0; i < SEEN_MAX; i++)
		soc.script[i] = 500;
	open_dispatcher();
	add_alerts(1, 10, 1);
	turn_until(low.count == 10 && store_outbox_len(h.store, 1) == 0);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 10);
	for (unsigned n = 0; n < 10; n++)
		ck_assert_str_ne(low.seen[n].id, soc.seen[0].id); /* the id names the target */
	end();
}
END_TEST

START_TEST(what_was_not_delivered_is_due_again_after_a_restart)
{
	begin(1);
	for (int i = 0; i < SEEN_MAX; i++)
		soc.script[i] = 503;
	open_dispatcher();
	add_alerts(1, 3, 1);
	turn_until(soc.count == 2);
	turn_for(1);
	close_dispatcher();
	home_close(&h);
	memset(soc.script, 0, sizeof(soc.script));
	home_open(&h);
	open_dispatcher();
	turn_until(store_outbox_len(h.store, 0) == 0);
	ck_assert_uint_eq(soc.count, 5);
	ck_assert_int_eq(home_ask(&h, "SELECT max(attempts) FROM delivered"), 3);
	end();
}
END_TEST

START_TEST(redirects_are_not_followed_and_a_long_answer_is_not_read)
{
	begin(1);
	soc.script[0] = 307;
	soc.long_answer = 1 << 20;
	open_dispatcher();
	add_alerts(1, 1, 1);
	turn_until(soc.count == 1);
	turn_for(1);
	ck_assert_str_eq(dispatcher_state(d, 0), "open");
	turn_until(soc.count == 2 && store_outbox_len(h.store, 0) == 0);
	end();
}
END_TEST

START_TEST(link_local_addresses_and_plain_http_are_refused)
{
	char local[] = "http://169.254.7.7/latest", mapped[] = "http://[::ffff:169.254.7.7]/latest";
	begin(2);
	h.targets[0].url = local;
	h.targets[1].url = mapped;
	open_dispatcher();
	add_alerts(1, 1, 1);
	turn_until(strcmp(dispatcher_state(d, 0), "open") == 0 && strcmp(dispatcher_state(d, 1), "open") == 0);
	ck_assert_double_eq(metrics_value(METRIC_DELIVERIES, "soc", "transient"), 0);
	ck_assert_double_eq(metrics_value(METRIC_DELIVERIES, "soc", "endpoint_fault"), 1);
	ck_assert_double_eq(metrics_value(METRIC_DELIVERIES, "low", "transient"), 0);
	close_dispatcher();
	h.targets[0].url = soc.url;
	h.targets[0].allow_plain = false;
	open_dispatcher();
	turn_until(strcmp(dispatcher_state(d, 0), "open") == 0);
	ck_assert_uint_eq(soc.count, 0);
	/* Whatever may answer there: it is not asked. */
	static const struct alert_producer producer = {"1.0.0", "det-1", "sha256:9f2c01d4"};
	char *text = NULL;
	size_t len = 0;
	bool accepted = true;
	FILE *out = open_memstream(&text, &len);
	h.targets[0].url = mapped;
	h.targets[0].allow_plain = true;
	ck_assert_int_eq(send_test(&h.targets[0], &producer, out, &accepted, NULL), 0);
	fclose(out);
	ck_assert(!accepted);
	ck_assert_ptr_nonnull(strstr(text, "link-local and metadata addresses are not allowed"));
	free(text);
	end();
}
END_TEST

START_TEST(a_target_that_never_answers_times_out)
{
	begin(1);
	soc.hang = true;
	h.targets[0].timeout_ms = 100; /* of real time: curl's own clock */
	open_dispatcher();
	add_alerts(1, 1, 1);
	turn_until(metrics_value(METRIC_DELIVERIES, "soc", "transient") >= 1);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 1);
	end();
}
END_TEST

START_TEST(stopping_waits_for_the_delivery_in_flight)
{
	struct fail why;
	begin(1);
	h.targets[0].max_age_ms = NOON; /* the alert is of a fixed day, however long that is past */
	add_alerts(1, 1, 1);
	clock_unset();
	ck_assert_int_eq(store_start(h.store, &why), 0);
	open_dispatcher();
	ck_assert_int_eq(dispatcher_start(d, &why), 0);
	while (soc.count == 0)
		event_base_loop(soc.base, EVLOOP_ONCE);
	event_base_loop(soc.base, EVLOOP_NONBLOCK); /* the answer is on its way */
	dispatcher_stop(d);
	store_stop(h.store);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM delivered"), 1);
	end();
}
END_TEST

START_TEST(a_secret_that_is_none_is_said_at_start)
{
	struct fail why = {0};
	begin(1);
	struct dispatcher_options options = {h.store, h.targets, 1};
	h.targets[0].secrets[0].len = 10;
	ck_assert_ptr_null(dispatcher_new(&options, &why));
	ck_assert_str_eq(why.code, "secret");
	end();
}
END_TEST

static void *
serve(void *ctx)
{
	struct receiver *r = ctx;
	unsigned before = r->count;
	while (r->count == before)
		event_base_loop(r->base, EVLOOP_ONCE);
	for (int i = 0; i < 50; i++)
		event_base_loop(r->base, EVLOOP_NONBLOCK);
	return NULL;
}

START_TEST(a_test_message_is_signed_and_prints_the_answer)
{
	static const struct alert_producer producer = {"1.0.0", "det-1", "sha256:9f2c01d4"};
	char *text = NULL;
	size_t len = 0;
	pthread_t thread;
	bool accepted;
	struct fail why;
	begin(1);
	clock_unset();
	soc.script[1] = 403;
	for (int n = 0; n < 2; n++) {
		FILE *out = open_memstream(&text, &len);
		pthread_create(&thread, NULL, serve, &soc);
		ck_assert_int_eq(send_test(&h.targets[0], &producer, out, &accepted, &why), 0);
		pthread_join(thread, NULL);
		fclose(out);
		ck_assert(accepted == (n == 0));
		ck_assert_ptr_nonnull(strstr(text, n == 0 ? "soc: HTTP 200" : "soc: HTTP 403"));
		ck_assert_ptr_nonnull(strstr(text, n == 0 ? "answer 200" : "answer 403"));
		free(text);
	}
	ck_assert_ptr_nonnull(strstr(soc.last_body, "{\"type\":\"system.test\",\"timestamp\":\""));
	char path[] = "/tmp/test_dispatcher.XXXXXX", command[1024];
	int fd = mkstemp(path);
	ck_assert_int_eq((int)write(fd, soc.last_body, strlen(soc.last_body)), (int)strlen(soc.last_body));
	close(fd);
	snprintf(command, sizeof(command), "/usr/bin/python3 %s/tests/tools/validate_alerts.py %s/conf/alert.schema.json %s",
	    SRCDIR, SRCDIR, path);
	int status = system(command);
	ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127));
	unlink(path);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {an_alert_arrives_signed_once_and_is_settled, two_secrets_both_sign,
	    a_transient_failure_is_repeated_with_the_same_id_and_body, retry_after_is_kept,
	    a_backlog_goes_out_by_score_then_newest_first, fifo_keeps_the_order_of_arrival,
	    a_new_alert_of_a_higher_score_overtakes_the_backlog,
	    five_failures_in_a_row_open_the_circuit_and_a_success_closes_it,
	    a_refused_message_is_tried_twice_a_minute_apart_and_holds_up_nobody,
	    a_receiver_that_refuses_everything_loses_nothing, a_body_too_large_is_sent_once_more_cut,
	    gone_keeps_the_queue_until_it_is_too_old, a_dead_target_holds_up_no_other,
	    what_was_not_delivered_is_due_again_after_a_restart, redirects_are_not_followed_and_a_long_answer_is_not_read,
	    link_local_addresses_and_plain_http_are_refused, a_target_that_never_answers_times_out,
	    stopping_waits_for_the_delivery_in_flight, a_secret_that_is_none_is_said_at_start,
	    a_test_message_is_signed_and_prints_the_answer, NULL};
	return unit_run("dispatcher", tests);
}
