/* The compiled plan as the decoder reads it: one trie for all shapes, and per
 * shape the nodes that tell it and those that fill its slots. Plain values in
 * the plan's arena; immutable. */
#ifndef EVENT_SHAPE_H
#define EVENT_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "event/plan.h"
#include "event/schema_doc.h"
#include "event/trie.h"

/* Where a value may stand; of several the first that is not empty counts. */
struct shape_ref {
	enum schema_path_kind kind;
	uint32_t node;
	uint32_t with;                  /* JOINED; SELECTED: in the trie of elements */
	uint32_t name;                  /* SELECTED: in the trie of elements */
	const struct schema_path *path; /* NULL: PLAIN */
};
struct shape_refs {
	const struct shape_ref *items;
	unsigned len;
};

struct shape_slot {
	unsigned slot;
	struct shape_refs refs;
	const struct schema_field *derived; /* refs hold what it is derived from; NULL */
	const struct schema_field *words;   /* translates; NULL */
	const struct shape_refs *also;      /* whose values count beside it */
	unsigned also_len;
};

struct shape_check {
	const struct schema_check *check;
	uint32_t node;
};
struct shape_clause {
	const struct shape_check *checks, *any;
	unsigned check_len, any_len;
	bool exact;
};

struct shape {
	const char *name;
	const struct schema *schema; /* NULL: generic without a file */
	const struct shape_clause *clauses;
	unsigned clause_len;
	const struct shape_slot *slots;
	unsigned slot_len;
	/* Which slots a node may fill: readers[reader_from[node]] to readers[reader_from[node + 1] - 1], indices of slots. */
	const uint32_t *reader_from, *readers;
	struct shape_refs time, category, tenant;
	const struct shape_refs *ids;
	unsigned id_len;
	bool has_category; /* the records have a field of that name that is another thing */
};

/* A member that may hold the real record, when no shape is recognised. */
struct plan_wrapper {
	uint32_t node;
	uint32_t needs; /* only beside this one; TRIE_NONE: always */
	bool text, object, base64;
};

const struct trie *plan_trie(const struct plan *plan);
/* Names of members of the elements of lists, for SELECTED. */
const struct trie *plan_elements(const struct plan *plan);
const struct field_set *plan_fields(const struct plan *plan);
bool plan_leaves(const struct plan *plan);
/* In the order in which they are tried. */
const struct shape *plan_shapes(const struct plan *plan, unsigned *count);
/* Slots that no shape fills: what picketd itself writes. */
const unsigned *plan_own_slots(const struct plan *plan, unsigned *count);
/* What an event is that has none of the shapes. Never NULL. */
const struct shape *plan_generic(const struct plan *plan);
const struct plan_wrapper *plan_wrappers(const struct plan *plan, unsigned *count);

#endif
