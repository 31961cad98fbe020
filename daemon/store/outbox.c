#include "store/outbox.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/metrics.h"

struct target {
	const struct target_config *config; /* NULL: not configured any more */
	const char *name;
	int64_t id; /* of its row in targets */
	int64_t seq, seq_committed;
	atomic_uint len;            /* rows on disk */
	int added;                  /* rows more (or fewer) in this transaction */
	bool fresh;                 /* some are new */
	unsigned dead[DEAD_REASONS]; /* in this transaction */
	metrics_series alerts, oldest;
};

enum statement {
	INSERT,
	DELETE,
	RETRY,
	DELIVERED,
	DEAD,
	SEQ,
	BY_PRIORITY,
	BY_SEQ,
	LOWEST,
	OLDER,
	OLDER_UNKNOWN,
	NEXT_DUE,
	OLDEST,
	TRIM_DELIVERED,
	TRIM_DEAD,
	STATEMENTS
};

#define ROW "SELECT seq, event_ms, created_ms, first_ms, score, attempts, refusals, type, alert, " \
	"(SELECT data FROM alerts WHERE alerts.id = alert), target FROM outbox WHERE "

static const char *const sql[STATEMENTS] = {
    [INSERT] = "INSERT INTO outbox (target, seq, alert, type, score, event_ms, created_ms, due_ms) "
	       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    [DELETE] = "DELETE FROM outbox WHERE target = ? AND seq = ?",
    [RETRY] = "UPDATE outbox SET attempts = ?3, refusals = ?4, first_ms = ?5, due_ms = ?6 WHERE target = ?1 AND seq = ?2",
    [DELIVERED] = "INSERT OR REPLACE INTO delivered (target, seq, alert, status, attempts, delivered_ms) "
		  "VALUES (?, ?, ?, ?, ?, ?)",
    [DEAD] = "INSERT INTO dead_letters (target, seq, alert, webhook_id, reason, last_status, last_body, attempts, "
	     "first_ms, last_ms, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SEQ] = "UPDATE targets SET seq = ?2 WHERE id = ?1",
    [BY_PRIORITY] = ROW "target = ? AND due_ms <= ? ORDER BY score DESC, event_ms DESC, seq LIMIT ?",
    [BY_SEQ] = ROW "target = ? AND due_ms <= ? ORDER BY seq LIMIT ?",
    [LOWEST] = ROW "target = ? ORDER BY score, event_ms, seq DESC LIMIT 1",
    [OLDER] = ROW "target = ? AND created_ms < ? ORDER BY seq LIMIT ?",
    [OLDER_UNKNOWN] = ROW "created_ms < ? AND target IN (SELECT id FROM targets WHERE name NOT IN "
			  "(SELECT value FROM json_each(?))) LIMIT ?",
    [NEXT_DUE] = "SELECT min(due_ms) FROM outbox WHERE target = ?",
    [OLDEST] = "SELECT created_ms FROM outbox WHERE target = ? ORDER BY seq LIMIT 1",
    [TRIM_DELIVERED] = "DELETE FROM delivered WHERE (target, seq) IN "
		       "(SELECT target, seq FROM delivered WHERE delivered_ms < ? LIMIT ?)",
    [TRIM_DEAD] = "DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE last_ms < ? LIMIT ?)",
};

struct outbox {
	struct db *db;
	struct target targets[OUTBOX_TARGETS_MAX];
	unsigned count;
	sqlite3_stmt *statements[STATEMENTS];
	char *names; /* JSON array of the configured names */
};

