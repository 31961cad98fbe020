/* How many lines each call site has written this second. A fixed table of
 * 256 sites; when it is full the site longest silent makes room. Not locked:
 * the caller's lock. Private to log*.c. */
#ifndef BASE_LOG_RATE_H
#define BASE_LOG_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { LOG_SITES = 256 };

struct log_site {
	const char *file; /* NULL = free */
	int line;
	const char *message;
	int64_t second;
	unsigned written;
	uint64_t suppressed; /* since the last line that told of them */
};
struct log_rate {
	struct log_site sites[LOG_SITES];
	unsigned waiting; /* sites with suppressed > 0 */
};

/* May this site write now? Counts the line either way. */
bool log_rate_take(struct log_rate *r, const char *file, int line, const char *message, int64_t now_ms, unsigned rate);
/* A site of an earlier second with suppressed lines, copied and set to none; false when there is none. */
bool log_rate_settle(struct log_rate *r, int64_t now_ms, struct log_site *out);

#endif
