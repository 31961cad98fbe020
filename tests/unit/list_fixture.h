/* Named lists for tests, from texts: {"name", "item\nitem\n"} and a {NULL, NULL} behind the last. */
#ifndef TESTS_LIST_FIXTURE_H
#define TESTS_LIST_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/list.h"

enum { FIXTURE_LISTS_MAX = 8 };

static inline struct list_set *
fixture_lists(const char *const (*lists)[2])
{
	char names[FIXTURE_LISTS_MAX][64], paths[FIXTURE_LISTS_MAX][64];
	struct list_config configs[FIXTURE_LISTS_MAX];
	struct config config = {.rules = {.lists = configs}};
	struct fail_list problems;
	size_t count = 0;
	for (; lists[count][0]; count++) {
		ck_assert_uint_lt(count, FIXTURE_LISTS_MAX);
		snprintf(names[count], sizeof(names[0]), "%s", lists[count][0]);
		snprintf(paths[count], sizeof(paths[0]), "/tmp/picketd-list-XXXXXX");
		int fd = mkstemp(paths[count]);
		ck_assert_int_ge(fd, 0);
		size_t len = strlen(lists[count][1]);
		ck_assert(write(fd, lists[count][1], len) == (ssize_t)len);
		close(fd);
		configs[count] = (struct list_config){names[count], paths[count]};
	}
	config.rules.list_count = count;
	fail_list_init(&problems);
	struct list_set *set = list_set_load(&config, &problems);
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(problems.len, 0);
	fail_list_fini(&problems);
	for (size_t i = 0; i < count; i++)
		unlink(paths[i]);
	return set;
}

#endif
