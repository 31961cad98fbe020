#include "sigma/modifier.h"

#include <string.h>

#include "sigma/word.h"

enum modifier_id {
#define X(id, name, kind, help) MODIFIER_ID_##id,
#include "sigma/modifier.def"
#undef X
	MODIFIER_COUNT
};

static const struct modifier table[] = {
#define X(id, name, kind, help) {name, help, MODIFIER_##kind},
#include "sigma/modifier.def"
#undef X
};

const struct modifier *
modifier_table(unsigned *count)
{
	*count = MODIFIER_COUNT;
	return table;
}

static int
modifier_find(struct str name)
{
	for (int i = 0; i < MODIFIER_COUNT; i++) {
		if (str_eq(name, str_of(table[i].name)))
			return i;
	}
	return -1;
}

static unsigned
place_column(const struct yaml_node *key, struct str part)
{
	return key->column + (unsigned)(part.p - key->text.p) + (key->plain ? 0 : 1);
}

static int
fail_part(struct fail *why, const struct yaml_node *key, struct str part, const char *code, const char *text)
{
	return fail_at(why, key->file, key->line, place_column(key, part), code, "%s: '%.*s'", text, (int)part.len,
	    part.p);
}

static int
fail_unknown(struct fail *why, const struct yaml_node *key, struct str part)
{
	const char *names[MODIFIER_COUNT + 1] = {NULL};
	for (int i = 0; i < MODIFIER_COUNT; i++)
		names[i] = table[i].name;
	const char *near = str_eq_nocase(part, STR("not")) ? "neq" : word_near(part, names);
	return fail_at(why, key->file, key->line, place_column(key, part), "unknown-modifier",
	    "unknown modifier '%.*s'%s%s%s", (int)(part.len < 64 ? part.len : 64), part.p, near ? "; did you mean '" : "",
	    near ? near : "", near ? "'?" : "");
}

static void
set_main(struct modifiers *out, int id)
{
	static const struct {
		enum comparison comparison;
		enum comparison_order order;
		enum timestamp_part part;
	} mains[MODIFIER_COUNT] = {
	    [MODIFIER_ID_RE] = {.comparison = COMPARE_REGEX},
	    [MODIFIER_ID_CIDR] = {.comparison = COMPARE_CIDR},
	    [MODIFIER_ID_EXISTS] = {.comparison = COMPARE_EXISTS},
	    [MODIFIER_ID_FIELDREF] = {.comparison = COMPARE_FIELDREF},
	    [MODIFIER_ID_GT] = {COMPARE_ORDER, .order = ORDER_GT},
	    [MODIFIER_ID_GTE] = {COMPARE_ORDER, .order = ORDER_GTE},
	    [MODIFIER_ID_LT] = {COMPARE_ORDER, .order = ORDER_LT},
	    [MODIFIER_ID_LTE] = {COMPARE_ORDER, .order = ORDER_LTE},
	    [MODIFIER_ID_MINUTE] = {COMPARE_DATE, .part = TIMESTAMP_MINUTE},
	    [MODIFIER_ID_HOUR] = {COMPARE_DATE, .part = TIMESTAMP_HOUR},
	    [MODIFIER_ID_DAY] = {COMPARE_DATE, .part = TIMESTAMP_DAY},
	    [MODIFIER_ID_WEEK] = {COMPARE_DATE, .part = TIMESTAMP_WEEK},
	    [MODIFIER_ID_MONTH] = {COMPARE_DATE, .part = TIMESTAMP_MONTH},
	    [MODIFIER_ID_YEAR] = {COMPARE_DATE, .part = TIMESTAMP_YEAR},
	};
	out->comparison = mains[id].comparison;
	out->order = mains[id].order;
	out->part = mains[id].part;
}

static void
set_wrap(struct modifiers *out, int id)
{
	out->wrap = id == MODIFIER_ID_CONTAINS ? WRAP_CONTAINS :
	    id == MODIFIER_ID_STARTSWITH       ? WRAP_STARTSWITH :
						 WRAP_ENDSWITH;
}

static void
set_change(struct modifiers *out, int id)
{
	static const enum utf16 forms[MODIFIER_COUNT] = {[MODIFIER_ID_UTF16LE] = UTF16_LE, [MODIFIER_ID_WIDE] = UTF16_LE,
	    [MODIFIER_ID_UTF16BE] = UTF16_BE, [MODIFIER_ID_UTF16] = UTF16_MARKED};
	out->expand |= id == MODIFIER_ID_EXPAND;
	out->windash |= id == MODIFIER_ID_WINDASH;
	out->utf16 = forms[id] ? forms[id] : out->utf16;
	if (id == MODIFIER_ID_BASE64 || id == MODIFIER_ID_BASE64OFFSET)
		out->base64 = id == MODIFIER_ID_BASE64 ? BASE64_WHOLE : BASE64_OFFSET;
}

