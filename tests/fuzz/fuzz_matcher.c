/* Rules and an event made of the input's choices: what the matcher finds is what a walk over each rule's expression
 * finds that asks every predicate anew, without program, index or remembered answers. */
#include <stdlib.h>

#include "base/buf.h"
#include "decode/decoder.h"
#include "event/plan.h"
#include "fuzz/fuzz.h"
#include "sigma/evaluate.h"
#include "sigma/matcher.h"
#include "sigma/ruleset_priv.h"

enum { RULES_MAX = 6, SELECTIONS = 4, TEXT_BYTES = 1 << 16, DEPTH_MAX = 4, EVENTS_MAX = 4 };

struct choices {
	const uint8_t *data;
	size_t left;
	uint32_t state; /* of what comes behind the input, so that a short one says much, too */
	struct buf *out;
};

#define ITEMS(list) (list), sizeof(list) / sizeof((list)[0])

static unsigned
roll(struct choices *c, unsigned sides)
{
	if (c->left == 0) {
		c->state = c->state * 1664525 + 1013904223;
		return (c->state >> 16) % sides;
	}
	c->left--;
	c->state = (c->state ^ *c->data) * 16777619;
	return *c->data++ % sides;
}

static void
put(struct choices *c, const char *text)
{
	(void)!buf_add_str(c->out, str_of(text)); /* what does not fit is left out */
}

static void
put_one(struct choices *c, const char *const *items, size_t count)
{
	put(c, items[roll(c, (unsigned)count)]);
}

static const char *const first_names[] = {"a", "a.b", "A"}, *const second_names[] = {"b", "c", "l.a", "a b"};
static const char *const values[] = {"a", "'b*'", "'*'", "'?'", "ab", "'a\\*'", "''", "1", "'1'", "50126", "true", "é", "'É'",
    "'-a'", "' /b '", "'[]'", "10.0.0.0/8", "'a?b'", "\"a\\0b\\0\"", "YWI=", "1.0", "'*a*b*'", "2026"};
static const char *const chains[] = {"", "", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq", "|contains|all",
    "|all", "|windash", "|windash|contains", "|utf16le", "|contains|neq"};
static const char *const encoded_values[] = {"ab", "abc", "'-ab'", "'a b'", "'éa'"};
static const char *const encoded_chains[] = {"|base64offset|contains", "|base64", "|wide|base64", "|base64offset|contains|all",
    "|base64offset|contains|all|neq", "|windash|wide|base64|startswith"};

static void
put_values(struct choices *c, const char *const *from, size_t size)
{
	unsigned count = roll(c, 4);
	if (count == 0) {
		put_one(c, from, size);
		return;
	}
	put(c, "[");
	for (unsigned n = count > 2 ? 12 : count; n > 0; n--) {
		put_one(c, from, size);
		put(c, n > 1 ? ", " : "]");
	}
}

static void
put_item(struct choices *c, const char *const *names, size_t name_count)
{
	static const char *const others[] = {": null", "|exists: true", "|exists: false", "|re: 'a.?b'", "|re|i|s: ['^a', 'b$']",
	    "|cidr: 10.0.0.0/8", "|fieldref: b", "|fieldref|contains|neq: [a, c]", "|gt: 1", "|lte: '50126'", "|hour: [0, 9]",
	    "|week|neq: 1", "|re|all: [a, b]"};
	unsigned kind = roll(c, 6);
	put_one(c, names, name_count);
	if (kind < 2) {
		put_one(c, ITEMS(others));
		return;
	}
	if (kind == 2)
		put_one(c, ITEMS(encoded_chains));
	else
		put_one(c, ITEMS(chains));
	put(c, ": ");
	if (kind == 2)
		put_values(c, ITEMS(encoded_values));
	else
		put_values(c, ITEMS(values));
}

static void
put_map(struct choices *c)
{
	put(c, "{");
	put_item(c, ITEMS(first_names));
	if (roll(c, 2)) {
		put(c, ", ");
		put_item(c, ITEMS(second_names));
	}
	put(c, "}");
}

static void
put_selection(struct choices *c)
{
	switch (roll(c, 5)) {
	case 0:
		put_values(c, ITEMS(values)); /* keywords */
		break;
	case 1:
		put(c, "[");
		put_map(c);
		put(c, ", ");
		put_map(c);
		put(c, "]");
		break;
	default:
		put_map(c);
		break;
	}
}

static void
put_condition(struct choices *c, unsigned depth)
{
	static const char *const terms[] = {"s0", "s1", "s2", "_s3", "1 of them", "all of s*", "1 of _*"};
	unsigned kind = depth == DEPTH_MAX ? 0 : roll(c, 5);
	if (kind < 2) {
		put_one(c, ITEMS(terms));
		return;
	}
	put(c, kind == 2 ? "not (" : "(");
	put_condition(c, depth + 1);
	if (kind > 2) {
		put(c, kind == 3 ? " and " : " or ");
		put_condition(c, depth + 1);
	}
	put(c, ")");
}

static void
put_rule(struct choices *c, unsigned number)
{
	static const char *const heads[SELECTIONS] = {"\n  s0: ", "\n  s1: ", "\n  s2: ", "\n  _s3: "};
	(void)!buf_addf(c->out, "---\ntitle: t\nid: r%u\nlogsource: {}\ndetection:", number);
	for (unsigned i = 0; i < SELECTIONS; i++) {
		put(c, heads[i]);
		put_selection(c);
	}
	put(c, "\n  condition: ");
	put_condition(c, 0);
	put(c, "\npicketd: {threat_score: [{name: x, add: 1, when: s0}, {name: y, add: 2, when: '");
	put_condition(c, 2);
	put(c, "'}]}\n");
}

