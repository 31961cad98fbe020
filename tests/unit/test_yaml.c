#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "config/yaml.h"
#include "unit.h"

static struct yaml_docs *
parse(const char *text)
{
	struct fail why = {0};
	struct yaml_docs *docs = yaml_parse(str_of(text), "t.yaml", NULL, &why);
	ck_assert_msg(docs != NULL, "%s at %u:%u", why.text, why.line, why.column);
	return docs;
}

static void
check_place(const struct yaml_node *n, unsigned line, unsigned column)
{
	ck_assert_ptr_nonnull(n);
	ck_assert_uint_eq(n->line, line);
	ck_assert_uint_eq(n->column, column);
	ck_assert_str_eq(n->file, "t.yaml");
}

START_TEST(yaml_keeps_the_place_of_every_key_and_value)
{
	struct yaml_docs *docs = parse("a: 1\nmap:\n  list: [x, \"y\"]\n  other:\n    - deep: |\n        block\n");
	ck_assert_uint_eq(docs->len, 1);
	const struct yaml_node *root = docs->roots[0];
	check_place(root, 1, 1);
	check_place(yaml_get(root, "a"), 1, 4);
	check_place(yaml_get(root, "a")->key, 1, 1);
	const struct yaml_node *map = yaml_get(root, "map");
	check_place(map->key, 2, 1);
	check_place(map, 3, 3);
	const struct yaml_node *list = yaml_get(map, "list");
	check_place(list, 3, 9);
	check_place(yaml_at(list, 0), 3, 10);
	check_place(yaml_at(list, 1), 3, 13);
	const struct yaml_node *deep = yaml_get(yaml_at(yaml_get(map, "other"), 0), "deep");
	check_place(deep->key, 5, 7);
	check_place(deep, 5, 13);
	ck_assert_str_eq(deep->text.p, "block\n");
	ck_assert(!deep->plain);
	yaml_docs_free(docs);
}
END_TEST

START_TEST(yaml_keeps_the_order_of_keys_and_items)
{
	struct yaml_docs *docs = parse("z: 0\na: 1\nm: 2\n");
	static const char *const order[] = {"z", "a", "m"};
	size_t i = 0;
	for (const struct yaml_node *n = docs->roots[0]->first; n; n = n->next)
		ck_assert_str_eq(n->key->text.p, order[i++]);
	ck_assert_uint_eq(i, docs->roots[0]->len);
	ck_assert_ptr_null(yaml_get(docs->roots[0], "b"));
	ck_assert_ptr_null(yaml_get(NULL, "b"));
	ck_assert_ptr_null(yaml_at(docs->roots[0], 0));
	yaml_docs_free(docs);
}
END_TEST

START_TEST(yaml_reads_every_document_of_a_stream)
{
	struct yaml_docs *docs = parse("a: 1\n---\n- 2\n---\n---\nthree\n...\n");
	ck_assert_uint_eq(docs->len, 4);
	ck_assert_int_eq(docs->roots[0]->kind, YAML_MAP);
	ck_assert_int_eq(docs->roots[1]->kind, YAML_LIST);
	ck_assert(yaml_is_null(docs->roots[2]));
	ck_assert_str_eq(docs->roots[3]->text.p, "three");
	yaml_docs_free(docs);
	docs = parse("# nothing\n");
	ck_assert_uint_eq(docs->len, 0);
	yaml_docs_free(docs);
}
END_TEST

