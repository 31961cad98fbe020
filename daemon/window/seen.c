#include "window/seen.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

enum { SHARDS = 16, SHARD_IDS_MIN = 4096 }; /* few ids: one shard, so that "the last N" is exact */

struct slot { /* of a ring in order of arrival */
	uint64_t hash;
	int64_t at_ms;
	uint32_t next; /* in its bucket, index + 1; 0 ends */
};

struct shard {
	pthread_mutex_t mu;
	/* guarded by mu */
	struct slot *ring;
	uint32_t *buckets;
	uint32_t oldest, len;
};

struct seen {
	/* set at start */
	int64_t ttl_ms;
	uint8_t hash_key[16];
	uint32_t cap, mask; /* of each shard */
	unsigned shard_count;
	struct shard shards[SHARDS];
};

struct seen *
seen_new(const struct seen_options *options)
{
	struct seen *s = mem_zero(1, sizeof(*s));
	if (!s)
		return NULL;
	uint32_t ids = options->max_ids ? options->max_ids : 1;
	unsigned count = ids / SHARDS >= SHARD_IDS_MIN ? SHARDS : 1;
	s->ttl_ms = options->ttl_ms;
	memcpy(s->hash_key, options->hash_key, sizeof(s->hash_key));
	s->cap = ids / count + (ids % count ? 1 : 0);
	uint32_t buckets = 16;
	while (buckets < s->cap && buckets < UINT32_C(1) << 31)
		buckets *= 2;
	s->mask = buckets - 1;
	for (; s->shard_count < count; s->shard_count++) {
		struct shard *shard = &s->shards[s->shard_count];
		shard->ring = mem_zero(s->cap, sizeof(*shard->ring));
		shard->buckets = mem_zero(buckets, sizeof(*shard->buckets));
		pthread_mutex_init(&shard->mu, NULL);
		if (!shard->ring || !shard->buckets) {
			s->shard_count++;
			seen_free(s);
			return NULL;
		}
	}
	return s;
}

void
seen_free(struct seen *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->shard_count; i++) {
		mem_free(s->shards[i].ring);
		mem_free(s->shards[i].buckets);
		pthread_mutex_destroy(&s->shards[i].mu);
	}
	mem_free(s);
}

static void
drop_oldest(const struct seen *s, struct shard *shard)
{
	const struct slot *slot = &shard->ring[shard->oldest];
	uint32_t *link = &shard->buckets[(uint32_t)slot->hash & s->mask];
	while (*link && *link != shard->oldest + 1)
		link = &shard->ring[*link - 1].next;
	if (*link)
		*link = slot->next;
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): cap is set once, to at least 1 */
	shard->oldest = (shard->oldest + 1) % s->cap;
	shard->len--;
}

static bool
shard_has(const struct seen *s, struct shard *shard, uint64_t hash, int64_t now_ms)
{
	while (shard->len > 0 && shard->ring[shard->oldest].at_ms < now_ms - s->ttl_ms)
		drop_oldest(s, shard);
	for (uint32_t i = shard->buckets[(uint32_t)hash & s->mask]; i; i = shard->ring[i - 1].next)
		if (shard->ring[i - 1].hash == hash)
			return true;
	return false;
}

static void
shard_add(const struct seen *s, struct shard *shard, uint64_t hash, int64_t now_ms)
{
	uint32_t *bucket = &shard->buckets[(uint32_t)hash & s->mask];
	if (shard->len == s->cap)
		drop_oldest(s, shard);
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): the same */
	uint32_t at = (uint32_t)(((uint64_t)shard->oldest + shard->len) % s->cap);
	shard->ring[at] = (struct slot){hash, now_ms, *bucket};
	*bucket = at + 1;
	shard->len++;
}

static bool
check(struct seen *s, struct str tenant, struct str id, int64_t now_ms, bool add)
{
	uint64_t parts[2] = {siphash(s->hash_key, tenant.p, tenant.len), siphash(s->hash_key, id.p, id.len)};
	uint64_t hash = siphash(s->hash_key, parts, sizeof(parts));
	struct shard *shard = &s->shards[(hash >> 32) % s->shard_count];
	pthread_mutex_lock(&shard->mu);
	bool there = shard_has(s, shard, hash, now_ms);
	if (!there && add)
		shard_add(s, shard, hash, now_ms);
	pthread_mutex_unlock(&shard->mu);
	return there;
}

bool
seen_check(struct seen *s, struct str tenant, struct str id, int64_t now_ms)
{
	return check(s, tenant, id, now_ms, true);
}

bool
seen_has(struct seen *s, struct str tenant, struct str id, int64_t now_ms)
{
	return check(s, tenant, id, now_ms, false);
}

uint64_t
seen_bytes(const struct seen *s)
{
	uint64_t shard = (uint64_t)s->cap * sizeof(struct slot) + ((uint64_t)s->mask + 1) * sizeof(uint32_t);
	return sizeof(*s) + s->shard_count * shard;
}
