#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "sigma/rule_files.h"
#include "sigma/ruleset_priv.h"
#include "sigma_fixture.h"

#define HEAD "title: t\nlogsource: {product: p}\n"
#define SEL "detection:\n  sel: {a: 1}\n  condition: sel\n"

struct problem {
	const char *rule, *code;
	unsigned line, column; /* 0: not looked at */
};

static void
check_problems(const struct problem *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fixture f;
		fixture_load(&f, rows[i].rule, NULL);
		ck_assert_msg(f.problems.len >= 1, "no problem: %s", rows[i].rule);
		const struct fail *p = &f.problems.items[0];
		ck_assert_msg(strcmp(p->code, rows[i].code) == 0, "%s gave %s: %s", rows[i].rule, p->code, p->text);
		ck_assert_str_eq(p->file, "test.yml");
		ck_assert_msg(rows[i].line == 0 || p->line == rows[i].line, "%s at line %u", rows[i].rule, p->line);
		ck_assert_msg(rows[i].column == 0 || p->column == rows[i].column, "%s at column %u", rows[i].rule, p->column);
		ck_assert_uint_ge(ruleset_broken(f.set), 1);
		unsigned loaded;
		ruleset_rules(f.set, &loaded);
		ck_assert_uint_eq(loaded, 0);
		fixture_fini(&f);
	}
}
#define CHECK_PROBLEMS(rows) check_problems((rows), sizeof(rows) / sizeof((rows)[0]))

START_TEST(ruleset_reports_what_is_missing_or_of_the_wrong_kind)
{
	static const struct problem rows[] = {
	    {"logsource: {product: p}\n" SEL, "missing-title", 1, 1},
	    {"title: t\n" SEL, "missing-logsource", 1, 1},
	    {HEAD, "missing-detection", 1, 1},
	    {HEAD "detection:\n  sel: {a: 1}\n", "missing-condition", 4, 3},
	    {HEAD "detection:\n  condition: sel\n", "detection", 0, 0},
	    {HEAD "detection: text\n", "detection", 3, 12},
	    {"- a\n- b\n", "document", 1, 1},
	    {"title: [t]\nlogsource: {}\n" SEL, "text", 1, 8},
	    {HEAD "level: hihg\n" SEL, "level", 3, 8},
	    {HEAD "status: stabel\n" SEL, "status", 3, 9},
	    {HEAD "id: [a]\n" SEL, "id", 3, 5},
	    {HEAD "taxonomy: ecs\n" SEL, "unsupported-taxonomy", 3, 11},
	    {HEAD "action: merge\n" SEL, "action", 3, 9},
	    {HEAD "action: repeat\n" SEL, "action", 3, 9},
	    {HEAD "filter: {}\n" SEL, "filter-rules", 3, 9},
	    {HEAD "filter: any\n", "filter", 3, 9},
	    {HEAD "filter: {rules: any}\n", "missing-condition", 3, 9},
	    {HEAD "filter: {rules: null, s: {a: 1}, condition: s}\n", "filter-rules", 3, 17},
	    {HEAD "filter: {rules: [[x]], s: {a: 1}, condition: s}\n", "filter-rules", 3, 18},
	    {HEAD "filter: {rules: any, condition: rules}\n", "detection", 3, 9},
	    {HEAD "filter: {rules: any, s: {a: 1}, condition: rules}\n", "undefined-selection", 3, 44},
	    {"title: t\nfilter: {rules: any, s: {a: 1}, condition: s}\n", "missing-logsource", 1, 1},
	    {"logsource: {}\nfilter: {rules: any, s: {a: 1}, condition: s}\n", "missing-title", 1, 1},
	    {"title: t\nlogsource: [a]\n" SEL, "logsource", 2, 12},
	    {"title: t\nlogsource: {product: [a]}\n" SEL, "logsource", 2, 22},
	    {HEAD "detection:\n  sel: {}\n  condition: sel\n", "empty-selection", 4, 8},
	    {HEAD "detection:\n  sel: []\n  condition: sel\n", "empty-list", 4, 8},
	    {HEAD "detection:\n  sel: {a: []}\n  condition: sel\n", "empty-list", 4, 12},
	    {HEAD "detection:\n  sel: {a: [1, null]}\n  condition: sel\n", "null-value", 4, 16},
	    {HEAD "detection:\n  sel: {a|contains: null}\n  condition: sel\n", "null-value", 4, 21},
	    {HEAD "detection:\n  sel: {a: [[1]]}\n  condition: sel\n", "value", 4, 13},
	    {HEAD "detection:\n  sel: {a: {b: 1}}\n  condition: sel\n", "value", 4, 12},
	    {HEAD "detection:\n  sel: [[a]]\n  condition: sel\n", "value", 4, 9},
	    {HEAD "detection:\n  sel: [{a: 1}, [b]]\n  condition: sel\n", "value", 4, 17},
	    {HEAD "title: again\n" SEL, "yaml-duplicate-key", 3, 1},
	    {HEAD "detection: {\n", "yaml-syntax", 0, 0},
	};
	CHECK_PROBLEMS(rows);
}
END_TEST

