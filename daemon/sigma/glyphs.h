/* A text value of a rule while its modifiers work on it: bytes, and wildcards
 * apart from the bytes that look like them. One owner, during load only; at
 * most GLYPHS_MAX. The functions that can fail do so without memory or at that
 * cap, and leave the text in an undefined state. Source: Sigma 2.1.0, "Escape
 * Character" and appendix "Modifiers". */
#ifndef SIGMA_GLYPHS_H
#define SIGMA_GLYPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* What is no byte: any run of characters, one character, one of the five dashes. */
enum { GLYPH_STAR = 256, GLYPH_ANY, GLYPH_DASH };
enum { GLYPHS_MAX = 128 * 1024, GLYPH_DASHES = 5, BASE64_OFFSETS = 3 };

struct glyphs {
	uint16_t *items;
	size_t len, size;
};

void glyphs_init(struct glyphs *g);
void glyphs_fini(struct glyphs *g);
/* Replaces the text by raw with its escapes resolved. */
int glyphs_read(struct glyphs *g, struct str raw) __attribute__((warn_unused_result));
int glyphs_copy(struct glyphs *g, const struct glyphs *from) __attribute__((warn_unused_result));
bool glyphs_has_wildcards(const struct glyphs *g);

/* `windash`: a dash or slash that begins a parameter (a word behind it, none in front) becomes GLYPH_DASH. Their number. */
unsigned glyphs_mark_dashes(struct glyphs *g);
/* Makes each GLYPH_DASH one of the five: of the 5^n ways, way number n. */
int glyphs_choose_dashes(struct glyphs *g, unsigned way) __attribute__((warn_unused_result));

enum utf16 { UTF16_NONE, UTF16_LE, UTF16_BE, UTF16_MARKED /* FF FE, then LE */ };
/* From UTF-8, which rule files are; wildcards stay. */
int glyphs_utf16(struct glyphs *g, enum utf16 form) __attribute__((warn_unused_result));
/* Without wildcards and dashes. offset 0, 1 or 2: what of the base64 of any text that holds this one, so many bytes
 * behind a multiple of three, depends on this one alone; -1: the base64 of this text. */
int glyphs_base64(struct glyphs *g, int offset) __attribute__((warn_unused_result));

#endif
