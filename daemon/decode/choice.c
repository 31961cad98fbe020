#include "decode/choice.h"

#include "base/inet.h"
#include "decode/json_scan.h"
#include "decode/json_string.h"

static const struct value missing_value = {.type = VALUE_MISSING};

/* Text of a scalar, or of the first scalar of an array; empty when there is none. */
struct str
choice_scalar(const struct value *v)
{
	while (v && v->type == VALUE_ARRAY)
		v = v->elements;
	if (!v || (v->type != VALUE_STRING && v->type != VALUE_NUMBER && v->type != VALUE_BOOL))
		return STR("");
	return v->text;
}

enum worth { WORTH_NOTHING, WORTH_EMPTY, WORTH_FULL };

/* null, "" and empty containers are there, but give way to something better. */
static enum worth
worth_of(const struct value *v, bool text_only)
{
	switch ((enum value_type)v->type) {
	case VALUE_MISSING:
		return WORTH_NOTHING;
	case VALUE_NULL:
		return WORTH_EMPTY;
	case VALUE_BOOL:
	case VALUE_NUMBER:
		return WORTH_FULL;
	case VALUE_STRING:
		return v->text.len > 0 ? WORTH_FULL : WORTH_EMPTY;
	case VALUE_ARRAY:
		if (text_only)
			return WORTH_NOTHING;
		return v->elements ? WORTH_FULL : WORTH_EMPTY;
	case VALUE_OBJECT:
		break;
	}
	return text_only ? WORTH_NOTHING : WORTH_FULL;
}

/* The text of two members with a separator between, when both have one. */
static struct value
joined(struct fill *f, const struct shape_ref *ref)
{
	struct str a = choice_scalar(json_scan_value(f->scan, ref->node)), b = choice_scalar(json_scan_value(f->scan, ref->with));
	struct str separator = ref->path->text;

	if (a.len == 0 || b.len == 0)
		return missing_value;
	char *text = arena_alloc(f->arena, a.len + separator.len + b.len);
	if (!text) {
		f->no_memory = true;
		return missing_value;
	}
	memcpy(text, a.p, a.len);
	memcpy(text + a.len, separator.p, separator.len);
	memcpy(text + a.len + separator.len, b.p, b.len);
	return (struct value){.type = VALUE_STRING, .text = str_make(text, a.len + separator.len + b.len)};
}

static void
tidy_text(struct fill *f, struct value *v)
{
	if (v->type == VALUE_ARRAY || v->type == VALUE_OBJECT) {
		struct str compact = json_compact(f->arena, v->text);
		f->no_memory |= v->text.len > 0 && !compact.p;
		v->text = compact;
	}
	if (v->text.len <= FILL_TEXT_MAX)
		return;
	v->text.len = FILL_TEXT_MAX;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a text of this length has bytes */
	while (v->text.len > 0 && ((unsigned char)v->text.p[v->text.len] & 0xC0U) == 0x80U)
		v->text.len--;
	v->flags |= VALUE_CUT;
	f->out->anomalies |= ANOMALY_FIELD_CUT;
}

/* Elements of elements are few: their depth is that of the record. */
static void
tidy_elements(struct fill *f, const struct value *first)
{
	const struct value *stack[64];
	size_t depth = 0;

	stack[depth++] = first;
	while (depth > 0) {
		struct value *e;
		memcpy(&e, &stack[--depth], sizeof(e)); /* the scan made it writable, its readers must not */
		tidy_text(f, e);
		if (e->next)
			stack[depth++] = e->next;
		if (e->type == VALUE_ARRAY && e->elements && depth < sizeof(stack) / sizeof(stack[0]))
			stack[depth++] = e->elements;
	}
}

/* Compact texts, cut to size, of the value and its elements; the scan's own, so once is enough. */
static void
tidy(struct fill *f, struct value *v)
{
	tidy_text(f, v);
	if (v->type == VALUE_ARRAY && v->elements)
		tidy_elements(f, v->elements);
}

