#include "detect/travel.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "detect/identity.h"

enum { SHARDS = 16, WAYS = 4, KEY_TRAVEL = 40 }; /* KEY_: a kind of window_table_key */

struct place { /* where a user last signed in; key 0 = free */
	uint64_t key;
	int64_t at_ms;
	double lat, lon;
};

struct set { /* the places that one part of the keys shares */
	struct place ways[WAYS];
};

struct travels {
	/* set at start */
	const struct window_table *windows;
	uint64_t sets; /* a power of two, at least SHARDS */
	metrics_series evictions;
	/* a set is guarded by the lock of its shard, set % SHARDS */
	pthread_mutex_t locks[SHARDS];
	struct set *set;
};

struct travels *
travels_new(const struct window_table *windows, uint64_t memory_bytes)
{
	struct travels *t = mem_zero(1, sizeof(*t));
	if (!t)
		return NULL;
	t->windows = windows;
	t->sets = SHARDS;
	while (t->sets * 2 * sizeof(struct set) <= memory_bytes)
		t->sets *= 2;
	t->evictions = metrics_get(METRIC_WINDOW_EVICTIONS, "travel", NULL);
	t->set = mem_zero(t->sets, sizeof(*t->set));
	if (!t->set) {
		mem_free(t);
		return NULL;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&t->locks[i], NULL);
	return t;
}

void
travels_free(struct travels *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&t->locks[i]);
	mem_free(t->set);
	mem_free(t);
}

uint64_t
travels_bytes(const struct travels *t)
{
	return sizeof(*t) + t->sets * sizeof(struct set);
}

/* ---- geometry ---- */

static double
radians(double degrees)
{
	return degrees * 3.14159265358979323846 / 180;
}

double
travel_distance_km(double lat1, double lon1, double lat2, double lon2)
{
	double north = sin(radians(lat2 - lat1) / 2), east = sin(radians(lon2 - lon1) / 2);
	double h = north * north + cos(radians(lat1)) * cos(radians(lat2)) * east * east;
	return 2 * 6371.0088 * asin(sqrt(h < 1 ? h : 1));
}

/* A coordinate of the event; false when it has none, or one that is on no globe. */
static bool
coordinate(const struct event *e, int slot, double limit, double *out)
{
	char text[64], *end;
	struct str s = str_trim(event_text(e, slot));
	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out) && fabs(*out) <= limit;
}

/* ---- places ---- */

/* The user's place in its set, else the one to take: a free one, else the oldest. */
static struct place *
place_of(struct set *set, uint64_t key)
{
	struct place *best = &set->ways[0];
	for (unsigned i = 0; i < WAYS; i++) {
		struct place *p = &set->ways[i];
		if (p->key == key)
			return p;
		if (best->key != 0 && (p->key == 0 || p->at_ms < best->at_ms))
			best = p;
	}
	return best;
}

/* Exchanges the user's place for this one when it is newer; false when none was known. */
static bool
place_exchange(struct travels *t, const struct place *now, bool keep, struct place *before)
{
	uint64_t at = now->key & (t->sets - 1);
	pthread_mutex_lock(&t->locks[at % SHARDS]);
	struct place *p = place_of(&t->set[at], now->key);
	*before = *p;
	if (keep && (p->key != now->key || now->at_ms >= p->at_ms))
		*p = *now;
	pthread_mutex_unlock(&t->locks[at % SHARDS]);
	if (keep && before->key != 0 && before->key != now->key)
		metrics_add(t->evictions, 1);
	return before->key == now->key;
}

/* ---- slots ---- */

static void
slot_write(struct event *e, unsigned field, double n, struct travel_text *out)
{
	char *text = out->text[field - FIELD_TRAVEL_SPEED];
	int len = snprintf(text, sizeof(out->text[0]), "%.0f", n);
	e->slots[field] = (struct value){.text = str_make(text, (size_t)len), .type = VALUE_NUMBER};
}

static void
slots_write(struct event *e, const struct place *from, const struct place *to, struct travel_text *out)
{
	double km = travel_distance_km(from->lat, from->lon, to->lat, to->lon);
	double minutes = (double)llabs(to->at_ms - from->at_ms) / 60000;
	slot_write(e, FIELD_TRAVEL_DISTANCE, km, out);
	slot_write(e, FIELD_TRAVEL_MINUTES, minutes, out);
	slot_write(e, FIELD_TRAVEL_SPEED, km / (minutes < 1 ? 1 : minutes) * 60, out);
}

void
travel_observe(struct travels *t, struct event *e, bool success, bool keep, struct travel_text *out)
{
	char user[IDENTITY_USER_SIZE];
	struct place now = {.at_ms = e->window_ms}, before;
	if (e->slot_count < FIELD_FIXED_COUNT)
		return;
	for (unsigned i = FIELD_TRAVEL_SPEED; i < FIELD_TRAVEL_SPEED + TRAVEL_SLOTS; i++)
		e->slots[i] = (struct value){.type = VALUE_MISSING};
	if (!success || !coordinate(e, FIELD_LATITUDE, 90, &now.lat) || !coordinate(e, FIELD_LONGITUDE, 180, &now.lon))
		return;
	struct str name = identity_user(e, user);
	if (name.len == 0)
		return;
	now.key = window_table_key(t->windows, KEY_TRAVEL, (struct str[]){e->tenant, name}, 2);
	now.key += now.key == 0;
	if (place_exchange(t, &now, keep, &before))
		slots_write(e, &before, &now, out);
}
