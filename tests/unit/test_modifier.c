/* Modifiers, and the manual page: it names every modifier and key there is, and its examples load. */
#include "unit.h"

#include "sigma/modifier.h"
#include "sigma_fixture.h"

static struct modifiers
parse(const char *text)
{
	struct yaml_node key = {.plain = true, .line = 3, .column = 5, .file = "f", .text = str_of(text)};
	struct modifiers m;
	struct fail why = {0};
	ck_assert_msg(modifiers_parse(&key, &m, &why) == 0, "%s: %s", text, why.text);
	return m;
}

START_TEST(modifier_chain_says_what_is_compared)
{
	struct modifiers m = parse("a.b|contains|all|cased");
	ck_assert(str_eq(m.field, STR("a.b")));
	ck_assert(m.comparison == COMPARE_TEXT && m.wrap == WRAP_CONTAINS && m.all && m.cased && !m.negate);
	m = parse("a|neq|re|i|s");
	ck_assert(m.comparison == COMPARE_REGEX && m.negate && m.regex_flags == (REGEX_CASELESS | REGEX_DOTALL));
	m = parse("a|lte");
	ck_assert(m.comparison == COMPARE_ORDER && m.order == ORDER_LTE);
	m = parse("a|fieldref|endswith");
	ck_assert(m.comparison == COMPARE_FIELDREF && m.wrap == WRAP_ENDSWITH);
	m = parse("|all");
	ck_assert(m.field.len == 0 && m.wrap == WRAP_CONTAINS && m.all);
	m = parse("plain");
	ck_assert(m.comparison == COMPARE_TEXT && m.wrap == WRAP_NONE);
}
END_TEST

START_TEST(modifier_table_has_the_31_of_the_standard)
{
	unsigned count;
	(void)modifier_table(&count);
	ck_assert_uint_eq(count, 31);
}
END_TEST

static char *
read_page(void)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(SRCDIR "/conf/picketd-rules.5", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, 65535, file), 0);
	fclose(file);
	return text;
}

/* Does some .It line of this macro name the word? */
static bool
page_names(const char *page, const char *macro, const char *word)
{
	size_t macro_len = strlen(macro), word_len = strlen(word);
	for (const char *line = page; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (strncmp(line, macro, macro_len) != 0)
			continue;
		const char *end = strchr(line, '\n');
		for (const char *at = line + macro_len; end && at + word_len <= end; at++) {
			if (at[-1] == ' ' && strncmp(at, word, word_len) == 0 && (at[word_len] == ' ' || at[word_len] == '\n'))
				return true;
		}
	}
	return false;
}

START_TEST(manual_names_every_modifier_and_no_other)
{
	unsigned count, named = 0;
	char *page = read_page();
	const struct modifier *table = modifier_table(&count);
	for (unsigned i = 0; i < count; i++) {
		bool there = page_names(page, ".It Cm ", table[i].name);
		ck_assert_msg(there, "%s", table[i].name);
		named += there;
	}
	ck_assert_uint_eq(named, 31);
	free(page);
}
END_TEST

START_TEST(manual_names_every_key_of_the_picketd_mapping)
{
	static const char *const keys[] = {
#define X(key) #key,
#include "sigma/extension.def"
#undef X
	};
	char *page = read_page();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_msg(page_names(page, ".It Ic ", keys[i]), "%s", keys[i]);
	free(page);
}
END_TEST

START_TEST(manual_examples_load)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	unsigned examples = 0;
	char *page = read_page();
	for (char *at = strstr(page, begin); at; at = strstr(at, begin)) {
		struct fixture f;
		unsigned rules;
		at += strlen(begin);
		char *end = strstr(at, ".Ed\n");
		ck_assert_ptr_nonnull(end);
		*end = '\0';
		if (strncmp(at, "- id:", 5) == 0) { /* a tuning entry: test_tuning */
			at = end + 1;
			continue;
		}
		fixture_load(&f, at, NULL);
		fixture_show(&f);
		ck_assert_uint_eq(f.problems.len, 0);
		ruleset_rules(f.set, &rules);
		ck_assert_uint_ge(rules, 1);
		fixture_fini(&f);
		at = end + 1;
		examples++;
	}
	ck_assert_uint_eq(examples, 4);
	free(page);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {modifier_chain_says_what_is_compared, modifier_table_has_the_31_of_the_standard,
	    manual_names_every_modifier_and_no_other, manual_names_every_key_of_the_picketd_mapping, manual_examples_load,
	    NULL};
	return unit_run("modifier", tests);
}
