/* Named lists from files (Tor exits, partners, personal VPN users): those of
 * `rules.lists`, and lists/NAME.txt in each of `rules.dirs`, so that rules can
 * bring theirs along; the first file of a name counts. One word, address or
 * network a line; # at the begin of a line or behind a blank begins a comment
 * (so that guest names with #EXT# can stand), blanks around a line do not
 * count. A reload reads them anew. Immutable after load; belongs to the policy.
 * At most LIST_FILE_MAX bytes a file. */
#ifndef CONFIG_LIST_H
#define CONFIG_LIST_H

#include <stddef.h>

#include "base/codec.h"
#include "base/fail.h"
#include "base/str.h"
#include "config/config.h"

enum { LIST_FILE_MAX = 16 << 20, LIST_ITEMS_MAX = 1000000, LIST_ITEM_BYTES = 4096, LIST_NAME_BYTES = 64 };

struct list {
	struct str name;
	const char *file;
	const struct str *items; /* count of them, in the file's order, each once */
	size_t count;
	uint8_t digest[SHA256_SIZE]; /* of the file's bytes */
};

struct list_set;

/* A file that cannot be read is a problem and a missing list.
 * NULL only without memory. */
struct list_set *list_set_load(const struct config *config, struct fail_list *problems);
void list_set_free(struct list_set *set); /* NULL is fine */
/* NULL when there is none of the name, which is compared without case. */
const struct list *list_set_find(const struct list_set *set, struct str name);
/* The configuration's first, then the directories'; NULL behind the last and when set is NULL. */
const struct list *list_set_at(const struct list_set *set, size_t index);

#endif
