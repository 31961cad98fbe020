#include "window/window_table.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "window/window_priv.h"

enum {
	SHARDS_MAX = 64,
	SHARD_BYTES_MIN = 256 * 1024, /* fewer shards rather than smaller ones */
	EVICT_STEPS = 64,
	REAP_STEPS = 2,
	UPDATE_CELLS = 8, /* free cells that an ordinary update can count on */
	USE_LISTS = 4,
};

struct shard {
	pthread_mutex_t mu;
	/* guarded by mu */
	struct cells cells;
	uint32_t newest[USE_LISTS], oldest[USE_LISTS]; /* windows by last use; a list for each sort of span */
	uint64_t keys;
	uint32_t tick; /* updates */
	int64_t blind_ms; /* windows born from now on may have lost what lies before */
	uint64_t evictions;
};

/* Of the update under way; a thread has one, so that it stays in its cache. */
static _Thread_local struct scratch scratch;

struct window_table {
	/* set at start */
	int64_t lateness_ms;
	uint8_t hash_key[16];
	unsigned shard_count; /* power of two */
	bool whole_story;
	metrics_series evictions;
	struct shard *shards;
	/* any thread */
	_Atomic int64_t first_ms; /* event time of the first update; INT64_MIN = none yet */
	_Atomic int64_t horizon_ms;
};

struct window_table *
window_table_new(const struct window_table_options *options)
{
	struct window_table *t = mem_zero(1, sizeof(*t));
	if (!t)
		return NULL;
	uint64_t bytes = options->memory_bytes < 1024 * 1024 ? 1024 * 1024 : options->memory_bytes;
	unsigned count = SHARDS_MAX;
	while (bytes / count < SHARD_BYTES_MIN)
		count /= 2;
	t->lateness_ms = options->lateness_ms;
	memcpy(t->hash_key, options->hash_key, sizeof(t->hash_key));
	t->whole_story = options->whole_story;
	t->evictions = metrics_get(METRIC_WINDOW_EVICTIONS, "memory", NULL);
	atomic_init(&t->first_ms, INT64_MIN);
	atomic_init(&t->horizon_ms, INT64_MIN);
	t->shards = mem_zero(count, sizeof(*t->shards));
	if (!t->shards) {
		mem_free(t);
		return NULL;
	}
	for (; t->shard_count < count; t->shard_count++) {
		struct shard *s = &t->shards[t->shard_count];
		if (cells_init(&s->cells, bytes / count - sizeof(*s)) < 0) {
			window_table_free(t);
			return NULL;
		}
		pthread_mutex_init(&s->mu, NULL);
		s->blind_ms = INT64_MIN;
	}
	return t;
}

void
window_table_free(struct window_table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->shard_count; i++) {
		cells_fini(&t->shards[i].cells);
		pthread_mutex_destroy(&t->shards[i].mu);
	}
	mem_free(t->shards);
	mem_free(t);
}

enum { KEY_BUFFER = 512 };

/* Longer parts than fit into one buffer: a chain of hashes. */
static uint64_t
key_chained(const struct window_table *t, uint64_t kind, const struct str *parts, size_t count)
{
	uint64_t state[2] = {kind, count};
	state[0] = siphash(t->hash_key, state, sizeof(state));
	for (size_t i = 0; i < count; i++) {
		state[1] = siphash(t->hash_key, parts[i].p, parts[i].len);
		state[0] = siphash(t->hash_key, state, sizeof(state));
	}
	return state[0];
}

uint64_t
window_table_key(const struct window_table *t, uint64_t kind, const struct str *parts, size_t count)
{
	unsigned char buffer[KEY_BUFFER];
	size_t len = sizeof(kind);
	memcpy(buffer, &kind, sizeof(kind));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > UINT16_MAX || len + 2 + parts[i].len > sizeof(buffer))
			return key_chained(t, kind, parts, count);
		uint16_t part_len = (uint16_t)parts[i].len;
		memcpy(buffer + len, &part_len, sizeof(part_len));
		if (part_len > 0)
			memcpy(buffer + len + sizeof(part_len), parts[i].p, part_len);
		len += sizeof(part_len) + part_len;
	}
	return siphash(t->hash_key, buffer, len);
}

