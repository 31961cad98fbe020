#include "command/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/clock.h"
#include "command/expect.h"
#include "command/junit.h"
#include "command/origin.h"
#include "command/reader.h"
#include "command/report_table.h"
#include "pipeline.h"
#include "shared.h"
#include "sigma/correlation.h"

enum { PLACE_LINE_BITS = 40 };
#define LATENESS_ANY_MS (30 * INT64_C(86400000)) /* as much as input.lateness may be */

struct replay {
	const struct replay_options *options;
	struct config config; /* the caller's, but for what --logsource changes; its texts are the caller's */
	struct policy *policy;
	struct report *report;
	struct expect *expect; /* NULL: nothing is expected */
	struct shared *shared;
	struct pipeline *pipeline;
	int64_t received_ms;
	struct origin origin;
	unsigned long rejected;
	bool broken; /* some rules or lists: left out */
	int file; /* index of the file that is read */
	FILE *err;
};

/* Rules that are broken are left out, as by the daemon at its start; the exit status tells of them. */
static int
load_policy(struct replay *r)
{
	struct policy_options how = {
	    .config = &r->config,
	    .any_source = r->origin.any,
	    .replay_source = &r->origin.source,
	};
	struct fail_list problems;
	fail_list_init(&problems);
	r->policy = policy_load(&how, &problems);
	fail_list_print(&problems, r->err);
	r->broken = problems.len > 0;
	fail_list_fini(&problems);
	if (!r->policy)
		return EX_CONFIG;
	unsigned count;
	ruleset_rules(r->policy->rules, &count);
	if (ruleset_disabled(r->policy->rules))
		fprintf(r->err, "picketd: %u rules do not run: disabled, or of status deprecated or unsupported; picketd --check names them\n",
		    ruleset_disabled(r->policy->rules));
	if (count)
		return 0;
	fprintf(r->err, "picketd: there are no rules to evaluate: no file in rules.dirs or --rules ends in .yml or .yaml and has one that runs\n");
	return EX_CONFIG;
}

static int
load_expect(struct replay *r)
{
	struct fail why = {0};
	char line[1024];
	r->expect = expect_load(r->options->expect, &why);
	if (r->expect)
		return 0;
	fail_print(&why, line, sizeof line);
	fprintf(r->err, "%s\n", line);
	return -1;
}

static int
replay_open(struct replay *r)
{
	int code = origin_parse(&r->origin, r->options->logsource, r->err);
	if (code)
		return code;
	r->config = *r->options->config;
	if (r->origin.any) /* a file of anybody's may be in any order */
		r->config.input.lateness_ms = LATENESS_ANY_MS;
	if (r->options->expect && load_expect(r) < 0)
		return EX_CONFIG;
	r->received_ms = clock_wall_ms();
	r->report = report_new();
	return r->report ? load_policy(r) : EX_OSERR;
}

static void
story_close(struct replay *r)
{
	pipeline_free(r->pipeline);
	shared_free(r->shared);
	r->pipeline = NULL;
	r->shared = NULL;
}

/* Fresh windows: a file is a story of its own. */
static int
story_open(struct replay *r)
{
	if (r->pipeline && r->options->carry_state)
		return 0;
	story_close(r);
	clock_set(0);
	r->shared = shared_new(&r->config, report_sink(r->report), r->options->version, true);
	if (r->shared)
		r->pipeline = pipeline_new(shared_pipeline(r->shared), r->policy, NULL);
	return r->pipeline ? 0 : -1;
}

static unsigned long
line_of(uint64_t place)
{
	return place & ((UINT64_C(1) << PLACE_LINE_BITS) - 1);
}

static bool
counts_over_time(const struct policy *p, bool waiting)
{
	unsigned count;
	const struct rule *const *rules = ruleset_rules(p->rules, &count);
	for (unsigned i = 0; i < count; i++) {
		const struct correlation *c = rules[i]->correlation;
		if ((c && (!waiting || c->when != CORRELATION_ON_ARRIVAL)) || (!waiting && rules[i]->burst.by_count))
			return true;
	}
	return false;
}

/* What the order and the times of the events may have made of the answer. */
static void
tell_about_time(const struct replay *r, const char *name, const struct batch *b)
{
	if (r->origin.any && b->timeless && counts_over_time(r->policy, false))
		fprintf(r->err, "%s: %u of %u events have no time that can be read: they count as of one moment, the start of the replay\n",
		    name, b->timeless, b->accepted);
	if (b->disordered && counts_over_time(r->policy, r->origin.any))
		fprintf(r->err, "%s: %u events are older than one before them by more than windows.grace: what waits (absence, the end of a "
				"window) is decided without them%s; sort the file by time\n", name, b->disordered,
		    r->origin.any ? "" : ", and what is older than input.lateness is not counted");
}

static void
on_done(struct batch *b, enum batch_result result, void *ctx)
{
	struct replay *r = ctx;
	const char *name = r->options->files[r->file];
	r->rejected += b->rejected;
	for (uint32_t i = 0; i < b->error_count; i++)
		fprintf(r->err, "%s:%lu: record %u: %s: %s%s%s\n", name, line_of(b->errors[i].place),
		    b->errors[i].index + 1, b->errors[i].code, b->errors[i].pointer, *b->errors[i].pointer ? ": " : "", b->errors[i].detail);
	if (b->rejected > b->error_count)
		fprintf(r->err, "%s: %u more records could not be read\n", name, b->rejected - b->error_count);
	tell_about_time(r, name, b);
	if (result == BATCH_FAILED)
		fprintf(r->err, "picketd: no memory to keep the alerts\n");
}

