/* A whole file as bytes, for the loaders of this folder. The caller owns what
 * it gets. Any thread. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>

#include "base/fail.h"

/* A regular file, at most max bytes of it plus one, so that one that is too large or grows is seen (*len > max).
 * NULL and *why, with the path as its file, on failure; free with mem_free. */
char *file_read(const char *path, size_t max, size_t *len, struct fail *why) __attribute__((warn_unused_result));

#endif