enum type { TEXT, NUL, BOOL, INT, DOUBLE };
static const struct type_case {
	const char *text;
	enum type type;
	double value;
} type_cases[] = {
    {"yes", TEXT, 0}, {"no", TEXT, 0}, {"on", TEXT, 0}, {"y", TEXT, 0}, {"\"true\"", TEXT, 0}, {"'17'", TEXT, 0},
    {"~", NUL, 0}, {"null", NUL, 0}, {"Null", NUL, 0}, {"NULL", NUL, 0}, {"nUll", TEXT, 0}, {"''", TEXT, 0},
    {"true", BOOL, 1}, {"True", BOOL, 1}, {"TRUE", BOOL, 1}, {"tRUE", TEXT, 0}, {"false", BOOL, 0},
    {"False", BOOL, 0}, {"FALSE", BOOL, 0}, {"0", INT, 0}, {"17", INT, 17}, {"-3", INT, -3}, {"+3", INT, 3},
    {"0x17", INT, 23}, {"0xFf", INT, 255}, {"0o21", INT, 17}, {"017", INT, 17}, {"0x", TEXT, 0}, {"-0x1", TEXT, 0},
    {"0o8", TEXT, 0}, {"1_000", TEXT, 0}, {"1:30", TEXT, 0}, {"+", TEXT, 0}, {"1.5", DOUBLE, 1.5}, {".5", DOUBLE, .5},
    {"1.", DOUBLE, 1}, {"1e3", DOUBLE, 1000}, {"-1.5E-1", DOUBLE, -.15}, {".", TEXT, 0}, {"1e", TEXT, 0},
    {"1.2.3", TEXT, 0}, {".inf", TEXT, 0}, {".nan", TEXT, 0}, {"1e400", TEXT, 0}, {"!!str 17", TEXT, 0}, {"! 17", TEXT, 0},
    {"9223372036854775807", INT, 9223372036854775807.0}, {"-9223372036854775808", INT, -9223372036854775808.0},
    {"9223372036854775808", DOUBLE, 9223372036854775808.0}, {"2026-11-22", TEXT, 0}, {"0X17", TEXT, 0},
};

START_TEST(yaml_types_plain_scalars_by_the_core_schema)
{
	const struct type_case *t = &type_cases[_i];
	char text[64];
	snprintf(text, sizeof(text), "- %s\n", t->text);
	struct yaml_docs *docs = parse(text);
	const struct yaml_node *n = yaml_at(docs->roots[0], 0);
	bool boolean = false;
	int64_t integer = 0;
	double number = 0;
	bool is_int = yaml_as_int(n, &integer), is_double = yaml_as_double(n, &number);
	ck_assert_msg(yaml_is_null(n) == (t->type == NUL), "%s null", t->text);
	ck_assert_msg(yaml_as_bool(n, &boolean) == (t->type == BOOL), "%s bool", t->text);
	ck_assert_msg(is_int == (t->type == INT), "%s int", t->text);
	ck_assert_msg(is_double == (t->type == INT || t->type == DOUBLE), "%s double", t->text);
	ck_assert_msg(yaml_is_text(n) == (t->type == TEXT), "%s text", t->text);
	if (t->type == BOOL)
		ck_assert_int_eq(boolean, (int)t->value);
	if (is_double)
		ck_assert_double_eq(number, t->value);
	if (is_int)
		ck_assert_double_eq((double)integer, t->value);
	yaml_docs_free(docs);
}
END_TEST

static const struct refused {
	const char *text;
	unsigned line, column;
	const char *code, *part;
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", 3, 1, "yaml-duplicate-key", "the key a is here twice; the first is at line 1"},
    {"m:\n  k: {x: 1, 'x': 2}\n", 2, 13, "yaml-duplicate-key", "the key x"},
    {"a: &x 1\n", 1, 4, "yaml-alias", "anchors and aliases"},
    {"a: &x [1]\n", 1, 4, "yaml-alias", "anchors and aliases"},
    {"&x a: 1\n", 1, 1, "yaml-alias", "anchors and aliases"},
    {"a: 1\nb: *a\n", 2, 4, "yaml-alias", "anchors and aliases"},
    {"a: !secret x\n", 1, 4, "yaml-tag", "the tag !secret is not supported"},
    {"a: !!int 3\n", 1, 4, "yaml-tag", "not supported"},
    {"a: !!set {x: null}\n", 1, 4, "yaml-tag", "not supported"},
    {"[a, b]: 1\n", 1, 1, "yaml-key", "a key must be plain text"},
    {"a: [1\nb: 2\n", 2, 2, "yaml-syntax", "that began at line 1"},
    {"a: 1\n b: 2\n", 2, 3, "yaml-syntax", "mapping values are not allowed"},
    {"a: \x01\n", 1, 4, "yaml-syntax", "control characters"},
    {"ok: \xc3\xa9\nb\xff: 1\n", 2, 2, "yaml-syntax", "invalid"},
    {"\tb: 1\n", 1, 1, "yaml-syntax", "a tab stands where YAML wants spaces"},
    {"a:\n\tb: 1\n", 2, 1, "yaml-syntax", "a tab stands where YAML wants spaces"},
    {"a: @b\n", 1, 4, "yaml-syntax", "cannot start any token"},
    {"b: {x: 1}\na:\n  <<: c\n", 3, 3, "yaml-merge", "merge keys"},
};

