#include "decode/decoder.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/mem.h"
#include "decode/choice.h"
#include "decode/fill.h"
#include "decode/json_bytes.h"
#include "decode/json_scan.h"

/* A record may need its own text again for escapes, once per level of JSON in strings, and 40 bytes per value. */
enum { ARENA_MAX = 64 << 20, ARENA_KEEP = 1 << 20 };

struct decoder {
	struct leaf_source leaf_source; /* first: gather_leaves finds the decoder by it */
	const struct plan *plan;
	struct decoder_limits limits;
	struct json_scan *scan, *elements;
	struct json_scan *check; /* without paths, only whether a text is JSON */
	struct trie *no_paths;
	struct arena arena;
	struct value *slots;
	unsigned slot_count;
	const struct shape *shape; /* of the last event; NULL: the last record was none */
	struct fill_slots_used used;
	/* the leaves of the record that was read last */
	struct json_scan *leaf_scan; /* NULL: the plan does not want them */
	struct event *event;
	const struct value *leaves;
	bool gathered;
};

/* A second reading, which keeps every leaf. It cannot fail but for memory: the record has been read before. */
static const struct value *
gather_leaves(struct leaf_source *source)
{
	struct decoder *d = (struct decoder *)source;
	struct fill f = {.plan = d->plan, .scan = d->leaf_scan, .arena = &d->arena, .out = d->event};
	struct fail why;

	if (d->gathered)
		return d->leaves;
	d->gathered = true;
	if (json_scan_run(d->leaf_scan, d->event->raw, &d->arena, &why))
		d->event->anomalies |= ANOMALY_FIELD_CUT;
	d->event->anomalies |= json_scan_anomalies(d->leaf_scan) & ANOMALY_FIELD_CUT;
	for (struct value *leaf = json_scan_leaves(d->leaf_scan); leaf;) {
		choice_tidy(&f, leaf);
		memcpy(&leaf, &leaf->next, sizeof(leaf)); /* the scan made it writable */
	}
	d->leaves = json_scan_leaves(d->leaf_scan);
	return d->leaves;
}


struct decoder *
decoder_new(const struct plan *plan, const struct decoder_limits *limits)
{
	struct decoder *d = mem_zero(1, sizeof(*d));

	if (!d)
		return NULL;
	d->plan = plan;
	d->limits = *limits;
	arena_init(&d->arena, ARENA_MAX, ARENA_KEEP);
	d->slot_count = field_set_len(plan_fields(plan));
	d->slots = mem_zero(d->slot_count, sizeof(*d->slots));
	d->no_paths = trie_new();
	d->used.items = mem_zero(d->slot_count + 1, sizeof(*d->used.items));
	d->used.asked = mem_zero(d->slot_count + 1, sizeof(*d->used.asked));
	d->leaf_source.gather = gather_leaves;
	d->scan = json_scan_new(plan_trie(plan), limits->max_depth, false);
	d->leaf_scan = d->no_paths && plan_leaves(plan) ? json_scan_new(d->no_paths, limits->max_depth, true) : NULL;
	d->elements = json_scan_new(plan_elements(plan), limits->max_depth, false);
	d->check = d->no_paths ? json_scan_new(d->no_paths, limits->max_depth, false) : NULL;
	bool leaves = d->leaf_scan || !plan_leaves(plan);
	if (d->slots && d->used.items && d->used.asked && d->scan && leaves && d->elements && d->check)
		return d;
	decoder_free(d);
	return NULL;
}

void
decoder_free(struct decoder *d)
{
	if (!d)
		return;
	json_scan_free(d->scan);
	json_scan_free(d->elements);
	json_scan_free(d->check);
	json_scan_free(d->leaf_scan);
	trie_free(d->no_paths);
	arena_fini(&d->arena);
	mem_free(d->slots);
	mem_free(d->used.items);
	mem_free(d->used.asked);
	mem_free(d);
}

