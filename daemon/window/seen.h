/* Recent event ids, so that a relay's repeat does not count twice. Ids are kept
 * as keyed 64-bit hashes of (tenant, id), in locked shards; any thread. Memory is
 * taken at birth: about 28 bytes an id. Oldest out, at ttl or when max is reached. */
#ifndef WINDOW_SEEN_H
#define WINDOW_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct seen;

struct seen_options {
	int64_t ttl_ms;
	uint32_t max_ids; /* split over the shards: an id is kept for at least about this many others */
	uint8_t hash_key[16];
};

struct seen *seen_new(const struct seen_options *options);
void seen_free(struct seen *s);
/* True when the id was there; else it is there from now on. */
bool seen_check(struct seen *s, struct str tenant, struct str id, int64_t now_ms);
/* Only asks. */
bool seen_has(struct seen *s, struct str tenant, struct str id, int64_t now_ms);
uint64_t seen_bytes(const struct seen *s);

#endif
