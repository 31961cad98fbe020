/* The bytes of a file named on a command line, or of standard input ("-"), in
 * pieces; what is gzip (RFC 1952) is decoded. One thread. Memory: two buffers
 * and zlib's state, whatever the size of the file. */
#ifndef READER_H
#define READER_H

#include "base/fail.h"
#include "base/str.h"

struct reader;

/* NULL when the file cannot be opened or without memory. name is borrowed. */
struct reader *reader_open(const char *name, struct fail *why) __attribute__((warn_unused_result));
void reader_close(struct reader *r); /* NULL is fine */
/* *piece lives until the next call; empty at the end. -1 when the file cannot be read or its gzip is damaged. */
int reader_next(struct reader *r, struct str *piece, struct fail *why) __attribute__((warn_unused_result));

#endif
