#include "alert/json_value.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"

static const int64_t whole_max = (INT64_C(1) << 53) - 1;
enum { DEPTH_MAX = 64 };

json_t *
json_text(struct str s)
{
	if (s.len == 0)
		return json_stringn_nocheck("", 0);
	if (codec_utf8_valid(s))
		return json_stringn_nocheck(s.p, s.len);
	struct buf fixed;
	buf_init(&fixed, s.len * 3 + 1);
	json_t *text = codec_utf8_repair(s, &fixed) == 0 ? json_stringn_nocheck(fixed.data, fixed.len) : NULL;
	buf_fini(&fixed);
	return text;
}

json_t *
json_text_or_null(struct str s)
{
	return s.len > 0 ? json_text(s) : json_null();
}

json_t *
json_time(int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];
	clock_text(ms, text);
	return json_string(text);
}

json_t *
json_number(double d)
{
	if (!isfinite(d))
		return json_null();
	if (d == floor(d) && fabs(d) <= (double)whole_max)
		return json_integer((json_int_t)d);
	return json_real(d);
}

/* As a number when 15 digits tell it apart and receivers can hold it, else as the text received. */
static json_t *
number_json(struct str text)
{
	int64_t whole;
	if (str_to_i64(text, &whole))
		return whole >= -whole_max && whole <= whole_max ? json_integer(whole) : json_text(text);
	double d;
	if (!str_to_double(text, &d) || fabs(d) > (double)whole_max)
		return json_text(text);
	char again[40];
	snprintf(again, sizeof(again), "%.15g", d);
	double same;
	if (!str_to_double(str_of(again), &same) || same < d || same > d)
		return json_text(text);
	return json_real(d);
}

/* Replaces numbers that receivers cannot hold by their text. */
static json_t *
tame(json_t *node, unsigned depth)
{
	if (json_is_integer(node)) {
		json_int_t n = json_integer_value(node);
		if (n >= -whole_max && n <= whole_max)
			return json_incref(node);
		char text[32];
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, n);
		return json_string(text);
	}
	if (json_is_real(node) && fabs(json_real_value(node)) > (double)whole_max) {
		char text[40];
		snprintf(text, sizeof(text), "%.17g", json_real_value(node));
		return json_string(text);
	}
	if (depth >= DEPTH_MAX)
		return json_null();
	const char *key;
	void *next;
	json_t *member;
	json_object_foreach_safe(node, next, key, member)
	{
		if (json_object_set_new_nocheck(node, key, tame(member, depth + 1)) < 0)
			return NULL;
	}
	for (size_t i = 0; i < json_array_size(node); i++) {
		if (json_array_set_new(node, i, tame(json_array_get(node, i), depth + 1)) < 0)
			return NULL;
	}
	return json_incref(node);
}

/* A text that jansson does not take (a lone surrogate, an integer beyond 64 bits) stays text. */
static json_t *
parsed_json(struct str text)
{
	json_t *node = json_loadb(text.p, text.len, JSON_ALLOW_NUL, NULL);
	if (!node)
		return json_text(text);
	json_t *tamed = tame(node, 0);
	json_decref(node);
	return tamed;
}

static json_t *value_json(const struct value *v, unsigned depth);

static json_t *
elements_json(const struct value *v, unsigned depth)
{
	json_t *array = json_array();
	for (const struct value *e = v->elements; array && e; e = e->next) {
		if (json_array_append_new(array, value_json(e, depth + 1)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
value_json(const struct value *v, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return json_null();
	switch ((enum value_type)v->type) {
	case VALUE_MISSING:
	case VALUE_NULL:
		return json_null();
	case VALUE_BOOL:
		return json_boolean(str_eq(v->text, STR("true")));
	case VALUE_NUMBER:
		return number_json(v->text);
	case VALUE_STRING:
		return json_text(v->text);
	case VALUE_ARRAY:
		return elements_json(v, depth);
	case VALUE_OBJECT:
		return parsed_json(v->text);
	}
	return json_null();
}

json_t *
json_value(const struct value *v)
{
	return value_json(v, 0);
}

void
json_put(json_t *object, const char *key, json_t *value, bool *bad)
{
	if (json_object_set_new_nocheck(object, key, value) < 0)
		*bad = true;
}
