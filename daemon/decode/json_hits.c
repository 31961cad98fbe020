#include "decode/json_hits.h"

#include "base/mem.h"
#include "decode/json_scan.h"
#include "event/event.h"

/* What was found at one node in this run. */
struct json_hit {
	struct value value;
	struct value *last; /* of the elements that a path through an array gathered */
	struct str name;
	uint32_t run;    /* in which it was found; another one: stale */
	uint32_t object; /* in which object the member stands */
	uint32_t since;  /* number of objects when it began: what is below has higher numbers */
	uint32_t dotted; /* run in which a literal dotted name went through */
	uint32_t listed; /* run in which it went to touched */
	enum json_rank rank;
};

static const struct json_target nowhere = {.node = TRIE_NONE};
static const struct value missing_value = {.type = VALUE_MISSING};

int
json_hits_init(struct json_hits *h, const struct trie *trie)
{
	*h = (struct json_hits){.trie = trie};
	h->hits = mem_zero(trie_len(trie), sizeof(*h->hits));
	h->touched = mem_zero(trie_len(trie), sizeof(*h->touched));
	return h->hits && h->touched ? 0 : -1;
}

void
json_hits_fini(struct json_hits *h)
{
	mem_free(h->hits);
	mem_free(h->touched);
	h->hits = NULL;
	h->touched = NULL;
}

void
json_hits_begin(struct json_hits *h, struct arena *arena)
{
	if (++h->run == 0) { /* wrapped: no hit may look fresh */
		memset(h->hits, 0, trie_len(h->trie) * sizeof(*h->hits));
		h->run = 1;
	}
	h->arena = arena;
	h->objects = h->values = h->touched_len = 0;
	h->anomalies = 0;
	h->no_memory = false;
}

struct value *
json_hits_value(struct json_hits *h)
{
	if (h->values >= JSON_VALUES_MAX) {
		h->anomalies |= ANOMALY_FIELD_CUT;
		return NULL;
	}
	struct value *v = arena_alloc(h->arena, sizeof(*v));
	if (!v) {
		h->no_memory = true;
		return NULL;
	}
	h->values++;
	*v = missing_value;
	return v;
}

/* Walks the subtree in preorder without a stack. */
void
json_hits_forget(struct json_hits *h, uint32_t top, uint32_t since)
{
	uint32_t node = trie_node(h->trie, top)->first_child;

	while (node != TRIE_NONE && node != top) {
		const struct trie_node *here = trie_node(h->trie, node);
		if (h->hits[node].object > since)
			h->hits[node].run = 0;
		if (here->first_child != TRIE_NONE) {
			node = here->first_child;
			continue;
		}
		while (node != top && trie_node(h->trie, node)->next_sibling == TRIE_NONE)
			node = trie_node(h->trie, node)->parent;
		if (node != top)
			node = trie_node(h->trie, node)->next_sibling;
	}
}

/* One more element of what a path through an array gathers. */
static struct value *
gather(struct json_hits *h, struct json_hit *hit)
{
	struct value *v = json_hits_value(h);

	if (!v) {
		hit->value.flags |= VALUE_CUT;
		return NULL;
	}
	if (hit->last)
		hit->last->next = v;
	else
		hit->value.elements = v;
	hit->last = v;
	return v;
}

static struct value *
start(struct json_hits *h, struct json_hit *hit, bool fan)
{
	hit->value = missing_value;
	hit->last = NULL;
	if (!fan)
		return &hit->value;
	hit->value.type = VALUE_ARRAY;
	hit->value.flags = VALUE_FANOUT;
	return gather(h, hit);
}

/* A member of this node was met before in this record. False: the earlier one stays. */
static bool
settle(struct json_hits *h, const struct json_place *place, uint32_t node, struct str name, enum json_rank rank)
{
	struct json_hit *hit = &h->hits[node];

	if (place->fan && hit->object != place->object)
		return (hit->value.flags & VALUE_FANOUT) != 0;
	if (hit->object == place->object && str_eq(hit->name, name))
		h->anomalies |= ANOMALY_DUPLICATE_KEY;
	if (rank < hit->rank)
		return false;
	if (!place->fan)
		json_hits_forget(h, node, hit->since);
	return true;
}

/* The value to fill for a member that counts. */
static struct value *
place_value(struct json_hits *h, const struct json_place *place, struct json_hit *hit)
{
	if (hit->run != h->run || !place->fan || !(hit->value.flags & VALUE_FANOUT))
		return start(h, hit, place->fan);
	if (hit->object != place->object)
		return gather(h, hit);
	if (hit->last) /* repeated in this element: the last one wins */
		*hit->last = missing_value;
	return hit->last;
}

/* "a.b.c" as one member's name. */
static uint32_t
find_dotted(struct json_hits *h, uint32_t node, struct str name)
{
	if (name.len < 3 || name.p[name.len - 1] == '.' || !memchr(name.p, '.', name.len))
		return TRIE_NONE;
	while (name.len > 0) {
		node = trie_find(h->trie, node, str_split(&name, '.'));
		if (node == TRIE_NONE)
			return TRIE_NONE;
		if (name.len > 0)
			h->hits[node].dotted = h->run;
	}
	return node;
}

struct json_target
json_hits_target(struct json_hits *h, const struct json_place *place, struct str name)
{
	enum json_rank rank = RANK_LITERAL;
	bool exact = false;
	uint32_t node = trie_look_up(h->trie, place->node, name, &exact);

	if (node != TRIE_NONE)
		rank = exact ? RANK_EXACT : RANK_OTHER_CASE;
	else
		node = find_dotted(h, place->node, name);
	if (node == TRIE_NONE)
		return nowhere;
	struct json_hit *hit = &h->hits[node];
	const struct trie_node *here = trie_node(h->trie, node);
	if (hit->run == h->run && !settle(h, place, node, name, rank))
		return nowhere;
	struct value *out = place_value(h, place, hit);
	if (hit->listed != h->run) {
		hit->listed = h->run;
		h->touched[h->touched_len++] = node;
	}
	hit->run = h->run;
	hit->name = name;
	hit->object = place->object;
	hit->since = h->objects;
	hit->rank = rank;
	return (struct json_target){.node = here->first_child != TRIE_NONE ? node : TRIE_NONE, .out = out,
	    .fan = place->fan, .keep = here->wanted};
}

struct value *
json_hits_get(const struct json_hits *h, uint32_t node)
{
	return node < trie_len(h->trie) && h->hits[node].run == h->run && h->run > 0 ? &h->hits[node].value : NULL;
}

struct str
json_hits_name(const struct json_hits *h, uint32_t node)
{
	return json_hits_get(h, node) ? h->hits[node].name : (struct str){NULL, 0};
}

bool
json_hits_dotted(const struct json_hits *h, uint32_t node)
{
	return node < trie_len(h->trie) && h->hits[node].dotted == h->run && h->run > 0;
}
