/* Does a JSON text stand for its letters as they are? Then a plain word that is
 * in one of its strings is in the text itself, but for ASCII case. Pure; any
 * thread; linear. */
#ifndef SIGMA_PLAIN_JSON_H
#define SIGMA_PLAIN_JSON_H

#include <stdbool.h>

#include "base/str.h"

/* Characters of a plain word: letters, digits and some that no writer of JSON escapes. */
bool plain_json_char(unsigned char c);
/* False when an escape (RFC 8259 section 7) stands for such a character, or for one that folds to it, or when the text
 * has a character beyond ASCII that folds to one. */
bool plain_json(struct str text);

#endif