static void
set_flag(struct modifiers *out, int id)
{
	out->all |= id == MODIFIER_ID_ALL;
	out->negate |= id == MODIFIER_ID_NEQ;
	out->cased |= id == MODIFIER_ID_CASED;
}

static void
set_regex_flag(struct modifiers *out, int id)
{
	out->regex_flags |= id == MODIFIER_ID_RE_I ? REGEX_CASELESS : id == MODIFIER_ID_RE_M ? REGEX_MULTILINE : REGEX_DOTALL;
}

static bool
encodes(const struct modifiers *m)
{
	return m->utf16 || m->base64;
}

/* Which companions each comparison takes. */
static const char *
illegal_chain(const struct modifiers *m)
{
	bool texts = m->wrap || m->cased, changes = m->expand || m->windash || encodes(m);
	switch (m->comparison) {
	case COMPARE_REGEX:
		return texts || changes ? "'re' stands only with i, m, s, all and neq; not with this" : NULL;
	case COMPARE_CIDR:
		return texts || m->windash || encodes(m) ? "'cidr' stands only with expand, all and neq; not with this" : NULL;
	case COMPARE_EXISTS:
		return texts || changes || m->all || m->negate ? "'exists' stands alone; not with this" : NULL;
	case COMPARE_ORDER:
		return texts || changes || m->all ? "a comparison of numbers stands only with neq; not with this" : NULL;
	case COMPARE_DATE:
		return texts || changes || m->all ? "a part of a date stands only with neq; not with this" : NULL;
	case COMPARE_FIELDREF:
		return changes ? "'fieldref' takes the name of a field as it is; not with this" : NULL;
	case COMPARE_TEXT:
		break;
	}
	return NULL;
}

/* Changes are made from left to right, so each must make sense of what the one before makes. */
static const char *
illegal_change(const struct modifiers *m, int id)
{
	bool encoding = id >= MODIFIER_ID_UTF16LE;
	if (m->base64)
		return "base64 is the last change of a value; not before this";
	if (encoding && m->wrap)
		return "contains, startswith and endswith belong behind an encoding";
	if (encoding && m->utf16 && id < MODIFIER_ID_BASE64)
		return "the value is UTF-16 already";
	if (!encoding && encodes(m))
		return "expand and windash belong in front of an encoding";
	return id == MODIFIER_ID_EXPAND && m->windash ? "'expand' belongs in front of 'windash'" : NULL;
}

/* May it stand behind what came before? */
static const char *
illegal_here(const struct modifiers *m, int id)
{
	switch (table[id].kind) {
	case MODIFIER_REGEX_FLAG:
		return m->comparison != COMPARE_REGEX ? "the modifier belongs behind 're'" : NULL;
	case MODIFIER_WRAP:
		return m->wrap ? "contains, startswith and endswith exclude each other" : NULL;
	case MODIFIER_MAIN:
		return m->comparison != COMPARE_TEXT ? "a second kind of comparison" : NULL;
	case MODIFIER_CHANGE:
		return illegal_change(m, id);
	case MODIFIER_FLAG:
		break;
	}
	return NULL;
}

static int
add_modifier(struct modifiers *out, uint64_t *seen, const struct yaml_node *key, struct str part, struct fail *why)
{
	static void (*const set[])(struct modifiers *out, int id) = {[MODIFIER_WRAP] = set_wrap,
	    [MODIFIER_FLAG] = set_flag, [MODIFIER_REGEX_FLAG] = set_regex_flag, [MODIFIER_MAIN] = set_main,
	    [MODIFIER_CHANGE] = set_change};
	int id = modifier_find(part);
	if (id < 0)
		return fail_unknown(why, key, part);
	const char *illegal = *seen & UINT64_C(1) << id ? "the modifier stands twice" : illegal_here(out, id);
	if (!illegal) {
		*seen |= UINT64_C(1) << id;
		set[table[id].kind](out, id);
		illegal = illegal_chain(out);
	}
	return illegal ? fail_part(why, key, part, "modifier-chain", illegal) : 0;
}

bool
modifiers_multiply(const struct modifiers *m)
{
	return m->expand || m->base64 == BASE64_OFFSET || (m->windash && encodes(m));
}

int
modifiers_parse(const struct yaml_node *key, struct modifiers *out, struct fail *why)
{
	struct str rest = key->text;
	uint64_t seen = 0;
	*out = (struct modifiers){0};
	size_t bars = 0;
	for (size_t i = 0; i < rest.len; i++)
		bars += rest.p[i] == '|';
	out->field = str_split(&rest, '|');
	for (; bars > 0; bars--) {
		if (add_modifier(out, &seen, key, str_split(&rest, '|'), why))
			return -1;
	}
	if (out->field.len > 0)
		return 0;
	if (out->comparison != COMPARE_TEXT && out->comparison != COMPARE_REGEX)
		return fail_at(why, key->file, key->line, key->column, "modifier-chain",
		    "the modifier needs a field in front of it");
	if (!out->wrap)
		out->wrap = WRAP_CONTAINS;
	return 0;
}