static int
load_target(struct outbox *o, struct target *t, struct fail *why)
{
	int result = -1;
	sqlite3_stmt *insert = db_prepare(o->db, "INSERT OR IGNORE INTO targets (name) VALUES (?)", why);
	sqlite3_stmt *find = db_prepare(o->db,
	    "SELECT id, seq, (SELECT count(*) FROM outbox WHERE target = id) FROM targets WHERE name = ?", why);
	if (!insert || !find)
		goto out;
	db_bind(insert, "z", t->name);
	db_bind(find, "z", t->name);
	if (db_run(o->db, insert, why) < 0 || db_step(o->db, find, why) != 1)
		goto out;
	t->id = sqlite3_column_int64(find, 0);
	t->seq = t->seq_committed = sqlite3_column_int64(find, 1);
	atomic_store(&t->len, (unsigned)sqlite3_column_int64(find, 2));
	t->alerts = metrics_get(METRIC_OUTBOX_ALERTS, t->name, NULL);
	t->oldest = metrics_get(METRIC_OUTBOX_OLDEST, t->name, NULL);
	result = 0;
out:
	sqlite3_finalize(insert);
	sqlite3_finalize(find);
	return result;
}

static int64_t
oldest_ms(struct outbox *o, const struct target *t)
{
	sqlite3_stmt *s = o->statements[OLDEST];
	db_bind(s, "i", t->id);
	int64_t ms = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	return ms;
}

static void
show_metrics(struct outbox *o, struct target *t)
{
	metrics_set(t->alerts, (double)atomic_load(&t->len));
	metrics_set(t->oldest, (double)oldest_ms(o, t) / 1000.0);
}

/* Target names are [a-z0-9-]: nothing to escape. */
static char *
names_json(const struct target_config *targets, unsigned count)
{
	struct buf b;
	buf_init(&b, 4096);
	bool ok = buf_add(&b, "[", 1) == 0;
	for (unsigned i = 0; ok && i < count; i++)
		ok = buf_addf(&b, "%s\"%s\"", i ? "," : "", targets[i].name) == 0;
	ok = ok && buf_add(&b, "]", 1) == 0;
	char *text = ok ? buf_take(&b) : NULL;
	buf_fini(&b);
	return text;
}

struct outbox *
outbox_new(struct db *db, const struct target_config *targets, unsigned count, struct fail *why)
{
	if (count > OUTBOX_TARGETS_MAX) {
		fail_set(why, "targets", "at most %d targets can be configured", OUTBOX_TARGETS_MAX);
		return NULL;
	}
	struct outbox *o = mem_zero(1, sizeof(*o));
	char *names = o ? names_json(targets, count) : NULL;
	if (!names) {
		mem_free(o);
		fail_set(why, "memory", "no memory for the outbox");
		return NULL;
	}
	o->db = db;
	o->names = names;
	for (unsigned i = 0; i < STATEMENTS; i++) {
		o->statements[i] = db_prepare(db, sql[i], why);
		if (!o->statements[i])
			goto fail;
	}
	for (o->count = 0; o->count < count; o->count++) {
		struct target *t = &o->targets[o->count];
		t->config = &targets[o->count];
		t->name = t->config->name;
		if (load_target(o, t, why) < 0)
			goto fail;
		show_metrics(o, t);
	}
	return o;
fail:
	outbox_free(o);
	return NULL;
}

void
outbox_free(struct outbox *o)
{
	if (!o)
		return;
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(o->statements[i]);
	mem_free(o->names);
	mem_free(o);
}

static bool
wants(const struct target_config *t, const struct alert *a)
{
	return t->enabled && alert_score(a) >= t->min_score && alert_severity(a) >= t->min_severity &&
	    (t->include_suppressed || !alert_suppression(a));
}

/* The target's index by the row's number; a target that is configured no more has none. */
static unsigned
index_of(const struct outbox *o, int64_t id)
{
	unsigned i = 0;
	while (i < o->count && o->targets[i].id != id)
		i++;
	return i;
}

