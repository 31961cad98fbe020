#include "decode/json_scan.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/mem.h"
#include "decode/json_bytes.h"
#include "decode/json_hits.h"
#include "decode/json_string.h"
#include "event/event.h"

/* An open object or array. */
struct frame {
	const char *start;
	struct str key;     /* of the member being read, as received */
	uint32_t count;     /* members or elements begun */
	struct json_place place;
	bool is_array;
	bool keep;          /* array: elements are kept */
	struct value *out;  /* its own value, or NULL */
	struct value *last; /* array: the last element kept */
};

struct json_scan {
	struct json_hits hits;
	struct frame *frames;
	unsigned max_depth, depth;
	bool want_leaves;
	/* of this run */
	const char *p, *end;
	struct arena *arena;
	struct value *leaves, *last_leaf;
	unsigned inner;
	const char *code, *reason;
};

static const struct json_target nowhere = {.node = TRIE_NONE};
static const struct value missing_value = {.type = VALUE_MISSING};

struct json_scan *
json_scan_new(const struct trie *trie, unsigned max_depth, bool leaves)
{
	struct json_scan *s = mem_zero(1, sizeof(*s));

	if (!s)
		return NULL;
	s->max_depth = max_depth;
	s->want_leaves = leaves;
	s->frames = mem_zero(max_depth + 1, sizeof(*s->frames));
	if (json_hits_init(&s->hits, trie) || !s->frames) {
		json_scan_free(s);
		return NULL;
	}
	return s;
}

void
json_scan_free(struct json_scan *s)
{
	if (!s)
		return;
	json_hits_fini(&s->hits);
	mem_free(s->frames);
	mem_free(s);
}

static int
stop(struct json_scan *s, const char *code, const char *reason)
{
	s->code = code;
	s->reason = reason;
	return -1;
}

static int
stop_json(struct json_scan *s, const char *reason)
{
	return stop(s, "json", s->p >= s->end ? "the text ends inside a value" : reason);
}

static int
stop_memory(struct json_scan *s)
{
	return stop(s, "memory", "the record needs more memory than it may have");
}

static int
member_target(struct json_scan *s, const struct frame *f, unsigned flags, struct json_target *out)
{
	bool replaced = false;
	struct str name = f->key;

	*out = nowhere;
	if (flags & (JSON_ESCAPED | JSON_HIGH)) {
		name = json_string_decode(s->arena, name, flags, &replaced);
		if (!name.p)
			return stop_memory(s);
		if (replaced)
			s->hits.anomalies |= ANOMALY_INVALID_UTF8;
	}
	if (f->place.node == TRIE_NONE)
		return 0;
	*out = json_hits_target(&s->hits, &f->place, name);
	return s->hits.no_memory ? stop_memory(s) : 0;
}

static int
add_leaf(struct json_scan *s, enum value_type type, struct str text)
{
	if (!s->want_leaves || s->inner > 0)
		return 0;
	struct value *v = json_hits_value(&s->hits);
	if (!v)
		return s->hits.no_memory ? stop_memory(s) : 0;
	v->type = (uint8_t)type;
	v->text = text;
	if (s->last_leaf)
		s->last_leaf->next = v;
	else
		s->leaves = v;
	s->last_leaf = v;
	return 0;
}

static void
put(struct value *out, enum value_type type, struct str text)
{
	if (!out)
		return;
	out->type = (uint8_t)type;
	out->text = text;
}

static int
read_word(struct json_scan *s, const struct json_target *t, struct str word, enum value_type type)
{
	if ((size_t)(s->end - s->p) < word.len || memcmp(s->p, word.p, word.len) != 0)
		return stop(s, "json", "a value is expected");
	struct str text = str_make(s->p, word.len);
	s->p += word.len;
	put(t->out, type, text);
	return type == VALUE_BOOL ? add_leaf(s, type, text) : 0;
}

static const char *
digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* RFC 8259 section 6: behind the number, or NULL. */
static const char *
number_end(const char *p, const char *end, bool *exponent)
{
	if (p < end && *p == '-')
		p++;
	const char *from = p;
	p = digits(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		from = ++p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p | 0x20) == 'e') {
		*exponent = true;
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		from = p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	return p;
}

static int
read_number(struct json_scan *s, const struct json_target *t)
{
	enum { SAFE_DIGITS = 300 }; /* as many cannot leave the range of a double */
	bool exponent = false;
	double number;
	const char *end = number_end(s->p, s->end, &exponent);

	if (!end)
		return stop(s, "json", "a value is expected");
	struct str text = str_make(s->p, (size_t)(end - s->p));
	s->p = end;
	if ((exponent || text.len > SAFE_DIGITS) && !str_to_double(text, &number))
		s->hits.anomalies |= ANOMALY_NUMBER_RANGE;
	put(t->out, VALUE_NUMBER, text);
	return add_leaf(s, VALUE_NUMBER, text);
}

static int scan_value(struct json_scan *s, const struct json_target *t);

