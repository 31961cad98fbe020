/* Any bytes as a tuning file: problems or entries, and entries only ever take from a match. */
#include <stdlib.h>

#include "detect/tuning.h"
#include "fuzz/fuzz.h"

static const char rules[] =
    "title: one\nid: one\nname: first\nlogsource: {}\ndetection: {a: {x: 1}, b_1: {x: 1}, c: {x: 2}, condition: 1 of them and not c}\n"
    "picketd: {threat_score: [{name: cross, when: a and not c, add: 1}, {name: b, when: b_1, add: 2}]}\n---\n"
    "title: two\nid: two\nlogsource: {}\ndetection: {a: {x: 1}, condition: a}\n---\n"
    "title: three\nid: three\ncorrelation: {type: event_count, rules: [two], group-by: [x], timespan: 1m, condition: {gte: 2}}\n";

static void
check(const struct tuning *t, const struct ruleset *set, const struct field_set *fields)
{
	struct value slots[FIELD_FIXED_COUNT + 8] = {0};
	struct event e = {.slots = slots, .slot_count = FIELD_FIXED_COUNT, .event_ms = 1795377600000};
	struct matcher *m = matcher_new(set);
	const struct match *matches;
	int x = field_set_find(fields, STR("x"));
	if (!m || x < 0 || x >= FIELD_FIXED_COUNT + 8)
		abort();
	e.slot_count = (unsigned)x + 1;
	slots[x] = (struct value){.text = STR("1"), .type = VALUE_NUMBER};
	slots[FIELD_USER_PRINCIPAL_NAME] = (struct value){.text = STR("mia@contoso.example"), .type = VALUE_STRING};
	slots[FIELD_IP_ADDRESS] = (struct value){.text = STR("10.1.2.3"), .type = VALUE_STRING};
	unsigned count = matcher_run(m, &e, &matches);
	if (count != 2)
		abort();
	for (unsigned i = 0; i < count; i++) {
		struct tuning_effect effect;
		struct match match;
		const struct match before = matches[i];
		const struct tuning_entry *silent = tuning_suppresses(t, &e, before.rule);
		if (silent && (!silent->id[0] || !silent->owner[0] || !silent->reason[0]))
			abort();
		if (!tuning_mask(t, m, &e, before.rule, &effect))
			continue;
		if (!tuning_masks(t) || !effect.count)
			abort();
		if (matcher_judge(m, &e, before.rule, &effect.off, &match) && (match.terms & ~before.terms))
			abort();
	}
	matcher_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset_options options = {.any_source = true, .max_regex_steps = 2000};
	struct field_set *fields = field_set_new();
	struct fail_list problems;
	if (!fields)
		return 0;
	fail_list_init(&problems);
	struct ruleset *set = ruleset_load_text(&options, "rules.yml", str_of(rules), fields, &problems);
	if (!set || problems.len > 0)
		abort();
	struct tuning_options how = {.rules = set, .fields = fields};
	struct tuning *t = tuning_load_text(&how, "fuzz.yaml", str_make((const char *)data, size), &problems);
	if (!t || (tuning_broken(t) > 0) != (problems.len > 0))
		abort();
	check(t, set, fields);
	tuning_free(t);
	ruleset_free(set);
	fail_list_fini(&problems);
	field_set_free(fields);
	return 0;
}
