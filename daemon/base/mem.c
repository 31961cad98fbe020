#include "base/mem.h"

#include <stdlib.h>

static _Thread_local uint64_t allocations;

void *
mem_zero(size_t n, size_t size)
{
	allocations++;
	/* calloc checks the product; a zero size still gives a pointer of its own. */
	return calloc(n ? n : 1, size ? size : 1);
}

void *
mem_resize(void *old, size_t n, size_t size)
{
	allocations++;
	if (n == 0 || size == 0)
		n = size = 1;
	return reallocarray(old, n, size);
}

char *
mem_copy_str(struct str s)
{
	allocations++;
	if (s.len == SIZE_MAX)
		return NULL;
	char *copy = malloc(s.len + 1);
	if (!copy)
		return NULL;
	if (s.len > 0)
		memcpy(copy, s.p, s.len);
	copy[s.len] = '\0';
	return copy;
}

void
mem_free(void *p)
{
	free(p);
}

uint64_t
mem_count(void)
{
	return allocations;
}
