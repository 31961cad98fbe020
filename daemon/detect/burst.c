#include "detect/burst.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/metrics.h"

enum { SHARDS = 16, SHARD_ENTRIES_MIN = 64, EVICT_STEPS = 64 };
enum { REPEAT_CAP_MS = 24 * 3600 * 1000, STEP_MAX = 40 };
enum { PENDING_NONE, PENDING_TRIGGER, PENDING_REPEAT };

/* The state of a group, or (under a key of its own) a firing that is not on disk yet. */
struct entry {
	uint64_t key;
	uint32_t next, newer, older; /* index + 1; bucket, or free list; by last use */
	uint32_t pins;               /* firings that wait for their batch */
	struct burst_state state;
	uint32_t version;  /* of state; 0 = never fired */
	uint8_t pending;   /* of a firing; PENDING_NONE for a group */
	bool undone;       /* of a firing: the group is again as it was before */
};

struct shard {
	pthread_mutex_t mu;
	/* guarded by mu */
	struct entry *entries;
	uint32_t *buckets;
	uint32_t free, newest, oldest;
};

struct burst_table {
	/* set at start */
	uint32_t cap, mask; /* of each shard */
	metrics_series evictions;
	unsigned shard_count;
	struct shard shards[SHARDS];
};

static int
shard_init(const struct burst_table *t, struct shard *s)
{
	pthread_mutex_init(&s->mu, NULL);
	s->entries = mem_zero(t->cap, sizeof(*s->entries));
	s->buckets = mem_zero((size_t)t->mask + 1, sizeof(*s->buckets));
	if (!s->entries || !s->buckets)
		return -1;
	for (uint32_t i = t->cap; i > 0; i--) {
		s->entries[i - 1].next = s->free;
		s->free = i;
	}
	return 0;
}

struct burst_table *
burst_table_new(uint64_t memory_bytes)
{
	struct burst_table *t = mem_zero(1, sizeof(*t));
	if (!t)
		return NULL;
	uint64_t cap = memory_bytes / SHARDS / (sizeof(struct entry) + 2 * sizeof(uint32_t));
	cap = cap < SHARD_ENTRIES_MIN ? SHARD_ENTRIES_MIN : cap;
	t->cap = cap > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)cap;
	uint32_t buckets = 16;
	while (buckets < t->cap)
		buckets *= 2;
	t->mask = buckets - 1;
	t->evictions = metrics_get(METRIC_WINDOW_EVICTIONS, "burst", NULL);
	while (t->shard_count < SHARDS)
		if (shard_init(t, &t->shards[t->shard_count++]) < 0) {
			burst_table_free(t);
			return NULL;
		}
	return t;
}

void
burst_table_free(struct burst_table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->shard_count; i++) {
		mem_free(t->shards[i].entries);
		mem_free(t->shards[i].buckets);
		pthread_mutex_destroy(&t->shards[i].mu);
	}
	mem_free(t);
}

uint64_t
burst_table_bytes(const struct burst_table *t)
{
	return sizeof(*t) + t->shard_count *
	    ((uint64_t)t->cap * sizeof(struct entry) + ((uint64_t)t->mask + 1) * sizeof(uint32_t));
}

static struct shard *
shard_of(struct burst_table *t, uint64_t key)
{
	return &t->shards[(key >> 32) % SHARDS];
}

void
burst_lock(struct burst_table *t, uint64_t key)
{
	pthread_mutex_lock(&shard_of(t, key)->mu);
}

void
burst_unlock(struct burst_table *t, uint64_t key)
{
	pthread_mutex_unlock(&shard_of(t, key)->mu);
}

/* A firing lives in its group's shard: the upper half of the key stays. */
static uint64_t
firing_key(uint64_t key, uint64_t event)
{
	uint64_t mix = ((key & UINT32_MAX) ^ event) * UINT64_C(0x9e3779b97f4a7c15);
	return (key & ~(uint64_t)UINT32_MAX) | ((mix ^ mix >> 29) & UINT32_MAX);
}

