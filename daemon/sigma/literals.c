#include "sigma/literals.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct literals {
	enum literals_place place;
	uint32_t root[256];    /* child of node 0; 0 = none */
	const uint32_t *first; /* children of node i: first[i] .. first[i + 1] - 1; nodes by depth */
	const uint32_t *fail;  /* ANYWHERE: the longest other node that ends as this does */
	const uint8_t *byte;   /* by which a node is reached */
	const bool *whole;     /* a literal ends here */
};

struct range { /* of sorted literals that begin with a node's bytes */
	uint32_t from, to;
};

struct maker {
	const struct str *items; /* sorted, none the start of another */
	enum literals_place place;
	unsigned count;
	struct range *ranges; /* by node */
	uint32_t *first, *parent, *fail;
	uint8_t *byte;
	bool *whole;
	uint32_t nodes;
};

/* Backwards for LITERALS_END. */
static uint8_t
byte_at(enum literals_place place, struct str text, size_t i)
{
	return (uint8_t)(place == LITERALS_END ? text.p[text.len - 1 - i] : text.p[i]);
}

static int
compare_forwards(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = len ? memcmp(x->p, y->p, len) : 0;
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int
compare_backwards(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	for (size_t i = 0; i < len; i++) {
		int order = byte_at(LITERALS_END, *x, i) - byte_at(LITERALS_END, *y, i);
		if (order)
			return order;
	}
	return (x->len > y->len) - (x->len < y->len);
}

static size_t
common_len(enum literals_place place, struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len, i = 0;
	while (i < len && byte_at(place, a, i) == byte_at(place, b, i))
		i++;
	return i;
}

/* Drops literals that begin with another: where they stand, that does. Returns how many are left; *nodes of their tree. */
static unsigned
prune(enum literals_place place, struct str *items, unsigned count, size_t *nodes)
{
	unsigned kept = 0;
	*nodes = 1;
	for (unsigned i = 0; i < count; i++) {
		size_t common = kept ? common_len(place, items[kept - 1], items[i]) : 0;
		if (kept && common == items[kept - 1].len)
			continue;
		*nodes += items[i].len - common;
		items[kept++] = items[i];
	}
	return kept;
}

static void
node_add(struct maker *m, uint32_t parent, uint8_t byte, struct range range)
{
	uint32_t i = m->nodes++;
	m->ranges[i] = range;
	m->parent[i] = parent;
	m->byte[i] = byte;
}

/* Nodes in the order of their depth, so that children stand side by side. */
static void
make_nodes(struct maker *m)
{
	size_t depth = 0;
	uint32_t deeper = 1; /* the first node of the next depth */
	m->nodes = 0;
	node_add(m, 0, 0, (struct range){0, m->count});
	for (uint32_t node = 0; node < m->nodes; node++) {
		if (node == deeper) {
			depth++;
			deeper = m->nodes;
		}
		struct range all = m->ranges[node];
		m->first[node] = m->nodes;
		m->whole[node] = all.from < all.to && m->items[all.from].len == depth;
		for (uint32_t i = m->whole[node] ? all.to : all.from; i < all.to;) {
			uint32_t from = i;
			uint8_t byte = byte_at(m->place, m->items[i], depth);
			while (i < all.to && byte_at(m->place, m->items[i], depth) == byte)
				i++;
			node_add(m, node, byte, (struct range){from, i});
		}
	}
	m->first[m->nodes] = m->nodes;
}

static uint32_t
child_of(const struct literals *l, uint32_t node, uint8_t byte)
{
	uint32_t first = l->first[node], count = l->first[node + 1] - first;
	const uint8_t *hit = count ? memchr(l->byte + first, byte, count) : NULL;
	return hit ? (uint32_t)(hit - l->byte) : 0;
}

static uint32_t
step(const struct literals *l, uint32_t node, uint8_t byte)
{
	for (; node; node = l->fail[node]) {
		uint32_t child = child_of(l, node, byte);
		if (child)
			return child;
	}
	return l->root[byte];
}

/* A parent's link is there before its children's are asked for. */
static void
make_links(const struct literals *l, struct maker *m)
{
	for (uint32_t node = 1; node < m->nodes; node++) {
		m->fail[node] = m->parent[node] ? step(l, m->fail[m->parent[node]], m->byte[node]) : 0;
		m->whole[node] = m->whole[node] || m->whole[m->fail[node]];
	}
}

static struct literals *
make(struct arena *arena, struct maker *m, size_t nodes)
{
	struct literals *l = arena_alloc(arena, sizeof(*l));
	m->first = arena_alloc(arena, (nodes + 1) * sizeof(*m->first));
	m->fail = m->place == LITERALS_ANYWHERE ? arena_alloc(arena, nodes * sizeof(*m->fail)) : NULL;
	m->byte = arena_alloc(arena, nodes);
	m->whole = arena_alloc(arena, nodes * sizeof(*m->whole));
	m->ranges = mem_zero(nodes, sizeof(*m->ranges));
	m->parent = mem_zero(nodes, sizeof(*m->parent));
	bool there = l && m->first && m->byte && m->whole && m->ranges && m->parent &&
	    (m->fail || m->place != LITERALS_ANYWHERE);
	if (there) {
		make_nodes(m);
		*l = (struct literals){.place = m->place, .first = m->first, .fail = m->fail, .byte = m->byte, .whole = m->whole};
		for (uint32_t i = m->first[0]; i < m->first[1]; i++)
			l->root[m->byte[i]] = i;
		if (m->fail) {
			m->fail[0] = 0;
			make_links(l, m);
		}
	}
	mem_free(m->ranges);
	mem_free(m->parent);
	return there ? l : NULL;
}

struct literals *
literals_new(struct arena *arena, struct str *items, unsigned count, enum literals_place place)
{
	size_t nodes;
	if (count > 1) /* none may have no place */
		qsort(items, count, sizeof(*items), place == LITERALS_END ? compare_backwards : compare_forwards);
	struct maker m = {.items = items, .place = place, .count = prune(place, items, count, &nodes)};
	return nodes < UINT32_MAX ? make(arena, &m, nodes) : NULL;
}

static bool
anywhere(const struct literals *l, struct str text)
{
	uint32_t node = 0;
	if (l->whole[0])
		return true;
	for (size_t i = 0; i < text.len; i++) {
		node = step(l, node, (uint8_t)text.p[i]);
		if (l->whole[node])
			return true;
	}
	return false;
}

bool
literals_meet(const struct literals *l, struct str text)
{
	uint32_t node = 0;
	if (l->place == LITERALS_ANYWHERE)
		return anywhere(l, text);
	for (size_t i = 0; i < text.len && !l->whole[node]; i++) {
		uint8_t byte = byte_at(l->place, text, i);
		node = node ? child_of(l, node, byte) : l->root[byte];
		if (!node)
			return false;
	}
	return l->whole[node];
}
