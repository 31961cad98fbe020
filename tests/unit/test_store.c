#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/metrics.h"
#include "store/alerts.h"
#include "store/db.h"
#include "detect/tuning.h"
#include "store_fixture.h"

static struct fixture x;
static struct home h;

static void
on_claimed(void *message, void *ctx)
{
	(void)message;
	(*(unsigned *)ctx)++;
}

/* What a claim of the target brings; the caller frees the rows. */
static struct claim
claim(unsigned target, unsigned max, bool fifo)
{
	unsigned answered = 0;
	struct mailbox *box = mailbox_new(h.worker, 4, on_claimed, &answered);
	struct claim c = {.target = target, .max = max, .fifo = fifo, .reply = box};
	ck_assert_int_eq(store_claim(h.store, &c), 0);
	home_turn(&h, 5);
	ck_assert_uint_eq(answered, 1);
	ck_assert(!c.failed);
	mailbox_free(box);
	return c;
}

static void
free_rows(struct delivery *d)
{
	while (d) {
		struct delivery *next = d->next;
		delivery_free(d);
		d = next;
	}
}

START_TEST(a_batch_is_answered_when_its_alerts_are_on_disk)
{
	struct batch b;
	home_init(&h, 1);
	memset(&b, 0, sizeof(b));
	ck_assert_int_eq(alert_add(&b, fixture_plain(&x, 1, 2)), 0);
	home_send(&h, &b);
	loop_turn(store_loop(h.store));
	loop_turn(h.worker);
	ck_assert_uint_eq(h.answers, 0); /* the group is still open */
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 0);
	home_turn(&h, 5);
	ck_assert_uint_eq(h.answers, 1);
	ck_assert_ptr_eq(h.answered[0], &b);
	ck_assert_int_eq((int)b.result, (int)BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts WHERE score = 2 AND kind = 'trigger'"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox"), 1);
	alert_drop(&b);
	home_fini(&h);
}
END_TEST

START_TEST(a_batch_without_alerts_does_not_wait)
{
	struct batch b;
	home_init(&h, 0);
	memset(&b, 0, sizeof(b));
	ck_assert_int_eq((int)store_sink(h.store)->append(store_sink(h.store), &b), (int)SINK_SETTLED);
	ck_assert_int_eq((int)b.result, (int)BATCH_DONE);
	home_fini(&h);
}
END_TEST

START_TEST(a_full_group_is_committed_before_its_interval_ends)
{
	struct batch b[3];
	home_init(&h, 1);
	h.state.commit_alerts = 3;
	memset(b, 0, sizeof(b));
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(alert_add(&b[i], fixture_plain(&x, i, 1)), 0);
		home_send(&h, &b[i]);
	}
	loop_turn(store_loop(h.store));
	loop_turn(h.worker);
	ck_assert_uint_eq(h.answers, 3);
	for (unsigned i = 0; i < 3; i++)
		alert_drop(&b[i]);
	home_fini(&h);
}
END_TEST

