#include "decode/fill.h"

#include "base/clock.h"
#include "base/codec.h"
#include "decode/json_bytes.h"
#include "decode/json_string.h"
#include "decode/timestamp.h"

static const struct value missing_value = {.type = VALUE_MISSING};

/* Text of a scalar, or of the first scalar of an array; empty when there is none. */
static struct str
scalar_text(const struct value *v)
{
	while (v && v->type == VALUE_ARRAY)
		v = v->elements;
	if (!v || (v->type != VALUE_STRING && v->type != VALUE_NUMBER && v->type != VALUE_BOOL))
		return STR("");
	return v->text;
}

/* --- which shape --- */

/* The names from the root down to the node are those of the path, with their case. */
static bool
spelled_exactly(const struct fill *f, uint32_t node, struct str path)
{
	const struct trie *trie = plan_trie(f->plan);

	for (; node != TRIE_ROOT; node = trie_node(trie, node)->parent) {
		struct str name = json_scan_name(f->scan, node);
		if (!str_ends(path, name))
			return false;
		path.len -= name.len;
		if (path.len == 0)
			return true;
		if (path.p[--path.len] != '.')
			return false;
	}
	return false;
}

static bool
holds_object(const struct value *v)
{
	struct str text = v->text;

	if (v->type != VALUE_STRING)
		return v->type == VALUE_OBJECT;
	const char *first = json_skip_space(text.p, text.p + text.len);
	return first < text.p + text.len && *first == '{';
}

static bool
check_holds(const struct fill *f, const struct shape_check *c, bool exact)
{
	const struct value *v = json_scan_value(f->scan, c->node);
	struct str text = scalar_text(v);
	bool there = v->type != VALUE_MISSING && (!exact || spelled_exactly(f, c->node, c->check->path));

	switch (c->check->kind) {
	case CHECK_PRESENT:
		return there;
	case CHECK_ABSENT:
		return !there;
	case CHECK_OBJECT:
		return there && holds_object(v);
	case CHECK_DOTTED:
		return json_scan_dotted(f->scan, c->node);
	case CHECK_EQUALS:
		break;
	}
	for (unsigned i = 0; there && i < c->check->value_len; i++)
		if (str_eq_nocase(text, c->check->values[i]))
			return true;
	return false;
}

static bool
clause_holds(const struct fill *f, const struct shape_clause *clause)
{
	for (unsigned i = 0; i < clause->check_len; i++)
		if (!check_holds(f, &clause->checks[i], clause->exact))
			return false;
	for (unsigned i = 0; i < clause->any_len; i++)
		if (check_holds(f, &clause->any[i], clause->exact))
			return true;
	return clause->any_len == 0;
}

const struct shape *
fill_recognise(const struct fill *f)
{
	unsigned count;
	const struct shape *shapes = plan_shapes(f->plan, &count);

	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < shapes[i].clause_len; k++)
			if (clause_holds(f, &shapes[i].clauses[k]))
				return &shapes[i];
	return NULL;
}

/* --- values --- */

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
	struct str a = scalar_text(json_scan_value(f->scan, ref->node)), b = scalar_text(json_scan_value(f->scan, ref->with));
	struct str separator = ref->separator;

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

/* The first place that is not empty, else the first that is there. */
static struct value
pick(struct fill *f, const struct shape_refs *refs)
{
	struct value best = missing_value;
	struct value *owner = NULL;
	enum worth found = WORTH_NOTHING;

	for (unsigned i = 0; i < refs->len && found < WORTH_FULL; i++) {
		const struct shape_ref *ref = &refs->items[i];
		bool join = ref->with != TRIE_NONE;
		struct value v = join ? joined(f, ref) : *json_scan_value(f->scan, ref->node);
		enum worth worth = worth_of(&v, ref->text_only);
		if (worth <= found)
			continue;
		found = worth;
		best = v;
		owner = join ? NULL : json_scan_edit(f->scan, ref->node);
	}
	if (!owner)
		return best;
	tidy(f, owner);
	return *owner;
}

static struct str
pick_text(struct fill *f, const struct shape_refs *refs)
{
	for (unsigned i = 0; i < refs->len; i++) {
		struct shape_refs one = {&refs->items[i], 1};
		struct value v = pick(f, &one);
		struct str text = str_trim(scalar_text(&v));
		if (text.len > 0)
			return text;
	}
	return STR("");
}

/* --- parts --- */

void
fill_category(struct fill *f, const struct shape *shape, const struct source *fallback)
{
	struct event *e = f->out;
	struct str text = pick_text(f, &shape->category);
	const struct schema *s = shape->schema;

	e->source = fallback;
	e->category = STR("generic");
	e->is_sign_in = false;
	if (!s || s->clause_len == 0)
		return;
	if (text.len == 0)
		text = s->default_category;
	const struct schema_category *known = schema_find_category(s, text);
	e->source = known ? known->source : s->source;
	e->category = known ? known->name : text.len > 0 ? text : str_of(s->name);
	e->is_sign_in = known && known->sign_in;
	/* a category that no one knows says only whose log it is */
	if (!known && s->extends && s->source && s->extends->source && text.p != s->default_category.p)
		e->source = s->extends->source;
}

