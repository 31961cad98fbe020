/* Checks that wait, against a naive list. */
#include "unit.h"

#include <string.h>

#include "detect/parked.h"

static uint64_t random_state = 88172645463325252u;
static unsigned
below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 20) % n;
}

/* The feeds of tenant key t have passed passed_ms[t]. */
static int64_t passed_ms[4] = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};

static int64_t
passed(uint64_t definition, uint64_t tenant_key, void *ctx)
{
	(void)ctx;
	ck_assert_uint_eq(definition, 5);
	return passed_ms[tenant_key];
}

static int64_t
passed_all(uint64_t definition, uint64_t tenant_key, void *ctx)
{
	(void)definition;
	(void)tenant_key;
	(void)ctx;
	return INT64_MAX;
}

static struct parked_time
at(int64_t now_ms)
{
	return (struct parked_time){now_ms, passed, NULL};
}

static struct parked_check *
take(struct parked *p, int64_t now_ms)
{
	struct parked_time time = at(now_ms);
	bool due = parked_is_due(p, &time);
	struct parked_check *check = parked_take(p, &time);
	ck_assert(due == (check != NULL));
	return check;
}

static char big[PARKED_RAW_MAX + 1];

/* A check whose texts follow from its number. */
static struct parked_check
make(unsigned number, int64_t due_ms)
{
	static char tenant[8], values[RULE_GROUP_MAX][8];
	struct parked_check c = {.record = {.due_ms = due_ms, .end_ms = due_ms, .definition = 5, .at_ms = number, .key = ~(uint64_t)number, .origin = 7,
		.place = number, .value_count = number % (RULE_GROUP_MAX + 1)}};
	c.raw = str_make(big + number % 26, number * 37 % 3000);
	memset(tenant, 'A' + (int)(number % 26), sizeof(tenant));
	c.tenant = str_make(tenant, number % 7);
	for (unsigned i = 0; i < c.record.value_count; i++) {
		memset(values[i], 'a' + (int)((number + i) % 26), sizeof(values[i]));
		c.values[i] = str_make(values[i], (number + i) % 6);
	}
	return c;
}

static void
check_same(const struct parked_check *got, unsigned number)
{
	struct parked_check want = make(number, 0);
	ck_assert_int_eq(got->record.at_ms, number);
	ck_assert_uint_eq(got->record.key, ~(uint64_t)number);
	ck_assert(str_eq(got->raw, want.raw) && str_eq(got->tenant, want.tenant));
	ck_assert_uint_eq(got->record.value_count, want.record.value_count);
	for (unsigned i = 0; i < want.record.value_count; i++)
		ck_assert(str_eq(got->values[i], want.values[i]));
}

START_TEST(checks_come_out_by_time_and_then_in_the_order_in_which_they_came)
{
	enum { COUNT = 400 };
	struct parked *p = parked_new(4 << 20);
	int64_t due[COUNT];
	bool gone[COUNT] = {false};
	unsigned in = 0, out = 0;
	int64_t now = 0;
	while (out < COUNT) {
		if (in < COUNT && (below(3) || out == in)) {
			due[in] = now + below(50);
			struct parked_check c = make(in, due[in]);
			ck_assert_int_eq(parked_add(p, &c), 0);
			in++;
			continue;
		}
		unsigned first = COUNT;
		for (unsigned i = 0; i < in; i++)
			if (!gone[i] && (first == COUNT || due[i] < due[first]))
				first = i;
		for (unsigned i = 0; i < in; i++)
			ck_assert(gone[i] || due[i] <= parked_last_ms(p));
		if (due[first] > now) {
			ck_assert_ptr_null(take(p, due[first] - 1));
			now = due[first];
		}
		struct parked_check *got = take(p, now);
		ck_assert_ptr_nonnull(got);
		check_same(got, first);
		parked_done(got);
		gone[first] = true;
		out++;
		ck_assert_uint_eq(parked_count(p), in - out);
	}
	ck_assert_int_eq(parked_last_ms(p), INT64_MAX);
	parked_free(p);
	parked_free(NULL);
}
END_TEST

