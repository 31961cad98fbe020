/* The index against an evaluator without one: random rules over random records, read by the real decoder. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/metrics.h"
#include "decode/decoder.h"
#include "event/plan.h"
#include "event/schema.h"
#include "sigma/matcher.h"
#include "sigma/need.h"
#include "sigma/needles.h"
#include "sigma/plain_json.h"
#include "sigma/ruleset_priv.h"

enum { SETS = 60, RULES = 40, RECORDS = 100 };

static uint64_t state = 88172645463325252U;

static unsigned
pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 33) % n);
}

/* As JSON strings hold them; so are they as YAML's double-quoted ones. */
static const char *const words[] = {"alpha", "ALPHA", "alphabet", "beta gamma", "Be", "", "0", "0.0", "-0", "10", "1e1", "50126", "007", "true",
    "false", "null", "Gru\xC3\x9F", "\xC3\x89t\xC3\xA9", "\xC3\xA9T\xC3\x89", "mi\xC5\xBF\xC5\xBFing", "missing", "\xE2\x84\xAA" "elvin", "kelvin",
    "10.1.2.3", "2001:db8::1", "a/b/c", "Microsoft.Maps/accounts/listKeys/action", "listKeys", "x\\\\y", "say \\\"alpha\\\" now",
    "\\u0061lpha", "b\\u0065ta gamma", "\\u006b\\u0065lvin", "list\\/Keys", "3d5c8a10-7b1e-4c55-9f0a-0a6b54a0c001", "[1]", "[]", "{\\\"k\\\":\\\"alpha\\\"}",
    "\\u017fame", "same", "caf\\u00e9", "caf\xC3\xA9"};
static const char *const patterns[] = {"al*", "*bet", "a?pha", "*pha*be*", "*", "?", "*.*.*.*", "li?tk*", "mi??ing", "*\xC3\x9F", "alp"};
static const char *const fields[] = {"a", "b", "c", "o.p", "o.q", "l.m", "missing"};
#define PICK(table) (table)[pick(sizeof(table) / sizeof((table)[0]))]

static void
add(struct buf *out, const char *text)
{
	ck_assert_int_eq(buf_add(out, text, strlen(text)), 0);
}

static void
add_rule_value(struct buf *out)
{
	static const char *const plain[] = {"0", "-0.0", "10", "50126", "true", "1.5", "7"};
	unsigned kind = pick(8);
	if (kind == 0) {
		add(out, PICK(plain));
		return;
	}
	add(out, "\"");
	add(out, kind < 3 ? PICK(patterns) : PICK(words));
	add(out, "\"");
}

static void
add_rule_values(struct buf *out, unsigned many)
{
	add(out, "[");
	for (unsigned n = many + pick(3), i = 0; i < n; i++) {
		add(out, i ? ", " : "");
		add_rule_value(out);
	}
	add(out, "]");
}

static void
add_item(struct buf *out)
{
	static const char *const modified[] = {"", "", "", "|contains", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq",
	    "|contains|neq", "|startswith|cased"};
	add(out, "\"");
	add(out, PICK(fields));
	switch (pick(10)) {
	case 0:
		add(out, pick(2) ? "|re\": 'p.*a'" : "|re|i\": '^[a-k]'");
		break;
	case 1:
		add(out, pick(2) ? "|exists\": true" : "|exists\": false");
		break;
	case 2:
		add(out, pick(2) ? "\": null" : "|cidr\": 10.0.0.0/8");
		break;
	case 3:
		add(out, pick(2) ? "|gte\": 10" : "|fieldref\": b");
		break;
	case 4:
		add(out, "|contains|all\": ");
		add_rule_values(out, 2);
		break;
	case 5:
		add(out, "\": ");
		add_rule_values(out, pick(4) ? 1 : 12); /* also those that are hashed */
		break;
	default:
		add(out, PICK(modified));
		add(out, "\": ");
		if (pick(2))
			add_rule_value(out);
		else
			add_rule_values(out, 1);
	}
}