START_TEST(ruleset_reports_modifiers_at_their_column)
{
	static const struct problem rows[] = {
	    {HEAD "detection:\n  sel:\n    field|contians: x\n  condition: sel\n", "unknown-modifier", 5, 11},
	    {HEAD "detection:\n  sel:\n    field|contains|al: x\n  condition: sel\n", "unknown-modifier", 5, 20},
	    {HEAD "detection:\n  sel:\n    'field|nope': x\n  condition: sel\n", "unknown-modifier", 5, 12},
	    {HEAD "detection:\n  sel:\n    field|: x\n  condition: sel\n", "unknown-modifier", 5, 11},
	    {HEAD "detection:\n  sel:\n    f|contains|startswith: x\n  condition: sel\n", "modifier-chain", 5, 16},
	    {HEAD "detection:\n  sel:\n    f|re|contains: x\n  condition: sel\n", "modifier-chain", 5, 10},
	    {HEAD "detection:\n  sel:\n    f|i: x\n  condition: sel\n", "modifier-chain", 5, 7},
	    {HEAD "detection:\n  sel:\n    f|gt|lt: 1\n  condition: sel\n", "modifier-chain", 5, 10},
	    {HEAD "detection:\n  sel:\n    f|all|all: 1\n  condition: sel\n", "modifier-chain", 5, 11},
	    {HEAD "detection:\n  sel:\n    f|exists|neq: true\n  condition: sel\n", "modifier-chain", 5, 14},
	    {HEAD "detection:\n  sel:\n    '|cidr': 10.0.0.0/8\n  condition: sel\n", "modifier-chain", 5, 5},
	};
	CHECK_PROBLEMS(rows);
}
END_TEST

START_TEST(ruleset_reports_values_and_conditions)
{
	static const struct problem rows[] = {
	    {HEAD "detection:\n  sel: {a|re: '(x'}\n  condition: sel\n", "regex", 4, 15},
	    {HEAD "detection:\n  sel: {a|re: ['x', '*']}\n  condition: sel\n", "regex", 4, 21},
	    {HEAD "detection:\n  sel: {a|cidr: 10.0.0.1/8}\n  condition: sel\n", "cidr", 4, 17},
	    {HEAD "detection:\n  sel: {a|cidr: host}\n  condition: sel\n", "cidr", 4, 17},
	    {HEAD "detection:\n  sel: {a|gt: many}\n  condition: sel\n", "number", 4, 15},
	    {HEAD "detection:\n  sel: {a|exists: 1}\n  condition: sel\n", "exists", 4, 19},
	    {HEAD "detection:\n  sel: {a|exists: [true]}\n  condition: sel\n", "exists", 4, 19},
	    {HEAD "detection:\n  sel: {a|fieldref: 'b*'}\n  condition: sel\n", "fieldref", 4, 21},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: sel and sol\n", "undefined-selection", 5, 22},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: 'sel and 1 of x*'\n", "pattern-matches-nothing", 5, 28},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: sel | count() > 3\n", "obsolete-aggregation", 5, 18},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: [sel, sol]\n", "undefined-selection", 5, 20},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: {a: b}\n", "condition", 5, 14},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: []\n", "condition", 5, 14},
	};
	CHECK_PROBLEMS(rows);
}
END_TEST

#define ONE(window) HEAD "detection:\n  sel: {a: 1}\n  w: {window.n.age: 1}\n  condition: sel\npicketd: {windows: [" window "]}\n"

START_TEST(ruleset_reports_problems_of_windows)
{
	static const struct problem rows[] = {
	    {ONE("{name: n, by: a, spam: 1h}"), "unknown-key", 7, 38},
	    {ONE("{name: n, by: a}"), "window", 7, 21},
	    {ONE("{name: 'N', by: a, span: 1h}"), "window-name", 7, 28},
	    {ONE("{name: ip, by: a, span: 1h}"), "window-name", 7, 28},
	    {ONE("{name: 1n, by: a, span: 1h}"), "window-name", 7, 28},
	    {ONE("{name: n, by: a, span: 1h}, {name: n, by: b, span: 1h}"), "window-name", 7, 56},
	    {ONE("{name: n, by: [], span: 1h}"), "window-key", 7, 35},
	    {ONE("{name: n, by: [a, b, c, d, e], span: 1h}"), "window-key", 7, 35},
	    {ONE("{name: n, by: [a, A], span: 1h}"), "window-key", 7, 39},
	    {ONE("{name: n, by: [ipAddress, ipAddress/32], span: 1h}"), "window-key", 7, 47},
	    {ONE("{name: n, by: ipAddress/33, span: 1h}"), "network", 7, 35},
	    {ONE("{name: n, by: ipAddress/7, span: 1h}"), "network", 7, 35},
	    {ONE("{name: n, by: window.ip.age, span: 1h}"), "window-key", 7, 35},
	    {ONE("{name: n, by: a, span: 15d}"), "span", 7, 44},
	    {ONE("{name: n, by: a, span: soon}"), "span", 7, 44},
	    {ONE("{name: n, by: a, span: 1h, where: sol}"), "undefined-selection", 7, 55},
	    {ONE("{name: n, by: a, span: 1h, where: w}"), "window-order", 5, 7},
	    {ONE("{name: m, by: a, span: 1h, where: w}, {name: n, by: a, span: 1h}"), "window-order", 5, 7},
	    {ONE("{name: other, by: a, span: 1h}"), "unknown-window", 5, 7},
	    {HEAD "detection:\n  w: {window.ip.agee: 1}\n  condition: w\n", "unknown-figure", 4, 7},
	    {HEAD "detection:\n  w: {window.user.strangers: 1}\n  condition: w\n", "unknown-figure", 4, 7},
	    {HEAD "detection:\n  w: {a|fieldref: window.x.age}\n  condition: w\n", "unknown-window", 4, 19},
	    {HEAD SEL "picketd: {columns: {c: window.x.age}}\n", "unknown-window", 6, 24},
	    {ONE("x"), "map", 7, 21},
	    {HEAD SEL "picketd: {windows: {}}\n", "window", 6, 20},
	};
	CHECK_PROBLEMS(rows);
}
END_TEST

