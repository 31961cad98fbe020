/* What syslog_msg_parse gives lies within the message, and JSON begins with a bracket. */
#include <stdlib.h>

#include "decode/syslog_msg.h"
#include "fuzz/fuzz.h"

static void
check_within(struct str part, struct str text)
{
	if (part.len > 0 && (part.p < text.p || part.p + part.len > text.p + text.len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	struct syslog_msg m;
	const char *reason = syslog_msg_parse(text, 1795392000000, &m);

	check_within(m.host, text);
	check_within(m.app, text);
	check_within(m.msg, text);
	check_within(m.json, text);
	if (reason ? m.json.len != 0 : m.json.len == 0 || (*m.json.p != '{' && *m.json.p != '['))
		abort();
	return 0;
}
