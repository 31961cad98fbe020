#include "pipeline.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "shared.h"
#include "unit/unit.h"

/* A sink that answers as told and notes the ids. */
struct book {
	struct sink sink;
	enum sink_result answer;
	unsigned appended;
	char id[ALERT_ID_SIZE], kind[16];
	int score;
};

struct bench {
	struct config *config;
	struct policy *policy;
	struct shared *shared;
	struct pipeline *pipeline;
	struct book book;
	struct batch batch;
	unsigned done;
	enum batch_result result;
	bool goes_on; /* the source has more when it gets its batch back */
};

static enum sink_result
on_append(struct sink *sink, struct batch *b)
{
	struct book *book = sink->ctx;
	book->appended++;
	snprintf(book->id, sizeof book->id, "%s", alert_id(b->alerts[0]));
	snprintf(book->kind, sizeof book->kind, "%s", alert_kind(b->alerts[0]));
	book->score = alert_score(b->alerts[0]);
	b->result = BATCH_DONE;
	return book->answer;
}

static void send_insistent(struct bench *w, struct batch *b);

static void
on_done(struct batch *b, enum batch_result result, void *ctx)
{
	struct bench *w = ctx;
	w->done++;
	w->result = result;
	if (!w->goes_on)
		return;
	w->goes_on = false;
	batch_fini(b);
	send_insistent(w, b);
}

static struct policy *
load(const struct config *config)
{
	struct policy_options how = {.config = config};
	struct fail_list problems;
	fail_list_init(&problems);
	struct policy *p = policy_load(&how, &problems);
	ck_assert_uint_eq(problems.len, 0);
	fail_list_fini(&problems);
	return p;
}

static void
bench_open(struct bench *w)
{
	struct fail_list problems;
	*w = (struct bench){.book = {.answer = SINK_SETTLED}};
	fail_list_init(&problems);
	w->config = config_load(NULL, SRCDIR "/conf", NULL, &problems);
	ck_assert_ptr_nonnull(w->config);
	fail_list_fini(&problems);
	w->book.sink = (struct sink){on_append, &w->book};
	w->policy = load(w->config);
	ck_assert_ptr_nonnull(w->policy);
	w->shared = shared_new(w->config, &w->book.sink, "0", false);
	ck_assert_ptr_nonnull(w->shared);
	w->pipeline = pipeline_new(shared_pipeline(w->shared), w->policy, NULL);
	ck_assert_ptr_nonnull(w->pipeline);
}

static void
bench_close(struct bench *w)
{
	pipeline_free(w->pipeline);
	shared_free(w->shared);
	policy_unref(w->policy);
	config_free(w->config);
}

static void
begin(struct bench *w)
{
	batch_init(&w->batch);
	w->batch.listener = "http";
	w->batch.received_ms = clock_wall_ms();
	w->batch.max_records = 1000;
	w->batch.on_done = on_done;
	w->batch.on_done_ctx = w;
	ck_assert_int_eq(pipeline_begin(w->pipeline, &w->batch), 0);
}

static void
send(struct bench *w, const char *body)
{
	begin(w);
	pipeline_feed(w->pipeline, &w->batch, str_of(body));
	pipeline_finish(w->pipeline, &w->batch);
}

#define SIGN_IN(id, user, code, risk) \
	"{\"category\":\"SignInLogs\",\"operationName\":\"Sign-in activity\",\"time\":\"2026-11-22T20:00:00Z\"," \
	"\"tenantId\":\"t\",\"resultType\":\"" code "\",\"properties\":{\"id\":\"" id "\",\"createdDateTime\":" \
	"\"2026-11-22T20:00:00Z\",\"userPrincipalName\":\"" user "\",\"ipAddress\":\"203.0.113.7\"," \
	"\"riskLevelDuringSignIn\":\"" risk "\",\"riskState\":\"none\"}}"

