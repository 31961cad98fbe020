#include "unit.h"

#include "sigma/correlation.h"
#include "sigma_fixture.h"

#define BASE "title: base\nid: base\nname: base_rule\nlogsource: {product: p}\n" \
	     "detection:\n  sel: {a: 1}\n  condition: sel\n---\n"
#define HEAD BASE "title: c\nid: c\n"

static void
check_problem(const char *rules, const char *code, unsigned line, unsigned column)
{
	struct fixture f;
	fixture_load(&f, rules, NULL);
	ck_assert_msg(f.problems.len == 1, "%zu problems: %s", f.problems.len, rules);
	const struct fail *p = &f.problems.items[0];
	ck_assert_msg(strcmp(p->code, code) == 0, "%s gave %s: %s", rules, p->code, p->text);
	ck_assert_msg(p->line == line && p->column == column, "%s at %u:%u", rules, p->line, p->column);
	const struct rule *base = ruleset_find(f.set, STR("base"));
	ck_assert(base && !base->silent); /* what a broken correlation counts goes on alerting */
	ck_assert_ptr_null(ruleset_find(f.set, STR("c")));
	fixture_fini(&f);
}

START_TEST(correlation_loads_counts_and_tuples)
{
	struct fixture f;
	fixture_load(&f,
	    HEAD "level: high\ncorrelation:\n  type: value_count\n  rules: [base_rule]\n  group-by: [ipAddress, b]\n"
		 "  timespan: 2h\n  condition: {gte: 5, lt: 10.5, field: [userPrincipalName, x]}\n"
		 "picketd: {dedup: {by: ipAddress}, columns: {ip: ipAddress}}\n---\n"
		 "title: d\ncorrelation: {type: event_count, rules: base, timespan: 30s, condition: {gt: 3}}\n",
	    NULL);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	const struct rule *rule = ruleset_find(f.set, STR("c"));
	const struct correlation *c = rule->correlation;
	ck_assert_int_eq(c->type, CORRELATION_VALUE_COUNT);
	ck_assert_str_eq(c->type_name, "value_count");
	ck_assert_uint_eq(c->feed_count, 1);
	ck_assert_ptr_eq(c->feeds[0].rule, ruleset_find(f.set, STR("base")));
	ck_assert_int_eq(c->when, CORRELATION_AT_END);
	ck_assert_uint_eq(c->group_count, 2);
	ck_assert_int_eq(c->group_by[0].slot, FIELD_IP_ADDRESS);
	ck_assert_uint_eq(c->value_count, 2);
	ck_assert_int_eq(c->timespan_ms, 7200000);
	ck_assert_uint_eq(c->range.ops, RANGE_GTE | RANGE_LT);
	ck_assert(correlation_holds(&c->range, 10) && !correlation_holds(&c->range, 11));
	ck_assert_uint_eq(rule->dedup_count, 1);
	ck_assert(ruleset_find(f.set, STR("base"))->silent);
	const struct correlation *d = ruleset_find(f.set, STR("d"))->correlation;
	ck_assert_int_eq(d->type, CORRELATION_EVENT_COUNT);
	ck_assert_uint_eq(d->group_count, 0);
	ck_assert(correlation_threshold(&d->range) == 4);
	fixture_fini(&f);
}
END_TEST

START_TEST(correlation_rules_keep_silent_unless_generate)
{
	static const struct {
		const char *place;
		bool silent;
	} rows[] = {{"", true}, {"generate: false\n", true}, {"generate: true\n", false}};
	for (size_t i = 0; i < 3; i++) {
		struct fixture f;
		char text[1024];
		snprintf(text, sizeof(text),
		    HEAD "%scorrelation: {type: event_count, rules: base, timespan: 1m, condition: {gte: 3}}\n", rows[i].place);
		fixture_load(&f, text, NULL);
		ck_assert_uint_eq(f.problems.len, 0);
		ck_assert_int_eq(ruleset_find(f.set, STR("base"))->silent, rows[i].silent);
		ck_assert_uint_eq(ruleset_notes(f.set)->len, 0); /* whoever wrote the file knows */
		fixture_fini(&f);
	}
}
END_TEST

