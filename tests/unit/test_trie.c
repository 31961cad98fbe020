#include "unit/unit.h"

#include <stdio.h>

#include "event/trie.h"

START_TEST(paths_share_their_beginnings_and_names_ignore_case)
{
	struct trie *t = trie_new();
	uint32_t code = trie_add(t, STR("properties.status.errorCode"));
	uint32_t id = trie_add(t, STR("Properties.id"));
	ck_assert_uint_eq(trie_len(t), 5);
	uint32_t properties = trie_find(t, TRIE_ROOT, STR("PROPERTIES"));
	ck_assert_uint_eq(trie_node(t, id)->parent, properties);
	ck_assert(str_eq(trie_node(t, properties)->name, STR("properties")));
	ck_assert_uint_eq(trie_find(t, trie_find(t, properties, STR("status")), STR("errorcode")), code);
	ck_assert_uint_eq(trie_find(t, TRIE_ROOT, STR("id")), TRIE_NONE);
	ck_assert_uint_eq(trie_add(t, STR("PROPERTIES.ID")), id);
	ck_assert(!trie_node(t, id)->wanted);
	trie_want(t, id);
	ck_assert(trie_node(t, id)->wanted);
	trie_free(t);
}
END_TEST

START_TEST(paths_with_empty_or_too_many_names_are_refused)
{
	char deep[2 * (TRIE_DEPTH_MAX + 1)];
	struct trie *t = trie_new();
	ck_assert_uint_eq(trie_add(t, STR("")), TRIE_NONE);
	ck_assert_uint_eq(trie_add(t, STR(".a")), TRIE_NONE);
	ck_assert_uint_eq(trie_add(t, STR("a.")), TRIE_NONE);
	ck_assert_uint_eq(trie_add(t, STR("a..b")), TRIE_NONE);
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 ? '.' : 'a';
	ck_assert_uint_eq(trie_add(t, str_make(deep, sizeof(deep) - 1)), TRIE_NONE);
	ck_assert_uint_ne(trie_add(t, str_make(deep, sizeof(deep) - 3)), TRIE_NONE);
	trie_free(t);
}
END_TEST

START_TEST(trie_grows_and_finds_everything_up_to_its_cap)
{
	char name[32];
	struct trie *t = trie_new();
	for (uint32_t i = 1; i < TRIE_NODES_MAX; i++) {
		snprintf(name, sizeof(name), "a name of some length %u", i);
		ck_assert_uint_eq(trie_add(t, str_of(name)), i);
	}
	ck_assert_uint_eq(trie_add(t, STR("one more")), TRIE_NONE);
	for (uint32_t i = 1; i < TRIE_NODES_MAX; i++) {
		snprintf(name, sizeof(name), "A name OF some length %u", i);
		ck_assert_uint_eq(trie_find(t, TRIE_ROOT, str_of(name)), i);
	}
	trie_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    paths_share_their_beginnings_and_names_ignore_case,
	    paths_with_empty_or_too_many_names_are_refused,
	    trie_grows_and_finds_everything_up_to_its_cap,
	    NULL,
	};
	return unit_run("trie", tests);
}
