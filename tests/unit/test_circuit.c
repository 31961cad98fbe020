#include "unit.h"

#include "deliver/circuit.h"

static const struct target_config target = {.backoff_min_ms = 1000, .backoff_max_ms = 60000,
    .retry_after_max_ms = 3600000};

static bool
answer(struct circuit *c, enum outcome outcome, int64_t now_ms, int64_t retry_after_ms)
{
	struct circuit_event event = {outcome, now_ms, retry_after_ms, 0};
	circuit_sent(c);
	return circuit_answered(c, &target, &event);
}

START_TEST(five_transient_failures_open_it_and_one_success_closes_it)
{
	struct circuit c;
	int64_t now = 0;
	circuit_init(&c, true);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq((int)c.state, (int)CIRCUIT_CLOSED);
		ck_assert(circuit_may_send(&c, now));
		ck_assert(answer(&c, ANSWER_TRANSIENT, now, 0));
		ck_assert(!circuit_may_send(&c, now));
		ck_assert_int_eq(c.next_ms - now, 800 << i);
		now = c.next_ms;
	}
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_OPEN);
	ck_assert(circuit_probes(&c));
	circuit_sent(&c);
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_HALF_OPEN);
	ck_assert(!circuit_may_send(&c, now + 1000000));
	ck_assert(answer(&c, ANSWER_TRANSIENT, now, 0));
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_OPEN);
	ck_assert_int_eq(c.next_ms - now, 25600);
	ck_assert(!answer(&c, ANSWER_ACCEPTED, now, 0));
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_CLOSED);
	ck_assert(circuit_may_send(&c, now));
	answer(&c, ANSWER_TRANSIENT, now, 0);
	ck_assert_int_eq(c.next_ms - now, 800); /* from the beginning */
}
END_TEST

START_TEST(a_success_between_failures_starts_the_count_again)
{
	struct circuit c;
	circuit_init(&c, true);
	for (int i = 0; i < 20; i++) {
		answer(&c, ANSWER_TRANSIENT, 0, 0);
		if (i % 4 == 3)
			answer(&c, ANSWER_ACCEPTED, 0, 0);
	}
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_CLOSED);
}
END_TEST

START_TEST(one_endpoint_fault_opens_it)
{
	struct circuit c;
	circuit_init(&c, true);
	ck_assert(answer(&c, ANSWER_ENDPOINT, 5, 0));
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_OPEN);
	ck_assert_int_eq(c.next_ms, 805);
}
END_TEST

START_TEST(retry_after_makes_the_wait_longer_but_not_shorter_and_at_most_an_hour)
{
	struct circuit c;
	circuit_init(&c, true);
	answer(&c, ANSWER_TRANSIENT, 0, 30000);
	ck_assert_int_eq(c.next_ms, 30000);
	answer(&c, ANSWER_TRANSIENT, 0, 1);
	ck_assert_int_eq(c.next_ms, 1600);
	answer(&c, ANSWER_TRANSIENT, 0, INT64_C(86400000));
	ck_assert_int_eq(c.next_ms, 3600000);
}
END_TEST

START_TEST(refused_messages_are_the_targets_fault_from_the_fifth_in_a_row)
{
	struct circuit c;
	circuit_init(&c, true);
	for (int i = 0; i < 4; i++) {
		ck_assert(!answer(&c, i % 2 ? ANSWER_TOO_LARGE : ANSWER_MESSAGE, 0, 0));
		ck_assert(circuit_may_send(&c, 0));
	}
	ck_assert(answer(&c, ANSWER_MESSAGE, 0, 0));
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_OPEN);
	ck_assert(answer(&c, ANSWER_MESSAGE, 0, 0)); /* the probe too: still open */
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_OPEN);
	ck_assert(!answer(&c, ANSWER_ACCEPTED, 0, 0));
	ck_assert(!answer(&c, ANSWER_MESSAGE, 0, 0));
	ck_assert_int_eq((int)c.state, (int)CIRCUIT_CLOSED);
}
END_TEST

START_TEST(gone_and_disabled_send_nothing)
{
	struct circuit c;
	circuit_init(&c, true);
	ck_assert(answer(&c, ANSWER_GONE, 0, 0));
	ck_assert(!circuit_may_send(&c, INT64_MAX));
	circuit_init(&c, false);
	ck_assert_str_eq(circuit_state_name(c.state), "disabled");
	ck_assert(!circuit_may_send(&c, INT64_MAX));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {five_transient_failures_open_it_and_one_success_closes_it,
	    a_success_between_failures_starts_the_count_again, one_endpoint_fault_opens_it,
	    retry_after_makes_the_wait_longer_but_not_shorter_and_at_most_an_hour,
	    refused_messages_are_the_targets_fault_from_the_fifth_in_a_row, gone_and_disabled_send_nothing, NULL};
	return unit_run("circuit", tests);
}
