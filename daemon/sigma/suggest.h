/* The word that was probably meant, for messages about unknown keys. Pure. */
#ifndef SIGMA_SUGGEST_H
#define SIGMA_SUGGEST_H

#include "base/str.h"

/* Of the NULL-terminated words the nearest one within two edits, else NULL. */
const char *suggest(struct str word, const char *const *words);

#endif
