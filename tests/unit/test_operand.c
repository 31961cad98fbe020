/* What each modifier of Sigma 2.1.0 makes of its values, and which chains there are. */
#include "unit.h"

#include "base/buf.h"
#include "list_fixture.h"
#include "sigma/evaluate.h"
#include "sigma/modifier.h"
#include "sigma/ruleset_priv.h"
#include "sigma_fixture.h"

static const char *const lists[][2] = {
    {"tor_exits", "192.0.2.7\n198.51.100.0/24\n2001:db8::1\n::ffff:203.0.113.9\n"},
    {"servers", "srv*\nmail?\n"},
    {"Users", "ada\ngrace\n"},
    {"ends.open", "C:\\dir\\\n"},
    {"codes", "50126\n0\n"},
    {"none", "# nothing yet\n"},
    {NULL, NULL},
};

struct row {
	const char *modifier, *item, *event;
	bool matches;
};

static const struct row rows[] = {
    {"contains", "{a|contains: bc}", "{\"a\":\"aBCd\"}", true},
    {"contains", "{a|contains: bc}", "{\"a\":\"b c\"}", false},
    {"startswith", "{a|startswith: ab}", "{\"a\":\"ABc\"}", true},
    {"startswith", "{a|startswith: ab}", "{\"a\":\"cab\"}", false},
    {"endswith", "{a|endswith: ab}", "{\"a\":\"cAB\"}", true},
    {"endswith", "{a|endswith: ab}", "{\"a\":\"abc\"}", false},
    {"all", "{a|all|contains: [x, y]}", "{\"a\":\"y x\"}", true},
    {"all", "{a|all|contains: [x, y]}", "{\"a\":\"y\"}", false},
    {"neq", "{a|neq: x}", "{\"a\":\"y\"}", true},
    {"neq", "{a|neq: x}", "{\"a\":\"X\"}", false},
    {"cased", "{a|cased: Ab}", "{\"a\":\"Ab\"}", true},
    {"cased", "{a|cased: Ab}", "{\"a\":\"ab\"}", false},
    {"re", "{a|re: 'b+c'}", "{\"a\":\"abbcd\"}", true},
    {"re", "{a|re: 'b+c'}", "{\"a\":\"aBBc\"}", false},
    {"i", "{a|re|i: 'b+c'}", "{\"a\":\"aBBc\"}", true},
    {"i", "{a|re|i: 'b+c'}", "{\"a\":\"ac\"}", false},
    {"m", "{a|re|m: '^c'}", "{\"a\":\"b\\nc\"}", true},
    {"m", "{a|re|m: '^c'}", "{\"a\":\"bc\"}", false},
    {"s", "{a|re|s: 'b.c'}", "{\"a\":\"b\\nc\"}", true},
    {"s", "{a|re|s: 'b.c'}", "{\"a\":\"b\\n\\nc\"}", false},
    {"cidr", "{a|cidr: 192.0.2.0/24}", "{\"a\":\"192.0.2.255\"}", true},
    {"cidr", "{a|cidr: 192.0.2.0/24}", "{\"a\":\"192.0.3.0\"}", false},
    {"exists", "{a|exists: true}", "{\"a\":null}", true},
    {"exists", "{a|exists: true}", "{\"b\":1}", false},
    {"fieldref", "{a|fieldref: b}", "{\"a\":\"x\",\"b\":\"X\"}", true},
    {"fieldref", "{a|fieldref: b}", "{\"a\":\"x\",\"b\":\"y\"}", false},
    {"gt", "{a|gt: 5}", "{\"a\":\"5.5\"}", true},
    {"gt", "{a|gt: 5}", "{\"a\":5}", false},
    {"gte", "{a|gte: 5}", "{\"a\":5.0}", true},
    {"gte", "{a|gte: 5}", "{\"a\":4.9}", false},
    {"lt", "{a|lt: 5}", "{\"a\":-6}", true},
    {"lt", "{a|lt: 5}", "{\"a\":5}", false},
    {"lte", "{a|lte: 5}", "{\"a\":5}", true},
    {"lte", "{a|lte: 5}", "{\"a\":\"5x\"}", false},
    {"minute", "{a|minute: 7}", "{\"a\":\"2026-03-02T23:07:59-05:00\"}", true},
    {"minute", "{a|minute: 59}", "{\"a\":\"2026-03-02T23:07:59-05:00\"}", false},
    {"hour", "{a|hour: [22, 23]}", "{\"a\":\"2026-03-02T23:07:59-05:00\"}", true},
    {"hour", "{a|hour: 4}", "{\"a\":\"2026-03-02T23:07:59-05:00\"}", false}, /* the hour in UTC */
    {"hour", "{a|hour: 14}", "{\"a\":\"4/28/2021, 2:08:45.221 PM\"}", true},
    {"hour", "{a|hour: 0}", "{\"a\":\"2026-03-02\"}", false},
    {"day", "{a|day: '2'}", "{\"a\":\"2026-03-02T23:07:59-05:00\"}", true},
    {"day", "{a|day: 3}", "{\"a\":\"2026-03-02T23:07:59-05:00\"}", false},
    {"week", "{a|week: 53}", "{\"a\":\"2021-01-03T10:00:00Z\"}", true},
    {"week", "{a|week: 1}", "{\"a\":\"2021-01-03T10:00:00Z\"}", false},
    {"month", "{a|month: 3}", "{\"a\":\"2026-03-02\"}", true},
    {"month", "{a|month: 2}", "{\"a\":\"2026-03-02\"}", false},
    {"year", "{a|year: 2026}", "{\"a\":1772460000}", true},
    {"year", "{a|year: 2026}", "{\"a\":\"in 2026\"}", false},
    {"year", "{a|year|neq: 2026}", "{\"a\":\"in 2026\"}", true},
    {"expand", "{a|expand: '%users%'}", "{\"a\":\"Grace\"}", true},
    {"expand", "{a|expand: '%users%'}", "{\"a\":\"%users%\"}", false},
    {"windash", "{a|windash|contains: ' -enc '}", "{\"a\":\"p /enc x\"}", true},
    {"windash", "{a|windash|contains: ' -enc '}", "{\"a\":\"p +enc x\"}", false},
    {"utf16le", "{a|utf16le: ab}", "{\"a\":\"a\\u0000b\\u0000\"}", true},
    {"utf16le", "{a|utf16le: ab}", "{\"a\":\"ab\"}", false},
    {"wide", "{a|wide|base64: ping}", "{\"a\":\"cABpAG4AZwA=\"}", true},
    {"wide", "{a|wide|base64: ping}", "{\"a\":\"AHAAaQBuAGc=\"}", false},
    {"utf16be", "{a|utf16be|base64: ping}", "{\"a\":\"AHAAaQBuAGc=\"}", true},
    {"utf16be", "{a|utf16be|base64: ping}", "{\"a\":\"cABpAG4AZwA=\"}", false},
    {"utf16", "{a|utf16|base64: ping}", "{\"a\":\"//5wAGkAbgBnAA==\"}", true},
    {"utf16", "{a|utf16|base64: ping}", "{\"a\":\"cABpAG4AZwA=\"}", false},
    {"base64", "{a|base64: foob}", "{\"a\":\"Zm9vYg==\"}", true},
    {"base64", "{a|base64: foob}", "{\"a\":\"Zm9vYg\"}", false},
    {"base64offset", "{a|base64offset|contains: 'http://'}", "{\"a\":\"eGh0dHA6Ly9hYmM=\"}", true},
    {"base64offset", "{a|base64offset|contains: 'http://'}", "{\"a\":\"eGh0dHAvL2FiYw==\"}", false},
    /* chains */
    {"expand", "{a|expand: 'x-%users%-y'}", "{\"a\":\"X-ada-Y\"}", true},
    {"expand", "{a|expand: '%users%@%servers%'}", "{\"a\":\"grace@srv17\"}", true},
    {"expand", "{a|expand: '%users%@%servers%'}", "{\"a\":\"grace@mail\"}", false},
    {"expand", "{a|expand: '%users%@%servers%'}", "{\"a\":\"ada@mail1\"}", true},
    {"expand", "{a|expand|contains: '%SERVERS%'}", "{\"a\":\"my srv 1\"}", true},
    {"expand", "{a|expand: '\\%users%'}", "{\"a\":\"%users%\"}", true},
    {"expand", "{a|expand: '\\%users%'}", "{\"a\":\"ada\"}", false},
    {"expand", "{a|expand: '100%'}", "{\"a\":\"100%\"}", true},
    {"expand", "{a|expand: '\\\\%users%'}", "{\"a\":\"\\\\ada\"}", true},
    {"expand", "{a|expand: '%ends.open%%servers%'}", "{\"a\":\"C:\\\\dir\\\\srv1\"}", true},
    {"expand", "{a|expand: '%ends.open%*'}", "{\"a\":\"C:\\\\dir\\\\x\"}", true},
    {"expand", "{a|expand: '%ends.open%*'}", "{\"a\":\"C:\\\\dir*\"}", false},
    {"expand", "{a|expand: '%codes%'}", "{\"a\":50126}", true},
    {"expand", "{a|expand: '%codes%'}", "{\"a\":0.0}", true},
    {"expand", "{a|expand: ['%codes%', x]}", "{\"a\":\"x\"}", true},
    {"expand", "{a|expand|neq: '%users%'}", "{\"a\":\"eve\"}", true},
    {"expand", "{a|expand|neq: '%users%'}", "{\"a\":\"ADA\"}", false},
    {"expand", "{a|expand: '%none%'}", "{\"a\":\"\"}", false},
    {"expand", "{a|expand|neq: '%none%'}", "{\"a\":\"\"}", true},
    {"expand", "{a|expand|all|contains: ['%users%', '%servers%']}", "{\"a\":\"ada at srv\"}", true},
    {"expand", "{a|expand|all|contains: ['%users%', '%servers%']}", "{\"a\":\"ada, grace\"}", false},
    {"expand", "{a|expand|all|contains|neq: ['%users%', '%servers%']}", "{\"a\":\"ada, grace\"}", true},
    {"expand", "{a|expand|all: ['%none%', ada]}", "{\"a\":\"ada\"}", false},
    {"expand", "{a|expand|base64: '%users%'}", "{\"a\":\"YWRh\"}", true},
    {"cidr", "{a|cidr|expand: '%tor_exits%'}", "{\"a\":\"192.0.2.7\"}", true},
    {"cidr", "{a|cidr|expand: '%tor_exits%'}", "{\"a\":\"192.0.2.8\"}", false},
    {"cidr", "{a|expand|cidr: '%tor_exits%'}", "{\"a\":\"198.51.100.77:443\"}", true},
    {"cidr", "{a|cidr|expand: '%tor_exits%'}", "{\"a\":\"2001:db8::1\"}", true},
    {"cidr", "{a|cidr|expand: '%tor_exits%'}", "{\"a\":\"2001:db8::2\"}", false},
    {"cidr", "{a|cidr|expand: '%tor_exits%'}", "{\"a\":\"203.0.113.9\"}", true},
    {"cidr", "{a|cidr|expand: '%tor_exits%'}", "{\"a\":\"::ffff:192.0.2.7\"}", true},
    {"cidr", "{a|cidr|expand: ['%tor_exits%', 10.0.0.0/8]}", "{\"a\":[\"10.1.1.1\"]}", true},
    {"cidr", "{a|cidr|expand|neq: '%tor_exits%'}", "{\"a\":\"192.0.2.8\"}", true},
    {"windash", "{a|windash|contains: ' -enc '}", "{\"a\":\"p \xE2\x80\x94\x65nc x\"}", true},
    {"windash", "{a|contains|windash: '/enc'}", "{\"a\":\"\xE2\x80\x93\x65nc\"}", true},
    {"windash", "{a|windash: 'x -a* /b'}", "{\"a\":\"X \xE2\x80\x95\x61 and -b\"}", true},
    {"windash", "{a|windash: 'test-flag'}", "{\"a\":\"test/flag\"}", false},
    {"windash", "{a|windash|endswith: '--flag'}", "{\"a\":\"x -/flag\"}", true},
    {"windash", "{a|windash|endswith: '--flag'}", "{\"a\":\"x /-flag\"}", false},
    {"windash", "{a|windash|contains|all: [' -a', ' -b']}", "{\"a\":\"x /b /a\"}", true},
    {"windash", "{a|windash|cased: '-A'}", "{\"a\":\"/a\"}", false},
    {"windash", "{a|windash|startswith: '-*é'}", "{\"a\":\"-xé\"}", true},
    {"windash", "{a|windash|base64: '-enc'}", "{\"a\":\"4oCTZW5j\"}", true},
    {"windash", "{a|windash|base64: '-enc'}", "{\"a\":\"LWVuYw==\"}", true},
    {"base64", "{a|base64|contains: foobar}", "{\"a\":\"xxZM9vymFyxx\"}", true}, /* without case, as all texts */
    {"base64", "{a|base64|contains|cased: foobar}", "{\"a\":\"xxZM9vymFyxx\"}", false},
    {"base64", "{a|utf16le|base64: '\xF0\x9F\x94\x91\xC3\xA9'}", "{\"a\":\"PdgR3ekA\"}", true},
    {"base64", "{a|base64: 'a\\*'}", "{\"a\":\"YSo=\"}", true},
    {"base64offset", "{a|base64offset|contains: 'http://'}", "{\"a\":\"aHR0cDovL2FiYw==\"}", true},
    {"base64offset", "{a|base64offset|contains: 'http://'}", "{\"a\":\"eHlodHRwOi8vYWJj\"}", true},
    {"base64offset", "{a|base64offset|contains|all: ['http://', abc]}", "{\"a\":\"eHlodHRwOi8vYWJj\"}", true},
    {"base64offset", "{a|base64offset|contains|all: ['http://', abd]}", "{\"a\":\"eHlodHRwOi8vYWJj\"}", false},
    {"wide", "{a|wide|base64offset|contains: Add-Type}", "{\"a\":\"VwBBAGQAZAAtAFQAeQBwAGUALgA=\"}", true},
    {"wide", "{a|wide|base64offset|contains: Add-Type}", "{\"a\":\"eAB5AFcAQQBkAGQALQBUAHkAcABlAC4A\"}", true},
    {"utf16", "{a|utf16|contains: 'a?c'}", "{\"a\":\"a\\u0000b\\u0000c\\u0000\"}", false},
    {"wide", "{a|wide|contains: 'a*c'}", "{\"a\":\"a\\u0000bbc\\u0000\"}", true},
    /* keywords */
    {"all", "{'|all|expand': ['%users%', x]}", "{\"a\":\"grace\",\"b\":\"x\"}", true},
    {"base64offset", "{'|base64offset': 'http://'}", "{\"b\":\"eHlodHRwOi8vYWJj\"}", true},
    {"windash", "{'|windash': ' -enc'}", "{\"b\":[\"p /enc\"]}", true},
};

