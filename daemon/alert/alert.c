#include "alert/alert.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "alert/document.h"
#include "alert/ident.h"
#include "alert/incidents.h"
#include "alert/json_value.h"
#include "alert/shrink.h"
#include "base/clock.h"
#include "base/mem.h"

struct alert {
	atomic_uint refs;
	char id[ALERT_ID_SIZE], dedup_key[ALERT_ID_SIZE];
	const char *kind, *suppression; /* constants; suppression NULL: it is sent */
	int score, severity;
	int64_t event_ms, detected_ms;
	char *data; /* compact JSON, NUL-terminated */
	size_t data_len;
	/* what the id was made of, for an id of another kind: slices of seed */
	struct str parts[IDENT_PARTS_MAX];
	unsigned part_count;
	char *seed, *rule_id;
	struct incident_key keys[INCIDENT_KEYS_MAX];
	unsigned key_count;
};

enum { PART_TENANT = 1, PART_RULE = 2, BATCH_ALERTS_FIRST = 8 };

static struct alert *
alert_new(void)
{
	struct alert *a = mem_zero(1, sizeof(*a));
	if (a)
		atomic_init(&a->refs, 1);
	return a;
}

/* Owns copies of the parts. */
static int
keep_parts(struct alert *a, const struct str *parts, unsigned count)
{
	size_t size = 1;
	for (unsigned i = 0; i < count; i++)
		size += parts[i].len;
	a->seed = mem_zero(1, size);
	a->rule_id = mem_copy_str(parts[PART_RULE]);
	if (!a->seed || !a->rule_id)
		return -1;
	char *at = a->seed;
	for (unsigned i = 0; i < count; i++) {
		if (parts[i].len > 0)
			memcpy(at, parts[i].p, parts[i].len);
		a->parts[i] = str_make(at, parts[i].len);
		at += parts[i].len;
	}
	a->part_count = count;
	return 0;
}

/* The compact text. Nearly always it fits at the first try: writing it is most of what an alert costs. */
static int
dump(const json_t *data, char **text, size_t *len)
{
	size_t need = SHRINK_MAX_BYTES, room = 0;
	char *out = NULL;
	while (need > room) {
		char *grown = mem_resize(out, need + 1, 1);
		if (!grown)
			break;
		out = grown;
		room = need;
		need = json_dumpb(data, out, room, JSON_VALUE_DUMP);
	}
	char *fit = need > 0 && need <= room ? mem_resize(out, need + 1, 1) : NULL;
	if (!fit) {
		mem_free(out);
		return -1;
	}
	fit[need] = '\0';
	*text = fit;
	*len = need;
	return 0;
}

static int
write_document(struct alert *a, const struct finding *f, const struct alert_producer *producer)
{
	struct document_ids ids = {.alert = a->id, .dedup_key = a->dedup_key};
	json_t *data = document_json(f, producer, &ids, a->detected_ms);
	int result = data ? dump(data, &a->data, &a->data_len) : -1;
	if (result == 0 && a->data_len > SHRINK_MAX_BYTES) {
		mem_free(a->data);
		a->data = NULL;
		result = shrink_to(data, SHRINK_MAX_BYTES) == 0 ? dump(data, &a->data, &a->data_len) : -1;
	}
	json_decref(data);
	return result;
}

/* The incident that it is part of. */
static void
set_place(struct alert *a, const struct finding *f)
{
	struct ident ident;
	const struct incident_place *place = f->place;
	if (!place) {
		ident_dedup(f, &ident);
		ident_text(&ident, "ddk_", a->dedup_key);
		return;
	}
	memcpy(a->dedup_key, place->dedup_key, sizeof(a->dedup_key));
	memcpy(a->keys, place->keys, sizeof(a->keys));
	a->key_count = place->key_count;
}

const char *
alert_suppressed(const struct finding *f)
{
	return f->suppressed_by ? "tuning" : f->held_back ? "rate" : NULL;
}

struct alert *
alert_build(const struct finding *f, const struct alert_producer *producer, struct fail *why)
{
	struct ident ident;
	struct alert *a = alert_new();
	if (!a)
		goto out;
	ident_alert(f, &ident);
	ident_text(&ident, "alr_", a->id);
	if (keep_parts(a, ident.parts, ident.count) < 0)
		goto out;
	set_place(a, f);
	a->kind = finding_kind_name(f->kind);
	a->suppression = alert_suppressed(f);
	a->score = f->score;
	a->severity = (int)f->rule->level;
	a->event_ms = f->event->event_ms;
	a->detected_ms = clock_wall_ms();
	if (write_document(a, f, producer) == 0)
		return a;
out:
	alert_unref(a);
	fail_set(why, "memory", "no memory for an alert of rule %s", f->rule->id);
	return NULL;
}