START_TEST(the_same_alert_twice_is_one_alert_and_one_row)
{
	home_init(&h, 2);
	for (int i = 0; i < 3; i++)
		home_store(&h, fixture_plain(&x, 7, 2), BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox"), 2);
	home_fini(&h);
}
END_TEST

START_TEST(a_later_copy_with_a_higher_score_goes_out_as_escalate)
{
	home_init(&h, 1);
	home_store(&h, fixture_plain(&x, 7, 1), BATCH_DONE);
	home_store(&h, fixture_plain(&x, 7, 3), BATCH_DONE);
	home_store(&h, fixture_plain(&x, 7, 3), BATCH_DONE);
	home_store(&h, fixture_plain(&x, 7, 2), BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 2);
	ck_assert_int_eq(home_ask(&h, "SELECT count(DISTINCT dedup_key) FROM alerts"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox WHERE type = 'alert.escalate' AND score = 3"), 1);
	home_store(&h, fixture_plain(&x, 7, 4), BATCH_DONE); /* higher still */
	home_store(&h, fixture_plain(&x, 7, 4), BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 3);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts WHERE kind = json_extract(data, '$.kind')"), 3);
	home_fini(&h);
}
END_TEST

START_TEST(sequence_numbers_have_no_gaps_and_survive_a_restart)
{
	home_init(&h, 2);
	h.targets[1].min_score = 2;
	for (unsigned i = 0; i < 6; i++)
		home_store(&h, fixture_plain(&x, i, i % 2 ? 3 : 1), BATCH_DONE);
	struct claim c = claim(0, 8, false);
	for (struct delivery *d = c.rows, *next; d; d = next) {
		next = d->next;
		d->verdict = DELIVERY_DONE;
		ck_assert_int_eq(store_settle(h.store, d), 0);
	}
	home_turn(&h, 5);
	home_close(&h);
	home_open(&h);
	for (unsigned i = 6; i < 8; i++)
		home_store(&h, fixture_plain(&x, i, 3), BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT min(seq) FROM outbox WHERE target = 1"), 7);
	ck_assert_int_eq(home_ask(&h, "SELECT max(seq) FROM outbox WHERE target = 1"), 8);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM delivered WHERE target = 1"), 6);
	ck_assert_int_eq(home_ask(&h, "SELECT count(DISTINCT seq) FROM outbox WHERE target = 2 AND seq BETWEEN 1 AND 5"), 5);
	home_fini(&h);
}
END_TEST

START_TEST(an_alert_that_no_target_wants_is_stored_all_the_same)
{
	home_init(&h, 3);
	h.targets[0].min_score = 3;
	h.targets[1].min_severity = LEVEL_CRITICAL;
	h.targets[2].enabled = false;
	home_store(&h, fixture_plain(&x, 1, 2), BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox"), 0);
	home_fini(&h);
}
END_TEST

START_TEST(a_claim_brings_the_highest_score_first_then_the_newest_event)
{
	static const int want[] = {3, 3, 2, 2, 1, 1};
	home_init(&h, 1);
	for (unsigned i = 0; i < 6; i++)
		home_store(&h, fixture_plain(&x, i, (int)(i % 3) + 1), BATCH_DONE);
	struct claim c = claim(0, 10, false);
	int64_t last = INT64_MAX;
	unsigned n = 0;
	for (struct delivery *d = c.rows; d; d = d->next, n++) {
		ck_assert_int_eq(d->score, want[n]);
		ck_assert(n % 2 == 0 || d->event_ms < last);
		last = d->event_ms;
	}
	ck_assert_uint_eq(n, 6);
	free_rows(c.rows);
	c = claim(0, 2, true);
	ck_assert_int_eq(c.rows->seq, 1);
	ck_assert_int_eq(c.rows->next->seq, 2);
	free_rows(c.rows);
	home_fini(&h);
}
END_TEST

START_TEST(the_envelope_is_the_same_on_every_attempt)
{
	struct buf first, second;
	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	home_init(&h, 1);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE);
	struct claim c = claim(0, 1, false);
	ck_assert_int_eq(delivery_envelope(c.rows, &first), 0);
	ck_assert_int_eq(strncmp(first.data, "{\"type\":\"alert.trigger\",\"timestamp\":\"2026-11-22T20:00:00.005Z\",\"seq\":1,"
	    "\"data\":{\"schema\":\"alert/1\",\"id\":\"alr_", 106), 0);
	free_rows(c.rows);
	home_close(&h);
	clock_set(NOON + 3600000);
	home_open(&h);
	c = claim(0, 1, false);
	ck_assert_int_eq(delivery_envelope(c.rows, &second), 0);
	ck_assert_str_eq(first.data, second.data);
	free_rows(c.rows);
	buf_fini(&first);
	buf_fini(&second);
	home_fini(&h);
}
END_TEST

START_TEST(what_was_settled_is_claimed_no_more)
{
	home_init(&h, 1);
	for (unsigned i = 0; i < 3; i++)
		home_store(&h, fixture_plain(&x, i, (int)(3 - i)), BATCH_DONE);
	struct claim c = claim(0, 3, false);
	struct delivery *done = c.rows, *retry = done->next, *dead = retry->next;
	done->verdict = DELIVERY_DONE;
	retry->verdict = DELIVERY_RETRY;
	retry->attempts = 1;
	retry->due_ms = clock_wall_ms() + 60000;
	dead->verdict = DELIVERY_DEAD;
	dead->reason = DEAD_REFUSED;
	dead->status = 400;
	snprintf(dead->body, sizeof(dead->body), "no\x01 thanks");
	ck_assert_int_eq(store_settle(h.store, done) + store_settle(h.store, retry) + store_settle(h.store, dead), 0);
	int64_t now = clock_wall_ms();
	c = claim(0, 3, false); /* not written yet, and hidden all the same */
	ck_assert_ptr_null(c.rows);
	ck_assert_int_eq(c.next_due_ms, now + 5);
	home_turn(&h, 5);
	c = claim(0, 3, false);
	ck_assert_ptr_null(c.rows);
	ck_assert_int_eq(c.next_due_ms, now + 60000);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE reason = 'refused' AND last_status = 400 AND "
	    "last_body = 'no. thanks' AND webhook_id LIKE 'msg\\_%' ESCAPE '\\' AND "
	    "json_extract(envelope, '$.data.threat_score') = 1"), 1);
	ck_assert_double_eq(metrics_value(METRIC_DEAD_LETTERS, "soc", "refused"), 1);
	clock_set(now + 60000);
	c = claim(0, 3, false);
	ck_assert_ptr_nonnull(c.rows);
	ck_assert_uint_eq(c.rows->attempts, 1);
	free_rows(c.rows);
	home_fini(&h);
}
END_TEST

START_TEST(rows_past_their_age_become_dead_letters)
{
	home_init(&h, 2);
	for (unsigned i = 0; i < 4; i++)
		home_store(&h, fixture_plain(&x, i, 1), BATCH_DONE);
	clock_set(NOON + 1000);
	home_store(&h, fixture_plain(&x, 9, 1), BATCH_DONE);
	unsigned answered = 0;
	struct mailbox *box = mailbox_new(h.worker, 4, on_claimed, &answered);
	struct claim c = {.target = 1, .max = 0, .expire_before_ms = NOON + 500, .reply = box};
	ck_assert_int_eq(store_claim(h.store, &c), 0);
	home_turn(&h, 5);
	ck_assert_uint_eq(answered, 1);
	ck_assert_uint_eq(c.expired, 4);
	ck_assert_uint_eq(store_outbox_len(h.store, 1), 1);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 5);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE reason = 'expired' AND target = 'low'"), 4);
	mailbox_free(box);
	home_fini(&h);
}
END_TEST

START_TEST(a_target_that_may_lose_gives_up_its_lowest_first)
{
	home_init(&h, 1);
	h.targets[0].required = false;
	h.targets[0].queue_max_alerts = 2;
	home_store(&h, fixture_plain(&x, 1, 3), BATCH_DONE);
	home_store(&h, fixture_plain(&x, 2, 1), BATCH_DONE);
	home_store(&h, fixture_plain(&x, 3, 2), BATCH_DONE);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 2);
	ck_assert_int_eq(home_ask(&h, "SELECT min(score) FROM outbox"), 2);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE reason = 'overflow'"), 1);
	ck_assert_int_eq((int)store_pressure(h.store), (int)STORE_OK);
	home_fini(&h);
}
END_TEST

