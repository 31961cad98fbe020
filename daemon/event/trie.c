#include "event/trie.h"

#include "base/mem.h"

struct trie {
	struct trie_node *nodes;
	uint32_t *table; /* node + 1 by hash of parent and name; 0 is free */
	uint32_t len, cap, mask;
};

enum { FIRST_NODES = 64 };

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
	return h ^ (h >> 29);
}

/* Names equal without case have equal hashes; the keys are an operator's and the table is sparse,
 * so that a peer cannot make a chain longer. */
static uint32_t
hash_name(uint32_t parent, struct str name)
{
	const uint64_t fold = 0x2020202020202020ULL;
	uint64_t h = mix(0x243F6A8885A308D3ULL, ((uint64_t)parent << 32) ^ name.len), word = 0;
	size_t i = 0;

	for (; i + sizeof(word) <= name.len; i += sizeof(word)) {
		memcpy(&word, name.p + i, sizeof(word));
		h = mix(h, word | fold);
	}
	word = 0;
	if (i < name.len)
		memcpy(&word, name.p + i, name.len - i);
	h = mix(h, word | fold);
	return (uint32_t)(h >> 32);
}

struct trie *
trie_new(void)
{
	struct trie *t = mem_zero(1, sizeof(*t));

	if (!t)
		return NULL;
	t->cap = FIRST_NODES;
	t->mask = FIRST_NODES * 4 - 1;
	t->nodes = mem_zero(t->cap, sizeof(*t->nodes));
	t->table = mem_zero(t->mask + 1, sizeof(*t->table));
	if (!t->nodes || !t->table) {
		trie_free(t);
		return NULL;
	}
	t->nodes[TRIE_ROOT] = (struct trie_node){.parent = TRIE_NONE, .first_child = TRIE_NONE, .next_sibling = TRIE_NONE};
	t->len = 1;
	return t;
}

void
trie_free(struct trie *t)
{
	if (!t)
		return;
	for (uint32_t i = 1; i < t->len; i++) {
		char *name;
		memcpy(&name, &t->nodes[i].name.p, sizeof(name)); /* owned, const for everyone else */
		mem_free(name);
	}
	mem_free(t->nodes);
	mem_free(t->table);
	mem_free(t);
}

static void
table_put(struct trie *t, uint32_t node)
{
	uint32_t at = hash_name(t->nodes[node].parent, t->nodes[node].name) & t->mask;

	while (t->table[at])
		at = (at + 1) & t->mask;
	t->table[at] = node + 1;
}

static int
grow(struct trie *t)
{
	uint32_t cap = t->cap * 2;
	struct trie_node *nodes = mem_resize(t->nodes, cap, sizeof(*nodes));

	if (!nodes)
		return -1;
	t->nodes = nodes;
	uint32_t *table = mem_zero((size_t)cap * 4, sizeof(*table));
	if (!table)
		return -1;
	mem_free(t->table);
	t->table = table;
	t->cap = cap;
	t->mask = cap * 4 - 1;
	for (uint32_t i = 1; i < t->len; i++)
		table_put(t, i);
	return 0;
}

static uint32_t
add_child(struct trie *t, uint32_t parent, struct str name)
{
	uint32_t node = trie_find(t, parent, name);

	if (node != TRIE_NONE)
		return node;
	if (t->len >= TRIE_NODES_MAX || (t->len == t->cap && grow(t)))
		return TRIE_NONE;
	char *copy = mem_copy_str(name);
	if (!copy)
		return TRIE_NONE;
	node = t->len++;
	t->nodes[node] = (struct trie_node){.name = str_make(copy, name.len), .parent = parent,
	    .first_child = TRIE_NONE, .next_sibling = t->nodes[parent].first_child};
	t->nodes[parent].first_child = node;
	table_put(t, node);
	return node;
}

uint32_t
trie_add(struct trie *t, struct str path)
{
	uint32_t node = TRIE_ROOT;
	unsigned depth = 0;

	if (path.len == 0 || path.p[path.len - 1] == '.')
		return TRIE_NONE;
	while (path.len > 0) {
		struct str name = str_split(&path, '.');
		if (name.len == 0 || ++depth > TRIE_DEPTH_MAX)
			return TRIE_NONE;
		node = add_child(t, node, name);
		if (node == TRIE_NONE)
			return TRIE_NONE;
	}
	return node;
}

void
trie_want(struct trie *t, uint32_t node)
{
	if (node < t->len)
		t->nodes[node].wanted = true;
}

uint32_t
trie_find(const struct trie *t, uint32_t parent, struct str name)
{
	uint32_t at = hash_name(parent, name) & t->mask;

	for (; t->table[at]; at = (at + 1) & t->mask) {
		const struct trie_node *node = &t->nodes[t->table[at] - 1];
		if (node->parent == parent && str_eq_nocase(node->name, name))
			return t->table[at] - 1;
	}
	return TRIE_NONE;
}

const struct trie_node *
trie_node(const struct trie *t, uint32_t node)
{
	return &t->nodes[node];
}

uint32_t
trie_len(const struct trie *t)
{
	return t->len;
}
