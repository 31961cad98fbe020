#include "sigma/condition.h"

#include "sigma/word.h"

enum { SUGGEST_MAX = 64 };

struct condition_reader {
	struct arena *arena;
	const struct condition_names *names;
	struct str text;
	size_t at;        /* of the current word */
	struct str word;  /* "(", ")", a word, or empty at the end */
	unsigned nodes;
	struct fail *why;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
next_word(struct condition_reader *r)
{
	size_t at = r->at + r->word.len;
	while (at < r->text.len && is_space(r->text.p[at]))
		at++;
	size_t end = at;
	if (end < r->text.len && (r->text.p[end] == '(' || r->text.p[end] == ')'))
		end++;
	else
		while (end < r->text.len && !is_space(r->text.p[end]) && r->text.p[end] != '(' && r->text.p[end] != ')')
			end++;
	r->at = at;
	r->word = str_make(r->text.p + at, end - at);
}

static bool
is_word(const struct condition_reader *r, const char *word)
{
	return str_eq_nocase(r->word, str_of(word));
}

static struct expr *
new_node(struct condition_reader *r, enum expr_kind kind, unsigned index)
{
	if (++r->nodes > CONDITION_NODES_MAX) {
		fail_set(r->why, "condition", "the condition has more than %d terms", CONDITION_NODES_MAX);
		return NULL;
	}
	struct expr *e = expr_new(r->arena, kind, index);
	if (!e)
		fail_set(r->why, "memory", "out of memory");
	return e;
}

/* `*` is any run of characters; all others stand for themselves. */
static bool
name_matches(struct str pattern, struct str name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, resume = 0;
	while (n < name.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			resume = n;
		} else if (p < pattern.len && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

/* Names that begin with _ are out of `them`, and of patterns that do not begin so. */
static bool
is_meant(const struct condition_reader *r, bool them, struct str name)
{
	bool hidden = name.len > 0 && name.p[0] == '_';
	if (them)
		return !hidden;
	return (!hidden || r->word.p[0] == '_') && name_matches(r->word, name);
}

static struct expr *
parse_quantified(struct condition_reader *r, bool all)
{
	next_word(r); /* of */
	next_word(r);
	if (r->word.len == 0 || r->word.p[0] == '(' || r->word.p[0] == ')') {
		fail_set(r->why, "condition", "'of' needs 'them' or a pattern behind it");
		return NULL;
	}
	bool them = is_word(r, "them");
	struct expr *group = new_node(r, all ? EXPR_AND : EXPR_OR, 0);
	for (unsigned i = 0; group && i < r->names->count; i++) {
		if (!is_meant(r, them, r->names->names[i]))
			continue;
		struct expr *child = new_node(r, EXPR_SELECTION, i);
		if (!child)
			return NULL;
		expr_add(group, child);
	}
	if (group && !group->last) {
		fail_set(r->why, "pattern-matches-nothing", "no selection is called '%.*s'",
		    (int)(r->word.len < 100 ? r->word.len : 100), r->word.p);
		return NULL;
	}
	if (group)
		next_word(r);
	return group;
}

static struct expr *
fail_undefined(struct condition_reader *r)
{
	char copies[SUGGEST_MAX][64];
	const char *words[SUGGEST_MAX + 1] = {NULL};
	unsigned count = 0;
	for (unsigned i = 0; i < r->names->count && count < SUGGEST_MAX; i++) {
		struct str name = r->names->names[i];
		if (name.len >= sizeof(copies[0]))
			continue;
		memcpy(copies[count], name.p, name.len);
		copies[count][name.len] = '\0';
		words[count] = copies[count];
		count++;
	}
	const char *near = word_near(r->word, words);
	fail_set(r->why, "undefined-selection", "the condition names '%.*s', which is not a selection%s%s%s",
	    (int)(r->word.len < 100 ? r->word.len : 100), r->word.p, near ? "; did you mean '" : "", near ? near : "",
	    near ? "'?" : "");
	return NULL;
}

static bool
is_before_of(const struct condition_reader *r)
{
	struct condition_reader ahead = *r;
	next_word(&ahead);
	return is_word(&ahead, "of");
}

static struct expr *
parse_name(struct condition_reader *r)
{
	bool all = is_word(r, "all");
	if ((all || is_word(r, "1") || is_word(r, "any")) && is_before_of(r))
		return parse_quantified(r, all);
	for (unsigned i = 0; i < r->names->count; i++) {
		if (!str_eq(r->word, r->names->names[i]))
			continue;
		next_word(r);
		return new_node(r, EXPR_SELECTION, i);
	}
	if (str_find(r->word, STR("|")) >= 0) {
		fail_set(r->why, "obsolete-aggregation",
		    "'|' in conditions is obsolete since Sigma 2: write a correlation rule");
		return NULL;
	}
	if (r->word.len == 0 || r->word.p[0] == ')' || is_word(r, "and") || is_word(r, "or")) {
		fail_set(r->why, "condition", "a selection is missing %s%.*s", r->word.len ? "before " : "at the end",
		    (int)(r->word.len < 100 ? r->word.len : 100), r->word.p);
		return NULL;
	}
	if (is_before_of(r)) {
		fail_set(r->why, "condition", "'%.*s of': Sigma has '1 of', 'any of' and 'all of' only",
		    (int)(r->word.len < 100 ? r->word.len : 100), r->word.p);
		return NULL;
	}
	return fail_undefined(r);
}

static struct expr *parse_or(struct condition_reader *r, unsigned depth);

static struct expr *
parse_not(struct condition_reader *r, unsigned depth)
{
	bool negate = false;
	for (; is_word(r, "not"); next_word(r))
		negate = !negate;
	struct expr *e;
	if (is_word(r, "(")) {
		next_word(r);
		e = parse_or(r, depth + 1);
		if (!e)
			return NULL;
		if (!is_word(r, ")")) {
			fail_set(r->why, "condition", "')' is missing");
			return NULL;
		}
		next_word(r);
	} else {
		e = parse_name(r);
	}
	if (!e || !negate)
		return e;
	struct expr *not = new_node(r, EXPR_NOT, 0);
	if (not)
		expr_add(not, e);
	return not;
}

static struct expr *
parse_chain(struct condition_reader *r, unsigned depth, enum expr_kind kind)
{
	const char *word = kind == EXPR_OR ? "or" : "and";
	struct expr *chain = NULL, *e;
	for (;; next_word(r)) {
		e = kind == EXPR_OR ? parse_chain(r, depth, EXPR_AND) : parse_not(r, depth);
		if (!e)
			return NULL;
		if (chain)
			expr_add(chain, e);
		if (!is_word(r, word))
			return chain ? chain : e;
		if (!chain) {
			chain = new_node(r, kind, 0);
			if (!chain)
				return NULL;
			expr_add(chain, e);
		}
	}
}

static struct expr *
parse_or(struct condition_reader *r, unsigned depth)
{
	if (depth > CONDITION_DEPTH_MAX) {
		fail_set(r->why, "condition", "parentheses are nested deeper than %d", CONDITION_DEPTH_MAX);
		return NULL;
	}
	return parse_chain(r, depth, EXPR_OR);
}

struct expr *
condition_parse(struct arena *arena, struct str text, const struct condition_names *names, size_t *offset,
    struct fail *why)
{
	struct condition_reader r = {.arena = arena, .names = names, .text = text, .why = why};
	*offset = 0;
	if (text.len > CONDITION_LEN_MAX) {
		fail_set(why, "condition", "the condition is longer than %d bytes", CONDITION_LEN_MAX);
		return NULL;
	}
	r.word = str_make(text.p, 0);
	next_word(&r);
	struct expr *e = parse_or(&r, 0);
	if (e && r.word.len > 0) {
		bool bar = str_find(r.word, STR("|")) >= 0;
		fail_set(why, bar ? "obsolete-aggregation" : "condition",
		    bar ? "'|' in conditions is obsolete since Sigma 2: write a correlation rule"
			: "'and', 'or' or the end is expected before this");
		e = NULL;
	}
	*offset = r.at;
	return e;
}
