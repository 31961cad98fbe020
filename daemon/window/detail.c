#include "window/detail.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

enum { SHARDS_MAX = 16, SHARD_LISTS_MIN = 64, EVICT_STEPS = 64, ITEMS_PER_LIST = 3 };

struct detail {
	uint64_t key;
	int64_t note;
	uint32_t next;         /* in its bucket or among the free */
	uint32_t newer, older; /* by last use */
	unsigned count, shard;
	uint32_t tags[DETAIL_ITEMS_MAX];
	uint32_t items[DETAIL_ITEMS_MAX]; /* index + 1 */
};

struct shard {
	pthread_mutex_t mu;
	/* guarded by mu; indexes + 1, 0 = none */
	struct detail *lists;
	uint32_t *buckets;
	unsigned char *items;
	uint32_t *item_next; /* free list */
	uint32_t free_list, free_item, newest, oldest;
};

struct detail_table {
	/* set at start */
	size_t item_bytes;
	unsigned items_max, shard_count;
	uint32_t list_cap, item_cap, mask; /* of each shard */
	struct shard shards[SHARDS_MAX];
};

static int
shard_init(const struct detail_table *t, struct shard *s)
{
	pthread_mutex_init(&s->mu, NULL);
	s->lists = mem_zero(t->list_cap, sizeof(*s->lists));
	s->buckets = mem_zero((size_t)t->mask + 1, sizeof(*s->buckets));
	s->items = mem_zero(t->item_cap, t->item_bytes);
	s->item_next = mem_zero(t->item_cap, sizeof(*s->item_next));
	if (!s->lists || !s->buckets || !s->items || !s->item_next)
		return -1;
	for (uint32_t i = t->list_cap; i > 0; i--) {
		s->lists[i - 1].next = s->free_list;
		s->free_list = i;
	}
	for (uint32_t i = t->item_cap; i > 0; i--) {
		s->item_next[i - 1] = s->free_item;
		s->free_item = i;
	}
	return 0;
}

struct detail_table *
detail_table_new(const struct detail_options *options)
{
	struct detail_table *t = mem_zero(1, sizeof(*t));
	if (!t)
		return NULL;
	t->item_bytes = (options->item_bytes + 15) / 16 * 16;
	t->items_max = options->items_max < DETAIL_ITEMS_MAX ? options->items_max : DETAIL_ITEMS_MAX;
	/* a list: its head, its bucket, and a few items */
	size_t list_bytes = sizeof(struct detail) + 2 * sizeof(uint32_t) +
	    ITEMS_PER_LIST * (t->item_bytes + sizeof(uint32_t));
	uint64_t lists = options->memory_bytes / list_bytes;
	unsigned count = SHARDS_MAX;
	while (count > 1 && lists / count < SHARD_LISTS_MIN)
		count /= 2;
	lists = lists / count < 16 ? 16 : lists / count;
	t->list_cap = lists > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)lists;
	t->item_cap = t->list_cap * ITEMS_PER_LIST;
	uint32_t buckets = 16;
	while (buckets < t->list_cap)
		buckets *= 2;
	t->mask = buckets - 1;
	while (t->shard_count < count)
		if (shard_init(t, &t->shards[t->shard_count++]) < 0) {
			detail_table_free(t);
			return NULL;
		}
	return t;
}

void
detail_table_free(struct detail_table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->shard_count; i++) {
		struct shard *s = &t->shards[i];
		mem_free(s->lists);
		mem_free(s->buckets);
		mem_free(s->items);
		mem_free(s->item_next);
		pthread_mutex_destroy(&s->mu);
	}
	mem_free(t);
}

static void
use_remove(struct shard *s, const struct detail *d)
{
	*(d->newer ? &s->lists[d->newer - 1].older : &s->newest) = d->older;
	*(d->older ? &s->lists[d->older - 1].newer : &s->oldest) = d->newer;
}

static void
use_insert(struct shard *s, struct detail *d)
{
	uint32_t i = (uint32_t)(d - s->lists) + 1;
	d->newer = 0;
	d->older = s->newest;
	*(s->newest ? &s->lists[s->newest - 1].newer : &s->oldest) = i;
	s->newest = i;
}

static void
item_free(struct shard *s, uint32_t item)
{
	s->item_next[item - 1] = s->free_item;
	s->free_item = item;
}

