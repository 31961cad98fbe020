/* What one event costs under several rule sets, side by side: the whole path
 * (split, decode, observe, match) and matching alone, in rounds that take
 * turns, so that all sides see the same machine. Prints one line a side:
 * name, records, nanoseconds of the path and of matching per record (medians),
 * matches, milliseconds of loading. tests/bench/rules drives it.
 *
 *   judge ROUNDS EVENTS SIDE...    SIDE: name=config.yaml, or name:any=config.yaml (--logsource any) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "feed.h"
#include "pipeline.h"
#include "shared.h"

enum { SIDES_MAX = 8, ROUNDS_MAX = 101, EVENTS_MAX_BYTES = 1 << 30 };

struct side {
	char name[32];
	struct config *config;
	struct policy *policy;
	double path_ns[ROUNDS_MAX], match_ns[ROUNDS_MAX], load_ms;
	unsigned long records, matches;
};

/* Of a feed that only decodes and matches. */
struct matching {
	struct side *side;
	struct kit *kit;
	int64_t ns;
};

static int64_t
now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
die(const char *what)
{
	fprintf(stderr, "judge: %s\n", what);
	exit(EXIT_FAILURE);
}

static void
side_open(struct side *s, const char *text)
{
	struct fail_list problems;
	const char *path = strchr(text, '=');
	if (!path || path - text >= (ptrdiff_t)sizeof(s->name))
		die("a side is name=config.yaml or name:any=config.yaml");
	snprintf(s->name, sizeof(s->name), "%.*s", (int)(path - text), text);
	fail_list_init(&problems);
	s->config = config_load(path + 1, NULL, NULL, &problems);
	struct policy_options how = {.config = s->config, .any_source = strstr(s->name, ":any") != NULL};
	int64_t begun = now_ns();
	s->policy = s->config ? policy_load(&how, &problems) : NULL;
	s->load_ms = (double)(now_ns() - begun) / 1e6;
	if (!s->policy || problems.len) {
		fail_list_print(&problems, stderr);
		die("the rules do not load");
	}
	fail_list_fini(&problems);
}

static void
side_close(struct side *s)
{
	policy_unref(s->policy);
	config_free(s->config);
}

static enum sink_result
on_append(struct sink *sink, struct batch *b)
{
	(void)sink;
	b->result = BATCH_DONE;
	return SINK_SETTLED;
}

static void
on_done(struct batch *b, enum batch_result result, void *ctx)
{
	(void)b;
	(void)ctx;
	if (result != BATCH_DONE)
		die("a batch failed");
}

/* The whole path: fresh windows, one body. */
static double
run_path(struct side *s, struct str events)
{
	struct sink sink = {.append = on_append};
	struct batch b;
	batch_init(&b);
	b.listener = "bench";
	b.received_ms = clock_wall_ms();
	b.max_records = UINT32_MAX;
	b.insist = true;
	b.on_done = on_done;
	struct shared *shared = shared_new(s->config, &sink, "0", false);
	struct pipeline *p = shared ? pipeline_new(shared_pipeline(shared), s->policy, NULL) : NULL;
	if (!p || pipeline_begin(p, &b))
		die("out of memory");
	int64_t begun = now_ns();
	pipeline_feed(p, &b, events);
	int64_t ns = now_ns() - begun;
	pipeline_finish(p, &b);
	s->records = b.accepted;
	batch_fini(&b);
	pipeline_free(p);
	shared_free(shared);
	return (double)ns / (double)s->records;
}

static void
on_event(struct event *e, void *ctx)
{
	struct matching *m = ctx;
	const struct match *matches;
	int64_t begun = now_ns();
	m->side->matches += matcher_run(m->kit->matcher, e, &matches);
	m->ns += now_ns() - begun;
}

static void
on_reject(const char *code, struct str pointer, struct str detail, void *ctx)
{
	(void)pointer;
	(void)detail;
	(void)ctx;
	die(code);
}

static bool
is_full(void *ctx)
{
	(void)ctx;
	return false;
}

/* Matching alone, of the figures that need no windows. */
static double
run_matching(struct side *s, struct str events)
{
	struct matching m = {.side = s};
	struct feed *f = feed_new(s->config);
	m.kit = kit_new(s->policy, s->config);
	if (!f || !m.kit)
		die("out of memory");
	s->matches = 0;
	f->kit = kit_ref(m.kit);
	f->origin = (struct decoder_origin){NULL, STR(""), clock_wall_ms(), 0};
	f->ops = (struct feed_ops){on_event, on_reject, is_full, &m};
	feed_split(f, events);
	feed_end(f);
	feed_free(f);
	kit_unref(m.kit);
	return (double)m.ns / (double)s->records;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static struct str
read_file(const char *path, struct buf *out)
{
	char piece[65536];
	size_t n;
	FILE *f = fopen(path, "rb");
	buf_init(out, EVENTS_MAX_BYTES);
	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0) {
		if (buf_add(out, piece, n))
			die("the events are too many");
	}
	if (!f || fclose(f) || buf_str(out).len == 0)
		die("no events");
	return buf_str(out);
}

int
main(int argc, char **argv)
{
	struct side sides[SIDES_MAX];
	struct buf text;
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[1]) : 0, count = 0;
	if (argc < 4 || argc - 3 > SIDES_MAX || rounds < 1 || rounds > ROUNDS_MAX)
		die("usage: judge ROUNDS EVENTS SIDE...");
	struct str events = read_file(argv[2], &text);
	for (; count + 3 < (unsigned)argc; count++)
		side_open(&sides[count], argv[count + 3]);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < count; i++)
			sides[i].path_ns[round] = run_path(&sides[i], events);
		for (unsigned i = 0; i < count; i++)
			sides[i].match_ns[round] = run_matching(&sides[i], events);
	}
	for (unsigned i = 0; i < count; i++) {
		struct side *s = &sides[i];
		printf("%s %lu %.1f %.1f %lu %.1f\n", s->name, s->records, median(s->path_ns, rounds),
		    median(s->match_ns, rounds), s->matches, s->load_ms);
		side_close(s);
	}
	buf_fini(&text);
	return EXIT_SUCCESS;
}
