#include "unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alert/incidents.h"
#include "alert_fixture.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/mem.h"

static struct fixture x;

static json_t *
parse(const struct alert *a)
{
	struct str data = alert_data(a);
	json_error_t error;
	json_t *document = json_loadb(data.p, data.len, 0, &error);
	ck_assert_msg(document != NULL, "%s", error.text);
	return document;
}

static const char *
text_at(json_t *o, const char *a, const char *b)
{
	json_t *member = json_object_get(o, a);
	return json_string_value(b ? json_object_get(member, b) : member);
}

START_TEST(ids_equal_the_published_vectors)
{
	fixture_init(&x);
	struct alert *a = fixture_alert(&x);
	ck_assert_str_eq(alert_id(a), "alr_9968293a6332f6e4f7364a3ccc760c89");
	ck_assert_str_eq(alert_dedup_key(a), "ddk_5ee7d3027db285d5d74b361666f7e307");
	json_t *document = parse(a);
	ck_assert_str_eq(text_at(document, "correlation", "group_id"), "grp_f92777e9bda94623c423720865015eea");
	json_decref(document);
	alert_unref(a);
}
END_TEST

START_TEST(the_example_has_its_members_in_the_documented_order)
{
	static const char *const order[] = {"schema", "id", "dedup_key", "kind", "title", "threat_score", "severity",
	    "confidence", "score_reasons", "matched", "fields", "event_time", "detected_at", "rule", "mitre", "tenant_id",
	    "user", "src", "app", "client", "outcome", "context", "correlation", "evidence", "evidence_total", "suppressed",
	    "suppression", "anomalies", "truncated", "producer"};
	clock_set(INT64_C(1795377600398));
	fixture_init(&x);
	struct alert *a = fixture_alert(&x);
	json_t *document = parse(a), *value;
	const char *key;
	size_t n = 0;
	json_object_foreach(document, key, value)
	{
		ck_assert_uint_lt(n, sizeof(order) / sizeof(order[0]));
		ck_assert_str_eq(key, order[n++]);
	}
	ck_assert_uint_eq(n, sizeof(order) / sizeof(order[0]));
	ck_assert_str_eq(text_at(document, "title", NULL), "Password spray from 203.0.113.7: 46 users, 1 success");
	ck_assert_str_eq(text_at(document, "event_time", NULL), "2026-11-22T19:59:58.000Z");
	ck_assert_str_eq(text_at(document, "detected_at", NULL), "2026-11-22T20:00:00.398Z");
	ck_assert_str_eq(text_at(document, "fields", "_messageTime"), "2026-11-22T19:59:58.000Z");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(document, "fields"), "threat_score")), 2);
	json_t *mitre = json_array_get(json_object_get(document, "mitre"), 0);
	ck_assert_str_eq(text_at(mitre, "technique_name", NULL), "Password Spraying");
	ck_assert_str_eq(text_at(mitre, "tactic", NULL), "TA0006");
	ck_assert_str_eq(text_at(document, "outcome", "result"), "success");
	json_decref(document);
	alert_unref(a);
	clock_unset();
}
END_TEST

START_TEST(the_same_event_gives_the_same_id_and_another_kind_another)
{
	fixture_init(&x);
	struct alert *a = fixture_alert(&x), *again = fixture_alert(&x);
	x.finding.kind = FINDING_REPEAT;
	struct alert *repeat = fixture_alert(&x);
	struct alert *escalate = alert_escalate(a, false), *higher = alert_escalate(a, true);
	ck_assert_str_eq(alert_id(a), alert_id(again));
	ck_assert_str_ne(alert_id(a), alert_id(repeat));
	ck_assert_str_ne(alert_id(a), alert_id(escalate));
	ck_assert_str_ne(alert_id(escalate), alert_id(higher));
	ck_assert_str_eq(alert_dedup_key(a), alert_dedup_key(repeat));
	ck_assert_str_eq(alert_dedup_key(a), alert_dedup_key(escalate));
	json_t *document = parse(escalate);
	ck_assert_str_eq(text_at(document, "kind", NULL), "escalate");
	ck_assert_str_eq(text_at(document, "id", NULL), alert_id(escalate));
	json_decref(document);
	alert_unref(a);
	alert_unref(again);
	alert_unref(repeat);
	alert_unref(escalate);
	alert_unref(higher);
}
END_TEST

