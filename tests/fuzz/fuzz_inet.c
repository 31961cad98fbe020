/* inet_parse and inet_net_parse over any bytes: what parses has a text that
 * parses to the same value, and a network holds its own base. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/inet.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct inet address, again;
	struct inet_net net, net_again;
	char out[INET_TEXT_SIZE + 4];
	if (inet_parse(text, &address)) {
		inet_text(&address, out);
		if (!inet_parse(str_of(out), &again) || memcmp(&address, &again, sizeof address) != 0)
			abort();
	}
	if (inet_net_parse(text, &net)) {
		if (!inet_net_has(&net, &net.base))
			abort();
		inet_text(&net.base, out);
		size_t n = strlen(out);
		out[n++] = '/';
		if (net.prefix >= 100)
			out[n++] = (char)('0' + net.prefix / 100);
		if (net.prefix >= 10)
			out[n++] = (char)('0' + net.prefix / 10 % 10);
		out[n++] = (char)('0' + net.prefix % 10);
		if (!inet_net_parse(str_make(out, n), &net_again) || memcmp(&net, &net_again, sizeof net) != 0)
			abort();
	}
	return 0;
}
