#include "sigma/net_table.h"

#include <stdlib.h>
#include <string.h>

#include "sigma/keep.h"

enum { GROUPS_MAX = 33 + 129 };

struct net_group { /* nets[from..to): one family, one prefix length */
	unsigned from, to;
};

struct net_table {
	const struct inet_net *nets; /* by family, prefix and address */
	struct net_group groups[GROUPS_MAX];
	unsigned group_count;
};

static int
compare_nets(const void *a, const void *b)
{
	const struct inet_net *x = a, *y = b;
	if (x->base.family != y->base.family)
		return x->base.family - y->base.family;
	if (x->prefix != y->prefix)
		return x->prefix - y->prefix;
	return memcmp(x->base.bytes, y->base.bytes, sizeof(x->base.bytes));
}

static bool
are_alike(const struct inet_net *a, const struct inet_net *b)
{
	return a->base.family == b->base.family && a->prefix == b->prefix;
}

const struct net_table *
net_table_new(struct arena *arena, const struct inet_net *nets, unsigned count)
{
	struct net_table *t = keep_zero(arena, 1, sizeof(*t));
	struct inet_net *sorted = keep_zero(arena, count, sizeof(*sorted));
	if (!t || !sorted)
		return NULL;
	memcpy(sorted, nets, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_nets);
	t->nets = sorted;
	for (unsigned i = 0; i < count; i++) {
		if (i == 0 || !are_alike(&sorted[i - 1], &sorted[i]))
			t->groups[t->group_count++].from = i;
		t->groups[t->group_count - 1].to = i + 1;
	}
	return t;
}

bool
net_table_has(const struct net_table *t, const struct inet *address)
{
	for (unsigned i = 0; i < t->group_count; i++) {
		const struct net_group *group = &t->groups[i];
		const struct inet_net *first = &t->nets[group->from];
		if (first->base.family != address->family)
			continue;
		struct inet_net wanted = {inet_mask(*address, first->prefix), first->prefix};
		if (bsearch(&wanted, first, group->to - group->from, sizeof(wanted), compare_nets))
			return true;
	}
	return false;
}