uint64_t
window_table_mix(const struct window_table *t, const uint64_t *words, size_t count)
{
	return siphash(t->hash_key, words, count * sizeof(*words));
}

uint32_t
window_table_value(const struct window_table *t, struct str value)
{
	uint64_t hash = siphash(t->hash_key, value.p, value.len);
	uint32_t folded = (uint32_t)(hash ^ hash >> 32);
	return folded ? folded : 1;
}

/* ---- a shard's keys by last use ---- */

/* Windows of like spans expire in the order of their use: one that is long is in no other's way. */
static unsigned
list_of(const struct cell_window *w)
{
	enum { HOUR_MS = 3600000 };
	return w->span_ms <= HOUR_MS ? 0 : w->span_ms <= 6 * HOUR_MS ? 1 : w->span_ms <= 24 * HOUR_MS ? 2 : 3;
}

static void
use_remove(struct shard *s, uint32_t i)
{
	struct cell_window *w = &s->cells.cell[i].window;
	unsigned list = list_of(w);
	*(w->newer ? &s->cells.cell[w->newer].window.older : &s->newest[list]) = w->older;
	*(w->older ? &s->cells.cell[w->older].window.newer : &s->oldest[list]) = w->newer;
}

static void
use_insert(struct shard *s, uint32_t i)
{
	struct cell_window *w = &s->cells.cell[i].window;
	unsigned list = list_of(w);
	w->used = ++s->tick;
	w->newer = 0;
	w->older = s->newest[list];
	*(s->newest[list] ? &s->cells.cell[s->newest[list]].window.newer : &s->oldest[list]) = i;
	s->newest[list] = i;
}

/* Moving costs two cache misses: only when it would pass an eighth of the keys. */
static void
use_touch(struct shard *s, uint32_t i)
{
	struct cell_window *w = &s->cells.cell[i].window;
	if (i == s->newest[list_of(w)] || ++s->tick - w->used <= s->keys / 8)
		return;
	use_remove(s, i);
	use_insert(s, i);
}

static void
drop(struct shard *s, uint32_t i)
{
	use_remove(s, i);
	window_release(&s->cells, i);
	s->keys--;
}

/* No event within the lateness can ask for a window that reaches back to it. */
static bool
is_expired(const struct window_table *t, const struct cell_window *w)
{
	int64_t horizon_ms = atomic_load_explicit(&t->horizon_ms, memory_order_relaxed);
	return horizon_ms != INT64_MIN && w->newest_ms < horizon_ms - w->span_ms;
}

/* Only an event that comes late can still ask for it. */
static bool
is_idle(const struct window_table *t, const struct cell_window *w)
{
	int64_t horizon_ms = atomic_load_explicit(&t->horizon_ms, memory_order_relaxed);
	return horizon_ms != INT64_MIN && w->newest_ms < horizon_ms + t->lateness_ms - w->span_ms;
}

static void
reap(const struct window_table *t, struct shard *s)
{
	for (unsigned list = 0; list < USE_LISTS; list++)
		for (unsigned step = 0; step < REAP_STEPS && s->oldest[list]; step++) {
			if (!is_expired(t, &s->cells.cell[s->oldest[list]].window))
				break;
			drop(s, s->oldest[list]);
		}
}

/* Of the windows longest unused in each list, not `keep`: one that has expired, else one that is idle, else the one
 * unused for longest; 0 when there is none. */
static uint32_t
find_victim(const struct window_table *t, struct shard *s, uint32_t keep)
{
	uint32_t victim = 0, idle = 0;
	for (unsigned list = 0; list < USE_LISTS; list++) {
		if (s->oldest[list] == keep && keep) { /* it did not move when it was last used */
			use_remove(s, keep);
			use_insert(s, keep);
		}
		uint32_t i = s->oldest[list];
		if (!i || i == keep)
			continue;
		const struct cell_window *w = &s->cells.cell[i].window;
		if (is_expired(t, w))
			return i;
		if (is_idle(t, w))
			idle = i;
		if (!victim || s->tick - w->used > s->tick - s->cells.cell[victim].window.used)
			victim = i;
	}
	return idle ? idle : victim;
}

