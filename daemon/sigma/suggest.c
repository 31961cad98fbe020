#include "sigma/suggest.h"

#include <stddef.h>

enum { WORD_MAX = 40 };

static unsigned
min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Levenshtein's distance, without case. */
static unsigned
edits(struct str a, struct str b)
{
	unsigned row[WORD_MAX + 1];
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned above = row[j];
			row[j] = min_of(min_of(above, row[j - 1]) + 1,
			    diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1])));
			diagonal = above;
		}
	}
	return row[b.len];
}

const char *
suggest(struct str word, const char *const *words)
{
	const char *best = NULL;
	unsigned limit = word.len < 4 ? 1 : 2;
	for (; *words && word.len <= WORD_MAX; words++) {
		struct str candidate = str_of(*words);
		unsigned distance = candidate.len > WORD_MAX ? WORD_MAX : edits(word, candidate);
		if (distance <= limit) {
			best = *words;
			limit = distance ? distance - 1 : 0;
		}
		if (distance == 0)
			break;
	}
	return best;
}
