#include "decode/cut.h"

#include "base/str.h"
#include "decode/json_bytes.h"

void
cut_begin(struct cut *c, bool lines)
{
	*c = (struct cut){.lines = lines, .odata_only = true, .odata_first = true};
}

static void
note_name(struct cut *c, const char *from, const char *to)
{
	size_t len = (size_t)(to - from), room = c->name_len < CUT_NAME_BYTES ? CUT_NAME_BYTES - c->name_len : 0;

	if (c->depth != 1)
		return;
	/* of a long name only its beginning may matter, and that only for @odata. */
	if (room > 0 && (len <= room || c->odata_only))
		memcpy(c->name + c->name_len, from, len < room ? len : room);
	c->name_len += len;
}

/* The name before a colon may make the object a wrapper. */
static bool
names_wrapper(struct cut *c)
{
	struct str name = {c->name, c->name_len < CUT_NAME_BYTES ? c->name_len : CUT_NAME_BYTES};
	bool first = c->odata_first, odata_only = c->odata_only;

	c->odata_first = false;
	if (!str_starts(name, STR("@odata.")))
		c->odata_only = false;
	if (c->name_len >= CUT_NAME_BYTES)
		return false;
	c->page = odata_only && str_eq(name, STR("value"));
	c->empty_too = !c->page || !first;
	return c->page || str_eq(name, STR("records")) || str_eq(name, STR("Records")) || str_eq(name, STR("logEvents"));
}

/* Between a name and what follows it, at p, which is no white space. True: p is used up. */
static bool
follow_name(struct cut *c, char sign)
{
	enum cut_name was = c->name_state;

	c->name_state = NAME_NONE;
	if (was == NAME_READ && sign == ':') {
		c->name_state = names_wrapper(c) ? NAME_COLON : NAME_NONE;
		return true;
	}
	if (was == NAME_COLON && sign == '[') {
		c->name_state = NAME_BRACKET;
		c->depth++;
		return true;
	}
	return false;
}

static bool
opens_list(const struct cut *c, char first)
{
	return first == '{' || (first == '"' && !c->page) || (first == ']' && c->empty_too);
}

static char
sign_before(const struct cut *c, const char *from, const char *p)
{
	while (p > from && json_is_space(p[-1]))
		p--;
	return p > from ? p[-1] : c->last_sign;
}

/* A bracket at the start of a line, where no value can begin: the record before it broke off. Only between
 * lines; inside a list a broken element ends at its brackets. */
static inline bool
line_broke_off(const struct cut *c, const char *from, const char *p)
{
	char before = p > from ? p[-1] : c->last;

	if (before != '\n' || !c->lines || (*p != '{' && *p != '['))
		return false;
	if (c->in_string)
		return true;
	char sign = sign_before(c, from, p);
	return c->depth > 0 && sign != ':' && sign != ',' && sign != '[';
}

/* Moves *p on in a string; a record that breaks off in it shows at the next line. */
static enum cut_result
step_string(struct cut *c, const char *from, const char **p, const char *end)
{
	bool high = false;

	if (c->escaped) {
		c->escaped = false;
		note_name(c, *p, *p + 1);
		++*p;
		return CUT_MORE;
	}
	if (line_broke_off(c, from, *p))
		return CUT_BROKEN;
	const char *stop = json_bytes_special(*p, end, &high);
	note_name(c, *p, stop);
	*p = stop;
	if (stop == end)
		return CUT_MORE;
	++*p;
	if (*stop == '"') {
		c->in_string = false;
		c->name_state = c->depth == 1 ? NAME_READ : NAME_NONE;
		return CUT_MORE;
	}
	note_name(c, stop, stop + 1);
	c->escaped = *stop == '\\';
	return CUT_MORE;
}

/* Moves *p on outside strings. */
static enum cut_result
step_structure(struct cut *c, const char *from, const char **p, const char *end)
{
	if (c->name_state != NAME_NONE) {
		*p = json_skip_space(*p, end);
		if (*p == end)
			return CUT_MORE;
		if (c->name_state == NAME_BRACKET && opens_list(c, **p))
			return CUT_WRAPPER;
		if (follow_name(c, **p)) {
			++*p;
			return CUT_MORE;
		}
	}
	*p = json_bytes_bracket(*p, end);
	if (*p == end)
		return CUT_MORE;
	if (line_broke_off(c, from, *p))
		return CUT_BROKEN;
	char bracket = *(*p)++;
	if (bracket == '"') {
		c->in_string = true;
		c->name_len = 0;
	} else if (bracket == '{' || bracket == '[') {
		c->depth++;
	} else if (--c->depth == 0) {
		return CUT_END;
	}
	return CUT_MORE;
}

static void
remember_ends(struct cut *c, const char *from, const char *end)
{
	if (end == from)
		return;
	c->last_sign = sign_before(c, from, end);
	c->last = end[-1];
}

enum cut_result
cut_next(struct cut *c, const char **p, const char *end)
{
	const char *from = *p;
	enum cut_result result = CUT_MORE;

	while (result == CUT_MORE && *p < end)
		result = c->in_string ? step_string(c, from, p, end) : step_structure(c, from, p, end);
	if (result == CUT_MORE)
		remember_ends(c, from, end);
	return result;
}
