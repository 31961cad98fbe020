/* The corpus under tests/corpus/json_scan goes through the fuzz target, which compares with jansson. */
#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/mem.h"
#include "decode/json_bytes.h"
#include "decode/json_scan.h"
#include "decode/json_string.h"
#include "event/event.h"
#include "fuzz/fuzz.h"

static struct trie *trie;
static struct json_scan *scan;
static struct arena arena;
static struct fail why;

static void
set_up(const char *const *paths, bool leaves)
{
	trie = trie_new();
	for (; *paths; paths++)
		trie_want(trie, trie_add(trie, str_of(*paths)));
	scan = json_scan_new(trie, 64, leaves);
	arena_init(&arena, 1 << 24, 1 << 20);
	why = (struct fail){.code = ""};
}

static void
tear_down(void)
{
	json_scan_free(scan);
	trie_free(trie);
	arena_fini(&arena);
}

static int
run(struct str text)
{
	arena_reset(&arena);
	return json_scan_run(scan, text, &arena, &why);
}

static uint32_t
node_of(const char *path)
{
	uint32_t node = TRIE_ROOT;
	struct str rest = str_of(path);
	while (rest.len > 0)
		node = trie_find(trie, node, str_split(&rest, '.'));
	return node;
}

static const struct value *
at(const char *path)
{
	return json_scan_value(scan, node_of(path));
}

static void
assert_str(const struct value *v, enum value_type type, struct str text)
{
	ck_assert_int_eq(v->type, type);
	ck_assert_msg(str_eq(v->text, text), "got %.*s", (int)v->text.len, v->text.p);
}

#define assert_text(value, type, literal) assert_str((value), (type), STR(literal))

START_TEST(values_are_slices_of_the_record)
{
	const struct str text = STR("{\"a\":{\"b\":\"x\",\"n\":-0.000000},\"t\":true,\"z\":null,\"o\":{ \"q\" : 1 }}");
	set_up((const char *const[]){"a.b", "a.n", "t", "z", "o", "none", NULL}, false);
	ck_assert_int_eq(run(text), 0);
	assert_text(at("a.b"), VALUE_STRING, "x");
	ck_assert(at("a.b")->text.p > text.p && at("a.b")->text.p < text.p + text.len);
	assert_text(at("a.n"), VALUE_NUMBER, "-0.000000");
	assert_text(at("t"), VALUE_BOOL, "true");
	assert_text(at("z"), VALUE_NULL, "null");
	assert_text(at("o"), VALUE_OBJECT, "{ \"q\" : 1 }");
	ck_assert_int_eq(at("none")->type, VALUE_MISSING);
	ck_assert_int_eq(run(STR("{}")), 0);
	ck_assert_int_eq(at("a.b")->type, VALUE_MISSING);
	tear_down();
}
END_TEST

START_TEST(exact_spelling_wins_over_other_case_in_any_order)
{
	set_up((const char *const[]){"level", "level.deep", NULL}, false);
	ck_assert_int_eq(run(STR("{\"Level\":1,\"level\":2}")), 0);
	assert_text(at("level"), VALUE_NUMBER, "2");
	ck_assert_int_eq(run(STR("{\"level\":{\"deep\":3},\"LEVEL\":{\"deep\":4}}")), 0);
	assert_text(at("level.deep"), VALUE_NUMBER, "3");
	ck_assert_uint_eq(json_scan_anomalies(scan), 0);
	ck_assert_int_eq(run(STR("{\"LEVEL\":{\"DEEP\":5}}")), 0);
	assert_text(at("level.deep"), VALUE_NUMBER, "5");
	ck_assert(str_eq(json_scan_name(scan, node_of("level")), STR("LEVEL")));
	tear_down();
}
END_TEST

START_TEST(of_duplicate_members_the_last_wins_with_all_below_it)
{
	set_up((const char *const[]){"p.id", "p.x", NULL}, false);
	ck_assert_int_eq(run(STR("{\"p\":{\"id\":1,\"x\":1},\"p\":{\"id\":2}}")), 0);
	assert_text(at("p.id"), VALUE_NUMBER, "2");
	ck_assert_int_eq(at("p.x")->type, VALUE_MISSING);
	ck_assert_uint_eq(json_scan_anomalies(scan), ANOMALY_DUPLICATE_KEY);
	ck_assert_int_eq(run(STR("{\"p\":{\"id\":1},\"p\":null}")), 0);
	ck_assert_int_eq(at("p.id")->type, VALUE_MISSING);
	tear_down();
}
END_TEST