/* What follows the first place where the schema's text is. */
static struct value
text_after(struct fill *f, const struct shape_ref *ref)
{
	struct str text = choice_scalar(json_scan_value(f->scan, ref->node));
	ptrdiff_t at = str_find(text, ref->path->text);

	if (at < 0)
		return missing_value;
	size_t from = (size_t)at + ref->path->text.len;
	return (struct value){.type = VALUE_STRING, .text = str_make(text.p + from, text.len - from)};
}

/* "1.2.3.4:5" and "[::1]:5" without their ports; any other text as it is. */
static struct value
address(struct fill *f, const struct shape_ref *ref)
{
	const struct value *v = json_scan_value(f->scan, ref->node);
	struct str text = choice_scalar(v), rest = text;
	struct inet ip;

	if (text.len == 0)
		return *v;
	if (*text.p == '[') {
		rest = str_make(text.p + 1, text.len - 1);
		rest = str_split(&rest, ']');
	} else {
		struct str host = str_split(&rest, ':');
		rest = str_find(rest, STR(":")) < 0 ? host : text;
	}
	return (struct value){.type = VALUE_STRING, .text = inet_parse(rest, &ip) ? rest : text};
}

/* One more element of a list; false: no room. */
static bool
append(struct fill *f, struct value *list, struct value **last, const struct value *v)
{
	struct value *copy = arena_alloc(f->arena, sizeof(*copy));

	if (!copy) {
		f->no_memory = true;
		return false;
	}
	*copy = *v;
	copy->next = NULL;
	if (*last)
		(*last)->next = copy;
	else
		list->elements = copy;
	*last = copy;
	list->type = VALUE_ARRAY;
	list->flags = VALUE_FANOUT;
	return true;
}

static void
select_from(struct fill *f, const struct shape_ref *ref, const struct value *e, struct value *list, struct value **last)
{
	struct fail why;

	if (e->type != VALUE_OBJECT || json_scan_run(f->elements, e->text, f->arena, &why))
		return;
	struct str name = choice_scalar(json_scan_value(f->elements, ref->name));
	struct value v = *json_scan_value(f->elements, ref->with);
	if (!str_eq_nocase(name, ref->path->text) || v.type == VALUE_MISSING)
		return;
	if (append(f, list, last, &v))
		tidy_elements(f, *last);
}

/* Of the elements that have the name, their value; as a list of its own when there are several. */
static struct value
selected(struct fill *f, const struct shape_ref *ref)
{
	const struct value *v = json_scan_value(f->scan, ref->node);
	struct value list = missing_value, *last = NULL;

	if (v->type != VALUE_ARRAY)
		select_from(f, ref, v, &list, &last);
	for (const struct value *e = v->type == VALUE_ARRAY ? v->elements : NULL; e; e = e->next) {
		select_from(f, ref, e, &list, &last);
		for (const struct value *inner = e->type == VALUE_ARRAY ? e->elements : NULL; inner; inner = inner->next)
			select_from(f, ref, inner, &list, &last);
	}
	return list.elements && list.elements == last ? *last : list;
}

/* What stands at a place that is no plain path. */
static struct value
made_at(struct fill *f, const struct shape_ref *ref)
{
	switch (ref->kind) {
	case PATH_ADDRESS:
		return address(f, ref);
	case PATH_AFTER:
		return text_after(f, ref);
	case PATH_JOINED:
		return joined(f, ref);
	case PATH_SELECTED:
		return selected(f, ref);
	case PATH_PLAIN:
	case PATH_TEXT:
		break;
	}
	return missing_value;
}

