#include "window/cells.h"

#include "base/mem.h"

_Static_assert(sizeof(union cell) == 64, "one cache line");

int
cells_init(struct cells *c, uint64_t bytes)
{
	memset(c, 0, sizeof(*c));
	/* A cell costs itself, its next, and up to one bucket of each index. */
	uint64_t cap = bytes / (sizeof(union cell) + 3 * sizeof(uint32_t));
	if (cap > UINT32_MAX / 2)
		cap = UINT32_MAX / 2;
	uint32_t buckets = 16;
	while (buckets < cap / 2)
		buckets *= 2;
	c->mask = buckets - 1;
	c->cap = (uint32_t)cap;
	c->high = 1;
	c->cell = mem_zero((size_t)cap + 1, sizeof(union cell));
	c->next = mem_zero((size_t)cap + 1, sizeof(uint32_t));
	c->windows = mem_zero(buckets, sizeof(uint32_t));
	c->values = mem_zero(buckets, sizeof(uint32_t));
	if (c->cell && c->next && c->windows && c->values)
		return 0;
	cells_fini(c);
	return -1;
}

void
cells_fini(struct cells *c)
{
	mem_free(c->cell);
	mem_free(c->next);
	mem_free(c->windows);
	mem_free(c->values);
	memset(c, 0, sizeof(*c));
}

uint32_t
cells_take(struct cells *c)
{
	uint32_t i = c->free;
	if (i)
		c->free = c->next[i];
	else if (c->high <= c->cap)
		i = c->high++;
	else
		return 0;
	c->in_use++;
	c->next[i] = 0;
	memset(&c->cell[i], 0, sizeof(union cell));
	return i;
}

void
cells_give(struct cells *c, uint32_t i)
{
	c->next[i] = c->free;
	c->free = i;
	c->in_use--;
}

void
cells_give_chain(struct cells *c, uint32_t head)
{
	while (head) {
		uint32_t following = c->next[head];
		cells_give(c, head);
		head = following;
	}
}

uint32_t
cells_left(const struct cells *c)
{
	return c->cap - c->in_use;
}

uint64_t
cells_bytes(const struct cells *c)
{
	return (uint64_t)c->high * (sizeof(union cell) + sizeof(uint32_t)) +
	    2 * ((uint64_t)c->mask + 1) * sizeof(uint32_t);
}

static uint32_t *
bucket_of_window(const struct cells *c, uint64_t key)
{
	return &c->windows[(uint32_t)key & c->mask];
}

uint32_t
cells_find_window(const struct cells *c, uint64_t key)
{
	uint32_t i = *bucket_of_window(c, key);
	while (i && c->cell[i].window.key != key)
		i = c->next[i];
	return i;
}

void
cells_link_window(struct cells *c, uint32_t i)
{
	uint32_t *bucket = bucket_of_window(c, c->cell[i].window.key);
	c->next[i] = *bucket;
	*bucket = i;
}

static void
unlink_from(struct cells *c, uint32_t *bucket, uint32_t i)
{
	uint32_t *at = bucket;
	while (*at && *at != i)
		at = &c->next[*at];
	if (*at)
		*at = c->next[i];
	c->next[i] = 0;
}

void
cells_unlink_window(struct cells *c, uint32_t i)
{
	unlink_from(c, bucket_of_window(c, c->cell[i].window.key), i);
}

/* Values are keyed hashes already; this only spreads them over owners. */
static uint32_t *
bucket_of_value(const struct cells *c, uint32_t owner, uint32_t value, unsigned rank)
{
	uint64_t mix = (((uint64_t)owner << 34) | ((uint64_t)rank << 32) | value) * UINT64_C(0x9e3779b97f4a7c15);
	return &c->values[(uint32_t)(mix >> 32) & c->mask];
}

uint32_t
cells_find_value(const struct cells *c, uint32_t owner, uint32_t value, unsigned rank)
{
	uint32_t i = *bucket_of_value(c, owner, value, rank);
	for (; i; i = c->next[i]) {
		const struct cell_value *v = &c->cell[i].value;
		if (v->value == value && v->owner == owner && v->rank == rank)
			break;
	}
	return i;
}

void
cells_link_value(struct cells *c, uint32_t i)
{
	const struct cell_value *v = &c->cell[i].value;
	uint32_t *bucket = bucket_of_value(c, v->owner, v->value, v->rank);
	c->next[i] = *bucket;
	*bucket = i;
}

void
cells_unlink_value(struct cells *c, uint32_t i)
{
	const struct cell_value *v = &c->cell[i].value;
	unlink_from(c, bucket_of_value(c, v->owner, v->value, v->rank), i);
}
