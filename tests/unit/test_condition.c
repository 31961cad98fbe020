/* Conditions, parsed and run, against truth tables of trees that the test made up. */
#include "unit.h"

#include <ctype.h>

#include "fuzz/fuzz.h"
#include "sigma_fixture.h"
#include "sigma/condition.h"

enum { NAMES = 6, TREE_DEPTH = 5 };
static const char *const names[NAMES] = {"sel_a", "sel_b", "filter_x", "a", "_hidden", "_sel_z"};
static uint32_t seed = 88172645;

static uint32_t
roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % sides;
}

struct text {
	char p[16384];
	size_t len;
};

static void
say(struct text *t, const char *words)
{
	for (; *words && t->len + 2 < sizeof(t->p); words++)
		t->p[t->len++] = *words;
	t->p[t->len] = '\0';
}

static void
say_keyword(struct text *t, const char *word)
{
	char copy[16] = "";
	bool upper = roll(4) == 0;
	for (size_t i = 0; word[i]; i++)
		copy[i] = (char)(upper ? toupper((unsigned char)word[i]) : word[i]);
	say(t, copy);
}

/* The value of every term for every assignment of the names: bit i of 64. */
static uint64_t
truth_of_name(unsigned name)
{
	uint64_t truth = 0;
	for (unsigned i = 0; i < 64; i++)
		truth |= (uint64_t)(i >> name & 1) << i;
	return truth;
}

static uint64_t
make_quantified(struct text *t)
{
	static const struct {
		const char *pattern;
		unsigned members; /* bit i: names[i] */
	} groups[] = {{"them", 15}, {"sel_*", 3}, {"*_x", 4}, {"*", 15}, {"_*", 48}, {"*a*", 1 | 8}, {"_sel_*", 32}};
	uint32_t group = roll(7);
	bool all = roll(2) == 0;
	say_keyword(t, all ? "all" : roll(2) ? "1" : "any");
	say_keyword(t, " of ");
	say(t, groups[group].pattern);
	uint64_t truth = all ? UINT64_MAX : 0;
	for (unsigned i = 0; i < NAMES; i++) {
		if (groups[group].members >> i & 1)
			truth = all ? truth & truth_of_name(i) : truth | truth_of_name(i);
	}
	return truth;
}

/* rank: 0 or, 1 and, 2 not; parentheses where the grammar needs them, and sometimes where it does not. */
static uint64_t
make_tree(struct text *t, unsigned depth, unsigned rank)
{
	uint32_t kind = depth == 0 ? 3 + roll(2) : roll(5);
	bool parens = kind < rank || roll(6) == 0;
	unsigned inner = parens ? 0 : rank;
	uint64_t truth;
	if (parens)
		say(t, roll(2) ? "(" : " ( ");
	if (kind < 2 && kind >= inner) {
		truth = make_tree(t, depth - 1, kind + 1);
		for (uint32_t more = 1 + roll(2); more > 0; more--) {
			say(t, roll(3) ? " " : "\n");
			say_keyword(t, kind == 0 ? "or" : "and");
			say(t, " ");
			uint64_t next = make_tree(t, depth - 1, kind + 1);
			truth = kind == 0 ? truth | next : truth & next;
		}
	} else if (kind == 2) {
		say_keyword(t, "not ");
		truth = ~make_tree(t, depth - 1, 2);
	} else if (kind == 3) {
		unsigned name = roll(NAMES);
		say(t, names[name]);
		truth = truth_of_name(name);
	} else {
		truth = make_quantified(t);
	}
	if (parens)
		say(t, ")");
	return truth;
}

static void
set_event(struct fixture *f, struct value *slots, unsigned assignment)
{
	for (unsigned i = 0; i < NAMES; i++) {
		int slot = field_set_find(f->fields, str_of(names[i]));
		ck_assert_int_ge(slot, 0);
		slots[slot].type = assignment >> i & 1 ? VALUE_NUMBER : VALUE_MISSING;
		slots[slot].text = STR("1");
	}
}

