/* The inside of a rule index, for what builds it and what searches it. */
#ifndef SIGMA_RULE_INDEX_PRIV_H
#define SIGMA_RULE_INDEX_PRIV_H

#include "sigma/needles.h"
#include "sigma/rule_index.h"

struct index_owner { /* a predicate: places[first] and on are the rules that need it */
	uint32_t first, count;
};

struct index_key { /* hash of a text or number of a slot; free: count 0 */
	uint64_t key;
	uint32_t first, count; /* in key_owners */
};

struct index_slot {
	int slot;
	bool texts, numbers;          /* some keys are of this slot */
	size_t longest;               /* of the texts */
	const struct needles *parts;  /* NULL: none */
	const unsigned *present;      /* present_count owners: whom it serves that the slot is there */
	uint32_t present_count;
};

struct rule_index {
	struct arena arena;
	size_t words; /* of a set of places */
	uint64_t *always; /* rules that need nothing */
	const struct index_owner *owners;
	const uint32_t *places;
	struct index_key *keys;
	uint32_t key_mask;
	const unsigned *key_owners;
	struct index_slot *slots; /* slot_count of them */
	unsigned slot_count;
	const struct needles *keywords; /* over the record; NULL: none */
	const unsigned *keyword_owners;
	uint32_t keyword_owner_count;
};

uint64_t index_text_key(int slot, struct str text);
uint64_t index_number_key(int slot, double number);

#endif
