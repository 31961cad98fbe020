/* The rules that picketd ships: they load, and each clause decides. */
#include "unit.h"

#include "sigma_fixture.h"
#include "sigma/correlation.h"

static void
load_shipped(struct fixture *f)
{
	static char rules[] = SRCDIR "/conf/rules";
	static const char *const dirs[] = {rules};
	struct ruleset_options options = {.dirs = dirs, .dir_count = 1, .any_source = true, .max_regex_steps = 100000};
	struct config config = {.rules = {.dirs = {(char *[]){rules}, 1}}};
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 64 << 20, 0);
	f->fields = field_set_new();
	fail_list_init(&f->problems);
	struct list_set *lists = list_set_load(&config, &f->problems);
	ck_assert_ptr_nonnull(lists);
	options.lists = lists;
	f->set = ruleset_load(&options, f->fields, &f->problems);
	list_set_free(lists);
	ck_assert_ptr_nonnull(f->set);
	fixture_show(f);
	ck_assert_uint_eq(f->problems.len, 0);
	f->matcher = matcher_new(f->set);
	ck_assert_ptr_nonnull(f->matcher);
}

/* The score, or -1 when the rule of this id does not match. */
static int
judge(struct fixture *f, const char *id, const char *event)
{
	const struct match *matches;
	unsigned count = fixture_run(f, event, &matches);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(matches[i].rule->id, id) == 0)
			return matches[i].score;
	}
	return -1;
}

struct clause {
	const char *event;
	int score; /* -1: no match */
};

static void
check_clauses(const char *id, const struct clause *clauses, size_t count)
{
	struct fixture f;
	load_shipped(&f);
	for (size_t i = 0; i < count; i++) {
		int score = judge(&f, id, clauses[i].event);
		ck_assert_msg(score == clauses[i].score, "%s gave %d, not %d", clauses[i].event, score, clauses[i].score);
	}
	fixture_fini(&f);
}

