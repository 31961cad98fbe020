/* Many networks, to look an address up in a time that depends on the number of
 * different prefix lengths among them. Immutable; lives in the ruleset's arena. */
#ifndef SIGMA_NET_TABLE_H
#define SIGMA_NET_TABLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/inet.h"

struct net_table;

/* Copies nets. NULL without memory. */
const struct net_table *net_table_new(struct arena *arena, const struct inet_net *nets, unsigned count);
bool net_table_has(const struct net_table *t, const struct inet *address);

#endif