START_TEST(a_literal_dotted_name_wins_over_the_nested_path)
{
	set_up((const char *const[]){"p.status.code", "p.id", NULL}, false);
	ck_assert_int_eq(run(STR("{\"p.status.code\":7,\"p\":{\"status\":{\"code\":8},\"id\":9}}")), 0);
	assert_text(at("p.status.code"), VALUE_NUMBER, "7");
	assert_text(at("p.id"), VALUE_NUMBER, "9");
	ck_assert(json_scan_dotted(scan, node_of("p")));
	ck_assert_int_eq(run(STR("{\"p\":{\"status\":{\"code\":8}},\"P.Status.Code\":7}")), 0);
	assert_text(at("p.status.code"), VALUE_NUMBER, "7");
	ck_assert_int_eq(run(STR("{\"p\":{\"status.code\":6}}")), 0);
	assert_text(at("p.status.code"), VALUE_NUMBER, "6");
	ck_assert(!json_scan_dotted(scan, node_of("p")));
	ck_assert_int_eq(run(STR("{\"p.other\":1,\".\":2,\"p.\":3,\"..\":4,\"p..id\":5}")), 0);
	ck_assert_int_eq(at("p.id")->type, VALUE_MISSING);
	ck_assert(json_scan_dotted(scan, node_of("p")));
	tear_down();
}
END_TEST

START_TEST(arrays_keep_their_elements_in_order)
{
	set_up((const char *const[]){"r", NULL}, false);
	ck_assert_int_eq(run(STR("{\"r\":[\"a\",2,null,[\"x\"],{\"k\":1}]}")), 0);
	const struct value *v = at("r");
	assert_text(v, VALUE_ARRAY, "[\"a\",2,null,[\"x\"],{\"k\":1}]");
	v = v->elements;
	assert_text(v, VALUE_STRING, "a");
	assert_text(v = v->next, VALUE_NUMBER, "2");
	assert_text(v = v->next, VALUE_NULL, "null");
	assert_text(v = v->next, VALUE_ARRAY, "[\"x\"]");
	assert_text(v->elements, VALUE_STRING, "x");
	assert_text(v = v->next, VALUE_OBJECT, "{\"k\":1}");
	ck_assert_ptr_null(v->next);
	ck_assert_int_eq(run(STR("{\"r\":[]}")), 0);
	ck_assert_ptr_null(at("r")->elements);
	tear_down();
}
END_TEST

START_TEST(a_path_through_an_array_gathers)
{
	set_up((const char *const[]){"t.m.v", NULL}, false);
	ck_assert_int_eq(run(STR("{\"t\":[{\"m\":[{\"v\":1},{\"v\":2}]},{\"x\":0},7,{\"m\":{\"v\":3,\"v\":4}}]}")), 0);
	const struct value *v = at("t.m.v");
	ck_assert_int_eq(v->type, VALUE_ARRAY);
	ck_assert_int_eq(v->flags, VALUE_FANOUT);
	ck_assert_uint_eq(v->text.len, 0);
	assert_text(v = v->elements, VALUE_NUMBER, "1");
	assert_text(v = v->next, VALUE_NUMBER, "2");
	assert_text(v = v->next, VALUE_NUMBER, "4");
	ck_assert_ptr_null(v->next);
	tear_down();
}
END_TEST

START_TEST(json_in_a_string_is_read_where_paths_go_on)
{
	set_up((const char *const[]){"d.os", "d.n.x", "leaf", NULL}, false);
	ck_assert_int_eq(run(STR("{\"d\":\"{\\\"os\\\":\\\"Win\\\\u0041\\\",\\\"n\\\":\\\"{\\\\\\\"x\\\\\\\":1}\\\"}\",\"leaf\":\"{}\"}")), 0);
	assert_text(at("d.os"), VALUE_STRING, "WinA");
	assert_text(at("d.n.x"), VALUE_NUMBER, "1");
	ck_assert_int_eq(at("d")->type, VALUE_STRING);
	assert_text(at("leaf"), VALUE_STRING, "{}");
	/* broken inside: the string stays a string and nothing of it shows */
	ck_assert_int_eq(run(STR("{\"d\":\"{\\\"os\\\":\\\"Win\\\",\\\"n\\\":\",\"leaf\":1}")), 0);
	ck_assert_int_eq(at("d.os")->type, VALUE_MISSING);
	assert_text(at("leaf"), VALUE_NUMBER, "1");
	tear_down();
}
END_TEST

