#include "detect/parked.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum { UNIT_SIZE = 256, UNIT_TEXT = UNIT_SIZE - sizeof(uint32_t), UNITS_MIN = 64, TEXTS = 2 + RULE_GROUP_MAX };

/* Units are named by index + 1; 0 is none. */
struct link { /* of a pairing heap */
	uint32_t child, next;
	uint32_t before; /* the sibling in front of it, or its parent */
};

struct check { /* the first unit of a check */
	uint32_t text; /* where its texts begin */
	struct link due;
	uint64_t order; /* of two that are due at once, the earlier goes first */
	struct parked_record record;
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
_Static_assert(sizeof(struct parked_record) == 8 * 8 + 11 * 4 + PARKED_RULE_SIZE + 3, "a record has no padding");

struct parked {
	/* set at start */
	uint32_t count; /* of units */
	pthread_mutex_t mu;
	/* guarded by mu */
	union unit *units;
	uint32_t free, touched; /* a list; units beyond touched were never used, and their memory is not there yet */
	uint32_t left;          /* units that can be had */
	uint32_t first;         /* to be due */
	uint64_t order;
	unsigned waiting;
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

static bool
is_before(const struct check *a, const struct check *b)
{
	return a->record.due_ms != b->record.due_ms ? a->record.due_ms < b->record.due_ms : a->order < b->order;
}

/* Two heaps become one. */
static uint32_t
heap_join(struct parked *p, uint32_t a, uint32_t b)
{
	if (!a || !b)
		return a ? a : b;
	if (is_before(check_of(p, b), check_of(p, a))) {
		uint32_t other = a;
		a = b;
		b = other;
	}
	struct link *up = &check_of(p, a)->due, *down = &check_of(p, b)->due;
	down->next = up->child;
	down->before = a;
	if (up->child)
		check_of(p, up->child)->due.before = b;
	up->child = b;
	return a;
}

/* The children of a root that goes: joined in pairs from the first, then all from the last. */
static uint32_t
heap_join_children(struct parked *p, uint32_t child)
{
	uint32_t pairs = 0, all = 0;
	while (child) {
		uint32_t second = check_of(p, child)->due.next, rest = second ? check_of(p, second)->due.next : 0;
		uint32_t pair = heap_join(p, child, second);
		check_of(p, pair)->due.next = pairs;
		pairs = pair;
		child = rest;
	}
	while (pairs) {
		uint32_t rest = check_of(p, pairs)->due.next;
		all = heap_join(p, all, pairs);
		pairs = rest;
	}
	if (all)
		check_of(p, all)->due.next = check_of(p, all)->due.before = 0;
	return all;
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
	*check_of(p, i) = (struct check){.text = text, .order = p->order++, .record = *record};
	put_text(&c, check->raw);
	put_text(&c, check->tenant);
	for (unsigned k = 0; k < record->value_count; k++)
		put_text(&c, check->values[k]);
	p->units[c.unit - 1].text.next = 0;
	p->first = heap_join(p, p->first, i);
	p->waiting++;
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
drop_first(struct parked *p)
{
	uint32_t i = p->first, text = check_of(p, i)->text;
	p->first = heap_join_children(p, check_of(p, i)->due.child);
	while (text) {
		uint32_t next = p->units[text - 1].text.next;
		unit_release(p, text);
		text = next;
	}
	unit_release(p, i);
	p->waiting--;
}

struct parked_check *
parked_take(struct parked *p, int64_t now_ms)
{
	struct parked_check *out = NULL;
	pthread_mutex_lock(&p->mu);
	if (p->first && check_of(p, p->first)->record.due_ms <= now_ms)
		out = copy_out(p, check_of(p, p->first));
	if (out)
		drop_first(p);
	pthread_mutex_unlock(&p->mu);
	return out;
}

void
parked_done(struct parked_check *check)
{
	mem_free(check);
}

int64_t
parked_next_ms(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	int64_t next_ms = p->first ? check_of(p, p->first)->record.due_ms : INT64_MAX;
	pthread_mutex_unlock(&p->mu);
	return next_ms;
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
