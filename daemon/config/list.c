#include "config/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/file.h"

enum { PATH_BYTES = 8192, BESIDE_MAX = 256 }; /* BESIDE_MAX: lists beside the rules of one directory */

struct slot {
	struct list list; /* name and file are the set's, items point into text */
	char *text;
	struct str *items;
};

struct list_set {
	struct slot *slots;
	size_t count, room;
};

struct reader {
	struct slot *slot;
	struct map *seen; /* the items, to have each once */
	size_t room;
	unsigned line;
	struct fail_list *problems;
};

/* A relative name is one in the configuration's folder. */
static char *
resolve(const struct config *config, const char *file)
{
	char path[PATH_BYTES];
	const char *slash = config->path && file[0] != '/' ? strrchr(config->path, '/') : NULL;
	int len = snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - config->path) : 0,
	    slash ? config->path : "", file);
	return len < 0 || len >= PATH_BYTES ? NULL : mem_copy_str(str_of(path));
}

/* The line without its comment and the blanks around. */
static struct str
item_of(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return str_trim(str_make(line.p, i));
	return str_trim(line);
}

static int
grow(struct reader *r)
{
	size_t room = r->room ? r->room * 2 : 64;
	struct str *items = mem_resize(r->slot->items, room, sizeof(*items));
	if (!items)
		return -1;
	r->slot->items = items;
	r->room = room;
	return 0;
}

static int
refuse(const struct reader *r, const char *code, const char *text)
{
	return fail_list_at(r->problems, r->slot->list.file, r->line, r->line ? 1 : 0, code, "%s", text);
}

static int
add_item(struct reader *r, struct str item)
{
	struct list *list = &r->slot->list;
	if (item.len > LIST_ITEM_BYTES)
		return refuse(r, "out-of-range", "an item has more than 4,096 bytes");
	for (size_t i = 0; i < item.len; i++)
		if ((unsigned char)item.p[i] < 0x20 && item.p[i] != '\t')
			return refuse(r, "type", "an item holds a control character; is this a list, one item a line?");
	if (!codec_utf8_valid(item))
		return refuse(r, "type", "an item is no valid UTF-8");
	if (map_get(r->seen, item))
		return 0;
	if (list->count >= LIST_ITEMS_MAX)
		return refuse(r, "out-of-range", "a list has at most 1,000,000 items");
	if ((list->count == r->room && grow(r) < 0) || map_set(r->seen, item, r->slot) < 0)
		return refuse(r, "memory", "out of memory");
	r->slot->items[list->count++] = item;
	return 0;
}

static int
read_items(struct reader *r, struct str text)
{
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_make(text.p + 3, text.len - 3);
	while (text.len > 0) {
		struct str item = item_of(str_split(&text, '\n'));
		r->line++;
		if (item.len > 0 && add_item(r, item) < 0)
			return -1;
	}
	return 0;
}

static int
load_slot(struct slot *slot, struct fail_list *problems)
{
	struct reader r = {.slot = slot, .problems = problems};
	struct fail why = {0};
	size_t len = 0;
	slot->text = file_read(slot->list.file, LIST_FILE_MAX, &len, &why);
	if (!slot->text) {
		fail_list_add(problems, &why);
		return -1;
	}
	if (len > LIST_FILE_MAX)
		return refuse(&r, "out-of-range", "a list has at most 16 MiB");
	char *text = mem_resize(slot->text, len + 1, 1); /* gives back what a small list does not need */
	if (text)
		slot->text = text;
	codec_sha256(str_make(slot->text, len), slot->list.digest);
	r.seen = map_new();
	int failed = r.seen ? read_items(&r, str_make(slot->text, len)) : refuse(&r, "memory", "out of memory");
	map_free(r.seen);
	slot->list.items = slot->items;
	return failed;
}

static void
slot_fini(struct slot *slot)
{
	mem_free((void *)(uintptr_t)slot->list.name.p);
	mem_free((void *)(uintptr_t)slot->list.file);
	mem_free(slot->text);
	mem_free(slot->items);
	*slot = (struct slot){0};
}

