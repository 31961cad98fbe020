/* "Did you mean": the known word nearest to an unknown one, by optimal string
 * alignment distance (insert, delete, replace, swap of neighbours). Pure. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

#include "base/str.h"

/* Words and typed text longer than 63 bytes never match. */
struct suggest {
	struct str typed, best; /* best.p NULL = none near enough yet */
	unsigned distance;
};

void suggest_init(struct suggest *s, struct str typed);
/* Offers a word; kept (borrowed) when it is nearer than those before. */
void suggest_add(struct suggest *s, struct str word);

#endif
