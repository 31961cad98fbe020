#include "sigma/needles.h"

#include <string.h>

enum { BLOCK = NEEDLE_LEN_MIN, TABLE_BITS = 12, TABLE_SIZE = 1 << TABLE_BITS, STRIDE_MAX = 255 };

struct needles {
	size_t window;              /* bytes of each literal that the tables know: the shortest's length */
	uint8_t stride[TABLE_SIZE]; /* by block: how far the window may move; 0: a literal may stand here */
	uint32_t first[TABLE_SIZE + 1]; /* by the last block of the window: its literals are items[first[b]] and on */
	struct needle items[];
};

static uint32_t
block_at(const char *p)
{
	uint32_t bytes = (uint32_t)(uint8_t)p[0] | (uint32_t)(uint8_t)p[1] << 8 | (uint32_t)(uint8_t)p[2] << 16;
	return (bytes | 0x202020U) * UINT32_C(2654435761) >> (32 - TABLE_BITS);
}

static bool
same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (((uint8_t)a[i] | 0x20) != ((uint8_t)b[i] | 0x20))
			return false;
	}
	return true;
}

static void
set_strides(struct needles *n, struct str text)
{
	for (size_t at = 0; at + BLOCK <= n->window; at++) {
		uint8_t *stride = &n->stride[block_at(text.p + at)];
		size_t far = n->window - BLOCK - at;
		if (far < *stride)
			*stride = (uint8_t)far;
	}
}

/* Sorts the literals by the last block of their window. */
static void
fill_buckets(struct needles *n, const struct needle *items, unsigned count)
{
	size_t last = n->window - BLOCK;
	for (unsigned i = 0; i < count; i++)
		n->first[block_at(items[i].text.p + last)]++;
	for (uint32_t block = 0, sum = 0; block <= TABLE_SIZE; block++) { /* where each bucket ends */
		sum += n->first[block];
		n->first[block] = sum;
	}
	for (unsigned i = count; i-- > 0;) /* backwards: ends become beginnings */
		n->items[--n->first[block_at(items[i].text.p + last)]] = items[i];
}

struct needles *
needles_new(struct arena *arena, const struct needle *items, unsigned count)
{
	struct needles *n = arena_alloc(arena, sizeof(*n) + count * sizeof(n->items[0]));
	if (!n)
		return NULL;
	memset(n, 0, sizeof(*n));
	n->window = STRIDE_MAX;
	for (unsigned i = 0; i < count; i++) {
		if (items[i].text.len < n->window)
			n->window = items[i].text.len;
	}
	memset(n->stride, (int)(n->window - BLOCK + 1), sizeof(n->stride));
	for (unsigned i = 0; i < count; i++)
		set_strides(n, items[i].text);
	fill_buckets(n, items, count);
	return n;
}

/* The literals whose window ends with the block that ends `at + BLOCK`. */
static void
try_bucket(const struct needles *n, uint32_t block, struct str text, size_t at, needle_found_f *found, void *ctx)
{
	size_t start = at - (n->window - BLOCK);
	for (uint32_t i = n->first[block]; i < n->first[block + 1]; i++) {
		const struct needle *item = &n->items[i];
		if (item->text.len <= text.len - start && same(item->text.p, text.p + start, item->text.len))
			found(item->owner, ctx);
	}
}

void
needles_search(const struct needles *n, struct str text, needle_found_f *found, void *ctx)
{
	size_t at = n->window - BLOCK;
	while (at + BLOCK <= text.len) {
		uint32_t block = block_at(text.p + at);
		size_t stride = n->stride[block];
		if (stride == 0)
			try_bucket(n, block, text, at, found, ctx);
		at += stride ? stride : 1;
	}
}