struct value
choice_value(struct fill *f, const struct shape_refs *refs)
{
	struct value made, best = missing_value;
	struct value *owner = NULL;
	enum worth found = WORTH_NOTHING;

	for (unsigned i = 0; i < refs->len && found < WORTH_FULL; i++) {
		const struct shape_ref *ref = &refs->items[i];
		bool plain = ref->kind <= PATH_TEXT;
		struct value *v = plain ? json_scan_edit(f->scan, ref->node) : &made;
		if (!v)
			continue;
		if (!plain)
			made = made_at(f, ref);
		enum worth worth = worth_of(v, ref->kind == PATH_TEXT);
		if (worth <= found)
			continue;
		found = worth;
		owner = plain ? v : NULL; /* the scan's own, which has still to be made tidy */
		best = plain ? best : made;
	}
	if (!owner)
		return best;
	tidy(f, owner);
	return *owner;
}

/* The place that choice_value takes; NULL when there is none. */
static const struct shape_ref *
best_place(struct fill *f, const struct shape_refs *refs)
{
	const struct shape_ref *best = NULL;
	enum worth found = WORTH_NOTHING;

	for (unsigned i = 0; i < refs->len; i++) {
		struct shape_refs one = {&refs->items[i], 1};
		struct value v = choice_value(f, &one);
		enum worth worth = worth_of(&v, refs->items[i].kind == PATH_TEXT);
		if (worth <= found)
			continue;
		found = worth;
		best = &refs->items[i];
	}
	return best;
}

static int
add_path(const struct fill *f, uint32_t node, struct buf *out)
{
	const struct trie *trie = plan_trie(f->plan);
	uint32_t nodes[TRIE_DEPTH_MAX];
	unsigned depth = 0;

	for (; node != TRIE_ROOT && depth < TRIE_DEPTH_MAX; node = trie_node(trie, node)->parent)
		nodes[depth++] = node;
	while (depth > 0) {
		struct str name = json_scan_name(f->scan, nodes[--depth]);
		if (buf_add_str(out, name) || (depth > 0 && buf_add(out, ".", 1)))
			return -1;
	}
	return 0;
}

int
choice_path(struct fill *f, const struct shape_refs *refs, struct buf *out)
{
	const struct shape_ref *ref = best_place(f, refs);

	if (!ref)
		return 0;
	if ((out->len && buf_add_str(out, STR(", "))) || add_path(f, ref->node, out))
		return -1;
	if (ref->kind == PATH_JOINED && (buf_add_str(out, STR(" + ")) || add_path(f, ref->with, out)))
		return -1;
	bool named = ref->kind == PATH_SELECTED;
	return named && (buf_add(out, "[", 1) || buf_add_str(out, ref->path->text) || buf_add(out, "]", 1)) ? -1 : 0;
}

void
choice_translate(const struct schema_field *words, struct value *v)
{
	if (v->type != VALUE_STRING && v->type != VALUE_NUMBER && v->type != VALUE_BOOL)
		return;
	for (unsigned i = 0; i < words->word_len; i++)
		if (str_eq_nocase(v->text, words->words[i].written)) {
			v->text = words->words[i].word;
			v->type = VALUE_STRING;
			return;
		}
}

struct value
choice_together(struct fill *f, const struct value *first, const struct shape_refs *also, unsigned count)
{
	struct value list = missing_value, *last = NULL;

	if (worth_of(first, false) == WORTH_FULL)
		append(f, &list, &last, first);
	for (unsigned i = 0; i < count; i++) {
		struct value v = choice_value(f, &also[i]);
		if (worth_of(&v, true) == WORTH_FULL)
			append(f, &list, &last, &v);
	}
	if (!last)
		return *first;
	return list.elements == last ? *last : list;
}

struct str
choice_text(struct fill *f, const struct shape_refs *refs)
{
	for (unsigned i = 0; i < refs->len; i++) {
		struct shape_refs one = {&refs->items[i], 1};
		struct value v = choice_value(f, &one);
		struct str text = str_trim(choice_scalar(&v));
		if (text.len > 0)
			return text;
	}
	return STR("");
}

void
choice_tidy(struct fill *f, struct value *v)
{
	tidy_text(f, v);
}