struct alert *
alert_ref(struct alert *a)
{
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

void
alert_unref(struct alert *a)
{
	if (!a || atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) != 1)
		return;
	mem_free(a->data);
	mem_free(a->seed);
	mem_free(a->rule_id);
	mem_free(a);
}

const char *
alert_id(const struct alert *a)
{
	return a->id;
}

const char *
alert_dedup_key(const struct alert *a)
{
	return a->dedup_key;
}

const char *
alert_rule_id(const struct alert *a)
{
	return a->rule_id;
}

const char *
alert_kind(const struct alert *a)
{
	return a->kind;
}

int
alert_score(const struct alert *a)
{
	return a->score;
}

const char *
alert_suppression(const struct alert *a)
{
	return a->suppression;
}

int
alert_severity(const struct alert *a)
{
	return a->severity;
}

int64_t
alert_event_ms(const struct alert *a)
{
	return a->event_ms;
}

int64_t
alert_detected_ms(const struct alert *a)
{
	return a->detected_ms;
}

size_t
alert_bytes(const struct alert *a)
{
	size_t bytes = sizeof(*a) + a->data_len;
	for (unsigned i = 0; i < a->part_count; i++)
		bytes += a->parts[i].len;
	return bytes;
}

struct str
alert_data(const struct alert *a)
{
	return str_make(a->data, a->data_len);
}

struct str
alert_tenant(const struct alert *a)
{
	return a->parts[PART_TENANT];
}

struct str
alert_keys(const struct alert *a)
{
	return str_make((const char *)a->keys, a->key_count * sizeof(a->keys[0]));
}

/* The members of the document that tell the kind. */
static int
rename_document(struct alert *a, struct str data)
{
	bool bad = false;
	json_t *document = json_loadb(data.p, data.len, JSON_ALLOW_NUL, NULL);
	if (!document)
		return -1;
	json_put(document, "id", json_string(a->id), &bad);
	json_put(document, "kind", json_string(a->kind), &bad);
	int result = !bad && dump(document, &a->data, &a->data_len) == 0 ? 0 : -1;
	json_decref(document);
	return result;
}

struct alert *
alert_escalate(const struct alert *a, bool again)
{
	char score[24];
	struct str parts[IDENT_PARTS_MAX];
	unsigned count = a->part_count;
	struct alert *e = alert_new();
	if (!e)
		return NULL;
	memcpy(parts, a->parts, sizeof(parts));
	e->kind = "escalate";
	parts[IDENT_KIND_PART] = str_of(e->kind);
	if (again && count < IDENT_PARTS_MAX) {
		int n = snprintf(score, sizeof(score), "%d", a->score);
		parts[count++] = str_make(score, (size_t)n);
	}
	alert_make_id(e->id, "alr_", parts, count);
	memcpy(e->dedup_key, a->dedup_key, sizeof(e->dedup_key));
	memcpy(e->keys, a->keys, sizeof(e->keys));
	e->key_count = a->key_count;
	e->suppression = a->suppression;
	e->score = a->score;
	e->severity = a->severity;
	e->event_ms = a->event_ms;
	e->detected_ms = a->detected_ms;
	if (keep_parts(e, parts, count) == 0 && rename_document(e, alert_data(a)) == 0)
		return e;
	alert_unref(e);
	return NULL;
}

int
alert_shrink(struct str data, size_t max_bytes, struct buf *out)
{
	char *text = NULL;
	size_t len = 0;
	json_t *document = json_loadb(data.p, data.len, JSON_ALLOW_NUL, NULL);
	int result = -1;
	if (json_is_object(document) && shrink_to(document, max_bytes) == 0 && dump(document, &text, &len) == 0)
		result = buf_add(out, text, len);
	json_decref(document);
	mem_free(text);
	return result;
}

int
alert_add(struct batch *b, struct alert *a)
{
	if (b->alert_count == b->alert_cap) {
		uint32_t cap = b->alert_cap ? b->alert_cap * 2 : BATCH_ALERTS_FIRST;
		struct alert **grown = cap > b->alert_cap ? mem_resize(b->alerts, cap, sizeof(struct alert *)) : NULL;
		if (!grown)
			return -1;
		b->alerts = grown;
		b->alert_cap = cap;
	}
	b->alerts[b->alert_count++] = a;
	return 0;
}

void
alert_drop(struct batch *b)
{
	for (uint32_t i = 0; i < b->alert_count; i++)
		alert_unref(b->alerts[i]);
	mem_free(b->alerts);
	b->alerts = NULL;
	b->alert_count = b->alert_cap = 0;
}