static struct delivery *
read_row(const struct outbox *o, sqlite3_stmt *s)
{
	struct delivery *d = mem_zero(1, sizeof(*d));
	if (!d)
		return NULL;
	d->seq = sqlite3_column_int64(s, 0);
	d->event_ms = sqlite3_column_int64(s, 1);
	d->created_ms = sqlite3_column_int64(s, 2);
	d->first_ms = sqlite3_column_int64(s, 3);
	d->score = sqlite3_column_int(s, 4);
	d->attempts = (unsigned)sqlite3_column_int(s, 5);
	d->refusals = (unsigned)sqlite3_column_int(s, 6);
	struct str type = db_text(s, 7), alert = db_text(s, 8), data = db_text(s, 9);
	snprintf(d->type, sizeof(d->type), "%.*s", (int)type.len, type.p);
	snprintf(d->alert, sizeof(d->alert), "%.*s", (int)alert.len, alert.p);
	d->target = index_of(o, sqlite3_column_int64(s, 10));
	d->data = mem_copy_str(data.len > 0 ? data : STR("{}"));
	d->data_len = data.len > 0 ? data.len : 2;
	if (d->data)
		return d;
	delivery_free(d);
	return NULL;
}

/* All rows of the bound statement as a list; what was read before a failure is freed. */
static int
read_rows(struct outbox *o, sqlite3_stmt *s, struct delivery **out, struct fail *why)
{
	struct delivery *first = NULL, **last = &first;
	int step;
	while ((step = db_step(o->db, s, why)) == 1) {
		*last = read_row(o, s);
		if (!*last) {
			step = fail_set(why, "memory", "no memory for the rows of the outbox");
			break;
		}
		last = &(*last)->next;
	}
	sqlite3_reset(s);
	if (step == 0) {
		*out = first;
		return 0;
	}
	while (first) {
		struct delivery *next = first->next;
		delivery_free(first);
		first = next;
	}
	return -1;
}

/* 1 when the row was there. */
static int
remove_row(struct outbox *o, int64_t target, int64_t seq, struct fail *why)
{
	db_bind(o->statements[DELETE], "ii", target, seq);
	return db_run(o->db, o->statements[DELETE], why) < 0 ? -1 : db_changes(o->db) > 0;
}

/* The text of an answer may be anything: only printable ASCII is kept. */
static void
plain_body(const char *body, char out[DELIVERY_BODY_MAX + 1])
{
	size_t n = 0;
	for (; n < DELIVERY_BODY_MAX && body[n]; n++)
		out[n] = (char)(body[n] >= 0x20 && body[n] < 0x7F ? body[n] : '.');
	out[n] = '\0';
}

/* The row becomes a dead letter. name and id: of the target, which may be configured no more. */
static int
bury(struct outbox *o, const struct delivery *d, const char *name, int64_t id, struct fail *why)
{
	char webhook_id[ALERT_ID_SIZE], body[DELIVERY_BODY_MAX + 1];
	struct buf envelope;
	int removed = remove_row(o, id, d->seq, why);
	if (removed <= 0)
		return removed;
	buf_init(&envelope, DELIVERY_ENVELOPE_MAX);
	delivery_webhook_id(d->alert, name, webhook_id);
	plain_body(d->body, body);
	int result = -1;
	if (delivery_envelope(d, &envelope) == 0) {
		db_bind(o->statements[DEAD], "zizzziziiis", name, d->seq, d->alert, webhook_id, dead_reason_name(d->reason),
		    (int64_t)d->status, body, (int64_t)d->attempts, d->first_ms, d->at_ms, buf_str(&envelope));
		result = db_run(o->db, o->statements[DEAD], why);
	} else {
		fail_set(why, "memory", "no memory for a dead letter");
	}
	buf_fini(&envelope);
	if (result == 0 && d->target < o->count) {
		o->targets[d->target].dead[d->reason]++;
		o->targets[d->target].added--;
	}
	return result;
}

static int
bury_rows(struct outbox *o, struct delivery *rows, enum dead_reason reason, int64_t now_ms, struct fail *why)
{
	int count = 0;
	while (rows) {
		struct delivery *next = rows->next;
		rows->reason = reason;
		rows->at_ms = now_ms;
		struct target *t = &o->targets[rows->target];
		if (count >= 0)
			count = bury(o, rows, t->name, t->id, why) < 0 ? -1 : count + 1;
		delivery_free(rows);
		rows = next;
	}
	return count;
}