static void
put_json(struct choices *c, unsigned depth)
{
	static const char *const scalars[] = {"\"a\"", "\"b\"", "\"ab\"", "\"\"", "\"a*\"", "1", "\"1\"", "1.0", "50126", "true", "null",
	    "\"É\"", "\" -b \"", "\"10.1.2.3\"", "\"a\\u0000b\\u0000\"", "\"eYWI=\"", "\"2026-03-02T09:07:59-05:00\"", "\"A\\nB\"", "[]",
	    "{}", "\"{\\\"a\\\":1}\""};
	static const char *const keys[] = {"\"a\":", "\"b\":", "\"c\":", "\"A\":"};
	unsigned kind = depth == DEPTH_MAX ? 0 : roll(c, 5), count = kind < 3 ? 0 : roll(c, 3);
	if (kind < 3) {
		put_one(c, ITEMS(scalars));
		return;
	}
	put(c, kind == 3 ? "[" : "{");
	for (unsigned i = 0; i <= count; i++) {
		put(c, i ? "," : "");
		put(c, kind == 3 ? "" : keys[(roll(c, 2) + i) % 4]);
		put_json(c, depth + 1);
	}
	put(c, kind == 3 ? "]" : "}");
}

static void
put_event(struct choices *c)
{
	static const char *const keys[] = {"{\"a\":", ",\"b\":", ",\"c\":", ",\"l\":", ",\"a b\":", ",\"a.b\":"};
	unsigned left_out = roll(c, 8);
	for (unsigned i = 0; i < 6; i++) {
		if (i > 0 && i == left_out)
			continue;
		put(c, keys[i]);
		put_json(c, 1);
	}
	put(c, "}");
}

static bool
holds(const struct ruleset *set, struct scratch *scratch, const struct detection *d, const struct expr *e)
{
	bool all = e->kind == EXPR_AND;
	switch (e->kind) {
	case EXPR_TEST:
		return predicate_holds(set->predicates.items[e->index], scratch, NULL);
	case EXPR_SELECTION:
		return holds(set, scratch, d, d->selections[e->index]);
	case EXPR_NOT:
		return !holds(set, scratch, d, e->last);
	case EXPR_AND:
	case EXPR_OR:
		for (const struct expr *child = e->last; child; child = child->prev)
			if (holds(set, scratch, d, child) != all)
				return !all;
		return all;
	}
	return false;
}

static void
compare(const struct ruleset *set, struct matcher *m, const struct event *e)
{
	struct scratch *scratch = scratch_new(set->slot_count, set->max_regex_steps);
	const struct match *matches;
	struct match_reason reasons[SELECTIONS];
	if (!scratch)
		return;
	scratch_begin(scratch, e);
	unsigned found = matcher_run(m, e, &matches), at = 0;
	for (unsigned i = 0; i < set->count; i++) {
		const struct rule_entry *entry = &set->entries[i];
		bool matched = at < found && matches[at].rule == entry->rule;
		if (holds(set, scratch, &entry->detection, entry->detection.condition) != matched)
			abort();
		if (!matched)
			continue;
		int score = 0;
		for (unsigned t = 0; t < entry->score.count; t++)
			if (holds(set, scratch, &entry->detection, entry->score.conditions[t]))
				score += entry->score.terms[t].add;
		if (score != matches[at++].score)
			abort();
		(void)matcher_reasons(m, e, entry->rule, reasons, SELECTIONS);
	}
	if (at != found)
		abort();
	scratch_free(scratch);
}

static void
run(const struct ruleset *set, const struct field_set *fields, struct choices *c)
{
	static struct schema_set *schemas; /* none: the plan wants a set */
	const struct plan_options any_source = {.leaves = true, .any_source = true};
	const struct decoder_limits limits = {.max_depth = 64, .max_text = 1 << 16};
	const struct decoder_origin origin = {.tenant = STR(""), .received_ms = 1795392000000};
	struct fail_list problems;
	struct fail why;
	fail_list_init(&problems);
	if (!schemas)
		schemas = schema_set_load(NULL, 0, &problems);
	struct plan *plan = schemas ? plan_compile(fields, schemas, &any_source, &why) : NULL;
	struct decoder *decoder = plan ? decoder_new(plan, &limits) : NULL;
	struct matcher *m = matcher_new(set);
	for (unsigned i = 0; decoder && m && i < EVENTS_MAX; i++) {
		struct event e;
		struct str inner;
		buf_clear(c->out);
		put_event(c);
		if (decoder_read(decoder, buf_str(c->out), &origin, &e, &inner, &why) == DECODE_EVENT)
			compare(set, m, &e);
	}
	matcher_free(m);
	decoder_free(decoder);
	plan_free(plan);
	fail_list_fini(&problems);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset_options options = {.any_source = true, .max_regex_steps = 2000};
	struct field_set *fields = field_set_new();
	struct fail_list problems;
	struct buf text;
	struct choices c = {data, size, 2166136261, &text};
	if (!fields)
		return 0;
	fail_list_init(&problems);
	buf_init(&text, TEXT_BYTES);
	for (unsigned n = 1 + roll(&c, RULES_MAX), i = 0; i < n; i++)
		put_rule(&c, i);
	struct ruleset *set = ruleset_load_text(&options, "fuzz.yml", buf_str(&text), fields, &problems);
	if (set)
		run(set, fields, &c);
	ruleset_free(set);
	buf_fini(&text);
	fail_list_fini(&problems);
	field_set_free(fields);
	return 0;
}
