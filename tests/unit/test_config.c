#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "unit.h"

static char directory[64], file[96], key[96];

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void
begin(void)
{
	snprintf(directory, sizeof(directory), "/tmp/test-config-%d", (int)getpid());
	snprintf(file, sizeof(file), "%s/c.yaml", directory);
	snprintf(key, sizeof(key), "%s/key", directory);
	ck_assert(mkdir(directory, 0700) == 0 || access(directory, W_OK) == 0);
	put(key, "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n");
}

static void
end(void)
{
	unlink(file);
	unlink(key);
	rmdir(directory);
}

/* text with every KEY replaced by the path of a secret. */
static void
put_config(const char *text)
{
	char out[8192];
	size_t len = 0;
	while (*text && len < sizeof(out) - 200) {
		if (strncmp(text, "KEY", 3) == 0) {
			len += (size_t)snprintf(out + len, sizeof(out) - len, "file:%s", key);
			text += 3;
		} else {
			out[len++] = *text++;
		}
	}
	out[len] = '\0';
	put(file, out);
}

static struct config *
load(const struct config_overrides *overrides, struct fail_list *problems)
{
	fail_list_init(problems);
	return config_load(file, NULL, overrides, problems);
}

static struct config *
load_good(const char *text)
{
	struct fail_list problems;
	put_config(text);
	struct config *c = load(NULL, &problems);
	ck_assert_msg(c != NULL, "%s: %u:%u %s", text, problems.len ? problems.items[0].line : 0,
	    problems.len ? problems.items[0].column : 0, problems.len ? problems.items[0].text : "");
	fail_list_fini(&problems);
	return c;
}

