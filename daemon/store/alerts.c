#include "store/alerts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sigma/rule.h"

struct alerts {
	struct db *db;
	sqlite3_stmt *insert, *release, *score, *trim;
};

struct alerts *
alerts_new(struct db *db, struct fail *why)
{
	struct alerts *alerts = mem_zero(1, sizeof(*alerts));
	if (!alerts) {
		fail_set(why, "memory", "no memory for the alert store");
		return NULL;
	}
	alerts->db = db;
	alerts->insert = db_prepare(db,
	    "INSERT OR IGNORE INTO alerts (id, rule, kind, tenant, dedup_key, score, severity, event_ms, detected_ms, "
	    "stored_ms, suppressed, data, keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", why);
	alerts->release = db_prepare(db,
	    "UPDATE alerts SET suppressed = 0, score = ?, stored_ms = ?, dedup_key = ?, data = ?, keys = ? "
	    "WHERE id = ? AND suppressed = 1", why);
	alerts->score = db_prepare(db, "SELECT score FROM alerts WHERE id = ?", why);
	alerts->trim = db_prepare(db,
	    "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE stored_ms < ? AND NOT EXISTS "
	    "(SELECT 1 FROM outbox WHERE outbox.alert = alerts.id) ORDER BY stored_ms LIMIT ?)", why);
	if (alerts->insert && alerts->release && alerts->score && alerts->trim)
		return alerts;
	alerts_free(alerts);
	return NULL;
}

void
alerts_free(struct alerts *alerts)
{
	if (!alerts)
		return;
	sqlite3_finalize(alerts->insert);
	sqlite3_finalize(alerts->release);
	sqlite3_finalize(alerts->score);
	sqlite3_finalize(alerts->trim);
	mem_free(alerts);
}

/* A copy of the event, or the same one sent again after an entry of the tuning went, that nothing suppresses: the alert
 * goes out after all. 1 when it was a suppressed one. */
static int
release(struct alerts *alerts, const struct alert *a, int64_t now_ms, struct fail *why)
{
	if (alert_suppression(a))
		return 0;
	db_bind(alerts->release, "iizsbz", (int64_t)alert_score(a), now_ms, alert_dedup_key(a), alert_data(a), alert_keys(a),
	    alert_id(a));
	return db_run(alerts->db, alerts->release, why) < 0 ? -1 : db_changes(alerts->db) > 0;
}

int
alerts_add(struct alerts *alerts, const struct alert *a, int64_t now_ms, int *stored_score, struct fail *why)
{
	db_bind(alerts->insert, "zzzsziiiiiisb", alert_id(a), alert_rule_id(a), alert_kind(a),
	    alert_tenant(a), alert_dedup_key(a), (int64_t)alert_score(a), (int64_t)alert_severity(a), alert_event_ms(a),
	    alert_detected_ms(a), now_ms, (int64_t)(alert_suppression(a) != NULL), alert_data(a),
	    alert_keys(a));
	if (db_run(alerts->db, alerts->insert, why) < 0)
		return -1;
	if (db_changes(alerts->db) > 0)
		return 1;
	int released = release(alerts, a, now_ms, why);
	if (released != 0)
		return released;
	db_bind(alerts->score, "z", alert_id(a));
	int step = db_step(alerts->db, alerts->score, why);
	if (step == 1)
		*stored_score = sqlite3_column_int(alerts->score, 0);
	sqlite3_reset(alerts->score);
	return step == 1 ? 0 : step < 0 ? -1 : fail_set(why, "storage", "an alert was neither added nor found");
}

int
alerts_trim(struct alerts *alerts, int64_t before_ms, unsigned max, struct fail *why)
{
	db_bind(alerts->trim, "ii", before_ms, (int64_t)max);
	if (db_run(alerts->db, alerts->trim, why) < 0)
		return -1;
	return (int)db_changes(alerts->db);
}