START_TEST(rules_find_the_compromised_account_clause_by_clause)
{
#define OK "\"resultType\":\"0\""
#define CROSS OK ",\"authenticationRequirement\":\"singleFactorAuthentication\""
	static const struct clause clauses[] = {
	    {"{" OK "}", -1},
	    {"{" OK ",\"riskLevelDuringSignIn\":\"high\"}", 1},
	    {"{" OK ",\"riskLevelDuringSignIn\":\"MEDIUM\"}", 1},
	    {"{" OK ",\"riskLevelDuringSignIn\":\"low\"}", -1},
	    {"{\"resultType\":0,\"riskLevelDuringSignIn\":\"high\"}", 1},
	    {"{\"resultType\":50126,\"riskLevelDuringSignIn\":\"high\"}", -1},
	    {"{\"resultType\":\"50126\",\"riskLevelDuringSignIn\":\"high\"}", -1},
	    {"{\"riskLevelDuringSignIn\":\"high\"}", -1},
	    {"{" OK ",\"riskState\":\"atRisk\"}", 1},
	    {"{" OK ",\"riskState\":\"confirmedCompromised\"}", 1},
	    {"{" OK ",\"riskState\":\"dismissed\"}", -1},
	    {"{" OK ",\"riskLevelDuringSignIn\":\"high\",\"riskState\":\"atrisk\"}", 2},
	    {"{" OK ",\"riskEventTypes_v2\":[\"anonymizedIPAddress\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":\"[\\\"riskyIPAddress\\\"]\"}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"other\",\"mcasImpossibleTravel\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"maliciousIPAddressValidCredentialsBlockedIP\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"unfamiliarFeatures\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"passwordSpray\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"leakedCredentials\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"nationStateIP\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[\"investigationsThreatIntelligenceSigninLinked\"]}", 0},
	    {"{" OK ",\"riskEventTypes_v2\":[]}", -1},
	    {"{" OK ",\"riskEventTypes_v2\":\"\"}", -1},
	    {"{" OK ",\"riskEventTypes_v2\":null}", -1},
	    {"{" OK ",\"riskEventTypes_v2\":[\"generic\"]}", -1},
	    {"{" CROSS ",\"homeTenantId\":\"a\",\"resourceTenantId\":\"b\"}", 1},
	    {"{" CROSS ",\"homeTenantId\":\"a\",\"resourceTenantId\":\"A\"}", -1},
	    {"{" CROSS ",\"homeTenantId\":\"a\",\"resourceTenantId\":\"\"}", 1},
	    {"{" CROSS ",\"homeTenantId\":\"a\",\"resourceTenantId\":null}", -1},
	    {"{" CROSS ",\"homeTenantId\":\"a\"}", -1},
	    {"{" CROSS ",\"homeTenantId\":\"\",\"resourceTenantId\":\"b\"}", -1},
	    {"{" CROSS ",\"homeTenantId\":\" \\t\",\"resourceTenantId\":\"b\"}", -1},
	    {"{" CROSS ",\"homeTenantId\":null,\"resourceTenantId\":\"b\"}", -1},
	    {"{" CROSS ",\"resourceTenantId\":\"b\"}", -1},
	    {"{" OK ",\"authenticationRequirement\":\"multiFactorAuthentication\",\"homeTenantId\":\"a\","
	     "\"resourceTenantId\":\"b\"}", -1},
	    {"{" CROSS ",\"homeTenantId\":\"a\",\"resourceTenantId\":\"b\",\"riskLevelDuringSignIn\":\"high\","
	     "\"riskState\":\"atRisk\"}", 3},
	};
	check_clauses("2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11", clauses, sizeof(clauses) / sizeof(clauses[0]));
}
END_TEST

START_TEST(rules_keep_the_columns_of_the_query)
{
	static const char *const names[] = {"_messageTime", "user", "src_ip", "app", "country", "risk_level", "risk_state",
	    "risk_events", "auth_req", "home_tenant", "resource_tenant", "threat_score"};
	struct fixture f;
	load_shipped(&f);
	const struct rule *rule = ruleset_find(f.set, STR("2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11"));
	ck_assert_ptr_nonnull(rule);
	ck_assert_uint_eq(rule->column_count, 12);
	for (unsigned i = 0; i < 12; i++)
		ck_assert_str_eq(rule->columns[i].name, names[i]);
	ck_assert_int_eq(rule->columns[0].kind, COLUMN_MESSAGE_TIME);
	ck_assert_int_eq(rule->columns[1].slot, FIELD_USER_PRINCIPAL_NAME);
	ck_assert_int_eq(rule->columns[11].kind, COLUMN_THREAT_SCORE);
	ck_assert_str_eq(rule->confidence, "high");
	ck_assert_int_eq(rule->level, LEVEL_HIGH);
	ck_assert_str_eq(rule->tags[1], "attack.t1586.003");
	ck_assert_ptr_null(rule->tags[2]);
	fixture_fini(&f);
}
END_TEST

/* The slot into which a window of the rule writes a figure. */
static struct str
slot_name(const struct fixture *f, const struct rule *rule, const char *window, enum window_figure figure)
{
	unsigned count, i = 0;
	const struct named_window *windows = ruleset_windows(f->set, &count);
	while (i < rule->window_count && strcmp(rule->windows[i].name, window) != 0)
		i++;
	ck_assert_msg(i < rule->window_count, "the rule tests no window %s", window);
	return field_set_name(f->fields, (unsigned)windows[rule->windows[i].window].slots[figure]);
}

START_TEST(rules_find_a_fast_spray_by_its_strangers)
{
	static const struct {
		const char *code, *strangers, *ratio, *old_device, *renewed;
		int score;
	} rows[] = {
	    {"\"50126\"", "5", "5", "0", "0", 1},
	    {"\"50126\"", "4", "4", "0", "0", -1},
	    {"\"50126\"", "9", "1.9", "0", "0", -1},
	    {"50053", "20", "2", "3", "0", 1},
	    {"\"0\"", "9", "9", "0", "0", -1},
	    {"\"50126\"", "9", "9", "4", "0", -1},
	    {"\"50126\"", "9", "9", "0", "1", -1},
	};
	struct fixture f;
	load_shipped(&f);
	const struct rule *rule = ruleset_find(f.set, STR("6c0f9b52-3d1e-4f0a-8a7e-1b9d5e2c7a40"));
	ck_assert_ptr_nonnull(rule);
	const char *strangers = slot_name(&f, rule, "ip_minutes", FIGURE_STRANGERS).p;
	const char *ratio = slot_name(&f, rule, "ip_minutes", FIGURE_STRANGER_RATIO).p;
	const char *old_device = slot_name(&f, rule, "user_device", FIGURE_FAILURES).p;
	const char *renewed = slot_name(&f, rule, "user_renewal", FIGURE_ATTEMPTS).p;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char event[512];
		snprintf(event, sizeof(event), "{\"resultType\":%s,\"%s\":%s,\"%s\":%s,\"%s\":%s,\"%s\":%s}", rows[i].code, strangers,
		    rows[i].strangers, ratio, rows[i].ratio, old_device, rows[i].old_device, renewed, rows[i].renewed);
		ck_assert_msg(judge(&f, rule->id, event) == rows[i].score, "%s did not give %d", event, rows[i].score);
	}
	ck_assert_int_eq(judge(&f, rule->id, "{\"resultType\":\"50126\"}"), -1);
	fixture_fini(&f);
}
END_TEST

