#include "alert/incidents.h"

#include <pthread.h>
#include <string.h>

#include "alert/ident.h"
#include "base/codec.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "detect/identity.h"

enum { LOOK_MAX = 256, FOLD_MAX = 1024 };

struct incident { /* one event of one alert, in a ring in order of arrival */
	uint8_t key[INCIDENT_HASH_SIZE], dedup[INCIDENT_HASH_SIZE], alert[INCIDENT_HASH_SIZE];
	int64_t at_ms, event_ms;
	int32_t score;
	uint32_t newer, older; /* in its bucket, index + 1; 0 ends */
	uint8_t role;
};

struct incidents {
	/* set at start */
	int64_t span_ms;
	uint32_t cap, mask;
	uint8_t hash_key[16];
	metrics_series evictions;
	pthread_mutex_t mu;
	/* guarded by mu */
	struct incident *ring;
	uint32_t *buckets; /* the newest, index + 1 */
	uint32_t oldest, len;
};

struct incidents *
incidents_new(const struct incidents_options *options)
{
	struct incidents *t = mem_zero(1, sizeof(*t));
	if (!t)
		return NULL;
	t->span_ms = options->span_ms;
	t->cap = options->max ? options->max : 1;
	memcpy(t->hash_key, options->hash_key, sizeof(t->hash_key));
	uint32_t buckets = 16;
	while (buckets < t->cap && buckets < UINT32_C(1) << 31)
		buckets *= 2;
	t->mask = buckets - 1;
	t->evictions = metrics_get(METRIC_WINDOW_EVICTIONS, "incident", NULL);
	pthread_mutex_init(&t->mu, NULL);
	t->ring = mem_zero(t->cap, sizeof(*t->ring));
	t->buckets = mem_zero(buckets, sizeof(*t->buckets));
	if (t->ring && t->buckets)
		return t;
	incidents_free(t);
	return NULL;
}

void
incidents_free(struct incidents *t)
{
	if (!t)
		return;
	mem_free(t->ring);
	mem_free(t->buckets);
	pthread_mutex_destroy(&t->mu);
	mem_free(t);
}

/* ---- the ring ---- */

static uint32_t *
bucket_of(struct incidents *t, const uint8_t key[INCIDENT_HASH_SIZE])
{
	return &t->buckets[(uint32_t)siphash(t->hash_key, key, INCIDENT_HASH_SIZE) & t->mask];
}

/* The oldest of all is the oldest of its bucket. */
static void
drop_oldest(struct incidents *t)
{
	const struct incident *i = &t->ring[t->oldest];
	if (i->newer)
		t->ring[i->newer - 1].older = 0;
	else
		*bucket_of(t, i->key) = 0;
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): cap is set once, to at least 1 */
	t->oldest = (t->oldest + 1) % t->cap;
	t->len--;
}

static void
drop_expired(struct incidents *t, int64_t now_ms)
{
	while (t->len > 0 && t->ring[t->oldest].at_ms < now_ms - t->span_ms)
		drop_oldest(t);
}

static void
add(struct incidents *t, const struct incident *new)
{
	if (t->len == t->cap) {
		drop_oldest(t);
		metrics_add(t->evictions, 1);
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): the same */
	uint32_t at = (uint32_t)(((uint64_t)t->oldest + t->len) % t->cap);
	uint32_t *bucket = bucket_of(t, new->key);
	t->ring[at] = *new;
	t->ring[at].newer = 0;
	t->ring[at].older = *bucket;
	if (*bucket)
		t->ring[*bucket - 1].newer = at + 1;
	*bucket = at + 1;
	t->len++;
}

/* ---- ids and hashes ---- */

static uint8_t
nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Of "alr_<32 hex>", and back. */
static void
id_pack(const char *text, uint8_t out[INCIDENT_HASH_SIZE])
{
	for (unsigned i = 0; i < INCIDENT_HASH_SIZE; i++)
		out[i] = (uint8_t)(nibble(text[4 + 2 * i]) << 4 | nibble(text[5 + 2 * i]));
}

static void
id_unpack(const uint8_t id[INCIDENT_HASH_SIZE], const char prefix[4], char out[ALERT_ID_SIZE])
{
	memcpy(out, prefix, 4);
	codec_hex(id, INCIDENT_HASH_SIZE, out + 4);
}

/* Ids compare without case; one that is longer than any that the decoder makes is taken as it is. */
static struct str
fold(struct str s, char out[FOLD_MAX])
{
	if (s.len > FOLD_MAX)
		return s;
	for (size_t i = 0; i < s.len; i++)
		out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + ('a' - 'A') : s.p[i]);
	return str_make(out, s.len);
}

