/* Placeholders of `expand`: a value in which each %name% stands for any item
 * of the named list, as the texts it comes to. Items are read as values, with
 * wildcards and escapes; \% is a percent sign. Plain value, during load; its
 * pieces point into the rule's text and the lists. Bounded by
 * EXPANSION_TEXTS_MAX. Source: Sigma 2.1.0 rules, "Placeholders". */
#ifndef SIGMA_EXPANSION_H
#define SIGMA_EXPANSION_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "config/list.h"
#include "config/yaml.h"

enum { EXPANSION_PIECES_MAX = 17, EXPANSION_TEXTS_MAX = LIST_ITEMS_MAX };

struct expansion_piece { /* a list's item or, when list is NULL, the text */
	struct str text;
	const struct list *list;
};

struct expansion {
	struct expansion_piece pieces[EXPANSION_PIECES_MAX];
	unsigned piece_count;
	unsigned placeholders;
	size_t count; /* of texts; 0: a list is empty */
};

/* -1 with the place in *why: no such list, or too many texts. */
int expansion_parse(struct expansion *x, const struct list_set *lists, const struct yaml_node *value, struct fail *why)
    __attribute__((warn_unused_result));
/* Text number index, < count, written to *out. -1: too long for it, or no memory. */
int expansion_text(const struct expansion *x, size_t index, struct buf *out) __attribute__((warn_unused_result));

#endif