static bool
judge(const struct list_set *set, const char *item, const char *event)
{
	struct fixture f;
	struct ruleset_options options = {.lists = set, .max_regex_steps = 100000};
	char rule[1024];
	snprintf(rule, sizeof(rule), "title: t\nlogsource: {}\ndetection:\n  sel: %s\n  condition: sel\n", item);
	fixture_load(&f, rule, &options);
	fixture_show(&f);
	ck_assert_msg(f.problems.len == 0, "%s: %s", item, f.problems.len ? f.problems.items[0].text : "");
	bool matched = fixture_run(&f, event, NULL) == 1;
	fixture_fini(&f);
	return matched;
}

START_TEST(each_modifier_matches_what_it_should_and_nothing_else)
{
	struct list_set *set = fixture_lists(lists);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(judge(set, rows[i].item, rows[i].event) == rows[i].matches, "%s on %s is not %d", rows[i].item,
		    rows[i].event, rows[i].matches);
	list_set_free(set);
}
END_TEST

START_TEST(each_of_the_31_has_a_case_of_both_kinds)
{
	unsigned count;
	const struct modifier *table = modifier_table(&count);
	ck_assert_uint_eq(count, 31);
	for (unsigned m = 0; m < count; m++) {
		bool seen[2] = {false, false};
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (strcmp(rows[i].modifier, table[m].name) == 0)
				seen[rows[i].matches] = true;
		ck_assert_msg(seen[0] && seen[1], "%s", table[m].name);
	}
}
END_TEST

