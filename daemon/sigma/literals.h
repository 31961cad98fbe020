/* Many literals, and whether one of them stands at a text's start, at its end or
 * anywhere in it: a tree of their bytes, with the links of Aho and Corasick
 * ("Efficient string matching", 1975) for anywhere. A question reads the text
 * once, however many literals there are and however alike. Immutable; in an
 * arena, about 10 bytes a byte of the literals, less what they share. */
#ifndef SIGMA_LITERALS_H
#define SIGMA_LITERALS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum literals_place { LITERALS_START, LITERALS_END, LITERALS_ANYWHERE };

struct literals;

/* items are borrowed until it returns, and come back in another order. NULL without memory. */
struct literals *literals_new(struct arena *arena, struct str *items, unsigned count, enum literals_place place)
    __attribute__((warn_unused_result));
/* Bytes compare as they are: the text folded as the literals were. */
bool literals_meet(const struct literals *l, struct str text);

#endif