static void
hash_event(struct str tenant, struct str id, uint8_t out[INCIDENT_HASH_SIZE])
{
	char text[ALERT_ID_SIZE], tenant_text[FOLD_MAX], id_text[FOLD_MAX];
	struct str parts[] = {STR("event/1"), fold(str_trim(tenant), tenant_text), fold(id, id_text)};
	alert_make_id(text, "evt_", parts, 3);
	id_pack(text, out);
}

/* "SignInLogs/<id>" without the category. */
static struct str
without_category(struct str id)
{
	const char *slash = id.len > 0 ? memchr(id.p, '/', id.len) : NULL;
	return slash ? str_make(slash + 1, id.len - (size_t)(slash + 1 - id.p)) : id;
}

/* ---- the place of an alert ---- */

struct search {
	const struct finding *finding;
	struct incident_place *out;
	struct str events[INCIDENT_KEYS_MAX]; /* of out->keys */
	struct str named;                     /* the event that a report names; empty: it is none */
	struct incident_key named_key;
	uint8_t id[INCIDENT_HASH_SIZE], natural[INCIDENT_HASH_SIZE]; /* alert id; dedup_key by the rule */
};

static void
list_event(struct search *s, struct str event, enum incident_role role)
{
	unsigned i = s->out->key_count++;
	hash_event(s->finding->event->tenant, event, s->out->keys[i].hash);
	s->out->keys[i].role = (uint8_t)role;
	s->events[i] = event;
}

/* The completing event first. */
static void
list_events(struct search *s)
{
	const struct finding *f = s->finding;
	char own[sizeof(f->evidence->event_id)];
	identity_cut(f->event->id, own, sizeof(own));
	list_event(s, without_category(f->event->id), INCIDENT_COMPLETED);
	for (unsigned i = 0; i < f->evidence_count && i < EVIDENCE_MAX; i++)
		if (strcmp(f->evidence[i].event_id, own) != 0)
			list_event(s, without_category(str_of(f->evidence[i].event_id)), INCIDENT_EVIDENCE);
	if (f->rule->dedup_joins)
		s->named = str_trim(event_text(f->event, f->rule->dedup_joins->slot));
	if (s->named.len > 0)
		hash_event(f->event->tenant, s->named, s->named_key.hash);
}

static unsigned
rank(uint8_t role)
{
	return role == INCIDENT_AWAITED ? INCIDENT_NAMED : role;
}

static bool
is_better(const struct incident *a, const struct incident *b)
{
	if (rank(a->role) != rank(b->role))
		return rank(a->role) < rank(b->role);
	if (a->score != b->score)
		return a->score > b->score;
	if (a->event_ms != b->event_ms)
		return a->event_ms > b->event_ms;
	return memcmp(a->alert, b->alert, sizeof(a->alert)) < 0;
}

static const struct incident *
better(const struct incident *a, const struct incident *b)
{
	return !b || (a && is_better(a, b)) ? a : b;
}

struct question {
	const uint8_t *key;
	unsigned roles;       /* bits */
	bool own;             /* of the alert that is placed; false: of any other */
	const uint8_t *dedup; /* of this incident; NULL: of any */
};

static const struct incident *
best(struct incidents *t, const struct search *s, const struct question *q)
{
	const struct incident *found = NULL;
	uint32_t at = *bucket_of(t, q->key);
	for (unsigned looked = 0; at && looked < LOOK_MAX; looked++) {
		const struct incident *i = &t->ring[at - 1];
		at = i->older;
		bool own = memcmp(i->alert, s->id, sizeof(i->alert)) == 0;
		if (memcmp(i->key, q->key, sizeof(i->key)) != 0 || !(q->roles >> i->role & 1) || own != q->own ||
		    (q->dedup && memcmp(i->dedup, q->dedup, sizeof(i->dedup)) != 0))
			continue;
		found = better(i, found);
	}
	return found;
}

/* Of the reports that wait for one of the alert's events; *event is that one. */
static const struct incident *
awaiting(struct incidents *t, const struct search *s, const uint8_t *dedup, struct str *event)
{
	const struct incident *found = NULL;
	for (unsigned i = 0; i < s->out->key_count; i++) {
		struct question q = {s->out->keys[i].hash, 1U << INCIDENT_AWAITED, false, dedup};
		const struct incident *one = best(t, s, &q), *before = found;
		found = better(one, found);
		if (found != before)
			*event = s->events[i];
	}
	return found;
}

static const struct incident *
named(struct incidents *t, const struct search *s, const uint8_t *dedup)
{
	const unsigned roles = 1U << INCIDENT_COMPLETED | 1U << INCIDENT_EVIDENCE | 1U << INCIDENT_NAMED | 1U << INCIDENT_AWAITED;
	struct question q = {s->named_key.hash, roles, false, dedup};
	return s->named.len > 0 ? best(t, s, &q) : NULL;
}

