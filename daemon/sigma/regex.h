/* Regular expressions: PCRE2, just-in-time compiled where the system allows
 * it, under step limits. An expression is immutable and shared by threads;
 * the scratch belongs to one thread and is all that a search needs. */
#ifndef SIGMA_REGEX_H
#define SIGMA_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

enum regex_flag { REGEX_CASELESS = 1, REGEX_MULTILINE = 2, REGEX_DOTALL = 4 };
enum { REGEX_LEN_MAX = 4096 };

struct regex;
struct regex_scratch;

/* On failure code and text of *why are set, the place is the caller's. */
struct regex *regex_new(struct str text, unsigned flags, struct fail *why) __attribute__((warn_unused_result));
void regex_free(struct regex *regex);

struct regex_scratch *regex_scratch_new(uint32_t max_steps) __attribute__((warn_unused_result));
void regex_scratch_free(struct regex_scratch *scratch);
/* Before the searches that one item makes in one event: of those that take many steps only so many are made until the next
 * call, so that an array of thousands of elements does not hold the thread for as many times the limit. */
void regex_begin(struct regex_scratch *scratch);
/* 1 found, 0 not found, -1 a limit was hit. max_steps, and a few more for each byte of the text, bound the whole search. */
int regex_search(const struct regex *regex, struct regex_scratch *scratch, struct str text);

#endif
