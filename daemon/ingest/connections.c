#include "ingest/connections.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"

/* Open addressing, linear probing, backward-shift deletion; count 0 = free. */
struct cell {
	struct inet address;
	uint32_t count;
};

struct connections {
	uint32_t max, max_per_address; /* set at start */
	const char *listener;
	metrics_series gauge;
	_Atomic uint32_t own_sum;
	_Atomic uint32_t *sum; /* of all that share the gauge */
	uint8_t key[16];
	size_t mask;
	pthread_mutex_t mu;
	uint32_t total; /* guarded by mu, with the cells */
	struct cell *cells;
};

struct connections *
connections_new(const char *listener, uint32_t max, uint32_t max_per_address, struct connections *sibling)
{
	size_t size = 16;
	while (size < (size_t)max * 2)
		size *= 2;
	struct connections *c = mem_zero(1, sizeof *c);
	struct cell *cells = mem_zero(size, sizeof *cells);
	if (!c || !cells) {
		mem_free(c);
		mem_free(cells);
		return NULL;
	}
	c->max = max;
	c->max_per_address = max_per_address;
	c->listener = listener;
	c->gauge = metrics_get(METRIC_CONNECTIONS, listener, NULL);
	c->mask = size - 1;
	c->cells = cells;
	arc4random_buf(c->key, sizeof c->key);
	pthread_mutex_init(&c->mu, NULL);
	atomic_init(&c->own_sum, 0);
	c->sum = sibling ? sibling->sum : &c->own_sum;
	metrics_set(c->gauge, atomic_load(c->sum));
	return c;
}

void
connections_free(struct connections *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->mu);
	mem_free(c->cells);
	mem_free(c);
}

static struct inet
key_of(const struct inet *peer)
{
	return peer->family == 6 ? inet_mask(*peer, 64) : *peer;
}

static size_t
home(const struct connections *c, const struct inet *address)
{
	return (size_t)siphash(c->key, address->bytes, sizeof address->bytes) & c->mask;
}

/* The address's cell, or the free one where it would stand. The table is at most half full. */
static size_t
find(const struct connections *c, const struct inet *address)
{
	size_t i = home(c, address);
	while (c->cells[i].count && (c->cells[i].address.family != address->family ||
	           memcmp(c->cells[i].address.bytes, address->bytes, sizeof address->bytes) != 0))
		i = (i + 1) & c->mask;
	return i;
}

/* Empties a cell and moves up those that were pushed behind it. */
static void
erase(struct connections *c, size_t hole)
{
	size_t i = hole;
	for (;;) {
		i = (i + 1) & c->mask;
		if (c->cells[i].count == 0)
			break;
		size_t from = home(c, &c->cells[i].address);
		if (((i - from) & c->mask) < ((i - hole) & c->mask))
			continue;
		c->cells[hole] = c->cells[i];
		hole = i;
	}
	c->cells[hole] = (struct cell){0};
}

/* Why a peer whose cell this is would be refused; NULL when not. Under mu. */
static const char *
refusal(const struct connections *c, const struct cell *cell)
{
	if (c->total >= c->max)
		return "limit";
	return c->max_per_address && cell->count >= c->max_per_address ? "address_limit" : NULL;
}

bool
connections_have_room(struct connections *c, const struct inet *peer)
{
	struct inet address = key_of(peer);
	pthread_mutex_lock(&c->mu);
	bool room = refusal(c, &c->cells[find(c, &address)]) == NULL;
	pthread_mutex_unlock(&c->mu);
	return room;
}

int
connections_enter(struct connections *c, const struct inet *peer)
{
	struct inet address = key_of(peer);
	pthread_mutex_lock(&c->mu);
	struct cell *cell = &c->cells[find(c, &address)];
	const char *refused = refusal(c, cell);
	if (!refused) {
		cell->address = address;
		cell->count++;
		c->total++;
		metrics_set(c->gauge, atomic_fetch_add(c->sum, 1) + 1);
	}
	pthread_mutex_unlock(&c->mu);
	if (!refused)
		return 0;
	metrics_count(METRIC_CONNECTIONS_REFUSED, c->listener, refused, 1);
	return -1;
}

void
connections_leave(struct connections *c, const struct inet *peer)
{
	struct inet address = key_of(peer);
	pthread_mutex_lock(&c->mu);
	size_t i = find(c, &address);
	if (c->cells[i].count && --c->cells[i].count == 0) {
		c->cells[i].count = 1; /* erase probes over it */
		erase(c, i);
	}
	c->total--;
	metrics_set(c->gauge, atomic_fetch_sub(c->sum, 1) - 1);
	pthread_mutex_unlock(&c->mu);
}

uint32_t
connections_count(struct connections *c)
{
	pthread_mutex_lock(&c->mu);
	uint32_t n = c->total;
	pthread_mutex_unlock(&c->mu);
	return n;
}
