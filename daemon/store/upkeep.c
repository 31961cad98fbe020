#include "store/upkeep.h"

#include <stdatomic.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"

enum { LOOK_MS = 1000, TRIM_MS = 60 * 1000, TRIM_FIRST_MS = 10 * 1000, TRIM_AGAIN_MS = 50, TRIM_MAX = 500 };

static const int64_t delivered_keep_ms = INT64_C(7) * 24 * 3600 * 1000;
static const int64_t dead_keep_ms = INT64_C(30) * 24 * 3600 * 1000;
static const int64_t unknown_keep_ms = INT64_C(72) * 3600 * 1000; /* rows of targets that are configured no more */

struct upkeep {
	struct group_tables tables;
	const struct state_config *state;
	struct timer *look, *trim;
	metrics_series disk_free;
	atomic_bool disk_ok, writable;
};

static void
look_at_disk(struct upkeep *u)
{
	struct statvfs fs;
	if (statvfs(u->state->dir, &fs) < 0) {
		atomic_store(&u->disk_ok, false);
		return;
	}
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize, total = (uint64_t)fs.f_blocks * fs.f_frsize;
	uint64_t reserve = u->state->disk_reserve_bytes;
	if (reserve > total / 20)
		reserve = total / 20;
	metrics_set(u->disk_free, (double)free_bytes);
	atomic_store(&u->disk_ok, free_bytes >= reserve);
}

/* Ends the transaction one way or the other; -1 when it did not happen. */
static int
finish(struct upkeep *u, int result, const char *op)
{
	struct fail why;
	if (result == 0 && db_exec(u->tables.db, "COMMIT", &why) == 0) {
		(void)outbox_commit(u->tables.outbox);
		return 0;
	}
	metrics_count(METRIC_STORAGE_ERRORS, op, db_error_name(u->tables.db), 1);
	(void)!db_exec(u->tables.db, "ROLLBACK", &why);
	outbox_rollback(u->tables.outbox);
	return -1;
}

/* Without this a store that refused once would stay unready when nobody dares to send. */
static void
try_to_write(struct upkeep *u)
{
	struct fail why;
	if (db_exec(u->tables.db, "BEGIN IMMEDIATE", &why) < 0)
		return;
	int result = db_exec(u->tables.db,
	    "INSERT OR REPLACE INTO meta (key, value) VALUES ('written_at', strftime('%s','now'))", &why);
	if (finish(u, result, "probe") == 0)
		atomic_store(&u->writable, true);
}

static void
on_look(void *ctx)
{
	struct upkeep *u = ctx;
	look_at_disk(u);
	if (!atomic_load(&u->writable))
		try_to_write(u);
	timer_set(u->look, LOOK_MS);
}

/* One chunk; true when more may be left. */
static bool
trim(struct upkeep *u)
{
	struct fail why;
	int64_t now = clock_wall_ms();
	if (db_exec(u->tables.db, "BEGIN IMMEDIATE", &why) < 0)
		return false;
	int alerts = alerts_trim(u->tables.alerts, now - u->state->alerts_keep_ms, TRIM_MAX, &why);
	int entries = alerts < 0 ? -1 :
	    outbox_trim(u->tables.outbox, now - delivered_keep_ms, now - dead_keep_ms, TRIM_MAX, &why);
	int unknown = entries < 0 ? -1 : outbox_expire_unknown(u->tables.outbox, now - unknown_keep_ms, TRIM_MAX, &why);
	if (finish(u, unknown < 0 ? -1 : 0, "trim") < 0)
		return false;
	return alerts >= TRIM_MAX || entries >= TRIM_MAX || unknown >= TRIM_MAX;
}

static void
on_trim(void *ctx)
{
	struct upkeep *u = ctx;
	timer_set(u->trim, trim(u) ? TRIM_AGAIN_MS : TRIM_MS);
}

struct upkeep *
upkeep_new(struct loop *loop, const struct group_tables *tables, const struct state_config *state)
{
	struct upkeep *u = mem_zero(1, sizeof(*u));
	if (!u)
		return NULL;
	u->tables = *tables;
	u->state = state;
	u->disk_free = metrics_get(METRIC_DISK_FREE, NULL, NULL);
	atomic_store(&u->writable, true);
	u->look = timer_new(loop, on_look, u);
	u->trim = timer_new(loop, on_trim, u);
	if (!u->look || !u->trim) {
		upkeep_free(u);
		return NULL;
	}
	look_at_disk(u);
	timer_set(u->look, LOOK_MS);
	timer_set(u->trim, TRIM_FIRST_MS);
	return u;
}

void
upkeep_free(struct upkeep *u)
{
	if (!u)
		return;
	timer_free(u->look);
	timer_free(u->trim);
	mem_free(u);
}

void
upkeep_note(struct upkeep *u, bool written)
{
	atomic_store(&u->writable, written);
}

bool
upkeep_disk_ok(const struct upkeep *u)
{
	return atomic_load(&u->disk_ok);
}

bool
upkeep_writable(const struct upkeep *u)
{
	return atomic_load(&u->writable);
}
