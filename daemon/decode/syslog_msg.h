/* One syslog message -> its header and the JSON text that it carries: RFC 5424,
 * RFC 3164 (as loosely as it is used), a bare JSON line; a byte order mark and
 * the "@cee:" cookie are skipped. Pure slices of the message; nothing is
 * allocated. Any thread. */
#ifndef DECODE_SYSLOG_MSG_H
#define DECODE_SYSLOG_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct syslog_msg {
	struct str host, app; /* empty when not given */
	struct str msg;       /* all behind the header */
	struct str json;      /* from its first bracket to the end of the message */
	int64_t time_ms;      /* of the header; only with has_time */
	bool has_time;
};

/* NULL, or a constant that says why there is no JSON text in it. now_ms tells the year of RFC 3164 times. */
const char *syslog_msg_parse(struct str text, int64_t now_ms, struct syslog_msg *out);

#endif
