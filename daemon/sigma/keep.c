#include "sigma/keep.h"

#include <stdint.h>
#include <string.h>

char *
keep_text(struct arena *arena, struct str text)
{
	char *copy = arena_alloc(arena, text.len + 1);
	if (!copy)
		return NULL;
	if (text.len > 0)
		memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	return copy;
}

void *
keep_zero(struct arena *arena, size_t n, size_t size)
{
	if (n > SIZE_MAX / size - 1)
		return NULL;
	void *p = arena_alloc(arena, n ? n * size : 1);
	if (p && n)
		memset(p, 0, n * size);
	return p;
}
