#include "detect/parked.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum { UNIT_SIZE = 256, UNIT_TEXT = UNIT_SIZE - sizeof(uint32_t), UNITS_MIN = 64, LANES = 512 };

/* Units are named by index + 1; 0 is none. */
struct link { /* of a pairing heap */
	uint32_t child, next;
	uint32_t before; /* the sibling in front of it, or its parent */
};

/* Every check is in two heaps: of all that wait for the clock, by that, or of those for which it has come, by their end;
 * and in its lane, by its end. */
enum which { BY_CLOCK, RIPE, IN_LANE };

struct check { /* the first unit of a check */
	uint32_t text; /* where its texts begin */
	struct link links[2];
	uint16_t lane; /* index + 1; 0: there was none left, it waits for the clock alone */
	bool ripe;
	uint64_t order; /* of two with one end, the earlier goes first */
	struct parked_record record;
};

struct lane { /* the checks that wait for the same feeds */
	uint64_t definition, tenant_key;
	uint32_t first; /* 0: the lane is free */
};

union unit {
	uint32_t next; /* of the texts, or of those that are free */
	struct check check;
	struct {
		uint32_t next;
		char bytes[UNIT_TEXT];
	} text;
};
_Static_assert(sizeof(union unit) == UNIT_SIZE, "a check fits its unit");
_Static_assert(sizeof(struct parked_record) == 10 * 8 + 11 * 4 + PARKED_RULE_SIZE + 3, "a record has no padding");

struct parked {
	/* set at start */
	uint32_t count; /* of units */
	pthread_mutex_t mu;
	/* guarded by mu */
	union unit *units;
	uint32_t free, touched; /* a list; units beyond touched were never used, and their memory is not there yet */
	uint32_t left;          /* units that can be had */
	uint32_t clock, ripe;   /* the first of either */
	struct lane lanes[LANES];
	unsigned lane_count; /* all behind are free */
	uint64_t order;
	unsigned waiting;
	int64_t last_ms; /* of those that wait or have waited since none did: due by the clock */
};

struct parked *
parked_new(uint64_t memory_bytes)
{
	struct parked *p = mem_zero(1, sizeof(*p));
	uint64_t count = memory_bytes / UNIT_SIZE;
	if (!p)
		return NULL;
	p->count = p->left = (uint32_t)(count < UNITS_MIN ? UNITS_MIN : count < UINT32_MAX ? count : UINT32_MAX - 1);
	p->units = mem_zero(p->count, sizeof(*p->units));
	if (!p->units) {
		mem_free(p);
		return NULL;
	}
	pthread_mutex_init(&p->mu, NULL);
	return p;
}

void
parked_free(struct parked *p)
{
	if (!p)
		return;
	mem_free(p->units);
	pthread_mutex_destroy(&p->mu);
	mem_free(p);
}

static struct check *
check_of(const struct parked *p, uint32_t i)
{
	return &p->units[i - 1].check;
}

/* ---- the heap ---- */

static struct link *
link_of(const struct parked *p, enum which which, uint32_t i)
{
	return &check_of(p, i)->links[which == IN_LANE];
}

static bool
is_before(const struct parked *p, enum which which, uint32_t a, uint32_t b)
{
	const struct check *x = check_of(p, a), *y = check_of(p, b);
	int64_t x_ms = which == BY_CLOCK ? x->record.due_ms : x->record.end_ms;
	int64_t y_ms = which == BY_CLOCK ? y->record.due_ms : y->record.end_ms;
	return x_ms != y_ms ? x_ms < y_ms : x->order < y->order;
}

/* Two heaps become one. */
static uint32_t
heap_join(struct parked *p, enum which which, uint32_t a, uint32_t b)
{
	if (!a || !b)
		return a ? a : b;
	if (is_before(p, which, b, a)) {
		uint32_t other = a;
		a = b;
		b = other;
	}
	struct link *up = link_of(p, which, a), *down = link_of(p, which, b);
	down->next = up->child;
	down->before = a;
	if (up->child)
		link_of(p, which, up->child)->before = b;
	up->child = b;
	return a;
}

/* The children of one that goes: joined in pairs from the first, then all from the last. */
static uint32_t
heap_join_children(struct parked *p, enum which which, uint32_t child)
{
	uint32_t pairs = 0, all = 0;
	while (child) {
		uint32_t second = link_of(p, which, child)->next, rest = second ? link_of(p, which, second)->next : 0;
		uint32_t pair = heap_join(p, which, child, second);
		link_of(p, which, pair)->next = pairs;
		pairs = pair;
		child = rest;
	}
	while (pairs) {
		uint32_t rest = link_of(p, which, pairs)->next;
		all = heap_join(p, which, all, pairs);
		pairs = rest;
	}
	if (all)
		link_of(p, which, all)->next = link_of(p, which, all)->before = 0;
	return all;
}