/* JSON in a string, below which paths go on. If it is none, the string stays what it is. */
static void
read_inner(struct json_scan *s, const struct json_target *t, struct str text)
{
	const char *p = s->p, *end = s->end, *first = json_skip_space(text.p, text.p + text.len);
	unsigned depth = s->depth;
	uint32_t since = s->hits.objects;
	struct json_target inside = {.node = t->node, .fan = t->fan};

	if (s->inner >= JSON_INNER_MAX || first == text.p + text.len || (*first != '{' && *first != '['))
		return;
	s->inner++;
	s->p = first;
	s->end = text.p + text.len;
	if (scan_value(s, &inside) || json_skip_space(s->p, s->end) != s->end) {
		if (!t->fan)
			json_hits_forget(&s->hits, t->node, since);
		s->code = NULL;
	}
	s->inner--;
	s->depth = depth;
	s->p = p;
	s->end = end;
}

/* Finds the end of the string at s->p and moves behind it. Nearly all are plain. */
static int
take_string(struct json_scan *s, struct str *raw, unsigned *flags)
{
	bool high = false;
	const char *bad = NULL, *from = s->p + 1, *close = json_bytes_special(from, s->end, &high);

	*flags = high ? JSON_HIGH : 0;
	if (close == s->end || *close != '"')
		close = json_string_end(from, s->end, flags, &bad);
	if (!close) {
		s->p = bad;
		return stop_json(s, bad < s->end && *bad == '\\' ? "an escape that JSON does not have" : "a control character in a string");
	}
	*raw = str_make(from, (size_t)(close - from));
	s->p = close + 1;
	return 0;
}

static int
read_string(struct json_scan *s, const struct json_target *t)
{
	unsigned flags;
	bool replaced = false;
	struct str text = {NULL, 0};

	if (take_string(s, &text, &flags))
		return -1;
	if (!t->out && t->node == TRIE_NONE && !(s->want_leaves && s->inner == 0)) {
		if ((flags & JSON_LONE) || ((flags & JSON_HIGH) && !codec_utf8_valid(text)))
			s->hits.anomalies |= ANOMALY_INVALID_UTF8;
		return 0;
	}
	text = json_string_decode(s->arena, text, flags, &replaced);
	if (!text.p)
		return stop_memory(s);
	if (replaced)
		s->hits.anomalies |= ANOMALY_INVALID_UTF8;
	put(t->out, VALUE_STRING, text);
	if (add_leaf(s, VALUE_STRING, text))
		return -1;
	if (t->node != TRIE_NONE)
		read_inner(s, t, text);
	return 0;
}

static int
open_frame(struct json_scan *s, const struct json_target *t)
{
	if (s->depth >= s->max_depth)
		return stop(s, "depth", "the record is nested deeper than allowed");
	bool is_array = *s->p == '[';
	struct frame *f = &s->frames[s->depth++];
	*f = (struct frame){.start = s->p, .place = {.node = t->node, .fan = is_array || t->fan},
	    .is_array = is_array, .keep = t->keep && t->out, .out = t->out};
	if (!is_array)
		f->place.object = ++s->hits.objects;
	put(t->out, is_array ? VALUE_ARRAY : VALUE_OBJECT, str_make(s->p, 1));
	s->p++;
	return 0;
}

static int
close_frame(struct json_scan *s)
{
	struct frame *f = &s->frames[--s->depth];

	s->p++;
	if (f->out)
		f->out->text = str_make(f->start, (size_t)(s->p - f->start));
	return 0;
}

/* One value; of an object or array only its opening bracket. */
static int
read_value(struct json_scan *s, const struct json_target *t)
{
	if (s->p >= s->end)
		return stop_json(s, "");
	switch (*s->p) {
	case '{':
	case '[':
		return open_frame(s, t);
	case '"':
		return read_string(s, t);
	case 't':
		return read_word(s, t, STR("true"), VALUE_BOOL);
	case 'f':
		return read_word(s, t, STR("false"), VALUE_BOOL);
	case 'n':
		return read_word(s, t, STR("null"), VALUE_NULL);
	default:
		return read_number(s, t);
	}
}

/* Members until the object ends or another bracket opens. */
static int
object_step(struct json_scan *s, struct frame *f)
{
	unsigned depth = s->depth, flags;
	struct json_target t;

	while (s->depth == depth) {
		s->p = json_skip_space(s->p, s->end);
		if (s->p < s->end && *s->p == '}')
			return close_frame(s);
		if (f->count > 0) {
			if (s->p >= s->end || *s->p != ',')
				return stop_json(s, "a comma or } is expected");
			s->p = json_skip_space(s->p + 1, s->end);
		}
		if (s->p >= s->end || *s->p != '"')
			return stop_json(s, "a member name in quotes is expected");
		if (take_string(s, &f->key, &flags))
			return -1;
		if (++f->count > JSON_KEYS_MAX)
			return stop(s, "keys", "an object has more members than allowed");
		s->p = json_skip_space(s->p, s->end);
		if (s->p >= s->end || *s->p != ':')
			return stop_json(s, "a colon is expected");
		s->p = json_skip_space(s->p + 1, s->end);
		if (f->place.node == TRIE_NONE && !(flags & (JSON_HIGH | JSON_LONE)))
			t = nowhere;
		else if (member_target(s, f, flags, &t))
			return -1;
		if (read_value(s, &t))
			return -1;
	}
	return 0;
}

