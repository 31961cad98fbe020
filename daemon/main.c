/* Options, configuration, then one command. */
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/commands.h"
#include "daemon.h"
#include "command/inspect.h"
#include "command/options.h"

static int
run(const struct options *o, struct config *c)
{
	switch (o->command) {
	case COMMAND_CHECK:
		return command_check(c, stdout, stderr);
	case COMMAND_PRINT_CONFIG:
	case COMMAND_PRINT_DEFAULTS:
		return command_print_config(c, stdout, stderr);
	case COMMAND_REPLAY:
		return command_replay(c, o, stdout, stderr);
	case COMMAND_EXPLAIN:
		return command_explain(c, o, stdout, stderr);
	case COMMAND_DECODE:
		return inspect_run(c, o->files, o->file_count, stdout, stderr);
	case COMMAND_ALERTS:
		return command_alerts(c, o, stdout, stderr);
	case COMMAND_SEND_TEST:
		return command_send_test(c, o, stdout, stderr);
	default:
		return daemon_run(c, o);
	}
}

int
main(int argc, char **argv)
{
	struct options o;
	int code = options_parse(&o, argc, argv, stderr);
	if (code)
		return code;
	if (o.command == COMMAND_HELP) {
		options_help(stdout);
		return 0;
	}
	if (o.command == COMMAND_VERSION)
		return command_version(stdout);
	signal(SIGPIPE, SIG_IGN);
	struct config *c = command_config(&o, stderr);
	if (!c)
		return EX_CONFIG;
	code = run(&o, c);
	config_free(c);
	return code;
}
