/* Rule collections: `action: global`, `reset` and `repeat`. */
#include "unit.h"

#include "sigma_fixture.h"

static const struct ruleset_options any_source = {.any_source = true, .max_regex_steps = 1000};

static unsigned
load(struct fixture *f, const char *text)
{
	unsigned count;
	fixture_load(f, text, &any_source);
	fixture_show(f);
	ck_assert_uint_eq(f->problems.len, 0);
	ruleset_rules(f->set, &count);
	return count;
}

START_TEST(template_is_merged_deeply_into_the_rules_behind_it)
{
	struct fixture f;
	const struct match *matches;
	ck_assert_uint_eq(load(&f,
	    "action: global\ntitle: Both\nlevel: high\nlogsource: {product: p}\n"
	    "detection:\n  base: {a: 1}\n  condition: base and own\n---\n"
	    "id: one\ndetection:\n  own: {b: 1}\n---\n"
	    "id: two\nlevel: low\nlogsource: {service: s}\ndetection:\n  own: {b: 2}\n"), 2);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"b\":2}", &matches), 1);
	ck_assert_str_eq(matches[0].rule->id, "two");
	ck_assert_str_eq(matches[0].rule->title, "Both");
	ck_assert_int_eq(matches[0].rule->level, LEVEL_HIGH); /* the template's wins */
	ck_assert_uint_eq(matches[0].rule->line, 13);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"b\":1}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"b\":1}", NULL), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(lists_of_the_template_take_the_place_of_the_rules)
{
	struct fixture f;
	ck_assert_uint_eq(load(&f,
	    "action: global\ndetection:\n  s: {a: [1, 2]}\n---\n"
	    "title: t\nlogsource: {}\ndetection:\n  s: {a: [3], b: 1}\n  condition: s\n"), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":3,\"b\":1}", NULL), 0);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":2,\"b\":1}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":2}", NULL), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(reset_ends_the_template_and_a_second_one_replaces_the_first)
{
	struct fixture f;
	const struct match *matches;
	ck_assert_uint_eq(load(&f,
	    "action: global\nlevel: high\nauthor: a\n---\n"
	    "action: global\nlevel: critical\n---\n"
	    "title: one\nlogsource: {}\ndetection: {s: {a: 1}, condition: s}\n---\n"
	    "action: reset\n---\n"
	    "title: two\nlogsource: {}\ndetection: {s: {a: 1}, condition: s}\n"), 2);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1}", &matches), 2);
	ck_assert_int_eq(matches[0].rule->level, LEVEL_CRITICAL);
	ck_assert_ptr_null(matches[0].rule->author);
	ck_assert_int_eq(matches[1].rule->level, LEVEL_MEDIUM);
	fixture_fini(&f);
}
END_TEST

START_TEST(repeat_is_the_rule_before_it_with_changes)
{
	struct fixture f;
	const struct match *matches;
	ck_assert_uint_eq(load(&f,
	    "title: one\nid: first\nlogsource: {}\ndetection:\n  s: {a: 1, b: 1}\n  condition: s\n---\n"
	    "action: repeat\ntitle: two\ndetection:\n  s: {b: 2}\n---\n"
	    "action: repeat\ntitle: three\nid: last\ndetection:\n  s: {c: 1}\n"), 3);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"b\":1}", &matches), 1);
	ck_assert_str_eq(matches[0].rule->id, "first");
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"b\":2}", &matches), 1);
	ck_assert_str_eq(matches[0].rule->title, "two");
	ck_assert_str_eq(matches[0].rule->id, "first-2"); /* none of its own */
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"b\":2,\"c\":1}", &matches), 2);
	ck_assert_str_eq(matches[1].rule->id, "last");
	fixture_fini(&f);
}
END_TEST

START_TEST(rules_under_a_template_with_an_id_are_numbered)
{
	struct fixture f;
	unsigned count;
	ck_assert_uint_eq(load(&f,
	    "action: global\ntitle: t\nid: 2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11\nlogsource: {}\n---\n"
	    "detection: {s: {a: 1}, condition: s}\n---\n"
	    "detection: {s: {a: 2}, condition: s}\n---\n"
	    "detection: {s: {a: 3}, condition: s}\n"), 3);
	const struct rule *const *rules = ruleset_rules(f.set, &count);
	ck_assert_str_eq(rules[0]->id, "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11");
	ck_assert_str_eq(rules[1]->id, "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11-2");
	ck_assert_str_eq(rules[2]->id, "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11-3");
	fixture_fini(&f);
}
END_TEST

START_TEST(template_is_not_merged_into_correlations_and_filters)
{
	struct fixture f;
	unsigned count;
	ck_assert_uint_eq(load(&f,
	    "action: global\nlogsource: {product: p}\nlevel: critical\n---\n"
	    "title: r\nid: r\ndetection: {s: {a: 1}, condition: s}\n---\n"
	    "title: c\nid: c\ncorrelation: {type: event_count, rules: r, timespan: 1m, condition: {gte: 2}}\n---\n"
	    "title: f\nlogsource: {}\nfilter: {rules: any, s: {b: 1}, condition: not s}\n"), 2);
	ck_assert_int_eq(ruleset_rules(f.set, &count)[1]->level, LEVEL_MEDIUM);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"b\":1}", NULL), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(errors_are_at_the_place_of_the_document_that_has_them)
{
	struct fixture f;
	unsigned count;
	fixture_load(&f,
	    "action: global\nlogsource: {}\ndetection:\n  s: {a|nope: 1}\n---\n"
	    "title: one\ndetection: {condition: s}\n---\n"
	    "action: what\n---\n"
	    "action: reset\n---\n"
	    "title: two\nlogsource: {}\ndetection: {s: {a: 1}, condition: s}\n", &any_source);
	ck_assert_uint_eq(f.problems.len, 2);
	ck_assert_str_eq(f.problems.items[0].code, "unknown-modifier");
	ck_assert_uint_eq(f.problems.items[0].line, 4);
	ck_assert_uint_eq(f.problems.items[0].column, 9);
	ck_assert_str_eq(f.problems.items[1].code, "action");
	ck_assert_uint_eq(f.problems.items[1].line, 9);
	ck_assert_uint_eq(ruleset_broken(f.set), 2);
	ruleset_rules(f.set, &count);
	ck_assert_uint_eq(count, 1);
	fixture_fini(&f);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {template_is_merged_deeply_into_the_rules_behind_it,
	    lists_of_the_template_take_the_place_of_the_rules, reset_ends_the_template_and_a_second_one_replaces_the_first,
	    repeat_is_the_rule_before_it_with_changes, rules_under_a_template_with_an_id_are_numbered,
	    template_is_not_merged_into_correlations_and_filters, errors_are_at_the_place_of_the_document_that_has_them,
	    NULL};
	return unit_run("collection", tests);
}
