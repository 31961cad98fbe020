/* Many literals looked for in one text at once, without ASCII case (Wu and
 * Manber, "A fast algorithm for multi-pattern searching", 1994): the text is
 * read in strides of nearly the shortest literal. What it reports is a superset
 * of what stands there: bytes compare with bit 0x20 set. Immutable; in an
 * arena. */
#ifndef SIGMA_NEEDLES_H
#define SIGMA_NEEDLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { NEEDLE_LEN_MIN = 3 };

struct needle {
	struct str text; /* at least NEEDLE_LEN_MIN bytes; borrowed */
	unsigned owner;  /* told to found */
};

typedef void needle_found_f(unsigned owner, void *ctx);

struct needles;

/* NULL without memory. */
struct needles *needles_new(struct arena *arena, const struct needle *items, unsigned count)
    __attribute__((warn_unused_result));
/* Calls found for the owner of each literal that stands in the text, perhaps several times. */
void needles_search(const struct needles *needles, struct str text, needle_found_f *found, void *ctx);

#endif
