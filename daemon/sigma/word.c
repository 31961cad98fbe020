#include "sigma/word.h"

#include "config/suggest.h"

const char *
word_near(struct str typed, const char *const *words)
{
	struct suggest s;
	const char *best = NULL;
	suggest_init(&s, typed);
	for (; *words; words++) {
		suggest_add(&s, str_of(*words));
		if (s.best.p == *words)
			best = *words;
	}
	return best;
}
