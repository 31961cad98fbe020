/* JSON strings (RFC 8259 section 7) and texts as bytes: where a string ends,
 * what it says, and the two normal forms of a text. Pure but for the arena;
 * one thread. Results are slices of the input when nothing has to change,
 * else copies in the arena, at most three times the input. */
#ifndef DECODE_JSON_STRING_H
#define DECODE_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum json_string_flag {
	JSON_ESCAPED = 1, /* has a backslash */
	JSON_HIGH = 2,    /* has a byte above 0x7F */
	JSON_LONE = 4,    /* has \u with half of a surrogate pair */
};

/* p is behind the opening quote. The closing quote, or NULL (with *bad at the place) when a byte or an escape is
 * not allowed or the text ends first (*bad == end). */
const char *json_string_end(const char *p, const char *end, unsigned *flags, const char **bad);
/* What the text between the quotes (checked by json_string_end) says. Ill-formed UTF-8 and lone surrogates
 * become U+FFFD and set *replaced. p == NULL without memory. */
struct str json_string_decode(struct arena *arena, struct str raw, unsigned flags, bool *replaced);

/* A valid text without white space outside strings. p == NULL without memory. */
struct str json_compact(struct arena *arena, struct str text);
/* Same, and strings with their shortest escapes (delivery: Identity of an event). */
struct str json_canonical(struct arena *arena, struct str text);

/* Length of the well-formed UTF-8 character at p < end; for an ill-formed maximal subpart its length, negative. */
int json_utf8_step(const char *p, const char *end);

#endif