/* "/tenants/<id>/providers/..." -> id; a resource id of another kind names no tenant. */
static struct str
tenant_of(struct str text)
{
	static const struct str tenants = {"/tenants/", 9};

	if (text.len == 0 || *text.p != '/')
		return text;
	if (text.len <= tenants.len || !str_eq_nocase(str_make(text.p, tenants.len), tenants))
		return STR("");
	text = str_make(text.p + tenants.len, text.len - tenants.len);
	return str_split(&text, '/');
}

void
fill_tenant(struct fill *f, const struct shape *shape, struct str fallback)
{
	f->out->tenant = fallback;
	for (unsigned i = 0; i < shape->tenant.len; i++) {
		struct shape_refs one = {&shape->tenant.items[i], 1};
		struct str tenant = tenant_of(pick_text(f, &one));
		if (tenant.len > 0) {
			f->out->tenant = tenant;
			return;
		}
	}
}

void
fill_time(struct fill *f, const struct shape *shape, int64_t received_ms, int64_t max_future_ms)
{
	struct event *e = f->out;

	e->received_ms = e->event_ms = e->window_ms = received_ms;
	e->has_time = false;
	for (unsigned i = 0; i < shape->time.len && !e->has_time; i++) {
		const struct value *v = json_scan_value(f->scan, shape->time.items[i].node);
		if (v->type == VALUE_STRING || v->type == VALUE_NUMBER)
			e->has_time = timestamp_parse(v->text, &e->event_ms);
	}
	e->window_ms = e->event_ms;
	if (e->event_ms > received_ms && e->event_ms - received_ms > max_future_ms) {
		e->window_ms = received_ms;
		e->anomalies |= ANOMALY_FUTURE;
	}
}

static void
id_from_digest(struct fill *f)
{
	static const struct str prefix = {"sha256/", 7};
	uint8_t digest[SHA256_SIZE];
	char *text = arena_alloc(f->arena, prefix.len + 2 * SHA256_SIZE + 1);
	struct str canonical = json_canonical(f->arena, f->out->raw);

	if (!text || !canonical.p) {
		f->no_memory = true;
		return;
	}
	codec_sha256(canonical, digest);
	memcpy(text, prefix.p, prefix.len);
	codec_hex(digest, sizeof(digest), text + prefix.len);
	f->out->id = str_make(text, prefix.len + 2 * SHA256_SIZE);
}

/* Category and every part with a slash between; false when a part is missing. */
static bool
id_from_parts(struct fill *f, const struct shape_refs *parts)
{
	enum { ID_MAX = 1024 };
	char text[ID_MAX];
	size_t len = 0;

	for (unsigned i = 0; i <= parts->len; i++) {
		struct shape_refs one = {parts->items + (i ? i - 1 : 0), 1};
		struct str part = i == 0 ? f->out->category : pick_text(f, &one);
		if (part.len == 0 || part.len + 1 > sizeof(text) - len)
			return false;
		if (i > 0)
			text[len++] = '/';
		memcpy(text + len, part.p, part.len);
		len += part.len;
	}
	f->out->id = arena_copy(f->arena, str_make(text, len));
	f->no_memory |= !f->out->id.p;
	return true;
}

void
fill_id(struct fill *f, const struct shape *shape)
{
	for (unsigned i = 0; i < shape->id_len; i++)
		if (shape->ids[i].len > 0 && id_from_parts(f, &shape->ids[i]))
			return;
	id_from_digest(f);
}

static void
fill_own(struct fill *f)
{
	struct event *e = f->out;
	char *text = arena_alloc(f->arena, CLOCK_TEXT_SIZE);

	if (!text) {
		f->no_memory = true;
		return;
	}
	clock_text(e->event_ms, text);
	e->slots[FIELD_MESSAGE_TIME] = (struct value){.type = VALUE_STRING, .text = str_of(text)};
	if (e->tenant.len > 0)
		e->slots[FIELD_TENANT] = (struct value){.type = VALUE_STRING, .text = e->tenant};
	if (e->slots[FIELD_CATEGORY].type == VALUE_MISSING || !str_eq(e->category, STR("generic")))
		e->slots[FIELD_CATEGORY] = (struct value){.type = VALUE_STRING, .text = e->category};
}

void
fill_slots(struct fill *f, const struct shape *shape)
{
	struct event *e = f->out;

	memset(e->slots, 0, e->slot_count * sizeof(*e->slots));
	for (unsigned i = 0; i < shape->slot_len; i++) {
		const struct shape_slot *s = &shape->slots[i];
		struct value v = pick(f, &s->refs);
		if (s->derived && v.type != VALUE_MISSING && v.type != VALUE_NULL) {
			bool equal = str_eq_nocase(scalar_text(&v), s->derived->equals);
			v = (struct value){.type = VALUE_STRING, .text = equal ? s->derived->then : s->derived->otherwise};
		}
		e->slots[s->slot] = v;
	}
	for (struct value *leaf = json_scan_leaves(f->scan); leaf;) {
		tidy_text(f, leaf);
		memcpy(&leaf, &leaf->next, sizeof(leaf)); /* the scan made it writable */
	}
	e->leaves = json_scan_leaves(f->scan);
	fill_own(f);
}