/* Makes room in the queue of a target that may lose: the oldest of the lowest score goes. */
static int
make_room(struct outbox *o, struct target *t, int64_t now_ms, struct fail *why)
{
	uint32_t len = atomic_load(&t->len);
	if (t->config->required || (int64_t)len + t->added < (int64_t)t->config->queue_max_alerts)
		return 0;
	struct delivery *rows = NULL;
	db_bind(o->statements[LOWEST], "i", t->id);
	if (read_rows(o, o->statements[LOWEST], &rows, why) < 0)
		return -1;
	return bury_rows(o, rows, DEAD_OVERFLOW, now_ms, why) < 0 ? -1 : 0;
}

int
outbox_add(struct outbox *o, const struct alert *a, int64_t now_ms, struct fail *why)
{
	char type[24];
	snprintf(type, sizeof(type), "alert.%s", alert_kind(a));
	for (unsigned i = 0; i < o->count; i++) {
		struct target *t = &o->targets[i];
		if (!wants(t->config, a))
			continue;
		if (make_room(o, t, now_ms, why) < 0)
			return -1;
		db_bind(o->statements[INSERT], "iizziii", t->id, t->seq + 1, alert_id(a), type, (int64_t)alert_score(a),
		    alert_event_ms(a), now_ms);
		if (db_run(o->db, o->statements[INSERT], why) < 0)
			return -1;
		t->seq++;
		t->added++;
		t->fresh = true;
	}
	return 0;
}

int
outbox_settle(struct outbox *o, const struct delivery *d, struct fail *why)
{
	if (d->target >= o->count)
		return 0;
	struct target *t = &o->targets[d->target];
	int removed;
	switch (d->verdict) {
	case DELIVERY_DONE:
		removed = remove_row(o, t->id, d->seq, why);
		if (removed <= 0)
			return removed;
		t->added--;
		db_bind(o->statements[DELIVERED], "iiziii", t->id, d->seq, d->alert, (int64_t)d->status,
		    (int64_t)d->attempts, d->at_ms);
		return db_run(o->db, o->statements[DELIVERED], why);
	case DELIVERY_RETRY:
		db_bind(o->statements[RETRY], "iiiiii", t->id, d->seq, (int64_t)d->attempts, (int64_t)d->refusals, d->first_ms,
		    d->due_ms);
		return db_run(o->db, o->statements[RETRY], why);
	case DELIVERY_DEAD:
		return bury(o, d, t->name, t->id, why) < 0 ? -1 : 0;
	}
	return 0;
}

int
outbox_expire(struct outbox *o, unsigned target, int64_t before_ms, unsigned max, struct fail *why)
{
	struct delivery *rows = NULL;
	if (target >= o->count)
		return 0;
	db_bind(o->statements[OLDER], "iii", o->targets[target].id, before_ms, (int64_t)max);
	if (read_rows(o, o->statements[OLDER], &rows, why) < 0)
		return -1;
	return bury_rows(o, rows, DEAD_EXPIRED, before_ms + o->targets[target].config->max_age_ms, why);
}

/* Its rows have no index: the name comes from the table. */
static int
bury_unknown(struct outbox *o, struct delivery *d, int64_t id, struct fail *why)
{
	sqlite3_stmt *find = db_prepare(o->db, "SELECT name FROM targets WHERE id = ?", why);
	if (!find)
		return -1;
	db_bind(find, "i", id);
	int result = db_step(o->db, find, why) == 1 ? bury(o, d, db_text(find, 0).p, id, why) : -1;
	sqlite3_finalize(find);
	return result;
}