START_TEST(a_required_target_that_is_nearly_full_is_pressure)
{
	home_init(&h, 1);
	h.targets[0].queue_max_alerts = 10;
	for (unsigned i = 0; i < 9; i++) {
		ck_assert_int_eq((int)store_pressure(h.store), (int)STORE_OK);
		home_store(&h, fixture_plain(&x, i, 1), BATCH_DONE);
	}
	ck_assert_int_eq((int)store_pressure(h.store), (int)STORE_OUTBOX_FULL);
	ck_assert(store_ready(h.store));
	home_fini(&h);
}
END_TEST

START_TEST(a_disk_below_its_reserve_is_pressure_and_not_ready)
{
	struct fail why;
	home_init(&h, 0);
	ck_assert(store_ready(h.store));
	(void)why;
	snprintf(h.dir, sizeof(h.dir), "/nonexistent"); /* what cannot be measured counts as full */
	home_turn(&h, 1000);
	ck_assert_int_eq((int)store_pressure(h.store), (int)STORE_DISK_LOW);
	ck_assert(!store_ready(h.store));
	memcpy(h.dir, h.path, strlen(h.path) - strlen("/picketd.db"));
	h.dir[strlen(h.path) - strlen("/picketd.db")] = '\0';
	home_turn(&h, 1000);
	ck_assert(store_ready(h.store));
	home_fini(&h);
}
END_TEST