struct refusal {
	const char *key, *value, *code;
	unsigned column; /* of the detection item, which begins at column 5 */
};

START_TEST(each_illegal_chain_is_refused_at_its_column)
{
	static const struct refusal refusals[] = {
	    {"f|contains|startswith", "x", "modifier-chain", 16},
	    {"f|endswith|contains", "x", "modifier-chain", 16},
	    {"f|all|all", "[x, y]", "modifier-chain", 11},
	    {"f|contains|contains", "x", "modifier-chain", 16},
	    {"f|i", "x", "modifier-chain", 7},
	    {"f|m|re", "x", "modifier-chain", 7},
	    {"f|contains|s", "x", "modifier-chain", 16},
	    {"f|re|contains", "x", "modifier-chain", 10},
	    {"f|contains|re", "x", "modifier-chain", 16},
	    {"f|re|cased", "x", "modifier-chain", 10},
	    {"f|re|expand", "'%users%'", "modifier-chain", 10},
	    {"f|re|base64", "x", "modifier-chain", 10},
	    {"f|windash|re", "x", "modifier-chain", 15},
	    {"f|re|cidr", "x", "modifier-chain", 10},
	    {"f|cidr|contains", "10.0.0.0/8", "modifier-chain", 12},
	    {"f|cidr|cased", "10.0.0.0/8", "modifier-chain", 12},
	    {"f|cidr|windash", "10.0.0.0/8", "modifier-chain", 12},
	    {"f|wide|cidr", "10.0.0.0/8", "modifier-chain", 12},
	    {"f|exists|all", "true", "modifier-chain", 14},
	    {"f|exists|contains", "true", "modifier-chain", 14},
	    {"f|neq|exists", "true", "modifier-chain", 11},
	    {"f|exists|expand", "true", "modifier-chain", 14},
	    {"f|gt|lt", "1", "modifier-chain", 10},
	    {"f|gt|all", "[1, 2]", "modifier-chain", 10},
	    {"f|contains|gte", "1", "modifier-chain", 16},
	    {"f|lte|expand", "'%codes%'", "modifier-chain", 11},
	    {"f|hour|gt", "1", "modifier-chain", 12},
	    {"f|lt|minute", "1", "modifier-chain", 10},
	    {"f|day|month", "1", "modifier-chain", 11},
	    {"f|year|contains", "1", "modifier-chain", 12},
	    {"f|week|all", "[1, 2]", "modifier-chain", 12},
	    {"f|fieldref|windash", "g", "modifier-chain", 16},
	    {"f|expand|fieldref", "g", "modifier-chain", 14},
	    {"f|fieldref|base64", "g", "modifier-chain", 16},
	    {"f|contains|base64", "x", "modifier-chain", 16},
	    {"f|startswith|base64offset", "x", "modifier-chain", 18},
	    {"f|endswith|wide", "x", "modifier-chain", 16},
	    {"f|base64|base64offset", "x", "modifier-chain", 14},
	    {"f|base64offset|base64", "x", "modifier-chain", 20},
	    {"f|base64|wide", "x", "modifier-chain", 14},
	    {"f|base64offset|utf16le", "x", "modifier-chain", 20},
	    {"f|base64|expand", "'%users%'", "modifier-chain", 14},
	    {"f|base64|windash", "x", "modifier-chain", 14},
	    {"f|wide|utf16le", "x", "modifier-chain", 12},
	    {"f|utf16|utf16be", "x", "modifier-chain", 13},
	    {"f|utf16|expand", "'%users%'", "modifier-chain", 13},
	    {"f|utf16be|windash", "x", "modifier-chain", 15},
	    {"f|windash|expand", "'%users%'", "modifier-chain", 15},
	    {"'f|base64|wide'", "x", "modifier-chain", 15},
	    {"'|cidr'", "10.0.0.0/8", "modifier-chain", 5},
	    {"'|exists'", "true", "modifier-chain", 5},
	    {"'|hour'", "1", "modifier-chain", 5},
	    {"'|fieldref'", "g", "modifier-chain", 5},
	    {"f|base64off", "x", "unknown-modifier", 7},
	    {"f|utf16|Contains", "x", "unknown-modifier", 13},
	    /* values of the wrong kind: the column is theirs */
	    {"f|base64", "'a*b'", "base64", 15},
	    {"f|base64offset|contains", "'a?b'", "base64", 30},
	    {"f|wide|base64", "[a, 'b*']", "base64", 24},
	    {"f|base64offset", "a", "base64", 21},
	    {"f|windash|base64", "'-a -b -c -d -e'", "too-many-values", 23},
	    {"f|contains", "null", "null-value", 17},
	    {"f|windash", "null", "null-value", 16},
	    {"f|expand", "[null]", "null-value", 16},
	    {"f|expand", "'%Users%'", "", 0},
	    {"f|expand", "'x%missing%'", "unknown-placeholder", 17},
	    {"f|expand", "['%users%', '%missing%']", "unknown-placeholder", 28},
	    {"f|cidr|expand", "'%missing%'", "unknown-placeholder", 21},
	    {"f|cidr|expand", "'%users%'", "cidr", 20},
	    {"f|cidr", "'%users%'", "cidr", 13},
	    {"f|cidr", "10.0.0.1/8", "cidr", 13},
	    {"f|minute", "60", "date-part", 15},
	    {"f|hour", "24", "date-part", 13},
	    {"f|day", "0", "date-part", 12},
	    {"f|week", "54", "date-part", 13},
	    {"f|month", "[1, 13]", "date-part", 18},
	    {"f|year", "1.5", "date-part", 13},
	    {"f|hour", "noon", "number", 13},
	    {"f|lt", "noon", "number", 11},
	    {"f|exists", "'true'", "exists", 15},
	    {"f|expand|all", "[[x], y]", "value", 20},
	    {"f|base64offset|all", "[[x], y]", "value", 26},
	};
	struct list_set *set = fixture_lists(lists);
	struct ruleset_options options = {.lists = set};
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		struct fixture f;
		char rule[1024];
		snprintf(rule, sizeof(rule), "title: t\nlogsource: {}\ndetection:\n  sel:\n    %s: %s\n  condition: sel\n", r->key,
		    r->value);
		fixture_load(&f, rule, &options);
		ck_assert_msg(f.problems.len == (r->code[0] != '\0'), "%s: %s: %zu problems", r->key, r->value, f.problems.len);
		if (f.problems.len > 0) {
			const struct fail *p = &f.problems.items[0];
			ck_assert_msg(strcmp(p->code, r->code) == 0 && p->line == 5 && p->column == r->column, "%s: %s: %s at %u:%u",
			    r->key, r->value, p->code, p->line, p->column);
		}
		fixture_fini(&f);
	}
	list_set_free(set);
}
END_TEST

