/* Splits a body into records, as a stream: all wrappings of event-schemas
 * "Unwrapping" that show before a record is decoded (BOM, arrays, NDJSON,
 * concatenated objects, {"records":[..]}, {"Records":[..]}, Graph's {"value":[..]},
 * {"logEvents":[..]}, arrays of those, a document encoded as a JSON string).
 * Pull interface over pieces of any size: a record that lies whole in a piece
 * is a slice of it, otherwise it is assembled in the envelope's own buffer.
 * Strings and nesting are tracked, so a broken record does not take its
 * neighbours along; validation proper is json_scan's. One thread. Memory:
 * the incomplete record, at most max_record (max_text inside a string). */
#ifndef DECODE_ENVELOPE_H
#define DECODE_ENVELOPE_H

#include <stddef.h>

#include "base/str.h"

struct envelope;

struct envelope_limits {
	size_t max_record; /* bytes of one record */
	size_t max_text;   /* bytes of a JSON text inside a string */
	unsigned max_depth;
};

enum envelope_result {
	ENVELOPE_RECORD, /* *record is one record, valid until the next call */
	ENVELOPE_MORE,   /* the piece is used up */
	ENVELOPE_BAD,    /* one record could not be cut out: *code and *detail say why; go on calling */
	ENVELOPE_END,    /* only from envelope_end: nothing is left */
};

struct envelope *envelope_new(const struct envelope_limits *limits);
void envelope_free(struct envelope *e);
void envelope_reset(struct envelope *e); /* ready for the next body; keeps a little memory */
/* Takes bytes from the front of *piece. code and detail are constants, set on BAD. */
enum envelope_result envelope_next(struct envelope *e, struct str *piece, struct str *record,
    const char **code, const char **detail);
/* After the last piece, until END: a last number or word, or BAD "truncated". */
enum envelope_result envelope_end(struct envelope *e, struct str *record, const char **code, const char **detail);

#endif