static void
use_remove(struct shard *s, const struct entry *e)
{
	*(e->newer ? &s->entries[e->newer - 1].older : &s->newest) = e->older;
	*(e->older ? &s->entries[e->older - 1].newer : &s->oldest) = e->newer;
}

static void
use_insert(struct shard *s, struct entry *e)
{
	uint32_t i = (uint32_t)(e - s->entries) + 1;
	e->newer = 0;
	e->older = s->newest;
	*(s->newest ? &s->entries[s->newest - 1].newer : &s->oldest) = i;
	s->newest = i;
}

static struct entry *
entry_find(const struct burst_table *t, struct shard *s, uint64_t key)
{
	uint32_t i = s->buckets[(uint32_t)key & t->mask];
	while (i && s->entries[i - 1].key != key)
		i = s->entries[i - 1].next;
	return i ? &s->entries[i - 1] : NULL;
}

static void
entry_free(const struct burst_table *t, struct shard *s, struct entry *e)
{
	uint32_t i = (uint32_t)(e - s->entries) + 1;
	uint32_t *link = &s->buckets[(uint32_t)e->key & t->mask];
	while (*link && *link != i)
		link = &s->entries[*link - 1].next;
	if (*link)
		*link = e->next;
	use_remove(s, e);
	*e = (struct entry){.next = s->free};
	s->free = i;
}

/* The entry idle longest that waits for nothing; when the oldest all wait, the oldest. Not keep. */
static void
evict(const struct burst_table *t, struct shard *s, const struct entry *keep)
{
	struct entry *first = NULL;
	uint32_t i = s->oldest;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a shard with an oldest entry has entries */
	for (unsigned step = 0; i && step < EVICT_STEPS; step++, i = s->entries[i - 1].newer) {
		struct entry *e = &s->entries[i - 1];
		if (e == keep)
			continue;
		first = first ? first : e;
		if (e->pins == 0) {
			first = e;
			break;
		}
	}
	if (!first)
		return;
	if (first->state.hot || first->pins)
		metrics_add(t->evictions, 1);
	entry_free(t, s, first);
}

static struct entry *
entry_get(const struct burst_table *t, struct shard *s, uint64_t key, const struct entry *keep)
{
	struct entry *e = entry_find(t, s, key);
	if (e) {
		use_remove(s, e);
		use_insert(s, e);
		return e;
	}
	if (!s->free)
		evict(t, s, keep);
	uint32_t i = s->free, *bucket = &s->buckets[(uint32_t)key & t->mask];
	e = &s->entries[i - 1];
	s->free = e->next;
	*e = (struct entry){.key = key, .next = *bucket};
	*bucket = i;
	use_insert(s, e);
	return e;
}

bool
burst_is_hot(struct burst_table *t, uint64_t key)
{
	const struct entry *e = entry_find(t, shard_of(t, key), key);
	return e && e->state.hot;
}

/* From the last alert to the next repeat: W, 2W, 4W ... 24 h; never less than W. */
static int64_t
repeat_after_ms(int64_t span_ms, unsigned step)
{
	int64_t after_ms = span_ms;
	while (step-- > 0 && after_ms < REPEAT_CAP_MS)
		after_ms *= 2;
	return after_ms < REPEAT_CAP_MS ? after_ms : span_ms > REPEAT_CAP_MS ? span_ms : REPEAT_CAP_MS;
}

static enum burst_answer
decide(const struct entry *group, const struct burst_question *q)
{
	if (!q->after)
		return BURST_QUIET;
	if (!q->before || !group || group->state.owed)
		return BURST_TRIGGER;
	if (group->state.hot && group->state.muted && !q->muted)
		return BURST_TRIGGER;
	if (!group->state.hot) /* time made it true; else a late event of a burst that fired and is over */
		return q->by_time && q->at_ms >= q->newest_ms ? BURST_TRIGGER : BURST_QUIET;
	if (q->muted && !group->state.muted)
		return BURST_QUIET; /* the repeat waits for a match that is told */
	if (q->at_ms - group->state.last_alert_ms >= repeat_after_ms(q->span_ms, group->state.step))
		return BURST_REPEAT;
	return BURST_QUIET;
}

