#include "unit/unit.h"

#include <stdio.h>

#include "detect/supply.h"

/* What is said of a rule with this log source and this selection, by the schemas that are shipped. */
static struct fail_list warnings;

static void
warn_of_text(const char *text, bool listener)
{
	const char *const dirs[] = {SRCDIR "/conf/schemas"};
	const struct ruleset_options options = {.max_regex_steps = 1000};
	struct fail_list problems;

	fail_list_init(&problems);
	fail_list_init(&warnings);
	struct policy p = {.fields = field_set_new(), .schemas = schema_set_load(dirs, 1, &problems)};
	ck_assert_ptr_nonnull(p.schemas);
	if (listener)
		ck_assert_ptr_nonnull(schema_set_source(p.schemas, STR("door"), STR("main"), STR("")));
	p.rules = ruleset_load_text(&options, "t.yml", str_of(text), p.fields, &problems);
	ck_assert_msg(problems.len == 0, "%s", problems.len ? problems.items[0].text : "");
	supply_check(&p, &warnings);
	ruleset_free(p.rules);
	schema_set_free(p.schemas);
	field_set_free(p.fields);
	fail_list_fini(&problems);
}

static void
warn_of(const char *logsource, const char *selection, bool listener)
{
	char text[2000];

	snprintf(text, sizeof(text), "title: T\nlogsource: {%s}\ndetection:\n  s:\n%s  condition: s\n", logsource, selection);
	warn_of_text(text, listener);
}

static void
expect(const char *code, unsigned line, unsigned column, const char *word)
{
	ck_assert_uint_eq(warnings.len, 1);
	ck_assert_str_eq(warnings.items[0].code, code);
	ck_assert_uint_eq(warnings.items[0].line, line);
	ck_assert_uint_eq(warnings.items[0].column, column);
	ck_assert_ptr_nonnull(strstr(warnings.items[0].text, word));
	fail_list_fini(&warnings);
}

static void
expect_nothing(void)
{
	ck_assert_msg(warnings.len == 0, "%s", warnings.len ? warnings.items[0].text : "");
	fail_list_fini(&warnings);
}

START_TEST(a_field_that_the_source_never_has_is_told_with_its_place)
{
	warn_of("product: aws, service: cloudtrail", "    eventName: x\n    status|contains: y\n", false);
	expect("unsupplied-field", 6, 5, "'status'");
	warn_of("product: azure, service: signinlogs", "    - ResultType: 0\n    - ActivityDetails: y\n", false);
	expect("unsupplied-field", 6, 7, "'ActivityDetails'");
	warn_of("product: azure, service: auditlogs", "    authenticationRequirement: x\n", false);
	expect("unsupplied-field", 5, 5, "'authenticationRequirement'");
}
END_TEST

START_TEST(a_field_is_told_once_and_a_compared_one_too)
{
	warn_of("product: okta", "    - nothing: x\n    - Nothing|startswith: y\n", false);
	expect("unsupplied-field", 5, 7, "'nothing'");
	warn_of("product: okta", "    eventType|fieldref: nowhere\n", false);
	expect("unsupplied-field", 5, 5, "'nowhere'");
}
END_TEST

START_TEST(the_field_by_which_a_rule_joins_is_one_of_its_fields)
{
	static const char rule[] = "---\ntitle: T\nlogsource: {product: azure, service: riskdetection}\n"
				   "detection: {s: {riskLevel: high}, condition: s}\npicketd: {dedup: {joins: %s}}\n";
	static const char *const fields[] = {"requestId", "properties.requestId", "RequestID", "requstId"};
	for (size_t i = 0; i < 4; i++) {
		char text[500];
		snprintf(text, sizeof(text), rule, fields[i]);
		warn_of_text(text, false);
		if (i < 3)
			expect_nothing();
		else
			expect("unsupplied-field", 2, 0, "'requstId'");
	}
}
END_TEST

START_TEST(aliases_members_and_objects_of_members_are_supplied)
{
	warn_of("product: azure, service: signinlogs", "    Username: a\n    properties.message: b\n    deviceDetail: c\n    DeviceDetail.trusttype: d\n", false);
	expect_nothing();
	warn_of("product: gcp, service: gcp.audit", "    data.protoPayload.request.anything.at.all: a\n    gcp.audit.method_name: b\n", false);
	expect_nothing();
	warn_of("product: m365, service: threat_detection", "    eventSource: a\n    status: b\n", false);
	expect_nothing();
}
END_TEST