START_TEST(the_dedup_key_falls_back_to_group_then_user_then_address)
{
	char keys[4][ALERT_ID_SIZE];
	for (int i = 0; i < 4; i++) {
		fixture_init(&x);
		x.rule.dedup_count = i == 0;
		x.finding.group_count = i < 2;
		if (i == 3)
			x.slots[FIELD_USER_ID] = x.slots[FIELD_USER_PRINCIPAL_NAME] = (struct value){.type = VALUE_MISSING};
		struct alert *a = fixture_alert(&x);
		snprintf(keys[i], sizeof(keys[i]), "%s", alert_dedup_key(a));
		alert_unref(a);
	}
	ck_assert_str_ne(keys[0], keys[1]); /* src.ip and ipAddress are different names */
	ck_assert_str_ne(keys[1], keys[2]);
	ck_assert_str_eq(keys[0], keys[3]); /* src.ip again */
}
END_TEST

START_TEST(the_dedup_key_does_not_depend_on_the_case_of_a_name)
{
	fixture_init(&x);
	x.dedup_by[0] = (struct rule_field){"user.name", -1, NULL, 0};
	struct alert *a = fixture_alert(&x);
	fixture_set(&x, FIELD_USER_PRINCIPAL_NAME, VALUE_STRING, "USER46@Contoso.example");
	struct alert *b = fixture_alert(&x);
	ck_assert_str_eq(alert_dedup_key(a), alert_dedup_key(b));
	alert_unref(a);
	alert_unref(b);
}
END_TEST

START_TEST(the_dedup_key_of_an_alert_that_belongs_to_another_rule_is_that_rule_s)
{
	fixture_init(&x);
	struct alert *a = fixture_alert(&x);
	x.rule.dedup_rule = x.rule.id;
	x.rule.id = "11111111-2222-4333-8444-555555555555";
	struct alert *b = fixture_alert(&x);
	ck_assert_str_eq(alert_dedup_key(a), alert_dedup_key(b));
	ck_assert_str_ne(alert_id(a), alert_id(b));
	alert_unref(a);
	alert_unref(b);
}
END_TEST

static const struct incident_place placed = {.dedup_key = "ddk_00112233445566778899aabbccddeeff",
    .related = "alr_9968293a6332f6e4f7364a3ccc760c89", .event_id = "0231f922", .keys = {{"0123456789abcde", INCIDENT_ALIAS}},
    .key_count = 1};

START_TEST(an_alert_with_a_place_has_its_key_and_names_the_other_alert)
{
	fixture_init(&x);
	x.finding.place = &placed;
	struct alert *a = fixture_alert(&x), *e = alert_escalate(a, false);
	json_t *document = parse(e);
	ck_assert_str_eq(alert_dedup_key(a), placed.dedup_key);
	ck_assert_str_eq(text_at(document, "dedup_key", NULL), placed.dedup_key);
	ck_assert_str_eq(text_at(document, "related", "alert_id"), placed.related);
	ck_assert_str_eq(text_at(document, "related", "event_id"), "0231f922");
	ck_assert_uint_eq(alert_keys(e).len, sizeof(placed.keys[0]));
	ck_assert_int_eq(memcmp(alert_keys(e).p, placed.keys, sizeof(placed.keys[0])), 0);
	json_decref(document);
	alert_unref(e);
	alert_unref(a);
}
END_TEST

