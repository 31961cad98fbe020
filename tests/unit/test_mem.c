#include "unit/unit.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

START_TEST(mem_zero_gives_zeroed_memory_and_refuses_overflow)
{
	size_t volatile huge = SIZE_MAX / 2;
	unsigned char *p = mem_zero(16, 4);
	ck_assert_ptr_nonnull(p);
	for (int i = 0; i < 64; i++)
		ck_assert_uint_eq(p[i], 0);
	mem_free(p);
	ck_assert_ptr_null(mem_zero(huge, 4));
	ck_assert_ptr_null(mem_resize(NULL, huge, 4));
}
END_TEST

START_TEST(mem_resize_keeps_the_content)
{
	char *p = mem_resize(NULL, 4, 1);
	ck_assert_ptr_nonnull(p);
	memcpy(p, "abc", 4);
	p = mem_resize(p, 4000, 1);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p, "abc");
	p = mem_resize(p, 0, 1);
	ck_assert_ptr_nonnull(p);
	mem_free(p);
}
END_TEST

START_TEST(mem_copy_str_terminates_and_keeps_embedded_nul)
{
	char *p = mem_copy_str(STR("a\0b"));
	ck_assert_ptr_nonnull(p);
	ck_assert_mem_eq(p, "a\0b", 4);
	mem_free(p);
	p = mem_copy_str(str_make(NULL, 0));
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p, "");
	mem_free(p);
}
END_TEST

START_TEST(mem_count_counts_allocations_and_not_frees)
{
	uint64_t before = mem_count();
	void *p = mem_zero(1, 1);
	p = mem_resize(p, 2, 1);
	char *q = mem_copy_str(STR("x"));
	mem_free(p);
	mem_free(q);
	ck_assert_uint_eq(mem_count() - before, 3);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {mem_zero_gives_zeroed_memory_and_refuses_overflow, mem_resize_keeps_the_content,
	    mem_copy_str_terminates_and_keeps_embedded_nul, mem_count_counts_allocations_and_not_frees, NULL};
	return unit_run("mem", tests);
}
