/* Filters, and the notes about what is legal and hardly meant. */
#include "unit.h"

#include "sigma_fixture.h"

static const struct ruleset_options any_source = {.any_source = true, .max_regex_steps = 1000};

#define RULE_A "title: A\nid: aaa\nname: rule_a\nlogsource: {product: azure, service: signinlogs}\n" \
	       "detection: {sel: {a: 1}, condition: 1 of them}\n---\n"
#define RULE_B "title: B\nid: bbb\nlogsource: {product: aws}\ndetection: {sel: {a: 1}, condition: sel}\n---\n"
#define FILTER(source, body) "title: F\nlogsource: {" source "}\nfilter: {" body "}\n"

static void
load(struct fixture *f, const char *text)
{
	fixture_load(f, text, &any_source);
	fixture_show(f);
	ck_assert_uint_eq(f->problems.len, 0);
}

static void
check_note(const struct fixture *f, const char *code)
{
	const struct fail_list *notes = ruleset_notes(f->set);
	for (size_t i = 0; i < notes->len; i++)
		if (strcmp(notes->items[i].code, code) == 0)
			return;
	ck_abort_msg("no note %s", code);
}

/* Ids of the rules that match the event, with commas. */
static void
check_matches(const char *text, const char *event, const char *ids)
{
	struct fixture f;
	const struct match *matches;
	char found[64] = "";
	load(&f, text);
	unsigned count = fixture_run(&f, event, &matches);
	for (unsigned i = 0; i < count; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s,", matches[i].rule->id);
	ck_assert_msg(strcmp(found, ids) == 0, "%s: %s", text, found);
	fixture_fini(&f);
}

START_TEST(filter_is_joined_to_the_rules_it_names)
{
	static const char *const by[] = {"[aaa]", "[rule_a]", "aaa", "[AAA, rule_a]"};
	for (size_t i = 0; i < 4; i++) {
		char text[1024];
		snprintf(text, sizeof(text), RULE_A RULE_B "title: F\nlogsource: {product: azure}\nfilter: {rules: %s, "
							   "sel: {u: adm*}, condition: not sel}\n", by[i]);
		check_matches(text, "{\"a\":1}", "aaa,bbb,");
		check_matches(text, "{\"a\":1,\"u\":\"admin\"}", "bbb,");
		check_matches(text, "{\"u\":\"x\"}", "");
	}
	/* without not, only what it matches is left */
	check_matches(RULE_A RULE_B FILTER("product: azure", "rules: [aaa], sel: {u: x}, condition: sel"), "{\"a\":1}", "bbb,");
	check_matches(RULE_A RULE_B FILTER("product: azure", "rules: [aaa], sel: {u: x}, condition: sel"),
	    "{\"a\":1,\"u\":\"x\"}", "aaa,bbb,");
}
END_TEST

START_TEST(filter_has_selections_of_its_own)
{
	/* "1 of them" of the rule does not mean the filter's, nor the filter's the rule's */
	check_matches(RULE_A FILTER("", "rules: any, other: {b: 1}, condition: not 1 of them"), "{\"b\":2}", "");
	check_matches(RULE_A FILTER("", "rules: any, other: {b: 1}, condition: not 1 of them"), "{\"a\":1}", "aaa,");
	check_matches(RULE_A FILTER("", "rules: any, sel: {b: 1}, condition: not sel"), "{\"a\":1,\"b\":1}", "");
}
END_TEST

START_TEST(filter_for_any_rule_is_for_those_of_its_log_source)
{
	static const char *const any[] = {"any", "[]", "Any"};
	for (size_t i = 0; i < 3; i++) {
		char text[1024];
		snprintf(text, sizeof(text), RULE_A RULE_B "title: F\nlogsource: {product: AZURE}\nfilter: {rules: %s, "
							   "s: {u: x}, condition: not s}\n", any[i]);
		check_matches(text, "{\"a\":1,\"u\":\"x\"}", "bbb,");
	}
	check_matches(RULE_A RULE_B FILTER("", "rules: any, s: {u: x}, condition: not s"), "{\"a\":1,\"u\":\"x\"}", "");
	/* a filter for less than the rule's log source is not for the rule */
	check_matches(RULE_B FILTER("product: aws, service: cloudtrail", "rules: any, s: {u: x}, condition: not s"),
	    "{\"a\":1,\"u\":\"x\"}", "bbb,");
	check_matches(RULE_B FILTER("product: aws, service: cloudtrail", "rules: [bbb], s: {u: x}, condition: not s"),
	    "{\"a\":1,\"u\":\"x\"}", "bbb,");
}
END_TEST

START_TEST(filters_of_one_rule_must_all_hold_wherever_they_stand)
{
	static const char text[] = FILTER("", "rules: [aaa], s: {u: x}, condition: not s") "---\n" RULE_A
	    "title: G\nlogsource: {}\nfilter: {rules: any, s: {v: [y, z]}, condition: not s}\n";
	check_matches(text, "{\"a\":1}", "aaa,");
	check_matches(text, "{\"a\":1,\"u\":\"x\"}", "");
	check_matches(text, "{\"a\":1,\"v\":\"z\"}", "");
}
END_TEST

START_TEST(filter_changes_what_decides_about_matching)
{
	struct fixture f;
	unsigned count;
	load(&f, RULE_A);
	uint64_t plain = ruleset_rules(f.set, &count)[0]->definition;
	fixture_fini(&f);
	load(&f, RULE_A FILTER("", "rules: any, s: {u: x}, condition: not s"));
	uint64_t filtered = ruleset_rules(f.set, &count)[0]->definition;
	ck_assert_uint_eq(count, 1);
	ck_assert(plain != filtered);
	fixture_fini(&f);
}
END_TEST

START_TEST(filtered_rules_feed_their_correlations_filtered)
{
	struct fixture f;
	load(&f, RULE_A "title: C\nid: ccc\ncorrelation: {type: event_count, rules: aaa, timespan: 1m, condition: {gte: 1}}\n---\n"
		 FILTER("", "rules: [aaa, ccc, gone], s: {u: x}, condition: not s"));
	check_note(&f, "filter-correlation");
	check_note(&f, "unknown-rule");
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"u\":\"X\"}", NULL), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(broken_filter_stops_no_rule)
{
	struct fixture f;
	fixture_load(&f, RULE_A FILTER("", "rules: any, s: {u|x: 1}, condition: not s"), &any_source);
	ck_assert_uint_eq(f.problems.len, 1);
	ck_assert_uint_eq(ruleset_broken(f.set), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"a\":1,\"u\":1}", NULL), 1);
	fixture_fini(&f);
}
END_TEST

