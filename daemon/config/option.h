/* The table of options (config.def) as data: name, type, place in its struct,
 * default and bounds. Constant; any thread. option_value.h acts on its rows. */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Which struct a row is about: the file, or one item of a list. */
enum option_scope { SCOPE_CONFIG, SCOPE_TOKEN, SCOPE_SYSLOG, SCOPE_WINDOW, SCOPE_TARGET };

enum option_type {
	OPTION_STRING, OPTION_ADDRESS, OPTION_URL, OPTION_BOOL, OPTION_U32, OPTION_INT, OPTION_BYTES, OPTION_DURATION,
	OPTION_CHOICE, OPTION_STRINGS, OPTION_NETS, OPTION_SECRET, OPTION_SECRETS, OPTION_SOURCE, OPTION_QUIET, OPTION_LISTS,
	OPTION_DETECTION, OPTION_TOKENS, OPTION_SYSLOGS, OPTION_WINDOWS, OPTION_TARGETS
};

struct option {
	enum option_scope scope;
	const char *path; /* with dots: listeners.http.address */
	enum option_type type;
	size_t offset, size;
	const char *fallback, *low, *high;
	bool reload;
};

const struct option *option_table(size_t *count);
/* The row of that path; NULL when there is none. */
const struct option *option_find(enum option_scope scope, struct str path);
/* Whether rows begin with path and a dot. */
bool option_is_section(enum option_scope scope, struct str path);

/* Lists of structs: what one item is. False for all other rows. */
struct option_items {
	enum option_scope scope;
	size_t size;
};
bool option_items(const struct option *o, struct option_items *out);
/* Where the length of a list row is kept; base is the row's struct. NULL for rows that have no length beside them. */
size_t *option_count(const struct option *o, void *base);

#endif
