/* Bump allocator: everything in it lives until arena_reset and dies together.
 * One thread. Grows by chunks up to cap_bytes, keeps its chunks over a reset
 * up to keep_bytes, so that a warm arena allocates nothing. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks; /* newest first */
	struct arena_chunk *spares; /* kept by the last reset */
	char *next, *end;           /* free part of the newest chunk */
	size_t used_bytes;          /* of chunks in use, what cap_bytes bounds */
	size_t spare_bytes, cap_bytes, keep_bytes;
};

void arena_init(struct arena *a, size_t cap_bytes, size_t keep_bytes);
void arena_fini(struct arena *a);
/* Aligned for any type, not zeroed; NULL at the cap or without memory. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((warn_unused_result));
/* Copy with p == NULL when there is no room (an empty copy has p != NULL). */
struct str arena_copy(struct arena *a, struct str s) __attribute__((warn_unused_result));
void arena_reset(struct arena *a);

#endif
