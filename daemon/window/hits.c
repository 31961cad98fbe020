#include "window/hits.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/metrics.h"

enum { SHARDS = 16, CELL_HITS = 2, CELLS_PER_GROUP = 2, SHARD_GROUPS_MIN = 64 };

struct cell {
	struct hit hits[CELL_HITS];
	uint32_t next; /* index + 1 */
};

struct group {
	uint64_t key;
	uint32_t next, newer, older; /* index + 1; bucket, or free list; by last use */
	uint32_t cells, n;           /* first cell, index + 1; hits */
	uint32_t waiting;
	int64_t blind_ms, closed_ms, held_ms;
};

struct shard {
	pthread_mutex_t mu;
	/* guarded by mu */
	struct group *groups;
	struct cell *cells;
	uint32_t *buckets;
	uint32_t free_group, free_cell, cells_free, newest, oldest;
	int64_t blind_ms;
};

struct hit_table {
	/* set at start */
	uint32_t groups, mask, cells; /* of each shard */
	metrics_series evictions;
	unsigned shard_count;
	struct shard shards[SHARDS];
};

static int
shard_init(const struct hit_table *t, struct shard *s, int64_t blind_ms)
{
	pthread_mutex_init(&s->mu, NULL);
	s->blind_ms = blind_ms;
	s->groups = mem_zero(t->groups, sizeof(*s->groups));
	s->cells = mem_zero(t->cells, sizeof(*s->cells));
	s->buckets = mem_zero((size_t)t->mask + 1, sizeof(*s->buckets));
	if (!s->groups || !s->cells || !s->buckets)
		return -1;
	for (uint32_t i = t->groups; i > 0; i--) {
		s->groups[i - 1].next = s->free_group;
		s->free_group = i;
	}
	for (uint32_t i = t->cells; i > 0; i--) {
		s->cells[i - 1].next = s->free_cell;
		s->free_cell = i;
	}
	s->cells_free = t->cells;
	return 0;
}

struct hit_table *
hit_table_new(uint64_t memory_bytes, bool whole_story, int64_t start_ms)
{
	struct hit_table *t = mem_zero(1, sizeof(*t));
	if (!t)
		return NULL;
	size_t each = sizeof(struct group) + 2 * sizeof(uint32_t) + CELLS_PER_GROUP * sizeof(struct cell);
	uint64_t groups = memory_bytes / SHARDS / each;
	groups = groups < SHARD_GROUPS_MIN ? SHARD_GROUPS_MIN : groups > UINT32_MAX / 8 ? UINT32_MAX / 8 : groups;
	t->groups = (uint32_t)groups;
	/* one group of the longest always fits */
	t->cells = t->groups * CELLS_PER_GROUP < HITS_MAX ? HITS_MAX : t->groups * CELLS_PER_GROUP;
	for (t->mask = 15; t->mask < t->groups;)
		t->mask = t->mask * 2 + 1;
	t->evictions = metrics_get(METRIC_WINDOW_EVICTIONS, "correlation", NULL);
	while (t->shard_count < SHARDS) {
		if (shard_init(t, &t->shards[t->shard_count++], whole_story ? INT64_MIN : start_ms) < 0) {
			hit_table_free(t);
			return NULL;
		}
	}
	return t;
}

void
hit_table_free(struct hit_table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->shard_count; i++) {
		mem_free(t->shards[i].groups);
		mem_free(t->shards[i].cells);
		mem_free(t->shards[i].buckets);
		pthread_mutex_destroy(&t->shards[i].mu);
	}
	mem_free(t);
}

uint64_t
hit_table_bytes(const struct hit_table *t)
{
	return sizeof(*t) + t->shard_count * ((uint64_t)t->groups * sizeof(struct group) +
	    (uint64_t)t->cells * sizeof(struct cell) + ((uint64_t)t->mask + 1) * sizeof(uint32_t));
}

static struct shard *
shard_of(struct hit_table *t, uint64_t key)
{
	return &t->shards[(key >> 32) % SHARDS];
}

/* ---- groups by last use ---- */

static void
use_remove(struct shard *s, const struct group *g)
{
	*(g->newer ? &s->groups[g->newer - 1].older : &s->newest) = g->older;
	*(g->older ? &s->groups[g->older - 1].newer : &s->oldest) = g->newer;
}