START_TEST(escapes_are_resolved_and_ill_formed_text_is_repaired)
{
	set_up((const char *const[]){"s", NULL}, false);
	ck_assert_int_eq(run(STR("{\"\\u0073\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}")), 0);
	assert_text(at("s"), VALUE_STRING, "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
	ck_assert_uint_eq(json_scan_anomalies(scan), 0);
	ck_assert_int_eq(run(STR("{\"s\":\"a\\ud800b\"}")), 0);
	assert_text(at("s"), VALUE_STRING, "a\xEF\xBF\xBD" "b");
	ck_assert_uint_eq(json_scan_anomalies(scan), ANOMALY_INVALID_UTF8);
	ck_assert_int_eq(run(STR("{\"s\":\"\xE2\x82|\xFF\\n\"}")), 0);
	assert_text(at("s"), VALUE_STRING, "\xEF\xBF\xBD|\xEF\xBF\xBD\n");
	ck_assert_int_eq(run(STR("{\"other\":\"\xFF\"}")), 0);
	ck_assert_uint_eq(json_scan_anomalies(scan), ANOMALY_INVALID_UTF8);
	ck_assert_int_eq(run(STR("{\"s\":\"a\\u0000b\"}")), 0);
	ck_assert_uint_eq(at("s")->text.len, 3);
	tear_down();
}
END_TEST

START_TEST(repair_is_that_of_base_codec_for_every_short_sequence)
{
	static const unsigned char bytes[] = {'a', 0x80, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0xA0, 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0xFF};
	enum { N = sizeof(bytes) };
	arena_init(&arena, 1 << 24, 1 << 20);
	for (unsigned i = 0; i < N * N * N * N; i++) {
		char text[4] = {(char)bytes[i % N], (char)bytes[i / N % N], (char)bytes[i / N / N % N], (char)bytes[i / N / N / N]};
		struct buf want;
		bool replaced = false;
		buf_init(&want, 64);
		ck_assert_int_eq(codec_utf8_repair(str_make(text, 4), &want), 0);
		arena_reset(&arena);
		struct str got = json_string_decode(&arena, str_make(text, 4), JSON_HIGH, &replaced);
		ck_assert(str_eq(got, buf_str(&want)));
		ck_assert_int_eq(replaced, !codec_utf8_valid(str_make(text, 4)));
		buf_fini(&want);
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(numbers_beyond_a_double_are_flagged_and_kept_as_text)
{
	set_up((const char *const[]){"n", NULL}, false);
	ck_assert_int_eq(run(STR("{\"n\":1e999}")), 0);
	ck_assert_uint_eq(json_scan_anomalies(scan), ANOMALY_NUMBER_RANGE);
	assert_text(at("n"), VALUE_NUMBER, "1e999");
	ck_assert_int_eq(run(STR("{\"n\":123456789012345678901234567890}")), 0);
	ck_assert_uint_eq(json_scan_anomalies(scan), 0);
	assert_text(at("n"), VALUE_NUMBER, "123456789012345678901234567890");
	tear_down();
}
END_TEST

START_TEST(limits_have_their_own_codes_and_name_the_place)
{
	static char many[32000], deep[200];
	size_t n = 0;
	set_up((const char *const[]){"n", NULL}, false);
	n += (size_t)snprintf(many + n, sizeof(many) - n, "{\"a/b\":{");
	for (int i = 0; i <= JSON_KEYS_MAX; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "%s\"k%d\":%d", i ? "," : "", i, i);
	n += (size_t)snprintf(many + n, sizeof(many) - n, "}}");
	ck_assert_int_eq(run(str_make(many, n)), -1);
	ck_assert_str_eq(why.code, "keys");
	ck_assert_str_eq(why.file, "/a~1b/k1024");
	memset(deep, '[', sizeof(deep));
	ck_assert_int_eq(run(str_make(deep, sizeof(deep))), -1);
	ck_assert_str_eq(why.code, "depth");
	ck_assert_int_eq(run(STR("{\"x\":[1,{\"y\":tru}]}")), -1);
	ck_assert_str_eq(why.code, "json");
	ck_assert_str_eq(why.file, "/x/1/y");
	tear_down();
}
END_TEST

START_TEST(too_many_elements_are_cut_and_flagged)
{
	static char text[4 * JSON_VALUES_MAX];
	size_t n = 0;
	set_up((const char *const[]){"r", NULL}, false);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "{\"r\":[");
	for (int i = 0; i < JSON_VALUES_MAX + 10; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s1", i ? "," : "");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "]}");
	ck_assert_int_eq(run(str_make(text, n)), 0);
	ck_assert_int_eq(at("r")->flags, VALUE_CUT);
	ck_assert_uint_eq(json_scan_anomalies(scan), ANOMALY_FIELD_CUT);
	unsigned len = 0;
	for (const struct value *v = at("r")->elements; v; v = v->next)
		len++;
	ck_assert_uint_eq(len, JSON_VALUES_MAX);
	tear_down();
}
END_TEST

START_TEST(leaves_are_all_scalars_in_order)
{
	set_up((const char *const[]){"a", NULL}, true);
	ck_assert_int_eq(run(STR("{\"a\":\"x\\n\",\"b\":[1,{\"c\":false}],\"n\":null,\"o\":{\"p\":\"q\"}}")), 0);
	const struct value *v = json_scan_leaves(scan);
	assert_text(v, VALUE_STRING, "x\n");
	assert_text(v = v->next, VALUE_NUMBER, "1");
	assert_text(v = v->next, VALUE_BOOL, "false");
	assert_text(v = v->next, VALUE_STRING, "q");
	ck_assert_ptr_null(v->next);
	tear_down();
}
END_TEST

START_TEST(a_warm_scan_allocates_nothing)
{
	const struct str text = STR("{\"a\":{\"b\":\"x\\ny\",\"c\":[1,2,3]},\"d\":\"{\\\"e\\\":[\\\"f\\\"]}\"}");
	set_up((const char *const[]){"a.b", "a.c", "d.e", NULL}, false);
	ck_assert_int_eq(run(text), 0);
	uint64_t before = mem_count();
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(run(text), 0);
	ck_assert_uint_eq(mem_count(), before);
	tear_down();
}
END_TEST

START_TEST(searches_agree_with_their_portable_forms)
{
	static char text[80];
	for (unsigned seed = 1; seed < 40000; seed++) {
		unsigned x = seed * 2654435761U;
		size_t len = seed % sizeof(text);
		for (size_t i = 0; i < len; i++) {
			x = x * 1664525U + 1013904223U;
			text[i] = x >> 28 ? (char)('a' + (x >> 27)) : "\"\\\n[]{}\x80\x1f\x7f,:"[(x >> 20) % 12];
		}
		bool high = false, portable = false;
		const char *end = text + len;
		ck_assert_ptr_eq(json_bytes_special(text, end, &high), json_bytes_special_portable(text, end, &portable));
		ck_assert_int_eq(high, portable);
		ck_assert_ptr_eq(json_bytes_bracket(text, end), json_bytes_bracket_portable(text, end));
	}
}
END_TEST

START_TEST(canonical_text_has_no_space_and_shortest_escapes)
{
	arena_init(&arena, 1 << 20, 1 << 16);
	struct str s = json_canonical(&arena, STR("{ \"a\\/\\u0041\" : [ 1.50 , \" \\u000a\\u0001\\u00e9\" ] }"));
	ck_assert(str_eq(s, STR("{\"a/A\":[1.50,\" \\n\\u0001\xC3\xA9\"]}")));
	const struct str same = STR("{\"a\":\"b c\"}");
	ck_assert_ptr_eq(json_canonical(&arena, same).p, same.p);
	ck_assert(str_eq(json_canonical(&arena, STR("{\"a\":\"\xFF\"}")), STR("{\"a\":\"\xEF\xBF\xBD\"}")));
	ck_assert(str_eq(json_compact(&arena, STR("[ \"a b\\\" c\" ,\n1 ]")), STR("[\"a b\\\" c\",1]")));
	arena_fini(&arena);
}
END_TEST

START_TEST(corpus_and_every_truncation_agree_with_jansson)
{
	char path[512];
	static char data[1 << 16];
	unsigned cases = 0;
	DIR *dir = opendir(SRCDIR "/tests/corpus/json_scan");
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), SRCDIR "/tests/corpus/json_scan/%s/input", entry->d_name);
		FILE *file = fopen(path, "rb");
		ck_assert_ptr_nonnull(file);
		size_t size = fread(data, 1, sizeof(data), file);
		fclose(file);
		for (size_t n = size > 2048 ? size - 64 : 0; n <= size; n++)
			LLVMFuzzerTestOneInput((const uint8_t *)data, n);
		cases++;
	}
	closedir(dir);
	ck_assert_uint_gt(cases, 50);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    values_are_slices_of_the_record,
	    exact_spelling_wins_over_other_case_in_any_order,
	    of_duplicate_members_the_last_wins_with_all_below_it,
	    a_literal_dotted_name_wins_over_the_nested_path,
	    arrays_keep_their_elements_in_order,
	    a_path_through_an_array_gathers,
	    json_in_a_string_is_read_where_paths_go_on,
	    escapes_are_resolved_and_ill_formed_text_is_repaired,
	    repair_is_that_of_base_codec_for_every_short_sequence,
	    numbers_beyond_a_double_are_flagged_and_kept_as_text,
	    limits_have_their_own_codes_and_name_the_place,
	    too_many_elements_are_cut_and_flagged,
	    leaves_are_all_scalars_in_order,
	    a_warm_scan_allocates_nothing,
	    searches_agree_with_their_portable_forms,
	    canonical_text_has_no_space_and_shortest_escapes,
	    corpus_and_every_truncation_agree_with_jansson,
	    NULL,
	};
	return unit_run("json_scan", tests);
}