START_TEST(condition_agrees_with_truth_tables)
{
	static struct value slots[FIELD_SLOTS_MAX];
	for (int round = 0; round < 3000; round++) {
		static struct text condition, rule;
		struct fixture f;
		condition.len = rule.len = 0;
		uint64_t truth = make_tree(&condition, 1 + roll(TREE_DEPTH), 0);
		say(&rule, "title: t\nlogsource: {}\ndetection:\n");
		for (unsigned i = 0; i < NAMES; i++) {
			char line[64];
			snprintf(line, sizeof(line), "  %s: {%s: 1}\n", names[i], names[i]);
			say(&rule, line);
		}
		say(&rule, "  condition: |2\n    ");
		for (size_t i = 0; i < condition.len; i++) {
			char piece[8] = {condition.p[i], '\0'};
			say(&rule, condition.p[i] == '\n' ? "\n    " : piece);
		}
		say(&rule, "\n");
		fixture_load(&f, rule.p, NULL);
		fixture_show(&f);
		ck_assert_msg(f.problems.len == 0, "%s", condition.p);
		f.event.slots = slots;
		f.event.slot_count = field_set_len(f.fields);
		for (unsigned i = 0; i < 64; i++) {
			const struct match *matches;
			set_event(&f, slots, i);
			bool matched = matcher_run(f.matcher, &f.event, &matches) == 1;
			ck_assert_msg(matched == (truth >> i & 1), "%s under %u gave %d", condition.p, i, matched);
		}
		fixture_fini(&f);
	}
}
END_TEST

START_TEST(condition_says_what_is_wrong_and_where)
{
	static const struct {
		const char *text, *code;
		size_t offset;
	} rows[] = {
	    {"sel_a and", "condition", 9},
	    {"and sel_a", "condition", 0},
	    {"", "condition", 0},
	    {"(sel_a", "condition", 6},
	    {"sel_a)", "condition", 5},
	    {"sel_a sel_b", "condition", 6},
	    {"sel_a or (sel_b and )", "condition", 20},
	    {"sel_c", "undefined-selection", 0},
	    {"sel_a and SEL_B", "undefined-selection", 10},
	    {"1 of nothing_*", "pattern-matches-nothing", 5},
	    {"2 of them", "condition", 0},
	    {"1 of", "condition", 4},
	    {"all of (", "condition", 7},
	    {"sel_a | count() > 5", "obsolete-aggregation", 6},
	    {"not", "condition", 3},
	};
	struct str slices[NAMES];
	for (unsigned i = 0; i < NAMES; i++)
		slices[i] = str_of(names[i]);
	struct condition_names all = {slices, NAMES};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena;
		struct fail why = {0};
		size_t offset = 999;
		arena_init(&arena, 1 << 20, 0);
		ck_assert_ptr_null(condition_parse(&arena, str_of(rows[i].text), &all, &offset, &why));
		ck_assert_msg(strcmp(why.code, rows[i].code) == 0, "%s: %s", rows[i].text, why.code);
		ck_assert_msg(offset == rows[i].offset, "%s: at %zu", rows[i].text, offset);
		arena_fini(&arena);
	}
}
END_TEST

START_TEST(condition_bounds_its_depth)
{
	char text[201];
	struct arena arena;
	struct fail why = {0};
	size_t offset;
	struct str name = STR("a");
	struct condition_names all = {&name, 1};
	memset(text, '(', 100);
	text[100] = 'a';
	memset(text + 101, ')', 100);
	arena_init(&arena, 1 << 20, 0);
	ck_assert_ptr_null(condition_parse(&arena, str_make(text, sizeof(text)), &all, &offset, &why));
	ck_assert_str_eq(why.code, "condition");
	arena_fini(&arena);
}
END_TEST

START_TEST(condition_survives_any_cut_and_any_byte)
{
	static const char whole[] = "not (selection and 1 of sel_*) or ALL OF them and _x";
	char text[sizeof(whole)];
	for (size_t i = 0; i < sizeof(whole); i++) {
		memcpy(text, whole, sizeof(whole));
		LLVMFuzzerTestOneInput((const uint8_t *)text, i);
		for (unsigned byte = 0; byte < 256; byte++) {
			text[i] = (char)byte;
			LLVMFuzzerTestOneInput((const uint8_t *)text, sizeof(whole) - 1);
		}
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {condition_agrees_with_truth_tables, condition_says_what_is_wrong_and_where,
	    condition_bounds_its_depth, condition_survives_any_cut_and_any_byte, NULL};
	return unit_run("condition", tests);
}