START_TEST(new_rows_are_told_to_whoever_watches)
{
	unsigned told = 0;
	home_init(&h, 3);
	h.targets[1].enabled = false;
	struct mailbox *news = mailbox_new(h.worker, 1, on_claimed, &told);
	store_watch(h.store, news);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE);
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(store_take_news(h.store), 5);
	ck_assert_uint_eq(store_take_news(h.store), 0);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE); /* known: nothing new */
	ck_assert_uint_eq(told, 1);
	store_watch(h.store, NULL);
	mailbox_free(news);
	home_fini(&h);
}
END_TEST

START_TEST(old_alerts_go_but_never_a_queued_one)
{
	home_init(&h, 1);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE);
	h.targets[0].min_score = 5;
	home_store(&h, fixture_plain(&x, 2, 1), BATCH_DONE);
	clock_set(NOON + h.state.alerts_keep_ms + 3600000);
	home_store(&h, fixture_plain(&x, 3, 1), BATCH_DONE);
	home_turn(&h, 60000);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 2);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts JOIN outbox ON alert = id"), 1);
	home_fini(&h);
}
END_TEST

START_TEST(rows_of_a_target_that_left_the_configuration_expire)
{
	home_init(&h, 2);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE);
	home_close(&h);
	h.target_count = 1;
	home_open(&h);
	home_turn(&h, 60000);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox"), 2);
	clock_set(NOON + INT64_C(73) * 3600 * 1000);
	home_turn(&h, 60000);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM dead_letters WHERE target = 'low'"), 1);
	home_fini(&h);
}
END_TEST

