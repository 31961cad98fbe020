/* One log line as a value, and its three written forms. Pure; any thread.
 * Private to log*.c. A line is at most LOG_LINE_MAX bytes: values are cut at
 * 1 KiB, and what no longer fits is left out. */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/log.h"

enum { LOG_LINE_MAX = 32768, LOG_FIELDS_MAX = 32 };

struct log_line {
	enum log_level level;
	const char *file;
	int line;
	const char *message;
	const struct log_tag *tags;
	int64_t wall_ms;
};

void log_line_logfmt(const struct log_line *line, struct buf *out);
void log_line_json(const struct log_line *line, struct buf *out);
/* Fields of the journal's native protocol, "KEY=value" in out; returns how many. */
int log_line_journal(const struct log_line *line, struct buf *out, struct iovec fields[LOG_FIELDS_MAX]);

#endif