START_TEST(an_alert_that_looked_for_another_in_vain_says_so_and_others_say_nothing)
{
	static const struct rule_field joins = {"requestId", -1, NULL, 0};
	static const struct incident_place alone = {.dedup_key = "ddk_00112233445566778899aabbccddeeff"};
	for (int i = 0; i < 3; i++) {
		fixture_init(&x);
		x.finding.place = i == 0 ? NULL : &alone;
		x.rule.dedup_joins = i == 2 ? &joins : NULL;
		struct alert *a = fixture_alert(&x);
		json_t *document = parse(a), *related = json_object_get(document, "related");
		ck_assert(i == 2 ? json_is_null(related) : !related);
		json_decref(document);
		alert_unref(a);
	}
}
END_TEST

START_TEST(fields_keep_what_was_received)
{
	static const struct {
		enum value_type type;
		const char *text, *want;
	} cases[] = {
	    {VALUE_STRING, "0", "\"0\""},
	    {VALUE_NUMBER, "0", "0"},
	    {VALUE_NUMBER, "-12", "-12"},
	    {VALUE_NUMBER, "47.60621", "47.60621"},
	    {VALUE_NUMBER, "9007199254740991", "9007199254740991"},
	    {VALUE_NUMBER, "9007199254740992", "\"9007199254740992\""},
	    {VALUE_NUMBER, "1e300", "\"1e300\""},
	    {VALUE_NUMBER, "0.1234567890123456789", "\"0.1234567890123456789\""},
	    {VALUE_BOOL, "true", "true"},
	    {VALUE_NULL, "", "null"},
	    {VALUE_MISSING, "", "null"},
	    {VALUE_STRING, "a\"\\\n\x01z", "\"a\\\"\\\\\\n\\u0001z\""},
	    {VALUE_OBJECT, "{\"b\":[1,\"x\"],\"a\":12345678901234567}", "{\"b\":[1,\"x\"],\"a\":\"12345678901234567\"}"},
	    {VALUE_OBJECT, "{\"n\":123456789012345678901234567890}", "\"{\\\"n\\\":123456789012345678901234567890}\""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_init(&x);
		fixture_set(&x, FIXTURE_SLOTS - 1, cases[i].type, cases[i].text);
		x.columns[1] = (struct rule_column){"seen", "seen", FIXTURE_SLOTS - 1, COLUMN_FIELD};
		struct alert *a = fixture_alert(&x);
		char want[256];
		snprintf(want, sizeof(want), "\"seen\":%s,", cases[i].want);
		ck_assert_msg(strstr(alert_data(a).p, want) != NULL, "%s not in %s", want, alert_data(a).p);
		alert_unref(a);
	}
}
END_TEST

START_TEST(an_array_stays_an_array)
{
	fixture_init(&x);
	struct value second = {.text = STR("anonymizedIPAddress"), .type = VALUE_STRING};
	struct value first = {.text = STR("passwordSpray"), .type = VALUE_STRING, .next = &second};
	x.slots[FIXTURE_SLOTS - 1] = (struct value){.type = VALUE_ARRAY, .elements = &first};
	x.columns[1] = (struct rule_column){"risk_events", "riskEventTypes_v2", FIXTURE_SLOTS - 1, COLUMN_FIELD};
	struct alert *a = fixture_alert(&x);
	ck_assert_ptr_nonnull(strstr(alert_data(a).p, "\"risk_events\":[\"passwordSpray\",\"anonymizedIPAddress\"]"));
	alert_unref(a);
}
END_TEST

START_TEST(window_that_another_match_began_has_an_id_of_its_own)
{
	fixture_init(&x);
	x.finding.begin_ms = 1795377000000;
	struct alert *a = fixture_alert(&x);
	ck_assert_str_eq(alert_id(a), "alr_bd452917e54b8d02d41708a0662adda8");
	ck_assert_str_eq(alert_dedup_key(a), "ddk_5ee7d3027db285d5d74b361666f7e307");
	alert_unref(a);
}
END_TEST

START_TEST(a_title_is_plain_and_short)
{
	fixture_init(&x);
	x.rule.correlation = NULL;
	x.finding.group_count = 0;
	fixture_set(&x, FIELD_USER_PRINCIPAL_NAME, VALUE_STRING, "a\x1b[31m\n\xc2\x9b\xe2\x80\xae" "b@contoso.example");
	char long_title[400];
	memset(long_title, 'x', sizeof(long_title) - 1);
	long_title[sizeof(long_title) - 1] = '\0';
	struct alert *a = fixture_alert(&x);
	json_t *document = parse(a);
	ck_assert_str_eq(text_at(document, "title", NULL), "Password spray: a[31mb@contoso.example from 203.0.113.7");
	json_decref(document);
	alert_unref(a);
	for (size_t i = 1; i + 1 < sizeof(long_title); i += 2)
		memcpy(long_title + i, "\xc3\xa9", 2);
	x.rule.title = long_title;
	a = fixture_alert(&x);
	document = parse(a);
	const char *title = text_at(document, "title", NULL);
	ck_assert_uint_le(strlen(title), 200);
	ck_assert(codec_utf8_valid(str_of(title)));
	ck_assert_ptr_nonnull(strstr(title, "from 203.0.113.7"));
	json_decref(document);
	alert_unref(a);
	x.rule.title = "Password spray from one source";
	a = fixture_alert(&x);
	document = parse(a);
	ck_assert_str_eq(text_at(document, "title", NULL), "Password spray from one source: a[31mb@contoso.example (203.0.113.7)");
	json_decref(document);
	alert_unref(a);
}
END_TEST

START_TEST(ill_formed_text_comes_out_as_valid_utf8)
{
	fixture_init(&x);
	fixture_set(&x, FIELD_USER_AGENT, VALUE_STRING, "a\xff\xfe\xc0\x80z");
	struct alert *a = fixture_alert(&x);
	ck_assert(codec_utf8_valid(alert_data(a)));
	json_decref(parse(a));
	alert_unref(a);
}
END_TEST

static void
fill_evidence(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct evidence *e = &x.evidence[i];
		snprintf(e->event_id, sizeof(e->event_id), "SignInLogs/%u", i);
		snprintf(e->user, sizeof(e->user), "user%u@contoso.example", i);
		snprintf(e->ip, sizeof(e->ip), "203.0.113.7");
		e->time_ms = INT64_C(1795377063000) + i;
		e->code = i + 1 < count ? 50126 : 0;
		memset(e->sha256, 'a', 64);
	}
	snprintf(x.evidence[count - 1].event_id, sizeof(x.evidence[0].event_id), "%s", FIXTURE_EVENT);
	x.finding.evidence = x.evidence;
	x.finding.evidence_count = count;
}