/* What is due by now; an alert's place is that of the event that completed it. False when there was nothing. */
static bool
decide_due(struct replay *r, struct batch *b)
{
	bool any = false;
	while (pipeline_decide(r->pipeline, b)) {
		any = true;
		const char *name = r->options->files[b->place >> PLACE_LINE_BITS];
		report_place(r->report, name, line_of(b->place));
		report_mark(r->report, b);
	}
	return any;
}

/* The story is told: all that waits is due, in the order of time. */
static void
decide_rest(struct replay *r, struct batch *b)
{
	pipeline_flush(r->pipeline, b);
	report_mark(r->report, b);
	if (r->options->carry_state && r->file + 1 < r->options->file_count)
		return;
	for (int64_t last_ms; (last_ms = pipeline_last_ms(r->pipeline)) != INT64_MAX;) {
		if (last_ms > clock_wall_ms())
			clock_set(last_ms);
		if (!decide_due(r, b))
			return; /* no memory */
	}
}

/* Line by line, so that each alert knows the line that completed it. */
static void
feed_lines(struct replay *r, struct batch *b, struct str bytes, const char *name, unsigned long *line)
{
	while (bytes.len) {
		const char *newline = memchr(bytes.p, '\n', bytes.len);
		size_t n = newline ? (size_t)(newline - bytes.p) + 1 : bytes.len;
		report_place(r->report, name, *line);
		b->place = (uint64_t)r->file << PLACE_LINE_BITS | *line;
		pipeline_feed(r->pipeline, b, str_make(bytes.p, n));
		report_mark(r->report, b);
		decide_due(r, b);
		*line += newline != NULL;
		bytes = str_make(bytes.p + n, bytes.len - n);
	}
}

static int
feed_file(struct replay *r, struct batch *b, struct reader *file, const char *name)
{
	unsigned long line = 1;
	struct fail why = {0};
	struct str piece;
	int failed;
	while (!(failed = reader_next(file, &piece, &why)) && piece.len)
		feed_lines(r, b, piece, name, &line);
	if (failed)
		fprintf(r->err, "picketd: %s: %s\n", name, why.text);
	return failed;
}

static int
replay_file(struct replay *r, const char *name)
{
	struct fail why = {0};
	struct reader *file = reader_open(name, &why);
	if (!file) {
		fprintf(r->err, "picketd: %s: %s\n", name, why.text);
		return EX_DATAERR;
	}
	struct batch b;
	batch_init(&b);
	b.listener = "replay";
	b.source = &r->origin.source;
	/* as by HTTP, so that events which name no tenant have the ids of the live daemon */
	b.tenant = r->config.http.tenant ? str_of(r->config.http.tenant) : STR("");
	b.received_ms = r->received_ms;
	b.max_records = UINT32_MAX;
	b.serial = r->origin.any ? (uint64_t)r->file << PLACE_LINE_BITS | 1 : 0;
	b.on_done = on_done;
	b.on_done_ctx = r;
	int code = story_open(r) < 0 || pipeline_begin(r->pipeline, &b) < 0 ? EX_OSERR : 0;
	if (code) {
		fprintf(r->err, "picketd: no memory\n");
	} else {
		code = feed_file(r, &b, file, name) < 0 ? EX_DATAERR : 0;
		decide_rest(r, &b);
		pipeline_finish(r->pipeline, &b);
	}
	batch_fini(&b);
	reader_close(file);
	return code;
}

static int
print_report(const struct replay *r, const struct expect *e, FILE *out)
{
	switch (r->options->format) {
	case REPLAY_NDJSON:
		return report_ndjson(r->report, out);
	case REPLAY_TABLE:
		return report_table(r->report, out);
	case REPLAY_JUNIT:
		return junit_print(e, r->report, r->policy->rules, out);
	}
	return -1;
}

static int
judge_report(struct replay *r, FILE *out)
{
	if (print_report(r, r->expect, out) < 0 || fflush(out) != 0) {
		fprintf(r->err, "picketd: cannot write the report: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (r->expect && !expect_check(r->expect, r->report, r->policy->rules, r->err))
		return 1;
	if (r->broken)
		fprintf(r->err, "picketd: what is broken above was left out; the alerts are those of the rest\n");
	return r->broken ? EX_CONFIG : r->rejected && !r->expect ? EX_DATAERR : 0;
}

int
replay_run(const struct replay_options *options, FILE *out, FILE *err)
{
	struct replay r = {.options = options, .err = err};
	int code = replay_open(&r);
	for (r.file = 0; r.file < options->file_count && !code; r.file++)
		code = replay_file(&r, options->files[r.file]);
	if (!code)
		code = judge_report(&r, out);
	story_close(&r);
	report_free(r.report);
	expect_free(r.expect);
	policy_unref(r.policy);
	clock_unset();
	return code;
}