/* Windows go until `needed` cells are free; not `keep`, and at most EVICT_STEPS. */
static void
make_room(const struct window_table *t, struct shard *s, uint32_t needed, uint32_t keep)
{
	for (unsigned step = 0; step < EVICT_STEPS && cells_left(&s->cells) < needed; step++) {
		uint32_t i = find_victim(t, s, keep);
		if (!i)
			return;
		const struct cell_window *w = &s->cells.cell[i].window;
		if (!is_expired(t, w)) {
			if (s->blind_ms <= w->newest_ms)
				s->blind_ms = w->newest_ms + 1;
			s->evictions++;
			metrics_add(t->evictions, 1);
		}
		drop(s, i);
	}
}

/* ---- one update under the lock ---- */

static struct shard *
shard_of(struct window_table *t, uint64_t key)
{
	return &t->shards[(key >> 32) & (t->shard_count - 1)];
}

void
window_table_prefetch(const struct window_table *t, uint64_t key)
{
	const struct shard *s = &t->shards[(key >> 32) & (t->shard_count - 1)];
	__builtin_prefetch(&s->mu, 1);
	__builtin_prefetch(&s->cells.windows[(uint32_t)key & s->cells.mask]);
}

/* What a window born now cannot know. */
static int64_t
blind_at_birth(struct window_table *t, const struct shard *s)
{
	int64_t first_ms = atomic_load(&t->first_ms);
	if (t->whole_story || first_ms < s->blind_ms)
		return s->blind_ms;
	return first_ms;
}

static void
note_first(struct window_table *t, int64_t ts_ms)
{
	int64_t none = INT64_MIN;
	if (atomic_load_explicit(&t->first_ms, memory_order_relaxed) == none)
		atomic_compare_exchange_strong(&t->first_ms, &none, ts_ms);
}

/* The key's window, made if need be, with its log in the scratch; 0 when it has none (no update) or there is no room. */
static uint32_t
window_get(struct window_table *t, struct shard *s, uint64_t key, int64_t span_ms, const struct window_update *update)
{
	uint32_t i = cells_find_window(&s->cells, key);
	if (update)
		make_room(t, s, UPDATE_CELLS, i);
	if (!i && update) {
		i = cells_take(&s->cells);
		if (!i)
			return 0;
		struct cell_window *w = &s->cells.cell[i].window;
		w->key = key;
		w->triple = update->triple;
		w->span_ms = (uint32_t)(span_ms < UINT32_MAX ? span_ms : UINT32_MAX);
		w->blind_ms = blind_at_birth(t, s);
		cells_link_window(&s->cells, i);
		use_insert(s, i);
		s->keys++;
	} else if (i) {
		use_touch(s, i);
	}
	if (i && !s->cells.cell[i].window.wide)
		window_log_load(&s->cells, &s->cells.cell[i].window, &scratch);
	return i;
}

static void
window_put(struct window_table *t, struct shard *s, uint32_t i, const struct window_update *u)
{
	const struct cell_window *w = &s->cells.cell[i].window;
	if (!w->wide && w->n == WINDOW_LOG_MAX)
		make_room(t, s, WINDOW_WIDE_CELLS, i);
	window_add(&s->cells, i, &scratch, u, t->lateness_ms);
}

/* There is no room for the key, not even for one cell: blind to this event. */
static void
note_lost(const struct window_table *t, struct shard *s, int64_t ts_ms)
{
	if (s->blind_ms <= ts_ms)
		s->blind_ms = ts_ms + 1;
	s->evictions++;
	metrics_add(t->evictions, 1);
}