#define ANY_RULE "title: r\nlogsource: {}\ndetection: {s: {a: b}, condition: s}\n---\n"

START_TEST(what_is_hardly_meant_is_noted)
{
	static const struct {
		const char *selection, *code;
		unsigned column; /* 0: no note */
	} rows[] = {
	    {"{a: 'C:\\Windows\\*'}", "escaped-wildcard", 12},
	    {"{a|endswith: '\\bin\\?'}", "escaped-wildcard", 21},
	    {"{a: [x, 'C:\\*']}", "escaped-wildcard", 16},
	    {"{a: 'C:\\Windows\\\\*'}", "", 0},
	    {"{a: 'C:\\Windows'}", "", 0},
	    {"{a: '5 \\* 3'}", "", 0},
	    {"{a|re: 'C:\\\\d\\*'}", "", 0},
	    {"{a|all|contains: x}", "all-of-one", 25},
	    {"{a|all|contains: [x]}", "all-of-one", 25},
	    {"{a|all|contains: [x, y]}", "", 0},
	    {"{a|expand: x}", "no-placeholder", 19},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		char rule[512];
		snprintf(rule, sizeof(rule), "title: t\nlogsource: {}\ndetection:\n  sel: %s\n  condition: sel\n",
		    rows[i].selection);
		load(&f, rule);
		const struct fail_list *notes = ruleset_notes(f.set);
		ck_assert_msg(notes->len == (rows[i].column > 0), "%s: %zu notes", rows[i].selection, notes->len);
		if (notes->len > 0) {
			ck_assert_str_eq(notes->items[0].code, rows[i].code);
			ck_assert_uint_eq(notes->items[0].line, 4);
			ck_assert_msg(notes->items[0].column == rows[i].column, "%s: column %u", rows[i].selection,
			    notes->items[0].column);
		}
		fixture_fini(&f);
	}
	struct fixture f;
	load(&f, ANY_RULE FILTER("", "rules: any, s: {u: x}, condition: s"));
	check_note(&f, "filter-without-not");
	fixture_fini(&f);
	load(&f, ANY_RULE FILTER("", "rules: any, s: {u|neq: x}, condition: s"));
	ck_assert_uint_eq(ruleset_notes(f.set)->len, 0);
	fixture_fini(&f);
	load(&f, FILTER("", "rules: any, s: {u|neq: x}, condition: s"));
	check_note(&f, "filter-logsource");
	fixture_fini(&f);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {filter_is_joined_to_the_rules_it_names, filter_has_selections_of_its_own,
	    filter_for_any_rule_is_for_those_of_its_log_source, filters_of_one_rule_must_all_hold_wherever_they_stand,
	    filter_changes_what_decides_about_matching, filtered_rules_feed_their_correlations_filtered,
	    broken_filter_stops_no_rule, what_is_hardly_meant_is_noted, NULL};
	return unit_run("filter", tests);
}
