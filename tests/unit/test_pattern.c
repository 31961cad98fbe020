#include "unit.h"

#include "base/arena.h"
#include "sigma/fold.h"
#include "sigma/pattern.h"

static uint32_t seed = 2463534242;

static uint32_t
roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % sides;
}

/* The specification again, the slow way: straight from the rule's text, by recursion. */
static bool
slow_match(const char *p, size_t pn, const char *t, size_t tn)
{
	if (pn == 0)
		return tn == 0;
	bool escape = p[0] == '\\' && pn > 1 && (p[1] == '*' || p[1] == '?' || p[1] == '\\');
	if (!escape && p[0] == '*') {
		for (size_t skip = 0; skip < tn; skip += fold_char_len(t + skip, tn - skip)) {
			if (slow_match(p + 1, pn - 1, t + skip, tn - skip))
				return true;
		}
		return slow_match(p + 1, pn - 1, t + tn, 0);
	}
	if (tn == 0)
		return false;
	if (!escape && p[0] == '?') {
		size_t len = fold_char_len(t, tn);
		return slow_match(p + 1, pn - 1, t + len, tn - len);
	}
	size_t used = escape ? 2 : 1;
	return p[used - 1] == t[0] && slow_match(p + used, pn - used, t + 1, tn - 1);
}

static size_t
random_text(char *out, size_t max_parts, const char *const *parts, uint32_t count)
{
	size_t len = 0;
	for (uint32_t n = roll((uint32_t)max_parts + 1); n > 0; n--) {
		const char *part = parts[roll(count)];
		memcpy(out + len, part, strlen(part));
		len += strlen(part);
	}
	return len;
}

START_TEST(pattern_agrees_with_a_naive_matcher)
{
	static const char *const pattern_parts[] = {"a", "b", "é", "*", "?", "\\", "*", "ab", "€"};
	static const char *const text_parts[] = {"a", "b", "é", "*", "?", "\\", "ab", "€"};
	unsigned matched = 0;
	for (int round = 0; round < 200000; round++) {
		char raw[64], text[64], whole[70];
		size_t raw_len = random_text(raw, 6, pattern_parts, 9), text_len = random_text(text, 7, text_parts, 8);
		enum pattern_wrap wrap = (enum pattern_wrap)roll(4);
		size_t n = 0;
		if (wrap == WRAP_CONTAINS || wrap == WRAP_ENDSWITH)
			whole[n++] = '*';
		memcpy(whole + n, raw, raw_len);
		n += raw_len;
		/* a last backslash must not escape the star that the modifier adds */
		bool loose = raw_len > 0 && raw[raw_len - 1] == '\\';
		if (!loose && (wrap == WRAP_CONTAINS || wrap == WRAP_STARTSWITH))
			whole[n++] = '*';
		else if (loose && wrap != WRAP_NONE && wrap != WRAP_ENDSWITH)
			continue;
		struct arena arena;
		struct pattern pattern;
		arena_init(&arena, 1 << 20, 0);
		ck_assert_int_eq(pattern_parse(&arena, str_make(raw, raw_len), wrap, false, &pattern), 0);
		bool slow = slow_match(whole, n, text, text_len);
		bool fast = pattern_matches(&pattern, str_make(text, text_len));
		ck_assert_msg(slow == fast, "'%.*s' on '%.*s': %d", (int)n, whole, (int)text_len, text, fast);
		matched += fast;
		arena_fini(&arena);
	}
	ck_assert_uint_gt(matched, 10000);
}
END_TEST

static enum pattern_kind
kind_of(const char *raw, enum pattern_wrap wrap)
{
	struct arena arena;
	struct pattern pattern;
	arena_init(&arena, 1 << 20, 0);
	ck_assert_int_eq(pattern_parse(&arena, str_of(raw), wrap, false, &pattern), 0);
	arena_fini(&arena);
	return pattern.kind;
}

START_TEST(pattern_is_reduced_to_the_cheapest_comparison)
{
	ck_assert_int_eq(kind_of("abc", WRAP_NONE), PATTERN_EQUALS);
	ck_assert_int_eq(kind_of("a\\*c", WRAP_NONE), PATTERN_EQUALS);
	ck_assert_int_eq(kind_of("abc*", WRAP_NONE), PATTERN_STARTS);
	ck_assert_int_eq(kind_of("abc", WRAP_STARTSWITH), PATTERN_STARTS);
	ck_assert_int_eq(kind_of("**abc", WRAP_NONE), PATTERN_ENDS);
	ck_assert_int_eq(kind_of("abc", WRAP_ENDSWITH), PATTERN_ENDS);
	ck_assert_int_eq(kind_of("*abc*", WRAP_NONE), PATTERN_CONTAINS);
	ck_assert_int_eq(kind_of("*abc*", WRAP_CONTAINS), PATTERN_CONTAINS);
	ck_assert_int_eq(kind_of("***", WRAP_NONE), PATTERN_ANY);
	ck_assert_int_eq(kind_of("a*c", WRAP_NONE), PATTERN_GLOB);
	ck_assert_int_eq(kind_of("a?", WRAP_NONE), PATTERN_GLOB);
}
END_TEST

START_TEST(pattern_folds_its_literals_unless_cased)
{
	struct arena arena;
	struct pattern pattern;
	arena_init(&arena, 1 << 20, 0);
	ck_assert_int_eq(pattern_parse(&arena, STR("ÄB*"), WRAP_NONE, false, &pattern), 0);
	ck_assert(pattern_matches(&pattern, STR("äbc")));
	ck_assert_int_eq(pattern_parse(&arena, STR("ÄB*"), WRAP_NONE, true, &pattern), 0);
	ck_assert(pattern_matches(&pattern, STR("ÄBC")));
	ck_assert(!pattern_matches(&pattern, STR("äbc")));
	arena_fini(&arena);
}
END_TEST

START_TEST(pattern_stays_quick_on_hostile_text)
{
	struct arena arena;
	struct pattern pattern;
	static char text[65536];
	memset(text, 'a', sizeof(text));
	arena_init(&arena, 1 << 20, 0);
	ck_assert_int_eq(pattern_parse(&arena, STR("*a*a*a*a*a*a*a*a*a*a*a*b*"), WRAP_NONE, false, &pattern), 0);
	for (int i = 0; i < 100; i++)
		ck_assert(!pattern_matches(&pattern, str_make(text, sizeof(text))));
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {pattern_agrees_with_a_naive_matcher, pattern_is_reduced_to_the_cheapest_comparison,
	    pattern_folds_its_literals_unless_cased, pattern_stays_quick_on_hostile_text, NULL};
	return unit_run("pattern", tests);
}