void
window_table_observe(struct window_table *t, uint64_t key, int64_t span_ms, const struct window_update *update,
    int64_t at_ms, struct window_answer *out)
{
	struct shard *s = shard_of(t, key);
	if (update)
		note_first(t, update->ts_ms);
	pthread_mutex_lock(&s->mu);
	reap(t, s);
	uint32_t i = window_get(t, s, key, span_ms, update);
	if (i) {
		if (update)
			window_put(t, s, i, update);
		window_figures(&s->cells, i, &scratch, at_ms, &out->at);
		int64_t end_ms = window_best_end(&s->cells, i, &scratch, at_ms);
		if (end_ms == at_ms || s->cells.cell[i].window.wide)
			out->best = out->at;
		else
			window_figures(&s->cells, i, &scratch, end_ms, &out->best);
	} else {
		if (update)
			note_lost(t, s, update->ts_ms);
		memset(&out->at, 0, sizeof(out->at));
		out->at.exact = true;
		out->at.partial = at_ms - span_ms < blind_at_birth(t, s);
		out->best = out->at;
	}
	pthread_mutex_unlock(&s->mu);
}

int64_t
window_table_second_failure(struct window_table *t, uint64_t key, int64_t span_ms, int64_t at_ms)
{
	struct shard *s = shard_of(t, key);
	int64_t when_ms = INT64_MAX;
	pthread_mutex_lock(&s->mu);
	uint32_t i = window_get(t, s, key, span_ms, NULL);
	if (i)
		when_ms = s->cells.cell[i].window.wide ? window_wide_second_failure(&s->cells, i)
		    : window_log_second_failure(&scratch, at_ms, span_ms);
	pthread_mutex_unlock(&s->mu);
	return when_ms;
}

void
window_table_probe(struct window_table *t, uint64_t key, int64_t span_ms, const struct window_update *update,
    const struct window_probe *probe, struct window_verdict *out)
{
	struct shard *s = shard_of(t, key);
	memset(out, 0, sizeof(*out));
	if (update)
		note_first(t, update->ts_ms);
	pthread_mutex_lock(&s->mu);
	reap(t, s);
	uint32_t i = window_get(t, s, key, span_ms, update);
	if (i) {
		const struct cell_window *w = &s->cells.cell[i].window;
		if (update)
			window_turn(&s->cells, i, &scratch, update->ts_ms);
		if (w->wide || w->n > 0)
			out->before = window_holds(&s->cells, i, &scratch, probe, out);
		if (update)
			window_put(t, s, i, update);
		out->after = update ? window_holds(&s->cells, i, &scratch, probe, out) : out->before;
	} else {
		if (update)
			note_lost(t, s, update->ts_ms);
		out->partial = true;
		out->exact = true;
	}
	pthread_mutex_unlock(&s->mu);
}

void
window_table_set_horizon(struct window_table *t, int64_t event_ms)
{
	atomic_store_explicit(&t->horizon_ms, event_ms, memory_order_relaxed);
}

/* ---- sums over the shards ---- */

static uint64_t
sum(const struct window_table *t, uint64_t (*of)(const struct shard *s))
{
	uint64_t total = 0;
	for (unsigned i = 0; i < t->shard_count; i++) {
		struct shard *s = &t->shards[i];
		pthread_mutex_lock(&s->mu);
		total += of(s);
		pthread_mutex_unlock(&s->mu);
	}
	return total;
}

static uint64_t
shard_bytes(const struct shard *s)
{
	return sizeof(*s) + cells_bytes(&s->cells);
}

static uint64_t
shard_keys(const struct shard *s)
{
	return s->keys;
}

static uint64_t
shard_evictions(const struct shard *s)
{
	return s->evictions;
}

uint64_t
window_table_bytes(const struct window_table *t)
{
	return sum(t, shard_bytes);
}

uint64_t
window_table_keys(const struct window_table *t)
{
	return sum(t, shard_keys);
}

uint64_t
window_table_evictions(const struct window_table *t)
{
	return sum(t, shard_evictions);
}
