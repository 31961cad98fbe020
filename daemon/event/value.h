/* One value as an event carries it: a slice of the record (or of the decoder's
 * arena, when escapes had to be resolved), never a copy. A plain value; lives
 * as long as the record that is being judged. */
#ifndef EVENT_VALUE_H
#define EVENT_VALUE_H

#include <stdint.h>

#include "base/str.h"

enum value_type {
	VALUE_MISSING, /* the record has no such member */
	VALUE_NULL,
	VALUE_BOOL,   /* text is true or false */
	VALUE_NUMBER, /* text as received: 0, -0.000000, 1e3 */
	VALUE_STRING, /* text without quotes, escapes resolved, ill-formed UTF-8 replaced */
	VALUE_ARRAY,  /* elements; text is the compact JSON text */
	VALUE_OBJECT, /* text is the compact JSON text */
};

enum value_flag {
	VALUE_CUT = 1,    /* text was longer than 64 KiB: the rest is not there */
	VALUE_FANOUT = 2, /* an ARRAY that a path through an array of objects gathered; text is empty */
};

struct value {
	struct str text;
	const struct value *elements; /* ARRAY: first element, NULL when empty */
	const struct value *next;     /* the element behind this one */
	uint8_t type;                 /* enum value_type */
	uint8_t flags;                /* enum value_flag, or'ed */
};

#endif
