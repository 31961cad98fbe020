#include "command/explain.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "command/explain_view.h"
#include "command/origin.h"
#include "command/reader.h"
#include "command/report.h"
#include "feed.h"
#include "pipeline.h"
#include "shared.h"
#include "sigma/correlation.h"

enum { PATH_SIZE = 4096, EVENT_MAX = 64 << 20, ARENA_MAX = 256 << 20, OUTPUT_MAX = 64 << 20 };

struct explain {
	const struct explain_options *options;
	struct origin origin;
	struct policy *policy;
	const struct rule *rule;
	int64_t received_ms;
	unsigned seen; /* events */
	int code;
	FILE *out, *err;
};

static bool
is_file(const char *path)
{
	struct stat s;
	return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static const struct rule *
find_rule(const struct explain *x)
{
	struct str wanted = str_of(x->options->rule);
	unsigned count;
	const struct rule *const *rules = ruleset_rules(x->policy->rules, &count);
	if (is_file(x->options->rule)) {
		for (unsigned i = 0; i < count; i++)
			if (strcmp(rules[i]->file, x->options->rule) == 0)
				return rules[i];
		return NULL;
	}
	const struct rule *named = ruleset_named(x->policy->rules, wanted);
	for (unsigned i = 0; i < count && !named; i++)
		if (str_eq_nocase(wanted, str_of(rules[i]->title)))
			named = rules[i];
	return named;
}

/* Other rules may be broken; that is told and does not matter here. */
static int
load_rule(struct explain *x)
{
	struct policy_options how = {
	    .config = x->options->config,
	    .any_source = x->origin.any,
	    .replay_source = &x->origin.source,
	    .keep_text = true,
	    .rule_file = is_file(x->options->rule) ? x->options->rule : NULL,
	};
	struct fail_list problems;
	fail_list_init(&problems);
	x->policy = policy_load(&how, &problems);
	fail_list_print(&problems, x->err);
	bool broken = !x->policy || problems.len;
	fail_list_fini(&problems);
	if (x->policy)
		x->rule = find_rule(x);
	if (x->rule)
		return 0;
	bool rests = x->policy && ruleset_rests(x->policy->rules, str_of(x->options->rule));
	fprintf(x->err, "picketd: no rule that runs is %s%s%s\n", how.rule_file ? "in " : "called ", x->options->rule,
	    rests ? ": it is disabled, retired or broken" : "");
	return broken ? EX_CONFIG : EX_USAGE;
}

/* ---- the event ---- */

/* "FILE:LINE" -> its line, and the name's length; 0: all of the file. */
static unsigned long
line_of(const char *name, size_t *name_len)
{
	const char *colon = strrchr(name, ':');
	char *end;
	*name_len = strlen(name);
	if (!colon || colon[1] < '1' || colon[1] > '9' || is_file(name))
		return 0;
	errno = 0;
	unsigned long line = strtoul(colon + 1, &end, 10);
	if (*end || errno)
		return 0;
	*name_len = (size_t)(colon - name);
	return line;
}

/* Of the piece, what belongs to the wanted line (0: everything); *line goes on. */
static int
keep_line(struct buf *text, struct str piece, unsigned long wanted, unsigned long *line)
{
	while (piece.len > 0 && (!wanted || *line <= wanted)) {
		const char *newline = wanted ? memchr(piece.p, '\n', piece.len) : NULL;
		size_t n = newline ? (size_t)(newline - piece.p) + 1 : piece.len;
		if ((!wanted || *line == wanted) && buf_add(text, piece.p, n) < 0)
			return -1;
		*line += newline != NULL;
		piece = str_make(piece.p + n, piece.len - n);
	}
	return 0;
}

static int
read_event(const struct explain *x, struct buf *text)
{
	char path[PATH_SIZE];
	size_t len;
	unsigned long wanted = line_of(x->options->event, &len), line = 1;
	struct fail why = {0};
	struct str piece = STR("");
	snprintf(path, sizeof path, "%.*s", (int)(len < INT_MAX ? len : INT_MAX), x->options->event);
	struct reader *file = reader_open(path, &why);
	int failed = file ? 0 : -1;
	while (!failed && !(failed = reader_next(file, &piece, &why)) && piece.len && (!wanted || line <= wanted))
		if (keep_line(text, piece, wanted, &line) < 0)
			failed = fail_set(&why, "file", "longer than 64 MiB");
	if (!failed && wanted && !text->len)
		failed = fail_set(&why, "file", "there is no such line");
	reader_close(file);
	if (failed)
		fprintf(x->err, "picketd: %s: %s\n", x->options->event, why.text);
	return failed ? EX_DATAERR : 0;
}

/* ---- explaining ---- */

struct collector {
	const struct rule **rules; /* event rules, count of them */
	bool *known;               /* by rule.index */
	unsigned count;
};

struct explain_source { /* what a part is explained with */
	struct arena *arena;
	const struct kit *kit;
	struct tuning_effect *effect; /* zeroed; filled where tuning applies */
};

/* The event rules below a correlation, each once. */
static void
collect(struct collector *c, const struct rule *rule)
{
	if (c->known[rule->index])
		return;
	c->known[rule->index] = true;
	if (!rule->correlation)
		c->rules[c->count++] = rule;
	for (unsigned i = 0; rule->correlation && i < rule->correlation->feed_count; i++)
		collect(c, rule->correlation->feeds[i].rule);
}

/* First without tuning: that only looks at what matches. */
static int
explain_part(struct explain_question *q, const struct rule *rule, const struct explain_source *from,
    struct explanation *out, struct fail *why)
{
	q->off = NULL;
	if (ruleset_explain(q, rule, from->arena, out, why) < 0)
		return -1;
	if (!out->matches || !tuning_mask(from->kit->policy->tuning, from->kit->matcher, q->event, rule, from->effect))
		return 0;
	q->off = &from->effect->off;
	return ruleset_explain(q, rule, from->arena, out, why);
}

static int
explain_parts(struct explain *x, struct explain_view *v, const struct kit *kit, struct arena *arena, struct fail *why)
{
	unsigned all;
	(void)ruleset_rules(x->policy->rules, &all);
	struct collector c = {arena_alloc(arena, all * sizeof *c.rules), arena_alloc(arena, all * sizeof *c.known), 0};
	struct explanation *parts = arena_alloc(arena, all * sizeof *parts);
	struct tuning_effect *effects = arena_alloc(arena, all * sizeof *effects);
	if (!c.rules || !c.known || !parts || !effects)
		return fail_set(why, "memory", "no memory");
	memset(c.known, 0, all * sizeof *c.known);
	memset(effects, 0, all * sizeof *effects);
	collect(&c, x->rule);
	matcher_begin(kit->matcher, v->event);
	struct explain_question question = {x->policy->rules, v->event, NULL};
	for (unsigned i = 0; i < c.count; i++) {
		struct explain_source from = {arena, kit, &effects[i]};
		if (explain_part(&question, c.rules[i], &from, &parts[i], why) < 0)
			return -1;
	}
	v->parts = parts;
	v->tuned = effects;
	v->silence = tuning_suppresses(kit->policy->tuning, v->event, x->rule);
	v->part_count = c.count;
	return 0;
}

static void
show(struct explain *x, const struct event *e, const struct kit *kit)
{
	struct explain_view v = {.rule = x->rule, .event = e, .decoder = kit->decoder, .fields = x->policy->fields};
	struct arena arena;
	struct buf text;
	struct fail why = {0};
	arena_init(&arena, ARENA_MAX, 0);
	buf_init(&text, OUTPUT_MAX);
	x->code = EX_OSERR;
	if (explain_parts(x, &v, kit, &arena, &why) < 0)
		fprintf(x->err, "picketd: %s\n", why.text);
	else if (x->options->json ? explain_json(&v, &text) : explain_text(&v, &text))
		fprintf(x->err, "picketd: the explanation is too long to print, or memory is out\n");
	else if (fwrite(text.data, 1, text.len, x->out) != text.len || fflush(x->out) != 0)
		fprintf(x->err, "picketd: cannot write: %s\n", strerror(errno));
	else
		x->code = explain_matches(&v) ? 0 : 1;
	buf_fini(&text);
	arena_fini(&arena);
}

static void
on_event(const struct event *e, const struct kit *kit, void *ctx)
{
	struct explain *x = ctx;
	if (x->seen++ == 0)
		show(x, e, kit);
}

static void
on_done(struct batch *b, enum batch_result result, void *ctx)
{
	struct explain *x = ctx;
	(void)result; /* the explanation stands */
	for (uint32_t i = 0; i < b->error_count; i++)
		fprintf(x->err, "picketd: %s: record %u: %s: %s%s%s\n", x->options->event, b->errors[i].index + 1,
		    b->errors[i].code, b->errors[i].pointer, *b->errors[i].pointer ? ": " : "", b->errors[i].detail);
}

/* Through the pipeline, as a listener would send it. */
static int
judge(struct explain *x, struct pipeline *p, struct str text)
{
	struct batch b;
	batch_init(&b);
	b.listener = "replay";
	b.source = &x->origin.source;
	b.tenant = x->options->config->http.tenant ? str_of(x->options->config->http.tenant) : STR("");
	b.received_ms = x->received_ms;
	b.max_records = 2; /* enough to know that there is more than one */
	b.on_done = on_done;
	b.on_done_ctx = x;
	int failed = pipeline_begin(p, &b);
	if (!failed) {
		(void)pipeline_message(p, &b, text);
		pipeline_finish(p, &b);
	}
	batch_fini(&b);
	return failed;
}

static int
explain_event(struct explain *x, struct str text)
{
	struct report *nobody = report_new();
	struct shared *shared = nobody ? shared_new(x->options->config, report_sink(nobody), x->options->version, true)
				       : NULL;
	struct pipeline_shared mine;
	struct pipeline *p = NULL;
	x->received_ms = clock_wall_ms();
	x->code = EX_DATAERR;
	clock_set(0);
	if (shared) {
		mine = *shared_pipeline(shared);
		mine.witness = on_event;
		mine.witness_ctx = x;
		p = pipeline_new(&mine, x->policy, NULL);
	}
	if (!p || judge(x, p, text) < 0) {
		fprintf(x->err, "picketd: no memory\n");
		x->code = EX_OSERR;
	}
	if (x->code == EX_DATAERR)
		fprintf(x->err, "picketd: %s: there is no event\n", x->options->event);
	if (x->seen > 1)
		fprintf(x->err, "picketd: %s: this is the first event of several; FILE:LINE names another\n",
		    x->options->event);
	pipeline_free(p);
	shared_free(shared);
	report_free(nobody);
	clock_unset();
	return x->code;
}

int
explain_run(const struct explain_options *options, FILE *out, FILE *err)
{
	struct explain x = {.options = options, .out = out, .err = err};
	struct buf text;
	buf_init(&text, EVENT_MAX);
	int code = origin_parse(&x.origin, options->logsource, err);
	if (!code)
		code = load_rule(&x);
	if (!code)
		code = read_event(&x, &text);
	if (!code)
		code = explain_event(&x, buf_str(&text));
	policy_unref(x.policy);
	buf_fini(&text);
	return code;
}