START_TEST(what_is_due_by_the_clock_or_by_its_feeds_comes_out_by_its_end)
{
	enum { COUNT = 600 };
	struct parked *p = parked_new(4 << 20);
	struct { int64_t end, due; unsigned tenant; bool gone; } all[COUNT];
	unsigned in = 0, out = 0, by_feeds = 0, by_clock = 0;
	int64_t now = 0;
	memset(passed_ms, 0, sizeof(passed_ms));
	while (out < COUNT) {
		unsigned first = COUNT;
		for (unsigned i = 0; i < in; i++)
			if (!all[i].gone && (all[i].due <= now || all[i].end < passed_ms[all[i].tenant]) &&
			    (first == COUNT || all[i].end < all[first].end))
				first = i;
		struct parked_check *got = take(p, now);
		ck_assert((got != NULL) == (first < COUNT));
		if (got) {
			check_same(got, first);
			parked_done(got);
			all[first].gone = true;
			by_clock += all[first].due <= now;
			by_feeds += all[first].due > now;
			out++;
		} else if (in < COUNT && below(2)) {
			all[in].end = now - 50 + below(100);
			all[in].due = (all[in].end > now ? all[in].end : now) + 40;
			all[in].tenant = below(4);
			all[in].gone = false;
			struct parked_check c = make(in, all[in].due);
			c.record.end_ms = all[in].end;
			c.record.tenant_key = all[in].tenant;
			ck_assert_int_eq(parked_add(p, &c), 0);
			in++;
		} else {
			now += below(8);
			passed_ms[1 + below(3)] = now - 20 - below(20); /* the first never comes */
		}
	}
	ck_assert_uint_gt(by_feeds, 100);
	ck_assert_uint_gt(by_clock, 100);
	ck_assert_uint_eq(parked_count(p), 0);
	parked_free(p);
	for (unsigned i = 0; i < 4; i++)
		passed_ms[i] = INT64_MIN;
}
END_TEST

START_TEST(checks_of_more_tenants_than_lanes_wait_for_the_clock)
{
	enum { COUNT = 2000 };
	struct parked *p = parked_new(4 << 20);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < COUNT; i++) {
			struct parked_check c = {.record = {.definition = 5, .tenant_key = i, .end_ms = i, .due_ms = COUNT + i, .at_ms = i}};
			ck_assert_int_eq(parked_add(p, &c), 0);
		}
		struct parked_time time = {COUNT, passed_all, NULL};
		unsigned soon = 0;
		for (struct parked_check *got; (got = parked_take(p, &time)); parked_done(got), soon++)
			;
		ck_assert_uint_ge(soon, 500);
		ck_assert_uint_lt(soon, COUNT);
		time.now_ms = 2 * COUNT;
		for (struct parked_check *got; (got = parked_take(p, &time)); parked_done(got), soon++)
			;
		ck_assert_uint_eq(soon, COUNT);
	}
	parked_free(p);
}
END_TEST

START_TEST(what_has_no_room_is_refused_and_what_goes_makes_room)
{
	struct parked *p = parked_new(1 << 20);
	unsigned first = 0;
	struct parked_check c;
	for (int round = 0; round < 3; round++) {
		unsigned count = 0;
		while (c = make(count, 1), parked_add(p, &c) == 0)
			count++;
		ck_assert_uint_gt(count, 500);
		ck_assert(round == 0 || count == first); /* all of it comes back */
		first = count;
		ck_assert_uint_le(parked_bytes(p), (1 << 20) + 16384);
		for (unsigned i = 0; i < count; i++) {
			struct parked_check *got = take(p, 1);
			check_same(got, i);
			parked_done(got);
		}
	}
	parked_free(p);
}
END_TEST

START_TEST(record_that_is_too_large_is_refused)
{
	struct parked *p = parked_new(4 << 20);
	struct parked_check c = {.record.definition = 5, .raw = str_make(big, PARKED_RAW_MAX)};
	ck_assert_int_eq(parked_add(p, &c), 0);
	c.raw.len++;
	ck_assert_int_eq(parked_add(p, &c), -1);
	struct parked_check *got = take(p, 0);
	ck_assert(str_eq(got->raw, str_make(big, PARKED_RAW_MAX)));
	parked_done(got);
	parked_free(p);
}
END_TEST

START_TEST(memory_that_no_check_used_is_not_there)
{
	struct parked *p = parked_new(64 << 20);
	ck_assert_uint_lt(parked_bytes(p), 16384);
	struct parked_check c = make(1, 0);
	ck_assert_int_eq(parked_add(p, &c), 0);
	ck_assert_uint_lt(parked_bytes(p), 16384);
	parked_free(p);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		checks_come_out_by_time_and_then_in_the_order_in_which_they_came,
		what_is_due_by_the_clock_or_by_its_feeds_comes_out_by_its_end,
		checks_of_more_tenants_than_lanes_wait_for_the_clock,
		what_has_no_room_is_refused_and_what_goes_makes_room,
		record_that_is_too_large_is_refused,
		memory_that_no_check_used_is_not_there,
		NULL,
	};
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)('a' + i % 26);
	return unit_run("parked", tests);
}
