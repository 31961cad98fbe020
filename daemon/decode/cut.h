/* Finds where an object or array ends in a stream of pieces, by its brackets
 * and strings alone, and whether it is a wrapper ({"records":[..]}) or broke
 * off at a line's end. Part of the envelope: plain state, one per envelope, no
 * memory of its own. */
#ifndef DECODE_CUT_H
#define DECODE_CUT_H

#include <stdbool.h>
#include <stddef.h>

enum cut_result {
	CUT_MORE,    /* the piece is used up */
	CUT_END,     /* *p is behind the closing bracket */
	CUT_WRAPPER, /* *p is at the first element of a wrapper's list */
	CUT_BROKEN,  /* *p is at the bracket of another record at the start of a line */
};

/* Since the string just read at depth 1: what has to follow for a wrapper. */
enum cut_name { NAME_NONE, NAME_READ, NAME_COLON, NAME_BRACKET };

enum { CUT_NAME_BYTES = 12 };

struct cut {
	bool lines;           /* records stand in lines of their own: set by the caller */
	unsigned depth;
	bool in_string, escaped;
	bool odata_first;     /* no name yet */
	bool odata_only;      /* every name so far begins with @odata. */
	bool page;            /* the name is "value": only a list of objects counts */
	bool empty_too;       /* an empty list makes a wrapper */
	char last, last_sign; /* last byte, and last one that is no white space, of the piece before */
	enum cut_name name_state;
	char name[CUT_NAME_BYTES]; /* of the string in hand at depth 1, as far as it has room */
	size_t name_len;           /* real length */
};

/* The value begins at the next byte given. */
void cut_begin(struct cut *c, bool lines);
enum cut_result cut_next(struct cut *c, const char **p, const char *end);

#endif