/* Each alert is at least one record of the table: more rows than that would only push each other out. */
static const char recall_sql[] =
    "SELECT id, dedup_key, event_ms, detected_ms, score, keys FROM alerts WHERE suppressed = 0 AND keys IS NOT NULL "
    "AND stored_ms >= max(?1, (SELECT min(stored_ms) FROM "
    "(SELECT stored_ms FROM alerts WHERE stored_ms >= ?1 ORDER BY stored_ms DESC LIMIT ?2))) ORDER BY stored_ms";

int
alerts_recall(struct alerts *alerts, struct incidents *incidents, int64_t now_ms, struct fail *why)
{
	int step;
	sqlite3_stmt *rows = db_prepare(alerts->db, recall_sql, why);
	if (!rows)
		return -1;
	db_bind(rows, "ii", now_ms - incidents_span_ms(incidents), (int64_t)incidents_max(incidents));
	while ((step = db_step(alerts->db, rows, why)) == 1) {
		struct incident_alert a = {
		    .id = db_text(rows, 0).p,
		    .dedup_key = db_text(rows, 1).p,
		    .event_ms = sqlite3_column_int64(rows, 2),
		    .at_ms = sqlite3_column_int64(rows, 3),
		    .score = sqlite3_column_int(rows, 4),
		};
		const char *keys = sqlite3_column_blob(rows, 5);
		a.keys = str_make(keys, (size_t)sqlite3_column_bytes(rows, 5));
		incidents_recall(incidents, &a);
	}
	sqlite3_finalize(rows);
	return step < 0 ? -1 : 0;
}

static void
print_row(sqlite3_stmt *row, FILE *out)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(sqlite3_column_int64(row, 0), time);
	int severity = sqlite3_column_int(row, 2);
	const char *level = severity >= LEVEL_INFORMATIONAL && severity <= LEVEL_CRITICAL ?
	    rule_level_name((enum rule_level)severity) : "?";
	struct str kind = db_text(row, 3), rule = db_text(row, 4), title = db_text(row, 5), entry = db_text(row, 7);
	fprintf(out, "%-24s %5d  %-13s %-8.*s  %-32.*s  ", time, sqlite3_column_int(row, 1), level, (int)kind.len, kind.p,
	    (int)rule.len, rule.p);
	if (sqlite3_column_int(row, 8))
		fprintf(out, "[suppressed: %.*s] ", (int)entry.len, entry.p);
	fprintf(out, "%.*s\n", (int)title.len, title.p);
}

static void
print_data(sqlite3_stmt *row, FILE *out)
{
	struct str data = db_text(row, 6);
	fwrite(data.p, 1, data.len, out);
	fputc('\n', out);
}

int
alerts_list(const char *path, int64_t since_ms, bool json, FILE *out, struct fail *why)
{
	int step = -1;
	struct db *db = db_open_read(path, why);
	sqlite3_stmt *rows = db ? db_prepare(db,
	    "SELECT event_ms, score, severity, kind, rule, json_extract(data, '$.title'), data, "
	    "coalesce(json_extract(data, '$.suppression.silence_id'), json_extract(data, '$.suppression.reason')), suppressed FROM alerts "
	    "WHERE event_ms >= ? ORDER BY score DESC, event_ms DESC, id", why) : NULL;
	if (!rows)
		goto out;
	if (!json)
		fprintf(out, "%-24s %5s  %-13s %-8s  %-32s  %s\n", "TIME", "SCORE", "SEVERITY", "KIND", "RULE", "TITLE");
	db_bind(rows, "i", since_ms);
	while ((step = db_step(db, rows, why)) == 1) {
		if (json)
			print_data(rows, out);
		else
			print_row(rows, out);
	}
	if (step == 0 && (fflush(out) != 0 || ferror(out)))
		step = fail_set(why, "output", "cannot write the list");
out:
	sqlite3_finalize(rows);
	db_close(db);
	return step < 0 ? -1 : 0;
}
