#include "config/suggest.h"

#include <stdint.h>

enum { WORD_MAX = 63 };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c == '-' ? '_' : c);
}

static unsigned
distance(struct str a, struct str b)
{
	unsigned rows[3][WORD_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
	for (unsigned j = 0; j <= b.len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && lower(a.p[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b.len];
}

void
suggest_init(struct suggest *s, struct str typed)
{
	/* A third of the word may be wrong; in a word of two letters, one. */
	*s = (struct suggest){.typed = typed, .distance = typed.len > WORD_MAX ? 0 : (unsigned)(typed.len + 1) / 3 + 1};
}

void
suggest_add(struct suggest *s, struct str word)
{
	if (s->typed.len > WORD_MAX || word.len > WORD_MAX)
		return;
	unsigned d = distance(s->typed, word);
	if (d < s->distance && d < word.len) {
		s->distance = d;
		s->best = word;
	}
}
