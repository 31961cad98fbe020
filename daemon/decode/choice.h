/* Which of the places of a field counts, and what is made of it there: ports
 * cut off, members joined, elements of a list selected, words translated. Part
 * of the decoder. Memory: the decoder's arena. */
#ifndef DECODE_CHOICE_H
#define DECODE_CHOICE_H

#include "decode/fill.h"

/* Text of a scalar, or of the first scalar of an array; empty when there is none. */
struct str choice_scalar(const struct value *v);
/* Of the first place that is not empty, else of the first that is there; tidy. */
struct value choice_value(struct fill *f, const struct shape_refs *refs);
/* Adds the path of the place that choice_value takes, with the names as the record has them; behind a comma when out
 * is not empty. "A.b + c" where members are joined, "list[Name]" where an element is selected. */
int choice_path(struct fill *f, const struct shape_refs *refs, struct buf *out) __attribute__((warn_unused_result));
/* The first text that is not blank, trimmed. */
struct str choice_text(struct fill *f, const struct shape_refs *refs);
/* The rules' word for what the source writes, if it has one. */
void choice_translate(const struct schema_field *words, struct value *v);
/* The value and those of other fields that are scalars, as a list when there are several. */
struct value choice_together(struct fill *f, const struct value *first, const struct shape_refs *also, unsigned count);
/* Compact and cut to size. */
void choice_tidy(struct fill *f, struct value *v);

#endif
