#include "unit/unit.h"

#include "base/codec.h"
#include "base/mem.h"
#include "decode/describe.h"
#include "unit/decode_fixture.h"

static struct decode_fixture f;

static const char *const names[] = {"riskEventTypes_v2", "homeTenantId", "resourceTenantId", "riskState", "Status", "Username",
    "Location", "operationName", "riskEventType", "initiatedBy.user.userPrincipalName", "threat_score",
    "properties.message", "eventName", "userIdentity.arn", "targetResources.modifiedProperties.newValue", "identity.type", NULL};

static void
read_event(struct str record, const char *shape)
{
	enum decode_result result = decode_fixture_read(&f, record);
	ck_assert_msg(result == DECODE_EVENT, "%d %s", result, f.why.text);
	ck_assert_str_eq(f.event.shape, shape);
}

static void
assert_field(const char *name, const char *want)
{
	struct str got = decode_fixture_text(&f, name);
	ck_assert_msg(str_eq(got, str_of(want)), "%s is %.*s, not %s", name, (int)got.len, got.p, want);
}

static void
assert_str(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "got %.*s, not %s", (int)got.len, got.p, want);
}

START_TEST(the_same_sign_in_in_every_shape_gives_the_same_fields_and_id)
{
	static const struct {
		const char *shape, *text;
	} records[] = {
	    {"entra-diagnostic", "{ \"time\": \"2026-11-22T20:01:00Z\", \"resourceId\": \"/tenants/T1/providers/x\", \"category\": \"SignInLogs\","
		"\"resultType\":\"50126\",\"callerIpAddress\":\"9.9.9.9\",\"location\":\"DE\",\"properties\":{\"id\":\"I1\",\"createdDateTime\":"
		"\"2026-11-22T20:00:00.1234567Z\",\"userPrincipalName\":\"a@b\",\"ipAddress\":\"1.2.3.4\",\"location\":{\"countryOrRegion\":\"FR\"},"
		"\"riskEventTypes_v2\":[\"x\",\"y\"]}}"},
	    {"entra-diagnostic", "{\"category\":\"signinlogs\",\"operationname\":\"s\",\"tenantid\":\"T1\",\"resulttype\":50126,\"properties\":"
		"\"{\\\"id\\\":\\\"I1\\\",\\\"createdDateTime\\\":\\\"2026-11-22T20:00:00.123Z\\\",\\\"userPrincipalName\\\":\\\"a@b\\\","
		"\\\"ipAddress\\\":\\\"1.2.3.4\\\",\\\"location\\\":{\\\"countryOrRegion\\\":\\\"FR\\\"},\\\"riskEventTypes_v2\\\":[\\\"x\\\",\\\"y\\\"]}\"}"},
	    {"entra-dotted", "{\"properties.id\":\"I1\",\"properties.createdDateTime\":\"2026-11-22T20:00:00.123Z\",\"properties.status.errorCode\":"
		"50126,\"tenantId\":\"T1\",\"properties.userPrincipalName\":\"a@b\",\"properties.ipAddress\":\"1.2.3.4\","
		"\"properties.location.countryOrRegion\":\"FR\",\"properties.riskEventTypes_v2\":[\"x\",\"y\"]}"},
	    {"entra-graph", "{\"id\":\"I1\",\"createdDateTime\":\"2026-11-22T20:00:00.123Z\",\"tenantId\":\"T1\",\"userPrincipalName\":\"a@b\","
		"\"ipAddress\":\"1.2.3.4\",\"status\":{\"errorCode\":50126},\"location\":{\"countryOrRegion\":\"FR\"},\"riskEventTypes_v2\":[\"x\",\"y\"]}"},
	    {"entra-loganalytics", "{\"TenantId\":\"workspace\",\"AADTenantId\":\"T1\",\"TimeGenerated\":\"2026-11-22T20:03:00Z\",\"CreatedDateTime\":"
		"\"2026-11-22T20:00:00.123Z\",\"Type\":\"SigninLogs\",\"Id\":\"I1\",\"ResultType\":\"50126\",\"UserPrincipalName\":\"a@b\","
		"\"IPAddress\":\"1.2.3.4\",\"Location\":\"DE\",\"LocationDetails\":\"{\\\"countryOrRegion\\\":\\\"FR\\\"}\",\"RiskEventTypes_V2\":[\"x\",\"y\"]}"},
	    {"entra-ecs", "{\"@timestamp\":\"2026-11-22T20:00:00.123Z\",\"azure\":{\"tenant_id\":\"T1\",\"signinlogs\":{\"category\":\"SignInLogs\","
		"\"result_type\":\"50126\",\"properties\":{\"id\":\"I1\",\"risk_event_types_v2\":[\"x\",\"y\"]}}},\"source\":{\"ip\":\"1.2.3.4\"},"
		"\"user\":{\"name\":\"a\",\"domain\":\"b\"},\"geo\":{\"country_iso_code\":\"FR\"}}"},
	    {"entra-flat", "{\"createddatetime\":\"2026-11-22 20:00:00.123\",\"resulttype\":\"50126\",\"userprincipalname\":\"a@b\",\"ID\":\"I1\","
		"\"ipaddress\":\"1.2.3.4\",\"location\":\"FR\",\"tenantid\":\"T1\",\"riskeventtypes_v2\":[\"x\",\"y\"]}"},
	};
	decode_fixture_open(&f, names, NULL);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		read_event(str_of(records[i].text), records[i].shape);
		ck_assert(f.event.is_sign_in && f.event.has_time);
		assert_str(f.event.source->product, "azure");
		assert_str(f.event.source->service, "signinlogs");
		assert_str(f.event.id, "SignInLogs/I1");
		assert_str(f.event.tenant, "T1");
		ck_assert_int_eq(f.event.event_ms, 1795377600123);
		assert_field("resultType", "50126");
		assert_field("userPrincipalName", "a@b");
		assert_field("Username", "a@b");
		assert_field("ipAddress", "1.2.3.4");
		assert_field("location.countryOrRegion", "FR");
		assert_field("Location", "FR");
		assert_field("Status", "Failure");
		assert_field("category", "SignInLogs");
		assert_field("tenant", "T1");
		assert_field("_messageTime", "2026-11-22T20:00:00.123Z");
		const struct value *v = decode_fixture_value(&f, "riskEventTypes_v2");
		ck_assert_int_eq(v->type, VALUE_ARRAY);
		assert_str(v->text, "[\"x\",\"y\"]");
		assert_str(v->elements->next->text, "y");
	}
	decode_fixture_close(&f);
}
END_TEST