static const struct named_window *
windows_of(const struct fixture *f, unsigned want)
{
	unsigned count;
	const struct named_window *windows = ruleset_windows(f->set, &count);
	fixture_show(f);
	ck_assert_uint_eq(f->problems.len, 0);
	ck_assert_uint_eq(count, want);
	return windows;
}

#define RULE(id, tests, windows) \
	"title: T\nid: 11111111-0000-4000-8000-00000000000" id "\nlogsource: {product: p}\ndetection:\n" \
	"  x: {a: 1}\n  y: {b|contains: [c, d]}\n  t: {" tests "}\n  condition: t\npicketd: {windows: [" windows "]}\n"

START_TEST(windows_are_one_when_key_span_and_condition_are_equal)
{
	struct fixture f;
	fixture_load(&f, RULE("1", "window.n.age: 1", "{name: n, by: [k], span: 60m, where: x and not y}")
	    "---\n" RULE("2", "window.m.age: 1, window.m.failures: 2", "{name: m, by: K, span: 1h, where: x and not y}")
	    "---\n" RULE("3", "window.n.age: 1", "{name: n, by: [k], span: 61m, where: x and not y}")
	    "---\n" RULE("4", "window.n.age: 1", "{name: n, by: [k], span: 60m, where: y and not x}")
	    "---\n" RULE("5", "window.n.age: 1", "{name: n, by: [k], span: 60m}, {name: unused, by: [z], span: 60m}"), NULL);
	const struct named_window *windows = windows_of(&f, 4);
	unsigned count;
	const struct rule *const *rules = ruleset_rules(f.set, &count);
	ck_assert_uint_eq(rules[0]->windows[0].window, rules[1]->windows[0].window);
	ck_assert_str_eq(rules[1]->windows[0].name, "m");
	ck_assert_uint_eq(rules[4]->window_count, 1);
	ck_assert_int_ge(windows[0].slots[FIGURE_FAILURES], FIELD_FIXED_COUNT);
	ck_assert_int_eq(windows[1].slots[FIGURE_FAILURES], -1);
	fixture_fini(&f);
}
END_TEST

START_TEST(windows_of_the_configuration_are_seen_by_all_and_hidden_by_a_rules_own)
{
	char *by[] = {(char[]){"k"}}, *bad[] = {(char[]){"k"}, (char[]){"ipAddress/40"}};
	struct window_config configs[] = {
	    {(char[]){"calm"}, {by, 1}, 3600000, (char[]){"{\"x\": {\"a\": 1}, \"condition\": \"x\"}"}, 7},
	    {(char[]){"later"}, {by, 1}, 3600000, (char[]){"{\"x\": {\"window.calm.age\": 1}, \"condition\": \"x\"}"}, 8},
	    {(char[]){"broken"}, {bad, 2}, 3600000, NULL, 9},
	};
	struct ruleset_options options = {.max_regex_steps = 1000, .windows = configs, .window_count = 2,
	    .config_file = "picketd.yaml", .max_window_span_ms = 7 * INT64_C(86400000)};
	struct fixture f;
	fixture_load(&f, RULE("1", "window.later.age: 1", "") "---\n"
	    RULE("2", "window.calm.age: 1", "{name: calm, by: [k], span: 1h, where: x}") "---\n"
	    RULE("3", "window.calm.age: 1", "{name: calm, by: [z], span: 1h, where: x}"), &options);
	/* calm, since later's condition tests it; rule 2's is the same one; later; that of rule 3 */
	const struct named_window *windows = windows_of(&f, 3);
	ck_assert_str_eq(windows[0].name, "calm");
	ck_assert_str_eq(windows[1].name, "later");
	ck_assert_uint_eq(ruleset_notes(f.set)->len, 2);
	ck_assert_str_eq(ruleset_notes(f.set)->items[0].code, "window-hides");
	fixture_fini(&f);
	options.window_count = 3;
	options.max_window_span_ms = 3599999;
	fixture_load(&f, RULE("1", "a: 1", ""), &options);
	ck_assert_uint_eq(f.problems.len, 3);
	ck_assert_str_eq(f.problems.items[0].code, "span");
	ck_assert_str_eq(f.problems.items[2].code, "network");
	ck_assert_str_eq(f.problems.items[2].file, "picketd.yaml");
	ck_assert_uint_eq(f.problems.items[2].line, 9);
	fixture_fini(&f);
}
END_TEST