/* An object or array; '{' may be one that breaks off, which shall be reported as such. */
static bool
looks_like_json(struct decoder *d, struct str text)
{
	struct fail why;

	text = str_trim(text);
	if (text.len == 0)
		return false;
	if (*text.p == '{')
		return true;
	return *text.p == '[' && json_scan_run(d->check, text, &d->arena, &why) == 0;
}

static bool
decode_base64(struct decoder *d, struct str text, struct str *out)
{
	size_t room = text.len / 4 * 3;
	uint8_t *bytes = room > 0 && room <= d->limits.max_text ? arena_alloc(&d->arena, room) : NULL;

	if (!bytes)
		return false;
	ptrdiff_t len = codec_base64_decode(text, bytes, room);
	if (len <= 0)
		return false;
	*out = str_make((const char *)bytes, (size_t)len);
	return looks_like_json(d, *out);
}

/* The record within the record, if one of the wrappers is there. */
static bool
find_inner(struct decoder *d, struct str *inner)
{
	unsigned count;
	const struct plan_wrapper *wrappers = plan_wrappers(d->plan, &count);

	for (unsigned i = 0; i < count; i++) {
		const struct plan_wrapper *w = &wrappers[i];
		const struct value *v = json_scan_value(d->scan, w->node);
		if (w->needs != TRIE_NONE && json_scan_value(d->scan, w->needs)->type == VALUE_MISSING)
			continue;
		bool container = v->type == VALUE_OBJECT || (v->type == VALUE_ARRAY && !(v->flags & VALUE_FANOUT));
		if ((w->object && container) || (w->text && v->type == VALUE_STRING && looks_like_json(d, v->text))) {
			*inner = v->text;
			return inner->len <= d->limits.max_text;
		}
		if (w->base64 && v->type == VALUE_STRING && decode_base64(d, v->text, inner))
			return true;
	}
	return false;
}

static int
refuse_scalar(struct str record, struct fail *why)
{
	if (record.len > 0 && *record.p == '{')
		return 0;
	return fail_at(why, "", 0, 0, "json", "a record must be a JSON object");
}

enum decode_result
decoder_read(struct decoder *d, struct str record, const struct decoder_origin *origin, struct event *out,
    struct str *inner, struct fail *why)
{
	struct fill f = {.plan = d->plan, .scan = d->scan, .elements = d->elements, .arena = &d->arena, .out = out,
	    .used = &d->used};

	arena_reset(&d->arena);
	d->shape = NULL;
	record = str_trim(record);
	if (json_scan_run(d->scan, record, &d->arena, why) || refuse_scalar(record, why))
		return DECODE_REJECT;
	const struct shape *shape = fill_recognise(&f);
	if (!shape && find_inner(d, inner))
		return DECODE_INNER;
	if (!shape)
		shape = plan_generic(d->plan);
	*out = (struct event){.slots = d->slots, .slot_count = d->slot_count, .shape = shape->name, .raw = record,
	    .anomalies = json_scan_anomalies(d->scan), .leaf_source = d->leaf_scan ? &d->leaf_source : NULL};
	d->event = out;
	d->gathered = false;
	fill_category(&f, shape, origin->source);
	fill_tenant(&f, shape, origin->tenant);
	fill_time(&f, shape, origin->received_ms, d->limits.max_future_ms);
	out->serial = origin->serial;
	fill_id(&f, shape);
	fill_slots(&f, shape);
	d->shape = shape;
	if (!f.no_memory)
		return DECODE_EVENT;
	fail_at(why, "", 0, 0, "memory", "the record needs more memory than it may have");
	return DECODE_REJECT;
}

int
decoder_path(struct decoder *d, unsigned slot, struct buf *out)
{
	struct event again = {0}; /* what was flagged once needs no flag */
	struct fill f = {.plan = d->plan, .scan = d->scan, .elements = d->elements, .arena = &d->arena, .out = &again};

	return d->shape ? fill_path(&f, d->shape, slot, out) : 0;
}