START_TEST(yaml_refuses_with_line_and_column)
{
	const struct refused *t = &refused[_i];
	struct fail why = {0};
	ck_assert_ptr_null(yaml_parse(str_of(t->text), "t.yaml", NULL, &why));
	ck_assert_str_eq(why.file, "t.yaml");
	ck_assert_str_eq(why.code, t->code);
	ck_assert_msg(strstr(why.text, t->part) != NULL, "%s: %s", t->text, why.text);
	ck_assert_msg(why.line == t->line && why.column == t->column, "%s: %u:%u", t->text, why.line, why.column);
}
END_TEST

static const struct yaml_limits with_aliases = {.max_alias_nodes = 1000, .max_depth = 8};

START_TEST(yaml_alias_is_what_its_anchor_marks)
{
	struct fail why = {0};
	struct yaml_docs *docs = yaml_parse(STR("a: &x [1, {b: &y 2}]\nc: *x\n*y : *y\nd: &x 3\ne: *x\n---\na: &x 4\nb: *x\n"), "t.yaml",
	    &with_aliases, &why);
	ck_assert_msg(docs != NULL, "%s", why.text);
	const struct yaml_node *root = docs->roots[0], *c = yaml_get(root, "c");
	ck_assert_uint_eq(c->len, 2);
	ck_assert_str_eq(c->key->text.p, "c");
	ck_assert_str_eq(yaml_get(yaml_at(c, 1), "b")->text.p, "2");
	ck_assert_str_eq(yaml_get(root, "2")->text.p, "2");
	ck_assert_str_eq(yaml_get(root, "e")->text.p, "3");
	ck_assert_uint_eq(yaml_get(root, "a")->len, 2);
	ck_assert_str_eq(yaml_get(root, "e")->key->text.p, "e");
	ck_assert_str_eq(yaml_get(docs->roots[1], "b")->text.p, "4");
	yaml_docs_free(docs);
}
END_TEST

START_TEST(yaml_aliases_are_bounded)
{
	static const struct refused rows[] = {
	    {"b: *a\na: &a 1\n", 1, 4, "yaml-alias", "no anchor"},
	    {"a: &a [*a]\n", 1, 8, "yaml-alias", "no anchor"},
	    {"a: &a 1\n---\nb: *a\n", 3, 4, "yaml-alias", "no anchor"},
	    {"a: &a [[[[[1]]]]]\nb: [[*a]]\n", 2, 6, "yaml-alias", "too deep"},
	    {"a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n", 3, 38, "yaml-alias",
		"too large"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = {0};
		struct yaml_docs *docs = yaml_parse(str_of(rows[i].text), "t.yaml", &with_aliases, &why);
		ck_assert_msg(!docs && strstr(why.text, rows[i].part), "%s: %s", rows[i].text, why.text);
		ck_assert_msg(why.line == rows[i].line && why.column == rows[i].column, "%s: %u:%u", rows[i].text, why.line, why.column);
	}
	struct fail why = {0};
	struct yaml_docs *docs = yaml_parse(STR("a: &a [[[[1]]]]\nb: [[*a]]\n"), "t.yaml", &with_aliases, &why);
	ck_assert_msg(docs != NULL, "%s", why.text); /* just not too deep */
	yaml_docs_free(docs);
}
END_TEST

START_TEST(yaml_passes_over_a_byte_order_mark)
{
	struct yaml_docs *docs = parse("\xEF\xBB\xBF" "a: 1\n");
	ck_assert_str_eq(yaml_get(docs->roots[0], "a")->text.p, "1");
	yaml_docs_free(docs);
	docs = parse("\xEF\xBB\xBF---\r\na: 1\r\n...\r\n");
	ck_assert_uint_eq(docs->len, 1);
	yaml_docs_free(docs);
}
END_TEST

START_TEST(yaml_finds_a_duplicate_among_many_keys)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(buf_addf(&b, "key%d: 1\n", i), 0);
	struct yaml_docs *docs = parse(b.data);
	ck_assert_uint_eq(docs->roots[0]->len, 5000);
	yaml_docs_free(docs);
	ck_assert_int_eq(buf_addf(&b, "key77: 1\n"), 0);
	struct fail why = {0};
	ck_assert_ptr_null(yaml_parse(buf_str(&b), "t.yaml", NULL, &why));
	ck_assert_uint_eq(why.line, 5001);
	ck_assert_ptr_nonnull(strstr(why.text, "first is at line 78"));
	buf_fini(&b);
}
END_TEST