START_TEST(a_state_directory_has_one_user)
{
	struct fail why = {0};
	struct stat st;
	home_init(&h, 1);
	struct store_options options = {&h.state, h.targets, 1};
	ck_assert_ptr_null(store_new(&options, &why));
	ck_assert_str_eq(why.code, "state-locked");
	ck_assert_int_eq(stat(h.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	home_fini(&h);
}
END_TEST

START_TEST(what_cannot_be_opened_says_why)
{
	struct fail why = {0};
	sqlite3 *db;
	home_init(&h, 1);
	struct store_options options = {&h.state, h.targets, 1};
	home_close(&h);
	ck_assert_int_eq(sqlite3_open(h.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_ptr_null(store_new(&options, &why));
	ck_assert_str_eq(why.code, "state-newer");
	FILE *f = fopen(h.path, "w");
	for (int i = 0; i < 500; i++)
		fputs("this is not a database. ", f);
	fclose(f);
	memset(&why, 0, sizeof(why));
	ck_assert_ptr_null(store_new(&options, &why));
	ck_assert_msg(strcmp(why.code, "state-corrupt") == 0, "%s: %s", why.code, why.text);
	struct state_config nowhere = h.state;
	char missing[] = "/nonexistent/dir";
	nowhere.dir = missing;
	options.state = &nowhere;
	ck_assert_ptr_null(store_new(&options, &why));
	ck_assert_str_eq(why.code, "state");
	home_fini(&h);
}
END_TEST

static struct incidents *
table_new(int64_t span_ms, uint32_t max)
{
	struct incidents_options options = {span_ms, max, "0123456789abcdef"};
	struct incidents *t = incidents_new(&options);
	ck_assert_ptr_nonnull(t);
	return t;
}

/* An alert about event n that has found its place; x is its fixture, and can be used for a report about it. */
static struct alert *
placed(struct incidents *t, unsigned n, const struct tuning_entry *suppressed_by)
{
	static struct incident_place place;
	alert_unref(fixture_plain(&x, n, 1));
	x.finding.suppressed_by = suppressed_by;
	incidents_place(t, &x.finding, clock_wall_ms(), &place);
	x.finding.place = &place;
	return fixture_alert(&x);
}

/* The alert that a report about event n joins; "" for none. Asks only. */
static const char *
joined_by(struct incidents *t, unsigned n)
{
	static struct incident_place place;
	static const struct rule_field joins = {"requestId", FIELD_FIXED_COUNT + 1, NULL, 0};
	char event[24];
	alert_unref(fixture_plain(&x, n + 1000, 1));
	snprintf(event, sizeof(event), "%u", n);
	fixture_set(&x, joins.slot, VALUE_STRING, event);
	x.rule.id = "report";
	x.rule.dedup_joins = &joins;
	x.finding.suppressed_by = (const void *)&x;
	incidents_place(t, &x.finding, clock_wall_ms(), &place);
	return place.related;
}

START_TEST(a_restart_knows_the_alerts_that_reports_can_join)
{
	struct fail why = {0};
	char ids[4][ALERT_ID_SIZE];
	int64_t raised_ms[4];
	struct incidents *t = table_new(3600000, 1024);
	home_init(&h, 1);
	home_store(&h, fixture_plain(&x, 9, 1), BATCH_DONE); /* as an earlier version stored them */
	for (unsigned i = 0; i < 4; i++) {
		if (i == 2)
			clock_set(clock_wall_ms() + 1800000);
		struct alert *a = placed(t, i, NULL);
		raised_ms[i] = clock_wall_ms();
		memcpy(ids[i], alert_id(a), ALERT_ID_SIZE);
		home_store(&h, a, BATCH_DONE);
	}
	incidents_free(t);
	home_close(&h);
	clock_set(clock_wall_ms() + 1800000);
	home_open(&h);
	t = table_new(3600000, 1024);
	ck_assert_int_eq(store_recall(h.store, t, &why), 0);
	ck_assert_str_eq(joined_by(t, 1), ""); /* older than the span */
	ck_assert_str_eq(joined_by(t, 2), ids[2]);
	ck_assert_str_eq(joined_by(t, 3), ids[3]);
	ck_assert_str_eq(joined_by(t, 9), "");
	int64_t now = clock_wall_ms();
	clock_set(raised_ms[2] + 3600001); /* time passes over the older one first */
	ck_assert_str_eq(joined_by(t, 2), "");
	ck_assert_str_eq(joined_by(t, 3), ids[3]);
	clock_set(now);
	incidents_free(t);
	t = table_new(3600000, 1); /* has room for the newest only */
	ck_assert_int_eq(store_recall(h.store, t, &why), 0);
	ck_assert_str_eq(joined_by(t, 2), "");
	ck_assert_str_eq(joined_by(t, 3), ids[3]);
	incidents_free(t);
	home_fini(&h);
}
END_TEST

START_TEST(an_alert_that_was_suppressed_can_be_joined_after_a_restart_once_it_is_sent)
{
	struct fail why = {0};
	static const struct tuning_entry entry = {.id = "drill", .owner = "o", .reason = "r", .end_ms = INT64_MAX};
	struct incidents *t = table_new(3600000, 1024);
	home_init(&h, 1);
	for (int i = 0; i < 2; i++) {
		home_store(&h, placed(t, 1, i == 0 ? &entry : NULL), BATCH_DONE);
		incidents_free(t);
		t = table_new(3600000, 1024);
		ck_assert_int_eq(store_recall(h.store, t, &why), 0);
		ck_assert_int_eq(*joined_by(t, 1) != '\0', i == 1);
	}
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 1);
	incidents_free(t);
	home_fini(&h);
}
END_TEST

START_TEST(a_store_of_the_first_format_is_brought_up_to_date_and_keeps_its_alerts)
{
	struct fail why = {0};
	sqlite3 *db;
	home_init(&h, 1);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE);
	home_close(&h);
	ck_assert_int_eq(sqlite3_open(h.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "DROP INDEX alerts_by_age; ALTER TABLE alerts DROP COLUMN keys;"
	    "CREATE INDEX alerts_by_age ON alerts (stored_ms); PRAGMA user_version=1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	home_open(&h);
	struct incidents *t = table_new(3600000, 1024);
	struct alert *a = placed(t, 2, NULL);
	incidents_free(t);
	t = table_new(3600000, 1024);
	home_store(&h, a, BATCH_DONE);
	ck_assert_int_eq(store_recall(h.store, t, &why), 0);
	ck_assert_str_eq(joined_by(t, 1), "");
	ck_assert_str_ne(joined_by(t, 2), "");
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 2);
	incidents_free(t);
	home_fini(&h);
}
END_TEST

START_TEST(the_list_is_in_order_of_score_then_time)
{
	char *text = NULL;
	size_t len = 0;
	struct fail why = {0};
	home_init(&h, 1);
	for (unsigned i = 0; i < 4; i++)
		home_store(&h, fixture_plain(&x, i, (int)(i % 2) + 1), BATCH_DONE);
	FILE *out = open_memstream(&text, &len);
	ck_assert_int_eq(alerts_list(h.path, 0, true, out, &why), 0); /* beside the writer */
	fclose(out);
	static const char *const want[] = {"20:00:01.000Z", "19:59:59.000Z", "20:00:00.000Z", "19:59:58.000Z"};
	char *line = strtok(text, "\n");
	for (unsigned i = 0; i < 4; i++, line = strtok(NULL, "\n")) {
		ck_assert_ptr_nonnull(line);
		ck_assert_msg(strstr(line, want[i]) != NULL, "%s not in %s", want[i], line);
	}
	ck_assert_ptr_null(line);
	free(text);
	out = open_memstream(&text, &len);
	ck_assert_int_eq(alerts_list(h.path, 0, false, out, &why), 0);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "SCORE"));
	ck_assert_ptr_nonnull(strstr(text, "Password spray: user46@contoso.example from 203.0.113.7"));
	free(text);
	out = open_memstream(&text, &len);
	ck_assert_int_eq(alerts_list(h.path, NOON + 3600000, true, out, &why), 0);
	fclose(out);
	ck_assert_uint_eq(len, 0);
	free(text);
	ck_assert_int_eq(alerts_list("/nonexistent/picketd.db", 0, true, stdout, &why), -1);
	home_fini(&h);
}
END_TEST

#ifdef ENABLE_FAULTS
START_TEST(a_commit_that_fails_fails_its_batches_and_may_be_repeated)
{
	setenv("PICKETD_FAULTS", "store.commit=fail:1", 1);
	home_init(&h, 1);
	double errors = metrics_value(METRIC_STORAGE_ERRORS, "commit", "OK");
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_FAILED);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 0);
	ck_assert(!store_ready(h.store));
	ck_assert_double_eq(metrics_value(METRIC_STORAGE_ERRORS, "commit", "OK"), errors + 1);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_DONE);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 1);
	ck_assert_int_eq(home_ask(&h, "SELECT seq FROM outbox"), 1);
	ck_assert_uint_eq(store_outbox_len(h.store, 0), 1);
	ck_assert(store_ready(h.store));
	unsetenv("PICKETD_FAULTS");
	home_fini(&h);
}
END_TEST