static void
heap_insert(struct parked *p, enum which which, uint32_t *first, uint32_t i)
{
	*link_of(p, which, i) = (struct link){0};
	*first = heap_join(p, which, *first, i);
}

static void
heap_remove(struct parked *p, enum which which, uint32_t *first, uint32_t i)
{
	struct link *link = link_of(p, which, i);
	uint32_t below = heap_join_children(p, which, link->child);
	if (*first == i) {
		*first = below;
		return;
	}
	struct link *before = link_of(p, which, link->before);
	*(before->child == i ? &before->child : &before->next) = link->next;
	if (link->next)
		link_of(p, which, link->next)->before = link->before;
	*first = heap_join(p, which, *first, below);
}

/* ---- lanes ---- */

/* Index + 1; 0 when all are taken. */
static uint16_t
lane_of(struct parked *p, const struct parked_record *r)
{
	unsigned spare = p->lane_count;
	for (unsigned i = 0; i < p->lane_count; i++) {
		const struct lane *lane = &p->lanes[i];
		if (lane->first && lane->definition == r->definition && lane->tenant_key == r->tenant_key)
			return (uint16_t)(i + 1);
		if (!lane->first && spare == p->lane_count)
			spare = i;
	}
	if (spare == LANES)
		return 0;
	p->lane_count += spare == p->lane_count;
	p->lanes[spare] = (struct lane){r->definition, r->tenant_key, 0};
	return (uint16_t)(spare + 1);
}

static void
lanes_trim(struct parked *p)
{
	while (p->lane_count > 0 && !p->lanes[p->lane_count - 1].first)
		p->lane_count--;
}

/* The check that is to be decided next; 0 when none is due. */
static uint32_t
find_due(struct parked *p, const struct parked_time *time)
{
	while (p->clock && check_of(p, p->clock)->record.due_ms <= time->now_ms) {
		uint32_t i = p->clock;
		heap_remove(p, BY_CLOCK, &p->clock, i);
		check_of(p, i)->ripe = true;
		heap_insert(p, RIPE, &p->ripe, i);
	}
	uint32_t found = p->ripe;
	for (unsigned i = 0; i < p->lane_count; i++) {
		const struct lane *lane = &p->lanes[i];
		if (lane->first && (!found || is_before(p, IN_LANE, lane->first, found)) &&
		    check_of(p, lane->first)->record.end_ms < time->passed(lane->definition, lane->tenant_key, time->ctx))
			found = lane->first;
	}
	return found;
}

/* ---- units ---- */

static uint32_t
unit_get(struct parked *p)
{
	uint32_t i = p->free;
	if (i)
		p->free = p->units[i - 1].next;
	else
		i = ++p->touched;
	p->left--;
	return i;
}

static void
unit_release(struct parked *p, uint32_t i)
{
	p->units[i - 1].next = p->free;
	p->free = i;
	p->left++;
}

struct cursor { /* in the texts of a check, from unit to unit */
	struct parked *p;
	uint32_t unit;
	size_t used;
};

static void
put_text(struct cursor *c, struct str text)
{
	while (text.len > 0) {
		if (c->used == UNIT_TEXT) {
			uint32_t next = unit_get(c->p);
			c->p->units[c->unit - 1].text.next = next;
			c->unit = next;
			c->used = 0;
		}
		size_t n = UNIT_TEXT - c->used < text.len ? UNIT_TEXT - c->used : text.len;
		memcpy(c->p->units[c->unit - 1].text.bytes + c->used, text.p, n);
		c->used += n;
		text = str_make(text.p + n, text.len - n);
	}
}

static struct str
get_text(struct cursor *c, size_t len, char **to)
{
	struct str out = str_make(*to, len);
	while (len > 0) {
		if (c->used == UNIT_TEXT) {
			c->unit = c->p->units[c->unit - 1].text.next;
			c->used = 0;
		}
		size_t n = UNIT_TEXT - c->used < len ? UNIT_TEXT - c->used : len;
		memcpy(*to, c->p->units[c->unit - 1].text.bytes + c->used, n);
		*to += n;
		c->used += n;
		len -= n;
	}
	return out;
}

/* ---- checks ---- */