/* A list of count addresses 10.x.y.z, and as many words. */
static struct list_set *
large_lists(unsigned count)
{
	struct buf addresses, words;
	buf_init(&addresses, 8 << 20);
	buf_init(&words, 8 << 20);
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(buf_addf(&addresses, "10.%u.%u.%u\n", i >> 16, i >> 8 & 255, i & 255), 0);
		ck_assert_int_eq(buf_addf(&words, "word %u\n%u\n", i, i + 1000), 0);
	}
	const char *const large[][2] = {{"addresses", addresses.data}, {"words", words.data}, {NULL, NULL}};
	struct list_set *set = fixture_lists(large);
	buf_fini(&addresses);
	buf_fini(&words);
	return set;
}

/* ---- long lists against their values one by one ---- */

static uint32_t
below(uint64_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 20) % n;
}

/* Of few pieces, so that texts meet: letters that fold in one byte, two, or into two, wildcards and their escapes. */
static void
add_pieces(struct buf *out, uint64_t *state, unsigned most, bool wild)
{
	static const char *const pieces[] = {"a", "B", "b", "ab", "-", "\u00e4", "\u00c4", "\u00df", "\u1e9e", "\u212a", "k", "\u0130", "1",
	    "*", "?", "\\\\*", "\\\\?"};
	for (unsigned n = below(state, most + 1); n > 0; n--)
		ck_assert_int_eq(buf_addf(out, "%s", pieces[below(state, wild && below(state, 6) == 0 ? 17 : 13)]), 0);
}

