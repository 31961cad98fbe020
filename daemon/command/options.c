#include "command/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { COMMAND_NONE = -1, LONG_BASE = 256 };

struct option_line {
	int key; /* short letter, or LONG_BASE + index */
	const char *name, *argument;
	int command;
	const char *help;
};

static const struct option_line lines[] = {
#define X(short_name, name, argument, command, help) {short_name, name, argument, COMMAND_##command, help},
#include "command/options.def"
#undef X
};

enum { LINES = sizeof lines / sizeof lines[0] };

static void
fill_getopt(struct option *longs, char *shorts)
{
	for (int i = 0; i < LINES; i++) {
		longs[i] = (struct option){
		    .name = lines[i].name,
		    .has_arg = lines[i].argument ? required_argument : no_argument,
		    .val = LONG_BASE + i,
		};
		if (lines[i].command == COMMAND_PRINT_CONFIG)
			longs[i].has_arg = optional_argument;
		if (lines[i].key) {
			*shorts++ = (char)lines[i].key;
			if (lines[i].argument)
				*shorts++ = ':';
		}
	}
	longs[LINES] = (struct option){0};
	*shorts = '\0';
}

static const struct option_line *
line_of(int got)
{
	for (int i = 0; i < LINES; i++)
		if (got == LONG_BASE + i || (lines[i].key && got == lines[i].key))
			return &lines[i];
	return NULL;
}

static int
add_rules(struct options *o, const char *dir)
{
	if (o->overrides.rules_count == OPTIONS_RULES_MAX)
		return -1;
	o->rules[o->overrides.rules_count++] = dir;
	o->overrides.rules_dirs = o->rules;
	return 0;
}

static int
take(struct options *o, const struct option_line *line, const char *value)
{
	const struct {
		const char *name;
		const char **into;
	} texts[] = {
	    {"config", &o->config},
	    {"state-dir", &o->overrides.state_dir},
	    {"log-level", &o->overrides.log_level},
	    {"log-format", &o->overrides.log_format},
	    {"logsource", &o->logsource},
	    {"expect", &o->expect},
	    {"format", &o->format},
	    {"explain", &o->rule},
	    {"since", &o->since},
	    {"send-test", &o->target},
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(line->name, texts[i].name) == 0)
			*texts[i].into = value;
	if (strcmp(line->name, "rules") == 0)
		return add_rules(o, value);
	if (strcmp(line->name, "json") == 0)
		o->json = true;
	if (strcmp(line->name, "carry-state") == 0)
		o->carry_state = true;
	if (line->command != COMMAND_NONE)
		o->command = (enum command)line->command;
	if (o->command == COMMAND_PRINT_CONFIG && value && line->command == COMMAND_PRINT_CONFIG) {
		if (strcmp(value, "defaults") != 0)
			return -1;
		o->command = COMMAND_PRINT_DEFAULTS;
	}
	return 0;
}

static int
usage(FILE *err, const char *problem)
{
	fprintf(err, "picketd: %s; picketd --help lists the options\n", problem);
	return EX_USAGE;
}

static int
check_files(const struct options *o, FILE *err)
{
	if (o->command == COMMAND_EXPLAIN)
		return o->file_count == 1 ? 0 : usage(err, "--explain RULE wants one EVENT behind it: FILE, FILE:LINE or -");
	bool wants_files = o->command == COMMAND_REPLAY || o->command == COMMAND_DECODE;
	if (wants_files && !o->file_count)
		return usage(err, "name at least one FILE (- is stdin)");
	if (!wants_files && o->file_count)
		return usage(err, "no FILE belongs behind these options");
	return 0;
}

int
options_parse(struct options *out, int argc, char **argv, FILE *err)
{
	struct option longs[LINES + 1];
	char shorts[2 * LINES + 1];
	fill_getopt(longs, shorts);
	*out = (struct options){.command = COMMAND_RUN};
	optind = 1;
	for (int got; (got = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		const struct option_line *line = line_of(got);
		if (!line)
			return EX_USAGE; /* getopt_long said why */
		if (take(out, line, optarg) < 0)
			return usage(err, "that value is not taken");
	}
	out->files = argv + optind;
	out->file_count = argc - optind;
	return check_files(out, err);
}

void
options_help(FILE *out)
{
	fprintf(out, "usage: picketd [options] [FILE...]\n\n");
	for (int i = 0; i < LINES; i++) {
		const struct option_line *l = &lines[i];
		char left[40];
		snprintf(left, sizeof left, "%c%c --%s%s%s", l->key ? '-' : ' ', l->key ? l->key : ' ', l->name,
		    l->argument ? " " : "", l->argument ? l->argument : "");
		fprintf(out, "  %-28s %s\n", left, l->help);
	}
	fprintf(out, "\nThe manual is picketd(8).\n");
}
