/* A window that configuration or a rule file names: the fields that make its
 * key, how long it is, which sign-ins count in it, and where the figures go
 * that rules test. Definitions with equal key, span and condition are one.
 * Immutable, any thread; belongs to the ruleset. Source: picketd-rules(5). */
#ifndef SIGMA_NAMED_WINDOW_H
#define SIGMA_NAMED_WINDOW_H

#include <stdint.h>

#define WINDOW_SPAN_MAX_MS INT64_C(1209600000) /* 14 days: with any lateness, times fit into 32 bits of ms */

enum { NAMED_WINDOWS_MAX = 64, WINDOW_KEYS_MAX = 4, WINDOW_PARTS_MAX = 64 };

enum window_figure {
#define X(id, name) FIGURE_##id,
#include "sigma/window_figure.def"
#undef X
	WINDOW_FIGURES
};
const char *window_figure_name(enum window_figure figure);

enum window_part_kind { WINDOW_PART_TEXT, WINDOW_PART_USER, WINDOW_PART_ADDRESS };

struct window_part { /* one field of keys, read once per event however many windows have it */
	const char *name; /* "userAgent", "ipAddress", "ipAddress/24" */
	enum window_part_kind kind;
	int slot;
	unsigned prefix; /* ADDRESS: bits of IPv4; IPv6 twice as many */
};

struct named_window {
	const char *name;    /* of the first definition; rules may have others for it */
	uint64_t definition; /* hash of key, span and condition; the same after a reload */
	int64_t span_ms;
	unsigned keys[WINDOW_KEYS_MAX], key_count; /* parts of the ruleset */
	int32_t where;       /* program of the condition; PROGRAM_ACCEPT: every sign-in counts */
	int slots[WINDOW_FIGURES]; /* -1: no rule tests it */
};

#endif