static void
check_list(uint64_t *state, unsigned *met, unsigned *asked)
{
	static const char *const modifiers[] = {"", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|endswith|cased",
	    "|startswith|cased", "|contains|all", "|contains|windash", "|startswith|windash"};
	struct buf text;
	struct fixture f;
	struct scratch *scratch = scratch_new(64, 100000);
	buf_init(&text, 1 << 20);
	ck_assert_int_eq(buf_addf(&text, "title: t\nlogsource: {}\ndetection:\n  a:\n    f%s: [", modifiers[below(state, 11)]), 0);
	bool wild = below(state, 2);
	for (unsigned n = 1 + below(state, 60); n > 0; n--) {
		ck_assert_int_eq(buf_addf(&text, "\""), 0);
		add_pieces(&text, state, below(state, 40) ? 5 : 0, wild);
		ck_assert_int_eq(buf_addf(&text, "\"%s", n > 1 ? ", " : "]\n  condition: a\n"), 0);
	}
	ck_assert_int_eq(buf_addf(&text, "%c", 0), 0);
	fixture_load(&f, buf_str(&text).p, NULL);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	const struct predicate *p = f.set->predicates.items[0];
	for (unsigned n = 0; n < 20; n++) {
		text.len = 0;
		unsigned elements = below(state, 4);
		ck_assert_int_eq(buf_addf(&text, elements ? "{\"f\":[\"" : "{\"f\":\""), 0);
		add_pieces(&text, state, 9, false);
		for (; elements > 1; elements--) {
			ck_assert_int_eq(buf_addf(&text, "\",\""), 0);
			add_pieces(&text, state, 9, false);
		}
		ck_assert_int_eq(buf_addf(&text, elements ? "\"]}%c" : "\"}%c", 0), 0);
		fixture_event(&f, buf_str(&text).p);
		scratch_begin(scratch, &f.event);
		bool want = p->all;
		for (unsigned i = 0; i < p->count; i++)
			want = p->all ? want && predicate_operand_holds(p, scratch, i) : want || predicate_operand_holds(p, scratch, i);
		ck_assert_msg(predicate_holds(p, scratch, NULL) == want, "%s", buf_str(&text).p);
		*met += want;
		++*asked;
	}
	scratch_free(scratch);
	fixture_fini(&f);
	buf_fini(&text);
}