static void
add_selection(struct buf *out, unsigned i)
{
	ck_assert_int_eq(buf_addf(out, "  s%u: ", i), 0);
	if (pick(6) == 0) {
		add_rule_values(out, 1); /* keywords */
	} else {
		unsigned maps = 1 + (pick(4) == 0);
		add(out, maps > 1 ? "[" : "");
		for (unsigned m = 0; m < maps; m++) {
			add(out, m ? ", {" : "{");
			add_item(out);
			add(out, "}");
		}
		add(out, maps > 1 ? "]" : "");
	}
	add(out, "\n");
}

static void
add_rule(struct buf *out, unsigned n)
{
	static const char *const conditions[] = {"s0", "s0", "s0 and s1", "s0 and s1 and s2", "s0 or s1", "not s0", "s0 and not s1", "1 of s*", "all of s*",
	    "not (s0 and s1)", "not (s0 or not s1)", "(s0 or s1) and s2", "not not s0 and s1"};
	ck_assert_int_eq(buf_addf(out, "---\ntitle: t%u\nlogsource: {}\ndetection:\n", n), 0);
	for (unsigned i = 0; i < 3; i++)
		add_selection(out, i);
	ck_assert_int_eq(buf_addf(out, "  condition: %s\npicketd: {threat_score: [{name: one, when: s0, add: 1}, {name: two, when: not s2, add: 2}]}\n", PICK(conditions)), 0);
}

static void add_value(struct buf *out, unsigned depth);

static void
add_list(struct buf *out, unsigned depth)
{
	add(out, "[");
	for (unsigned n = pick(4), i = 0; i < n; i++) {
		add(out, i ? ", " : "");
		add_value(out, depth + 1);
	}
	add(out, "]");
}

static void
add_value(struct buf *out, unsigned depth)
{
	static const char *const bare[] = {"null", "true", "false", "0", "0.0", "-0", "-0.0", "10", "1e1", "50126", "1.50"};
	unsigned kind = pick(depth < 4 ? 10 : 7);
	if (kind < 5) {
		add(out, "\"");
		add(out, PICK(words));
		add(out, pick(4) ? "\"" : " tail\"");
	} else if (kind < 7) {
		add(out, PICK(bare));
	} else if (kind < 9) {
		add_list(out, depth);
	} else {
		add(out, "{\"k\": ");
		add_value(out, depth + 1);
		add(out, "}");
	}
}

static void
add_record(struct buf *out)
{
	static const char *const names[] = {"a", "b", "c", "other"};
	add(out, "{\"o\": {\"p\": ");
	add_value(out, 1);
	add(out, "}, \"l\": [{\"m\": ");
	add_value(out, 1);
	add(out, "}, {\"m\": ");
	add_value(out, 1);
	add(out, "}]");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (pick(4) == 0)
			continue;
		ck_assert_int_eq(buf_addf(out, ", \"%s\": ", names[i]), 0);
		add_value(out, 0);
	}
	add(out, "}");
}

struct rig {
	struct field_set *fields;
	struct ruleset *set;
	struct plan *plan;
	struct decoder *decoder;
	struct matcher *indexed, *whole;
	unsigned long matches;
};

static void
rig_open(struct rig *r, const struct schema_set *schemas, struct str rules)
{
	const struct ruleset_options options = {.any_source = true, .max_regex_steps = 100000};
	const struct decoder_limits limits = {.max_depth = 64, .max_text = 4 << 20};
	struct fail_list problems;
	struct fail why;
	fail_list_init(&problems);
	r->fields = field_set_new();
	r->set = ruleset_load_text(&options, "random.yml", rules, r->fields, &problems);
	ck_assert_msg(r->set && problems.len < RULES / 2, "%zu do not load: %s", problems.len, problems.len ? problems.items[0].text : "");
	fail_list_fini(&problems);
	r->plan = plan_compile(r->fields, schemas, &(struct plan_options){.any_source = true, .leaves = ruleset_wants_leaves(r->set)}, &why);
	ck_assert_ptr_nonnull(r->plan);
	r->decoder = decoder_new(r->plan, &limits);
	r->indexed = matcher_new(r->set);
	r->whole = matcher_new(r->set);
	ck_assert(r->decoder && r->indexed && r->whole);
}

