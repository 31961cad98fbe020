/* Why something failed: place and reason, filled once where it is known.
 * A plain value. fail_list is for loaders that report every problem. */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

struct fail {
	char file[256];       /* "" = no file */
	unsigned line, column; /* from 1; 0 = unknown */
	char code[32];        /* short, stable, e.g. "unknown-modifier"; "" = none */
	char text[320];       /* one sentence: what, and what to do */
};

/* Sets code and text (cut to size, control bytes replaced); keeps any place. why may be NULL. Always -1. */
int fail_set(struct fail *why, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Same with a place. */
int fail_at(struct fail *why, const char *file, unsigned line, unsigned column, const char *code,
    const char *format, ...) __attribute__((format(printf, 6, 7)));
/* "file:line:col: error: text [code]" without what is unknown; always NUL-terminated. */
void fail_print(const struct fail *why, char *out, size_t size);

struct fail_list {
	struct fail *items;
	size_t len, dropped; /* at most 1,000 kept, the rest only counted */
};

void fail_list_init(struct fail_list *list);
void fail_list_fini(struct fail_list *list);
void fail_list_add(struct fail_list *list, const struct fail *why);
/* fail_at into a list. Always -1. */
int fail_list_at(struct fail_list *list, const char *file, unsigned line, unsigned column, const char *code,
    const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Every problem as a line, and how many more there were. */
void fail_list_print(const struct fail_list *list, FILE *out);
/* The same for what is no error: "warning" stands for it. */
void fail_list_print_warnings(const struct fail_list *list, FILE *out);
/* The same as notes, which are no errors. */
void fail_list_print_notes(const struct fail_list *list, FILE *out);

#endif
