#include "base/mem.h"

#include <stdlib.h>

static _Thread_local uint64_t allocations;

void *
mem_zero(size_t n, size_t size)
{
	allocations++;
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return calloc(1, bytes ? bytes : 1); /* a size of zero still gives a pointer of its own */
}

void *
mem_resize(void *old, size_t n, size_t size)
{
	allocations++;
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return realloc(old, bytes ? bytes : 1);
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