static void
list_free(const struct detail_table *t, struct shard *s, struct detail *d)
{
	uint32_t i = (uint32_t)(d - s->lists) + 1;
	uint32_t *link = &s->buckets[(uint32_t)d->key & t->mask];
	while (*link && *link != i)
		link = &s->lists[*link - 1].next;
	if (*link)
		*link = d->next;
	use_remove(s, d);
	while (d->count > 0)
		item_free(s, d->items[--d->count]);
	memset(d, 0, sizeof(*d));
	d->next = s->free_list;
	s->free_list = i;
}

static struct detail *
list_find(const struct detail_table *t, struct shard *s, uint64_t key)
{
	uint32_t i = s->buckets[(uint32_t)key & t->mask];
	while (i && s->lists[i - 1].key != key)
		i = s->lists[i - 1].next;
	return i ? &s->lists[i - 1] : NULL;
}

static struct detail *
list_new(const struct detail_table *t, struct shard *s, uint64_t key)
{
	if (!s->free_list)
		list_free(t, s, &s->lists[s->oldest - 1]);
	struct detail *d = &s->lists[s->free_list - 1];
	uint32_t *bucket = &s->buckets[(uint32_t)key & t->mask];
	uint32_t i = s->free_list;
	s->free_list = d->next;
	d->key = key;
	d->shard = (unsigned)(s - t->shards);
	d->next = *bucket;
	*bucket = i;
	use_insert(s, d);
	return d;
}

struct detail *
detail_enter(struct detail_table *t, uint64_t key, bool create)
{
	struct shard *s = &t->shards[(key >> 32) % t->shard_count];
	pthread_mutex_lock(&s->mu);
	struct detail *d = list_find(t, s, key);
	if (d) {
		use_remove(s, d);
		use_insert(s, d);
	} else if (create) {
		d = list_new(t, s, key);
	}
	if (!d)
		pthread_mutex_unlock(&s->mu);
	return d;
}

void
detail_leave(struct detail_table *t, struct detail *d)
{
	if (d)
		pthread_mutex_unlock(&t->shards[d->shard].mu);
}

unsigned
detail_count(const struct detail *d)
{
	return d->count;
}

int64_t *
detail_note(struct detail *d)
{
	return &d->note;
}

static void *
item_at(struct detail_table *t, const struct detail *d, unsigned i)
{
	return t->shards[d->shard].items + (size_t)(d->items[i] - 1) * t->item_bytes;
}

void *
detail_find(struct detail_table *t, const struct detail *d, uint32_t tag)
{
	for (unsigned i = 0; i < d->count; i++)
		if (d->tags[i] == tag)
			return item_at(t, d, i);
	return NULL;
}

void *
detail_next(struct detail_table *t, const struct detail *d, uint32_t *cursor)
{
	return *cursor < d->count ? item_at(t, d, (*cursor)++) : NULL;
}

void *
detail_add(struct detail_table *t, struct detail *d, uint32_t tag)
{
	struct shard *s = &t->shards[d->shard];
	if (d->count >= t->items_max)
		return NULL;
	for (unsigned step = 0; !s->free_item && step < EVICT_STEPS; step++) {
		struct detail *victim = &s->lists[s->oldest - 1];
		if (victim == d)
			break;
		list_free(t, s, victim);
	}
	if (!s->free_item)
		return NULL;
	uint32_t item = s->free_item;
	s->free_item = s->item_next[item - 1];
	d->tags[d->count] = tag;
	d->items[d->count++] = item;
	return memset(item_at(t, d, d->count - 1), 0, t->item_bytes);
}

void
detail_drop(struct detail_table *t, struct detail *d, unsigned i)
{
	if (i >= d->count)
		return;
	item_free(&t->shards[d->shard], d->items[i]);
	d->count--;
	memmove(&d->tags[i], &d->tags[i + 1], (d->count - i) * sizeof(d->tags[0]));
	memmove(&d->items[i], &d->items[i + 1], (d->count - i) * sizeof(d->items[0]));
}

uint64_t
detail_table_bytes(const struct detail_table *t)
{
	uint64_t shard = (uint64_t)t->list_cap * sizeof(struct detail) + ((uint64_t)t->mask + 1) * sizeof(uint32_t) +
	    (uint64_t)t->item_cap * (t->item_bytes + sizeof(uint32_t));
	return sizeof(*t) + t->shard_count * shard;
}
