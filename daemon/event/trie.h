/* Paths of member names as a tree, so that a record is walked once for all
 * paths that anyone wants: "properties.status.errorCode" is three nodes.
 * Names compare without ASCII case; a node keeps the spelling under which it
 * was first added. Built by the plan, then immutable and shared. Bounded by
 * TRIE_NODES_MAX. */
#ifndef EVENT_TRIE_H
#define EVENT_TRIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { TRIE_ROOT = 0, TRIE_NODES_MAX = 131072, TRIE_DEPTH_MAX = 32 };
#define TRIE_NONE UINT32_MAX

struct trie;

struct trie_node {
	struct str name;       /* as first added; owned by the trie */
	uint32_t parent;       /* TRIE_NONE for the root */
	uint32_t first_child;  /* TRIE_NONE: a leaf */
	uint32_t next_sibling; /* TRIE_NONE: the last */
	bool wanted;           /* someone reads its value, so the elements of an array are kept */
};

struct trie *trie_new(void);
void trie_free(struct trie *t);
/* The node of a dotted path, made if need be; TRIE_NONE when the path is empty or has an empty or too
 * many names, at the cap, or without memory. */
uint32_t trie_add(struct trie *t, struct str path);
void trie_want(struct trie *t, uint32_t node);
/* Child of that name, or TRIE_NONE; constant time. */
uint32_t trie_find(const struct trie *t, uint32_t parent, struct str name);
/* Same; *exact is whether the name has the node's case. */
uint32_t trie_look_up(const struct trie *t, uint32_t parent, struct str name, bool *exact);
const struct trie_node *trie_node(const struct trie *t, uint32_t node);
uint32_t trie_len(const struct trie *t);

#endif