START_TEST(long_lists_meet_what_their_values_meet_one_by_one)
{
	uint64_t state = 4242;
	unsigned met = 0, asked = 0;
	for (unsigned n = 0; n < 600; n++)
		check_list(&state, &met, &asked);
	ck_assert_uint_gt(met, asked / 8);
	ck_assert_uint_lt(met, asked * 7 / 8);
}
END_TEST

START_TEST(a_long_list_is_compiled_once_for_all_fields)
{
	struct fixture f;
	struct list_set *set = large_lists(1000);
	struct ruleset_options options = {.lists = set};
	fixture_load(&f, "title: t\nlogsource: {}\ndetection:\n  a: {v|contains|expand: '%words%'}\n"
			 "  b: {w|contains|expand: '%words%'}\n  c: {w|endswith|expand: '%words%'}\n  condition: a or b or c\n", &options);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	ck_assert_uint_eq(f.set->predicates.len, 3);
	struct predicate *const *p = f.set->predicates.items;
	ck_assert(p[0]->table && p[0]->table == p[1]->table && p[2]->table && p[2]->table != p[0]->table);
	ck_assert(p[0]->slot != p[1]->slot);
	ck_assert_uint_eq(fixture_run(&f, "{\"w\":\"a word 999 b\"}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"v\":\"a word 999 b\"}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"u\":\"a word 999 b\"}", NULL), 0);
	fixture_fini(&f);
	list_set_free(set);
}
END_TEST

