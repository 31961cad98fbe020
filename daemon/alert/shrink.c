#include "alert/shrink.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alert/json_value.h"
#include "base/buf.h"

enum { POINTERS_MAX = 64 };

/* Notes a pointer once. */
static void
note(json_t *data, const char *pointer, bool *bad)
{
	json_t *list = json_object_get(data, "truncated");
	size_t i;
	json_t *known;
	json_array_foreach(list, i, known)
	{
		if (strcmp(json_string_value(known), pointer) == 0)
			return;
	}
	if (json_array_size(list) < POINTERS_MAX && json_array_append_new(list, json_string(pointer)) < 0)
		*bad = true;
}

static void
cut_client(json_t *data, bool *bad)
{
	if (!json_is_object(json_object_get(data, "client")))
		return;
	json_put(data, "client", json_null(), bad);
	note(data, "/client", bad);
}

/* Keeps the first `keep` elements of every array `name` in the context. */
static void
cut_context(json_t *data, const char *name, size_t keep, bool *bad)
{
	const char *key;
	json_t *window;
	json_object_foreach(json_object_get(data, "context"), key, window)
	{
		json_t *list = json_object_get(window, name);
		if (json_array_size(list) <= keep)
			continue;
		while (json_array_size(list) > keep)
			json_array_remove(list, json_array_size(list) - 1);
		char pointer[160];
		snprintf(pointer, sizeof(pointer), "/context/%.64s/%s", key, name);
		note(data, pointer, bad);
	}
}

static void
cut_samples(json_t *data, bool *bad)
{
	cut_context(data, "users_sample", 0, bad);
}

static void
cut_compromised(json_t *data, bool *bad)
{
	cut_context(data, "compromised", 3, bad);
}

/* The first two and the completing event, which is the last. */
static void
cut_evidence(json_t *data, bool *bad)
{
	json_t *list = json_object_get(data, "evidence");
	if (json_array_size(list) <= 3)
		return;
	while (json_array_size(list) > 3)
		json_array_remove(list, json_array_size(list) - 2);
	note(data, "/evidence", bad);
}

/* A string of at most max bytes, cut between characters; NULL when s is not longer. */
static json_t *
shorter(const json_t *s, size_t max)
{
	size_t len = json_string_length(s);
	if (!json_is_string(s) || len <= max)
		return NULL;
	const char *p = json_string_value(s);
	while (max > 0 && ((unsigned char)p[max] & 0xC0) == 0x80)
		max--;
	return json_stringn_nocheck(p, max);
}

/* Cuts strings and arrays below node; true when anything was cut. */
static bool
cut_deep(json_t *node, size_t string_max, size_t array_max, bool *bad)
{
	bool cut = false;
	while (json_array_size(node) > array_max) {
		json_array_remove(node, json_array_size(node) - 1);
		cut = true;
	}
	for (size_t i = 0; i < json_array_size(node); i++) {
		json_t *element = json_array_get(node, i), *less = shorter(element, string_max);
		if (less && json_array_set_new(node, i, less) < 0)
			*bad = true;
		cut |= less || cut_deep(element, string_max, array_max, bad);
	}
	const char *key;
	void *next;
	json_t *member;
	json_object_foreach_safe(node, next, key, member)
	{
		json_t *less = shorter(member, string_max);
		if (less)
			json_put(node, key, less, bad);
		cut |= less || cut_deep(member, string_max, array_max, bad);
	}
	return cut;
}

static void
field_pointer(const char *key, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "/fields/");
	for (; *key && n + 3 < size; key++) { /* RFC 6901 section 3 */
		if (*key == '~' || *key == '/') {
			out[n++] = '~';
			out[n++] = *key == '~' ? '0' : '1';
		} else {
			out[n++] = *key;
		}
	}
	out[n] = '\0';
}

static void
cut_fields(json_t *data, size_t string_max, size_t array_max, bool *bad)
{
	json_t *fields = json_object_get(data, "fields");
	const char *key;
	void *next;
	json_t *value;
	json_object_foreach_safe(fields, next, key, value)
	{
		json_t *less = shorter(value, string_max);
		if (less)
			json_put(fields, key, less, bad);
		if (!less && !cut_deep(value, string_max, array_max, bad))
			continue;
		char pointer[256];
		field_pointer(key, pointer, sizeof(pointer));
		note(data, pointer, bad);
	}
}

static void
cut_long_fields(json_t *data, bool *bad)
{
	cut_fields(data, 1024, 32, bad);
}

static void
cut_all_fields(json_t *data, bool *bad)
{
	cut_fields(data, 256, 8, bad);
}

static void
cut_matched(json_t *data, bool *bad)
{
	if (cut_deep(json_object_get(data, "matched"), 128, 8, bad))
		note(data, "/matched", bad);
}

static void
cut_rule(json_t *data, bool *bad)
{
	if (cut_deep(json_object_get(data, "rule"), 200, 8, bad))
		note(data, "/rule", bad);
}

/* Whatever else is long; these members hold no id and no count. */
static void
cut_rest(json_t *data, bool *bad)
{
	static const char *const members[] = {"user", "app", "outcome", "src", "correlation", "score_reasons", "evidence", "context"};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!cut_deep(json_object_get(data, members[i]), 128, 16, bad))
			continue;
		char pointer[32];
		snprintf(pointer, sizeof(pointer), "/%s", members[i]);
		note(data, pointer, bad);
	}
}

static void
cut_fields_away(json_t *data, bool *bad)
{
	json_t *fields = json_object_get(data, "fields");
	const char *key;
	void *next;
	json_t *value;
	json_object_foreach_safe(fields, next, key, value)
	{
		if (!json_is_integer(value) && strcmp(key, "_messageTime") != 0)
			json_put(fields, key, json_null(), bad);
	}
	note(data, "/fields", bad);
}

int
shrink_to(json_t *data, size_t max_bytes)
{
	static void (*const cuts[])(json_t *, bool *) = {cut_client, cut_samples, cut_evidence, cut_long_fields,
	    cut_matched, cut_all_fields, cut_rule, cut_compromised, cut_rest, cut_fields_away};
	bool bad = false;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]) && !bad; i++) {
		if (json_dumpb(data, NULL, 0, JSON_VALUE_DUMP) <= max_bytes)
			return 0;
		cuts[i](data, &bad);
	}
	return bad ? -1 : 0;
}
