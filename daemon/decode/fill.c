#include "decode/fill.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/timestamp.h"
#include "decode/choice.h"
#include "decode/json_bytes.h"
#include "decode/json_string.h"
#include "event/schema_find.h"

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
	struct str text = choice_scalar(v);
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
	case CHECK_ENDS:
		break;
	}
	for (unsigned i = 0; there && i < c->check->value_len; i++) {
		size_t len = c->check->values[i].len;
		bool cut = c->check->kind == CHECK_ENDS && text.len > len;
		if (str_eq_nocase(cut ? str_make(text.p + text.len - len, len) : text, c->check->values[i]))
			return true;
	}
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

/* --- parts --- */

/* The first text that names a category of the schema, else the first text. */
static const struct schema_category *
read_category(struct fill *f, const struct shape *shape, struct str *text)
{
	*text = STR("");
	for (unsigned i = 0; i < shape->category.len; i++) {
		struct shape_refs one = {&shape->category.items[i], 1};
		struct str here = choice_text(f, &one);
		const struct schema_category *known = here.len > 0 ? schema_find_category(shape->schema, here) : NULL;
		if (known)
			return known;
		if (text->len == 0)
			*text = here;
	}
	if (text->len == 0)
		*text = shape->schema->default_category;
	return schema_find_category(shape->schema, *text);
}

void
fill_category(struct fill *f, const struct shape *shape, const struct source *fallback)
{
	struct event *e = f->out;
	struct str text;
	const struct schema *s = shape->schema;

	e->source = fallback;
	e->category = STR("generic");
	e->is_sign_in = false;
	if (!s || s->clause_len == 0)
		return;
	const struct schema_category *known = read_category(f, shape, &text);
	e->source = known ? known->source : s->source;
	e->category = known ? known->name : text.len > 0 ? text : str_of(s->name);
	e->is_sign_in = known && known->sign_in;
	/* a category that no one knows says only whose log it is */
	const struct schema *root = s;
	while (root->extends)
		root = root->extends;
	if (!known && root != s && root->source && text.p != s->default_category.p)
		e->source = root->source;
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
		struct str tenant = tenant_of(choice_text(f, &one));
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
	char serial[24] = "";
	if (f->out->serial)
		snprintf(serial, sizeof(serial), "#%" PRIu64, f->out->serial);
	codec_sha256_pieces((struct str[]){canonical, str_of(serial)}, 2, digest);
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
		struct str part = i == 0 ? f->out->category : choice_text(f, &one);
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

/* Writes what is there. */
static void
put_slot(struct fill *f, unsigned slot, struct value v)
{
	if (v.type == VALUE_MISSING)
		return;
	if (f->out->slots[slot].type == VALUE_MISSING)
		f->used->items[f->used->len++] = slot;
	f->out->slots[slot] = v;
}

static void
fill_own(struct fill *f, const struct shape *shape)
{
	struct event *e = f->out;
	char *text = arena_alloc(f->arena, CLOCK_TEXT_SIZE);

	if (!text) {
		f->no_memory = true;
		return;
	}
	clock_text(e->event_ms, text);
	put_slot(f, FIELD_MESSAGE_TIME, (struct value){.type = VALUE_STRING, .text = str_of(text)});
	if (e->tenant.len > 0)
		put_slot(f, FIELD_TENANT, (struct value){.type = VALUE_STRING, .text = e->tenant});
	if (e->slots[FIELD_CATEGORY].type == VALUE_MISSING || (shape->schema && shape->schema->clause_len > 0 && !shape->has_category))
		put_slot(f, FIELD_CATEGORY, (struct value){.type = VALUE_STRING, .text = e->category});
}

static void
fill_slot(struct fill *f, const struct shape_slot *s)
{
	if (f->used->asked[s->slot] == f->used->run)
		return; /* another of its places was met before */
	f->used->asked[s->slot] = f->used->run;
	struct value v = choice_value(f, &s->refs);
	if (s->derived && v.type != VALUE_MISSING && v.type != VALUE_NULL) {
		bool equal = str_eq_nocase(choice_scalar(&v), s->derived->equals);
		v = (struct value){.type = VALUE_STRING, .text = equal ? s->derived->then : s->derived->otherwise};
	}
	if (s->words)
		choice_translate(s->words, &v);
	if (s->also_len > 0)
		v = choice_together(f, &v, s->also, s->also_len);
	put_slot(f, s->slot, v);
}

/* Of what the record before left there, and picketd for it. Here, too, only what was filled costs. */
static void
empty_slots(struct fill *f)
{
	struct event *e = f->out;
	unsigned count;
	const unsigned *own = plan_own_slots(f->plan, &count);

	for (unsigned i = 0; i < f->used->len; i++)
		e->slots[f->used->items[i]] = (struct value){.type = VALUE_MISSING};
	for (unsigned i = 0; i < count; i++)
		e->slots[own[i]] = (struct value){.type = VALUE_MISSING};
	f->used->len = 0;
	if (++f->used->run == 0) { /* wrapped: no slot may look asked */
		memset(f->used->asked, 0, e->slot_count * sizeof(*f->used->asked));
		f->used->run = 1;
	}
}

/* Costs as much as the record has members that a slot may come from, however many slots there are. */
void
fill_slots(struct fill *f, const struct shape *shape)
{
	uint32_t count;
	const uint32_t *nodes = json_scan_touched(f->scan, &count);

	empty_slots(f);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t *from = &shape->reader_from[nodes[i]];
		for (uint32_t at = from[0]; at < from[1]; at++)
			fill_slot(f, &shape->slots[shape->readers[at]]);
	}
	fill_own(f, shape);
}

int
fill_path(struct fill *f, const struct shape *shape, unsigned slot, struct buf *out)
{
	for (unsigned i = 0; i < shape->slot_len; i++) {
		const struct shape_slot *s = &shape->slots[i];
		if (s->slot != slot)
			continue;
		int failed = choice_path(f, &s->refs, out);
		for (unsigned k = 0; k < s->also_len && !failed; k++)
			failed = choice_path(f, &s->also[k], out);
		return failed;
	}
	return 0;
}
