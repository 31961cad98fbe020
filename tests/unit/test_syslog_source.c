#include "unit/unit.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "ingest/admission.h"
#include "ingest/syslog_source.h"
#include "unit/fake_pipeline.h"
#include "unit/peer.h"

static struct loop *loop;
static struct syslog_config config;
static struct admission *admission;
static struct syslog_source *source;
static struct peer peer;
static bool store_is_behind;
static const struct inet home = {.bytes = {127, 0, 0, 1}, .family = 4};

#define H5424 "<134>1 2026-11-22T20:00:00Z relay app - - - "
#define H3164 "<134>Nov 22 20:00:00 relay app[7]: "

static bool
pressure(void *ctx)
{
	(void)ctx;
	return store_is_behind;
}

static void
connect_peer(struct peer *p)
{
	int other;
	peer_open(p, loop, &other);
	syslog_source_accept(source, other, &home);
}

static void
open_peer(void)
{
	clock_set(1795377600000);
	loop = loop_new("test");
	config = (struct syslog_config){.max_connections = 2, .max_frame_bytes = 1000, .idle_timeout_ms = 600000};
	admission = admission_new(1 << 26, pressure, NULL);
	source = syslog_source_new(loop, &config, NULL, admission);
	ck_assert_ptr_nonnull(source);
	connect_peer(&peer);
}

static void
teardown(void)
{
	syslog_source_free(source);
	admission_free(admission);
	loop_free(loop);
	close(peer.fd);
	clock_unset();
}

static void
pass(int64_t ms)
{
	clock_set(clock_wall_ms() + ms);
	peer_turn(&peer);
}

START_TEST(lines_lose_their_header_and_become_messages)
{
	open_peer();
	peer_say(&peer, H5424 "{\"a\":1}\n" H3164 "@cee: {\"b\":2}\n{\"c\":3}\n{\"d\"");
	ck_assert_str_eq(fake.text.data, "{\"a\":1}|{\"b\":2}|{\"c\":3}|");
	peer_say(&peer, ":4}\n");
	ck_assert_uint_eq(fake.messages, 4);
	ck_assert(metrics_value(METRIC_RECEIVED_BYTES, "syslog", "wire") > 100.0);
	teardown();
}
END_TEST

START_TEST(counted_messages_are_cut_by_their_count)
{
	open_peer();
	peer_say(&peer, "12 <1>x: {\n\"a\":8 {\"b\":\n2}");
	ck_assert_uint_eq(fake.messages, 2);
	teardown();
}
END_TEST

START_TEST(text_without_json_is_counted_and_not_evaluated)
{
	open_peer();
	peer_say(&peer, H3164 "Accepted publickey for root\n{\"c\":3}\n");
	ck_assert_str_eq(fake.text.data, "{\"c\":3}|");
	ck_assert(metrics_value(METRIC_EVENTS_REJECTED, "syslog", "no_json") == 1.0);
	teardown();
}
END_TEST

START_TEST(a_last_line_without_its_end_counts_and_the_connection_closes)
{
	open_peer();
	peer_say(&peer, "{\"a\":1}\n{\"b\":2}");
	shutdown(peer.fd, SHUT_WR);
	peer_turn(&peer);
	ck_assert_str_eq(fake.text.data, "{\"a\":1}|{\"b\":2}|");
	ck_assert(peer.ended);
	ck_assert_uint_eq(syslog_source_connections(source), 0);
	teardown();
}
END_TEST

START_TEST(a_cut_counted_message_is_a_frame_error)
{
	open_peer();
	peer_say(&peer, "500 <1>x: {\"a\"");
	shutdown(peer.fd, SHUT_WR);
	peer_turn(&peer);
	ck_assert_uint_eq(fake.messages, 0);
	ck_assert(metrics_value(METRIC_SYSLOG_FRAME_ERRORS, "truncated", NULL) == 1.0);
	teardown();
}
END_TEST

START_TEST(long_frames_are_skipped_and_broken_counts_close)
{
	static char x[3000];
	memset(x, 'x', sizeof x);
	open_peer();
	peer_say(&peer, "3000 ");
	peer_send(&peer, x, sizeof x);
	peer_say(&peer, "7 {\"a\":1}");
	ck_assert_str_eq(fake.text.data, "{\"a\":1}|");
	ck_assert(metrics_value(METRIC_SYSLOG_FRAME_ERRORS, "too_long", NULL) == 1.0);
	peer_say(&peer, "seven {\"a\":1}");
	ck_assert(peer.ended);
	ck_assert(metrics_value(METRIC_SYSLOG_FRAME_ERRORS, "bad_count", NULL) == 1.0);
	teardown();
}
END_TEST

