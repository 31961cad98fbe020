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
	const char *near = word_near(part, names);
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
	} mains[MODIFIER_COUNT] = {
	    [MODIFIER_ID_RE] = {COMPARE_REGEX, ORDER_GT},
	    [MODIFIER_ID_CIDR] = {COMPARE_CIDR, ORDER_GT},
	    [MODIFIER_ID_EXISTS] = {COMPARE_EXISTS, ORDER_GT},
	    [MODIFIER_ID_FIELDREF] = {COMPARE_FIELDREF, ORDER_GT},
	    [MODIFIER_ID_GT] = {COMPARE_ORDER, ORDER_GT},
	    [MODIFIER_ID_GTE] = {COMPARE_ORDER, ORDER_GTE},
	    [MODIFIER_ID_LT] = {COMPARE_ORDER, ORDER_LT},
	    [MODIFIER_ID_LTE] = {COMPARE_ORDER, ORDER_LTE},
	};
	out->comparison = mains[id].comparison;
	out->order = mains[id].order;
}

static void
set_flag(struct modifiers *out, int id)
{
	switch (id) {
	case MODIFIER_ID_CONTAINS:
		out->wrap = WRAP_CONTAINS;
		break;
	case MODIFIER_ID_STARTSWITH:
		out->wrap = WRAP_STARTSWITH;
		break;
	case MODIFIER_ID_ENDSWITH:
		out->wrap = WRAP_ENDSWITH;
		break;
	case MODIFIER_ID_ALL:
		out->all = true;
		break;
	case MODIFIER_ID_NEQ:
		out->negate = true;
		break;
	case MODIFIER_ID_CASED:
		out->cased = true;
		break;
	case MODIFIER_ID_RE_I:
		out->regex_flags |= REGEX_CASELESS;
		break;
	case MODIFIER_ID_RE_M:
		out->regex_flags |= REGEX_MULTILINE;
		break;
	case MODIFIER_ID_RE_S:
		out->regex_flags |= REGEX_DOTALL;
		break;
	default:
		break;
	}
}

/* Which companions each comparison takes. */
static const char *
illegal_chain(const struct modifiers *m)
{
	switch (m->comparison) {
	case COMPARE_REGEX:
		return m->wrap || m->cased ? "'re' stands only with i, m, s, all and neq; not with this" : NULL;
	case COMPARE_CIDR:
		return m->wrap || m->cased ? "'cidr' stands only with all and neq; not with this" : NULL;
	case COMPARE_EXISTS:
		return m->wrap || m->cased || m->all || m->negate ? "'exists' stands alone; not with this" : NULL;
	case COMPARE_ORDER:
		return m->wrap || m->cased || m->all ? "a comparison of numbers stands only with neq; not with this" : NULL;
	case COMPARE_TEXT:
	case COMPARE_FIELDREF:
		return NULL;
	}
	return NULL;
}

static int
add_modifier(struct modifiers *out, uint64_t *seen, const struct yaml_node *key, struct str part, struct fail *why)
{
	int id = modifier_find(part);
	if (id < 0)
		return fail_unknown(why, key, part);
	if (table[id].kind == MODIFIER_ABSENT)
		return fail_part(why, key, part, "unsupported-modifier", "this version does not support the modifier");
	if (*seen & UINT64_C(1) << id)
		return fail_part(why, key, part, "modifier-chain", "the modifier stands twice");
	*seen |= UINT64_C(1) << id;
	if (table[id].kind == MODIFIER_REGEX_FLAG && out->comparison != COMPARE_REGEX)
		return fail_part(why, key, part, "modifier-chain", "the modifier belongs behind 're'");
	if (table[id].kind == MODIFIER_WRAP && out->wrap)
		return fail_part(why, key, part, "modifier-chain",
		    "contains, startswith and endswith exclude each other");
	if (table[id].kind == MODIFIER_MAIN && out->comparison != COMPARE_TEXT)
		return fail_part(why, key, part, "modifier-chain", "a second kind of comparison");
	if (table[id].kind == MODIFIER_MAIN)
		set_main(out, id);
	else
		set_flag(out, id);
	const char *illegal = illegal_chain(out);
	return illegal ? fail_part(why, key, part, "modifier-chain", illegal) : 0;
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