/* else its condition finds no figures, and what it should let through is lost */
START_TEST(window_that_only_a_filter_tests_is_kept_for_the_rules_it_filters)
{
	char *by[] = {(char[]){"k"}};
	struct window_config configs[] = {{(char[]){"idle"}, {by, 1}, 60000, NULL, 7},
	    {(char[]){"calm"}, {by, 1}, 3600000, NULL, 8}};
	struct ruleset_options options = {.max_regex_steps = 1000, .windows = configs, .window_count = 2,
	    .config_file = "picketd.yaml", .max_window_span_ms = 7 * INT64_C(86400000)};
	struct fixture f;
	fixture_load(&f, RULE("1", "a: 1", "") "---\n" RULE("2", "window.calm.age: 1", "") "---\n"
	    "title: F\nlogsource: {}\nfilter: {rules: any, t: {window.calm.attempts|gte: 1}, condition: t}\n", &options);
	ck_assert_uint_eq(f.problems.len, 0);
	unsigned count;
	const struct rule *const *rules = ruleset_rules(f.set, &count);
	ck_assert_str_eq(windows_of(&f, 1)[0].name, "calm");
	for (unsigned i = 0; i < count; i++) {
		ck_assert_uint_eq(rules[i]->window_count, 1);
		ck_assert_uint_eq(rules[i]->windows[0].window, 0);
	}
	fixture_fini(&f);
}
END_TEST

START_TEST(windows_of_broken_rules_do_not_stay)
{
	struct fixture f;
	fixture_load(&f, RULE("1", "window.n.age: 1", "{name: n, by: [k], span: 60m, where: x}, {name: n, by: [k], span: 1m}")
	    "---\n" RULE("2", "window.n.age: 1", "{name: n, by: [k], span: 60m, where: x}"), NULL);
	unsigned count;
	const struct named_window *windows = ruleset_windows(f.set, &count);
	ck_assert_uint_eq(f.problems.len, 1);
	ck_assert_uint_eq(count, 1);
	/* its condition is the second rule's: the first's was dropped */
	ck_assert_int_ge(windows[0].where, 0);
	fixture_event(&f, "{\"a\": 1}");
	matcher_begin(f.matcher, &f.event);
	ck_assert(matcher_where(f.matcher, &windows[0]));
	fixture_event(&f, "{\"a\": 2}");
	matcher_begin(f.matcher, &f.event);
	ck_assert(!matcher_where(f.matcher, &windows[0]));
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_reports_problems_of_the_picketd_mapping)
{
	static const struct problem rows[] = {
	    {HEAD SEL "picketd: {confidenc: high}\n", "unknown-key", 6, 11},
	    {HEAD SEL "picketd: {confidence: sure}\n", "confidence", 6, 23},
	    {HEAD SEL "picketd: {version: 0}\n", "version", 6, 20},
	    {HEAD SEL "picketd: {runbook_url: 'ftp://x'}\n", "runbook-url", 6, 24},
	    {HEAD SEL "picketd: {dedup: {bye: a}}\n", "unknown-key", 6, 19},
	    {HEAD SEL "picketd: {dedup: {by: [a, b, c, d, e, f, g, h, i]}}\n", "list", 6, 23},
	    {HEAD SEL "picketd: {dedup: {rule: x}}\n", "dedup", 6, 25},
	    {HEAD SEL "picketd: {dedup: {joins: [a, b]}}\n", "dedup", 6, 26},
	    {HEAD SEL "picketd: {dedup: {joins: []}}\n", "dedup", 6, 26},
	    {HEAD SEL "picketd: {dedup: {joins: ipAddress/24}}\n", "dedup", 6, 26},
	    {HEAD SEL "picketd: {dedup: {join: a}}\n", "unknown-key", 6, 19},
	    {HEAD SEL "picketd: {columns: [a]}\n", "columns", 6, 20},
	    {HEAD SEL "picketd: {burst: {by: a}}\n", "burst", 6, 18},
	    {HEAD SEL "picketd: {burst: {by: [], span: 1m}}\n", "burst", 6, 23},
	    {HEAD SEL "picketd: {burst: {by: ipAddress/33, span: 1m}}\n", "network", 6, 23},
	    {HEAD SEL "picketd: {dedup: {by: ipAddress/24}}\n", "dedup", 6, 23},
	    {HEAD SEL "picketd: {burst: {by: a, span: 1h30m}}\n", "span", 6, 32},
	    {HEAD SEL "picketd: {burst: {by: a, span: 91d}}\n", "span", 6, 32},
	    {HEAD SEL "picketd: {burst: {by: a, span: 0s}}\n", "span", 6, 32},
	    {HEAD SEL "picketd: {threat_score: 1}\n", "threat-score", 6, 25},
	    {HEAD SEL "picketd: {threat_score: [{name: n, when: sel}]}\n", "threat-score", 6, 26},
	    {HEAD SEL "picketd: {threat_score: [{name: n, when: nope, add: 1}]}\n", "undefined-selection", 6, 42},
	    {HEAD SEL "picketd: {threat_score: [{name: n, when: sel, add: x}]}\n", "threat-score", 6, 52},
	    {HEAD SEL "picketd: {threat_score: [{name: n, when: sel, add: 1}, {name: n, when: sel, add: 1}]}\n",
		"threat-score", 6, 63},
	    {HEAD SEL "picketd: [x]\n", "map", 6, 10},
	};
	CHECK_PROBLEMS(rows);
}
END_TEST