static void
rig_close(struct rig *r)
{
	matcher_free(r->indexed);
	matcher_free(r->whole);
	decoder_free(r->decoder);
	plan_free(r->plan);
	ruleset_free(r->set);
	field_set_free(r->fields);
}

static unsigned
first_missing(const struct match *a, unsigned a_count, const struct match *b, unsigned b_count)
{
	for (unsigned i = 0; i < b_count; i++) {
		if (i >= a_count || a[i].rule != b[i].rule)
			return b[i].rule->line;
	}
	return 0;
}

static void
compare(struct rig *r, struct str record)
{
	const struct match *a, *b;
	struct decoder_origin origin = {.received_ms = 1795392000000};
	struct event e;
	struct str inner;
	struct fail why = {0};
	ck_assert_msg(decoder_read(r->decoder, record, &origin, &e, &inner, &why) == DECODE_EVENT, "%.*s: %s", (int)record.len, record.p, why.text);
	unsigned count = matcher_run(r->indexed, &e, &a);
	unsigned whole = matcher_run_all(r->whole, &e, &b);
	ck_assert_msg(whole == count, "%u with the index, %u without: rule of line %u\n%.1500s", count, whole, first_missing(a, count, b, whole), record.p);
	for (unsigned i = 0; i < count; i++)
		ck_assert(a[i].rule == b[i].rule && a[i].score == b[i].score && a[i].terms == b[i].terms);
	r->matches += count;
}

START_TEST(rule_index_finds_what_asking_every_rule_finds)
{
	const char *const dirs[] = {SRCDIR "/conf/schemas"};
	struct fail_list problems;
	struct rig r = {0};
	fail_list_init(&problems);
	struct schema_set *schemas = schema_set_load(dirs, 1, &problems);
	ck_assert_ptr_nonnull(schemas);
	for (unsigned i = 0; i < SETS; i++) {
		struct buf rules, record;
		buf_init(&rules, 1 << 20);
		buf_init(&record, 1 << 20);
		for (unsigned k = 0; k < RULES; k++)
			add_rule(&rules, k);
		rig_open(&r, schemas, buf_str(&rules));
		for (unsigned k = 0; k < RECORDS; k++) {
			buf_clear(&record);
			add_record(&record);
			compare(&r, buf_str(&record));
		}
		rig_close(&r);
		buf_fini(&record);
		buf_fini(&rules);
	}
	ck_assert_uint_gt(r.matches, SETS * RECORDS); /* neither nothing nor all */
	ck_assert_uint_lt(r.matches, SETS * RECORDS * RULES * 3 / 4);
	schema_set_free(schemas);
	fail_list_fini(&problems);
}
END_TEST

/* The index does not keep the texts of such a list; that the field is there is all that it looks for. */
START_TEST(rule_with_a_long_list_is_found)
{
	const char *const dirs[] = {SRCDIR "/conf/schemas"};
	static const struct {
		const char *record;
		unsigned long matches;
	} rows[] = {{"{\"a\": \"V1499\"}", 1}, {"{\"a\": [\"x\", \"v0\"]}", 1}, {"{\"a\": 77.0}", 1}, {"{\"a\": \"v1500\"}", 0},
	    {"{\"a\": null}", 0}, {"{\"b\": \"v1\"}", 0}};
	struct fail_list problems;
	struct rig r = {0};
	struct buf rules;
	buf_init(&rules, 1 << 20);
	fail_list_init(&problems);
	struct schema_set *schemas = schema_set_load(dirs, 1, &problems);
	ck_assert_ptr_nonnull(schemas);
	add(&rules, "title: L\nlogsource: {product: x}\ndetection:\n  s:\n    a:\n      - 77\n");
	for (unsigned i = 0; i < 1500; i++)
		ck_assert_int_eq(buf_addf(&rules, "      - v%u\n", i), 0);
	add(&rules, "  condition: s\n");
	rig_open(&r, schemas, buf_str(&rules));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r.matches = 0;
		compare(&r, str_of(rows[i].record));
		ck_assert_msg(r.matches == rows[i].matches, "%s: %lu", rows[i].record, r.matches);
	}
	rig_close(&r);
	buf_fini(&rules);
	schema_set_free(schemas);
	fail_list_fini(&problems);
}
END_TEST

