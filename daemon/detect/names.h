/* User names at a source address with failures: who was seen there, and who got
 * in or got as far as the second factor. Kept in a detail table: bounded, what it
 * loses makes a list shorter. Any thread. */
#ifndef DETECT_NAMES_H
#define DETECT_NAMES_H

#include <stdint.h>

#include "detect/context.h"
#include "window/detail.h"

struct detail_table *names_new(uint64_t memory_bytes);

struct name_note {
	struct str user;   /* as keyed */
	uint32_t value;    /* its hash */
	int64_t at_ms;
	bool hit;          /* success or interrupted */
	int64_t forget_ms; /* names last seen before this may go */
};
void names_note(struct detail_table *t, uint64_t key, const struct name_note *note);

struct name_question {
	int64_t from_ms, to_ms;
	int64_t failures_ms; /* who got in at or after this is compromised */
};
void names_read(struct detail_table *t, uint64_t key, const struct name_question *question, struct context_names *out);

#endif
