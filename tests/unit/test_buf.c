#include "unit/unit.h"

#include "base/buf.h"
#include "base/mem.h"

START_TEST(buf_is_a_c_string_after_every_add)
{
	struct buf b;
	buf_init(&b, 1000);
	ck_assert_int_eq(buf_add_str(&b, STR("abc")), 0);
	ck_assert_str_eq(b.data, "abc");
	ck_assert_int_eq(buf_addf(&b, "-%d-%s", 42, "x"), 0);
	ck_assert_str_eq(b.data, "abc-42-x");
	buf_drop(&b, 4);
	ck_assert_str_eq(b.data, "42-x");
	buf_drop(&b, 99);
	ck_assert_str_eq(b.data, "");
	buf_fini(&b);
}
END_TEST

START_TEST(buf_refuses_more_than_its_maximum_and_stays_as_it_was)
{
	struct buf b;
	buf_init(&b, 10);
	ck_assert_int_eq(buf_add(&b, "0123456789", 10), 0);
	ck_assert_int_eq(buf_add(&b, "x", 1), -1);
	ck_assert_int_eq(buf_addf(&b, "%d", 1), -1);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -1);
	ck_assert_str_eq(b.data, "0123456789");
	ck_assert_int_eq(buf_add(&b, "", 0), 0);
	ck_assert_uint_le(b.size, 11);
	buf_fini(&b);
}
END_TEST

START_TEST(buf_without_content_reads_as_empty)
{
	struct buf b;
	buf_init(&b, 10);
	ck_assert_uint_eq(buf_str(&b).len, 0);
	ck_assert_ptr_nonnull(buf_str(&b).p);
	ck_assert_ptr_null(buf_take(&b));
	ck_assert_int_eq(buf_add(&b, NULL, 0), 0);
	ck_assert_str_eq(b.data, "");
	buf_fini(&b);
}
END_TEST

START_TEST(buf_take_hands_the_memory_over)
{
	struct buf b;
	buf_init(&b, 100);
	ck_assert_int_eq(buf_add_str(&b, STR("mine")), 0);
	char *mine = buf_take(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_ptr_null(b.data);
	ck_assert_int_eq(buf_add_str(&b, STR("next")), 0);
	ck_assert_str_eq(mine, "mine");
	mem_free(mine);
	buf_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {buf_is_a_c_string_after_every_add,
	    buf_refuses_more_than_its_maximum_and_stays_as_it_was, buf_without_content_reads_as_empty,
	    buf_take_hands_the_memory_over, NULL};
	return unit_run("buf", tests);
}
