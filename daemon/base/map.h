/* Byte-keyed hash map, SipHash-2-4 with a key random per process (peers choose
 * our keys). Keys are copied, values are borrowed pointers. One thread, or
 * immutable after building and then any thread. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map;

struct map *map_new(void);
void map_free(struct map *m); /* values are the caller's */
/* 0 and the old value replaced if the key was there; -1 without memory. */
int map_set(struct map *m, struct str key, void *value) __attribute__((warn_unused_result));
void *map_get(const struct map *m, struct str key); /* NULL when absent */
size_t map_len(const struct map *m);
/* In insertion order; stops at the first false. */
void map_each(const struct map *m, bool (*visit)(struct str key, void *value, void *ctx), void *ctx);

/* SipHash-2-4 (Aumasson, Bernstein 2012) with an explicit 128-bit key. */
uint64_t siphash(const uint8_t key[16], const void *p, size_t n);

#endif