START_TEST(picketds_own_fields_are_known_everywhere)
{
	warn_of("product: aws, service: cloudtrail", "    window.ip.failures|gte: 1\n    travel.speed_kmh|gte: 1\n    _messageTime: x\n    tenant: a\n    category: b\n", false);
	expect_nothing();
}
END_TEST

START_TEST(keywords_have_no_field)
{
	warn_of("product: aws, service: cloudtrail", "    - word\n    - other\n", false);
	expect_nothing();
}
END_TEST

START_TEST(a_source_without_a_schema_is_unknown_unless_a_listener_names_it)
{
	warn_of("product: door, service: main", "    knob: x\n", false);
	expect("unknown-logsource", 1, 0, "'T'");
	warn_of("product: azure, service: signinlog", "    ResultType: x\n", false);
	expect("unknown-logsource", 1, 0, "'T'");
	warn_of("product: door, service: main", "    knob: x\n", true);
	expect_nothing();
}
END_TEST

#define RULE(log, field) "title: T\nlogsource: {" log "}\ndetection: {s: {" field ": x}, condition: s}\n---\n"
#define FILTER(log, fields) "title: F\nlogsource: {" log "}\nfilter:\n  rules: any\n  s: {" fields "}\n  condition: not s\n"

START_TEST(a_field_that_only_a_filter_names_is_told_when_no_rule_that_it_filters_can_have_it)
{
	warn_of_text(RULE("product: azure, service: signinlogs", "ResultType") FILTER("product: azure", "ResultType: 0, Nobody: y"), false);
	expect("unsupplied-field", 9, 22, "'Nobody'");
	warn_of_text(RULE("product: azure, service: auditlogs", "activityDisplayName") FILTER("product: azure", "authenticationRequirement: y"), false);
	expect("unsupplied-field", 9, 7, "'authenticationRequirement'");
	warn_of_text(RULE("product: azure, service: auditlogs", "activityDisplayName") RULE("product: azure, service: signinlogs", "ResultType")
	    "title: F\nlogsource: {}\nfilter: {rules: any, s: {authenticationRequirement: y}, condition: not s}\n", false);
	expect_nothing();
	warn_of_text(RULE("definition: any log", "x") "title: F\nlogsource: {}\nfilter: {rules: any, s: {Nobody: y}, condition: not s}\n", false);
	expect_nothing();
	warn_of_text(FILTER("product: azure", "Nobody: y"), false);
	expect_nothing();
}
END_TEST

START_TEST(rules_of_an_unknown_log_source_are_told_together)
{
	warn_of_text("title: A\nlogsource: {product: Windows, category: x}\ndetection: {s: {a: x}, condition: s}\n---\n"
		     "title: B\nlogsource: {category: X, product: windows}\ndetection: {s: {a: x}, condition: s}\n---\n"
		     "title: C\nlogsource: {product: windows}\ndetection: {s: {a: x}, condition: s}\n", false);
	ck_assert_uint_eq(warnings.len, 2);
	ck_assert_ptr_nonnull(strstr(warnings.items[0].text, "{product: Windows, category: x} of 'A' and 1 more"));
	ck_assert_ptr_nonnull(strstr(warnings.items[1].text, "{product: windows} of 'C'"));
	ck_assert_uint_eq(warnings.items[1].line, 9);
	fail_list_fini(&warnings);
}
END_TEST

START_TEST(logs_without_a_list_of_members_and_rules_for_any_log_have_every_field)
{
	warn_of("product: azure, service: riskyusers", "    anything: x\n", false);
	expect_nothing();
	warn_of("product: azure", "    anything: x\n", false);
	expect_nothing();
	warn_of("definition: any", "    anything: x\n", false);
	expect_nothing();
	warn_of("product: github, service: audit", "    anything: x\n", false);
	expect_nothing();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_field_that_the_source_never_has_is_told_with_its_place,
		a_field_is_told_once_and_a_compared_one_too,
		the_field_by_which_a_rule_joins_is_one_of_its_fields,
	    aliases_members_and_objects_of_members_are_supplied,
		picketds_own_fields_are_known_everywhere,
		keywords_have_no_field,
		rules_of_an_unknown_log_source_are_told_together,
		a_field_that_only_a_filter_names_is_told_when_no_rule_that_it_filters_can_have_it,
		a_source_without_a_schema_is_unknown_unless_a_listener_names_it,
		logs_without_a_list_of_members_and_rules_for_any_log_have_every_field,
		NULL,
	};
	return unit_run("supply", tests);
}
