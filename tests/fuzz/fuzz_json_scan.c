/* json_scan against jansson: both accept or both refuse, and what the scan
 * kept is what jansson finds on the same paths. Where jansson has a limit that
 * the scan does not have (NUL in a name, half surrogates, numbers beyond a
 * double) or the scan one that jansson lacks (depth, members), nothing is
 * compared. Aborts on a difference. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/codec.h"
#include "decode/json_scan.h"
#include "fuzz/fuzz.h"

static const char *const paths[] = {"a", "a.b", "a.b.c", "a.b.d", "name", "Level", "d.e", "d.e.f", "list", "list.x", "list.x.y"};
enum { PATHS = sizeof(paths) / sizeof(paths[0]), GATHER_MAX = 256 };

static struct trie *trie;
static uint32_t nodes[PATHS];
static struct json_scan *scan;
static struct arena arena;
static bool unsure; /* the two may differ for a known reason */

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_json_scan: %s\n", what);
	abort();
}

static void
set_up(void)
{
	if (scan)
		return;
	trie = trie_new();
	for (size_t i = 0; i < PATHS; i++) {
		nodes[i] = trie_add(trie, str_of(paths[i]));
		trie_want(trie, nodes[i]);
	}
	scan = json_scan_new(trie, 64, false);
	arena_init(&arena, 1 << 26, 1 << 20);
}

/* Half surrogates as \uFFFD: jansson refuses them, the scan repairs them. In place, same length. */
static void
repair_surrogates(char *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		unsigned code, low;
		char hex[5] = "", hex2[5] = "";
		if (p[i] != '\\')
			continue;
		i++;
		if (p[i] != 'u' || i + 4 >= len)
			continue;
		memcpy(hex, p + i + 1, 4);
		if (strspn(hex, "0123456789abcdefABCDEF") != 4)
			continue;
		code = (unsigned)strtoul(hex, NULL, 16);
		if (code < 0xD800 || code > 0xDFFF)
			continue;
		if (code < 0xDC00 && i + 10 < len && p[i + 5] == '\\' && p[i + 6] == 'u') {
			memcpy(hex2, p + i + 7, 4);
			low = (unsigned)strtoul(hex2, NULL, 16);
			if (strspn(hex2, "0123456789abcdefABCDEF") == 4 && low >= 0xDC00 && low <= 0xDFFF) {
				i += 10;
				continue;
			}
		}
		memcpy(p + i + 1, "FFFD", 4);
	}
}

