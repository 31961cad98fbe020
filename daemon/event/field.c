#include "event/field.h"

#include "base/map.h"
#include "base/mem.h"

enum { NAME_MAX_BYTES = 256 };

struct field_set {
	struct map *slots; /* name in lower case -> its entry of names */
	struct field_name *names[FIELD_SLOTS_MAX];
	unsigned len;
};

struct field_name {
	char *text;
	size_t len;
	int slot;
};

static const char *const fixed_names[] = {
#define X(id, name) name,
#include "event/field.def"
#undef X
};

/* false when the name is empty or longer than any field's. */
static bool
fold(struct str name, char out[NAME_MAX_BYTES])
{
	if (name.len == 0 || name.len > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];
		out[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	return true;
}

struct field_set *
field_set_new(void)
{
	struct field_set *set = mem_zero(1, sizeof(*set));

	if (!set)
		return NULL;
	set->slots = map_new();
	for (size_t i = 0; set->slots && i < sizeof(fixed_names) / sizeof(fixed_names[0]); i++)
		if (field_set_intern(set, str_of(fixed_names[i])) != (int)i)
			goto fail;
	if (set->slots)
		return set;
fail:
	field_set_free(set);
	return NULL;
}

void
field_set_free(struct field_set *set)
{
	if (!set)
		return;
	for (unsigned i = 0; i < set->len; i++) {
		mem_free(set->names[i]->text);
		mem_free(set->names[i]);
	}
	map_free(set->slots);
	mem_free(set);
}

int
field_set_intern(struct field_set *set, struct str name)
{
	char key[NAME_MAX_BYTES];
	int slot = field_set_find(set, name);

	if (slot >= 0)
		return slot;
	if (set->len >= FIELD_SLOTS_MAX || !fold(name, key))
		return -1;
	struct field_name *entry = mem_zero(1, sizeof(*entry));
	if (!entry)
		return -1;
	*entry = (struct field_name){.text = mem_copy_str(name), .len = name.len, .slot = (int)set->len};
	if (!entry->text || map_set(set->slots, str_make(key, name.len), entry)) {
		mem_free(entry->text);
		mem_free(entry);
		return -1;
	}
	set->names[set->len] = entry;
	return (int)set->len++;
}

int
field_set_find(const struct field_set *set, struct str name)
{
	char key[NAME_MAX_BYTES];

	if (!fold(name, key))
		return -1;
	const struct field_name *entry = map_get(set->slots, str_make(key, name.len));
	return entry ? entry->slot : -1;
}

unsigned
field_set_len(const struct field_set *set)
{
	return set->len;
}

struct str
field_set_name(const struct field_set *set, unsigned slot)
{
	if (slot >= set->len)
		return (struct str){NULL, 0};
	return str_make(set->names[slot]->text, set->names[slot]->len);
}

static bool
is_below(struct str name, struct str prefix)
{
	return name.len > prefix.len && str_eq_nocase(str_make(name.p, prefix.len), prefix);
}

bool
field_is_own(struct str name)
{
	return is_below(name, STR("window.")) || is_below(name, STR("travel.")) || str_eq_nocase(name, STR("threat_score")) ||
	    str_eq_nocase(name, STR("_messageTime"));
}