START_TEST(eight_batches_may_wait_for_the_store_and_then_reading_stops)
{
	open_peer();
	fake.hold = true;
	for (int i = 0; i < 12; i++)
		peer_say(&peer, "{\"a\":1}\n");
	ck_assert_uint_eq(fake.held_count, 8);
	ck_assert(fake.held[0]->insist);
	fake_settle(BATCH_DONE);
	peer_turn(&peer);
	ck_assert_uint_eq(fake.messages, 12);
	fake.hold = false;
	fake_settle(BATCH_DONE);
	teardown();
}
END_TEST

START_TEST(reading_stops_while_the_store_is_behind)
{
	open_peer();
	store_is_behind = true;
	peer_say(&peer, "{\"a\":1}\n");
	pass(150);
	peer_say(&peer, "{\"a\":2}\n");
	ck_assert_uint_eq(fake.messages, 0);
	store_is_behind = false;
	pass(150);
	ck_assert_uint_eq(fake.messages, 2);
	store_is_behind = true;
	peer_say(&peer, "{\"a\":3}\n");
	pass(700000); /* it is we who keep it waiting: not idle */
	ck_assert(!peer.ended);
	teardown();
}
END_TEST

START_TEST(batches_outlive_their_connection)
{
	open_peer();
	fake.hold = true;
	peer_say(&peer, "{\"a\":1}\n");
	close(peer.fd);
	peer.fd = dup(0);
	pass(1);
	pass(2500);
	ck_assert_uint_eq(syslog_source_connections(source), 1);
	fake_settle(BATCH_DONE);
	pass(1);
	ck_assert_uint_eq(syslog_source_connections(source), 0);
	teardown();
}
END_TEST

START_TEST(only_allowed_peers_and_so_many_are_served)
{
	struct inet_net net;
	struct peer second, third;
	open_peer();
	connect_peer(&second);
	connect_peer(&third);
	peer_turn(&third);
	ck_assert(third.ended && !second.ended);
	close(third.fd);
	ck_assert(inet_net_parse(STR("10.0.0.0/8"), &net));
	config.allow = &net;
	config.allow_count = 1;
	close(second.fd);
	peer_turn(&peer);
	connect_peer(&second);
	peer_turn(&second);
	ck_assert(second.ended);
	ck_assert(metrics_value(METRIC_CONNECTIONS_REFUSED, "syslog", "not_allowed") == 1.0);
	close(second.fd);
	teardown();
}
END_TEST

START_TEST(idle_connections_are_closed)
{
	open_peer();
	peer_say(&peer, "{\"a\":1}\n");
	pass(599000);
	ck_assert(!peer.ended);
	pass(1100);
	ck_assert(peer.ended);
	teardown();
}
END_TEST

START_TEST(stop_reads_what_is_still_coming_and_then_closes)
{
	open_peer();
	peer_say(&peer, "{\"a\":1}\n");
	ck_assert_int_eq(send(peer.fd, "{\"a\":2}\n", 8, 0), 8);
	admission_set_stopped(admission, true);
	syslog_source_stop(source);
	peer_turn(&peer);
	ck_assert_uint_eq(fake.messages, 2);
	pass(60);
	peer_say(&peer, "{\"a\":3}\n");
	ck_assert_uint_eq(fake.messages, 3);
	pass(101);
	ck_assert(peer.ended);
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {lines_lose_their_header_and_become_messages, counted_messages_are_cut_by_their_count,
	    text_without_json_is_counted_and_not_evaluated, a_last_line_without_its_end_counts_and_the_connection_closes,
	    a_cut_counted_message_is_a_frame_error, long_frames_are_skipped_and_broken_counts_close,
	    eight_batches_may_wait_for_the_store_and_then_reading_stops, reading_stops_while_the_store_is_behind,
	    batches_outlive_their_connection, only_allowed_peers_and_so_many_are_served, idle_connections_are_closed,
	    stop_reads_what_is_still_coming_and_then_closes, NULL};
	return unit_run("syslog_source", tests);
}