START_TEST(correlation_refuses_what_it_does_not_do)
{
	check_problem(HEAD "correlation:\n  type: temporal\n  rules: [base, base_rule]\n  timespan: 1m\n", "correlation-rules", 13, 17);
	check_problem(HEAD "correlation:\n  type: event_count\n  rules: base\n  timeframe: 1m\n", "unknown-key", 14, 3);
	check_problem(HEAD "correlation:\n  type: value_cuont\n  rules: base\n", "correlation-type", 12, 9);
	check_problem(HEAD "correlation:\n  rules: base\n", "correlation-type", 12, 3);
	check_problem(HEAD "correlation:\n  type: event_count\n", "correlation-rules", 12, 3);
	check_problem(HEAD "correlation:\n  type: event_count\n  ruls: base\n", "unknown-key", 13, 3);
	check_problem(HEAD "correlation:\n  type: event_count\n  rules: base\n", "timespan", 12, 3);
	check_problem(HEAD "correlation:\n  type: event_count\n  rules: base\n  timespan: 1h30m\n", "span", 14, 13);
#define COUNT HEAD "correlation:\n  type: event_count\n  rules: base\n  timespan: 1m\n"
	check_problem(COUNT, "correlation-condition", 12, 3);
	check_problem(COUNT "  condition: {}\n", "correlation-condition", 15, 14);
	check_problem(COUNT "  condition: base\n", "correlation-condition", 15, 14);
	check_problem(COUNT "  condition: {gte: x}\n", "correlation-condition", 15, 20);
	check_problem(COUNT "  condition: {get: 1}\n", "unknown-key", 15, 15);
	check_problem(COUNT "  condition: {gte: 0}\n", "correlation-condition", 15, 14);
	check_problem(COUNT "  condition: {gte: 1, percentile: 5}\n", "correlation-percentile", 15, 23);
	check_problem(COUNT "picketd: {alert_on_unknown: 2}\n", "correlation-condition", 12, 3);
	check_problem(COUNT "  condition: {gte: 1, field: a}\n", "correlation-field", 15, 30);
	check_problem(COUNT "  condition: {gte: 1}\n  aliases: []\n", "correlation-aliases", 16, 12);
	check_problem(COUNT "  condition: {gte: 1}\n  aliases: {x: {base: a}}\n", "correlation-aliases", 16, 13);
	check_problem(COUNT "  condition: {gte: 1}\n  group-by: x\n  aliases: {x: {bas: a}}\n", "correlation-aliases", 17, 17);
	check_problem(COUNT "  condition: {gte: 1}\n  group-by: x\n  aliases: {x: {}}\n", "correlation-aliases", 17, 13);
	check_problem(COUNT "  condition: {gte: 1}\npicketd: {alert_on_unknown: 2}\n", "alert-on-unknown", 16, 29);
	check_problem(COUNT "  condition: {gte: 1}\n  generate: maybe\n", "generate", 16, 13);
	check_problem(COUNT "  condition: {gte: 1}\npicketd: {burst: {by: a, span: 1m}}\n", "burst", 16, 18);
	check_problem(HEAD "correlation: {type: value_count, rules: base, timespan: 1m, condition: {gte: 1}}\n",
	    "correlation-field", 11, 72);
#define VALUES(type) HEAD "correlation:\n  type: " type "\n  rules: base\n  timespan: 1m\n"
	check_problem(VALUES("value_sum") "  condition: {gte: 1, field: [a, b]}\n", "correlation-field", 15, 30);
	check_problem(VALUES("value_percentile") "  condition: {gte: 1, field: a}\n", "correlation-percentile", 15, 14);
	check_problem(VALUES("value_percentile") "  condition: {gte: 1, field: a, percentile: 101}\n",
	    "correlation-percentile", 15, 45);
	check_problem(VALUES("temporal") "  condition: nope\n", "undefined-selection", 15, 14);
	check_problem(VALUES("temporal") "  condition: not base\n", "correlation-condition", 15, 14);
}
END_TEST

