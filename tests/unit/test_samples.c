/* Every sign-in of the sample decodes to what its raw JSON says on paths written here by hand, read by jansson and
 * strptime. PICKETD_SAMPLES may name a folder of more samples, by source: a-diagnostic, b-graph and so on. */
#include "unit/unit.h"

#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "unit/decode_fixture.h"

struct expectation {
	const char *file, *pattern, *shape; /* file: in scripts/samples/quickstart; pattern: below PICKETD_SAMPLES */
	const char *user[3], *ip[3], *result[3], *time[3], *id[2]; /* the first that is there and not empty */
};

static const struct expectation expectations[] = {
    {"1-http-diagnostic.ndjson", "a-diagnostic/*.ndjson", "entra-diagnostic", {"properties/userPrincipalName"},
	{"properties/ipAddress", "callerIpAddress"}, {"resultType", "properties/status/errorCode"},
	{"properties/createdDateTime", "time"}, {"properties/id"}},
    {"2-http-graph.ndjson", "b-graph/*.json", "entra-graph", {"userPrincipalName"}, {"ipAddress"}, {"status/errorCode"}, {"createdDateTime"},
	{"id"}},
    {"3-syslog-loganalytics.ndjson", "c-loganalytics/*.ndjson", "entra-loganalytics", {"UserPrincipalName"}, {"IPAddress"}, {"ResultType"},
	{"CreatedDateTime", "TimeGenerated"}, {"Id"}},
    {"4-syslog-ecs.ndjson", "d-flattened/elastic*.ndjson", "entra-ecs", {"azure/signinlogs/properties/user_principal_name"}, {"source/ip"},
	{"azure/signinlogs/result_type"}, {"azure/signinlogs/properties/created_at", "@timestamp"},
	{"azure/signinlogs/properties/id"}},
    {NULL, "d-flattened/panther*.ndjson", "entra-diagnostic", {"properties/userPrincipalName"},
	{"properties/ipAddress", "calleripaddress"}, {"resulttype"}, {"properties/createdDateTime", "time"},
	{"properties/id"}},
};

static struct decode_fixture fixture;
static unsigned records;

/* As text, "" when it is not there; valid until the next call for the same slot. */
static struct str
raw_text(json_t *record, const char *const *paths, size_t max)
{
	static char numbers[8][32];
	static unsigned turn;
	for (size_t i = 0; i < max && paths[i]; i++) {
		struct str rest = str_of(paths[i]);
		json_t *at = record;
		while (at && rest.len > 0) {
			struct str name = str_split(&rest, '/');
			at = json_object_getn(at, name.p, name.len);
		}
		if (json_is_string(at) && json_string_length(at) > 0)
			return str_of(json_string_value(at));
		if (json_is_integer(at)) {
			char *text = numbers[turn++ % 8];
			snprintf(text, sizeof(numbers[0]), "%lld", (long long)json_integer_value(at));
			return str_of(text);
		}
	}
	return STR("");
}

/* By the C library, to the second: the forms that occur in the samples. */
static int64_t
raw_seconds(struct str text)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p",
	    "%m/%d/%Y %H:%M:%S"};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {0};
		const char *rest = strptime(text.p, forms[i], &tm);
		if (!rest)
			continue;
		int hours = 0, minutes = 0;
		while (*rest == '.' || (*rest >= '0' && *rest <= '9') || *rest == ' ')
			rest++;
		char sign = *rest;
		if (sign == '+' || sign == '-')
			ck_assert_int_eq(sscanf(rest + 1, "%d:%d", &hours, &minutes), 2);
		int64_t offset = (int64_t)(hours * 60 + minutes) * 60;
		return timegm(&tm) - (sign == '-' ? -offset : offset);
	}
	ck_abort_msg("no form for %s", text.p);
	return 0;
}

static void
check_text(const char *file, const char *field, struct str want)
{
	struct str got = decode_fixture_text(&fixture, field);
	ck_assert_msg(str_eq(got, want), "%s: %s is %.*s, not %.*s", file, field, (int)got.len, got.p, (int)want.len, want.p);
}

static void
check_record(const struct expectation *e, const char *file, json_t *record)
{
	char *text = json_dumps(record, JSON_COMPACT);
	bool bare = strstr(file, "time-formats") || strstr(file, "pascalcase");
	ck_assert_int_eq(decode_fixture_read(&fixture, str_of(text)), DECODE_EVENT);
	ck_assert_msg(fixture.event.is_sign_in, "%s is no sign-in", file);
	ck_assert_str_eq(fixture.event.shape, bare ? "entra-flat" : e->shape);
	ck_assert(str_eq(fixture.event.source->service, STR("signinlogs")));
	check_text(file, "userPrincipalName", raw_text(record, e->user, 3));
	check_text(file, "ipAddress", raw_text(record, e->ip, 3));
	check_text(file, "resultType", raw_text(record, e->result, 3));
	if (strstr(file, "time-formats")) {
		ck_assert_int_eq(fixture.event.event_ms / 60000, 1168335660000 / 60000);
	} else {
		const char *const pascal[3] = {"CreatedDateTime"};
		struct str time = raw_text(record, bare ? pascal : e->time, 3);
		ck_assert_msg(time.len > 0 && fixture.event.has_time, "%s: no time", file);
		ck_assert_int_eq(fixture.event.event_ms / 1000, raw_seconds(time));
	}
	struct str id = raw_text(record, e->id, 2);
	if (id.len > 0)
		ck_assert(str_ends(fixture.event.id, id) && fixture.event.id.p[fixture.event.category.len] == '/');
	else
		ck_assert(str_starts(fixture.event.id, STR("sha256/")));
	free(text);
	records++;
}

static void
check_file(const struct expectation *e, const char *path)
{
	FILE *file = fopen(path, "rb");
	json_error_t error;
	json_t *document, *record;
	size_t i;
	ck_assert_ptr_nonnull(file);
	while ((document = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error))) {
		json_t *page = json_object_get(document, "value");
		if (json_is_array(page))
			json_array_foreach (page, i, record)
				check_record(e, path, record);
		else
			check_record(e, path, document);
		json_decref(document);
	}
	fclose(file);
}

/* The number of files. */
static size_t
check_pattern(const struct expectation *e, const char *dir, const char *pattern)
{
	glob_t found;
	char path[600];
	snprintf(path, sizeof(path), "%s/%s", dir, pattern);
	ck_assert_msg(glob(path, 0, NULL, &found) == 0, "no %s", path);
	size_t files = found.gl_pathc;
	for (size_t i = 0; i < files; i++)
		check_file(e, found.gl_pathv[i]);
	globfree(&found);
	return files;
}

START_TEST(every_sample_decodes_to_what_its_json_says)
{
	const char *more = getenv("PICKETD_SAMPLES");
	size_t files = 0;
	decode_fixture_open(&fixture, NULL, NULL);
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expectation *e = &expectations[i];
		if (e->file)
			files += check_pattern(e, SRCDIR "/scripts/samples/quickstart", e->file);
		if (more)
			files += check_pattern(e, more, e->pattern);
	}
	printf("%u sample records in %zu files\n", records, files);
	ck_assert_uint_ge(records, 80);
	decode_fixture_close(&fixture);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {every_sample_decodes_to_what_its_json_says, NULL};
	return unit_run("samples", tests);
}