static size_t
text_size(const struct parked_record *r)
{
	size_t size = (size_t)r->raw_len + r->tenant_len;
	for (unsigned i = 0; i < r->value_count; i++)
		size += r->value_lens[i];
	return size;
}

static uint32_t
units_of(size_t texts)
{
	return (uint32_t)(1 + (texts ? (texts + UNIT_TEXT - 1) / UNIT_TEXT : 1));
}

/* Locked; there is room. */
static void
store(struct parked *p, const struct parked_check *check, const struct parked_record *record)
{
	uint32_t i = unit_get(p), text = unit_get(p);
	struct cursor c = {p, text, 0};
	uint16_t lane = lane_of(p, record);
	*check_of(p, i) = (struct check){.text = text, .lane = lane, .order = p->order++, .record = *record};
	put_text(&c, check->raw);
	put_text(&c, check->tenant);
	for (unsigned k = 0; k < record->value_count; k++)
		put_text(&c, check->values[k]);
	p->units[c.unit - 1].text.next = 0;
	heap_insert(p, BY_CLOCK, &p->clock, i);
	if (lane)
		heap_insert(p, IN_LANE, &p->lanes[lane - 1].first, i);
	p->last_ms = p->waiting++ && p->last_ms > record->due_ms ? p->last_ms : record->due_ms;
}

int
parked_add(struct parked *p, const struct parked_check *check)
{
	struct parked_record record = check->record;
	size_t size = check->raw.len + check->tenant.len;
	for (unsigned i = 0; i < record.value_count; i++) {
		size += check->values[i].len;
		record.value_lens[i] = (uint32_t)check->values[i].len;
	}
	if (check->raw.len > PARKED_RAW_MAX || size > 2 * (size_t)PARKED_RAW_MAX)
		return -1;
	record.raw_len = (uint32_t)check->raw.len;
	record.tenant_len = (uint32_t)check->tenant.len;
	pthread_mutex_lock(&p->mu);
	bool room = p->left >= units_of(size);
	if (room)
		store(p, check, &record);
	pthread_mutex_unlock(&p->mu);
	return room ? 0 : -1;
}

/* Locked. NULL without memory. */
static struct parked_check *
copy_out(struct parked *p, const struct check *from)
{
	const struct parked_record *r = &from->record;
	struct cursor c = {p, from->text, 0};
	struct parked_check *out = mem_zero(1, sizeof(*out) + text_size(r));
	if (!out)
		return NULL;
	char *text = (char *)(out + 1);
	out->record = *r;
	out->raw = get_text(&c, r->raw_len, &text);
	out->tenant = get_text(&c, r->tenant_len, &text);
	for (unsigned i = 0; i < r->value_count; i++)
		out->values[i] = get_text(&c, r->value_lens[i], &text);
	return out;
}

static void
drop(struct parked *p, uint32_t i)
{
	const struct check *check = check_of(p, i);
	uint32_t text = check->text;
	heap_remove(p, check->ripe ? RIPE : BY_CLOCK, check->ripe ? &p->ripe : &p->clock, i);
	if (check->lane)
		heap_remove(p, IN_LANE, &p->lanes[check->lane - 1].first, i);
	lanes_trim(p);
	while (text) {
		uint32_t next = p->units[text - 1].text.next;
		unit_release(p, text);
		text = next;
	}
	unit_release(p, i);
	p->waiting--;
}

bool
parked_is_due(struct parked *p, const struct parked_time *time)
{
	pthread_mutex_lock(&p->mu);
	bool due = find_due(p, time) != 0;
	pthread_mutex_unlock(&p->mu);
	return due;
}

struct parked_check *
parked_take(struct parked *p, const struct parked_time *time)
{
	struct parked_check *out = NULL;
	pthread_mutex_lock(&p->mu);
	uint32_t i = find_due(p, time);
	if (i)
		out = copy_out(p, check_of(p, i));
	if (out)
		drop(p, i);
	pthread_mutex_unlock(&p->mu);
	return out;
}

void
parked_done(struct parked_check *check)
{
	mem_free(check);
}

int64_t
parked_last_ms(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	int64_t last_ms = p->waiting ? p->last_ms : INT64_MAX;
	pthread_mutex_unlock(&p->mu);
	return last_ms;
}

unsigned
parked_count(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	unsigned count = p->waiting;
	pthread_mutex_unlock(&p->mu);
	return count;
}

uint64_t
parked_bytes(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	uint64_t bytes = sizeof(*p) + (uint64_t)p->touched * UNIT_SIZE;
	pthread_mutex_unlock(&p->mu);
	return bytes;
}
