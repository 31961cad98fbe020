/* A slice of text: pointer and length, owns nothing, may hold any byte and is
 * not terminated. Passed by value. Valid as long as what it points into.
 * Case-insensitive here means ASCII; Unicode folding is sigma's business. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str
str_of(const char *text)
{
	return (struct str){text, text ? strlen(text) : 0};
}

static inline struct str
str_make(const char *p, size_t len)
{
	return (struct str){p, len};
}

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);
/* Order of bytes, shorter first on a common prefix: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Position of the first occurrence, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
/* Without leading and trailing space, tab, CR, LF. */
struct str str_trim(struct str s);
/* The piece before the first `sep`; *rest starts behind it (empty at the end). */
struct str str_split(struct str *rest, char sep);
/* Whole text must be a decimal integer in range (no "+", no space); *out untouched otherwise. */
bool str_to_i64(struct str s, int64_t *out);
/* Whole text must be a JSON-style decimal number of at most 400 characters, finite; locale-free. */
bool str_to_double(struct str s, double *out);

#endif