START_TEST(a_list_of_100000_is_looked_up_and_not_walked)
{
	struct fixture f;
	struct list_set *set = large_lists(100000);
	struct ruleset_options options = {.lists = set};
	fixture_load(&f, "title: t\nlogsource: {}\ndetection:\n  a: {ip|cidr|expand: '%addresses%'}\n"
			 "  b: {w|expand: '%words%'}\n  condition: a or b\n", &options);
	fixture_show(&f);
	ck_assert_uint_eq(f.problems.len, 0);
	ck_assert_uint_eq(f.set->predicates.items[0]->count, 100000);
	ck_assert_ptr_nonnull(f.set->predicates.items[0]->net_table);
	ck_assert_uint_eq(f.set->predicates.items[1]->table->rest_count, 0);
	ck_assert_uint_eq(fixture_run(&f, "{\"ip\":\"10.1.134.159\"}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"ip\":\"10.1.134.160\"}", NULL), 0);
	ck_assert_uint_eq(fixture_run(&f, "{\"w\":\"WORD 99999\"}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"w\":\"word 100000\"}", NULL), 0);
	ck_assert_uint_eq(fixture_run(&f, "{\"w\":1000.0}", NULL), 1);
	ck_assert_uint_eq(fixture_run(&f, "{\"w\":\"1000.0\"}", NULL), 0); /* two texts */
	/* 100,000 events: seconds when looked up, hours when walked. */
	fixture_event(&f, "{\"ip\":\"11.1.1.1\",\"w\":\"no such word\"}");
	for (unsigned i = 0; i < 100000; i++) {
		const struct match *matches;
		ck_assert_uint_eq(matcher_run(f.matcher, &f.event, &matches), 0);
	}
	fixture_fini(&f);
	list_set_free(set);
}
END_TEST