START_TEST(need_without_memory_is_refused)
{
	const struct ruleset_options options = {.any_source = true, .max_regex_steps = 100000};
	const struct str rules = STR("title: N\nlogsource: {product: x}\ndetection:\n  s: {a: alpha}\n  t: {b: beta}\n"
	                             "  condition: s or t\n");
	struct fail_list problems;
	struct arena none;
	struct need need = {0};
	fail_list_init(&problems);
	arena_init(&none, 1, 0);
	struct field_set *names = field_set_new();
	struct ruleset *set = ruleset_load_text(&options, "need.yml", rules, names, &problems);
	ck_assert(set && set->count == 1);
	unsigned *uses = calloc(set->predicates.len, sizeof(*uses));
	ck_assert_int_eq(need_find(&none, &set->predicates, &set->entries[0].detection, uses, &need), -1);
	ck_assert_int_eq(need_find(&set->arena, &set->predicates, &set->entries[0].detection, uses, &need), 0);
	ck_assert_uint_eq(need.count, 2);
	free(uses);
	arena_fini(&none);
	ruleset_free(set);
	field_set_free(names);
	fail_list_fini(&problems);
}
END_TEST

static void
on_found(unsigned owner, void *ctx)
{
	uint32_t *found = ctx;
	*found |= UINT32_C(1) << owner;
}

START_TEST(needles_are_found_wherever_they_stand)
{
	static const char *const texts[] = {"abc", "abcd", "cab", "microsoft.maps", "xyz", "zzz"};
	enum { COUNT = sizeof(texts) / sizeof(texts[0]), LEN = 40 };
	struct needle items[COUNT];
	struct arena arena;
	arena_init(&arena, 1 << 20, 0);
	for (unsigned i = 0; i < COUNT; i++)
		items[i] = (struct needle){str_of(texts[i]), i};
	for (unsigned from = 0; from < COUNT; from++) { /* other sets have another shortest */
		struct needles *n = needles_new(&arena, items + from, COUNT - from);
		for (unsigned round = 0; round < 2000; round++) {
			char text[LEN + 1];
			uint32_t found = 0;
			for (unsigned i = 0; i < LEN; i++)
				text[i] = "abcdxyzABCDZ"[pick(12)];
			const char *planted = texts[pick(COUNT)];
			memcpy(text + pick((unsigned)(LEN - strlen(planted))), planted, strlen(planted));
			text[LEN] = '\0';
			needles_search(n, str_make(text, LEN), on_found, &found);
			for (unsigned i = from; i < COUNT; i++)
				ck_assert_msg(!strcasestr(text, texts[i]) == !(found >> i & 1), "%s in %s", texts[i], text);
		}
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(json_is_plain_when_its_letters_stand_for_themselves)
{
	static const struct {
		const char *text;
		bool plain;
	} rows[] = {
	    {"{\"a\":\"plain\"}", true}, {"\"\\\"quoted\\\" \\n \\\\u0061\"", true}, {"\"\\u0061\"", false}, {"\"\\u002F\"", false},
	    {"\"a\\/b\"", false}, {"\"You\\u0027ve\"", true}, {"\"caf\\u00e9\"", true}, {"\"\\u017f\"", false}, {"\"\\u212A\"", false},
	    {"\"\xC5\xBF\"", false}, {"\"\xE2\x84\xAA\"", false}, {"\"\xC3\xA9\"", true}, {"\"\\u00", false}, {"\\", true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(plain_json(str_of(rows[i].text)) == rows[i].plain, "%s", rows[i].text);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {rule_index_finds_what_asking_every_rule_finds, rule_with_a_long_list_is_found,
	    need_without_memory_is_refused,
	    needles_are_found_wherever_they_stand,
	    json_is_plain_when_its_letters_stand_for_themselves, NULL};
	return unit_run("rule_index", tests);
}