#define ITEM(item) HEAD "detection:\n  sel: {" item "}\n  condition: sel\n"
#define BASE HEAD "id: base\n" SEL "---\n"
#define COUNT(rules, type, more) "title: c\nid: c\ncorrelation:\n  type: " type "\n  rules: " rules "\n  timespan: 1m\n" more

/* Section by section of what the contract wants refused at load: one small file each. */
START_TEST(each_error_of_the_contract_is_reported_at_its_place_and_stops_no_other_rule)
{
	static const struct problem rows[] = {
	    {"logsource: {}\n" SEL, "missing-title", 1, 1},
	    {"title: t\n" SEL, "missing-logsource", 1, 1},
	    {"title: t\nlogsource: {}\n", "missing-detection", 1, 1},
	    {"title: t\nlogsource: {}\ndetection: {sel: {a: 1}}\n", "missing-condition", 3, 12},
	    {ITEM("a|contain: x"), "unknown-modifier", 4, 11},
	    {ITEM("a|re|cidr: x"), "modifier-chain", 4, 14},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: sel or not filter\n", "undefined-selection", 5, 25},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: 1 of filter_*\n", "pattern-matches-nothing", 5, 19},
	    {ITEM("a|re: '[a'"), "regex", 4, 15},
	    {ITEM("a|cidr: 10.0.0.0/33"), "cidr", 4, 17},
	    {ITEM("a|base64: 'x*'"), "base64", 4, 19},
	    {ITEM("a: [x, null]"), "null-value", 4, 16},
	    {ITEM("a: []"), "empty-list", 4, 12},
	    {HEAD "id: one\n" SEL "---\n" HEAD "id: one\n" SEL, "duplicate-id", 8, 1},
	    {HEAD "id: one\nname: n\n" SEL "---\n" HEAD "id: two\nname: n\n" SEL, "duplicate-name", 9, 1},
	    {ITEM("a|expand: 'x %nowhere%'"), "unknown-placeholder", 4, 22},
	    {BASE COUNT("[base, gone]", "event_count", "  condition: {gte: 1}\n"), "unknown-rule", 12, 17},
	    {COUNT("c", "event_count", "  condition: {gte: 1}\n"), "correlation-cycle", 5, 10},
	    {BASE COUNT("base", "value_count", "  condition: {gte: 1}\n"), "correlation-field", 14, 14},
	    {BASE COUNT("base", "event_count", "  condition: base and not base\n"), "correlation-condition", 14, 14},
	    {HEAD "detection:\n  sel: {a: 1}\n  condition: sel | near other\n", "obsolete-aggregation", 5, 18},
	    {HEAD "taxonomy: ecs\n" SEL, "unsupported-taxonomy", 3, 11},
	    {HEAD "title: again\n" SEL, "yaml-duplicate-key", 3, 1},
	    {HEAD "action: all\n" SEL, "action", 3, 9},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		fixture_load(&f, rows[i].rule, NULL);
		ck_assert_msg(f.problems.len == 1, "%s: %zu problems", rows[i].rule, f.problems.len);
		const struct fail *p = &f.problems.items[0];
		ck_assert_msg(strcmp(p->code, rows[i].code) == 0 && strcmp(p->file, "test.yml") == 0 && p->line == rows[i].line &&
		    p->column == rows[i].column, "%s: %s at %u:%u", rows[i].rule, p->code, p->line, p->column);
		ck_assert_uint_eq(ruleset_broken(f.set), 1);
		fixture_fini(&f);
		char *beside = NULL; /* a good rule behind it loads, but where the file is no YAML */
		if (strncmp(rows[i].code, "yaml-", 5) == 0)
			continue;
		ck_assert_int_gt(asprintf(&beside, "%s---\n" HEAD "id: good\n" SEL, rows[i].rule), 0);
		fixture_load(&f, beside, NULL);
		ck_assert_ptr_nonnull(ruleset_find(f.set, STR("good")));
		fixture_fini(&f);
		free(beside);
	}
}
END_TEST