START_TEST(a_store_that_failed_once_becomes_ready_by_itself)
{
	setenv("PICKETD_FAULTS", "store.commit=fail:1", 1);
	home_init(&h, 1);
	home_store(&h, fixture_plain(&x, 1, 1), BATCH_FAILED);
	ck_assert(!store_ready(h.store));
	home_turn(&h, 1000);
	ck_assert(store_ready(h.store));
	unsetenv("PICKETD_FAULTS");
	home_fini(&h);
}
END_TEST
#endif

/* In a process of its own: stores alerts one by one, tells each answer by a byte, until it is killed. */
static void
store_until_killed(int out)
{
	home_open(&h);
	for (unsigned i = 0;; i++) {
		home_store(&h, fixture_plain(&x, i, 1), BATCH_DONE);
		if (write(out, "x", 1) != 1)
			_exit(1);
	}
}

START_TEST(kill_9_loses_no_answered_alert)
{
	int fds[2];
	char c;
	unsigned answered = 0;
	home_init(&h, 1);
	home_close(&h);
	ck_assert_int_eq(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		store_until_killed(fds[1]);
	}
	close(fds[1]);
	while (answered < 40 && read(fds[0], &c, 1) == 1)
		answered++;
	kill(child, SIGKILL);
	while (read(fds[0], &c, 1) == 1)
		answered++;
	waitpid(child, NULL, 0);
	close(fds[0]);
	ck_assert_uint_ge(answered, 40);
	home_open(&h);
	int64_t stored = home_ask(&h, "SELECT count(*) FROM alerts");
	ck_assert_int_ge(stored, answered);
	ck_assert_int_eq(home_ask(&h, "SELECT max(seq) FROM outbox"), stored);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox"), stored);
	ck_assert_int_eq(store_outbox_len(h.store, 0), stored);
	home_store(&h, fixture_plain(&x, 0, 1), BATCH_DONE); /* sent again: known */
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), stored);
	home_fini(&h);
}
END_TEST