static const struct bad {
	const char *text;
	unsigned line, column;
	const char *code, *part;
} bad[] = {
    {"", 1, 1, "required", "version: 1 is required"},
    {"log:\n  level: info\n", 1, 1, "required", "version: 1 is required"},
    {"version: 2\n", 1, 10, "out-of-range", "version must be from 1 to 1"},
    {"- version\n", 1, 1, "type", "must be a map"},
    {"version: 1\n---\nversion: 1\n", 3, 1, "type", "one document"},
    {"version: 1\nversion: 1\n", 2, 1, "yaml-duplicate-key", "here twice"},
    {"version: 1\nlog: {level: verbose}\n", 2, 14, "type", "log.level must be one of crit|err|warn|notice|info|debug"},
    {"version: 1\nlog:\n  levle: info\n", 3, 3, "unknown-key", "unknown key log.levle; did you mean level?"},
    {"version: 1\nlistners: {}\n", 2, 1, "unknown-key", "unknown key listners; did you mean listeners?"},
    {"version: 1\nmax_body: 1\n", 2, 1, "unknown-key", "did you mean listeners.http.max_body?"},
    {"version: 1\nzebra: 1\n", 2, 1, "unknown-key", "unknown key zebra"},
    {"version: 1\nlog.level: info\n", 2, 1, "unknown-key", "unknown key log.level"},
    {"version: 1\nlisteners:\n  http:\n    auth: 3\n", 4, 11, "type", "a map is needed"},
    {"version: 1\nlisteners:\n  http:\n    address: 0.0.0.0:8443\n", 4, 14, "insecure", "behind a TLS proxy, or set insecure: true"},
    {"version: 1\nlisteners:\n  http:\n    address: 0.0.0.0:8443\n    auth: {tokens: [{id: a, secret: KEY}]}\n", 4, 14, "insecure", "not encrypted"},
    {"version: 1\nlisteners:\n  http:\n    address: fd:http\n", 4, 14, "insecure", "the socket unit decides who reaches fd:http"},
    {"version: 1\nlisteners:\n  syslog:\n    - address: '[::]:6514'\n", 4, 16, "insecure", "[::]:6514 can be reached"},
    {"version: 1\nlisteners:\n  syslog:\n    - framing: lf\n", 4, 7, "required", "a syslog listener needs address"},
    {"version: 1\nlisteners:\n  syslog: [x]\n", 3, 12, "type", "must be a map"},
    {"version: 1\nlisteners:\n  admin: {address: '10.0.0.1:9464'}\n", 3, 20, "insecure", "listeners.admin.token"},
    {"version: 1\nlisteners:\n  admin: {address: '127.0.0.1:8443'}\n", 3, 20, "duplicate", "two listeners have the address"},
    {"version: 1\nlisteners:\n  http:\n    auth:\n      tokens:\n        - id: a\n          secret: hunter2\n", 7, 19, "secret", "cred:NAME or file:/path, never in the file itself"},
    {"version: 1\nlisteners:\n  http:\n    auth:\n      tokens:\n        - id: a b\n          secret: KEY\n", 6, 15, "name", "a token's id has only"},
    {"version: 1\nlisteners:\n  http:\n    auth:\n      tokens:\n        - id: a\n", 6, 11, "required", "a token needs secret"},
    {"version: 1\nlisteners:\n  http:\n    auth:\n      tokens:\n        - {id: a, secret: KEY}\n        - {id: a, secret: KEY}\n", 7, 16, "duplicate", "the id a is taken at line 6"},
    {"version: 1\ntargets:\n  - {url: 'https://x/'}\n", 3, 5, "required", "a target needs name"},
    {"version: 1\ntargets:\n  - {name: a}\n", 3, 5, "required", "a target needs url"},
    {"version: 1\ntargets:\n  - {name: SOC, url: 'https://x/'}\n", 3, 12, "name", "lower-case letters"},
    {"version: 1\ntargets:\n  - {name: a23456789012345678901234567890123, url: 'https://x/'}\n", 3, 12, "out-of-range", "at most 32 bytes"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/'}\n  - {name: a, url: 'https://y/'}\n", 4, 12, "duplicate", "the name a is taken at line 3"},
    {"version: 1\ntargets:\n  - {name: a, url: 'ftp://x/'}\n", 3, 20, "url", "must begin with https://"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https:///x'}\n", 3, 20, "url", "no host"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://u:p@x/'}\n", 3, 20, "url", "user or password"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/a b'}\n", 3, 20, "url", "spaces"},
    {"version: 1\ntargets:\n  - {name: a, url: 'http://x/'}\n", 3, 20, "insecure", "allow_plain: true"},
    {"version: 1\ntargets:\n  - {name: a, url: KEY}\n", 3, 20, "url", "must begin with https://"},
    {"version: 1\ntargets:\n  - {name: a, url: 'file:x'}\n", 3, 20, "secret", "must begin with /"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/', preset: slack}\n", 3, 42, "type", "must be one of generic"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/', backoff_min: 2m}\n", 3, 47, "out-of-range", "backoff_min must not be more"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/', ca: /nowhere}\n", 3, 38, "file", "No such file"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/', secrets: [whsec_abc]}\n", 3, 44, "secret", "never in the file"},
    {"version: 1\ntargets:\n  - {name: a, url: 'https://x/', secrt: []}\n", 3, 34, "unknown-key", "unknown key secrt; did you mean secrets?"},
    {"version: 1\ninput: {result_codes: null}\n", 2, 23, "required", "input.result_codes needs a file"},
    {"version: 1\nlimits:\n  threads: 33\n", 3, 12, "out-of-range", "limits.threads must be from 0 to 32"},
};

START_TEST(config_reports_what_is_wrong_with_its_place)
{
	const struct bad *t = &bad[_i];
	struct fail_list problems;
	begin();
	put_config(t->text);
	ck_assert_ptr_null(load(NULL, &problems));
	ck_assert_uint_ge(problems.len, 1);
	const struct fail *f = &problems.items[0];
	ck_assert_msg(problems.len == 1, "%s: also %u:%u %s", t->text, problems.items[problems.len - 1].line,
	    problems.items[problems.len - 1].column, problems.items[problems.len - 1].text);
	ck_assert_msg(strcmp(f->code, t->code) == 0 && strstr(f->text, t->part), "%s: [%s] %s", t->text, f->code, f->text);
	ck_assert_msg(f->line == t->line && f->column == t->column, "%s: %u:%u", t->text, f->line, f->column);
	ck_assert_str_eq(f->file, file);
	ck_assert_ptr_null(strstr(f->text, "hunter2"));
	fail_list_fini(&problems);
	end();
}
END_TEST

START_TEST(config_reports_every_problem_at_once)
{
	struct fail_list problems;
	begin();
	put_config("version: 1\nlog: {level: x, rate: 0}\nzebra: 1\ntargets: [{name: A}]\n");
	ck_assert_ptr_null(load(NULL, &problems));
	ck_assert_uint_eq(problems.len, 5);
	fail_list_fini(&problems);
	end();
}
END_TEST

START_TEST(config_defaults_are_those_of_the_manual)
{
	struct fail_list problems;
	fail_list_init(&problems);
	unsetenv("STATE_DIRECTORY");
	struct config *c = config_load(NULL, NULL, NULL, &problems);
	ck_assert_msg(c != NULL, "%s", problems.len ? problems.items[0].text : "");
	ck_assert_str_eq(c->http.address, "127.0.0.1:8443");
	ck_assert_str_eq(c->admin.address, "127.0.0.1:9464");
	ck_assert_uint_eq(c->syslog_count, 0);
	ck_assert_uint_eq(c->target_count, 0);
	ck_assert_uint_eq(c->http.max_body_bytes, 16 << 20);
	ck_assert_uint_eq(c->windows.memory_bytes, 320 << 20);
	ck_assert_int_eq(c->windows.span_ms, 600000);
	ck_assert_int_eq(c->input.lateness_ms, 3600000);
	ck_assert(c->state.fsync);
	ck_assert_str_eq(c->state.dir, SYSTEM_STATE_DIR);
	ck_assert_int_eq(c->log.level, LOG_LEVEL_INFO);
	ck_assert_uint_ge(c->limits.threads, 1);
	ck_assert_uint_le(c->limits.threads, 8);
	ck_assert_ptr_nonnull(c->instance);
	ck_assert_ptr_null(c->path);
	config_free(c);
	setenv("STATE_DIRECTORY", "/run/a:/run/b", 1);
	c = config_load(NULL, NULL, NULL, &problems);
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->state.dir, "/run/a");
	config_free(c);
	fail_list_fini(&problems);
}
END_TEST

START_TEST(config_uses_the_checkout_for_what_is_not_installed)
{
	struct fail_list problems;
	char path[160];
	begin();
	fail_list_init(&problems);
	snprintf(path, sizeof(path), "%s/rules", directory);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	if (access(SHARED_DIR "/rules", F_OK) != 0) {
		struct config *c = config_load(NULL, directory, NULL, &problems);
		ck_assert_ptr_nonnull(c);
		ck_assert_str_eq(c->rules.dirs.items[c->rules.dirs.len - 1], path);
		/* What neither place has keeps its name, so that the message tells where it belongs. */
		ck_assert_str_eq(c->input.schemas.items[c->input.schemas.len - 1], SHARED_DIR "/schemas");
		ck_assert_str_eq(c->input.result_codes, SHARED_DIR "/result-codes.yaml");
		config_free(c);
	}
	rmdir(path);
	fail_list_fini(&problems);
	end();
}
END_TEST

static const char full[] =
    "version: 1\n"
    "instance: \"edge \\u00e9 1\"\n"
    "listeners:\n"
    "  http:\n"
    "    address: 127.0.0.1:0\n"
    "    auth:\n"
    "      tokens:\n"
    "        - id: relay-1\n"
    "          secret: KEY\n"
    "          source: {product: azure, service: signinlogs}\n"
    "          tenant: t1\n"
    "        - {id: relay-2, secret: KEY}\n"
    "    max_body: 1MiB\n"
    "    idle_timeout: 1500ms\n"
    "    source: {category: SignInLogs}\n"
    "  syslog:\n"
    "    - {address: '127.0.0.1:6514', allow: [10.0.0.0/8, '2001:db8::/32'], framing: octet, tenant: t2}\n"
    "    - address: 0.0.0.0:601\n"
    "      insecure: true\n"
    "  admin: {address: null, token: KEY}\n"
    "input:\n"
    "  schemas: [/a, '/b c']\n"
    "  result_codes: /a/codes.yaml\n"
    "  quiet_after: {SignInLogs: 30m, \"a b\": 1d}\n"
    "rules: {dirs: [/r], disabled: [a, b], lists: {tor: tor.txt, partners: /p}}\n"
    "windows: {memory: 64MiB, span: 90s}\n"
    "targets:\n"
    "  - name: soc\n"
    "    url: https://soc.example/hook?x=1\n"
    "    secrets: [KEY, KEY]\n"
    "    auth: {bearer: KEY}\n"
    "    min_severity: critical\n"
    "    order: fifo\n"
    "    enabled: false\n"
    "    required: false\n"
    "  - {name: second, url: 'http://127.0.0.1:8000/', allow_plain: true, min_score: 2, max_age: 1h}\n"
    "state: {dir: /var/tmp/x, durability: async, disk_reserve: 0}\n"
    "limits: {threads: 3}\n"
    "log: {level: debug, format: json, rate: 7}\n";

START_TEST(config_reads_every_section)
{
	begin();
	struct config *c = load_good(full);
	ck_assert_str_eq(c->path, file);
	ck_assert_str_eq(c->instance, "edge \xc3\xa9 1");
	ck_assert_uint_eq(c->http.token_count, 2);
	ck_assert_str_eq(c->http.tokens[0].source.service, "signinlogs");
	ck_assert_str_eq(c->http.tokens[1].secret.value, "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
	ck_assert_ptr_null(c->http.tokens[1].tenant);
	ck_assert_uint_eq(c->http.max_body_bytes, 1 << 20);
	ck_assert_int_eq(c->http.idle_timeout_ms, 1500);
	ck_assert_uint_eq(c->syslog_count, 2);
	ck_assert_uint_eq(c->syslog[0].allow_count, 2);
	ck_assert_int_eq(c->syslog[0].framing, FRAMING_OCTET);
	ck_assert_uint_eq(c->syslog[1].max_frame_bytes, 2 << 20);
	ck_assert_ptr_null(c->admin.address);
	ck_assert_ptr_nonnull(c->admin.token.value);
	ck_assert_uint_eq(c->input.quiet_count, 2);
	ck_assert_int_eq(c->input.quiet_after[1].after_ms, 86400000);
	ck_assert_uint_eq(c->rules.disabled.len, 2);
	ck_assert_uint_eq(c->rules.list_count, 2);
	ck_assert_str_eq(c->rules.lists[1].file, "/p");
	ck_assert_uint_eq(c->target_count, 2);
	ck_assert_uint_eq(c->targets[0].secret_count, 2);
	ck_assert_int_eq(c->targets[0].min_severity, 4);
	ck_assert_int_eq(c->targets[1].min_severity, 1);
	ck_assert_int_eq(c->targets[0].order, ORDER_FIFO);
	ck_assert(!c->targets[0].enabled && c->targets[1].enabled && c->targets[1].allow_plain);
	ck_assert_int_eq(c->targets[1].min_score, 2);
	ck_assert(!c->state.fsync);
	ck_assert_uint_eq(c->limits.threads, 3);
	ck_assert_int_eq(c->log.format, LOG_JSON);
	config_free(c);
	end();
}
END_TEST

START_TEST(config_printed_and_loaded_again_is_the_same_and_has_no_secret)
{
	struct buf first, second;
	struct fail_list problems;
	begin();
	buf_init(&first, 1 << 16);
	buf_init(&second, 1 << 16);
	struct config *c = load_good(full);
	ck_assert_int_eq(config_print(c, &first), 0);
	config_free(c);
	ck_assert_ptr_null(strstr(first.data, "whsec"));
	ck_assert_ptr_nonnull(strstr(first.data, "bearer: \"<file:"));
	ck_assert_ptr_nonnull(strstr(first.data, "        - id: \"relay-1\"\n          secret: \"<file:"));
	put(file, first.data);
	c = load(NULL, &problems);
	ck_assert_msg(c != NULL, "%s\n%u: %s", first.data, problems.len ? problems.items[0].line : 0,
	    problems.len ? problems.items[0].text : "");
	ck_assert_int_eq(config_print(c, &second), 0);
	ck_assert_str_eq(first.data, second.data);
	config_free(c);
	fail_list_fini(&problems);
	buf_fini(&first);
	buf_fini(&second);
	end();
}
END_TEST

START_TEST(config_overrides_win_over_the_file)
{
	static const char *const dirs[] = {"/x", "/y"};
	struct config_overrides o = {
	    .rules_dirs = dirs, .rules_count = 2, .state_dir = "/s", .log_level = "warn", .log_format = "logfmt"};
	struct fail_list problems;
	begin();
	put_config(full);
	struct config *c = load(&o, &problems);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->rules.dirs.len, 2);
	ck_assert_str_eq(c->rules.dirs.items[1], "/y");
	ck_assert_str_eq(c->state.dir, "/s");
	ck_assert_int_eq(c->log.level, LOG_LEVEL_WARN);
	ck_assert_int_eq(c->log.format, LOG_LOGFMT);
	config_free(c);
	o.log_level = "warning";
	c = load(&o, &problems);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(c->log.level, LOG_LEVEL_WARN);
	config_free(c);
	o.log_level = "loud";
	ck_assert_ptr_null(load(&o, &problems));
	ck_assert_str_eq(problems.items[0].file, "--log-level");
	fail_list_fini(&problems);
	end();
}
END_TEST

START_TEST(config_sample_is_accepted_and_says_what_the_defaults_are)
{
	struct fail_list problems;
	struct buf sample, defaults;
	fail_list_init(&problems);
	buf_init(&sample, 1 << 16);
	buf_init(&defaults, 1 << 16);
	struct config *c = config_load(SRCDIR "/conf/picketd.yaml", NULL, NULL, &problems);
	struct config *d = config_load(NULL, NULL, NULL, &problems);
	ck_assert_msg(c && d, "%s", problems.len ? problems.items[0].text : "");
	ck_assert_int_eq(config_print(c, &sample) | config_print(d, &defaults), 0);
	ck_assert_str_eq(sample.data, defaults.data);
	config_free(c);
	config_free(d);
	buf_fini(&sample);
	buf_fini(&defaults);
	fail_list_fini(&problems);
}
END_TEST

/* Every commented line of the sample, taken as it stands, is an option with its default. */
START_TEST(config_sample_comments_can_be_taken_as_they_are)
{
	char line[512];
	size_t len = 0;
	char *text = mem_zero(1 << 16, 1);
	struct fail_list problems;
	struct buf printed, defaults;
	FILE *f = fopen(SRCDIR "/conf/picketd.yaml", "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		/* "#key:" and "  #key:" are options; "# text" and "  # - item" are prose and items. */
		char *hash = line + strspn(line, " ");
		if (*hash == '#' && hash[1] != ' ' && hash[1] != '\n')
			memmove(hash, hash + 1, strlen(hash));
		else if (*hash == '#')
			continue;
		len += (size_t)snprintf(text + len, (1 << 16) - len, "%s", line);
	}
	fclose(f);
	begin();
	put(file, text);
	struct config *c = load(NULL, &problems);
	ck_assert_msg(c != NULL, "%s\n%u: %s", text, problems.len ? problems.items[0].line : 0,
	    problems.len ? problems.items[0].text : "");
	struct config *d = config_load(NULL, NULL, NULL, &problems);
	ck_assert_ptr_nonnull(d);
	/* Paths of the sample are those of a package, not of this build. */
	buf_init(&printed, 1 << 16);
	buf_init(&defaults, 1 << 16);
	static const char *const skipped[] = {"schemas:", "result_codes:", "dirs:", "tuning:", "dir:"};
	ck_assert_int_eq(config_print(c, &printed) | config_print(d, &defaults), 0);
	struct str a = buf_str(&printed), b = buf_str(&defaults);
	while (a.len > 0) {
		struct str x = str_split(&a, '\n'), y = str_split(&b, '\n');
		bool skip = false;
		for (size_t i = 0; i < 5; i++)
			skip |= str_starts(str_trim(x), str_of(skipped[i]));
		ck_assert_msg(skip || str_eq(x, y), "%.*s, not %.*s", (int)x.len, x.p, (int)y.len, y.p);
	}
	config_free(c);
	config_free(d);
	buf_fini(&printed);
	buf_fini(&defaults);
	mem_free(text);
	fail_list_fini(&problems);
	end();
}
END_TEST

START_TEST(config_names_the_options_that_need_a_restart)
{
	const char *names[8];
	begin();
	struct config *a = load_good("version: 1\nlisteners: {admin: {address: '127.0.0.1:1'}}\nlog: {level: info}\n");
	struct config *b = load_good("version: 1\nlisteners: {admin: {address: '127.0.0.1:2'}, syslog: [{address: "
	                             "'127.0.0.1:9'}]}\nlog: {level: debug}\n");
	ck_assert_uint_eq(config_restart_needed(a, b, names, 8), 2);
	ck_assert_str_eq(names[0], "listeners.syslog");
	ck_assert_str_eq(names[1], "listeners.admin.address");
	ck_assert_uint_eq(config_restart_needed(a, a, names, 8), 0);
	config_free(a);
	config_free(b);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *cases = tcase_create("config");
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, config_reports_what_is_wrong_with_its_place, 0, (int)(sizeof(bad) / sizeof(*bad)));
	tcase_add_test(cases, config_reports_every_problem_at_once);
	tcase_add_test(cases, config_defaults_are_those_of_the_manual);
	tcase_add_test(cases, config_uses_the_checkout_for_what_is_not_installed);
	tcase_add_test(cases, config_reads_every_section);
	tcase_add_test(cases, config_printed_and_loaded_again_is_the_same_and_has_no_secret);
	tcase_add_test(cases, config_sample_is_accepted_and_says_what_the_defaults_are);
	tcase_add_test(cases, config_sample_comments_can_be_taken_as_they_are);
	tcase_add_test(cases, config_overrides_win_over_the_file);
	tcase_add_test(cases, config_names_the_options_that_need_a_restart);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_VERBOSE);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
