/* --explain: one rule, one event, every node of the condition. The event goes
 * through the pipeline of the daemon with a fresh state, so that it looks to
 * the rule as it would live, but for what came before it. Offline. */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

struct explain_options {
	const struct config *config;
	const char *version;
	const char *logsource; /* NULL, "any", or "product=P,service=S,category=C" */
	const char *rule;      /* id, name or title of a rule, or a file whose first rule it is */
	const char *event;     /* file with one record, FILE:LINE, or "-" for standard input */
	bool json;
};

/* Exit code: 0 the rule matches, 1 it does not, 64 no such rule, 65 no such event, 78 bad rules. */
int explain_run(const struct explain_options *options, FILE *out, FILE *err);

#endif
