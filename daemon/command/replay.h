/* --replay: files through the same pipeline into a report; event time is the
 * clock, a file is the whole story (state is reset per file). --decode: what is
 * read from each record. Offline: no socket, no thread, no state directory. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"
#include "command/report.h"

enum replay_format { REPLAY_NDJSON, REPLAY_TABLE, REPLAY_JUNIT };

struct replay_options {
	const struct config *config;
	const char *version;
	const char *logsource; /* NULL, "any", or "product=P,service=S,category=C" */
	const char *expect;    /* file, or NULL */
	enum replay_format format;
	bool carry_state;
	char *const *files; /* "-" is stdin */
	int file_count;
};

/* Exit code: 0 as expected, 1 not as expected, 64 usage, 65 bad data, 78 bad rules. */
int replay_run(const struct replay_options *options, FILE *out, FILE *err);

#endif