START_TEST(a_large_alert_is_cut_in_the_documented_order_and_says_so)
{
	static char agent[4000], name[9000];
	memset(agent, 'u', sizeof(agent) - 1);
	memset(name, 'n', sizeof(name) - 1);
	fixture_init(&x);
	fill_evidence(EVIDENCE_MAX);
	for (unsigned i = 0; i < CONTEXT_NAMES_MAX; i++)
		snprintf(x.context.names.sample[i], CONTEXT_NAME_SIZE, "user%u@contoso.example", i);
	x.context.names.sample_count = CONTEXT_NAMES_MAX;
	fixture_set(&x, FIELD_USER_AGENT, VALUE_STRING, agent);
	fixture_set(&x, FIXTURE_SLOTS - 1, VALUE_STRING, name);
	x.columns[1] = (struct rule_column){"a/b~c", "blob", FIXTURE_SLOTS - 1, COLUMN_FIELD};
	struct alert *a = fixture_alert(&x);
	ck_assert_uint_le(alert_data(a).len, 16384 - 200);
	json_t *document = parse(a);
	json_t *cut = json_object_get(document, "truncated");
	ck_assert_uint_ge(json_array_size(cut), 1);
	ck_assert_str_eq(json_string_value(json_array_get(cut, 0)), "/client");
	ck_assert(json_is_null(json_object_get(document, "client")));
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(json_object_get(document, "context"), "ip"),
	    "distinct_users")), 46);
	json_decref(document);
	alert_unref(a);
	static char longer[60000];
	memset(longer, 'n', sizeof(longer) - 1);
	fixture_set(&x, FIXTURE_SLOTS - 1, VALUE_STRING, longer);
	a = fixture_alert(&x);
	ck_assert_uint_le(alert_data(a).len, 16384 - 200);
	document = parse(a);
	static const char *const want[] = {"/client", "/context/ip/users_sample", "/evidence", "/fields/a~1b~0c"};
	cut = json_object_get(document, "truncated");
	ck_assert_uint_eq(json_array_size(cut), 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(json_string_value(json_array_get(cut, i)), want[i]);
	json_t *evidence = json_object_get(document, "evidence");
	ck_assert_uint_eq(json_array_size(evidence), 3);
	ck_assert_str_eq(text_at(json_array_get(evidence, 2), "event_id", NULL), FIXTURE_EVENT);
	json_decref(document);
	alert_unref(a);
}
END_TEST

