#include "unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event/plan.h"
#include "event/schema.h"
#include "event/schema_doc.h"
#include "event/shape.h"

static char dirs[2][64];
static struct fail_list problems;

static void
set_up(void)
{
	for (int i = 0; i < 2; i++) {
		snprintf(dirs[i], sizeof(dirs[i]), "/tmp/test_schema_XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(dirs[i]));
	}
	fail_list_init(&problems);
}

static void
put_file(int dir, const char *name, const char *text)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", dirs[dir], name);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static struct schema_set *
load(void)
{
	const char *const list[] = {dirs[0], dirs[1]};
	return schema_set_load(list, 2, &problems);
}

static void
tear_down(const char *const *names)
{
	char path[160];
	for (; *names; names++)
		for (int i = 0; i < 2; i++) {
			snprintf(path, sizeof(path), "%s/%s", dirs[i], *names);
			unlink(path);
		}
	for (int i = 0; i < 2; i++)
		rmdir(dirs[i]);
	fail_list_fini(&problems);
}

START_TEST(the_site_directory_wins_and_shapes_come_by_priority)
{
	unsigned count;
	set_up();
	put_file(0, "b.yaml", "priority: 2\ndetect: [{all: [x]}]\ntime: [site]\n");
	put_file(1, "b.yaml", "priority: 0\ndetect: [{all: [x]}]\ntime: [shipped]\n");
	put_file(1, "a.yaml", "priority: 1\ndetect: [{all: [y]}]\n");
	put_file(1, "ignored.yml", "nonsense: [");
	struct schema_set *set = load();
	ck_assert_ptr_nonnull(set);
	const struct schema *const *list = schema_set_schemas(set, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(list[0]->name, "a");
	ck_assert(str_eq(list[1]->time.items[0].path, STR("site")));
	schema_set_free(set);
	tear_down((const char *const[]){"a.yaml", "b.yaml", "ignored.yml", NULL});
}
END_TEST

START_TEST(every_problem_is_reported_with_its_place)
{
	set_up();
	put_file(0, "a.yaml", "detect: [{all: [x], al: [y]}]\nfeilds: {}\ntime: [a..b]\npriority: high\n");
	put_file(0, "b.yaml", "extends: nothing\n");
	put_file(0, "c.yaml", "extends: c\n");
	put_file(0, "d.yaml", "- no map\n");
	put_file(0, "e.yaml", "categories: [{also: [x]}]\nfields: {a: {from: b}, c: {join: [d], with: e}}\nprefix: [p]\n");
	ck_assert_ptr_null(load());
	static const struct {
		const char *file, *code;
		unsigned line;
	} want[] = {{"a.yaml", "unknown-key", 2}, {"a.yaml", "unknown-key", 1}, {"a.yaml", "bad-path", 3},
	    {"a.yaml", "bad-value", 4}, {"d.yaml", "bad-value", 1}, {"e.yaml", "bad-value", 1}, {"e.yaml", "bad-value", 2},
	    {"e.yaml", "bad-path", 2}, {"e.yaml", "bad-path", 3}, {"b.yaml", "unknown-schema", 1},
	    {"c.yaml", "unknown-schema", 1}};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		bool found = false;
		for (size_t k = 0; k < problems.len && !found; k++)
			found = str_ends(str_of(problems.items[k].file), str_of(want[i].file)) &&
			    strcmp(problems.items[k].code, want[i].code) == 0 && problems.items[k].line == want[i].line;
		/* what extends is checked when all files were read, even with problems in some */
		ck_assert_msg(found, "%s %s %u", want[i].file, want[i].code, want[i].line);
	}
	tear_down((const char *const[]){"a.yaml", "b.yaml", "c.yaml", "d.yaml", "e.yaml", NULL});
}
END_TEST

START_TEST(a_missing_directory_is_a_problem)
{
	const char *const none[] = {"/nonexistent/schemas"};
	fail_list_init(&problems);
	ck_assert_ptr_null(schema_set_load(none, 1, &problems));
	ck_assert_uint_eq(problems.len, 1);
	ck_assert_str_eq(problems.items[0].code, "unreadable");
	fail_list_fini(&problems);
}
END_TEST

START_TEST(equal_sources_have_equal_index)
{
	unsigned count;
	set_up();
	put_file(0, "a.yaml", "detect: [{all: [x]}]\nsource: {product: azure, service: signinlogs}\n");
	struct schema_set *set = load();
	ck_assert_ptr_nonnull(set);
	const struct source *a = schema_set_source(set, STR("azure"), STR("signinlogs"), (struct str){NULL, 0});
	const struct source *b = schema_set_source(set, STR("Azure"), STR("SignInLogs"), STR(""));
	const struct source *c = schema_set_source(set, STR("azure"), STR(""), STR(""));
	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	const struct source *const *all = schema_set_sources(set, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_ptr_eq(all[c->index], c);
	schema_set_free(set);
	tear_down((const char *const[]){"a.yaml", NULL});
}
END_TEST

START_TEST(identity_of_a_source_is_that_of_its_words_in_every_set)
{
	set_up();
	put_file(0, "a.yaml", "detect: [{all: [x]}]\nsource: {product: azure, service: signinlogs}\n");
	struct schema_set *one = load(), *two = load();
	ck_assert(one && two);
	const struct source *other = schema_set_source(two, STR("azures"), STR("ignInLogs"), STR(""));
	const struct source *a = schema_set_source(one, STR("azure"), STR("signinlogs"), STR(""));
	const struct source *b = schema_set_source(two, STR("AZURE"), STR("SignInLogs"), STR(""));
	ck_assert_uint_eq(a->identity, b->identity);
	ck_assert_uint_ne(a->identity, other->identity);
	ck_assert_uint_eq(a->identity, UINT64_C(7764078974993237481)); /* it is written to disk: it never changes */
	schema_set_free(one);
	schema_set_free(two);
	tear_down((const char *const[]){"a.yaml", NULL});
}
END_TEST

START_TEST(plan_marks_where_fields_may_stand)
{
	set_up();
	put_file(0, "a.yaml", "detect: [{all: [x]}]\nprefix: [p., {snake: s.}]\n"
	    "fields: {resultType: [r, {join: [u, v], with: '@'}], Other: {alias: resultType}}\n");
	struct schema_set *set = load();
	struct field_set *fields = field_set_new();
	struct fail why;
	unsigned count;
	ck_assert_ptr_nonnull(set);
	int other = field_set_intern(fields, STR("other")), camel = field_set_intern(fields, STR("riskLevel_v2"));
	int odd = field_set_intern(fields, STR("a..b"));
	struct plan *plan = plan_compile(fields, set, &(struct plan_options){.leaves = true}, &why);
	ck_assert_ptr_nonnull(plan);
	ck_assert(plan_leaves(plan));
	const struct trie *trie = plan_trie(plan);
	const struct shape *shape = plan_shapes(plan, &count);
	ck_assert_uint_eq(count, 1);
	for (unsigned i = 0; i < shape->slot_len; i++) {
		const struct shape_slot *s = &shape->slots[i];
		ck_assert_int_ne((int)s->slot, odd);
		ck_assert_int_ne((int)s->slot, FIELD_WIN_IP_FAILURES);
		ck_assert_int_ne((int)s->slot, FIELD_MESSAGE_TIME);
		if ((int)s->slot == other || s->slot == FIELD_RESULT_TYPE) {
			ck_assert_uint_eq(s->refs.len, 2);
			ck_assert_uint_eq(s->refs.items[0].node, trie_find(trie, TRIE_ROOT, STR("r")));
			ck_assert_uint_eq(s->refs.items[1].with, trie_find(trie, TRIE_ROOT, STR("v")));
		}
		if ((int)s->slot == camel) {
			ck_assert_uint_eq(s->refs.len, 3);
			uint32_t snake = trie_find(trie, TRIE_ROOT, STR("s"));
			ck_assert_uint_eq(s->refs.items[1].node, trie_find(trie, snake, STR("risk_level_v2")));
			ck_assert_uint_eq(s->refs.items[2].node, trie_find(trie, TRIE_ROOT, STR("riskLevel_v2")));
		}
	}
	plan_free(plan);
	plan = plan_compile(fields, set, &(struct plan_options){.any_source = true}, &why);
	plan_shapes(plan, &count);
	ck_assert_uint_eq(count, 0);
	plan_free(plan);
	field_set_free(fields);
	schema_set_free(set);
	tear_down((const char *const[]){"a.yaml", NULL});
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_site_directory_wins_and_shapes_come_by_priority,
		every_problem_is_reported_with_its_place,
		a_missing_directory_is_a_problem,
		equal_sources_have_equal_index,
		identity_of_a_source_is_that_of_its_words_in_every_set,
		plan_marks_where_fields_may_stand,
		NULL,
	};
	return unit_run("schema", tests);
}
