#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/option_value.h"
#include "config/unit.h"
#include "unit.h"

/* Large enough for every scope's struct. */
union base {
	struct config config;
	struct token_config token;
	struct syslog_config syslog;
	struct target_config target;
};

static char key_path[64];

static void
put_key(void)
{
	snprintf(key_path, sizeof(key_path), "/tmp/test-option-%d", (int)getpid());
	FILE *f = fopen(key_path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n", f);
	fclose(f);
	ck_assert_int_eq(chmod(key_path, 0600), 0);
}

static int
parse(const struct option *o, const char *text, union base *base, struct fail *why)
{
	struct fail bad = {0};
	struct yaml_docs *docs = yaml_parse(str_of(text), "t.yaml", NULL, &bad);
	ck_assert_msg(docs != NULL, "%s: %s", text, bad.text);
	int result = option_parse(o, docs->roots[0], base, why);
	yaml_docs_free(docs);
	return result;
}

/* The printed value, valid until the next call. */
static const char *
printed(const struct option *o, const union base *base)
{
	static char text[8192];
	struct buf b;
	buf_init(&b, sizeof(text) - 1);
	ck_assert_int_eq(option_print(o, base, &b), 0);
	snprintf(text, sizeof(text), "%s", b.data);
	buf_fini(&b);
	return text;
}

/* text is taken, and what is printed for it is taken as the same. */
static void
check_round(const struct option *o, const char *text)
{
	union base base = {0}, again = {0};
	struct fail why = {0};
	char first[8192];
	ck_assert_msg(parse(o, text, &base, &why) == 0, "%s: %s: %s", o->path, text, why.text);
	snprintf(first, sizeof(first), "%s", printed(o, &base));
	ck_assert_msg(parse(o, first, &again, &why) == 0, "%s: %s: %s", o->path, first, why.text);
	ck_assert_str_eq(printed(o, &again), first);
	option_fini(o, &base);
	option_fini(o, &again);
}

static void
check_prints(const struct option *o, const char *text)
{
	union base base = {0};
	struct fail why = {0};
	ck_assert_msg(parse(o, text, &base, &why) == 0, "%s: %s: %s", o->path, text, why.text);
	ck_assert_str_eq(printed(o, &base), text);
	option_fini(o, &base);
}

static void
check_refused(const struct option *o, const char *text, const char *code)
{
	union base base = {0}, before = {0};
	struct fail why = {0};
	ck_assert_msg(parse(o, text, &base, &why) < 0, "%s took %s", o->path, text);
	ck_assert_msg(strcmp(why.code, code) == 0, "%s: %s: %s, not %s", o->path, text, why.code, code);
	ck_assert_msg(why.line == 1 && why.column > 0 && strcmp(why.file, "t.yaml") == 0, "%s: no place", o->path);
	ck_assert_msg(strstr(why.text, o->path) != NULL, "%s: not named in: %s", o->path, why.text);
	ck_assert_msg(memcmp(&base, &before, sizeof(base)) == 0, "%s: value touched by %s", o->path, text);
}

static void
check_number(const struct option *o)
{
	int64_t low = 0, high = 0;
	char text[64];
	if (o->type == OPTION_DURATION) {
		ck_assert(unit_parse_duration(str_of(o->low), &low) && unit_parse_duration(str_of(o->high), &high));
	} else {
		ck_assert(unit_parse_bytes(str_of(o->low), &low) && unit_parse_bytes(str_of(o->high), &high));
	}
	const char *unit = o->type == OPTION_DURATION ? "ms" : "";
	check_prints(o, o->low);
	check_prints(o, o->high);
	snprintf(text, sizeof(text), "%" PRId64 "%s", low - 1, unit);
	check_refused(o, text, low > 0 || o->type == OPTION_U32 || o->type == OPTION_INT ? "out-of-range" : "type");
	snprintf(text, sizeof(text), "%" PRId64 "%s", high + 1, unit);
	check_refused(o, text, "out-of-range");
	check_refused(o, "[1]", "type");
	check_refused(o, "null", "type");
	check_refused(o, "-x", "type");
	check_refused(o, o->type == OPTION_DURATION ? "10" : "10s", "type");
	if (o->type == OPTION_U32 || o->type == OPTION_INT)
		check_refused(o, "'1'", "type");
}

static void
check_choice(const struct option *o)
{
	struct str rest = str_of(o->low);
	while (rest.len > 0) {
		char word[32];
		struct str s = str_split(&rest, '|');
		snprintf(word, sizeof(word), "%.*s", (int)s.len, s.p);
		check_prints(o, word);
	}
	check_refused(o, "Auto", "type");
	check_refused(o, "[auto]", "type");
	check_refused(o, "''", "type");
}

static void
check_text(const struct option *o)
{
	union base base = {0};
	struct fail why = {0};
	check_prints(o, o->type == OPTION_URL ? "\"https://soc.example/x?y=1\"" : "\"other\"");
	check_prints(o, "null");
	check_round(o, "\"a \\\"quoted\\\" \\\\ \\u00e9 \\U0001F600\"");
	check_refused(o, "\"a\\nb\"", "type");
	check_refused(o, "\"a\\0b\"", "type");
	check_refused(o, "{a: b}", "type");
	ck_assert_int_eq(parse(o, "''", &base, &why), 0);
	ck_assert_ptr_null(*(char **)((char *)&base + o->offset));
	char text[5000] = {0};
	int64_t max = 0;
	ck_assert(str_to_i64(str_of(o->high), &max) && max < 4999);
	memset(text, 'x', (size_t)max);
	check_round(o, text);
	text[max] = 'x';
	check_refused(o, text, "out-of-range");
}

static void
check_address(const struct option *o)
{
	static const char *const good[] = {"\"127.0.0.1:0\"", "\"[::1]:65535\"", "\"fd:http\"", "null", "\"0.0.0.0:443\""};
	static const char *const bad[] = {"'127.0.0.1'", "'127.0.0.1:65536'", "'localhost:80'", "':80'", "'::1:80'",
	    "'[127.0.0.1]:80'", "'127.0.0.1:'", "'127.0.0.1:-1'", "'fd:'", "'1.2.3.4:5:6'", "8443"};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		check_prints(o, good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_refused(o, bad[i], "address");
}

static void
check_lists(const struct option *o)
{
	char text[256];
	switch (o->type) {
	case OPTION_STRINGS:
		check_prints(o, "[\"a\", \"b c\"]");
		check_prints(o, "[]");
		check_refused(o, "a", "type");
		check_refused(o, "[a, '']", "type");
		break;
	case OPTION_NETS:
		check_prints(o, "[\"10.0.0.0/8\", \"2001:db8::/32\"]");
		check_refused(o, "[10.0.0.1/8]", "address");
		check_refused(o, "[x]", "address");
		check_refused(o, "10.0.0.0/8", "type");
		break;
	case OPTION_SOURCE:
		check_prints(o, "{product: \"azure\", service: \"signinlogs\", category: null}");
		check_prints(o, "null");
		check_refused(o, "{produkt: x}", "unknown-key");
		check_refused(o, "azure", "type");
		break;
	case OPTION_QUIET:
		check_prints(o, "{\"SignInLogs\": 30m, \"Audit\": 1d}");
		check_prints(o, "{}");
		check_refused(o, "{a: 999ms}", "out-of-range");
		check_refused(o, "{a: 31d}", "out-of-range");
		check_refused(o, "[a]", "type");
		break;
	case OPTION_DETECTION:
		check_prints(o, "{\"a\": {\"f|contains\": [\"x\", 1, true, null]}, \"condition\": \"a\"}");
		check_prints(o, "{\"\\U000000E9\": \"\\\"\\\\\\U0000000A\"}");
		check_prints(o, "null");
		check_refused(o, "[a]", "type");
		check_refused(o, "a", "type");
		break;
	case OPTION_LISTS:
		check_prints(o, "{\"tor_exits\": \"/var/lib/tor.txt\", \"partners\": \"lists/partners.txt\"}");
		check_prints(o, "{}");
		check_refused(o, "{a b: x}", "name");
		check_refused(o, "{'a%': x}", "name");
		check_refused(o, "{a: x, A: y}", "duplicate");
		check_refused(o, "{a: ''}", "type");
		check_refused(o, "{a: [x]}", "type");
		check_refused(o, "[a]", "type");
		break;
	case OPTION_SECRET:
		check_prints(o, "null");
		snprintf(text, sizeof(text), "\"<file:%s>\"", key_path);
		check_prints(o, text);
		check_refused(o, "hunter2", "secret");
		break;
	case OPTION_SECRETS:
		snprintf(text, sizeof(text), "[\"<file:%s>\", \"<file:%s>\"]", key_path, key_path);
		check_prints(o, text);
		check_prints(o, "[]");
		snprintf(text, sizeof(text), "[file:%s, file:%s, file:%s]", key_path, key_path, key_path);
		check_refused(o, text, "out-of-range");
		check_refused(o, "[file:/nowhere]", "secret");
		break;
	default:
		check_refused(o, "x", "type");
		break;
	}
}

START_TEST(every_option_takes_other_values_and_refuses_what_is_out_of_bounds)
{
	size_t count;
	const struct option *table = option_table(&count);
	put_key();
	for (size_t i = 0; i < count; i++) {
		const struct option *o = &table[i];
		switch (o->type) {
		case OPTION_U32:
		case OPTION_INT:
		case OPTION_BYTES:
		case OPTION_DURATION:
			check_number(o);
			break;
		case OPTION_CHOICE:
			check_choice(o);
			break;
		case OPTION_BOOL:
			check_prints(o, "true");
			check_prints(o, "false");
			check_refused(o, "yes", "type");
			check_refused(o, "'true'", "type");
			break;
		case OPTION_STRING:
		case OPTION_URL:
			check_text(o);
			break;
		case OPTION_ADDRESS:
			check_address(o);
			break;
		default:
			check_lists(o);
			break;
		}
	}
	unlink(key_path);
}
END_TEST

START_TEST(every_path_is_there_once_and_sections_stand_together)
{
	size_t count;
	const struct option *table = option_table(&count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_ptr_eq(option_find(table[i].scope, str_of(table[i].path)), &table[i]);
		const char *dot = strchr(table[i].path, '.');
		struct str section = str_make(table[i].path, dot ? (size_t)(dot - table[i].path) : 0);
		ck_assert(!dot || option_is_section(table[i].scope, section));
		ck_assert(!option_is_section(table[i].scope, str_of(table[i].path)));
		bool left = false;
		for (size_t j = i + 1; dot && j < count && table[j].scope == table[i].scope; j++) {
			bool same = strncmp(table[j].path, table[i].path, section.len + 1) == 0;
			ck_assert_msg(!(same && left), "%s", table[j].path);
			left |= !same;
		}
	}
}
END_TEST

START_TEST(a_url_may_be_a_secret_and_is_not_printed)
{
	union base base = {0};
	struct fail why = {0};
	char text[128];
	const struct option *o = option_find(SCOPE_TARGET, STR("url"));
	put_key();
	snprintf(text, sizeof(text), "\"<file:%s>\"", key_path);
	ck_assert_msg(parse(o, text, &base, &why) == 0, "%s", why.text);
	ck_assert_str_eq(base.target.url, "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
	ck_assert_str_eq(printed(o, &base), text);
	ck_assert_int_eq(parse(o, "https://soc.example/", &base, &why), 0);
	option_fini(o, &base);
	unlink(key_path);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {every_option_takes_other_values_and_refuses_what_is_out_of_bounds,
	    every_path_is_there_once_and_sections_stand_together, a_url_may_be_a_secret_and_is_not_printed, NULL};
	return unit_run("option", tests);
}
