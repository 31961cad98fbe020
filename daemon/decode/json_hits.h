/* What a scan found, by node of the trie: which of several members for one
 * node counts, and how a path through an array gathers. Part of json_scan.
 * Memory: one hit per node, made at birth; gathered elements in the arena. */
#ifndef DECODE_JSON_HITS_H
#define DECODE_JSON_HITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "event/trie.h"
#include "event/value.h"

enum json_rank { RANK_OTHER_CASE, RANK_EXACT, RANK_LITERAL };

struct json_hit;

struct json_hits {
	const struct trie *trie;
	struct json_hit *hits; /* one per node */
	uint32_t *touched;     /* touched_len nodes that were met in this run, each once, in that order */
	uint32_t touched_len;
	/* of this run */
	struct arena *arena;
	uint32_t run, objects, values;
	unsigned anomalies;
	bool no_memory;
};

/* The object in which a member stands. */
struct json_place {
	uint32_t node;   /* TRIE_NONE: nothing below is wanted */
	uint32_t object; /* its number, from 1 */
	bool fan;        /* inside an array: what is found is gathered */
};

/* Where a value goes. */
struct json_target {
	uint32_t node; /* TRIE_NONE: nothing below it is wanted */
	struct value *out;
	bool fan;
	bool keep; /* the elements of an array are wanted */
};

int json_hits_init(struct json_hits *h, const struct trie *trie) __attribute__((warn_unused_result));
void json_hits_fini(struct json_hits *h);
void json_hits_begin(struct json_hits *h, struct arena *arena);
/* A MISSING value in the arena; NULL beyond the cap (then flagged) or without memory (no_memory). */
struct value *json_hits_value(struct json_hits *h);
/* Where the value of this member goes; nowhere when an earlier member stays. */
struct json_target json_hits_target(struct json_hits *h, const struct json_place *place, struct str name);
/* Forgets what was found below the node in objects with a higher number. */
void json_hits_forget(struct json_hits *h, uint32_t node, uint32_t since);

/* NULL when nothing was found there. */
struct value *json_hits_get(const struct json_hits *h, uint32_t node);
struct str json_hits_name(const struct json_hits *h, uint32_t node);
bool json_hits_dotted(const struct json_hits *h, uint32_t node);

#endif
