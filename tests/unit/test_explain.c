#include "sigma/explain.h"

#include <stdarg.h>

#include "unit.h"

#include "sigma_fixture.h"

enum { TEXT_SIZE = 8192, STORIES = 1000, EVENTS = 4 };

static const struct ruleset_options keeping = {.max_regex_steps = 100000, .keep_text = true};

static void
explain_without(struct fixture *f, const char *event, const struct match_mask *off, struct explanation *out)
{
	struct fail why = {0};
	unsigned count;
	fixture_event(f, event);
	const struct rule *const *rules = ruleset_rules(f->set, &count);
	struct explain_question question = {f->set, &f->event, off};
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(ruleset_explain(&question, rules[0], &f->arena, out, &why), 0);
}

static void
explain(struct fixture *f, const char *event, struct explanation *out)
{
	explain_without(f, event, NULL, out);
}

static void
load(struct fixture *f, const char *rule)
{
	fixture_load(f, rule, &keeping);
	fixture_show(f);
	ck_assert_uint_eq(f->problems.len, 0);
}

/* The node, when it is of this kind and holds as it should. */
static const struct explain_node *
node(const struct explain_node *n, enum explain_kind kind, bool holds)
{
	ck_assert_ptr_nonnull(n);
	ck_assert_int_eq(n->kind, kind);
	ck_assert_int_eq(n->holds, holds);
	return n;
}

START_TEST(explain_shows_every_node_in_the_order_of_the_rule)
{
	struct fixture f;
	struct explanation x;
	load(&f, "title: t\nlogsource: {}\ndetection:\n  one:\n    a: x\n    b|neq: y\n  two: {c: z}\n"
		 "  condition: one and not two\n");
	explain(&f, "{\"a\":\"X\",\"b\":\"n\",\"c\":\"z\"}", &x);
	ck_assert(x.sees && !x.matches);
	const struct explain_node *and = node(x.condition, EXPLAIN_AND, false);
	const struct explain_node *one = node(and->first, EXPLAIN_SELECTION, true);
	ck_assert_str_eq(one->name, "one");
	const struct explain_node *items = node(one->first, EXPLAIN_AND, true);
	ck_assert_str_eq(node(items->first, EXPLAIN_ITEM, true)->item->text->item, "a");
	const struct explain_node *neq = node(items->first->next, EXPLAIN_NOT, true);
	ck_assert_str_eq(node(neq->first, EXPLAIN_ITEM, false)->item->text->item, "b|neq");
	ck_assert_ptr_null(neq->next);
	const struct explain_node *not = node(one->next, EXPLAIN_NOT, false);
	ck_assert_str_eq(node(not->first, EXPLAIN_SELECTION, true)->name, "two");
	ck_assert_ptr_null(not->next);
	fixture_fini(&f);
}
END_TEST

START_TEST(explain_tells_which_value_and_which_element_met)
{
	struct fixture f;
	struct explanation x;
	load(&f, "title: t\nlogsource: {}\ndetection:\n  sel: {a|contains: [pass, '42', none]}\n  condition: sel\n");
	explain(&f, "{\"a\":[\"first\",\"passwordSpray\"]}", &x);
	const struct explain_item *item = node(x.condition->first->first, EXPLAIN_ITEM, true)->item;
	ck_assert_uint_eq(item->text->count, 3);
	ck_assert(item->met[0] && !item->met[1] && !item->met[2]);
	ck_assert(str_eq(item->text->values[1], STR("42")));
	ck_assert(str_eq(item->hit->text, STR("passwordSpray")));
	fixture_fini(&f);
}
END_TEST

START_TEST(explain_goes_on_where_a_match_would_stop)
{
	struct fixture f;
	struct explanation x;
	load(&f, "title: t\nlogsource: {}\ndetection:\n  one: {a: 1}\n  two: {b: 1}\n  three: {c: 1}\n"
		 "  condition: one and two or three\n");
	explain(&f, "{\"b\":1,\"c\":1}", &x);
	const struct explain_node *and = node(node(x.condition, EXPLAIN_OR, true)->first, EXPLAIN_AND, false);
	(void)node(and->first, EXPLAIN_SELECTION, false);
	(void)node(and->first->next, EXPLAIN_SELECTION, true);
	(void)node(and->next, EXPLAIN_SELECTION, true);
	fixture_fini(&f);
}
END_TEST