static void
use_insert(struct shard *s, struct group *g)
{
	uint32_t i = (uint32_t)(g - s->groups) + 1;
	g->newer = 0;
	g->older = s->newest;
	*(s->newest ? &s->groups[s->newest - 1].newer : &s->oldest) = i;
	s->newest = i;
}

static struct group *
group_find(const struct hit_table *t, const struct shard *s, uint64_t key)
{
	uint32_t i = s->buckets[(uint32_t)key & t->mask];
	while (i && s->groups[i - 1].key != key)
		i = s->groups[i - 1].next;
	return i ? &s->groups[i - 1] : NULL;
}

static void
cells_release(struct shard *s, struct group *g)
{
	for (uint32_t i; (i = g->cells);) {
		g->cells = s->cells[i - 1].next;
		s->cells[i - 1].next = s->free_cell;
		s->free_cell = i;
		s->cells_free++;
	}
	g->n = 0;
}

/* The group idle longest is forgotten; not keep. */
static bool
evict(struct hit_table *t, struct shard *s, const struct group *keep)
{
	struct group *g = s->oldest ? &s->groups[s->oldest - 1] : NULL;
	if (g && g == keep)
		g = g->newer ? &s->groups[g->newer - 1] : NULL;
	if (!g)
		return false;
	uint32_t i = (uint32_t)(g - s->groups) + 1, *link = &s->buckets[(uint32_t)g->key & t->mask];
	int64_t newest_ms = INT64_MIN;
	for (uint32_t c = g->cells, n = g->n; c; c = s->cells[c - 1].next)
		for (unsigned k = 0; k < CELL_HITS && n > 0; k++, n--)
			newest_ms = s->cells[c - 1].hits[k].ts_ms;
	if (newest_ms != INT64_MIN && newest_ms >= s->blind_ms)
		s->blind_ms = newest_ms + 1;
	while (*link != i)
		link = &s->groups[*link - 1].next;
	*link = g->next;
	use_remove(s, g);
	cells_release(s, g);
	*g = (struct group){.next = s->free_group};
	s->free_group = i;
	metrics_add(t->evictions, 1);
	return true;
}

static struct group *
group_get(struct hit_table *t, struct shard *s, uint64_t key)
{
	struct group *g = group_find(t, s, key);
	if (g) {
		use_remove(s, g);
		use_insert(s, g);
		return g;
	}
	if (!s->free_group)
		evict(t, s, NULL);
	uint32_t i = s->free_group, *bucket = &s->buckets[(uint32_t)key & t->mask];
	g = &s->groups[i - 1];
	s->free_group = g->next;
	*g = (struct group){.key = key, .next = *bucket, .blind_ms = s->blind_ms};
	*bucket = i;
	use_insert(s, g);
	return g;
}

/* ---- a group by value ---- */

void
hits_load(struct hit_table *t, uint64_t key, struct hits *out)
{
	struct shard *s = shard_of(t, key);
	pthread_mutex_lock(&s->mu);
	const struct group *g = group_find(t, s, key);
	out->n = 0;
	out->blind_ms = g ? g->blind_ms : s->blind_ms;
	out->closed_ms = g ? g->closed_ms : INT64_MIN;
	out->held_ms = g ? g->held_ms : INT64_MIN;
	out->waiting = g ? g->waiting : 0;
	for (uint32_t c = g ? g->cells : 0; c; c = s->cells[c - 1].next)
		for (unsigned k = 0; k < CELL_HITS && out->n < g->n; k++)
			out->items[out->n++] = s->cells[c - 1].hits[k];
	pthread_mutex_unlock(&s->mu);
}

