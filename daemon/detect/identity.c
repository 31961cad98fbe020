#include "detect/identity.h"

#include <stdio.h>

#include "base/inet.h"
#include "sigma/fold.h"

struct str
identity_network(struct str text, unsigned bits, char out[IDENTITY_IP_SIZE])
{
	static const uint8_t zero[16];
	struct inet address;
	if (!inet_parse(str_trim(text), &address))
		return STR("");
	if (memcmp(address.bytes, zero, address.family == 4 ? 4 : 16) == 0)
		return STR("");
	unsigned wanted = address.family == 4 ? bits : 2 * bits;
	address = inet_mask(address, wanted);
	inet_text(&address, out);
	size_t len = strlen(out);
	if (address.family == 4 && wanted == 32)
		return str_make(out, len);
	return str_make(out, len + (size_t)snprintf(out + len, IDENTITY_IP_SIZE - len, "/%u", wanted));
}

struct str
identity_ip(struct str text, char out[IDENTITY_IP_SIZE])
{
	return identity_network(text, 32, out);
}

struct str
identity_user_shown(const struct event *e)
{
	static const int slots[] = {FIELD_USER_PRINCIPAL_NAME, FIELD_USER_ID, FIELD_SERVICE_PRINCIPAL_ID};
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct str text = str_trim(event_text(e, slots[i]));
		if (text.len > 0)
			return text;
	}
	return STR("");
}

struct str
identity_user(const struct event *e, char out[IDENTITY_USER_SIZE])
{
	return str_make(out, fold_text(identity_user_shown(e), out, IDENTITY_USER_SIZE));
}

void
identity_cut(struct str text, char *out, size_t size)
{
	size_t len = text.len;
	if (len > size - 1) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text.p[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(out, text.p, len);
	out[len] = '\0';
}