int
outbox_expire_unknown(struct outbox *o, int64_t before_ms, unsigned max, struct fail *why)
{
	sqlite3_stmt *s = o->statements[OLDER_UNKNOWN];
	int count = 0;
	for (; (unsigned)count < max; count++) {
		db_bind(s, "izi", before_ms, o->names, INT64_C(1));
		int step = db_step(o->db, s, why);
		int64_t id = step == 1 ? sqlite3_column_int64(s, 10) : 0;
		struct delivery *d = step == 1 ? read_row(o, s) : NULL;
		sqlite3_reset(s);
		if (step == 0)
			break;
		if (!d)
			return step < 0 ? -1 : fail_set(why, "memory", "no memory for a row of the outbox");
		d->reason = DEAD_EXPIRED;
		d->at_ms = before_ms;
		int result = bury_unknown(o, d, id, why);
		delivery_free(d);
		if (result < 0)
			return -1;
	}
	return count;
}

int
outbox_flush(struct outbox *o, struct fail *why)
{
	for (unsigned i = 0; i < o->count; i++) {
		struct target *t = &o->targets[i];
		if (t->seq == t->seq_committed)
			continue;
		db_bind(o->statements[SEQ], "ii", t->id, t->seq);
		if (db_run(o->db, o->statements[SEQ], why) < 0)
			return -1;
	}
	return 0;
}

uint32_t
outbox_commit(struct outbox *o)
{
	uint32_t fresh = 0;
	for (unsigned i = 0; i < o->count; i++) {
		struct target *t = &o->targets[i];
		if (t->fresh)
			fresh |= UINT32_C(1) << i;
		bool changed = t->fresh || t->added != 0;
		atomic_store(&t->len, (unsigned)((int64_t)atomic_load(&t->len) + t->added));
		t->seq_committed = t->seq;
		t->added = 0;
		t->fresh = false;
		for (unsigned r = 0; r < DEAD_REASONS; r++) {
			if (t->dead[r] > 0)
				metrics_count(METRIC_DEAD_LETTERS, t->name, dead_reason_name((enum dead_reason)r), t->dead[r]);
			t->dead[r] = 0;
		}
		if (changed)
			show_metrics(o, t);
	}
	return fresh;
}

void
outbox_rollback(struct outbox *o)
{
	for (unsigned i = 0; i < o->count; i++) {
		struct target *t = &o->targets[i];
		t->seq = t->seq_committed;
		t->added = 0;
		t->fresh = false;
		memset(t->dead, 0, sizeof(t->dead));
	}
}

static int64_t
next_due(struct outbox *o, const struct target *t)
{
	sqlite3_stmt *s = o->statements[NEXT_DUE];
	db_bind(s, "i", t->id);
	int64_t due = INT64_MAX;
	if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
		due = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return due;
}

int
outbox_claim(struct outbox *o, const struct outbox_query *query, struct delivery **out, int64_t *next_due_ms,
    struct fail *why)
{
	if (query->target >= o->count)
		return fail_set(why, "target", "no such target");
	struct target *t = &o->targets[query->target];
	sqlite3_stmt *s = o->statements[query->fifo ? BY_SEQ : BY_PRIORITY];
	struct delivery *rows = NULL;
	db_bind(s, "iii", t->id, query->now_ms, (int64_t)query->max);
	if (read_rows(o, s, &rows, why) < 0)
		return -1;
	*out = rows;
	*next_due_ms = rows ? query->now_ms : next_due(o, t);
	return 0;
}

int
outbox_trim(struct outbox *o, int64_t delivered_before_ms, int64_t dead_before_ms, unsigned max, struct fail *why)
{
	db_bind(o->statements[TRIM_DELIVERED], "ii", delivered_before_ms, (int64_t)max);
	db_bind(o->statements[TRIM_DEAD], "ii", dead_before_ms, (int64_t)max);
	if (db_run(o->db, o->statements[TRIM_DELIVERED], why) < 0)
		return -1;
	int64_t count = db_changes(o->db);
	if (db_run(o->db, o->statements[TRIM_DEAD], why) < 0)
		return -1;
	return (int)(count + db_changes(o->db));
}

uint32_t
outbox_len(const struct outbox *o, unsigned target)
{
	return target < o->count ? atomic_load(&o->targets[target].len) : 0;
}
