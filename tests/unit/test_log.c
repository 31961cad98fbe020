#include "unit/unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/log_line.h"

static char text[65536];
static int from_stderr = -1;

/* stderr becomes a pipe whose other end read_log empties. */
static void
catch_stderr(void)
{
	int pipes[2];
	ck_assert_int_eq(pipe2(pipes, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	close(pipes[1]);
	from_stderr = pipes[0];
	clock_set(1763841600412);
}

static const char *
read_log(void)
{
	ssize_t n = read(from_stderr, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(log_logfmt_quotes_and_escapes)
{
	struct fail why = {0};
	fail_at(&why, "a.yml", 2, 3, "bad", "no \"x\"");
	catch_stderr();
	log_setup(LOG_LEVEL_INFO, LOG_LOGFMT, 50);
	log_warn("webhook rejected", LOG_STR("dest", STR("soc")), LOG_INT("status", -5),
	    LOG_TEXT("peer", "a\nb\x1B[1m\xC2\x9B\xFFz\x7F"), LOG_TEXT("none", NULL), LOG_WHY(&why), LOG_SECRET("token"),
	    LOG_END);
	ck_assert_str_eq(read_log(),
	    "time=2025-11-22T20:00:00.412Z level=warn msg=\"webhook rejected\" dest=soc status=-5 "
	    "peer=\"a\\nb\\u001b[1m\\u009b\xEF\xBF\xBDz\\u007f\" none=\"\" "
	    "error=\"a.yml:2:3: error: no \\\"x\\\" [bad]\" token=***\n");
}
END_TEST

START_TEST(log_json_lines_are_json_and_values_are_cut)
{
	static char big[5000];
	memset(big, '"', sizeof big);
	catch_stderr();
	log_setup(LOG_LEVEL_INFO, LOG_JSON, 50);
	log_err("it broke", LOG_STR("big", str_make(big, sizeof big)), LOG_INT("n", INT64_MIN),
	    LOG_STR("raw", STR("\0\\\xF0\x9F")), LOG_END);
	json_error_t error;
	json_t *line = json_loads(read_log(), JSON_ALLOW_NUL, &error);
	ck_assert_msg(line != NULL, "%s: %s", error.text, text);
	ck_assert_uint_eq(json_string_length(json_object_get(line, "big")), 1024);
	ck_assert_int_eq(json_integer_value(json_object_get(line, "n")), INT64_MIN);
	ck_assert_str_eq(json_string_value(json_object_get(line, "level")), "err");
	ck_assert_str_eq(json_string_value(json_object_get(line, "message")), "it broke");
	json_decref(line);
}
END_TEST

START_TEST(log_line_with_too_many_tags_is_still_json)
{
	static char big[1000];
	struct log_tag tags[65];
	struct buf out;
	memset(big, '\x01', sizeof big);
	for (int i = 0; i < 64; i++)
		tags[i] = LOG_STR("big", str_make(big, sizeof big));
	tags[64] = LOG_END;
	struct log_line line = {LOG_LEVEL_ERR, "f.c", 1, "m", tags, 0};
	buf_init(&out, LOG_LINE_MAX);
	log_line_json(&line, &out);
	json_t *json = json_loads(out.data, 0, NULL);
	ck_assert_ptr_nonnull(json);
	json_decref(json);
	buf_fini(&out);
}
END_TEST

START_TEST(log_below_the_level_writes_nothing)
{
	catch_stderr();
	log_setup(LOG_LEVEL_WARN, LOG_LOGFMT, 50);
	log_notice("no", LOG_END);
	ck_assert_str_eq(read_log(), "");
	log_crit("yes", LOG_END);
	ck_assert_ptr_nonnull(strstr(read_log(), "level=crit msg=yes"));
}
END_TEST

START_TEST(log_over_its_rate_becomes_one_suppressed_line_per_site)
{
	catch_stderr();
	log_setup(LOG_LEVEL_INFO, LOG_LOGFMT, 3);
	for (int i = 0; i < 10; i++)
		log_warn("again", LOG_END);
	unsigned lines = 0;
	for (const char *p = read_log(); (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_uint_eq(lines, 3);
	log_warn("another site", LOG_END);
	ck_assert_ptr_nonnull(strstr(read_log(), "another site"));
	clock_set(clock_wall_ms() + 1000);
	log_warn("later", LOG_END);
	ck_assert_ptr_nonnull(strstr(read_log(), "msg=suppressed line=again count=7\n"));
	ck_assert_ptr_nonnull(strstr(text, "msg=later\n"));
	log_warn("later", LOG_END);
	ck_assert_ptr_null(strstr(read_log(), "suppressed"));
}
END_TEST

START_TEST(log_format_follows_what_stderr_is)
{
	char name[64];
	struct stat st;
	catch_stderr();
	unsetenv("JOURNAL_STREAM");
	log_setup(LOG_LEVEL_INFO, LOG_AUTO, 50);
	log_info("x", LOG_END);
	ck_assert_int_eq(read_log()[0], '{');
	/* Named as the journal but with another inode: not the journal. */
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + 1);
	setenv("JOURNAL_STREAM", name, 1);
	log_setup(LOG_LEVEL_INFO, LOG_AUTO, 50);
	log_info("x", LOG_END);
	ck_assert_int_eq(read_log()[0], '{');
}
END_TEST

START_TEST(log_journal_fields_carry_priority_identity_and_tags)
{
	struct log_tag tags[] = {LOG_STR("alert_id", STR("a\nb")), LOG_INT("score", 3), LOG_END};
	struct log_line line = {LOG_LEVEL_WARN, "../daemon/base/x.c", 7, "alert emitted", tags, 0};
	struct iovec fields[LOG_FIELDS_MAX];
	struct buf out;
	buf_init(&out, LOG_LINE_MAX);
	int n = log_line_journal(&line, &out, fields);
	static const char *const expect[] = {"MESSAGE=alert emitted", "PRIORITY=4",
	    "MESSAGE_ID=", "CODE_FILE=daemon/base/x.c", "CODE_LINE=7", "SYSLOG_IDENTIFIER=picketd",
	    "PICKETD_EVENT=alert_emitted", "PICKETD_ALERT_ID=a\\nb", "PICKETD_SCORE=3"};
	ck_assert_int_eq(n, 9);
	for (int i = 0; i < n; i++)
		if (i != 2) {
			ck_assert_uint_eq(fields[i].iov_len, strlen(expect[i]));
			ck_assert_mem_eq(fields[i].iov_base, expect[i], strlen(expect[i]));
		}
	ck_assert_uint_eq(fields[2].iov_len, strlen("MESSAGE_ID=") + 32);
	buf_fini(&out);
}
END_TEST

START_TEST(log_names_of_levels_and_formats_parse)
{
	enum log_level level;
	enum log_format format;
	ck_assert(log_level_parse(STR("warning"), &level) && level == LOG_LEVEL_WARN);
	ck_assert(log_level_parse(STR("debug"), &level) && level == LOG_LEVEL_DEBUG);
	ck_assert(!log_level_parse(STR("loud"), &level) && level == LOG_LEVEL_DEBUG);
	ck_assert(log_format_parse(STR("logfmt"), &format) && format == LOG_LOGFMT);
	ck_assert(!log_format_parse(STR("xml"), &format) && format == LOG_LOGFMT);
}
END_TEST

static void *
write_many(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 500; i++)
		log_warn("from a thread", LOG_INT("i", i), LOG_END);
	return NULL;
}

START_TEST(log_lines_of_threads_do_not_mix)
{
	pthread_t threads[4];
	catch_stderr();
	int out = dup(STDERR_FILENO);
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND, 0600);
	ck_assert_int_ge(file, 0);
	dup2(file, STDERR_FILENO);
	log_setup(LOG_LEVEL_INFO, LOG_LOGFMT, 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	dup2(out, STDERR_FILENO);
	ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	FILE *lines = fdopen(file, "r");
	char line[200];
	unsigned n = 0;
	while (fgets(line, sizeof line, lines)) {
		ck_assert_ptr_nonnull(strstr(line, " msg=\"from a thread\" i="));
		ck_assert_int_eq(strncmp(line, "time=", 5), 0);
		n++;
	}
	ck_assert_uint_eq(n, 2000);
	fclose(lines);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {log_logfmt_quotes_and_escapes, log_json_lines_are_json_and_values_are_cut,
	    log_line_with_too_many_tags_is_still_json, log_below_the_level_writes_nothing,
	    log_over_its_rate_becomes_one_suppressed_line_per_site, log_format_follows_what_stderr_is,
	    log_journal_fields_carry_priority_identity_and_tags, log_names_of_levels_and_formats_parse,
	    log_lines_of_threads_do_not_mix, NULL};
	return unit_run("log", tests);
}