START_TEST(yaml_bounds_depth_and_size)
{
	struct fail why = {0};
	char text[80];
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	text[64] = '\0';
	yaml_docs_free(parse(text));
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	ck_assert_ptr_null(yaml_parse(str_make(text, 66), "t.yaml", NULL, &why));
	ck_assert_str_eq(why.code, "yaml-depth");
	ck_assert_uint_eq(why.column, 33);
	struct yaml_limits limits = {.max_bytes = 10, .max_depth = 2};
	ck_assert_ptr_null(yaml_parse(STR("a: 1234567\n"), "t.yaml", &limits, &why));
	ck_assert_str_eq(why.code, "yaml-size");
	struct yaml_docs *docs = yaml_parse(STR("a: [34567]"), "t.yaml", &limits, &why);
	ck_assert_ptr_nonnull(docs);
	yaml_docs_free(docs);
	ck_assert_ptr_null(yaml_parse(STR("a: [[4567]"), "t.yaml", &limits, &why));
	ck_assert_str_eq(why.code, "yaml-depth");
}
END_TEST

START_TEST(yaml_memory_is_bounded_by_the_size_of_the_file)
{
	struct fail why = {0};
	struct yaml_limits limits = {.max_bytes = 1 << 16};
	char *text = mem_zero(1 << 16, 1);
	memset(text, '-', 1 << 16);
	for (size_t i = 1; i < 1 << 16; i += 2)
		text[i] = '\n'; /* "-\n-\n...": the most nodes a byte can buy */
	struct yaml_docs *docs = yaml_parse(str_make(text, 1 << 16), "t.yaml", &limits, &why);
	ck_assert_msg(docs ? docs->roots[0]->len == 1 << 15 : strcmp(why.code, "yaml-size") == 0, "%s", why.text);
	yaml_docs_free(docs);
	mem_free(text);
}
END_TEST

START_TEST(yaml_reads_only_regular_files)
{
	struct fail why = {0};
	char path[] = "/tmp/test-yaml-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "a: b\n", 5), 5);
	struct yaml_docs *docs = yaml_read_file(path, NULL, &why);
	ck_assert_ptr_nonnull(docs);
	ck_assert_str_eq(docs->roots[0]->file, path);
	yaml_docs_free(docs);
	struct yaml_limits limits = {.max_bytes = 4};
	ck_assert_ptr_null(yaml_read_file(path, &limits, &why));
	ck_assert_str_eq(why.code, "yaml-size");
	close(fd);
	unlink(path);
	ck_assert_ptr_null(yaml_read_file(path, NULL, &why));
	ck_assert_str_eq(why.file, path);
	ck_assert_ptr_nonnull(strstr(why.text, "No such file"));
	ck_assert_ptr_null(yaml_read_file("/tmp", NULL, &why));
	ck_assert_ptr_nonnull(strstr(why.text, "not a regular file"));
	ck_assert_ptr_null(yaml_read_file("/dev/zero", NULL, &why));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("yaml");
	TCase *cases = tcase_create("yaml");
	suite_add_tcase(suite, cases);
	tcase_add_test(cases, yaml_keeps_the_place_of_every_key_and_value);
	tcase_add_test(cases, yaml_keeps_the_order_of_keys_and_items);
	tcase_add_test(cases, yaml_reads_every_document_of_a_stream);
	tcase_add_loop_test(cases, yaml_types_plain_scalars_by_the_core_schema, 0,
	    (int)(sizeof(type_cases) / sizeof(*type_cases)));
	tcase_add_loop_test(cases, yaml_refuses_with_line_and_column, 0, (int)(sizeof(refused) / sizeof(*refused)));
	tcase_add_test(cases, yaml_alias_is_what_its_anchor_marks);
	tcase_add_test(cases, yaml_aliases_are_bounded);
	tcase_add_test(cases, yaml_passes_over_a_byte_order_mark);
	tcase_add_test(cases, yaml_finds_a_duplicate_among_many_keys);
	tcase_add_test(cases, yaml_bounds_depth_and_size);
	tcase_add_test(cases, yaml_memory_is_bounded_by_the_size_of_the_file);
	tcase_add_test(cases, yaml_reads_only_regular_files);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_VERBOSE);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