static json_t *
oracle_load(const char *p, size_t len, bool *unknown)
{
	json_error_t error;
	json_t *root = json_loadb(p, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	if (!root)
		*unknown = json_error_code(&error) == json_error_null_byte_in_key ||
		    json_error_code(&error) == json_error_numeric_overflow ||
		    json_error_code(&error) == json_error_stack_overflow;
	return root;
}

static json_t *
member(json_t *object, struct str name)
{
	const char *key;
	json_t *value, *exact = NULL, *other = NULL;
	json_object_foreach (object, key, value) {
		struct str k = str_of(key);
		if (strchr(key, '.'))
			unsure = true;
		if (str_eq(k, name))
			exact = value;
		else if (str_eq_nocase(k, name)) {
			if (other)
				unsure = true; /* jansson's order is not the text's when names repeat */
			other = value;
		}
	}
	return exact ? exact : other;
}

struct found {
	json_t *values[GATHER_MAX];
	json_t *owned[GATHER_MAX]; /* documents found in strings */
	size_t len, owned_len;
	bool fan;
};

static void
collect(json_t *at, struct str path, unsigned inner, struct found *out)
{
	json_t *element, *document;
	size_t i;
	bool unknown = false;

	if (path.len == 0) {
		if (out->len < GATHER_MAX)
			out->values[out->len++] = at;
		else
			unsure = true;
		return;
	}
	if (json_is_object(at)) {
		struct str name = str_split(&path, '.');
		json_t *next = member(at, name);
		if (next)
			collect(next, path, inner, out);
	} else if (json_is_array(at)) {
		out->fan = true;
		json_array_foreach (at, i, element) {
			if (json_is_string(element))
				unsure = true;
			collect(element, path, inner, out);
		}
	} else if (json_is_string(at)) {
		struct str text = str_trim(str_make(json_string_value(at), json_string_length(at)));
		if (text.len == 0 || (text.p[0] != '{' && text.p[0] != '['))
			return;
		document = oracle_load(text.p, text.len, &unknown);
		if (!document || inner >= JSON_INNER_MAX - 1 || out->owned_len == GATHER_MAX) {
			unsure |= unknown || document || memmem(text.p, text.len, "\\u", 2);
			json_decref(document);
			return;
		}
		out->owned[out->owned_len++] = document;
		if (memchr(text.p, '.', text.len))
			unsure = true;
		collect(document, path, inner + 1, out);
	}
}

static bool
same(const struct value *v, json_t *j)
{
	double number;
	size_t i;
	json_t *element;

	switch ((enum value_type)v->type) {
	case VALUE_NULL:
		return json_is_null(j);
	case VALUE_BOOL:
		return json_is_boolean(j) && str_eq(v->text, json_is_true(j) ? STR("true") : STR("false"));
	case VALUE_NUMBER:
		return json_is_real(j) && (!str_to_double(v->text, &number) || number == json_real_value(j));
	case VALUE_STRING:
		return json_is_string(j) && str_eq(v->text, str_make(json_string_value(j), json_string_length(j)));
	case VALUE_OBJECT:
		return json_is_object(j) && v->text.p[0] == '{' && v->text.p[v->text.len - 1] == '}';
	case VALUE_ARRAY:
		break;
	case VALUE_MISSING:
		return false;
	}
	if (!json_is_array(j) || v->text.p[0] != '[' || v->text.p[v->text.len - 1] != ']')
		return false;
	v = v->elements;
	json_array_foreach (j, i, element) {
		if (!v || !same(v, element))
			return false;
		v = v->next;
	}
	return !v;
}

static void
compare_path(json_t *root, size_t path)
{
	struct found found = {.len = 0};
	const struct value *v = json_scan_value(scan, nodes[path]);

	collect(root, str_of(paths[path]), 0, &found);
	if (unsure) {
		v = NULL;
	} else if (found.len == 0) {
		check(v->type == VALUE_MISSING, "a value where jansson has none");
	} else if (!(v->flags & VALUE_FANOUT)) {
		check(!found.fan && found.len == 1 && same(v, found.values[0]), "another value than jansson's");
	} else {
		check(found.fan, "gathered without an array");
		v = v->elements;
		for (size_t i = 0; i < found.len; i++, v = v->next)
			check(v && same(v, found.values[i]), "another element than jansson's");
		check(!v, "more elements than jansson's");
	}
	while (found.owned_len > 0)
		json_decref(found.owned[--found.owned_len]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text;
	struct fail why = {.code = ""};
	bool unknown = false;

	set_up();
	if (size > 1 << 16)
		return 0;
	arena_reset(&arena);
	int result = json_scan_run(scan, str_make((const char *)data, size), &arena, &why);
	if (size > 0 && memchr(data, 0, size)) { /* for jansson a NUL byte is the end */
		check(result != 0, "took a NUL byte");
		return 0;
	}
	buf_init(&text, 1 << 20);
	if (buf_add(&text, "", 0) || codec_utf8_repair(str_make((const char *)data, size), &text))
		abort();
	if (text.len > 0)
		repair_surrogates(text.data, text.len);
	json_t *root = oracle_load(text.data ? text.data : "", text.len, &unknown);
	bool limit = result && strcmp(why.code, "json") != 0;
	if (!unknown && !limit) {
		check((result == 0) == (root != NULL), result ? "refused what jansson takes" : "took what jansson refuses");
		json_t *strict = root ? json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL |
		    JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL) : NULL;
		/* of repeated members both keep the last, but what lies in an array was gathered from all */
		bool comparable = strict || (root && !memchr(text.data, '[', text.len));
		unsure = false;
		for (size_t i = 0; comparable && i < PATHS; i++)
			compare_path(root, i);
		json_decref(strict);
	}
	json_decref(root);
	buf_fini(&text);
	return 0;
}
