#include "unit/unit.h"

#include "base/metrics.h"
#include "ingest/connections.h"

static struct inet
address(unsigned n)
{
	return (struct inet){.bytes = {10, 0, (uint8_t)(n >> 8), (uint8_t)n}, .family = 4};
}

START_TEST(the_total_is_limited_and_the_refusal_counted)
{
	struct connections *c = connections_new("total", 2, 0, NULL);
	struct inet a = address(1);
	ck_assert_int_eq(connections_enter(c, &a), 0);
	ck_assert_int_eq(connections_enter(c, &a), 0);
	ck_assert_int_eq(connections_enter(c, &a), -1);
	ck_assert(metrics_value(METRIC_CONNECTIONS_REFUSED, "total", "limit") == 1.0);
	connections_leave(c, &a);
	ck_assert_int_eq(connections_enter(c, &a), 0);
	ck_assert_uint_eq(connections_count(c), 2);
	connections_free(c);
}
END_TEST

START_TEST(ipv6_peers_count_by_their_64)
{
	struct connections *c = connections_new("v6", 100, 1, NULL);
	struct inet a, b, other;
	ck_assert(inet_parse(STR("2001:db8::1"), &a) && inet_parse(STR("2001:db8::2:2"), &b));
	ck_assert(inet_parse(STR("2001:db8:0:1::1"), &other));
	ck_assert_int_eq(connections_enter(c, &a), 0);
	ck_assert_int_eq(connections_enter(c, &b), -1);
	ck_assert_int_eq(connections_enter(c, &other), 0);
	connections_leave(c, &b);
	ck_assert_int_eq(connections_enter(c, &a), 0);
	connections_free(c);
}
END_TEST

START_TEST(listeners_of_one_label_share_their_gauge)
{
	struct connections *a = connections_new("shared", 10, 0, NULL), *b = connections_new("shared", 10, 0, a);
	struct inet peer = address(1);
	ck_assert_int_eq(connections_enter(a, &peer), 0);
	ck_assert_int_eq(connections_enter(b, &peer), 0);
	ck_assert(metrics_value(METRIC_CONNECTIONS, "shared", NULL) == 2.0);
	connections_leave(a, &peer);
	ck_assert(metrics_value(METRIC_CONNECTIONS, "shared", NULL) == 1.0);
	connections_free(b);
	connections_free(a);
}
END_TEST

/* Against plain counters, one per address. */
START_TEST(counts_by_address_stay_right_through_any_order)
{
	enum { ADDRESSES = 300, LIMIT = 1, TOTAL = 256 };
	static unsigned counts[ADDRESSES];
	struct connections *c = connections_new("random", TOTAL, LIMIT, NULL);
	unsigned total = 0;
	uint32_t seed = 12345;
	for (int step = 0; step < 200000; step++) {
		seed = seed * 1664525u + 1013904223u;
		unsigned n = (seed >> 8) % ADDRESSES;
		struct inet a = address(n);
		if (seed >> 31 && counts[n]) {
			connections_leave(c, &a);
			counts[n]--;
			total--;
		} else {
			bool room = total < TOTAL && counts[n] < LIMIT;
			ck_assert_int_eq(connections_enter(c, &a), room ? 0 : -1);
			counts[n] += room;
			total += room;
		}
		ck_assert_uint_eq(connections_count(c), total);
	}
	connections_free(c);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {the_total_is_limited_and_the_refusal_counted, ipv6_peers_count_by_their_64,
	    listeners_of_one_label_share_their_gauge, counts_by_address_stay_right_through_any_order, NULL};
	return unit_run("connections", tests);
}