static int
element_target(struct json_scan *s, struct frame *f, struct json_target *t)
{
	*t = (struct json_target){.node = f->place.node, .fan = true, .keep = f->keep};
	if (!f->keep)
		return 0;
	t->out = json_hits_value(&s->hits);
	if (!t->out) {
		f->out->flags |= VALUE_CUT;
		return s->hits.no_memory ? stop_memory(s) : 0;
	}
	if (f->last)
		f->last->next = t->out;
	else
		f->out->elements = t->out;
	f->last = t->out;
	return 0;
}

/* Elements until the array ends or another bracket opens. */
static int
array_step(struct json_scan *s, struct frame *f)
{
	unsigned depth = s->depth;
	struct json_target t = nowhere;

	while (s->depth == depth) {
		s->p = json_skip_space(s->p, s->end);
		if (s->p < s->end && *s->p == ']')
			return close_frame(s);
		if (f->count > 0) {
			if (s->p >= s->end || *s->p != ',')
				return stop_json(s, "a comma or ] is expected");
			s->p = json_skip_space(s->p + 1, s->end);
			if (s->p < s->end && *s->p == ']')
				return stop_json(s, "a value is expected");
		}
		f->count++;
		if ((f->keep || f->place.node != TRIE_NONE) && element_target(s, f, &t))
			return -1;
		if (read_value(s, &t))
			return -1;
	}
	return 0;
}

/* One value with all that is in it. */
static int
scan_value(struct json_scan *s, const struct json_target *t)
{
	unsigned depth = s->depth;

	if (read_value(s, t))
		return -1;
	while (s->depth > depth) {
		struct frame *f = &s->frames[s->depth - 1];
		if (f->is_array ? array_step(s, f) : object_step(s, f))
			return -1;
	}
	return 0;
}

/* RFC 6901, of the place where the scan stopped; cut to size. */
static void
write_pointer(const struct json_scan *s, char *out, size_t size)
{
	char number[16];
	size_t n = 0;

	for (unsigned i = 0; i < s->depth; i++) {
		const struct frame *f = &s->frames[i];
		struct str name = f->key;
		if (f->count == 0)
			break;
		if (f->is_array) {
			int len = snprintf(number, sizeof(number), "%u", f->count - 1);
			name = str_make(number, (size_t)len);
		}
		if (n + 2 * name.len + 2 >= size)
			break;
		out[n++] = '/';
		for (size_t k = 0; k < name.len; k++) {
			char c = name.p[k];
			if (c == '~' || c == '/')
				out[n++] = '~';
			out[n++] = c == '~' ? '0' : c == '/' ? '1' : c;
		}
	}
	out[n] = '\0';
}

static void
begin(struct json_scan *s, struct str text, struct arena *arena)
{
	json_hits_begin(&s->hits, arena);
	s->p = text.p;
	s->end = text.p + text.len;
	s->arena = arena;
	s->leaves = s->last_leaf = NULL;
	s->depth = s->inner = 0;
	s->code = NULL;
}

int
json_scan_run(struct json_scan *s, struct str text, struct arena *arena, struct fail *why)
{
	char pointer[sizeof(why->file)];
	const struct json_target root = {.node = TRIE_ROOT};

	begin(s, text, arena);
	s->p = json_skip_space(s->p, s->end);
	int result = scan_value(s, &root);
	if (result == 0) {
		s->p = json_skip_space(s->p, s->end);
		if (s->p != s->end)
			result = stop(s, "json", "something stands behind the value");
	}
	if (result == 0)
		return 0;
	write_pointer(s, pointer, sizeof(pointer));
	return fail_at(why, pointer, 0, 0, s->code, "%s, at byte %zu", s->reason, (size_t)(s->p - text.p));
}

const struct value *
json_scan_value(const struct json_scan *s, uint32_t node)
{
	const struct value *v = json_hits_get(&s->hits, node);

	return v ? v : &missing_value;
}

struct value *
json_scan_edit(struct json_scan *s, uint32_t node)
{
	return json_hits_get(&s->hits, node);
}

const uint32_t *
json_scan_touched(const struct json_scan *s, uint32_t *count)
{
	*count = s->hits.touched_len;
	return s->hits.touched;
}

struct str
json_scan_name(const struct json_scan *s, uint32_t node)
{
	return json_hits_name(&s->hits, node);
}

bool
json_scan_dotted(const struct json_scan *s, uint32_t node)
{
	return json_hits_dotted(&s->hits, node);
}

struct value *
json_scan_leaves(const struct json_scan *s)
{
	return s->leaves;
}

unsigned
json_scan_anomalies(const struct json_scan *s)
{
	return s->hits.anomalies;
}
