/* Copies of a document's texts that live as long as the ruleset. */
#ifndef SIGMA_KEEP_H
#define SIGMA_KEEP_H

#include "base/arena.h"
#include "base/str.h"

/* NUL-terminated copy in the arena; NULL without memory. */
char *keep_text(struct arena *arena, struct str text) __attribute__((warn_unused_result));
/* n zeroed items; never NULL for n == 0. */
void *keep_zero(struct arena *arena, size_t n, size_t size) __attribute__((warn_unused_result));

#endif
