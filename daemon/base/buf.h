/* Growing byte buffer whose maximum is given at birth. One thread.
 * data[0..len) is content and data[len] is always NUL once anything was added,
 * so a buf can be read as a C string. A failed add leaves it as it was. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/str.h"

struct buf {
	char *data;
	size_t len, size, max;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_fini(struct buf *b);
/* 0, or -1 when max_bytes would be passed or memory is out. */
int buf_add(struct buf *b, const void *p, size_t n) __attribute__((warn_unused_result));
int buf_add_str(struct buf *b, struct str s) __attribute__((warn_unused_result));
int buf_addf(struct buf *b, const char *format, ...) __attribute__((warn_unused_result, format(printf, 2, 3)));
/* Room for n more bytes at data + len; the caller then raises len. */
int buf_reserve(struct buf *b, size_t n) __attribute__((warn_unused_result));
/* Forget the first n bytes (moves the rest down). */
void buf_drop(struct buf *b, size_t n);
void buf_clear(struct buf *b);          /* keeps the memory */
struct str buf_str(const struct buf *b);
/* Hands the memory to the caller (free with mem_free) and empties b; NULL if nothing was ever added. */
char *buf_take(struct buf *b);

#endif
