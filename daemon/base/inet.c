#include "base/inet.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

/* The address alone: no port, no brackets, no zone. */
static bool
parse_bare(struct str text, struct inet *out)
{
	char z[INET_TEXT_SIZE];
	uint8_t raw[16];
	if (text.len == 0 || text.len >= sizeof z || memchr(text.p, '\0', text.len))
		return false;
	memcpy(z, text.p, text.len);
	z[text.len] = '\0';
	struct inet found = {0};
	if (!memchr(z, ':', text.len)) {
		if (inet_pton(AF_INET, z, found.bytes) != 1)
			return false;
		found.family = 4;
	} else {
		if (inet_pton(AF_INET6, z, raw) != 1)
			return false;
		bool mapped = memcmp(raw, mapped_prefix, sizeof mapped_prefix) == 0;
		found.family = mapped ? 4 : 6;
		memcpy(found.bytes, mapped ? raw + 12 : raw, mapped ? 4 : 16);
	}
	*out = found;
	return true;
}

static bool
is_port(struct str text)
{
	int64_t port;
	return text.len >= 1 && text.len <= 5 && text.p[0] >= '0' && text.p[0] <= '9' && str_to_i64(text, &port) &&
	    port <= 65535;
}

static struct str
without_zone(struct str text)
{
	const char *zone = text.len > 0 ? memchr(text.p, '%', text.len) : NULL;
	return zone && zone > text.p ? str_make(text.p, (size_t)(zone - text.p)) : text;
}

bool
inet_parse(struct str text, struct inet *out)
{
	if (text.len > 0 && text.p[0] == '[') {
		const char *close = memchr(text.p, ']', text.len);
		if (!close)
			return false;
		struct str inside = str_make(text.p + 1, (size_t)(close - text.p) - 1);
		struct str behind = str_make(close + 1, text.len - inside.len - 2);
		if (behind.len > 0 && (behind.p[0] != ':' || !is_port(str_make(behind.p + 1, behind.len - 1))))
			return false;
		inside = without_zone(inside);
		return inside.len > 0 && memchr(inside.p, ':', inside.len) && parse_bare(inside, out);
	}
	struct str rest = text, host = str_split(&rest, ':');
	/* One colon: IPv4 and port. More: IPv6. */
	if (host.len < text.len && (rest.len == 0 || !memchr(rest.p, ':', rest.len)))
		return is_port(rest) && parse_bare(host, out);
	struct str bare = without_zone(text);
	return (bare.len == text.len || memchr(bare.p, ':', bare.len)) && parse_bare(bare, out);
}

static unsigned
width(const struct inet *address)
{
	return address->family == 4 ? 32 : 128;
}

struct inet
inet_mask(struct inet address, unsigned prefix)
{
	unsigned whole = prefix / 8;
	if (prefix >= width(&address))
		return address;
	address.bytes[whole] &= (uint8_t)(0xFF00U >> prefix % 8);
	for (unsigned i = whole + 1; i < sizeof address.bytes; i++)
		address.bytes[i] = 0;
	return address;
}

bool
inet_net_parse(struct str text, struct inet_net *out)
{
	struct str rest = text, host = str_split(&rest, '/');
	struct inet_net net;
	int64_t prefix;
	if (!parse_bare(host, &net.base))
		return false;
	/* The prefix of a v4-mapped network counts from the 128-bit address. */
	bool mapped = net.base.family == 4 && memchr(host.p, ':', host.len);
	if (host.len == text.len)
		prefix = width(&net.base) + (mapped ? 96 : 0);
	else if (rest.len == 0 || rest.len > 3 || rest.p[0] < '0' || rest.p[0] > '9' || !str_to_i64(rest, &prefix))
		return false;
	if (mapped)
		prefix -= 96;
	if (prefix < 0 || prefix > width(&net.base))
		return false;
	net.prefix = (uint8_t)prefix;
	struct inet masked = inet_mask(net.base, net.prefix);
	if (memcmp(masked.bytes, net.base.bytes, sizeof masked.bytes) != 0)
		return false;
	*out = net;
	return true;
}

bool
inet_net_has(const struct inet_net *net, const struct inet *address)
{
	if (net->base.family != address->family || address->family == 0)
		return false;
	unsigned whole = net->prefix / 8, bits = net->prefix % 8;
	if (memcmp(net->base.bytes, address->bytes, whole) != 0)
		return false;
	return bits == 0 || ((net->base.bytes[whole] ^ address->bytes[whole]) & (0xFF00U >> bits) & 0xFF) == 0;
}

/* Section 4.2: the longest run of zero groups, the first of equals, never a single one. */
static void
zero_run(const unsigned groups[8], unsigned *start, unsigned *len)
{
	*start = 8;
	*len = 1;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > *len) {
			*start = i;
			*len = n;
		}
		i += n;
	}
}

void
inet_text(const struct inet *address, char out[INET_TEXT_SIZE])
{
	const uint8_t *b = address->bytes;
	unsigned groups[8], start, len;
	if (address->family == 4) {
		snprintf(out, INET_TEXT_SIZE, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return;
	}
	if (address->family != 6) {
		out[0] = '\0';
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		groups[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
	zero_run(groups, &start, &len);
	size_t at = 0;
	for (unsigned i = 0; i < 8; i++) {
		int n;
		if (i == start) {
			n = snprintf(out + at, INET_TEXT_SIZE - at, "::");
			i += len - 1;
		} else {
			bool first = i == 0 || i == start + len;
			n = snprintf(out + at, INET_TEXT_SIZE - at, first ? "%x" : ":%x", groups[i]);
		}
		at += (size_t)n;
	}
}

bool
inet_is_loopback(const struct inet *address)
{
	static const uint8_t one[16] = {[15] = 1};
	if (address->family == 4)
		return address->bytes[0] == 127;
	return address->family == 6 && memcmp(address->bytes, one, sizeof one) == 0;
}

bool
inet_is_link_local(const struct inet *address)
{
	if (address->family == 4)
		return address->bytes[0] == 169 && address->bytes[1] == 254;
	return address->family == 6 && address->bytes[0] == 0xFE && (address->bytes[1] & 0xC0) == 0x80;
}