START_TEST(a_list_read_anew_changes_what_matches_and_the_digest)
{
	static const char rule[] = "title: t\nlogsource: {}\ndetection:\n  s: {ip|cidr|expand: '%exits%'}\n  condition: s\n";
	static const char *const before[][2] = {{"exits", "192.0.2.7\n"}, {NULL, NULL}};
	static const char *const after[][2] = {{"exits", "192.0.2.7\n198.51.100.0/24\n"}, {NULL, NULL}};
	char digests[2][16];
	for (int reload = 0; reload < 2; reload++) {
		struct fixture f;
		struct list_set *set = fixture_lists(reload ? after : before);
		struct ruleset_options options = {.lists = set};
		fixture_load(&f, rule, &options);
		ck_assert_uint_eq(f.problems.len, 0);
		ck_assert_uint_eq(fixture_run(&f, "{\"ip\":\"192.0.2.7\"}", NULL), 1);
		ck_assert_uint_eq(fixture_run(&f, "{\"ip\":\"198.51.100.9\"}", NULL), reload ? 1 : 0);
		snprintf(digests[reload], sizeof(digests[0]), "%s", ruleset_digest(f.set));
		fixture_fini(&f);
		list_set_free(set);
	}
	ck_assert_str_ne(digests[0], digests[1]);
}
END_TEST

START_TEST(placeholders_that_multiply_are_bounded)
{
	struct fixture f;
	struct list_set *set = large_lists(2000);
	struct ruleset_options options = {.lists = set};
	fixture_load(&f, "title: t\nlogsource: {}\ndetection:\n  a: {b|expand: '%words%%words%'}\n  condition: a\n", &options);
	ck_assert_uint_eq(f.problems.len, 1);
	ck_assert_str_eq(f.problems.items[0].code, "too-many-values");
	fixture_fini(&f);
	list_set_free(set);
}
END_TEST

static uint32_t seed = 2463534242;

static uint32_t
roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % sides;
}

START_TEST(networks_looked_up_agree_with_networks_tried_one_by_one)
{
	struct arena arena;
	struct inet_net nets[64];
	unsigned met = 0;
	arena_init(&arena, 1 << 20, 0);
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 64; i++) {
			struct inet base = {.family = roll(2) ? 4 : 6};
			for (unsigned b = 0; b < (base.family == 4 ? 4 : 16); b++)
				base.bytes[b] = (uint8_t)roll(3);
			nets[i].prefix = (uint8_t)roll(base.family == 4 ? 33 : 129);
			nets[i].base = inet_mask(base, nets[i].prefix);
		}
		unsigned count = 1 + roll(64);
		const struct net_table *t = net_table_new(&arena, nets, count);
		ck_assert_ptr_nonnull(t);
		for (unsigned n = 0; n < 100; n++) {
			struct inet address = {.family = roll(2) ? 4 : 6};
			bool expected = false;
			for (unsigned b = 0; b < (address.family == 4 ? 4 : 16); b++)
				address.bytes[b] = (uint8_t)(roll(8) ? roll(3) : 200);
			for (unsigned i = 0; i < count; i++)
				expected = expected || inet_net_has(&nets[i], &address);
			met += expected;
			ck_assert(net_table_has(t, &address) == expected);
		}
		arena_reset(&arena);
	}
	ck_assert_uint_gt(met, 1000);
	ck_assert_uint_lt(met, 19000);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {each_modifier_matches_what_it_should_and_nothing_else,
	    each_of_the_31_has_a_case_of_both_kinds, each_illegal_chain_is_refused_at_its_column,
	    long_lists_meet_what_their_values_meet_one_by_one, a_long_list_is_compiled_once_for_all_fields,
	    a_list_of_100000_is_looked_up_and_not_walked, placeholders_that_multiply_are_bounded,
	    a_list_read_anew_changes_what_matches_and_the_digest,
	    networks_looked_up_agree_with_networks_tried_one_by_one, NULL};
	return unit_run("operand", tests);
}
