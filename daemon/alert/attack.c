#include "alert/attack.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

struct tactic {
	const char *id, *name, *tag;
};
struct technique {
	const char *id, *name, *tactics;
};

static const struct tactic tactics[] = {
#define X(id, name, tag) {id, name, tag},
#include "alert/tactic.def"
#undef X
};
static const struct technique techniques[] = {
#define X(id, name, tactics) {id, name, tactics},
#include "alert/technique.def"
#undef X
};

enum { TACTIC_COUNT = sizeof(tactics) / sizeof(tactics[0]), TECHNIQUE_COUNT = sizeof(techniques) / sizeof(techniques[0]) };

/* The part behind "attack.", or NULL. */
static const char *
tag_word(const char *tag)
{
	return strncasecmp(tag, "attack.", 7) == 0 ? tag + 7 : NULL;
}

static bool
same_word(const char *tag, const char *word)
{
	for (; *tag && *word; tag++, word++) {
		char c = *tag == '_' ? '-' : (char)tolower((unsigned char)*tag);
		if (c != *word)
			return false;
	}
	return !*tag && !*word;
}

static const struct tactic *
tactic_of_tag(const char *tag)
{
	const char *word = tag_word(tag);
	for (unsigned i = 0; word && i < TACTIC_COUNT; i++) {
		if (same_word(word, tactics[i].tag) || strcasecmp(word, tactics[i].id) == 0)
			return &tactics[i];
	}
	return NULL;
}

static const struct tactic *
tactic_by_id(const char *id)
{
	for (unsigned i = 0; i < TACTIC_COUNT; i++) {
		if (strncmp(id, tactics[i].id, 6) == 0)
			return &tactics[i];
	}
	return NULL;
}

/* Writes T1110 or T1110.003 in upper case; false for any other tag. */
static bool
technique_id(const char *tag, char out[10])
{
	const char *word = tag_word(tag);
	if (!word || (word[0] != 't' && word[0] != 'T'))
		return false;
	size_t len = strlen(word);
	if (len != 5 && len != 9)
		return false;
	for (size_t i = 1; i < len; i++) {
		if (i == 5 ? word[i] != '.' : !isdigit((unsigned char)word[i]))
			return false;
	}
	memcpy(out, word, len + 1);
	out[0] = 'T';
	return true;
}

static const struct technique *
technique_find(const char *id)
{
	for (unsigned i = 0; i < TECHNIQUE_COUNT; i++) {
		if (strcmp(id, techniques[i].id) == 0)
			return &techniques[i];
	}
	return NULL;
}

/* Of the technique's tactics the one that the rule names, else the usual one; for a
 * technique unknown to us the rule's first tactic. */
static const struct tactic *
tactic_for(const struct technique *technique, const char *const *tags)
{
	for (unsigned i = 0; tags[i]; i++) {
		const struct tactic *t = tactic_of_tag(tags[i]);
		if (t && (!technique || strstr(technique->tactics, t->id)))
			return t;
	}
	return technique ? tactic_by_id(technique->tactics) : NULL;
}

static json_t *
entry_json(const struct tactic *tactic, const char *id, const struct technique *technique)
{
	return json_pack("{s:s?, s:s?, s:s?, s:s?}", "tactic", tactic ? tactic->id : NULL, "tactic_name",
	    tactic ? tactic->name : NULL, "technique", id, "technique_name", technique ? technique->name : NULL);
}

static bool
names_tactic(const json_t *array, const struct tactic *tactic)
{
	size_t i;
	json_t *entry;
	json_array_foreach(array, i, entry)
	{
		const char *id = json_string_value(json_object_get(entry, "tactic"));
		if (id && strcmp(id, tactic->id) == 0)
			return true;
	}
	return false;
}

json_t *
attack_json(const char *const *tags)
{
	json_t *array = json_array();
	bool ok = array != NULL;
	char id[10];
	for (unsigned i = 0; ok && tags[i] && json_array_size(array) < ATTACK_MAX; i++) {
		if (!technique_id(tags[i], id))
			continue;
		const struct technique *technique = technique_find(id);
		ok = json_array_append_new(array, entry_json(tactic_for(technique, tags), id, technique)) == 0;
	}
	/* Tactics that no technique of the rule stands for. */
	for (unsigned i = 0; ok && tags[i] && json_array_size(array) < ATTACK_MAX; i++) {
		const struct tactic *tactic = tactic_of_tag(tags[i]);
		if (tactic && !names_tactic(array, tactic))
			ok = json_array_append_new(array, entry_json(tactic, NULL, NULL)) == 0;
	}
	if (!ok) {
		json_decref(array);
		return NULL;
	}
	return array;
}
