/* How an event's address and account become keys: the same form in windows,
 * groups and evidence. Pure; writes into what the caller gives. */
#ifndef DETECT_IDENTITY_H
#define DETECT_IDENTITY_H

#include <stddef.h>

#include "base/str.h"
#include "event/event.h"

enum { IDENTITY_IP_SIZE = 64, IDENTITY_USER_SIZE = 512 };

/* "203.0.113.7" (port dropped, v4-mapped folded) or the /64 of an IPv6 address, "2001:db8:1:2::/64"; empty for
 * what is no address, and for 0.0.0.0 and ::. */
struct str identity_ip(struct str text, char out[IDENTITY_IP_SIZE]);
/* The same of the network of so many bits (8 to 32), IPv6 twice as many: "203.0.113.0/24", "2001:db8:1::/48"; 32 is
 * identity_ip. */
struct str identity_network(struct str text, unsigned bits, char out[IDENTITY_IP_SIZE]);
/* userPrincipalName, else userId, else servicePrincipalId: trimmed and case-folded (Unicode simple folding), cut at
 * IDENTITY_USER_SIZE; empty without any. */
struct str identity_user(const struct event *e, char out[IDENTITY_USER_SIZE]);
/* The same account as received, for display. */
struct str identity_user_shown(const struct event *e);
/* Copies at most size - 1 bytes, ending on a character, and a NUL. */
void identity_cut(struct str text, char *out, size_t size);

#endif