START_TEST(null_blank_and_missing_stay_apart_and_give_way_to_more)
{
	decode_fixture_open(&f, names, NULL);
	read_event(STR("{\"category\":\"SignInLogs\",\"properties\":{\"homeTenantId\":null,\"resourceTenantId\":\"\","
	    "\"ipAddress\":\"\",\"riskEventTypes_v2\":[],\"riskEventTypes\":[\"generic\"]},\"callerIpAddress\":\"1.1.1.1\"}"), "entra-diagnostic");
	ck_assert_int_eq(decode_fixture_value(&f, "homeTenantId")->type, VALUE_NULL);
	ck_assert_int_eq(decode_fixture_value(&f, "resourceTenantId")->type, VALUE_STRING);
	ck_assert_int_eq(decode_fixture_value(&f, "riskState")->type, VALUE_MISSING);
	ck_assert_int_eq(decode_fixture_value(&f, "Status")->type, VALUE_MISSING);
	assert_field("ipAddress", "1.1.1.1");
	assert_field("riskEventTypes_v2", "generic");
	read_event(STR("{\"category\":\"SignInLogs\",\"properties\":{\"ipAddress\":\"\",\"location\":{}},\"location\":{\"x\":1}}"), "entra-diagnostic");
	ck_assert_int_eq(decode_fixture_value(&f, "ipAddress")->type, VALUE_STRING);
	ck_assert_int_eq(decode_fixture_value(&f, "location.countryOrRegion")->type, VALUE_MISSING);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(categories_choose_the_log_source)
{
	static const struct {
		const char *category, *service, *shape;
		bool sign_in;
	} cases[] = {{"NonInteractiveUserSignInLogs", "signinlogs", "entra-diagnostic", true},
	    {"ManagedIdentitySignInLogs", "signinlogs", "entra-diagnostic", true},
	    {"ServicePrincipalSignInLogs", "signinlogs", "entra-diagnostic", true},
	    {"ADFSSignInLogs", "signinlogs", "entra-diagnostic", true},
	    {"AuditLogs", "auditlogs", "entra-auditlogs-diagnostic", false},
	    {"UserRiskEvents", "riskdetection", "entra-riskdetection-diagnostic", false},
	    {"ServicePrincipalRiskEvents", "riskdetection", "entra-riskdetection-diagnostic", false},
	    {"Administrative", "activitylogs", "azure-activity-eventhub", false},
	    {"RiskyUsers", "riskyusers", "azure-diagnostic", false}, {"SomethingNew", "", "azure-diagnostic", false}};
	char text[256];
	decode_fixture_open(&f, names, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"category\":\"%s\",\"operationName\":\"o\",\"resultType\":\"0\",\"properties\":{\"id\":\"1\"}}",
		    cases[i].category);
		read_event(str_of(text), cases[i].shape);
		ck_assert_int_eq(f.event.is_sign_in, cases[i].sign_in);
		assert_str(f.event.source->product, "azure");
		assert_str(f.event.source->service, cases[i].service);
		assert_str(f.event.category, cases[i].category);
	}
	decode_fixture_close(&f);
}
END_TEST