void
hits_store(struct hit_table *t, uint64_t key, const struct hits *h)
{
	struct shard *s = shard_of(t, key);
	pthread_mutex_lock(&s->mu);
	struct group *g = group_get(t, s, key);
	cells_release(s, g);
	uint32_t wanted = (h->n + CELL_HITS - 1) / CELL_HITS;
	while (s->cells_free < wanted && evict(t, s, g))
		;
	g->blind_ms = h->blind_ms;
	g->closed_ms = h->closed_ms;
	g->held_ms = h->held_ms;
	g->waiting = h->waiting;
	uint32_t *link = &g->cells;
	for (unsigned i = 0; i < h->n; i += CELL_HITS) {
		uint32_t c = s->free_cell;
		struct cell *cell = &s->cells[c - 1];
		s->free_cell = cell->next;
		s->cells_free--;
		for (unsigned k = 0; k < CELL_HITS && i + k < h->n; k++)
			cell->hits[k] = h->items[i + k];
		cell->next = 0;
		*link = c;
		link = &cell->next;
	}
	g->n = h->n;
	pthread_mutex_unlock(&s->mu);
}

static void
drop_first(struct hits *h, unsigned count)
{
	memmove(h->items, h->items + count, (h->n - count) * sizeof(*h->items));
	h->n -= count;
}

/* A stage has its newest hits only. */
static void
bound_stage(struct hits *h, uint8_t stage)
{
	unsigned count = 0, oldest = 0;
	if (stage == HIT_NO_STAGE)
		return;
	for (unsigned i = h->n; i > 0; i--) {
		if (h->items[i - 1].stage != stage)
			continue;
		count++;
		oldest = i - 1;
	}
	if (count <= HITS_STAGE_MAX)
		return;
	if (h->items[oldest].ts_ms >= h->blind_ms)
		h->blind_ms = h->items[oldest].ts_ms + 1;
	memmove(h->items + oldest, h->items + oldest + 1, (h->n - oldest - 1) * sizeof(*h->items));
	h->n--;
}

unsigned
hits_after(const struct hits *h, int64_t ts_ms)
{
	unsigned lo = 0, hi = h->n;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		if (h->items[mid].ts_ms <= ts_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
hits_is_checked(const struct hits *h, unsigned at)
{
	for (unsigned i = hits_after(h, h->items[at].ts_ms); i > 0 && h->items[i - 1].ts_ms == h->items[at].ts_ms; i--)
		if (h->items[i - 1].checked)
			return true;
	return false;
}

void
hits_await(struct hits *h, unsigned at)
{
	h->items[at].checked = h->items[at].waits = true;
	h->waiting++;
}

void
hits_waited(struct hits *h, int64_t ts_ms, bool held)
{
	for (unsigned i = hits_after(h, ts_ms); i > 0 && h->items[i - 1].ts_ms == ts_ms; i--) {
		h->items[i - 1].waits = false;
		h->items[i - 1].held = held;
	}
	h->waiting -= h->waiting > 0;
}

bool
hits_held(const struct hits *h, int64_t begin_ms, int64_t end_ms)
{
	for (unsigned i = hits_after(h, begin_ms - 1); i < h->n && h->items[i].ts_ms <= end_ms; i++)
		if (h->items[i].held)
			return true;
	return false;
}

/* What is older than retention_ms before the newest hit and before those that wait. */
static void
drop_old(struct hits *h, int64_t newest_ms, int64_t retention_ms)
{
	unsigned old = 0;
	for (unsigned i = 0; i < h->n && h->waiting > 0; i++)
		if (h->items[i].waits) {
			newest_ms = h->items[i].ts_ms < newest_ms ? h->items[i].ts_ms : newest_ms;
			break;
		}
	while (old < h->n && h->items[old].ts_ms < newest_ms - retention_ms)
		old++;
	drop_first(h, old);
}

void
hits_insert(struct hits *h, const struct hit *hit, int64_t retention_ms)
{
	int64_t newest_ms = h->n && h->items[h->n - 1].ts_ms > hit->ts_ms ? h->items[h->n - 1].ts_ms : hit->ts_ms;
	drop_old(h, newest_ms, retention_ms);
	if (h->n == HITS_MAX) {
		h->blind_ms = h->items[0].ts_ms >= h->blind_ms ? h->items[0].ts_ms + 1 : h->blind_ms;
		drop_first(h, 1);
	}
	unsigned at = hits_after(h, hit->ts_ms);
	memmove(h->items + at + 1, h->items + at, (h->n - at) * sizeof(*h->items));
	h->items[at] = *hit;
	h->n++;
	bound_stage(h, hit->stage);
}
