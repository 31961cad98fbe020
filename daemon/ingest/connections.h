/* How many connections a listener has, in all and by peer address, over all
 * workers: the limits, and the picketd_connections gauge. IPv6 peers count by
 * their /64. Any thread (one short lock). Memory: a table of twice the limit,
 * made at birth. */
#ifndef INGEST_CONNECTIONS_H
#define INGEST_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/inet.h"

struct connections;

/* listener is the metrics label, a constant; with a sibling of the same label the gauge shows their sum, and the sibling
 * must outlive it. max_per_address 0: no limit by address. NULL without memory. */
struct connections *connections_new(const char *listener, uint32_t max, uint32_t max_per_address,
    struct connections *sibling);
void connections_free(struct connections *c);
/* 0: counted, and connections_leave is owed; -1: at a limit, the refusal is counted and the caller closes. */
int connections_enter(struct connections *c, const struct inet *peer) __attribute__((warn_unused_result));
/* Would it be let in now? Counts nothing. */
bool connections_have_room(struct connections *c, const struct inet *peer);
void connections_leave(struct connections *c, const struct inet *peer);
uint32_t connections_count(struct connections *c);

#endif
