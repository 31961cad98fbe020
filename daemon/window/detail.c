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
	uint32_t first, last;  /* items, index + 1; 0 = none */
	unsigned count;
	unsigned shard;
};

struct link {
	uint32_t next, tag;
};

struct shard {
	pthread_mutex_t mu;
	/* guarded by mu; indexes + 1, 0 = none */
	struct detail *lists;
	uint32_t *buckets;
	unsigned char *items;
	struct link *links; /* one an item */
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
	s->links = mem_zero(t->item_cap, sizeof(*s->links));
	if (!s->lists || !s->buckets || !s->items || !s->links)
		return -1;
	for (uint32_t i = t->list_cap; i > 0; i--) {
		s->lists[i - 1].next = s->free_list;
		s->free_list = i;
	}
	for (uint32_t i = t->item_cap; i > 0; i--) {
		s->links[i - 1].next = s->free_item;
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
	t->items_max = options->items_max;
	/* a list: its head, its bucket, and a few items */
	size_t list_bytes = sizeof(struct detail) + 2 * sizeof(uint32_t) +
	    ITEMS_PER_LIST * (t->item_bytes + sizeof(struct link));
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
		mem_free(s->links);
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
list_free(const struct detail_table *t, struct shard *s, struct detail *d)
{
	uint32_t i = (uint32_t)(d - s->lists) + 1;
	uint32_t *link = &s->buckets[(uint32_t)d->key & t->mask];
	while (*link && *link != i)
		link = &s->lists[*link - 1].next;
	if (*link)
		*link = d->next;
	use_remove(s, d);
	if (d->last) {
		s->links[d->last - 1].next = s->free_item;
		s->free_item = d->first;
	}
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

/* The link (index + 1) that leads to item i; i <= count. */
static uint32_t *
link_of_item(struct shard *s, struct detail *d, unsigned i)
{
	uint32_t *link = &d->first;
	while (i-- > 0)
		link = &s->links[*link - 1].next;
	return link;
}

int64_t *
detail_note(struct detail *d)
{
	return &d->note;
}

void *
detail_find(struct detail_table *t, const struct detail *d, uint32_t tag)
{
	const struct shard *s = &t->shards[d->shard];
	uint32_t i = d->first;
	while (i && s->links[i - 1].tag != tag)
		i = s->links[i - 1].next;
	return i ? s->items + (size_t)(i - 1) * t->item_bytes : NULL;
}

void *
detail_next(struct detail_table *t, const struct detail *d, uint32_t *cursor)
{
	const struct shard *s = &t->shards[d->shard];
	*cursor = *cursor ? s->links[*cursor - 1].next : d->first;
	if (!*cursor) {
		*cursor = d->last; /* stay behind the last */
		return NULL;
	}
	return s->items + (size_t)(*cursor - 1) * t->item_bytes;
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
	s->free_item = s->links[item - 1].next;
	s->links[item - 1] = (struct link){0, tag};
	*(d->last ? &s->links[d->last - 1].next : &d->first) = item;
	d->last = item;
	d->count++;
	void *p = s->items + (size_t)(item - 1) * t->item_bytes;
	memset(p, 0, t->item_bytes);
	return p;
}

void
detail_drop(struct detail_table *t, struct detail *d, unsigned i)
{
	struct shard *s = &t->shards[d->shard];
	if (i >= d->count)
		return;
	uint32_t before = 0; /* the item before i */
	if (i > 0)
		before = *link_of_item(s, d, i - 1);
	uint32_t *link = before ? &s->links[before - 1].next : &d->first;
	uint32_t item = *link;
	*link = s->links[item - 1].next;
	if (d->last == item)
		d->last = before;
	s->links[item - 1].next = s->free_item;
	s->free_item = item;
	d->count--;
}

uint64_t
detail_table_bytes(const struct detail_table *t)
{
	uint64_t shard = (uint64_t)t->list_cap * sizeof(struct detail) + ((uint64_t)t->mask + 1) * sizeof(uint32_t) +
	    (uint64_t)t->item_cap * (t->item_bytes + sizeof(struct link));
	return sizeof(*t) + t->shard_count * shard;
}
