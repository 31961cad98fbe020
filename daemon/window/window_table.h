/* Memory of what keys did: key -> one sliding window in event time, in locked
 * shards (64, SipHash prefix). Any worker may call; a call holds one shard's
 * lock for one key, never while a rule runs. Hard byte budget: over it the
 * keys idle longest go first, counted, and windows touched by that say
 * partial. Knows no rule and no field. Contract: windows page sections 2, 3. */
#ifndef WINDOW_WINDOW_TABLE_H
#define WINDOW_WINDOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "window/window.h"

struct window_table;

struct window_table_options {
	uint64_t memory_bytes; /* of all shards; at least 1 MiB is taken */
	int64_t lateness_ms;
	uint8_t hash_key[16]; /* secret; random per process */
	bool whole_story;     /* replay: nothing happened before the first event; else windows that
	                       * reach before the first event after start are partial */
};

struct window_table *window_table_new(const struct window_table_options *options);
void window_table_free(struct window_table *t);
/* 64-bit key of (kind, parts): kind keeps windows of different use apart. */
uint64_t window_table_key(const struct window_table *t, uint64_t kind, const struct str *parts, size_t count);
uint64_t window_table_mix(const struct window_table *t, const uint64_t *words, size_t count); /* a key from hashes */
uint32_t window_table_value(const struct window_table *t, struct str value); /* keyed 32-bit hash of a value, never 0 */

/* The key will be asked for soon: what finds it may come into the cache meanwhile. */
void window_table_prefetch(const struct window_table *t, uint64_t key);
/* Adds the update (NULL: only look), then tells the figures for at_ms. */
void window_table_observe(struct window_table *t, uint64_t key, int64_t span_ms, const struct window_update *update,
    int64_t at_ms, struct window_answer *out);
/* When the second failure within [at - span, at] was (in a wide window to the pane, at its newest event); INT64_MAX
 * when there are fewer. */
int64_t window_table_second_failure(struct window_table *t, uint64_t key, int64_t span_ms, int64_t at_ms);
/* Adds the update (NULL: only look; before and after are then the same) and asks the probe's question about before and after. */
void window_table_probe(struct window_table *t, uint64_t key, int64_t span_ms, const struct window_update *update,
    const struct window_probe *probe, struct window_verdict *out);

/* No update older than this comes any more: windows that end before it may go, uncounted. */
void window_table_set_horizon(struct window_table *t, int64_t event_ms);
uint64_t window_table_bytes(const struct window_table *t); /* in use, at most memory_bytes */
uint64_t window_table_keys(const struct window_table *t);
uint64_t window_table_evictions(const struct window_table *t);

#endif
