#include "detect/parked.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

struct item { /* one allocation: the check, then its texts */
	struct parked_check check; /* first: what parked_take gives out */
	uint64_t order;            /* of two that are due at once, the earlier goes first */
	size_t size;
};

struct parked {
	uint64_t limit;
	pthread_mutex_t mu;
	/* guarded by mu */
	struct item **heap;
	unsigned len, cap;
	uint64_t bytes, order;
};

struct parked *
parked_new(uint64_t memory_bytes)
{
	struct parked *p = mem_zero(1, sizeof(*p));
	if (!p)
		return NULL;
	p->limit = memory_bytes;
	pthread_mutex_init(&p->mu, NULL);
	return p;
}

void
parked_free(struct parked *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->len; i++)
		mem_free(p->heap[i]);
	mem_free(p->heap);
	pthread_mutex_destroy(&p->mu);
	mem_free(p);
}

/* ---- the heap ---- */

static bool
is_before(const struct item *a, const struct item *b)
{
	return a->check.due_ms != b->check.due_ms ? a->check.due_ms < b->check.due_ms : a->order < b->order;
}

static void
rise(struct parked *p, unsigned at, struct item *item)
{
	for (; at > 0 && is_before(item, p->heap[(at - 1) / 2]); at = (at - 1) / 2)
		p->heap[at] = p->heap[(at - 1) / 2];
	p->heap[at] = item;
}

static void
sink(struct parked *p, unsigned at, struct item *item)
{
	for (unsigned child; (child = 2 * at + 1) < p->len; at = child) {
		child += child + 1 < p->len && is_before(p->heap[child + 1], p->heap[child]);
		if (!is_before(p->heap[child], item))
			break;
		p->heap[at] = p->heap[child];
	}
	p->heap[at] = item;
}

static int
put_in(struct parked *p, struct item *item)
{
	if (p->len == p->cap) {
		unsigned cap = p->cap ? p->cap * 2 : 64;
		struct item **heap = mem_resize(p->heap, cap, sizeof(*heap));
		if (!heap)
			return -1;
		p->heap = heap;
		p->cap = cap;
	}
	item->order = p->order++;
	p->bytes += item->size;
	rise(p, p->len++, item);
	return 0;
}

/* ---- items ---- */

static struct str
copy(char **to, struct str text)
{
	struct str out = str_make(*to, text.len);
	if (text.len)
		memcpy(*to, text.p, text.len);
	*to += text.len;
	return out;
}

static struct item *
item_new(const struct parked_check *check)
{
	struct str rule = str_make(check->rule, strlen(check->rule) + 1);
	size_t size = sizeof(struct item) + rule.len + check->raw.len + check->tenant.len;
	for (unsigned i = 0; i < check->value_count; i++)
		size += check->values[i].len;
	struct item *item = mem_zero(1, size);
	if (!item)
		return NULL;
	char *text = (char *)(item + 1);
	item->check = *check;
	item->size = size;
	item->check.rule = copy(&text, rule).p;
	item->check.raw = copy(&text, check->raw);
	item->check.tenant = copy(&text, check->tenant);
	for (unsigned i = 0; i < check->value_count; i++)
		item->check.values[i] = copy(&text, check->values[i]);
	return item;
}

int
parked_add(struct parked *p, const struct parked_check *check)
{
	struct item *item = check->raw.len <= PARKED_RAW_MAX ? item_new(check) : NULL;
	if (!item)
		return -1;
	pthread_mutex_lock(&p->mu);
	int failed = p->bytes + item->size > p->limit || put_in(p, item) < 0;
	pthread_mutex_unlock(&p->mu);
	if (failed)
		mem_free(item);
	return failed ? -1 : 0;
}

struct parked_check *
parked_take(struct parked *p, int64_t now_ms)
{
	struct item *item = NULL;
	pthread_mutex_lock(&p->mu);
	if (p->len > 0 && p->heap[0]->check.due_ms <= now_ms) {
		item = p->heap[0];
		p->bytes -= item->size;
		if (--p->len > 0)
			sink(p, 0, p->heap[p->len]);
	}
	pthread_mutex_unlock(&p->mu);
	return item ? &item->check : NULL;
}

void
parked_done(struct parked_check *check)
{
	mem_free(check); /* the item begins with it */
}

int64_t
parked_next_ms(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	int64_t next_ms = p->len > 0 ? p->heap[0]->check.due_ms : INT64_MAX;
	pthread_mutex_unlock(&p->mu);
	return next_ms;
}

unsigned
parked_count(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	unsigned len = p->len;
	pthread_mutex_unlock(&p->mu);
	return len;
}

uint64_t
parked_bytes(struct parked *p)
{
	pthread_mutex_lock(&p->mu);
	uint64_t bytes = sizeof(*p) + p->bytes + (uint64_t)p->cap * sizeof(struct item *);
	pthread_mutex_unlock(&p->mu);
	return bytes;
}
