#include "base/log_rate.h"

#include <stddef.h>
#include <string.h>

enum { PROBES = 8 };

static struct log_site *
find_site(struct log_rate *r, const char *file, int line)
{
	/* The place decides, not the pointer: one literal may have several addresses. */
	unsigned hash = (unsigned)line * 2654435761U;
	for (const char *p = file; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619U;
	struct log_site *oldest = NULL;
	for (unsigned i = 0; i < PROBES; i++) {
		struct log_site *site = &r->sites[(hash + i) % LOG_SITES];
		if (!site->file || (site->line == line && strcmp(site->file, file) == 0))
			return site;
		/* One that still owes its "suppressed" line is not evicted while another will do. */
		if (!oldest || (oldest->suppressed > 0 && site->suppressed == 0) ||
		    ((oldest->suppressed > 0) == (site->suppressed > 0) && site->second < oldest->second))
			oldest = site;
	}
	r->waiting -= oldest->suppressed > 0;
	*oldest = (struct log_site){0};
	return oldest;
}

bool
log_rate_take(struct log_rate *r, const char *file, int line, const char *message, int64_t now_ms, unsigned rate)
{
	struct log_site *site = find_site(r, file, line);
	int64_t second = now_ms / 1000;
	if (!site->file || site->second != second) {
		uint64_t owed = site->suppressed;
		*site = (struct log_site){.file = file, .line = line, .message = message, .second = second};
		site->suppressed = owed;
	}
	if (rate == 0 || site->written < rate) {
		site->written++;
		return true;
	}
	r->waiting += site->suppressed == 0;
	site->suppressed++;
	return false;
}

bool
log_rate_settle(struct log_rate *r, int64_t now_ms, struct log_site *out)
{
	if (r->waiting == 0)
		return false;
	for (size_t i = 0; i < LOG_SITES; i++) {
		struct log_site *site = &r->sites[i];
		if (site->suppressed > 0 && site->second != now_ms / 1000) {
			*out = *site;
			site->suppressed = 0;
			r->waiting--;
			return true;
		}
	}
	return false;
}
