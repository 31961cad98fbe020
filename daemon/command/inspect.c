#include "command/inspect.h"

#include <sysexits.h>

#include "base/clock.h"
#include "command/reader.h"
#include "decode/describe.h"
#include "detect/policy.h"
#include "feed.h"

enum { TEXT_MAX = 8 * 1024 * 1024 };

struct inspect {
	struct feed *feed;
	FILE *out, *err;
	unsigned long records, unread;
};

static void
show(struct event *e, void *ctx)
{
	struct inspect *i = ctx;
	struct buf text;
	buf_init(&text, TEXT_MAX);
	fprintf(i->out, "record %lu\n", ++i->records);
	if (describe_event(e, i->feed->kit->policy->plan, &text) == 0)
		fprintf(i->out, "%s\n", text.data);
	else
		fprintf(i->out, "  too long to print\n");
	buf_fini(&text);
}

static void
complain(const char *code, struct str pointer, struct str detail, void *ctx)
{
	struct inspect *i = ctx;
	i->unread++;
	fprintf(i->out, "record %lu\n  not read: %s: %.*s%s%.*s\n\n", ++i->records, code, (int)pointer.len, pointer.p,
	    pointer.len ? ": " : "", (int)detail.len, detail.p);
}

static bool
never_full(void *ctx)
{
	(void)ctx;
	return false;
}

static int
inspect_file(struct inspect *i, const char *name)
{
	struct fail why = {0};
	struct str piece = STR("");
	struct reader *file = reader_open(name, &why);
	int failed = file ? 0 : -1;
	while (!failed && !(failed = reader_next(file, &piece, &why)) && piece.len)
		feed_split(i->feed, piece);
	feed_end(i->feed);
	if (failed)
		fprintf(i->err, "picketd: %s: %s\n", name, why.text);
	reader_close(file);
	return failed ? EX_DATAERR : 0;
}

static struct policy *
load_schemas(const struct config *config, FILE *err)
{
	struct policy_options how = {.config = config};
	struct fail_list problems;
	fail_list_init(&problems);
	struct policy *policy = policy_load(&how, &problems);
	fail_list_print(&problems, err);
	fail_list_fini(&problems);
	return policy;
}

int
inspect_run(const struct config *config, char *const *files, int file_count, FILE *out, FILE *err)
{
	struct inspect i = {.out = out, .err = err};
	struct policy *policy = load_schemas(config, err);
	if (!policy)
		return EX_CONFIG;
	int code = EX_OSERR;
	i.feed = feed_new(config);
	if (i.feed)
		i.feed->kit = kit_new(policy, config);
	if (i.feed && i.feed->kit) {
		i.feed->ops = (struct feed_ops){show, complain, never_full, &i};
		i.feed->origin.received_ms = clock_wall_ms();
		code = 0;
		for (int n = 0; n < file_count && !code; n++)
			code = inspect_file(&i, files[n]);
	}
	feed_free(i.feed);
	policy_unref(policy);
	return code ? code : i.unread ? EX_DATAERR : 0;
}