START_TEST(rules_alert_once_a_burst_of_what_a_spray_is_known_by)
{
	static const struct {
		const char *id, *first, *second;
		int64_t hours;
	} rows[] = {
	    {"6c0f9b52-3d1e-4f0a-8a7e-1b9d5e2c7a40", "ipAddress", NULL, 24},
	    {"4f8c1b7a-2e95-4d06-b3a8-c61f07d9e245", "ipAddress", "userAgent", 24},
	    {"d7e03a96-58b1-4c2f-9a64-1f7c0b83e5d2", "userAgent", "appDisplayName", 12},
	    {"92b5e6d0-71fa-4a38-8c0d-e4a95f2763b1", "appDisplayName", "clientAppUsed", 2},
	    {"0c6a9e34-b7d2-4f51-a2e8-95d31f7b608c", "ipAddress/24", NULL, 24},
	    {"e94c7a08-2b5d-4e61-8c3f-d0a6b7f1925e", "userPrincipalName", NULL, 24},
	    {"a5d1f2c8-46b3-4e07-9c7d-83e0b5f6194a", "userPrincipalName", "ipAddress", 24},
	    {"7e4b91d6-3c08-4f5a-9d2e-a16c5f80b374", "userPrincipalName", "ipAddress", 24},
	    {"f30a6c85-17d4-4b9e-8e62-5b7d9c14a0e8", "userPrincipalName", NULL, 24},
	};
	struct fixture f;
	load_shipped(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rule *rule = ruleset_find(f.set, str_of(rows[i].id));
		ck_assert_msg(rule != NULL, "%s", rows[i].id);
		ck_assert_int_eq(rule->burst.span_ms, rows[i].hours * 3600000);
		ck_assert_uint_eq(rule->burst.by_count, rows[i].second ? 2 : 1);
		ck_assert_str_eq(rule->burst.by[0].name, rows[i].first);
		if (rows[i].second)
			ck_assert_str_eq(rule->burst.by[1].name, rows[i].second);
	}
	fixture_fini(&f);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {rules_find_the_compromised_account_clause_by_clause,
	    rules_keep_the_columns_of_the_query, rules_find_a_fast_spray_by_its_strangers,
	    rules_alert_once_a_burst_of_what_a_spray_is_known_by, NULL};
	return unit_run("rules", tests);
}
