/* Any bytes as a named list: a problem with its place, or items that are text, not empty, and each there once. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/list.h"
#include "fuzz/fuzz.h"

static void
check_items(const struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct str item = list->items[i];
		if (item.len == 0 || item.len > LIST_ITEM_BYTES || !codec_utf8_valid(item) || !str_eq(item, str_trim(item)))
			abort();
		for (size_t j = 0; j < i && j < 64; j++)
			if (str_eq(list->items[j], item))
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32], name[] = "l";
	struct fail_list problems;
	int fd = memfd_create("list", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct list_config one = {name, path};
	struct config config = {.rules = {.lists = &one, .list_count = 1}};
	fail_list_init(&problems);
	struct list_set *set = list_set_load(&config, &problems);
	if (!set)
		abort();
	const struct list *list = list_set_find(set, STR("L"));
	if (!list == !problems.len)
		abort();
	if (list)
		check_items(list);
	list_set_free(set);
	fail_list_fini(&problems);
	close(fd);
	return 0;
}