static struct slot *
add_slot(struct list_set *set)
{
	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 8;
		struct slot *grown = mem_resize(set->slots, room, sizeof(*grown));
		if (!grown)
			return NULL;
		set->slots = grown;
		set->room = room;
	}
	struct slot *slot = &set->slots[set->count++];
	*slot = (struct slot){0};
	return slot;
}

/* Takes over file. -1 only without memory: a list that cannot be read is a problem and is missing. */
static int
add_list(struct list_set *set, struct str name, char *file, struct fail_list *problems)
{
	struct slot *slot = file ? add_slot(set) : NULL;
	if (!slot) {
		mem_free(file);
		return -1;
	}
	slot->list.file = file;
	slot->list.name = str_of(mem_copy_str(name));
	if (!slot->list.name.p)
		return -1;
	if (load_slot(slot, problems) < 0) {
		slot_fini(slot);
		set->count--;
	}
	return 0;
}

static int
is_list_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), STR(".txt"));
}

/* One file of dir/lists. A name that is taken stays with who has it: the configuration, then an earlier directory. */
static int
add_beside(struct list_set *set, const struct config *config, const char *dir, const char *file,
    struct fail_list *problems)
{
	struct str name = str_make(file, strlen(file) - strlen(".txt"));
	char path[PATH_BYTES];
	int len = snprintf(path, sizeof(path), "%s/lists/%s", dir, file);
	if (len < 0 || len >= PATH_BYTES || name.len == 0 || name.len > LIST_NAME_BYTES) {
		(void)fail_list_at(problems, dir, 0, 0, "out-of-range", "a list's name has 1 to %d bytes, not: %.80s",
		    LIST_NAME_BYTES, file);
		return 0;
	}
	for (size_t i = 0; i < config->rules.list_count; i++)
		if (str_eq_nocase(str_of(config->rules.lists[i].name), name))
			return 0;
	return list_set_find(set, name) ? 0 : add_list(set, name, mem_copy_str(str_of(path)), problems);
}

static int
load_beside(struct list_set *set, const struct config *config, const char *dir, struct fail_list *problems)
{
	char path[PATH_BYTES];
	struct dirent **names = NULL;
	int len = snprintf(path, sizeof(path), "%s/lists", dir), failed = 0;
	int count = len < 0 || len >= PATH_BYTES ? -1 : scandir(path, &names, is_list_name, alphasort);
	if (count < 0)
		return errno == ENOMEM ? -1 : 0; /* rules without lists */
	if (count > BESIDE_MAX)
		(void)fail_list_at(problems, path, 0, 0, "out-of-range", "more than %d lists", BESIDE_MAX);
	for (int i = 0; i < count; i++) {
		if (i < BESIDE_MAX && !failed)
			failed = add_beside(set, config, dir, names[i]->d_name, problems);
		free(names[i]);
	}
	free(names);
	return failed;
}

struct list_set *
list_set_load(const struct config *config, struct fail_list *problems)
{
	const struct rules_config *rules = &config->rules;
	struct list_set *set = mem_zero(1, sizeof(*set));
	int failed = set ? 0 : -1;
	for (size_t i = 0; i < rules->list_count && !failed; i++)
		failed = add_list(set, str_of(rules->lists[i].name), resolve(config, rules->lists[i].file), problems);
	for (size_t i = 0; i < rules->dirs.len && !failed; i++)
		failed = load_beside(set, config, rules->dirs.items[i], problems);
	if (!failed)
		return set;
	list_set_free(set);
	return NULL;
}

void
list_set_free(struct list_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		slot_fini(&set->slots[i]);
	mem_free(set->slots);
	mem_free(set);
}

const struct list *
list_set_find(const struct list_set *set, struct str name)
{
	for (size_t i = 0; set && i < set->count; i++)
		if (str_eq_nocase(set->slots[i].list.name, name))
			return &set->slots[i].list;
	return NULL;
}

const struct list *
list_set_at(const struct list_set *set, size_t index)
{
	return set && index < set->count ? &set->slots[index].list : NULL;
}