START_TEST(ruleset_says_what_was_probably_meant)
{
	struct fixture f;
	fixture_load(&f, HEAD SEL "picketd: {confidenc: high}\n", NULL);
	ck_assert_ptr_nonnull(strstr(f.problems.items[0].text, "did you mean 'confidence'?"));
	fixture_fini(&f);
	fixture_load(&f, HEAD "detection:\n  sel: {a|contians: x}\n  condition: sel\n", NULL);
	ck_assert_ptr_nonnull(strstr(f.problems.items[0].text, "did you mean 'contains'?"));
	fixture_fini(&f);
	fixture_load(&f, HEAD "detection:\n  sel_one: {a: x}\n  condition: sel_on\n", NULL);
	ck_assert_ptr_nonnull(strstr(f.problems.items[0].text, "did you mean 'sel_one'?"));
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_loads_the_rules_beside_a_broken_one)
{
	struct fixture f;
	unsigned count;
	fixture_load(&f,
	    HEAD "id: one\n" SEL "---\n" HEAD "id: two\ndetection: {sel: {a|x: 1}, condition: sel}\n"
		 "picketd: {nope: 1}\n---\n\n---\n" HEAD "id: three\n" SEL "custom: [anything]\n",
	    NULL);
	ck_assert_uint_eq(f.problems.len, 1);
	ck_assert_uint_eq(ruleset_broken(f.set), 1);
	const struct rule *const *rules = ruleset_rules(f.set, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(rules[1]->id, "three");
	ck_assert_uint_eq(rules[1]->index, 1);
	ck_assert_ptr_null(ruleset_find(f.set, STR("two")));
	ck_assert_ptr_eq(ruleset_find(f.set, STR("three")), rules[1]);
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_reads_every_part_of_a_rule)
{
	struct fixture f;
	fixture_load(&f,
	    "title: T\nid: 2F6D1F0C-5A43-4D0E-9A53-7F1D0C5E8B11\nauthor: me\ndescription: d\nlevel: critical\n"
	    "tags: [attack.t1110]\nreferences: https://example.org/\nfields: [x, userPrincipalName]\n"
	    "logsource: {product: p}\n" SEL
	    "picketd:\n  version: 3\n  confidence: low\n  runbook_url: https://example.org/r\n"
	    "  dedup: {by: [userPrincipalName], joins: userId, rule: other}\n  burst: {by: ipAddress, span: 10m}\n",
	    NULL);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	const struct rule *rule = ruleset_find(f.set, STR("2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11"));
	ck_assert_ptr_nonnull(rule);
	ck_assert_str_eq(rule->title, "T");
	ck_assert_str_eq(rule->author, "me");
	ck_assert_str_eq(rule->description, "d");
	ck_assert_str_eq(rule->file, "test.yml");
	ck_assert_uint_eq(rule->line, 1);
	ck_assert_int_eq(rule->level, LEVEL_CRITICAL);
	ck_assert_int_eq(rule->version, 3);
	ck_assert_str_eq(rule->confidence, "low");
	ck_assert_str_eq(rule->runbook_url, "https://example.org/r");
	ck_assert_str_eq(rule->references[0], "https://example.org/");
	ck_assert_uint_eq(rule->column_count, 2);
	ck_assert_str_eq(rule->columns[1].name, "userPrincipalName");
	ck_assert_int_eq(rule->columns[1].slot, FIELD_USER_PRINCIPAL_NAME);
	ck_assert_uint_eq(rule->dedup_count, 1);
	ck_assert_int_eq(rule->dedup_joins->slot, FIELD_USER_ID);
	ck_assert_str_eq(rule->dedup_rule, "other");
	ck_assert_int_eq(rule->burst.by[0].slot, FIELD_IP_ADDRESS);
	ck_assert_int_eq(rule->burst.span_ms, 600000);
	ck_assert(!rule->silent);
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_makes_an_id_from_the_title)
{
	struct fixture f;
	unsigned count;
	fixture_load(&f, "title: 'Odd: Title (v2)!'\nlogsource: {}\n" SEL, NULL);
	ck_assert_str_eq(ruleset_rules(f.set, &count)[0]->id, "odd-title-v2");
	ck_assert_int_eq(ruleset_rules(f.set, &count)[0]->level, LEVEL_MEDIUM);
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_numbers_rules_of_one_title_that_have_no_id)
{
	struct fixture f;
	unsigned count;
	fixture_load(&f, HEAD "id: T_1.x\nname:\nlevel:\n" SEL "---\ntitle: t_1.x\n" SEL "---\ntitle: T 1 x\n" SEL "---\ntitle: t-1-x\nlogsource:\n" SEL, NULL);
	ck_assert_uint_eq(f.problems.len, 2); /* of two the log source is missing */
	ck_assert_str_eq(ruleset_rules(f.set, &count)[0]->id, "t-1-x");
	ck_assert_ptr_eq(ruleset_named(f.set, STR("t_1.X")), ruleset_rules(f.set, &count)[0]);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(ruleset_rules(f.set, &count)[1]->id, "t-1-x-4");
	ck_assert_str_eq(ruleset_notes(f.set)->items[0].code, "title-taken");
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_refuses_one_id_twice)
{
	struct fixture f;
	fixture_load(&f, HEAD "id: same\n" SEL "---\n" HEAD "id: SAME\n" SEL, NULL);
	ck_assert_uint_eq(f.problems.len, 1);
	ck_assert_str_eq(f.problems.items[0].code, "duplicate-id");
	ck_assert_uint_eq(f.problems.items[0].line, 8);
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_skips_retired_and_disabled_rules_with_a_note)
{
	struct fixture f;
	unsigned count;
	static const char *const disabled[] = {"OFF"};
	struct ruleset_options options = {.disabled = disabled, .disabled_count = 1};
	static const char rules[] = HEAD "id: old\nstatus: deprecated\n" SEL "---\n" HEAD "id: off\n" SEL "---\n" HEAD
					 "id: bad\nstatus: unsupported\ndetection: {}\n";
	fixture_load(&f, rules, &options);
	ck_assert_uint_eq(f.problems.len, 0);
	ruleset_rules(f.set, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(ruleset_disabled(f.set), 3);
	ck_assert_uint_eq(ruleset_notes(f.set)->len, 3);
	fixture_fini(&f);
	options.check_retired = true;
	fixture_load(&f, rules, &options);
	ck_assert_uint_eq(f.problems.len, 1);
	ck_assert_uint_eq(ruleset_disabled(f.set), 2);
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_shares_equal_predicates)
{
	struct fixture f;
	fixture_load(&f,
	    HEAD "id: one\ndetection:\n  s: {a|contains: [x, y], b: 1}\n  condition: s\n---\n" HEAD
		 "id: two\ndetection:\n  s: {a|contains: [x, y]}\n  t: {A|contains: [x, y], b: '1'}\n  condition: s or t\n",
	    NULL);
	ck_assert_uint_eq(f.problems.len, 0);
	ck_assert_uint_eq(f.set->predicates.len, 3); /* 1 and '1' differ */
	fixture_fini(&f);
}
END_TEST

START_TEST(ruleset_definition_changes_with_what_matches_only)
{
	static const char *const texts[] = {
	    "title: t\nlogsource: {product: p}\n" SEL, "title: u\nlevel: low\nlogsource: {product: p}\n" SEL,
	    "title: t\nlogsource: {product: q}\n" SEL,
	    "title: t\nlogsource: {product: p}\ndetection:\n  sel: {a: 2}\n  condition: sel\n",
	    "title: t\nlogsource: {product: p}\ndetection:\n  sel: {a: '1'}\n  condition: sel\n",
	    "title: t\nlogsource: {product: p}\n" SEL "picketd: {burst: {by: a, span: 1m}}\n"};
	uint64_t definitions[6];
	for (size_t i = 0; i < 6; i++) {
		struct fixture f;
		unsigned count;
		fixture_load(&f, texts[i], NULL);
		definitions[i] = ruleset_rules(f.set, &count)[0]->definition;
		fixture_fini(&f);
	}
	ck_assert(definitions[0] == definitions[1]);
	for (size_t i = 2; i < 6; i++)
		ck_assert(definitions[0] != definitions[i]);
}
END_TEST

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void
remove_files(const char *dir, const char *const *names)
{
	char path[512];
	for (; *names; names++) {
		snprintf(path, sizeof(path), "%s/%s", dir, *names);
		ck_assert_int_eq(remove(path), 0);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(ruleset_prefers_the_earlier_directory)
{
	char site[] = "/tmp/picketd-rules-XXXXXX", shipped[] = "/tmp/picketd-rules-XXXXXX", below[64];
	ck_assert_ptr_nonnull(mkdtemp(site));
	ck_assert_ptr_nonnull(mkdtemp(shipped));
	snprintf(below, sizeof(below), "%s/below", shipped);
	ck_assert_int_eq(mkdir(below, 0700), 0);
	write_file(site, "mine.yml", "title: mine\nid: a\nlogsource: {}\n" SEL);
	write_file(shipped, "a.yml", "title: theirs\nid: a\nlogsource: {}\n" SEL);
	write_file(below, "b.yaml", "title: below\nid: b\nlogsource: {}\n" SEL);
	write_file(shipped, "readme.txt", "not: [a rule");
	write_file(shipped, ".hidden.yml", "not: [a rule");
	const char *const dirs[] = {site, shipped};
	struct ruleset_options options = {.dirs = dirs, .dir_count = 2};
	struct field_set *fields = field_set_new();
	struct fail_list problems;
	unsigned count;
	fail_list_init(&problems);
	struct ruleset *set = ruleset_load(&options, fields, &problems);
	ck_assert_uint_eq(problems.len, 0);
	ruleset_rules(set, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(ruleset_find(set, STR("a"))->title, "mine");
	ck_assert_ptr_nonnull(ruleset_find(set, STR("b")));
	ck_assert_uint_eq(ruleset_notes(set)->len, 1);
	ck_assert(str_starts(str_of(ruleset_digest(set)), STR("sha256:")));
	ck_assert_uint_eq(strlen(ruleset_digest(set)), 15);
	ruleset_free(set);
	remove_files(site, (const char *const[]){"mine.yml", NULL});
	remove_files(below, (const char *const[]){"b.yaml", NULL});
	remove_files(shipped, (const char *const[]){"a.yml", "readme.txt", ".hidden.yml", NULL});
	set = ruleset_load(&options, fields, &problems);
	ck_assert_uint_eq(problems.len, 2);
	ck_assert_str_eq(problems.items[0].code, "io");
	ruleset_free(set);
	fail_list_fini(&problems);
	field_set_free(fields);
}
END_TEST

START_TEST(ruleset_refuses_what_is_too_large)
{
	struct fixture f;
	struct buf text;
	buf_init(&text, 4 << 20);
	ck_assert_int_eq(buf_addf(&text, HEAD "detection:\n  sel:\n    a:\n"), 0);
	for (int i = 0; i <= PREDICATE_VALUES_MAX; i++)
		ck_assert_int_eq(buf_addf(&text, "    - v%d\n", i), 0);
	ck_assert_int_eq(buf_addf(&text, "  condition: sel\n"), 0);
	fixture_load(&f, text.data, NULL);
	ck_assert_str_eq(f.problems.items[0].code, "too-many-values");
	fixture_fini(&f);
	buf_clear(&text);
	for (int i = 0; i < 200000; i++)
		ck_assert_int_eq(buf_addf(&text, "# remark\n"), 0);
	fixture_load(&f, text.data, NULL);
	ck_assert_uint_eq(f.problems.len, 1);
	fixture_fini(&f);
	buf_clear(&text);
	ck_assert_int_eq(buf_addf(&text, HEAD "detection:\n  sel:\n    a|re: '%0*d'\n  condition: sel\n", REGEX_LEN_MAX + 1, 0),
	    0);
	fixture_load(&f, text.data, NULL);
	ck_assert_str_eq(f.problems.items[0].code, "regex");
	fixture_fini(&f);
	buf_fini(&text);
}
END_TEST

START_TEST(ruleset_refuses_a_condition_that_would_explode)
{
	struct fixture f;
	struct buf text;
	buf_init(&text, 4 << 20);
	ck_assert_int_eq(buf_addf(&text, HEAD "detection:\n"), 0);
	for (int i = 0; i < 250; i++)
		ck_assert_int_eq(buf_addf(&text, "  s%d: {a: %d, b: 1, c: 2, d: 3, e: 4, f: 5}\n", i, i), 0);
	ck_assert_int_eq(buf_addf(&text, "  condition: 1 of them"), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(buf_addf(&text, " and 1 of them"), 0);
	fixture_load(&f, text.data, NULL);
	ck_assert_str_eq(f.problems.items[0].code, "condition");
	fixture_fini(&f);
	buf_fini(&text);
}
END_TEST

START_TEST(ruleset_survives_every_cut_and_odd_bytes)
{
	static const char *const names[] = {"entra-success-after-spray.yml", "entra-many-sources-one-user.yml"};
	static const char odd[] = "\0|*:{[\"'\xC3\t";
	for (size_t n = 0; n < 2; n++) {
		char path[512];
		struct buf text;
		struct fail why = {0};
		snprintf(path, sizeof(path), "%s/conf/rules/%s", SRCDIR, names[n]);
		buf_init(&text, RULE_FILE_MAX + 4096);
		ck_assert_int_eq(rule_file_read(path, &text, &why), 0);
		for (size_t i = 0; i < text.len; i += 5) {
			char kept = text.data[i];
			LLVMFuzzerTestOneInput((const uint8_t *)text.data, i);
			text.data[i] = odd[i / 5 % (sizeof(odd) - 1)];
			LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
			text.data[i] = kept;
		}
		buf_fini(&text);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {ruleset_reports_what_is_missing_or_of_the_wrong_kind,
	    ruleset_reports_modifiers_at_their_column, ruleset_reports_values_and_conditions,
	    ruleset_reports_problems_of_windows,
	    windows_are_one_when_key_span_and_condition_are_equal,
	    windows_of_the_configuration_are_seen_by_all_and_hidden_by_a_rules_own,
	    window_that_only_a_filter_tests_is_kept_for_the_rules_it_filters, windows_of_broken_rules_do_not_stay,
	    each_error_of_the_contract_is_reported_at_its_place_and_stops_no_other_rule,
	    ruleset_reports_problems_of_the_picketd_mapping, ruleset_says_what_was_probably_meant,
	    ruleset_loads_the_rules_beside_a_broken_one, ruleset_reads_every_part_of_a_rule,
	    ruleset_makes_an_id_from_the_title, ruleset_numbers_rules_of_one_title_that_have_no_id, ruleset_refuses_one_id_twice,
	    ruleset_skips_retired_and_disabled_rules_with_a_note, ruleset_shares_equal_predicates,
	    ruleset_definition_changes_with_what_matches_only, ruleset_prefers_the_earlier_directory,
	    ruleset_refuses_what_is_too_large, ruleset_refuses_a_condition_that_would_explode,
	    ruleset_survives_every_cut_and_odd_bytes, NULL};
	return unit_run("ruleset", tests);
}
