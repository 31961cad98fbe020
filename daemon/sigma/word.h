/* The word that was probably meant, for messages about unknown keys. Pure. */
#ifndef SIGMA_WORD_H
#define SIGMA_WORD_H

#include "base/str.h"

/* The nearest of the NULL-terminated words, NULL when none is near (config/suggest). */
const char *word_near(struct str typed, const char *const *words);

#endif