START_TEST(a_stopping_store_commits_what_it_took_and_takes_no_more)
{
	struct batch b, late;
	struct fail why;
	home_init(&h, 1);
	memset(&b, 0, sizeof(b));
	memset(&late, 0, sizeof(late));
	ck_assert_int_eq(alert_add(&b, fixture_plain(&x, 1, 1)), 0);
	ck_assert_int_eq(alert_add(&late, fixture_plain(&x, 2, 1)), 0);
	ck_assert_int_eq(store_start(h.store, &why), 0);
	home_send(&h, &b);
	store_stop(h.store);
	loop_turn(h.worker);
	ck_assert_uint_eq(h.answers, 1);
	ck_assert_int_eq((int)b.result, (int)BATCH_DONE);
	ck_assert_int_eq((int)store_sink(h.store)->append(store_sink(h.store), &late), (int)SINK_REFUSED);
	ck_assert_int_eq((int)store_pressure(h.store), (int)STORE_STOPPING);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 1);
	alert_drop(&b);
	alert_drop(&late);
	store_free(h.store);
	h.store = NULL;
	char wal[128];
	snprintf(wal, sizeof(wal), "%s-wal", h.path);
	ck_assert_int_ne(access(wal, F_OK), 0); /* all of it is in the database file */
	home_fini(&h);
}
END_TEST

enum { SENDERS = 4, SENT_EACH = 100 };

struct sender {
	pthread_t thread;
	struct loop *loop;
	struct mailbox *box;
	struct batch batches[SENT_EACH];
	unsigned answered;
};

