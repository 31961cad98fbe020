#include "unit/unit.h"

#include <stdio.h>

#include "base/map.h"

START_TEST(siphash_gives_the_published_vector)
{
	/* Aumasson and Bernstein 2012, appendix A: key 00..0f, 15 bytes 00..0e. */
	uint8_t key[16], data[15];
	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	for (uint8_t i = 0; i < 15; i++)
		data[i] = i;
	ck_assert_uint_eq(siphash(key, data, 15), 0xa129ca6149be45e5U);
	ck_assert_uint_eq(siphash(key, NULL, 0), 0x726fdb47dd0e0e31U);
}
END_TEST

START_TEST(map_finds_every_key_and_replaces_values)
{
	static int values[5000];
	struct map *m = map_new();
	char key[32];
	ck_assert_ptr_nonnull(m);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			int n = snprintf(key, sizeof key, "key-%d", i);
			ck_assert_int_eq(map_set(m, str_make(key, (size_t)n), &values[round ? 4999 - i : i]), 0);
		}
	ck_assert_uint_eq(map_len(m), 5000);
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(key, sizeof key, "key-%d", i);
		ck_assert_ptr_eq(map_get(m, str_make(key, (size_t)n)), &values[4999 - i]);
	}
	ck_assert_ptr_null(map_get(m, STR("key-5000")));
	map_free(m);
	map_free(NULL);
}
END_TEST

START_TEST(map_keys_are_bytes_with_a_length)
{
	int a, b, c;
	struct map *m = map_new();
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(map_set(m, STR(""), &a), 0);
	ck_assert_int_eq(map_set(m, STR("x\0y"), &b), 0);
	ck_assert_int_eq(map_set(m, STR("x"), &c), 0);
	ck_assert_ptr_eq(map_get(m, str_make(NULL, 0)), &a);
	ck_assert_ptr_eq(map_get(m, STR("x\0y")), &b);
	ck_assert_ptr_eq(map_get(m, STR("x")), &c);
	map_free(m);
}
END_TEST

static bool
collect(struct str key, void *value, void *ctx)
{
	char *text = ctx;
	(void)value;
	strncat(text, key.p, key.len);
	return key.p[0] != 'c';
}

START_TEST(map_each_goes_in_insertion_order_until_told)
{
	char text[32] = "";
	struct map *m = map_new();
	ck_assert_ptr_nonnull(m);
	static const char *const keys[] = {"z", "b", "a", "c", "d"};
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(map_set(m, str_of(keys[i]), NULL), 0);
	map_each(m, collect, text);
	ck_assert_str_eq(text, "zbac");
	map_free(m);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {siphash_gives_the_published_vector, map_finds_every_key_and_replaces_values,
	    map_keys_are_bytes_with_a_length, map_each_goes_in_insertion_order_until_told, NULL};
	return unit_run("map", tests);
}
