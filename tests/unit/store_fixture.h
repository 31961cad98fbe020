/* A store in a directory of its own, turned by the test. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alert_fixture.h"
#include "base/clock.h"
#include "store/store.h"

#define NOON INT64_C(1795377600000)

struct home {
	char dir[64], path[96];
	struct state_config state;
	struct target_config targets[3];
	size_t target_count;
	struct store *store;
	struct loop *worker;
	struct mailbox *reply;
	struct batch *answered[64];
	unsigned answers;
};

static inline void
home_on_reply(void *message, void *ctx)
{
	struct home *h = ctx;
	h->answered[h->answers++ % 64] = message;
}

static inline void
home_open(struct home *h)
{
	struct fail why = {0};
	struct store_options options = {&h->state, h->targets, h->target_count};
	h->store = store_new(&options, &why);
	ck_assert_msg(h->store != NULL, "%s", why.text);
}

/* Targets "soc", "low" and "wide" exist; target_count of them are configured. */
static inline void
home_init(struct home *h, size_t target_count)
{
	static char names[3][8] = {"soc", "low", "wide"};
	memset(h, 0, sizeof(*h));
	snprintf(h->dir, sizeof(h->dir), "/tmp/test_store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(h->dir));
	snprintf(h->path, sizeof(h->path), "%s/picketd.db", h->dir);
	h->state = (struct state_config){.dir = h->dir, .fsync = true, .commit_interval_ms = 5, .commit_alerts = 256,
	    .alerts_keep_ms = INT64_C(90) * 24 * 3600 * 1000};
	h->target_count = target_count;
	for (size_t i = 0; i < 3; i++)
		h->targets[i] = (struct target_config){.name = names[i], .enabled = true, .required = true,
		    .backoff_min_ms = 1000, .backoff_max_ms = 60000, .retry_after_max_ms = 3600000,
		    .max_age_ms = INT64_C(72) * 3600 * 1000, .connect_timeout_ms = 2000, .timeout_ms = 5000,
		    .queue_max_alerts = 1000000};
	clock_set(NOON);
	h->worker = loop_new("worker");
	h->reply = mailbox_new(h->worker, 64, home_on_reply, h);
	ck_assert_ptr_nonnull(h->reply);
	home_open(h);
}

static inline void
home_close(struct home *h)
{
	store_stop(h->store);
	store_free(h->store);
	h->store = NULL;
}

static inline void
home_fini(struct home *h)
{
	static const char *const files[] = {"picketd.db", "picketd.db-wal", "picketd.db-shm", "picketd.lock"};
	char path[128];
	if (h->store)
		home_close(h);
	mailbox_free(h->reply);
	loop_free(h->worker);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", h->dir, files[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(h->dir), 0);
	clock_unset();
}

/* The store has read its mail; time moves by ms; the worker has read its. */
static inline void
home_turn(struct home *h, int64_t ms)
{
	loop_turn(store_loop(h->store));
	clock_set(clock_wall_ms() + ms);
	loop_turn(store_loop(h->store));
	loop_turn(store_loop(h->store));
	loop_turn(h->worker);
}

static inline void
home_send(struct home *h, struct batch *b)
{
	b->reply = h->reply;
	b->received_ms = clock_wall_ms();
	ck_assert_int_eq((int)store_sink(h->store)->append(store_sink(h->store), b), (int)SINK_TAKEN);
}

/* One alert, committed; the batch must come back with the result. */
static inline void
home_store(struct home *h, struct alert *a, enum batch_result want)
{
	struct batch b;
	memset(&b, 0, sizeof(b));
	unsigned before = h->answers;
	ck_assert_int_eq(alert_add(&b, a), 0);
	home_send(h, &b);
	home_turn(h, 5);
	ck_assert_uint_eq(h->answers, before + 1);
	ck_assert_int_eq((int)b.result, (int)want);
	alert_drop(&b);
}

/* A number out of the database, through a connection of its own. */
static inline int64_t
home_ask(const struct home *h, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	ck_assert_int_eq(sqlite3_open_v2(h->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

#endif