static void
on_sender_reply(void *message, void *ctx)
{
	struct sender *s = ctx;
	ck_assert_int_eq((int)((struct batch *)message)->result, (int)BATCH_DONE);
	s->answered++;
}

/* Like a worker: appends, takes its answers. Half of what all send is the same. */
static void *
send_many(void *ctx)
{
	struct sender *s = ctx;
	for (unsigned i = 0; i < SENT_EACH; i++) {
		ck_assert_int_eq((int)store_sink(h.store)->append(store_sink(h.store), &s->batches[i]), (int)SINK_TAKEN);
		loop_turn(s->loop);
	}
	while (s->answered < SENT_EACH)
		loop_turn(s->loop);
	return NULL;
}

START_TEST(many_workers_share_a_store)
{
	static struct sender senders[SENDERS];
	struct fail why;
	home_init(&h, 2);
	clock_unset();
	for (unsigned n = 0; n < SENDERS; n++) {
		senders[n].loop = loop_new("sender");
		senders[n].box = mailbox_new(senders[n].loop, SENT_EACH, on_sender_reply, &senders[n]);
		for (unsigned i = 0; i < SENT_EACH; i++) {
			unsigned event = i % 2 ? i : i + 1000 * n;
			ck_assert_int_eq(alert_add(&senders[n].batches[i], fixture_plain(&x, event, 1)), 0);
			senders[n].batches[i].reply = senders[n].box;
		}
	}
	ck_assert_int_eq(store_start(h.store, &why), 0);
	for (unsigned n = 0; n < SENDERS; n++)
		pthread_create(&senders[n].thread, NULL, send_many, &senders[n]);
	for (unsigned n = 0; n < SENDERS; n++)
		pthread_join(senders[n].thread, NULL);
	store_stop(h.store);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM alerts"), 50 + 4 * 50);
	ck_assert_int_eq(home_ask(&h, "SELECT count(*) FROM outbox WHERE seq <= 250"), 500);
	for (unsigned n = 0; n < SENDERS; n++) {
		for (unsigned i = 0; i < SENT_EACH; i++)
			alert_drop(&senders[n].batches[i]);
		mailbox_free(senders[n].box);
		loop_free(senders[n].loop);
	}
	home_fini(&h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_batch_is_answered_when_its_alerts_are_on_disk, a_batch_without_alerts_does_not_wait,
	    a_full_group_is_committed_before_its_interval_ends, the_same_alert_twice_is_one_alert_and_one_row,
	    a_later_copy_with_a_higher_score_goes_out_as_escalate, sequence_numbers_have_no_gaps_and_survive_a_restart,
	    an_alert_that_no_target_wants_is_stored_all_the_same,
	    a_claim_brings_the_highest_score_first_then_the_newest_event, the_envelope_is_the_same_on_every_attempt,
	    what_was_settled_is_claimed_no_more, rows_past_their_age_become_dead_letters,
	    a_target_that_may_lose_gives_up_its_lowest_first, a_required_target_that_is_nearly_full_is_pressure,
	    a_disk_below_its_reserve_is_pressure_and_not_ready, new_rows_are_told_to_whoever_watches,
	    old_alerts_go_but_never_a_queued_one, rows_of_a_target_that_left_the_configuration_expire,
	    a_state_directory_has_one_user, what_cannot_be_opened_says_why, a_restart_knows_the_alerts_that_reports_can_join,
	    an_alert_that_was_suppressed_can_be_joined_after_a_restart_once_it_is_sent,
	    a_store_of_the_first_format_is_brought_up_to_date_and_keeps_its_alerts, the_list_is_in_order_of_score_then_time,
#ifdef ENABLE_FAULTS
	    a_commit_that_fails_fails_its_batches_and_may_be_repeated, a_store_that_failed_once_becomes_ready_by_itself,
#endif
	    kill_9_loses_no_answered_alert, a_stopping_store_commits_what_it_took_and_takes_no_more,
	    many_workers_share_a_store, NULL};
	return unit_run("store", tests);
}
