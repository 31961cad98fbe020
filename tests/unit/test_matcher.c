#include "unit.h"

#include "sigma_fixture.h"

struct row {
	const char *selection, *event;
	bool matches;
};

static void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool matched = fixture_judge(rows[i].selection, rows[i].event);
		ck_assert_msg(matched == rows[i].matches, "row %zu: %s on %s gave %d", i, rows[i].selection, rows[i].event,
		    matched);
	}
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof((rows)[0]))

START_TEST(matcher_compares_whole_text_without_case)
{
	static const struct row rows[] = {
	    {"{a: High}", "{\"a\":\"hIGH\"}", true},
	    {"{a: High}", "{\"a\":\"highest\"}", false},
	    {"{a: High}", "{\"a\":\" high\"}", false},
	    {"{a: High}", "{}", false},
	    {"{a: High}", "{\"a\":null}", false},
	    {"{a: [low, high]}", "{\"a\":\"HIGH\"}", true},
	    {"{a: [low, high]}", "{\"a\":\"medium\"}", false},
	    {"{a: x, b: y}", "{\"a\":\"x\",\"b\":\"y\"}", true},
	    {"{a: x, b: y}", "{\"a\":\"x\"}", false},
	    {"[{a: x}, {b: y}]", "{\"b\":\"y\"}", true},
	    {"[{a: x}, {b: y}]", "{\"b\":\"x\"}", false},
	    {"{A: x}", "{\"A\":\"x\"}", true},
	    {"{a.b: x}", "{\"a\":{\"b\":\"X\"}}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_folds_unicode)
{
	static const struct row rows[] = {
	    {"{a: ÄRGER}", "{\"a\":\"ärger\"}", true},
	    {"{a: ΣΊΣΥΦΟΣ}", "{\"a\":\"σίσυφος\"}", true}, /* final sigma folds to sigma */
	    {"{a: ПРИВЕТ}", "{\"a\":\"привет\"}", true},
	    {"{a: kelvin}", "{\"a\":\"\\u212Aelvin\"}", true},
	    {"{a|contains: straße}", "{\"a\":\"DIE STRAẞE\"}", true},
	    {"{a: ｆｕｌｌ}", "{\"a\":\"ＦＵＬＬ\"}", true},
	    {"{a|cased: Ä}", "{\"a\":\"ä\"}", false},
	    {"{a|endswith: Ⱥ}", "{\"a\":\"xⱥ\"}", true}, /* two bytes fold to three */
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_knows_null_empty_and_missing)
{
	static const struct row rows[] = {
	    {"{a: null}", "{}", true},
	    {"{a: null}", "{\"a\":null}", true},
	    {"{a: null}", "{\"a\":\"\"}", false},
	    {"{a: null}", "{\"a\":0}", false},
	    {"{a: ''}", "{\"a\":\"\"}", true},
	    {"{a: ''}", "{}", false},
	    {"{a: ''}", "{\"a\":null}", false},
	    {"{a: ''}", "{\"a\":\" \"}", false},
	    {"{a|exists: true}", "{\"a\":null}", true},
	    {"{a|exists: true}", "{\"a\":\"\"}", true},
	    {"{a|exists: true}", "{}", false},
	    {"{a|exists: false}", "{}", true},
	    {"{a: '*'}", "{\"a\":\"\"}", true},
	    {"{a: '*'}", "{\"a\":null}", false},
	    {"{a: '?*'}", "{\"a\":\"\"}", false},
	    {"{a|neq: x}", "{}", true},
	    {"{a|neq: null}", "{}", false},
	    {"{a|neq: null}", "{\"a\":1}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_compares_numbers_and_booleans_across_types)
{
	static const struct row rows[] = {
	    {"{a: 0}", "{\"a\":0}", true},
	    {"{a: 0}", "{\"a\":\"0\"}", true},
	    {"{a: '0'}", "{\"a\":0}", true},
	    {"{a: 1}", "{\"a\":1.0}", true},
	    {"{a: 1.0}", "{\"a\":\"1\"}", true},
	    {"{a: '1.0'}", "{\"a\":\"1\"}", false}, /* two texts */
	    {"{a: 0x10}", "{\"a\":\"16\"}", true},
	    {"{a: 50126}", "{\"a\":\"50126\"}", true},
	    {"{a: 50126}", "{\"a\":\"501260\"}", false},
	    {"{a: 9007199254740993}", "{\"a\":9007199254740992}", false},
	    {"{a: 1000}", "{\"a\":\"1e3\"}", true},
	    {"{a: true}", "{\"a\":\"True\"}", true},
	    {"{a: 'true'}", "{\"a\":true}", true},
	    {"{a: false}", "{\"a\":true}", false},
	    {"{a: yes}", "{\"a\":\"yes\"}", true},
	    {"{a|contains: 126}", "{\"a\":50126}", true},
	    {"{a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}", "{\"a\":10.0}", true},
	    {"{a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}", "{\"a\":11}", false},
	    {"{a: [a, b, c, d, e, f, g, h, 'i*']}", "{\"a\":\"H\"}", true},
	    {"{a: [a, b, c, d, e, f, g, h, 'i*']}", "{\"a\":\"Ix\"}", true},
	    {"{a: [a, b, c, d, e, f, g, h, 'i*']}", "{\"a\":\"j\"}", false},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_orders_numbers)
{
	static const struct row rows[] = {
	    {"{a|gt: 5}", "{\"a\":6}", true},
	    {"{a|gt: 5}", "{\"a\":5}", false},
	    {"{a|gte: 5}", "{\"a\":\"5\"}", true},
	    {"{a|gte: '5'}", "{\"a\":5.5}", true},
	    {"{a|lt: 5}", "{\"a\":-1}", true},
	    {"{a|lt: 5}", "{}", false},
	    {"{a|lte: 5}", "{\"a\":\"many\"}", false},
	    {"{a|lte: 5}", "{\"a\":null}", false},
	    {"{a|lte: 5}", "{\"a\":[9,5]}", true},
	    {"{a|gt|neq: 5}", "{\"a\":5}", true},
	    {"{a|gt: [9, 3]}", "{\"a\":5}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_takes_any_element_and_fans_out)
{
	static const struct row rows[] = {
	    {"{a: x}", "{\"a\":[\"w\",\"X\"]}", true},
	    {"{a: x}", "{\"a\":[]}", false},
	    {"{a: '[]'}", "{\"a\":[]}", true},
	    {"{a|all: [x, y]}", "{\"a\":[\"x\",\"y\"]}", true},
	    {"{a|all: [x, y]}", "{\"a\":[\"x\"]}", false},
	    {"{a|contains|all: [x, y]}", "{\"a\":\"yx\"}", true},
	    {"{a|contains|all: [x, y]}", "{\"a\":[\"ax\",\"by\"]}", true},
	    {"{a.b: x}", "{\"a\":[{\"b\":\"w\"},{\"b\":\"x\"}]}", true},
	    {"{a.b: x}", "{\"a\":[{\"b\":[\"w\",\"x\"]}]}", true},
	    {"{a.b: y}", "{\"a\":[{\"b\":\"w\"},{\"b\":\"x\"}]}", false},
	    {"{a|neq: x}", "{\"a\":[\"w\",\"x\"]}", false},
	    {"{a|contains: '\"k\":\"v'}", "{\"a\":{\"k\":\"Vx\"}}", true},
	    {"{a|contains: '\"k\":\"v'}", "{\"a\":[{\"k\":\"Vx\"}]}", true},
	    {"{a|contains: 'w\",\"x'}", "{\"a\":[{\"k\":1},\"w\",\"x\"]}", true},
	    {"{a|contains: ','}", "{\"a\":[\"w\",\"x\"]}", false}, /* scalars only: no text of their array */
	    {"{a: null}", "{\"a\":[1,null]}", true},
	    {"{a: x}", "{\"a\":[[[\"x\"]]]}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_applies_text_modifiers)
{
	static const struct row rows[] = {
	    {"{a|contains: bcd}", "{\"a\":\"aBCDe\"}", true},
	    {"{a|startswith: ab}", "{\"a\":\"ABC\"}", true},
	    {"{a|startswith: bc}", "{\"a\":\"ABC\"}", false},
	    {"{a|endswith: bc}", "{\"a\":\"ABC\"}", true},
	    {"{a|endswith: ab}", "{\"a\":\"ABC\"}", false},
	    {"{a|contains: [x, c]}", "{\"a\":\"ABC\"}", true},
	    {"{a|cased: High}", "{\"a\":\"high\"}", false},
	    {"{a|cased|startswith: Hi}", "{\"a\":\"High\"}", true},
	    {"{a|startswith|cased: Hi}", "{\"a\":\"hiGh\"}", false},
	    {"{a|neq: [x, y]}", "{\"a\":\"y\"}", false},
	    {"{a|neq: [x, y]}", "{\"a\":\"z\"}", true},
	    {"{a|all|neq: [x, y]}", "{\"a\":\"y\"}", true},
	    {"{a|contains: 'a*c'}", "{\"a\":\"xxabcxx\"}", true},
	    {"{a: 'v*.Compute.?et'}", "{\"a\":\"V1.compute.Set\"}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_searches_regular_expressions)
{
	static const struct row rows[] = {
	    {"{a|re: '^\\s*$'}", "{\"a\":\"  \"}", true},
	    {"{a|re: '^\\s*$'}", "{\"a\":\" x \"}", false},
	    {"{a|re: '^\\s*$'}", "{}", false},
	    {"{a|re: 'b.d'}", "{\"a\":\"abcde\"}", true},
	    {"{a|re: 'B.D'}", "{\"a\":\"abcde\"}", false},
	    {"{a|re|i: 'B.D'}", "{\"a\":\"abcde\"}", true},
	    {"{a|re: '^b'}", "{\"a\":\"a\\nb\"}", false},
	    {"{a|re|m: '^b'}", "{\"a\":\"a\\nb\"}", true},
	    {"{a|re: 'a.b'}", "{\"a\":\"a\\nb\"}", false},
	    {"{a|re|s: 'a.b'}", "{\"a\":\"a\\nb\"}", true},
	    {"{a|re: ['x', 'b$']}", "{\"a\":[\"c\",\"ab\"]}", true},
	    {"{a|re|all: ['a', 'b']}", "{\"a\":\"ab\"}", true},
	    {"{a|re|neq: 'a'}", "{\"a\":\"b\"}", true},
	    {"{a|re: '^5\\d+$'}", "{\"a\":50126}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_knows_networks)
{
	static const struct row rows[] = {
	    {"{a|cidr: 10.0.0.0/8}", "{\"a\":\"10.1.2.3\"}", true},
	    {"{a|cidr: 10.0.0.0/8}", "{\"a\":\"11.1.2.3\"}", false},
	    {"{a|cidr: 10.0.0.0/8}", "{\"a\":\"10.1.2.3:443\"}", true},
	    {"{a|cidr: 10.0.0.0/8}", "{\"a\":\"::ffff:10.1.2.3\"}", true},
	    {"{a|cidr: [192.0.2.0/24, '2001:db8::/32']}", "{\"a\":\"[2001:db8::1]:80\"}", true},
	    {"{a|cidr: 10.0.0.0/8}", "{\"a\":\"\"}", false},
	    {"{a|cidr: 10.0.0.0/8}", "{\"a\":\"host\"}", false},
	    {"{a|cidr|neq: 10.0.0.0/8}", "{\"a\":\"11.1.1.1\"}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_compares_fields_with_fields)
{
	static const struct row rows[] = {
	    {"{a|fieldref: b}", "{\"a\":\"X\",\"b\":\"x\"}", true},
	    {"{a|fieldref: b}", "{\"a\":\"x\",\"b\":\"y\"}", false},
	    {"{a|fieldref: b}", "{\"a\":\"x\"}", false},
	    {"{a|fieldref: b}", "{\"b\":\"x\"}", false},
	    {"{a|fieldref: b}", "{}", false},
	    {"{a|fieldref: b}", "{\"a\":\"x\",\"b\":null}", false},
	    {"{a|fieldref: b}", "{\"a\":\"\",\"b\":\"\"}", true},
	    {"{a|fieldref: b}", "{\"a\":\"x\",\"b\":\"\"}", false},
	    {"{a|fieldref|neq: b}", "{\"a\":\"x\",\"b\":\"\"}", true},
	    {"{a|fieldref|neq: b}", "{\"a\":\"x\"}", true},
	    {"{a|fieldref|neq: b}", "{\"a\":\"x\",\"b\":\"X\"}", false},
	    {"{a|cased|fieldref: b}", "{\"a\":\"x\",\"b\":\"X\"}", false},
	    {"{a|fieldref|startswith: b}", "{\"a\":\"xyz\",\"b\":\"XY\"}", true},
	    {"{a|fieldref|endswith: b}", "{\"a\":\"xyz\",\"b\":\"YZ\"}", true},
	    {"{a|fieldref|contains: b}", "{\"a\":\"xyz\",\"b\":\"Y\"}", true},
	    {"{a|fieldref: b}", "{\"a\":1,\"b\":\"1.0\"}", true},
	    {"{a|fieldref: b}", "{\"a\":[\"x\",\"y\"],\"b\":[\"z\",\"Y\"]}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_looks_for_keywords_in_every_value_and_no_key)
{
	static const struct row rows[] = {
	    {"[evil]", "{\"a\":{\"b\":[\"x\",\"so EVIL!\"]}}", true},
	    {"[evil]", "{\"evil\":\"x\"}", false},
	    {"evil", "{\"a\":\"evil\"}", true},
	    {"[501, evil]", "{\"a\":50126}", true},
	    {"{'|all': [one, two]}", "{\"a\":\"one\",\"b\":\"two\"}", true},
	    {"{'|all': [one, two]}", "{\"a\":\"one\"}", false},
	    {"{'|contains|all': [one, two]}", "{\"a\":\"two one\"}", true},
	    {"['e*l']", "{\"a\":\"xevily\"}", true},
	    {"{'|re': '^e.il$'}", "{\"a\":\"evil\"}", true},
	    {"[evil, {a: x}]", "{\"a\":\"x\"}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

START_TEST(matcher_treats_escapes_as_sigma_says)
{
	static const struct row rows[] = {
	    {"{a: 'a\\*b'}", "{\"a\":\"a*b\"}", true},
	    {"{a: 'a\\*b'}", "{\"a\":\"axb\"}", false},
	    {"{a: 'a\\?b'}", "{\"a\":\"a?b\"}", true},
	    {"{a: 'a\\?b'}", "{\"a\":\"axb\"}", false},
	    {"{a: 'C:\\Windows'}", "{\"a\":\"c:\\\\windows\"}", true},
	    {"{a: 'a\\\\b'}", "{\"a\":\"a\\\\b\"}", true},
	    {"{a: 'a\\\\*'}", "{\"a\":\"a\\\\bcd\"}", true},
	    {"{a: 'a\\\\*'}", "{\"a\":\"a*\"}", false},
	    {"{a: 'a\\\\\\*'}", "{\"a\":\"a\\\\*\"}", true},
	    {"{a: 'a\\\\\\*'}", "{\"a\":\"a\\\\x\"}", false},
	    {"{a: 'a\\\\\\\\b'}", "{\"a\":\"a\\\\\\\\b\"}", true},
	    {"{a|endswith: '\\'}", "{\"a\":\"dir\\\\\"}", true},
	};
	CHECK_ROWS(rows);
}
END_TEST

static bool
judge_rule(const char *detection, const char *event)
{
	struct fixture f;
	char rule[1024];
	snprintf(rule, sizeof(rule), "title: t\nlogsource: {}\ndetection:\n%s", detection);
	fixture_load(&f, rule, NULL);
	fixture_show(&f);
	ck_assert_msg(f.problems.len == 0, "%s", detection);
	bool matched = fixture_run(&f, event, NULL) == 1;
	fixture_fini(&f);
	return matched;
}

START_TEST(matcher_takes_any_key_as_a_selection_and_conditions_of_every_form)
{
	static const struct row rows[] = {
	    {"  sel.a: {a: 1}\n  sel|b: {b: 1}\n  condition: all of sel*\n", "{\"a\":1,\"b\":1}", true},
	    {"  sel.a: {a: 1}\n  sel|b: {b: 1}\n  condition: all of sel*\n", "{\"a\":1}", false},
	    {"  sel: {a: 1}\n  timeframe: 5m\n  condition: all of them\n", "{\"a\":1}", true},
	    {"  a: {a: 1}\n  b: {b: 1}\n  condition: [a, b]\n", "{\"b\":1}", true},
	    {"  a: {a: 1}\n  b: {b: 1}\n  condition: [a, b]\n", "{\"c\":1}", false},
	    {"  a: {a: 1}\n  b: {b: 1}\n  condition: |\n    a\n    and\n    not b\n", "{\"a\":1}", true},
	    {"  a: {a: 1}\n  b: {b: 1}\n  condition: >\n    a AND\n    NOT b\n", "{\"a\":1,\"b\":1}", false},
	    {"  a: {a: 1}\n  _b: {b: 1}\n  condition: all of them\n", "{\"a\":1}", true},
	    {"  a: {a: 1}\n  _b: {b: 1}\n  condition: all of *b or a\n  xb: {c: 1}\n", "{\"c\":1}", true},
	    {"  a: {a: 1}\n  _b: {b: 1}\n  condition: 1 of _*\n", "{\"b\":1}", true},
	    {"  a: {a: 1}\n  b: {b: 1}\n  c: {c: 1}\n  condition: a or b and c\n", "{\"a\":1}", true},
	    {"  a: {a: 1}\n  b: {b: 1}\n  c: {c: 1}\n  condition: (a or b) and c\n", "{\"a\":1}", false},
	    {"  a: {a: 1}\n  b: {b: 1}\n  condition: not a or b\n", "{\"a\":1,\"b\":1}", true},
	    {"  a: {'f[any]': 1}\n  condition: a\n", "{\"f[any]\":1}", true},
	    {"  a: {'f[any]': 1}\n  condition: a\n", "{\"f\":[1]}", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(judge_rule(rows[i].selection, rows[i].event) == rows[i].matches, "%s on %s is not %d",
		    rows[i].selection, rows[i].event, rows[i].matches);
}
END_TEST

static const char two_rules[] = "title: one\nid: one\nlogsource: {product: azure, service: signinlogs}\n"
				"detection:\n  s: {a: x}\n  t: {b: [y, z]}\n  _u: {c: 1}\n  condition: s and 1 of them\n"
				"picketd:\n  threat_score:\n"
				"    - {name: first, when: s, add: 2}\n    - {name: second, when: t and not s, add: 3}\n"
				"    - {name: third, when: t, add: 5}\n---\n"
				"title: two\nid: two\nlogsource: {product: aws}\n"
				"detection:\n  s: {a: x}\n  condition: s\n";

START_TEST(matcher_shows_events_only_to_rules_of_their_source)
{
	struct fixture f;
	const struct match *matches;
	const struct source azure = {.product = STR("Azure"), .service = STR("signinlogs")};
	const struct source azure_only = {.product = STR("azure"), .index = 1};
	const struct source aws = {.product = STR("aws"), .service = STR("cloudtrail"), .index = 2};
	const struct source *const sources[] = {&azure, &azure_only, &aws};
	fixture_load(&f, two_rules, NULL);
	ck_assert_uint_eq(f.problems.len, 0);
	ck_assert_int_eq(ruleset_route(f.set, sources, 3), 0);
	fixture_event(&f, "{\"a\":\"x\"}");
	ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 0);
	f.event.source = &azure_only; /* declares less than the rule asks for */
	ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 0);
	f.event.source = &azure;
	ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 1);
	ck_assert_str_eq(matches[0].rule->id, "one");
	f.event.source = &aws;
	ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 1);
	ck_assert_str_eq(matches[0].rule->id, "two");
	fixture_fini(&f);
}
END_TEST

/* {"a":[..],"b":[..]} of n different texts each, but for the last. */
static char *
two_lists(unsigned n)
{
	json_t *a = json_array(), *b = json_array();
	for (unsigned i = 0; i < n; i++) {
		json_array_append_new(a, json_sprintf("left %u", i));
		json_array_append_new(b, json_sprintf("right %u", i));
	}
	json_array_append_new(a, json_string("same"));
	json_array_append_new(b, json_string("Same"));
	json_t *record = json_pack("{s:o, s:o}", "a", a, "b", b);
	char *text = json_dumps(record, JSON_COMPACT);
	json_decref(record);
	return text;
}

START_TEST(fieldref_of_two_lists_stops_before_it_costs_their_product)
{
	char *few = two_lists(100), *many = two_lists(5000);
	ck_assert(fixture_judge("{a|fieldref: b}", few));
	ck_assert(!fixture_judge("{a|fieldref: b}", many));
	ck_assert(fixture_judge("{a|contains: same}", many));
	free(few);
	free(many);
}
END_TEST

START_TEST(matcher_scores_terms_and_gives_reasons)
{
	struct fixture f;
	const struct match *matches;
	struct match_reason reasons[8];
	struct ruleset_options options = {.any_source = true, .max_regex_steps = 1000};
	fixture_load(&f, two_rules, &options);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":\"X\",\"b\":[\"q\",\"Z\"],\"c\":1}", &matches), 2);
	ck_assert_int_eq(matches[0].score, 7);
	ck_assert_uint_eq(matches[0].terms, 5);
	ck_assert_int_eq(matches[1].score, 0);
	ck_assert_uint_eq(matcher_reasons(f.matcher, &f.event, matches[0].rule, reasons, 8), 3);
	ck_assert_str_eq(reasons[0].selection, "s");
	ck_assert_str_eq(reasons[0].field, "a");
	ck_assert(str_eq(reasons[0].value, STR("X")));
	ck_assert_str_eq(reasons[1].selection, "t");
	ck_assert(str_eq(reasons[1].value, STR("Z")));
	ck_assert_str_eq(reasons[2].selection, "_u");
	ck_assert_uint_eq(matcher_reasons(f.matcher, &f.event, matches[0].rule, reasons, 1), 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(matcher_judges_without_tuned_selections_and_terms)
{
	struct fixture f;
	struct match match;
	const struct match *matches;
	struct match_mask off = {.terms = 0};
	struct ruleset_options options = {.any_source = true};
	fixture_load(&f, two_rules, &options);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":\"x\",\"b\":\"y\"}", &matches), 2);
	const struct rule *rule = matches[0].rule;
	ck_assert(matcher_judge(f.matcher, &f.event, rule, &off, &match));
	ck_assert_int_eq(match.score, 7);
	off.terms = 4;
	ck_assert(matcher_judge(f.matcher, &f.event, rule, &off, &match)); /* t is left out of 1 of them as well */
	ck_assert_int_eq(match.score, 2);
	off.terms = 1;
	ck_assert(!matcher_judge(f.matcher, &f.event, rule, &off, &match)); /* the condition wants s */
	off = (struct match_mask){.selections = {2}};
	ck_assert(matcher_judge(f.matcher, &f.event, rule, &off, &match)); /* 1 of them: s is left */
	ck_assert_int_eq(match.score, 2);
	off.selections[0] = 1;
	ck_assert(!matcher_judge(f.matcher, &f.event, rule, &off, &match));
	off = (struct match_mask){.selections = {7}, .terms = 7};
	matcher_true(f.matcher, &f.event, rule, &off);
	ck_assert_uint_eq(off.selections[0], 3); /* _u is not true */
	ck_assert_uint_eq(off.terms, 5);
	fixture_fini(&f);
}
END_TEST

/* The condition (over selections a to d, all true but d), the term's, and whether the rule still matches without it. */
START_TEST(term_made_false_is_false_where_the_condition_holds_it)
{
	static const struct {
		const char *condition, *when;
		bool matches;
	} rows[] = {
	    {"a and (b or c)", "b or c", false},
	    {"a and (b or c)", "c or b", false},
	    {"a and (b or c)", "b", true},
	    {"a and b and not d", "not d and b", false}, /* among further parts of the same and */
	    {"a and b and not d", "a and b and c", true},
	    {"a or (b and not d)", "b and not d", true},
	    {"(a and d) or (b and not d)", "b and not d", false},
	    {"1 of them", "1 of them", false},
	    {"1 of a* or c", "a", true},
	    {"1 of a*", "a", false},
	    {"all of them or a", "a", false},
	    {"not d", "not d", false},
	    {"not d", "d", true},
	    {"a and not (d and b)", "d and b", true},
	    {"a or b", "a or b or c", true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct match match;
		const struct match *matches;
		char rule[1024];
		const struct match_mask off = {.terms = 1};
		struct ruleset_options options = {.any_source = true};
		snprintf(rule, sizeof(rule),
		    "title: t\nlogsource: {}\ndetection: {a: {x: 1}, b: {x: 1}, c: {x: 1}, d: {x: 2}, condition: %s}\n"
		    "picketd: {threat_score: [{name: one, when: %s, add: 1}]}\n", rows[i].condition, rows[i].when);
		fixture_load(&f, rule, &options);
		fixture_show(&f);
		ck_assert_uint_eq(fixture_run(&f, "{\"x\":1}", &matches), 1);
		bool still = matcher_judge(f.matcher, &f.event, matches[0].rule, &off, &match);
		ck_assert_msg(still == rows[i].matches, "%s without %s: %d", rows[i].condition, rows[i].when, still);
		ck_assert(!still || match.score == 0);
		fixture_fini(&f);
	}
}
END_TEST

START_TEST(matcher_cuts_reasons_between_characters)
{
	struct fixture f;
	const struct match *matches;
	struct match_reason reason;
	char event[2048] = "{\"a\":\"x";
	for (int i = 0; i < 200; i++)
		strncat(event, "é", sizeof(event) - strlen(event) - 1);
	strncat(event, "\"}", sizeof(event) - strlen(event) - 1);
	fixture_load(&f, "title: t\nlogsource: {}\ndetection:\n  s: {a|startswith: x}\n  condition: s\n", NULL);
	ck_assert_uint_eq(fixture_run(&f, event, &matches), 1);
	ck_assert_uint_eq(matcher_reasons(f.matcher, &f.event, matches[0].rule, &reason, 1), 1);
	ck_assert_uint_eq(reason.value.len, 255);
	fixture_fini(&f);
}
END_TEST

START_TEST(matcher_gives_up_on_a_hostile_text_and_goes_on)
{
	struct fixture f;
	char event[300] = "{\"a\":\"";
	struct ruleset_options options = {.max_regex_steps = 1000};
	memset(event + 6, 'a', 40);
	snprintf(event + 46, sizeof(event) - 46, "!\",\"b\":\"y\"}");
	fixture_load(&f,
	    "title: slow\nlogsource: {}\ndetection:\n  s: {a|re: '^(a+)+$'}\n  condition: s\n---\n"
	    "title: fast\nlogsource: {}\ndetection:\n  s: {b: y}\n  condition: s\n",
	    &options);
	ck_assert_uint_eq(fixture_run(&f, event, NULL), 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(matcher_allocates_nothing_per_event)
{
	struct fixture f;
	const struct match *matches;
	fixture_load(&f,
	    "title: t\nlogsource: {}\ndetection:\n  s: {a|contains: é, b|re: 'y+', c|cidr: 10.0.0.0/8}\n"
	    "  k: [evil]\n  condition: s and not k\n",
	    NULL);
	fixture_event(&f, "{\"a\":\"xÉ\",\"b\":\"yyy\",\"c\":\"10.0.0.1\"}");
	ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 1);
	uint64_t before = mem_count();
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 1);
	ck_assert_uint_eq(mem_count(), before);
	fixture_fini(&f);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {matcher_compares_whole_text_without_case, matcher_folds_unicode,
	    matcher_knows_null_empty_and_missing, matcher_compares_numbers_and_booleans_across_types,
	    matcher_orders_numbers, matcher_takes_any_element_and_fans_out, matcher_applies_text_modifiers,
	    matcher_searches_regular_expressions, matcher_knows_networks, matcher_compares_fields_with_fields,
	    matcher_looks_for_keywords_in_every_value_and_no_key, matcher_treats_escapes_as_sigma_says,
	    matcher_takes_any_key_as_a_selection_and_conditions_of_every_form,
	    matcher_shows_events_only_to_rules_of_their_source, fieldref_of_two_lists_stops_before_it_costs_their_product, matcher_scores_terms_and_gives_reasons,
	    matcher_judges_without_tuned_selections_and_terms, term_made_false_is_false_where_the_condition_holds_it,
	    matcher_cuts_reasons_between_characters,
	    matcher_gives_up_on_a_hostile_text_and_goes_on, matcher_allocates_nothing_per_event, NULL};
	return unit_run("matcher", tests);
}
