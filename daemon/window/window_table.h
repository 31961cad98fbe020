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
	uint64_t memory_bytes;
	int64_t lateness_ms;
	uint8_t hash_key[16]; /* secret; random per process */
};

struct window_table *window_table_new(const struct window_table_options *options);
void window_table_free(struct window_table *t);
/* 64-bit key of (kind, parts): kind keeps windows of different use apart. */
uint64_t window_table_key(const struct window_table *t, uint64_t kind, const struct str *parts, size_t count);
uint32_t window_table_value(const struct window_table *t, struct str value); /* keyed 32-bit hash of a value */
uint64_t window_table_bytes(const struct window_table *t);
uint64_t window_table_keys(const struct window_table *t);

#endif