START_TEST(explain_evaluates_an_event_that_the_rule_may_not_see)
{
	struct fixture f;
	struct explanation x;
	load(&f, "title: t\nlogsource: {product: aws}\ndetection:\n  sel: {a: 1}\n  condition: sel\n");
	explain(&f, "{\"a\":1}", &x);
	ck_assert(!x.sees && !x.matches && x.condition->holds);
	ck_assert(str_eq(x.logsource.product, STR("aws")));
	fixture_fini(&f);
}
END_TEST

START_TEST(explain_says_when_a_comparison_hit_its_limit)
{
	const struct ruleset_options few = {.max_regex_steps = 10, .keep_text = true};
	struct fixture f;
	struct explanation x;
	fixture_load(&f, "title: t\nlogsource: {}\ndetection:\n  sel: {a|re: '(x+x+)+$'}\n  condition: sel\n", &few);
	explain(&f, "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!\"}", &x);
	ck_assert(node(x.condition->first->first, EXPLAIN_ITEM, false)->item->limited);
	fixture_fini(&f);
}
END_TEST

START_TEST(explain_marks_what_tuning_makes_false)
{
	const struct match_mask off = {.selections = {2}}; /* two */
	struct fixture f;
	struct explanation x;
	load(&f, "title: t\nlogsource: {}\ndetection:\n  one: {a: 1}\n  two: {b: 1}\n  condition: one and two\n");
	explain_without(&f, "{\"a\":1,\"b\":1}", &off, &x);
	const struct explain_node *one = node(node(x.condition, EXPLAIN_AND, false)->first, EXPLAIN_SELECTION, true);
	ck_assert(!x.matches && !x.condition->tuned && !one->tuned);
	ck_assert(node(one->next, EXPLAIN_SELECTION, false)->tuned);
	(void)node(one->next->first->first, EXPLAIN_ITEM, true);
	fixture_fini(&f);
}
END_TEST

/* ---- random rules: the tree against the compiled program ---- */

struct writer {
	char text[TEXT_SIZE];
	size_t len;
	uint32_t seed;
};

static unsigned
below(struct writer *w, unsigned n)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 8) % n;
}

static __attribute__((format(printf, 2, 3))) void
put(struct writer *w, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	w->len += (size_t)vsnprintf(w->text + w->len, sizeof(w->text) - w->len, format, list);
	va_end(list);
	ck_assert_uint_lt(w->len, sizeof(w->text));
}

static const char *
pick(struct writer *w, const char *const *words, unsigned count)
{
	return words[below(w, count)];
}
#define PICK(w, words) pick((w), (words), sizeof(words) / sizeof((words)[0]))

static const char *const fields[] = {"a", "b", "c", "d"};

static void
put_map(struct writer *w)
{
	static const char *const items[] = {": x", ": [x, y]", "|neq: x", "|contains: x", "|contains|all: [x, y]", ": null",
	    "|exists: true", "|exists: false", "|re: '^x'", "|gte: 2", "|fieldref: a", "|neq: [x, y, 3]", ": ''", ": '*x?'"};
	unsigned first = below(w, 4), count = below(w, 3) + 1;
	for (unsigned i = 0; i < count; i++)
		put(w, "%s%s%s", i ? ", " : "{", fields[(first + i) % 4], PICK(w, items));
	put(w, "}");
}

static void
put_condition(struct writer *w, unsigned depth)
{
	static const char *const many[] = {"1 of them", "all of them", "any of s*", "1 of s0*"};
	switch (below(w, depth > 3 ? 2 : 6)) {
	case 0:
		put(w, "s%u", below(w, 3));
		break;
	case 1:
		put(w, "%s", PICK(w, many));
		break;
	case 2:
		put(w, "not (");
		put_condition(w, depth + 1);
		put(w, ")");
		break;
	default:
		put(w, "(");
		put_condition(w, depth + 1);
		put(w, below(w, 2) ? " and " : " or ");
		put_condition(w, depth + 1);
		put(w, ")");
		break;
	}
}

