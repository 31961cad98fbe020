/* Any bytes as a configuration: problems with reasons, or a configuration whose print loads again to the same. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "fuzz/fuzz.h"

static struct config *
load(const void *data, size_t size)
{
	char path[32];
	struct fail_list problems;
	int fd = memfd_create("config", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fail_list_init(&problems);
	struct config *c = config_load(path, NULL, NULL, &problems);
	if (!c == !problems.len)
		abort();
	for (size_t i = 0; i < problems.len; i++)
		if (!problems.items[i].text[0] || !problems.items[i].code[0])
			abort();
	fail_list_fini(&problems);
	close(fd);
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first, second;
	struct config *c = load(data, size);
	if (!c)
		return 0;
	buf_init(&first, 8 << 20);
	buf_init(&second, 8 << 20);
	if (config_print(c, &first) < 0)
		abort();
	config_free(c);
	if (first.len < 1 << 20) {
		c = load(first.data, first.len);
		if (!c || config_print(c, &second) < 0 || !str_eq(buf_str(&first), buf_str(&second)))
			abort();
		config_free(c);
	}
	buf_fini(&first);
	buf_fini(&second);
	return 0;
}
