#include "detect/value_set.h"

#include "base/arena.h"
#include "base/inet.h"
#include "base/map.h"
#include "base/mem.h"
#include "sigma/fold.h"
#include "sigma/pattern.h"

enum { ARENA_MAX = 256 << 20, TEXT_MAX = 1024, PREFIXES = 129, NET_KEY_SIZE = 18 };

struct wildcard {
	struct pattern pattern;
	struct wildcard *next;
};

struct value_set {
	enum value_set_kind kind;
	struct arena arena;
	struct map *exact; /* folded texts; networks as keys of make_key */
	struct wildcard *wildcards;
	bool prefixes[2][PREFIXES]; /* there is a network of the family (0: IPv4) and the prefix */
};

struct value_set *
value_set_new(enum value_set_kind kind)
{
	struct value_set *set = mem_zero(1, sizeof(*set));
	if (!set)
		return NULL;
	set->kind = kind;
	arena_init(&set->arena, ARENA_MAX, 0);
	set->exact = map_new();
	if (set->exact)
		return set;
	value_set_free(set);
	return NULL;
}

void
value_set_free(struct value_set *set)
{
	if (!set)
		return;
	map_free(set->exact);
	arena_fini(&set->arena);
	mem_free(set);
}

static struct str
make_key(const struct inet *base, unsigned prefix, char key[static NET_KEY_SIZE])
{
	key[0] = (char)base->family;
	key[1] = (char)prefix;
	memcpy(key + 2, base->bytes, sizeof(base->bytes));
	return str_make(key, NET_KEY_SIZE);
}

static int
add_network(struct value_set *set, struct str text, struct fail *why)
{
	char key[NET_KEY_SIZE];
	struct inet_net net;
	if (!inet_net_parse(text, &net))
		return fail_set(why, "network", "'%.*s' is no address and no network such as 192.0.2.0/24 or 2001:db8::/32",
		    (int)(text.len < 64 ? text.len : 64), text.len ? text.p : "");
	if (map_set(set->exact, make_key(&net.base, net.prefix, key), set) < 0)
		return fail_set(why, "memory", "out of memory");
	set->prefixes[net.base.family == 6][net.prefix] = true;
	return 0;
}

/* Nearly all of a long list: no pattern is made of it. */
static bool
is_plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '*' || text.p[i] == '?' || text.p[i] == '\\')
			return false;
	return true;
}

static int
add_exact(struct value_set *set, struct str folded, struct fail *why)
{
	return map_set(set->exact, folded, set) == 0 ? 0 : fail_set(why, "memory", "out of memory");
}

static int
add_text(struct value_set *set, struct str text, struct fail *why)
{
	char folded[TEXT_MAX];
	struct pattern pattern;
	if (text.len == 0 || text.len > TEXT_MAX / 2)
		return fail_set(why, "text", "a value has from 1 to %d bytes", TEXT_MAX / 2);
	if (is_plain(text))
		return add_exact(set, str_make(folded, fold_text(text, folded, sizeof(folded))), why);
	if (pattern_parse(&set->arena, text, WRAP_NONE, false, &pattern) < 0)
		return fail_set(why, "memory", "out of memory");
	if (pattern.kind == PATTERN_EQUALS)
		return add_exact(set, pattern.literal, why);
	struct wildcard *wildcard = arena_alloc(&set->arena, sizeof(*wildcard));
	if (!wildcard)
		return fail_set(why, "memory", "out of memory");
	*wildcard = (struct wildcard){pattern, set->wildcards};
	set->wildcards = wildcard;
	return 0;
}

int
value_set_add(struct value_set *set, struct str text, struct fail *why)
{
	text = str_trim(text);
	return set->kind == VALUE_SET_NETWORKS ? add_network(set, text, why) : add_text(set, text, why);
}

static bool
has_network(const struct value_set *set, struct str text)
{
	char key[NET_KEY_SIZE];
	struct inet address;
	if (!inet_parse(text, &address))
		return false;
	unsigned longest = address.family == 6 ? 128 : 32;
	for (unsigned prefix = 0; prefix <= longest; prefix++) {
		struct inet base = inet_mask(address, prefix);
		if (set->prefixes[address.family == 6][prefix] && map_get(set->exact, make_key(&base, prefix, key)))
			return true;
	}
	return false;
}

bool
value_set_has(const struct value_set *set, struct str text)
{
	char folded[TEXT_MAX + TEXT_MAX / 2];
	text = str_trim(text);
	if (text.len == 0 || text.len > TEXT_MAX)
		return false;
	if (set->kind == VALUE_SET_NETWORKS)
		return has_network(set, text);
	text = str_make(folded, fold_text(text, folded, sizeof(folded)));
	if (map_get(set->exact, text))
		return true;
	const struct wildcard *wildcard = set->wildcards;
	while (wildcard && !pattern_matches(&wildcard->pattern, text))
		wildcard = wildcard->next;
	return wildcard != NULL;
}
