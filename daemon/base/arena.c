#include "base/arena.h"

#include <stdalign.h>

#include "base/mem.h"

enum { CHUNK_MIN = 4096, CHUNK_MAX = 1024 * 1024 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t bytes; /* of data */
	alignas(max_align_t) char data[];
};

void
arena_init(struct arena *a, size_t cap_bytes, size_t keep_bytes)
{
	*a = (struct arena){.cap_bytes = cap_bytes, .keep_bytes = keep_bytes};
}

static void
free_chunks(struct arena_chunk *chunk)
{
	while (chunk) {
		struct arena_chunk *older = chunk->older;
		mem_free(chunk);
		chunk = older;
	}
}

static void
free_spares(struct arena *a)
{
	free_chunks(a->spares);
	a->spares = NULL;
	a->spare_bytes = 0;
}

void
arena_fini(struct arena *a)
{
	free_chunks(a->chunks);
	free_spares(a);
	arena_init(a, a->cap_bytes, a->keep_bytes);
}

/* First spare chunk with room for size. */
static struct arena_chunk *
take_spare(struct arena *a, size_t size)
{
	for (struct arena_chunk **link = &a->spares; *link; link = &(*link)->older) {
		struct arena_chunk *chunk = *link;
		if (chunk->bytes >= size) {
			*link = chunk->older;
			a->spare_bytes -= chunk->bytes;
			return chunk;
		}
	}
	return NULL;
}

static struct arena_chunk *
new_chunk(struct arena *a, size_t size)
{
	size_t left = a->cap_bytes - a->used_bytes;
	if (size > left)
		return NULL;
	if (size > left - (a->spare_bytes < left ? a->spare_bytes : left))
		free_spares(a);
	left -= a->spare_bytes;
	/* As much again as there is: few chunks for big batches, small ones for small. */
	size_t want = a->used_bytes < CHUNK_MIN ? CHUNK_MIN : a->used_bytes;
	if (want > CHUNK_MAX)
		want = CHUNK_MAX;
	if (want < size)
		want = size;
	if (want > left)
		want = left;
	if (want > SIZE_MAX - sizeof(struct arena_chunk))
		return NULL;
	struct arena_chunk *chunk = mem_resize(NULL, 1, sizeof *chunk + want);
	if (chunk)
		chunk->bytes = want;
	return chunk;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t const unit = alignof(max_align_t);
	if (size == 0)
		size = 1;
	if (size > SIZE_MAX - unit)
		return NULL;
	size = (size + unit - 1) / unit * unit;
	if (!a->next || size > (size_t)(a->end - a->next)) {
		struct arena_chunk *chunk = take_spare(a, size);
		if (!chunk)
			chunk = new_chunk(a, size);
		if (!chunk)
			return NULL;
		chunk->older = a->chunks;
		a->chunks = chunk;
		a->used_bytes += chunk->bytes;
		a->next = chunk->data;
		a->end = chunk->data + chunk->bytes;
	}
	void *p = a->next;
	a->next += size;
	return p;
}

struct str
arena_copy(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, s.len);
	if (!copy)
		return str_make(NULL, 0);
	if (s.len > 0)
		memcpy(copy, s.p, s.len);
	return str_make(copy, s.len);
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *chunk = a->chunks;
	while (chunk) {
		struct arena_chunk *older = chunk->older;
		if (a->spare_bytes + chunk->bytes <= a->keep_bytes) {
			chunk->older = a->spares;
			a->spares = chunk;
			a->spare_bytes += chunk->bytes;
		} else {
			mem_free(chunk);
		}
		chunk = older;
	}
	a->chunks = NULL;
	a->next = a->end = NULL;
	a->used_bytes = 0;
}
