#include "event/schema_find.h"

enum { ALIASES_MAX = 8 };

const struct schema_field *
schema_find_field(const struct schema *s, struct str name)
{
	for (; s; s = s->extends)
		for (unsigned i = 0; i < s->field_len; i++)
			if (str_eq_nocase(s->fields[i].name, name))
				return &s->fields[i];
	return NULL;
}

const struct schema_category *
schema_find_category(const struct schema *s, struct str text)
{
	for (; s; s = s->extends)
		for (unsigned i = 0; i < s->category_len; i++) {
			const struct schema_category *c = &s->categories[i];
			if (str_eq_nocase(c->name, text))
				return c;
			for (unsigned k = 0; k < c->also_len; k++)
				if (str_eq_nocase(c->also[k], text))
					return c;
		}
	return NULL;
}

static bool
starts_nocase(struct str text, struct str with)
{
	return text.len > with.len && str_eq_nocase(str_make(text.p, with.len), with);
}

/* Without what rules may write before it. */
static bool
strip_name(const struct schema *s, struct str *name)
{
	for (; s; s = s->extends)
		for (unsigned i = 0; i < s->strip_len; i++)
			if (starts_nocase(*name, s->strip[i])) {
				*name = str_make(name->p + s->strip[i].len, name->len - s->strip[i].len);
				return true;
			}
	return false;
}

const struct schema_field *
schema_follow(const struct schema *s, struct str *name, const struct schema_field **words)
{
	const struct schema_field *field = NULL;

	*words = NULL;
	for (int i = 0; i < ALIASES_MAX; i++) {
		field = schema_find_field(s, *name);
		if (field && field->word_len > 0 && !*words)
			*words = field;
		if (field && field->alias.len > 0)
			*name = field->alias;
		else if (field || !strip_name(s, name))
			break;
	}
	return field;
}

/* Its own, then those of its categories; what it extends counts as long as that has the same source. */
bool
schema_source_at(const struct schema *s, unsigned i, const struct source **out)
{
	const struct source *own = s->source;

	*out = own;
	if (own && i-- == 0)
		return true;
	for (; s && s->source == own; s = s->extends) {
		if (i < s->category_len) {
			*out = s->categories[i].source;
			return *out != NULL;
		}
		i -= s->category_len;
	}
	return false;
}

/* The member itself, one below "x.*", or an object that holds it. */
static bool
is_member(struct str member, struct str name)
{
	static const struct str any = {".*", 2};

	if (str_ends(member, any)) {
		member.len -= any.len;
		if (starts_nocase(name, member) && name.p[member.len] == '.')
			return true;
	}
	return str_eq_nocase(member, name) || (starts_nocase(member, name) && member.p[name.len] == '.');
}

bool
schema_supplies(const struct schema *s, struct str name)
{
	const struct schema_field *words;
	bool any = true;

	if (schema_follow(s, &name, &words) || str_eq_nocase(name, STR("category")) || str_eq_nocase(name, STR("tenant")))
		return true;
	for (; s; s = s->extends) {
		for (unsigned i = 0; i < s->member_len; i++)
			if (is_member(s->members[i], name))
				return true;
		any &= s->member_len == 0;
	}
	return any;
}
