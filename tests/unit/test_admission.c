#include "unit/unit.h"

#include "ingest/admission.h"

static bool behind;

static bool
pressure(void *ctx)
{
	return *(bool *)ctx;
}

START_TEST(bytes_are_taken_up_to_the_mark_and_given_back)
{
	struct admission *a = admission_new(100, NULL, NULL);
	ck_assert_int_eq(admission_enter(a, 60), ADMISSION_TAKE);
	ck_assert_int_eq(admission_enter(a, 40), ADMISSION_TAKE);
	ck_assert_int_eq(admission_enter(a, 1), ADMISSION_BYTES);
	admission_leave(a, 60);
	ck_assert_int_eq(admission_enter(a, 61), ADMISSION_BYTES);
	ck_assert_int_eq(admission_enter(a, 60), ADMISSION_TAKE);
	admission_leave(a, 100);
	ck_assert_uint_eq(admission_inflight(a), 0);
	admission_free(a);
}
END_TEST

START_TEST(a_request_over_the_mark_is_taken_when_it_is_alone)
{
	struct admission *a = admission_new(100, NULL, NULL);
	ck_assert_int_eq(admission_enter(a, 500), ADMISSION_TAKE);
	ck_assert_int_eq(admission_enter(a, 500), ADMISSION_BYTES);
	ck_assert_int_eq(admission_enter(a, 1), ADMISSION_BYTES);
	admission_leave(a, 500);
	ck_assert_int_eq(admission_enter(a, UINT64_MAX / 2), ADMISSION_TAKE);
	admission_free(a);
}
END_TEST

START_TEST(the_store_and_a_stop_refuse_everything)
{
	struct admission *a = admission_new(100, pressure, &behind);
	ck_assert(admission_is_open(a));
	behind = true;
	ck_assert_int_eq(admission_enter(a, 1), ADMISSION_STORE);
	ck_assert(!admission_is_open(a));
	behind = false;
	admission_set_stopped(a, true);
	ck_assert_int_eq(admission_enter(a, 1), ADMISSION_STOPPED);
	ck_assert(!admission_is_open(a));
	admission_set_stopped(a, false);
	ck_assert_int_eq(admission_enter(a, 1), ADMISSION_TAKE);
	admission_free(a);
}
END_TEST

START_TEST(retry_after_is_one_to_thirty_seconds_and_not_always_the_same)
{
	unsigned seen = 0, first = admission_retry_after();
	for (int i = 0; i < 1000; i++) {
		unsigned s = admission_retry_after();
		ck_assert_uint_ge(s, 1);
		ck_assert_uint_le(s, 30);
		seen += s != first;
	}
	ck_assert_uint_gt(seen, 800);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {bytes_are_taken_up_to_the_mark_and_given_back,
	    a_request_over_the_mark_is_taken_when_it_is_alone, the_store_and_a_stop_refuse_everything,
	    retry_after_is_one_to_thirty_seconds_and_not_always_the_same, NULL};
	return unit_run("admission", tests);
}
