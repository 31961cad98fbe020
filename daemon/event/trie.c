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

static uint64_t
load(const char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return word;
}

/* Names equal without case have equal hashes; the keys are an operator's and the table is sparse,
 * so that a peer cannot make a chain longer. Words overlap at the end rather than be filled byte by byte. */
static uint32_t
hash_name(uint32_t parent, struct str name)
{
	const uint64_t fold = 0x2020202020202020ULL;
	const char *p = name.p, *end = name.p + name.len;
	uint64_t h = mix(0x243F6A8885A308D3ULL, ((uint64_t)parent << 32) ^ name.len);

	if (name.len >= 8) {
		for (; end - p > 8; p += 8)
			h = mix(h, load(p, 8) | fold);
		h = mix(h, load(end - 8, 8) | fold);
	} else if (name.len >= 4) {
		h = mix(h, (load(p, 4) | load(end - 4, 4) << 32) | fold);
	} else if (name.len > 0) {
		h = mix(h, (load(p, 1) | load(p + name.len / 2, 1) << 8 | load(end - 1, 1) << 16) | fold);
	}
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
trie_look_up(const struct trie *t, uint32_t parent, struct str name, bool *exact)
{
	if (name.len == 0)
		return TRIE_NONE;
	for (uint32_t at = hash_name(parent, name) & t->mask; t->table[at]; at = (at + 1) & t->mask) {
		const struct trie_node *node = &t->nodes[t->table[at] - 1];
		if (node->parent != parent || node->name.len != name.len)
			continue;
		*exact = memcmp(node->name.p, name.p, name.len) == 0;
		if (*exact || str_eq_nocase(node->name, name))
			return t->table[at] - 1;
	}
	return TRIE_NONE;
}

uint32_t
trie_find(const struct trie *t, uint32_t parent, struct str name)
{
	bool exact;

	return trie_look_up(t, parent, name, &exact);
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
