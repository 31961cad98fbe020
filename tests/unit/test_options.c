#include "command/options.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "unit/unit.h"

static FILE *devnull;

static int
parse(struct options *o, const char *const *words)
{
	static char copies[16][64];
	static char *argv[17];
	int argc = 0;
	memset(argv, 0, sizeof argv);
	for (; words[argc]; argc++) {
		snprintf(copies[argc], sizeof copies[argc], "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	return options_parse(o, argc, argv, devnull);
}
#define PARSE(o, ...) parse((o), (const char *const[]){"picketd", __VA_ARGS__})

START_TEST(options_default_to_running)
{
	struct options o;
	ck_assert_int_eq(PARSE(&o, NULL), 0);
	ck_assert_int_eq(o.command, COMMAND_RUN);
}
END_TEST

START_TEST(options_collect_rules_in_order)
{
	struct options o;
	ck_assert_int_eq(PARSE(&o, "-r", "a", "--rules=b", "--replay", "f.ndjson", NULL), 0);
	ck_assert_uint_eq(o.overrides.rules_count, 2);
	ck_assert_str_eq(o.overrides.rules_dirs[0], "a");
	ck_assert_str_eq(o.overrides.rules_dirs[1], "b");
	ck_assert_int_eq(o.command, COMMAND_REPLAY);
	ck_assert_str_eq(o.files[0], "f.ndjson");
}
END_TEST

START_TEST(options_refuse_what_they_do_not_know)
{
	struct options o;
	ck_assert_int_eq(PARSE(&o, "--nonsense", NULL), EX_USAGE);
	ck_assert_int_eq(PARSE(&o, "--print-config=other", NULL), EX_USAGE);
	ck_assert_int_eq(PARSE(&o, "--replay", NULL), EX_USAGE);
	ck_assert_int_eq(PARSE(&o, "--check", "file", NULL), EX_USAGE);
	ck_assert_int_eq(PARSE(&o, "--explain", "rule", NULL), EX_USAGE);
	ck_assert_int_eq(PARSE(&o, "--explain", "rule", "one", "two", NULL), EX_USAGE);
}
END_TEST

START_TEST(options_tell_the_two_forms_of_print_config_apart)
{
	struct options o;
	ck_assert_int_eq(PARSE(&o, "--print-config", NULL), 0);
	ck_assert_int_eq(o.command, COMMAND_PRINT_CONFIG);
	ck_assert_int_eq(PARSE(&o, "--print-config=defaults", NULL), 0);
	ck_assert_int_eq(o.command, COMMAND_PRINT_DEFAULTS);
}
END_TEST

START_TEST(options_keep_the_values_of_their_commands)
{
	struct options o;
	ck_assert_int_eq(PARSE(&o, "--alerts", "--since", "2026-01-01T00:00:00Z", "--json", "-c", "x.yaml", NULL), 0);
	ck_assert_int_eq(o.command, COMMAND_ALERTS);
	ck_assert(o.json);
	ck_assert_str_eq(o.since, "2026-01-01T00:00:00Z");
	ck_assert_str_eq(o.config, "x.yaml");
	ck_assert_int_eq(PARSE(&o, "--send-test", "soc", NULL), 0);
	ck_assert_str_eq(o.target, "soc");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {options_default_to_running, options_collect_rules_in_order,
	    options_refuse_what_they_do_not_know, options_tell_the_two_forms_of_print_config_apart,
	    options_keep_the_values_of_their_commands, NULL};
	devnull = fopen("/dev/null", "w");
	return unit_run("options", tests);
}