static void
put_rule(struct writer *w)
{
	put(w, "title: t\nlogsource: {}\ndetection:\n");
	for (unsigned i = 0; i < 3; i++) {
		unsigned kind = below(w, 4);
		put(w, "  s%u: %s", i, kind == 3 ? "[" : "");
		if (kind == 2)
			put(w, "[x, z]");
		else
			put_map(w);
		if (kind == 3) {
			put(w, ", ");
			put_map(w);
			put(w, "]");
		}
		put(w, "\n");
	}
	put(w, "  condition: ");
	put_condition(w, 0);
	put(w, "\npicketd:\n  threat_score:\n    - {name: one, add: 1, when: ");
	put_condition(w, 2);
	put(w, "}\n    - {name: two, add: 2, when: ");
	put_condition(w, 2);
	put(w, "}\n");
}

static void
put_event(struct writer *w)
{
	static const char *const values[] = {"\"x\"", "\"y\"", "\"xyz\"", "3", "1", "null", "\"\"", "[\"x\",\"q\"]", "[]",
	    "[\"y\",3]", "{\"k\":\"x\"}"};
	put(w, "{");
	for (unsigned i = 0, n = 0; i < 4; i++) {
		if (below(w, 4) == 0)
			continue;
		put(w, "%s\"%s\":%s", n++ ? "," : "", fields[i], PICK(w, values));
	}
	put(w, "}");
}

/* Every node follows from its children. */
static void
check_node(const struct explain_node *n)
{
	bool all = true, any = false;
	for (const struct explain_node *child = n->first; child; child = child->next) {
		check_node(child);
		all = all && child->holds;
		any = any || child->holds;
	}
	if (n->tuned) {
		ck_assert(!n->holds);
		return;
	}
	switch (n->kind) {
	case EXPLAIN_AND:
		ck_assert_int_eq(n->holds, all);
		break;
	case EXPLAIN_NOT:
		ck_assert_int_eq(n->holds, !any);
		break;
	case EXPLAIN_OR:
	case EXPLAIN_SELECTION:
		ck_assert_int_eq(n->holds, any);
		break;
	case EXPLAIN_ITEM:
		ck_assert(n->item && !n->first);
		break;
	}
}

START_TEST(explain_agrees_with_the_compiled_program)
{
	unsigned matched = 0, scored = 0;
	for (unsigned story = 0; story < STORIES; story++) {
		struct writer rule = {.seed = story * 7919 + 1};
		struct fixture f;
		put_rule(&rule);
		load(&f, rule.text);
		for (unsigned i = 0; i < EVENTS; i++) {
			struct writer event = {.seed = story * 31 + i * 104729};
			struct explanation x;
			const struct match *match;
			put_event(&event);
			explain(&f, event.text, &x);
			unsigned count = matcher_run(f.matcher, &f.event, &match);
			check_node(x.condition);
			ck_assert_msg(x.matches == (count == 1), "%s\n%s: the tree says %d", rule.text, event.text, x.matches);
			ck_assert_msg(!count || x.score == match[0].score, "%s\n%s: score %d", rule.text, event.text, x.score);
			struct match_mask off = {.selections = {below(&event, 8)}, .terms = below(&event, 4)};
			struct match again;
			explain_without(&f, event.text, &off, &x);
			check_node(x.condition);
			bool holds = matcher_judge(f.matcher, &f.event, x.rule, &off, &again);
			ck_assert_msg(x.matches == holds && (!holds || x.score == again.score), "%s\n%s: tuned", rule.text, event.text);
			matched += count;
			scored += count && match[0].score;
		}
		fixture_fini(&f);
	}
	/* neither side is trivial */
	ck_assert_uint_gt(matched, STORIES * EVENTS / 5);
	ck_assert_uint_lt(matched, STORIES * EVENTS * 4 / 5);
	ck_assert_uint_gt(scored, STORIES * EVENTS / 20);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    explain_shows_every_node_in_the_order_of_the_rule,
	    explain_tells_which_value_and_which_element_met,
	    explain_goes_on_where_a_match_would_stop,
	    explain_evaluates_an_event_that_the_rule_may_not_see,
	    explain_says_when_a_comparison_hit_its_limit,
	    explain_marks_what_tuning_makes_false,
	    explain_agrees_with_the_compiled_program,
	    NULL,
	};
	return unit_run("explain", tests);
}
