/* The command line, parsed. Owned by main; strings are borrowed from argv. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

enum command {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_PRINT_CONFIG,
	COMMAND_PRINT_DEFAULTS,
	COMMAND_REPLAY,
	COMMAND_EXPLAIN,
	COMMAND_DECODE,
	COMMAND_ALERTS,
	COMMAND_SEND_TEST,
	COMMAND_VERSION,
	COMMAND_HELP,
};

enum { OPTIONS_RULES_MAX = 16 };

struct options {
	enum command command;
	const char *config; /* NULL = not given */
	const char *rules[OPTIONS_RULES_MAX];
	struct config_overrides overrides;
	const char *logsource, *expect, *format, *target, *since, *rule;
	bool json, carry_state;
	char *const *files; /* what follows the options */
	int file_count;
};

/* 0, or EX_USAGE after a message on err. out must not move: overrides points into it. */
int options_parse(struct options *out, int argc, char **argv, FILE *err);
void options_help(FILE *out);

#endif