START_TEST(pipeline_raises_an_alert_that_the_seed_rule_asks_for)
{
	struct bench w;
	bench_open(&w);
	send(&w, SIGN_IN("1", "a@x.example", "0", "high"));
	ck_assert_uint_eq(w.batch.accepted, 1);
	ck_assert_uint_eq(w.book.appended, 1);
	ck_assert_int_eq(w.book.score, 1);
	ck_assert_uint_eq(w.done, 1);
	ck_assert_int_eq(w.result, BATCH_DONE);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_gives_the_same_id_to_the_same_event)
{
	struct bench w;
	char first[ALERT_ID_SIZE];
	bench_open(&w);
	send(&w, SIGN_IN("1", "a@x.example", "0", "high"));
	memcpy(first, w.book.id, sizeof first);
	batch_fini(&w.batch);
	send(&w, SIGN_IN("1", "a@x.example", "0", "high"));
	ck_assert_str_eq(w.book.id, first);
	ck_assert_uint_eq(w.batch.duplicates, 1);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_allocates_nothing_for_an_event_that_matches_nothing)
{
	struct bench w;
	uint64_t before = 0;
	char event[1024];
	bench_open(&w);
	begin(&w);
	w.batch.max_records = UINT32_MAX;
	for (int i = 0; i < 4000; i++) {
		/* users and addresses come again, as they do; escapes have to be resolved */
		snprintf(event, sizeof event,
		    "{\"category\":\"SignInLogs\",\"operationName\":\"Sign-in activity\",\"tenantId\":\"t\",\"resultType\":"
		    "\"0\",\"properties\":{\"id\":\"%d\",\"createdDateTime\":\"2026-11-22T20:00:%02dZ\","
		    "\"userPrincipalName\":\"u%d\\u0040x.example\",\"ipAddress\":\"198.51.100.%d\",\"riskState\":\"none\","
		    "\"riskEventTypes_v2\":[\"x\",\"y\"],\"location\":{\"countryOrRegion\":\"NO\"}}}\n",
		    i, i % 60, i % 50, i % 20);
		if (i == 2000)
			before = mem_count();
		pipeline_feed(w.pipeline, &w.batch, str_of(event));
	}
	ck_assert_uint_eq(mem_count(), before);
	pipeline_finish(w.pipeline, &w.batch);
	ck_assert_uint_eq(w.batch.accepted, 4000);
	ck_assert_uint_eq(w.book.appended, 0);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_tells_broken_records_by_their_index)
{
	struct bench w;
	bench_open(&w);
	send(&w, "[" SIGN_IN("1", "a@x.example", "0", "none") ",{\"a\":tru}," SIGN_IN("2", "b@x.example", "0", "high") "]");
	ck_assert_uint_eq(w.batch.accepted, 2);
	ck_assert_uint_eq(w.batch.rejected, 1);
	ck_assert_uint_eq(w.batch.errors[0].index, 1);
	ck_assert_str_eq(w.batch.errors[0].code, "json");
	ck_assert_uint_eq(w.book.appended, 1);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_stops_at_max_records_and_what_it_took_stands)
{
	struct bench w;
	bench_open(&w);
	begin(&w);
	w.batch.max_records = 1;
	ck_assert_int_eq(pipeline_feed(w.pipeline, &w.batch,
			     STR(SIGN_IN("1", "a@x.example", "0", "high") SIGN_IN("2", "b@x.example", "0", "high"))),
	    FEED_TOO_MANY);
	pipeline_finish(w.pipeline, &w.batch);
	ck_assert_uint_eq(w.batch.accepted, 1);
	ck_assert_uint_eq(w.book.appended, 1);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_stops_at_max_records_that_break_off)
{
	struct bench w;
	bench_open(&w);
	begin(&w);
	w.batch.max_records = 3;
	ck_assert_int_eq(pipeline_feed(w.pipeline, &w.batch, STR("{\n{\n{\n{\n{\n{\n{\n{\n")), FEED_TOO_MANY);
	pipeline_finish(w.pipeline, &w.batch);
	ck_assert_uint_eq(w.batch.rejected, 4);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_reads_events_in_wrappers_of_wrappers)
{
	struct bench w;
	bench_open(&w);
	send(&w, "{\"message\":\"{\\\"records\\\":[{\\\"_raw\\\":\\\"{\\\\\\\"resultType\\\\\\\":0,\\\\\\\"userPrincipalName"
		 "\\\\\\\":\\\\\\\"u\\\\\\\",\\\\\\\"riskState\\\\\\\":\\\\\\\"atRisk\\\\\\\"}\\\"}]}\"}");
	ck_assert_uint_eq(w.batch.accepted, 1);
	ck_assert_uint_eq(w.book.appended, 1);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_fails_a_batch_that_the_sink_refuses)
{
	struct bench w;
	bench_open(&w);
	w.book.answer = SINK_REFUSED;
	send(&w, SIGN_IN("1", "a@x.example", "0", "high"));
	ck_assert_uint_eq(w.done, 1);
	ck_assert_int_eq(w.result, BATCH_FAILED);
	ck_assert_uint_eq(pipeline_pending(w.pipeline), 0);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_tries_a_batch_again_that_nobody_can_repeat)
{
	struct bench w;
	bench_open(&w);
	w.book.answer = SINK_REFUSED;
	begin(&w);
	w.batch.insist = true;
	pipeline_message(w.pipeline, &w.batch, STR(SIGN_IN("1", "a@x.example", "0", "high")));
	pipeline_finish(w.pipeline, &w.batch);
	pipeline_retry(w.pipeline);
	ck_assert_uint_eq(w.done, 0);
	ck_assert_uint_eq(pipeline_pending(w.pipeline), 1);
	w.book.answer = SINK_SETTLED;
	pipeline_retry(w.pipeline);
	ck_assert_uint_eq(w.done, 1);
	ck_assert_int_eq(w.result, BATCH_DONE);
	ck_assert_uint_eq(w.book.appended, 3);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

static const char *const spray =
    SIGN_IN("1", "a@x.example", "50126", "none") SIGN_IN("2", "b@x.example", "50126", "none")
	SIGN_IN("3", "c@x.example", "50126", "none") SIGN_IN("4", "d@x.example", "50126", "none")
	    SIGN_IN("5", "e@x.example", "50126", "none");

/* As syslog does: nobody can be asked to repeat it. */
static void
send_insistent(struct bench *w, struct batch *b)
{
	batch_init(b);
	b->listener = "syslog";
	b->received_ms = clock_wall_ms();
	b->insist = true;
	b->on_done = on_done;
	b->on_done_ctx = w;
	ck_assert_int_eq(pipeline_begin(w->pipeline, b), 0);
	pipeline_message(w->pipeline, b, STR(SIGN_IN("1", "a@x.example", "0", "high")));
	pipeline_finish(w->pipeline, b);
}

START_TEST(pipeline_that_gave_up_tells_every_later_loss)
{
	struct bench w;
	bench_open(&w);
	w.book.answer = SINK_REFUSED;
	w.goes_on = true;
	send_insistent(&w, &w.batch);
	ck_assert_uint_eq(w.done, 0);
	pipeline_give_up(w.pipeline);
	ck_assert_uint_eq(w.done, 2);
	ck_assert_uint_eq(pipeline_pending(w.pipeline), 0);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

/* A pipeline of its own bounds over the bench's. */
static void
bound(struct bench *w, struct pipeline_shared *shared, uint64_t batch, uint64_t all)
{
	*shared = *shared_pipeline(w->shared);
	shared->batch_alert_bytes = batch;
	shared->all_alert_bytes = all;
	pipeline_free(w->pipeline);
	w->pipeline = pipeline_new(shared, w->policy, NULL);
	ck_assert_ptr_nonnull(w->pipeline);
}

/* Hot sign-ins until the pipeline has enough; how many it took. */
static unsigned
flood(struct bench *w, enum feed_result *result)
{
	char event[1024];
	*result = FEED_OK;
	for (int i = 0; i < 100 && *result == FEED_OK; i++) {
		snprintf(event, sizeof event, SIGN_IN("%d", "a@x.example", "0", "high"), i);
		*result = pipeline_feed(w->pipeline, &w->batch, str_of(event));
	}
	return w->batch.accepted;
}

START_TEST(pipeline_stops_a_batch_whose_alerts_fill_their_memory)
{
	struct bench w;
	struct pipeline_shared shared;
	enum feed_result result;
	bench_open(&w);
	bound(&w, &shared, 10000, 0);
	begin(&w);
	unsigned taken = flood(&w, &result);
	ck_assert_int_eq(result, FEED_TOO_MANY_ALERTS);
	ck_assert_uint_gt(taken, 1);
	ck_assert_uint_lt(taken, 20);
	ck_assert_uint_eq(w.batch.alert_count, taken);
	pipeline_finish(w.pipeline, &w.batch);
	ck_assert_int_eq(w.result, BATCH_DONE);
	ck_assert_uint_eq(*shared.alert_bytes, 0);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_is_crowded_until_alerts_are_stored)
{
	struct bench w;
	struct pipeline_shared shared;
	struct batch other;
	enum feed_result result;
	bench_open(&w);
	bound(&w, &shared, 0, 10000);
	w.book.answer = SINK_TAKEN;
	begin(&w);
	unsigned taken = flood(&w, &result);
	ck_assert_int_eq(result, FEED_BUSY);
	pipeline_finish(w.pipeline, &w.batch);
	ck_assert(pipeline_is_crowded(&shared));
	other = w.batch;
	begin(&w); /* what raises none goes on */
	ck_assert_int_eq(pipeline_feed(w.pipeline, &w.batch, STR(SIGN_IN("q", "q@x.example", "0", "none")
			     SIGN_IN("r", "q@x.example", "0", "none"))), FEED_OK);
	pipeline_finish(w.pipeline, &w.batch);
	batch_fini(&w.batch);
	w.batch = other;
	pipeline_settled(w.pipeline, &w.batch);
	ck_assert(!pipeline_is_crowded(&shared));
	ck_assert_uint_lt(taken, 40);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_never_cuts_short_what_nobody_repeats)
{
	struct bench w;
	struct pipeline_shared shared;
	enum feed_result result;
	bench_open(&w);
	bound(&w, &shared, 10000, 10000);
	begin(&w);
	w.batch.insist = true;
	ck_assert_uint_eq(flood(&w, &result), 100);
	ck_assert_int_eq(result, FEED_OK);
	pipeline_finish(w.pipeline, &w.batch);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_fires_a_burst_once)
{
	struct bench w;
	bench_open(&w);
	send(&w, spray);
	ck_assert_uint_eq(w.book.appended, 1);
	batch_fini(&w.batch);
	send(&w, SIGN_IN("6", "f@x.example", "50126", "none"));
	ck_assert_uint_eq(w.book.appended, 1);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_fires_a_burst_again_whose_alert_was_not_stored)
{
	struct bench w;
	bench_open(&w);
	w.book.answer = SINK_REFUSED;
	send(&w, spray);
	batch_fini(&w.batch);
	w.book.answer = SINK_SETTLED;
	send(&w, spray);
	ck_assert_uint_eq(w.batch.duplicates, 5);
	ck_assert_uint_eq(w.book.appended, 2);
	ck_assert_str_eq(w.book.kind, "trigger");
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

START_TEST(pipeline_judges_a_body_by_the_policy_it_began_with)
{
	struct bench w;
	bench_open(&w);
	begin(&w);
	struct policy *fresh = load(w.config);
	ck_assert_int_eq(pipeline_set_policy(w.pipeline, fresh), 0);
	policy_unref(w.policy);
	w.policy = fresh;
	pipeline_feed(w.pipeline, &w.batch, STR(SIGN_IN("1", "a@x.example", "0", "high")));
	pipeline_finish(w.pipeline, &w.batch);
	ck_assert_uint_eq(w.book.appended, 1);
	batch_fini(&w.batch);
	bench_close(&w);
}
END_TEST

/* else its events are of no log source until the restart that the change waits for, and rules for it see none */
START_TEST(policy_routes_the_sources_of_the_listeners_that_are_open)
{
	struct bench w;
	bench_open(&w);
	struct config running = *w.config;
	running.http.source = (struct source_config){(char[]){"acme"}, (char[]){"door"}, NULL};
	struct policy_options how = {.config = w.config, .running = &running};
	struct fail_list problems;
	fail_list_init(&problems);
	struct policy *p = policy_load(&how, &problems);
	ck_assert_ptr_nonnull(p);
	const struct source *source = policy_source(p, &running.http.source);
	ck_assert_ptr_nonnull(source);
	ck_assert_int_eq(str_eq(source->service, STR("door")), 1);
	ck_assert_ptr_null(policy_source(w.policy, &running.http.source));
	fail_list_fini(&problems);
	policy_unref(p);
	bench_close(&w);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {pipeline_raises_an_alert_that_the_seed_rule_asks_for,
	    pipeline_gives_the_same_id_to_the_same_event, pipeline_allocates_nothing_for_an_event_that_matches_nothing,
	    pipeline_tells_broken_records_by_their_index, pipeline_stops_at_max_records_and_what_it_took_stands,
	    pipeline_stops_at_max_records_that_break_off,
	    pipeline_reads_events_in_wrappers_of_wrappers, pipeline_fails_a_batch_that_the_sink_refuses,
	    pipeline_tries_a_batch_again_that_nobody_can_repeat, pipeline_that_gave_up_tells_every_later_loss,
	    pipeline_stops_a_batch_whose_alerts_fill_their_memory, pipeline_is_crowded_until_alerts_are_stored,
	    pipeline_never_cuts_short_what_nobody_repeats, pipeline_fires_a_burst_once,
	    pipeline_fires_a_burst_again_whose_alert_was_not_stored,
	    pipeline_judges_a_body_by_the_policy_it_began_with, policy_routes_the_sources_of_the_listeners_that_are_open, NULL};
	return unit_run("pipeline", tests);
}