START_TEST(other_sources_have_shapes_of_their_own)
{
	decode_fixture_open(&f, names, NULL);
	read_event(STR("{\"time\":\"2026-11-22T20:00:00Z\",\"category\":\"StorageRead\",\"operationName\":\"GetBlob\",\"callerIpAddress\":"
	    "\"1.2.3.4:62289\",\"correlationId\":\"c\",\"identity\":{\"type\":\"OAuth\",\"requester\":{\"objectId\":\"u\"}},\"properties\":{}}"), "azure-storage");
	assert_str(f.event.source->service, "storage");
	ck_assert(!f.event.is_sign_in);
	assert_str(f.event.id, "StorageRead/c");
	assert_field("userId", "u");
	assert_field("identity.type", "OAuth");
	read_event(STR("{\"eventVersion\":\"1.08\",\"eventSource\":\"s\",\"eventName\":\"ListBuckets\",\"eventID\":\"e\",\"eventTime\":"
	    "\"2026-11-22T20:00:00Z\",\"sourceIPAddress\":\"1.2.3.4\",\"userIdentity\":{\"arn\":\"a\"},\"recipientAccountId\":\"9\"}"), "aws-cloudtrail");
	assert_str(f.event.source->product, "aws");
	assert_str(f.event.id, "CloudTrail/e");
	assert_field("ipAddress", "1.2.3.4");
	assert_field("eventName", "ListBuckets");
	assert_field("userIdentity.arn", "a");
	read_event(STR("{\"schemaVersion\":\"2.0\",\"type\":\"Recon:IAMUser/x\",\"service\":{},\"id\":\"g\",\"updatedAt\":\"u\"}"), "aws-guardduty");
	assert_str(f.event.id, "GuardDuty/g/u");
	read_event(STR("{\"id\":\"r\",\"riskEventType\":\"leakedCredentials\",\"detectedDateTime\":\"2026-11-22T20:00:00Z\"}"), "entra-riskdetection");
	assert_str(f.event.source->service, "riskdetection");
	ck_assert(!f.event.is_sign_in);
	read_event(STR("{\"id\":\"a\",\"category\":\"UserManagement\",\"activityDisplayName\":\"Add user\",\"activityDateTime\":"
	    "\"2026-11-22T20:00:00Z\",\"targetResources\":[{\"modifiedProperties\":[{\"newValue\":\"n\"}]}]}"), "entra-auditlogs");
	assert_str(f.event.source->service, "auditlogs");
	assert_field("targetResources.modifiedProperties.newValue", "n");
	ck_assert(!f.event.is_sign_in);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(a_record_cannot_supply_picketds_own_figures)
{
	decode_fixture_open(&f, names, NULL);
	read_event(STR("{\"resultType\":\"0\",\"time\":\"2026-11-22T20:00:00Z\",\"window\":{\"ip\":{\"failures\":99}},\"window.user.age\":1,"
	    "\"threat_score\":3,\"_messageTime\":\"1999\"}"), "entra-flat");
	ck_assert_int_eq(event_value(&f.event, FIELD_WIN_IP_FAILURES)->type, VALUE_MISSING);
	ck_assert_int_eq(event_value(&f.event, FIELD_WIN_USER_AGE)->type, VALUE_MISSING);
	ck_assert_int_eq(decode_fixture_value(&f, "threat_score")->type, VALUE_MISSING);
	assert_field("_messageTime", "2026-11-22T20:00:00.000Z");
	decode_fixture_close(&f);
}
END_TEST

START_TEST(time_falls_back_to_arrival_and_the_future_does_not_move_windows)
{
	decode_fixture_open(&f, names, NULL);
	read_event(STR("{\"resultType\":\"0\"}"), "entra-flat");
	ck_assert(!f.event.has_time);
	ck_assert_int_eq(f.event.event_ms, fixture_now);
	ck_assert_int_eq(f.event.window_ms, fixture_now);
	read_event(STR("{\"resultType\":\"0\",\"createdDateTime\":\"soon\",\"time\":\"2026-11-23T00:10:00Z\"}"), "entra-flat");
	ck_assert(f.event.has_time);
	ck_assert_uint_eq(f.event.anomalies, 0);
	ck_assert_int_eq(f.event.window_ms, fixture_now + 600000);
	read_event(STR("{\"resultType\":\"0\",\"time\":\"2026-11-23T00:10:00.001Z\"}"), "entra-flat");
	ck_assert_uint_eq(f.event.anomalies, ANOMALY_FUTURE);
	ck_assert_int_eq(f.event.event_ms, fixture_now + 600001);
	ck_assert_int_eq(f.event.window_ms, fixture_now);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(a_record_without_an_id_is_known_by_its_canonical_text)
{
	uint8_t digest[SHA256_SIZE];
	char want[80] = "sha256/", first[80];
	decode_fixture_open(&f, names, NULL);
	codec_sha256(STR("{\"a\":\"A/\",\"b\":[1.50,true]}"), digest);
	codec_hex(digest, sizeof(digest), want + 7);
	read_event(STR(" { \"a\" : \"\\u0041\\/\" ,\n\"b\":[1.50, true] } "), "generic");
	assert_str(f.event.id, want);
	snprintf(first, sizeof(first), "%.*s", (int)f.event.id.len, f.event.id.p);
	read_event(STR("{\"b\":[1.50,true],\"a\":\"A/\"}"), "generic");
	ck_assert(!str_eq(f.event.id, str_of(first)));
	ck_assert_ptr_null(f.event.source);
	assert_str(f.event.category, "generic");
	decode_fixture_close(&f);
}
END_TEST

START_TEST(a_record_with_a_serial_is_an_event_of_its_own)
{
	static const uint64_t serials[] = {0, 1, 2, 1};
	char ids[4][80];
	decode_fixture_open(&f, names, NULL);
	for (unsigned i = 0; i < 4; i++) {
		f.origin.serial = serials[i];
		read_event(STR("{\"a\":1}"), "generic");
		ck_assert_uint_eq(f.event.serial, serials[i]);
		snprintf(ids[i], sizeof(ids[i]), "%.*s", (int)f.event.id.len, f.event.id.p);
	}
	ck_assert_str_ne(ids[0], ids[1]);
	ck_assert_str_ne(ids[1], ids[2]);
	ck_assert_str_eq(ids[1], ids[3]);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(the_origin_tells_what_the_record_does_not)
{
	const struct source own = {.product = STR("own"), .service = STR("thing")};
	decode_fixture_open(&f, names, NULL);
	f.origin.source = &own;
	f.origin.tenant = STR("listener");
	read_event(STR("{\"riskState\":\"x\",\"time\":1795392000.5,\"category\":\"mine\"}"), "generic");
	ck_assert_ptr_eq(f.event.source, &own);
	assert_str(f.event.tenant, "listener");
	assert_field("riskState", "x");
	assert_field("category", "mine");
	ck_assert_int_eq(f.event.event_ms, fixture_now + 500);
	read_event(STR("{\"category\":\"SignInLogs\",\"resourceId\":\"/subscriptions/s/x\",\"properties\":{}}"), "entra-diagnostic");
	ck_assert_ptr_ne(f.event.source, &own);
	assert_str(f.event.tenant, "listener");
	decode_fixture_close(&f);
}
END_TEST

START_TEST(wrappers_give_their_inner_text_only_around_unknown_shapes)
{
	static const struct {
		const char *record, *inner;
	} cases[] = {{"{\"message\":\"{\\\"a\\\":1}\",\"host\":\"h\"}", "{\"a\":1}"}, {"{\"_raw\":\" [{\\\"a\\\":1}]\"}", " [{\"a\":1}]"},
	    {"{\"event\":{\"original\":\"{}\"}}", "{}"}, {"{\"event.original\":\"{}\"}", "{}"},
	    {"{\"ContentData\":{\"records\":[]}}", "{\"records\":[]}"}, {"{\"ContentData\":\"eyJhIjoxfQ==\"}", "{\"a\":1}"},
	    {"{\"ContentData\":{\"$content-type\":\"x\",\"$content\":\"eyJhIjoxfQ==\"}}", NULL},
	    {"{\"$content-type\":\"x\",\"$content\":\"eyJhIjoxfQ==\"}", "{\"a\":1}"},
	    {"{\"detail-type\":\"d\",\"detail\":{\"a\":1}}", "{\"a\":1}"}, {"{\"specversion\":\"1.0\",\"data\":{\"a\":1}}", "{\"a\":1}"},
	    {"{\"eventType\":\"t\",\"data\":{\"a\":1}}", "{\"a\":1}"}, {"{\"EventName\":\"x\",\"CloudTrailEvent\":\"{\\\"b\\\":2}\"}", "{\"b\":2}"},
	    {"{\"Events\":[{\"CloudTrailEvent\":\"{}\"}]}", "[{\"CloudTrailEvent\":\"{}\"}]"},
	    {"{\"data\":{\"protoPayload\":1}}", "{\"protoPayload\":1}"}, {"{\"message\":{\"messageId\":\"1\",\"data\":\"eyJhIjoxfQ==\"}}", "{\"a\":1}"},
	    {"{\"receivedMessages\":[{\"message\":{}}]}", "[{\"message\":{}}]"},
	    {"{\"eventType\":\"t\",\"data\":{\"events\":[{\"published\":1}]}}", "[{\"published\":1}]"},
	    {"{\"data\":[{\"event_type_id\":5}],\"pagination\":{}}", "[{\"event_type_id\":5}]"},
	    {"{\"response\":{\"authlogs\":[{}]}}", "[{}]"}, {"{\"response\":[{\"txid\":\"t\"}]}", "[{\"txid\":\"t\"}]"},
	    {"{\"items\":[{\"auditID\":\"i\"}]}", "[{\"auditID\":\"i\"}]"},
	    {"{\"items\":[{\"id\":{\"applicationName\":\"x\"}}]}", "[{\"id\":{\"applicationName\":\"x\"}}]"},
	    {"{\"log\":\"{\\\"cut\\\":\"}", "{\"cut\":"}, {"{\"body\":[{\"a\":1}]}", "[{\"a\":1}]"}};
	static const char *const none[] = {"{\"message\":\"[INFO] hello\"}", "{\"data\":{\"a\":1}}", "{\"message\":{\"a\":1}}",
	    "{\"detail\":{\"a\":1}}", "{\"items\":[{\"a\":1}]}", "{\"Events\":[{\"a\":1}]}", "{\"response\":[{\"a\":1}]}", "{\"data\":[{\"a\":1}]}", "{\"ContentData\":\"plain text\"}"};
	decode_fixture_open(&f, names, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(decode_fixture_read(&f, str_of(cases[i].record)) == DECODE_INNER, "%s", cases[i].record);
		if (cases[i].inner)
			assert_str(f.inner, cases[i].inner);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		read_event(str_of(none[i]), "generic");
	read_event(STR("{\"resultType\":\"0\",\"message\":\"{\\\"a\\\":1}\"}"), "entra-flat");
	decode_fixture_close(&f);
}
END_TEST

START_TEST(broken_records_are_rejected_with_code_and_place)
{
	decode_fixture_open(&f, names, NULL);
	ck_assert_int_eq(decode_fixture_read(&f, STR("{\"a\":{\"b\":tru}}")), DECODE_REJECT);
	ck_assert_str_eq(f.why.code, "json");
	ck_assert_str_eq(f.why.file, "/a/b");
	ck_assert_int_eq(decode_fixture_read(&f, STR("[1]")), DECODE_REJECT);
	ck_assert_int_eq(decode_fixture_read(&f, STR("\"x\"")), DECODE_REJECT);
	ck_assert_int_eq(decode_fixture_read(&f, STR("")), DECODE_REJECT);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(long_texts_are_cut_between_characters_and_flagged)
{
	static char text[200000];
	size_t n = (size_t)snprintf(text, sizeof(text), "{\"resultType\":\"0\",\"riskState\":\"x");
	for (int i = 0; i < 40000; i++) {
		memcpy(text + n, "\xC3\xA9", 2);
		n += 2;
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\"}");
	decode_fixture_open(&f, names, NULL);
	read_event(str_make(text, n), "entra-flat");
	const struct value *v = decode_fixture_value(&f, "riskState");
	ck_assert_int_eq(v->flags, VALUE_CUT);
	ck_assert_uint_eq(v->text.len, 65535);
	ck_assert(codec_utf8_valid(v->text));
	ck_assert_uint_eq(f.event.anomalies, ANOMALY_FIELD_CUT);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(any_source_takes_fields_by_their_own_path)
{
	static const char *const own[] = {"properties.message", "Status", NULL};
	decode_fixture_open(&f, own, &(struct plan_options){.any_source = true, .leaves = true});
	read_event(STR("{\"category\":\"SignInLogs\",\"properties\":{\"message\":\"m\",\"userPrincipalName\":\"u\"},\"Status\":\"s\",\"n\":[1,\"two\"]}"), "generic");
	assert_field("properties.message", "m");
	assert_field("Status", "s");
	assert_field("userPrincipalName", "");
	ck_assert(!f.event.is_sign_in);
	unsigned leaves = 0;
	for (const struct value *v = event_leaves(&f.event); v; v = v->next)
		leaves++;
	ck_assert_uint_eq(leaves, 6);
	read_event(STR("{\"message\":\"{\\\"Status\\\":\\\"inner\\\"}\",\"body\":{\"Status\":\"inner\"},\"Status\":\"outer\"}"), "generic");
	assert_field("Status", "outer");
	decode_fixture_close(&f);
}
END_TEST

START_TEST(a_warm_decoder_allocates_nothing)
{
	const struct str record = STR("{ \"category\": \"SignInLogs\", \"properties\":{\"id\":\"\\u0049\",\"riskEventTypes_v2\": [ \"x\" ],"
	    "\"userPrincipalName\":\"a\\u00e9\",\"deviceDetail\":\"{\\\"deviceId\\\":\\\"d\\\"}\"}}"), no_id = STR("{ \"a\": \"\\u0041\" }");
	decode_fixture_open(&f, names, NULL);
	read_event(record, "entra-diagnostic");
	read_event(no_id, "generic");
	uint64_t before = mem_count();
	for (int i = 0; i < 100; i++) {
		read_event(record, "entra-diagnostic");
		read_event(no_id, "generic");
	}
	ck_assert_uint_eq(mem_count(), before);
	decode_fixture_close(&f);
}
END_TEST

START_TEST(description_names_values_and_what_is_missing)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	decode_fixture_open(&f, names, NULL);
	read_event(STR("{\"category\":\"SignInLogs\",\"resultType\":0,\"properties\":{\"id\":\"1\",\"userPrincipalName\":\"a\\nb\"}}"), "entra-diagnostic");
	ck_assert_int_eq(describe_event(&f.event, f.plan, &out), 0);
	static const char *const lines[] = {"shape       entra-diagnostic\n", "product=azure service=signinlogs", "  resultType = 0\n",
	    "  userPrincipalName = \"a\\u000ab\"\n", "  riskState is missing\n", "(arrival: the record has no time)"};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(strstr(out.data, lines[i]) != NULL, "no %s in\n%s", lines[i], out.data);
	ck_assert_ptr_null(strstr(out.data, "window.ip"));
	decode_fixture_close(&f);
	buf_fini(&out);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_same_sign_in_in_every_shape_gives_the_same_fields_and_id,
		null_blank_and_missing_stay_apart_and_give_way_to_more,
		categories_choose_the_log_source,
		other_sources_have_shapes_of_their_own,
		a_record_cannot_supply_picketds_own_figures,
		time_falls_back_to_arrival_and_the_future_does_not_move_windows,
		a_record_without_an_id_is_known_by_its_canonical_text,
	    a_record_with_a_serial_is_an_event_of_its_own,
		the_origin_tells_what_the_record_does_not,
		wrappers_give_their_inner_text_only_around_unknown_shapes,
		broken_records_are_rejected_with_code_and_place,
		long_texts_are_cut_between_characters_and_flagged,
		any_source_takes_fields_by_their_own_path,
		a_warm_decoder_allocates_nothing,
		description_names_values_and_what_is_missing,
		NULL,
	};
	return unit_run("decoder", tests);
}
