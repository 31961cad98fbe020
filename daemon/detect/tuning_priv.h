/* The inside of the tuning, for the loader that fills it and the look that
 * reads it. */
#ifndef DETECT_TUNING_PRIV_H
#define DETECT_TUNING_PRIV_H

#include "base/arena.h"
#include "base/codec.h"
#include "detect/tuning.h"
#include "detect/tuning_match.h"

struct tuned_entry {
	struct tuning_entry entry;
	struct tuning_match match;
};

struct tuning_use { /* of an entry for a rule */
	const struct tuned_entry *entry;
	struct match_mask mask; /* empty: suppresses */
	struct tuning_use *next;
};

struct tuning_uses {
	struct tuning_use *first, *last;
};

struct tuning {
	struct arena arena; /* all that the entries hold, but for the sets */
	struct tuning_sets *sets;
	struct tuning_uses *masks, *silences; /* by rule.index, in the order of the entries */
	struct tuning_uses all;               /* silences of every rule */
	unsigned rule_count, count, broken, mask_count;
	uint8_t digest[SHA256_SIZE];
};

#endif
