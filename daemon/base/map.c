#include "base/map.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 16 };

struct entry {
	char *key;
	size_t len;
	uint64_t hash;
	void *value;
};

/* Entries stay in insertion order; slots (a power of two, at most half full,
 * linear probing) hold entry index + 1, 0 = free. */
struct map {
	struct entry *entries;
	uint32_t *slots;
	size_t len, room, slot_count;
};

static uint8_t process_key[16];
static bool have_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void
make_key(void)
{
	size_t got = 0;
	while (got < sizeof process_key) {
		ssize_t n = getrandom(process_key + got, sizeof process_key - got, 0);
		if (n < 0 && errno != EINTR)
			return;
		got += n > 0 ? (size_t)n : 0;
	}
	have_key = true;
}

struct map *
map_new(void)
{
	pthread_once(&key_once, make_key);
	struct map *m = have_key ? mem_zero(1, sizeof *m) : NULL;
	if (!m)
		return NULL;
	m->slots = mem_zero(FIRST_SLOTS, sizeof *m->slots);
	if (!m->slots) {
		mem_free(m);
		return NULL;
	}
	m->slot_count = FIRST_SLOTS;
	return m;
}

void
map_free(struct map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->len; i++)
		mem_free(m->entries[i].key);
	mem_free(m->entries);
	mem_free(m->slots);
	mem_free(m);
}

/* The slot of the key, or the free one where it would go. */
static size_t
find_slot(const struct map *m, struct str key, uint64_t hash)
{
	size_t mask = m->slot_count - 1, i = (size_t)hash & mask;
	for (; m->slots[i] != 0; i = (i + 1) & mask) {
		const struct entry *e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && str_eq(str_make(e->key, e->len), key))
			break;
	}
	return i;
}

static int
grow_slots(struct map *m)
{
	size_t count = m->slot_count * 2;
	uint32_t *slots = mem_zero(count, sizeof *slots);
	if (!slots)
		return -1;
	for (size_t e = 0; e < m->len; e++) {
		size_t i = (size_t)m->entries[e].hash & (count - 1);
		while (slots[i] != 0)
			i = (i + 1) & (count - 1);
		slots[i] = (uint32_t)(e + 1);
	}
	mem_free(m->slots);
	m->slots = slots;
	m->slot_count = count;
	return 0;
}

static int
grow_entries(struct map *m)
{
	size_t room = m->room ? m->room * 2 : FIRST_SLOTS / 2;
	struct entry *entries = mem_resize(m->entries, room, sizeof *entries);
	if (!entries)
		return -1;
	m->entries = entries;
	m->room = room;
	return 0;
}

int
map_set(struct map *m, struct str key, void *value)
{
	uint64_t hash = siphash(process_key, key.p, key.len);
	size_t i = find_slot(m, key, hash);
	if (m->slots[i] != 0) {
		m->entries[m->slots[i] - 1].value = value;
		return 0;
	}
	if (m->len >= UINT32_MAX / 4)
		return -1;
	if (m->len == m->room && grow_entries(m) != 0)
		return -1;
	if (m->len * 2 >= m->slot_count) {
		if (grow_slots(m) != 0)
			return -1;
		i = find_slot(m, key, hash);
	}
	char *copy = mem_copy_str(key);
	if (!copy)
		return -1;
	m->entries[m->len] = (struct entry){.key = copy, .len = key.len, .hash = hash, .value = value};
	m->slots[i] = (uint32_t)++m->len;
	return 0;
}

void *
map_get(const struct map *m, struct str key)
{
	size_t i = find_slot(m, key, siphash(process_key, key.p, key.len));
	return m->slots[i] != 0 ? m->entries[m->slots[i] - 1].value : NULL;
}

size_t
map_len(const struct map *m)
{
	return m->len;
}

void
map_each(const struct map *m, bool (*visit)(struct str key, void *value, void *ctx), void *ctx)
{
	for (size_t i = 0; i < m->len; i++) {
		const struct entry *e = &m->entries[i];
		if (!visit(str_make(e->key, e->len), e->value, ctx))
			return;
	}
}

static uint64_t
load_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline uint64_t
load_le8(const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static inline __attribute__((always_inline)) void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline __attribute__((always_inline)) void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t
siphash(const uint8_t key[16], const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t k0 = load_le8(key), k1 = load_le8(key + 8);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
	    k1 ^ 0x7465646279746573U};
	size_t left = n;
	for (; left >= 8; left -= 8, p += 8)
		sip_word(v, load_le8(p));
	sip_word(v, load_le(p, left) | (uint64_t)(n & 0xFF) << 56);
	v[2] ^= 0xFF;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