static void
state_fire(struct entry *group, const struct burst_question *q, enum burst_answer answer)
{
	struct burst_state *state = &group->state;
	bool newer = !state->hot || q->at_ms >= state->last_alert_ms;
	if (newer) { /* else a late event completed an older burst: the schedule of the newer one stands */
		state->step = answer == BURST_TRIGGER ? 0 : (uint8_t)(state->step < STEP_MAX ? state->step + 1 : STEP_MAX);
		state->last_alert_ms = q->at_ms;
	}
	if (answer == BURST_TRIGGER && (newer || q->before)) /* an older burst does not tell of the newer one */
		state->muted = q->muted;
	state->hot = true;
	state->owed = false;
	group->version = group->version == UINT32_MAX ? 1 : group->version + 1;
}

/* The same event again: fires only if its firing is not on disk. */
static enum burst_answer
judge_again(struct burst_table *t, struct shard *s, const struct burst_question *q, struct burst_mark *mark)
{
	struct entry *firing = entry_find(t, s, firing_key(q->key, q->event));
	if (!firing || firing->pending == PENDING_NONE)
		return BURST_QUIET;
	enum burst_answer answer = firing->pending == PENDING_TRIGGER ? BURST_TRIGGER : BURST_REPEAT;
	firing->pins++;
	struct entry *group = entry_get(t, s, q->key, firing);
	*mark = (struct burst_mark){q->key, q->event, group->state, 0, answer == BURST_REPEAT};
	if (firing->undone && (!group->state.hot || q->at_ms > group->state.last_alert_ms)) {
		state_fire(group, q, answer);
		mark->version = group->version;
	}
	firing->undone = false;
	return answer;
}

enum burst_answer
burst_judge(struct burst_table *t, const struct burst_question *q, struct burst_mark *mark)
{
	struct shard *s = shard_of(t, q->key);
	if (!q->counted)
		return judge_again(t, s, q, mark);
	struct entry *group = entry_find(t, s, q->key);
	enum burst_answer answer = decide(group, q);
	if (answer == BURST_QUIET) {
		if (!group)
			return BURST_QUIET;
		if (!q->before && q->at_ms >= q->newest_ms)
			group->state.hot = false; /* the condition was false: re-armed */
		(void)entry_get(t, s, q->key, NULL); /* it is the one used last */
	} else {
		group = entry_get(t, s, q->key, NULL);
		*mark = (struct burst_mark){q->key, q->event, group->state, 0, answer == BURST_REPEAT};
		state_fire(group, q, answer);
		mark->version = group->version;
		struct entry *firing = entry_get(t, s, firing_key(q->key, q->event), group);
		firing->pending = answer == BURST_TRIGGER ? PENDING_TRIGGER : PENDING_REPEAT;
		firing->pins++;
	}
	return answer;
}

void
burst_commit(struct burst_table *t, const struct burst_mark *mark)
{
	struct shard *s = shard_of(t, mark->key);
	pthread_mutex_lock(&s->mu);
	struct entry *firing = entry_find(t, s, firing_key(mark->key, mark->event));
	if (firing && firing->pending != PENDING_NONE)
		entry_free(t, s, firing);
	pthread_mutex_unlock(&s->mu);
}

/* The firing stays pending (and pinned) until the event comes again. */
void
burst_undo(struct burst_table *t, const struct burst_mark *mark)
{
	struct shard *s = shard_of(t, mark->key);
	struct entry *firing = entry_find(t, s, firing_key(mark->key, mark->event));
	if (firing && firing->pins > 1)
		firing->pins--;
	struct entry *group = entry_find(t, s, mark->key);
	if (group && mark->version && group->version == mark->version) {
		group->state = mark->before;
		group->version--;
		group->state.owed |= !mark->repeat;
		if (firing)
			firing->undone = true;
	}
}

void
burst_rollback(struct burst_table *t, const struct burst_mark *mark)
{
	burst_lock(t, mark->key);
	burst_undo(t, mark);
	burst_unlock(t, mark->key);
}
