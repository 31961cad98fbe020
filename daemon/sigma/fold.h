/* Unicode simple case folding of UTF-8 (CaseFolding.txt, status C and S), so
 * that comparisons without case are byte comparisons. ASCII takes a fast path.
 * Pure; any thread. Bytes that are not well-formed UTF-8 are copied as they
 * are. A folded text is at most 3/2 as long as the text. */
#ifndef SIGMA_FOLD_H
#define SIGMA_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

uint32_t fold_char(uint32_t c);
/* Writes text folded; returns the bytes written. Stops before the character that has no room. */
size_t fold_text(struct str text, char *out, size_t size);
/* Bytes of the UTF-8 character at p (n > 0 bytes are there); 1 when it is ill-formed. */
size_t fold_char_len(const char *p, size_t n);

#endif
