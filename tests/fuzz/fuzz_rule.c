/* Any bytes as a rule file: problems or rules, and what loads also runs and explains itself. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "sigma/explain.h"
#include "sigma/matcher.h"
#include "sigma/ruleset.h"

enum { SLOTS_MAX = 64, REASONS_MAX = 8, ARENA_MAX = 64 << 20 };

static void
fill(struct value *slots, unsigned count, const struct value *element)
{
	static const struct str texts[] = {{"50126", 5}, {"a b", 3}, {"[{\"a\":1}]", 9}, {"10.0.0.1", 8}, {"", 0}};
	for (unsigned i = 0; i < count; i++) {
		slots[i] = (struct value){.text = texts[i % 5], .type = (uint8_t)(i % (VALUE_OBJECT + 1))};
		if (slots[i].type == VALUE_ARRAY)
			slots[i].elements = element;
	}
}

/* The tree and the compiled program are two evaluators of one condition. matches: of the program, in the order of rules. */
static void
compare(const struct ruleset *set, const struct event *e, const struct match *matches, unsigned found)
{
	unsigned count, next = 0;
	const struct rule *const *rules = ruleset_rules(set, &count);
	for (unsigned i = 0; i < count; i++) {
		struct arena arena;
		struct explanation x;
		struct fail why = {0};
		bool matched = next < found && matches[next].rule == rules[i];
		if (rules[i]->correlation)
			continue;
		arena_init(&arena, ARENA_MAX, 0);
		if (ruleset_explain(&(struct explain_question){set, e, NULL}, rules[i], &arena, &x, &why) == 0 &&
		    (x.matches != matched || (matched && x.score != matches[next].score)))
			abort();
		arena_fini(&arena);
		next += matched;
	}
}

static void
run(const struct ruleset *set, const struct field_set *fields)
{
	struct matcher *m = matcher_new(set);
	struct value slots[SLOTS_MAX];
	const struct value element = {.text = STR("Ärger*"), .type = VALUE_STRING};
	unsigned count = field_set_len(fields) < SLOTS_MAX ? field_set_len(fields) : SLOTS_MAX;
	struct event e = {.slots = slots, .slot_count = count, .leaves = &element};
	const struct match *matches;
	struct match_reason reasons[REASONS_MAX];
	fill(slots, count, &element);
	unsigned all = m ? matcher_run_all(m, &e, &matches) : 0, found = m ? matcher_run(m, &e, &matches) : 0;
	if (found != all)
		abort();
	for (unsigned i = 0; i < found; i++) {
		unsigned given = matcher_reasons(m, &e, matches[i].rule, reasons, REASONS_MAX);
		for (unsigned j = 0; j < given; j++) {
			if (!reasons[j].selection || !reasons[j].field || reasons[j].value.len > 256)
				abort();
		}
		struct match again;
		const struct match_mask none = {0};
		if (!matcher_judge(m, &e, matches[i].rule, &none, &again) || again.score != matches[i].score ||
		    again.terms != matches[i].terms)
			abort();
	}
	if (m)
		compare(set, &e, matches, found);
	matcher_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset_options options = {.any_source = true, .keep_text = true, .max_regex_steps = 2000};
	struct field_set *fields = field_set_new();
	struct fail_list problems;
	unsigned count;
	if (!fields)
		return 0;
	fail_list_init(&problems);
	struct ruleset *set = ruleset_load_text(&options, "fuzz.yml", str_make((const char *)data, size), fields,
	    &problems);
	if (set) {
		ruleset_rules(set, &count);
		if (ruleset_broken(set) > 0 && problems.len == 0)
			abort();
		run(set, fields);
	}
	ruleset_free(set);
	fail_list_fini(&problems);
	field_set_free(fields);
	return 0;
}