START_TEST(correlation_loads_every_type)
{
	static const struct {
		const char *type, *rules, *condition;
		enum correlation_when when;
	} rows[] = {
		{"event_count", "base", "{gte: 3}", CORRELATION_ON_ARRIVAL},
		{"event_count", "base", "{eq: 3}", CORRELATION_ON_ARRIVAL},
		{"event_count", "base", "{lt: 3}", CORRELATION_AT_END},
		{"event_count", "base", "{neq: 3}", CORRELATION_AT_END},
		{"event_count", "base", "{eq: 0}", CORRELATION_ON_SILENCE},
		{"event_count", "base", "{lt: 1}", CORRELATION_ON_SILENCE},
		{"value_sum", "base", "{gt: 1.5, field: a}", CORRELATION_ON_ARRIVAL},
		{"value_avg", "base", "{lte: 2, field: a}", CORRELATION_AT_END},
		{"value_percentile", "base", "{gte: 2, field: a, percentile: 99.5}", CORRELATION_ON_ARRIVAL},
		{"temporal", "[base, other]", "base or other", CORRELATION_ON_ARRIVAL},
		{"temporal", "[base, other]", "base_rule and not other", CORRELATION_ABSENCE},
		{"temporal_ordered", "[base, other]", "{gte: 2}", CORRELATION_ON_ARRIVAL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		char text[1024];
		snprintf(text, sizeof(text),
		    BASE "title: o\nid: other\nlogsource: {product: p}\ndetection:\n  sel: {a: 2}\n  condition: sel\n---\n"
			 "title: c\nid: c\ncorrelation: {type: %s, rules: %s, timespan: 1m, condition: '%s'}\n",
		    rows[i].type, strstr(rows[i].condition, "base_rule") ? "[base_rule, other]" : rows[i].rules, "");
		char *end = strstr(text, "'");
		snprintf(end, sizeof(text) - (size_t)(end - text), "%s}\n", rows[i].condition);
		fixture_load(&f, text, NULL);
		fixture_show(&f);
		ck_assert_uint_eq(f.problems.len, 0);
		const struct correlation *c = ruleset_find(f.set, STR("c"))->correlation;
		ck_assert_str_eq(c->type_name, rows[i].type);
		ck_assert_msg(c->when == rows[i].when, "row %zu", i);
		fixture_fini(&f);
	}
}
END_TEST

START_TEST(correlation_alias_reads_a_field_of_its_own_from_each_rule)
{
	struct fixture f;
	fixture_load(&f,
	    BASE "title: o\nid: other\nlogsource: {product: p}\ndetection:\n  sel: {a: 2}\n  condition: sel\n---\n"
		 "title: c\nid: c\ncorrelation:\n  type: temporal\n  rules: [base_rule, other]\n  timespan: 1m\n"
		 "  group-by: who\n  aliases: {who: {base_rule: ipAddress, other: b}}\npicketd: {alert_on_unknown: true}\n",
	    NULL);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	const struct rule *rule = ruleset_find(f.set, STR("c"));
	ck_assert(rule->alert_on_unknown);
	ck_assert_str_eq(rule->correlation->group_by[0].name, "who");
	ck_assert_int_eq(rule->correlation->feeds[0].group_by[0].slot, FIELD_IP_ADDRESS);
	ck_assert_str_eq(rule->correlation->feeds[1].group_by[0].read, "b");
	fixture_fini(&f);
}
END_TEST

START_TEST(correlation_refuses_unknown_broken_and_circular_references)
{
#define ON(rules) "correlation: {type: event_count, rules: " rules ", timespan: 1m, condition: {gte: 3}}\n"
	check_problem(HEAD ON("nope"), "unknown-rule", 11, 41);
	check_problem(HEAD ON("[base, nope]"), "unknown-rule", 11, 48);
	check_problem(HEAD ON("c"), "correlation-cycle", 11, 41);
	struct fixture f;
	fixture_load(&f, HEAD ON("d") "---\ntitle: d\n" ON("c"), NULL);
	ck_assert_uint_eq(f.problems.len, 2);
	ck_assert_str_eq(f.problems.items[0].code, "correlation-cycle");
	fixture_fini(&f);
	fixture_load(&f, HEAD ON("base") "---\ntitle: d\n" ON("c"), NULL);
	ck_assert_uint_eq(f.problems.len, 0);
	ck_assert_uint_eq(ruleset_find(f.set, STR("c"))->silent, 1);
	fixture_fini(&f);
	fixture_load(&f, "title: bad\nlogsource: {}\ndetection: {}\n---\ntitle: c\n" ON("bad"), NULL);
	ck_assert_uint_eq(f.problems.len, 2);
	ck_assert_str_eq(f.problems.items[1].code, "broken-rule");
	fixture_fini(&f);
}
END_TEST

START_TEST(correlation_rests_with_a_rule_that_it_counts)
{
	struct fixture f;
	static const char *const disabled[] = {"base"};
	struct ruleset_options options = {.disabled = disabled, .disabled_count = 1};
	fixture_load(&f, HEAD ON("base"), &options);
	ck_assert_uint_eq(f.problems.len, 0);
	ck_assert_ptr_null(ruleset_find(f.set, STR("c")));
	ck_assert_uint_eq(ruleset_disabled(f.set), 2);
	ck_assert_uint_eq(ruleset_notes(f.set)->len, 2);
	fixture_fini(&f);
}
END_TEST

START_TEST(correlation_definition_depends_on_what_it_counts)
{
	uint64_t definitions[2];
	static const char *const texts[] = {HEAD ON("base"),
	    "title: base\nlogsource: {product: p}\ndetection:\n  sel: {a: 2}\n  condition: sel\n---\ntitle: c\n" ON("base")};
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		fixture_load(&f, texts[i], NULL);
		definitions[i] = ruleset_find(f.set, STR("c"))->definition;
		fixture_fini(&f);
	}
	ck_assert(definitions[0] != definitions[1]);
}
END_TEST

START_TEST(correlation_range_takes_every_operator)
{
	const struct correlation_range range = {RANGE_GT | RANGE_LTE | RANGE_NEQ, .gt = 2.5, .lte = 5, .neq = 4};
	static const bool holds[] = {false, false, false, true, false, true, false};
	for (unsigned i = 0; i < 7; i++)
		ck_assert_int_eq(correlation_holds(&range, i), holds[i]);
	ck_assert(correlation_threshold(&range) == 3);
	const struct correlation_range eq = {RANGE_EQ, .eq = 7};
	ck_assert(correlation_holds(&eq, 7) && !correlation_holds(&eq, 8));
	ck_assert(correlation_threshold(&eq) == 7);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {correlation_loads_counts_and_tuples, correlation_rules_keep_silent_unless_generate,
	    correlation_refuses_what_it_does_not_do, correlation_loads_every_type,
	    correlation_alias_reads_a_field_of_its_own_from_each_rule, correlation_refuses_unknown_broken_and_circular_references,
	    correlation_rests_with_a_rule_that_it_counts, correlation_definition_depends_on_what_it_counts,
	    correlation_range_takes_every_operator, NULL};
	return unit_run("correlation", tests);
}