/* Decides about the dedup_key; true when the table has the alert already. */
static bool
decide(struct incidents *t, struct search *s)
{
	struct incident_place *out = s->out;
	struct str event = s->named;
	struct question own = {out->keys[0].hash, 1U << INCIDENT_COMPLETED, true, NULL};
	struct question alias = {s->natural, 1U << INCIDENT_ALIAS, false, NULL};
	const struct incident *self = best(t, s, &own);
	const uint8_t *stays = self ? self->dedup : NULL;
	const struct incident *other = s->finding->rule->dedup_joins ? named(t, s, stays) : awaiting(t, s, stays, &event);
	out->joined = other && s->finding->rule->dedup_joins;
	const struct incident *from = self ? self : out->joined ? other : best(t, s, &alias);
	if (!from)
		from = other;
	if (from)
		id_unpack(from->dedup, "ddk_", out->dedup_key);
	if (other) {
		id_unpack(other->alert, "alr_", out->related);
		identity_cut(event, out->event_id, sizeof(out->event_id));
	}
	return self != NULL;
}

/* What the alert is entered under beside its events. */
static void
list_rest(struct search *s)
{
	struct incident_place *out = s->out;
	uint8_t dedup[INCIDENT_HASH_SIZE];
	id_pack(out->dedup_key, dedup);
	if (s->named.len > 0) {
		s->named_key.role = out->joined ? INCIDENT_NAMED : INCIDENT_AWAITED;
		out->keys[out->key_count++] = s->named_key;
	}
	if (!out->joined && memcmp(dedup, s->natural, sizeof(dedup)) != 0) {
		struct incident_key *key = &out->keys[out->key_count++];
		memcpy(key->hash, s->natural, sizeof(key->hash));
		key->role = INCIDENT_ALIAS;
	}
}

static void
enter(struct incidents *t, const struct incident_key *keys, unsigned count, struct incident record)
{
	for (unsigned i = 0; i < count; i++) {
		memcpy(record.key, keys[i].hash, sizeof(record.key));
		record.role = keys[i].role;
		add(t, &record);
	}
}

void
incidents_place(struct incidents *t, const struct finding *f, int64_t now_ms, struct incident_place *out)
{
	struct ident ident;
	char id[ALERT_ID_SIZE];
	struct search s = {.finding = f, .out = out};
	memset(out, 0, sizeof(*out));
	ident_alert(f, &ident);
	ident_text(&ident, "alr_", id);
	id_pack(id, s.id);
	ident_dedup(f, &ident);
	ident_text(&ident, "ddk_", out->dedup_key);
	id_pack(out->dedup_key, s.natural);
	list_events(&s);
	struct incident record = {.at_ms = now_ms, .event_ms = f->event->event_ms, .score = f->score};
	memcpy(record.alert, s.id, sizeof(record.alert));
	pthread_mutex_lock(&t->mu);
	drop_expired(t, now_ms);
	bool known = decide(t, &s);
	list_rest(&s);
	id_pack(out->dedup_key, record.dedup);
	if (!known && !alert_suppressed(f))
		enter(t, out->keys, out->key_count, record);
	pthread_mutex_unlock(&t->mu);
}

void
incidents_recall(struct incidents *t, const struct incident_alert *a)
{
	struct incident_key keys[INCIDENT_KEYS_MAX];
	struct incident record = {.at_ms = a->at_ms, .event_ms = a->event_ms, .score = a->score};
	size_t stored = a->keys.len / sizeof(keys[0]);
	unsigned count = 0;
	if (strlen(a->id) != ALERT_ID_SIZE - 1 || strlen(a->dedup_key) != ALERT_ID_SIZE - 1)
		return;
	for (size_t i = 0; i < stored && count < INCIDENT_KEYS_MAX; i++) {
		memcpy(&keys[count], a->keys.p + i * sizeof(keys[0]), sizeof(keys[0]));
		count += keys[count].role >= INCIDENT_COMPLETED && keys[count].role <= INCIDENT_ALIAS; /* else it is damaged */
	}
	id_pack(a->id, record.alert);
	id_pack(a->dedup_key, record.dedup);
	pthread_mutex_lock(&t->mu);
	enter(t, keys, count, record);
	pthread_mutex_unlock(&t->mu);
}

int64_t
incidents_span_ms(const struct incidents *t)
{
	return t->span_ms;
}

uint32_t
incidents_max(const struct incidents *t)
{
	return t->cap;
}

uint64_t
incidents_bytes(const struct incidents *t)
{
	return sizeof(*t) + (uint64_t)t->cap * sizeof(struct incident) + ((uint64_t)t->mask + 1) * sizeof(uint32_t);
}
