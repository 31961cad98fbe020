/* IP addresses and networks as values. IPv4-mapped IPv6 addresses are folded
 * to IPv4. Pure; any thread. Text forms: RFC 4291, RFC 5952. */
#ifndef BASE_INET_H
#define BASE_INET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct inet {
	uint8_t bytes[16];
	uint8_t family; /* 4 or 6; 0 = none */
};
struct inet_net {
	struct inet base;
	uint8_t prefix;
};

enum { INET_TEXT_SIZE = 46 };
/* "1.2.3.4", "::1"; also with port "1.2.3.4:5", "[::1]:5" and zone "%eth0" (both dropped). */
bool inet_parse(struct str text, struct inet *out);
bool inet_net_parse(struct str text, struct inet_net *out); /* "10.0.0.0/8"; no "/": that address alone; host bits set: false */
bool inet_net_has(const struct inet_net *net, const struct inet *address);
/* Only the first prefix bits kept. */
struct inet inet_mask(struct inet address, unsigned prefix);
void inet_text(const struct inet *address, char out[INET_TEXT_SIZE]); /* RFC 5952 */
bool inet_is_loopback(const struct inet *address);
bool inet_is_link_local(const struct inet *address); /* 169.254/16, fe80::/10 */

#endif
