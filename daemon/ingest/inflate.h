/* gzip (RFC 1952), decoded as a stream: pieces in, pieces out, members one
 * behind the other, anything behind the last one is an error. Caps on the
 * output and on its ratio to the input stop bombs. Owned by one request at a
 * time, its thread only. Memory: zlib's window and state, about 40 KiB; the
 * output buffer is the caller's and may be shared by the requests of a thread. */
#ifndef INGEST_INFLATE_H
#define INGEST_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct inflate;

enum { INFLATE_FREE_BYTES = 1 << 20 }; /* the ratio is judged behind this much output */

struct inflate_limits {
	uint64_t max_output;
	uint32_t max_ratio; /* n:1 */
};

enum inflate_result {
	INFLATE_MORE,  /* the input is used up */
	INFLATE_PIECE, /* *piece: decoded bytes in the caller's buffer, until the next call */
	INFLATE_BAD,   /* not gzip, damaged, or bytes behind it; final */
	INFLATE_LIMIT, /* the output passes a cap; final */
};

/* NULL without memory. */
struct inflate *inflate_new(void);
void inflate_free(struct inflate *f);
/* Ready for a new body. */
void inflate_begin(struct inflate *f, const struct inflate_limits *limits);
/* Takes bytes from the front of *input. */
enum inflate_result inflate_next(struct inflate *f, struct str *input, struct str out, struct str *piece);
/* The input ended: 0 at the end of a member, -1 when it broke off (or never began). */
int inflate_end(const struct inflate *f) __attribute__((warn_unused_result));

#endif