START_TEST(mitre_names_what_it_knows_and_leaves_the_rest_null)
{
	static const char *const cases[][4] = {
	    {"attack.T1078.004", "attack.persistence", "{\"tactic\":\"TA0003\",\"tactic_name\":\"Persistence\",\"technique\":"
	                                               "\"T1078.004\",\"technique_name\":\"Cloud Accounts\"}"},
	    {"attack.t1078.004", "cve.2020.1", "\"tactic\":\"TA0001\""},
	    {"attack.t9999", "attack.credential_access",
	        "{\"tactic\":\"TA0006\",\"tactic_name\":\"Credential Access\",\"technique\":\"T9999\",\"technique_name\":null}"},
	    {"attack.initial-access", "attack.g0007", "\"mitre\":[{\"tactic\":\"TA0001\",\"tactic_name\":\"Initial Access\","
	                                              "\"technique\":null,\"technique_name\":null}]"},
	    {"attack.t11", "attack.t1110.03", "\"mitre\":[]"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_init(&x);
		x.tags[0] = cases[i][0];
		x.tags[1] = cases[i][1];
		struct alert *a = fixture_alert(&x);
		ck_assert_msg(strstr(alert_data(a).p, cases[i][2]) != NULL, "%s", alert_data(a).p);
		alert_unref(a);
	}
}
END_TEST

START_TEST(a_burst_reads_like_the_event_count_around_it)
{
	fixture_init(&x);
	x.rule.correlation = NULL;
	x.rule.burst.span_ms = 600000;
	x.finding.value = 0;
	struct alert *a = fixture_alert(&x);
	json_t *document = parse(a);
	ck_assert_str_eq(text_at(document, "correlation", "type"), "event_count");
	ck_assert_str_eq(text_at(document, "correlation", "group_id"), "grp_f92777e9bda94623c423720865015eea");
	json_decref(document);
	alert_unref(a);
}
END_TEST

START_TEST(a_shrunk_copy_fits_a_smaller_receiver)
{
	fixture_init(&x);
	fill_evidence(EVIDENCE_MAX);
	struct alert *a = fixture_alert(&x);
	struct buf out;
	buf_init(&out, 1 << 20);
	ck_assert_int_eq(alert_shrink(alert_data(a), 3600, &out), 0);
	ck_assert_uint_le(out.len, 3600);
	ck_assert_ptr_nonnull(strstr(out.data, alert_id(a)));
	buf_clear(&out);
	ck_assert_int_eq(alert_shrink(STR("[1]"), 4096, &out), -1);
	buf_fini(&out);
	alert_unref(a);
}
END_TEST

START_TEST(a_batch_owns_its_alerts_until_they_are_dropped)
{
	struct batch b;
	memset(&b, 0, sizeof(b));
	for (unsigned i = 0; i < 20; i++)
		ck_assert_int_eq(alert_add(&b, fixture_plain(&x, i, 1)), 0);
	struct alert *kept = alert_ref(b.alerts[3]);
	ck_assert_uint_eq(b.alert_count, 20);
	alert_drop(&b);
	ck_assert_uint_eq(b.alert_count, 0);
	ck_assert_int_eq(strncmp(alert_id(kept), "alr_", 4), 0);
	alert_unref(kept);
}
END_TEST

static void
write_line(FILE *out, struct alert *a)
{
	fwrite(alert_data(a).p, 1, alert_data(a).len, out);
	fputc('\n', out);
	alert_unref(a);
}

static void
write_many(FILE *out)
{
	fixture_init(&x);
	write_line(out, fixture_alert(&x));
	fill_evidence(EVIDENCE_MAX);
	x.finding.kind = FINDING_REPEAT;
	x.event.anomalies = ANOMALY_LATE | ANOMALY_DUPLICATE_KEY;
	x.finding.partial = x.context.ip.partial = true;
	write_line(out, fixture_alert(&x));
	struct alert *plain = fixture_plain(&x, 1, 3);
	write_line(out, alert_escalate(plain, true));
	write_line(out, plain);
	/* One that joins another, and one that found none. */
	static const struct rule_field joins = {"requestId", -1, NULL, 0};
	fixture_init(&x);
	x.finding.place = &placed;
	write_line(out, fixture_alert(&x));
	x.finding.place = NULL;
	x.rule.dedup_joins = &joins;
	write_line(out, fixture_alert(&x));
	/* A record that tells nothing. */
	fixture_init(&x);
	memset(x.slots, 0, sizeof(x.slots));
	memset(&x.context, 0, sizeof(x.context));
	x.context.code = -1;
	x.event.tenant = STR("");
	x.event.id = STR("sha256/0000");
	x.rule = (struct rule){.id = "r", .title = "R", .tags = x.tags + 4, .references = x.references};
	x.finding = (struct finding){.rule = &x.rule, .event = &x.event, .context = &x.context};
	write_line(out, fixture_alert(&x));
	static char longer[60000];
	memset(longer, '"', sizeof(longer) - 1);
	fixture_init(&x);
	for (int slot = 0; slot < FIXTURE_SLOTS; slot++)
		fixture_set(&x, slot, VALUE_STRING, longer);
	for (unsigned i = 4; i < 8; i++)
		x.columns[i] = (struct rule_column){longer + sizeof(longer) - 2 - i, "f", FIXTURE_SLOTS - 1, COLUMN_FIELD};
	x.rule.column_count = 8;
	write_line(out, fixture_alert(&x));
}

START_TEST(documents_validate_against_the_shipped_schema)
{
	char path[] = "/tmp/test_alert.XXXXXX", command[1024];
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	FILE *out = fdopen(fd, "w");
	write_many(out);
	fclose(out);
	snprintf(command, sizeof(command), "/usr/bin/python3 %s/tests/tools/validate_alerts.py %s/conf/alert.schema.json %s",
	    SRCDIR, SRCDIR, path);
	int status = system(command);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127, "see above");
	unlink(path);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {ids_equal_the_published_vectors,
	    the_example_has_its_members_in_the_documented_order, the_same_event_gives_the_same_id_and_another_kind_another,
	    the_dedup_key_falls_back_to_group_then_user_then_address, the_dedup_key_does_not_depend_on_the_case_of_a_name,
	    the_dedup_key_of_an_alert_that_belongs_to_another_rule_is_that_rule_s,
	    an_alert_with_a_place_has_its_key_and_names_the_other_alert,
	    an_alert_that_looked_for_another_in_vain_says_so_and_others_say_nothing,
	    fields_keep_what_was_received, an_array_stays_an_array, window_that_another_match_began_has_an_id_of_its_own, a_title_is_plain_and_short,
	    ill_formed_text_comes_out_as_valid_utf8, a_large_alert_is_cut_in_the_documented_order_and_says_so,
	    mitre_names_what_it_knows_and_leaves_the_rest_null, a_burst_reads_like_the_event_count_around_it,
	    a_shrunk_copy_fits_a_smaller_receiver, a_batch_owns_its_alerts_until_they_are_dropped,
	    documents_validate_against_the_shipped_schema, NULL};
	return unit_run("alert", tests);
}
