#include "unit/unit.h"

#include <stdalign.h>

#include "base/arena.h"
#include "base/mem.h"

START_TEST(arena_memory_is_aligned_and_does_not_overlap)
{
	struct arena a;
	arena_init(&a, 1 << 20, 0);
	char *last = NULL;
	for (size_t n = 0; n < 300; n++) {
		char *p = arena_alloc(&a, n);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
		memset(p, (int)n, n);
		if (last && n > 1)
			ck_assert_int_eq((unsigned char)last[0], (unsigned char)(n - 1));
		last = p;
	}
	arena_fini(&a);
}
END_TEST

START_TEST(arena_refuses_more_than_its_cap)
{
	struct arena a;
	arena_init(&a, 10000, 10000);
	ck_assert_ptr_null(arena_alloc(&a, 10001));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	size_t got = 0;
	while (arena_alloc(&a, 100))
		got += 112;
	ck_assert_uint_le(got, 10000);
	ck_assert_uint_gt(got, 9000);
	ck_assert_uint_le(a.used_bytes, 10000);
	arena_reset(&a);
	ck_assert_ptr_nonnull(arena_alloc(&a, 9984));
	ck_assert_uint_le(a.used_bytes + a.spare_bytes, 10000);
	arena_fini(&a);
}
END_TEST

START_TEST(arena_that_is_warm_allocates_nothing)
{
	struct arena a;
	arena_init(&a, 1 << 20, 1 << 20);
	for (int turn = 0; turn < 20; turn++) {
		uint64_t before = mem_count();
		for (int i = 0; i < 500; i++)
			ck_assert_ptr_nonnull(arena_alloc(&a, 700));
		if (turn > 0)
			ck_assert_uint_eq(mem_count(), before);
		arena_reset(&a);
	}
	arena_fini(&a);
}
END_TEST

START_TEST(arena_reset_keeps_no_more_than_asked)
{
	struct arena a;
	arena_init(&a, 1 << 20, 8192);
	for (int i = 0; i < 500; i++)
		ck_assert_ptr_nonnull(arena_alloc(&a, 700));
	arena_reset(&a);
	ck_assert_uint_le(a.spare_bytes, 8192);
	ck_assert_uint_gt(a.spare_bytes, 0);
	arena_fini(&a);
}
END_TEST

START_TEST(arena_copy_tells_empty_from_no_room)
{
	struct arena a;
	arena_init(&a, 64, 0);
	struct str empty = arena_copy(&a, str_make(NULL, 0));
	ck_assert(empty.p != NULL && empty.len == 0);
	ck_assert(str_eq(arena_copy(&a, STR("abc")), STR("abc")));
	char big[100] = {0};
	ck_assert_ptr_null(arena_copy(&a, str_make(big, sizeof big)).p);
	arena_fini(&a);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {arena_memory_is_aligned_and_does_not_overlap, arena_refuses_more_than_its_cap,
	    arena_that_is_warm_allocates_nothing, arena_reset_keeps_no_more_than_asked,
	    arena_copy_tells_empty_from_no_room, NULL};
	return unit_run("arena", tests);
}
