/* Rules from text and events from JSON, for the tests of sigma. Events are built by jansson, not by decode: the rules
 * are tested against another reading of the record. Memory of events lives until fixture_fini. */
#ifndef TESTS_SIGMA_FIXTURE_H
#define TESTS_SIGMA_FIXTURE_H

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "event/event.h"
#include "sigma/matcher.h"
#include "sigma/ruleset.h"

struct fixture {
	struct arena arena;
	struct field_set *fields;
	struct fail_list problems;
	struct ruleset *set;
	struct matcher *matcher;
	struct event event;
};

static inline void
fixture_load(struct fixture *f, const char *rules, const struct ruleset_options *options)
{
	static const struct ruleset_options defaults = {.max_regex_steps = 100000};
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 64 << 20, 0);
	f->fields = field_set_new();
	fail_list_init(&f->problems);
	f->set = ruleset_load_text(options ? options : &defaults, "test.yml", str_of(rules), f->fields, &f->problems);
	ck_assert_ptr_nonnull(f->set);
	f->matcher = matcher_new(f->set);
	ck_assert_ptr_nonnull(f->matcher);
}

static inline void
fixture_fini(struct fixture *f)
{
	matcher_free(f->matcher);
	ruleset_free(f->set);
	fail_list_fini(&f->problems);
	field_set_free(f->fields);
	arena_fini(&f->arena);
}

static inline void
fixture_show(const struct fixture *f)
{
	char line[1024];
	for (size_t i = 0; i < f->problems.len; i++) {
		fail_print(&f->problems.items[i], line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
}

static inline void fixture_value(struct fixture *f, json_t *json, struct value *out);

static inline void
fixture_array(struct fixture *f, json_t *json, struct value *out)
{
	const struct value **link = &out->elements;
	size_t i;
	json_t *item;
	json_array_foreach(json, i, item) {
		struct value *v = arena_alloc(&f->arena, sizeof(*v));
		fixture_value(f, item, v);
		*link = v;
		link = &v->next;
	}
}

static inline void
fixture_value(struct fixture *f, json_t *json, struct value *out)
{
	static const uint8_t types[] = {[JSON_OBJECT] = VALUE_OBJECT, [JSON_ARRAY] = VALUE_ARRAY,
	    [JSON_STRING] = VALUE_STRING, [JSON_INTEGER] = VALUE_NUMBER, [JSON_REAL] = VALUE_NUMBER,
	    [JSON_TRUE] = VALUE_BOOL, [JSON_FALSE] = VALUE_BOOL, [JSON_NULL] = VALUE_NULL};
	memset(out, 0, sizeof(*out));
	out->type = types[json_typeof(json)];
	if (json_is_string(json)) {
		out->text = arena_copy(&f->arena, str_make(json_string_value(json), json_string_length(json)));
	} else {
		char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
		out->text = arena_copy(&f->arena, str_of(text));
		free(text);
	}
	if (json_is_array(json))
		fixture_array(f, json, out);
}

/* The values at a dotted path; through arrays it gathers them. */
static inline void
fixture_walk(json_t *json, const char *path, json_t *found, bool *fanned)
{
	const char *dot = strchr(path, '.');
	if (json_is_array(json)) {
		size_t i;
		json_t *item;
		*fanned = true;
		json_array_foreach(json, i, item)
			fixture_walk(item, path, found, fanned);
		return;
	}
	json_t *whole = json_object_get(json, path);
	if (whole || !dot) {
		if (whole)
			json_array_append(found, whole);
		return;
	}
	char head[256];
	snprintf(head, sizeof(head), "%.*s", (int)(dot - path), path);
	json_t *child = json_object_get(json, head);
	if (child)
		fixture_walk(child, dot + 1, found, fanned);
}

static inline void
fixture_slot(struct fixture *f, json_t *json, unsigned slot)
{
	char name[256];
	struct str text = field_set_name(f->fields, slot);
	bool fanned = false;
	json_t *found = json_array();
	snprintf(name, sizeof(name), "%.*s", (int)text.len, text.p);
	fixture_walk(json, name, found, &fanned);
	if (json_array_size(found) > 0)
		fixture_value(f, fanned ? found : json_array_get(found, 0), &f->event.slots[slot]);
	if (fanned && json_array_size(found) > 0) {
		f->event.slots[slot].flags = VALUE_FANOUT;
		f->event.slots[slot].text = STR("");
	}
	json_decref(found);
}

static inline void
fixture_leaves(struct fixture *f, json_t *json)
{
	size_t i;
	const char *key;
	json_t *item;
	if (json_is_object(json)) {
		json_object_foreach(json, key, item)
			fixture_leaves(f, item);
	} else if (json_is_array(json)) {
		json_array_foreach(json, i, item)
			fixture_leaves(f, item);
	} else if (!json_is_null(json)) {
		struct value *leaf = arena_alloc(&f->arena, sizeof(*leaf));
		fixture_value(f, json, leaf);
		leaf->next = f->event.leaves;
		f->event.leaves = leaf;
	}
}

static inline void
fixture_event(struct fixture *f, const char *json_text)
{
	json_error_t error;
	json_t *json = json_loads(json_text, JSON_ALLOW_NUL, &error);
	ck_assert_msg(json != NULL, "%s: %s", json_text, error.text);
	memset(&f->event, 0, sizeof(f->event));
	f->event.slot_count = field_set_len(f->fields);
	f->event.slots = arena_alloc(&f->arena, f->event.slot_count * sizeof(struct value));
	memset(f->event.slots, 0, f->event.slot_count * sizeof(struct value));
	for (unsigned slot = 0; slot < f->event.slot_count; slot++)
		fixture_slot(f, json, slot);
	fixture_leaves(f, json);
	json_decref(json);
}

static inline unsigned
fixture_run(struct fixture *f, const char *json_text, const struct match **matches)
{
	const struct match *ignored;
	fixture_event(f, json_text);
	return matcher_run(f->matcher, &f->event, matches ? matches : &ignored);
}

/* Does the one selection, as YAML, match the event? */
static inline bool
fixture_judge(const char *selection, const char *json_text)
{
	struct fixture f;
	char rule[8192];
	snprintf(rule, sizeof(rule), "title: t\nlogsource: {}\ndetection:\n  sel: %s\n  condition: sel\n", selection);
	fixture_load(&f, rule, NULL);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	bool matched = fixture_run(&f, json_text, NULL) == 1;
	fixture_fini(&f);
	return matched;
}

#endif
