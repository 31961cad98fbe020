/* Names and evidence of busy keys: per key a short list of items of one size.
 * What it has lost makes a list shorter, never a count. Locked shards, any
 * thread; all memory is taken at birth, the key idle longest goes out first. */
#ifndef WINDOW_DETAIL_H
#define WINDOW_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct detail_table;
struct detail; /* one key's list, while its shard is locked */

enum { DETAIL_ITEMS_MAX = 20 };

struct detail_options {
	uint64_t memory_bytes;
	size_t item_bytes;
	unsigned items_max; /* of one key; at most DETAIL_ITEMS_MAX */
};

struct detail_table *detail_table_new(const struct detail_options *options);
void detail_table_free(struct detail_table *t);
/* Locks the key's shard until detail_leave. NULL, and nothing locked, when the key has no list (and create is
 * false, or there is no room). */
struct detail *detail_enter(struct detail_table *t, uint64_t key, bool create);
void detail_leave(struct detail_table *t, struct detail *d);
unsigned detail_count(const struct detail *d);
/* The items in the order added: starts with *cursor = 0, NULL behind the last. Valid until the next add or drop. */
void *detail_next(struct detail_table *t, const struct detail *d, uint32_t *cursor);
/* The item added under this tag; NULL when there is none. */
void *detail_find(struct detail_table *t, const struct detail *d, uint32_t tag);
/* A number the caller keeps with the list; 0 at first. */
int64_t *detail_note(struct detail *d);
/* A new last item, zeroed; NULL at items_max or without room. May evict lists of other keys. */
void *detail_add(struct detail_table *t, struct detail *d, uint32_t tag);
void detail_drop(struct detail_table *t, struct detail *d, unsigned i);
uint64_t detail_table_bytes(const struct detail_table *t);

#endif
