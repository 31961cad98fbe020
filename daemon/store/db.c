#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

extern const char *const migrations[]; /* made from migrations/ by scripts/embed */

struct db {
	sqlite3 *handle;
	int lock; /* -1 = none */
};

enum { PATH_SIZE = 4096, BUSY_MS = 2000 };

static int
sql_fail(struct db *db, const char *what, struct fail *why)
{
	int code = db->handle ? sqlite3_errcode(db->handle) & 0xff : SQLITE_NOMEM;
	const char *text = db->handle ? sqlite3_errmsg(db->handle) : "out of memory";
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return fail_set(why, "state-corrupt",
		    "the alert store is damaged (%s): move picketd.db aside to start anew, or restore it", text);
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return fail_set(why, "state-locked", "the alert store is locked by another process");
	return fail_set(why, "storage", "%s: %s", what, text);
}

/* Any first failure of opening that has no better name means that the directory cannot be used. */
static void
name_open_failure(struct fail *why)
{
	if (why && strcmp(why->code, "storage") == 0)
		snprintf(why->code, sizeof(why->code), "state");
}

int
db_exec(struct db *db, const char *sql, struct fail *why)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_fail(db, "statement failed", why);
}

sqlite3_stmt *
db_prepare(struct db *db, const char *sql, struct fail *why)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
		sql_fail(db, "cannot prepare a statement", why);
		return NULL;
	}
	return statement;
}

void
db_bind(sqlite3_stmt *statement, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sqlite3_reset(statement);
	for (int i = 1; *format; format++, i++) {
		struct str s;
		const char *z;
		switch (*format) {
		case 'i':
			sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
			break;
		case 's':
			s = va_arg(args, struct str);
			sqlite3_bind_text64(statement, i, s.p ? s.p : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
			break;
		case 'b':
			s = va_arg(args, struct str);
			sqlite3_bind_blob64(statement, i, s.p, s.len, SQLITE_STATIC);
			break;
		case 'z':
			z = va_arg(args, const char *);
			sqlite3_bind_text(statement, i, z, -1, SQLITE_STATIC);
			break;
		}
	}
	va_end(args);
}

int
db_step(struct db *db, sqlite3_stmt *statement, struct fail *why)
{
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return sql_fail(db, "statement failed", why);
	}
}

int
db_run(struct db *db, sqlite3_stmt *statement, struct fail *why)
{
	int result = db_step(db, statement, why);
	sqlite3_reset(statement);
	return result < 0 ? -1 : 0;
}

struct str
db_text(sqlite3_stmt *statement, int column)
{
	const char *p = (const char *)sqlite3_column_text(statement, column);
	return p ? str_make(p, (size_t)sqlite3_column_bytes(statement, column)) : STR("");
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

const char *
db_error_name(struct db *db)
{
	switch (sqlite3_errcode(db->handle) & 0xff) {
	case SQLITE_OK:
		return "OK";
	case SQLITE_FULL:
		return "FULL";
	case SQLITE_IOERR:
		return "IOERR";
	case SQLITE_CORRUPT:
		return "CORRUPT";
	case SQLITE_BUSY:
		return "BUSY";
	case SQLITE_READONLY:
		return "READONLY";
	case SQLITE_NOMEM:
		return "NOMEM";
	default:
		return "OTHER";
	}
}

/* The lock is on a file of its own: closing any descriptor of the database would drop SQLite's POSIX locks. */
static int
take_lock(struct db *db, const char *dir, struct fail *why)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof(path), "%s/picketd.lock", dir);
	db->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (db->lock < 0)
		return fail_at(why, path, 0, 0, "state", "cannot use the state directory: %s", strerror(errno));
	if (flock(db->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return fail_at(why, path, 0, 0, errno == EWOULDBLOCK ? "state-locked" : "state",
	    errno == EWOULDBLOCK ? "another picketd uses this state directory" : "cannot lock the state directory");
}

/* SQLite gives the files beside the database its mode. */
static int
make_private(const char *path, struct fail *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_at(why, path, 0, 0, "state", "cannot open the alert store: %s", strerror(errno));
	int result = fchmod(fd, 0600);
	close(fd);
	return result == 0 ? 0 : fail_at(why, path, 0, 0, "state", "cannot make the alert store private");
}

static int
read_version(struct db *db, int *version, struct fail *why)
{
	sqlite3_stmt *statement = db_prepare(db, "PRAGMA user_version", why);
	if (!statement)
		return -1;
	int step = db_step(db, statement, why);
	if (step == 1)
		*version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return step == 1 ? 0 : -1;
}

static int
check_version(int version, int known, struct fail *why)
{
	if (version <= known)
		return 0;
	return fail_set(why, "state-newer", "the alert store has format %d and this picketd knows %d: install the newer one",
	    version, known);
}

static int
migrations_known(void)
{
	int known = 0;
	while (migrations[known])
		known++;
	return known;
}

/* Each migration and its number in one transaction. */
static int
migrate(struct db *db, struct fail *why)
{
	int version = 0, known = migrations_known();
	if (read_version(db, &version, why) < 0 || check_version(version, known, why) < 0)
		return -1;
	for (; version < known; version++) {
		char mark[64];
		snprintf(mark, sizeof(mark), "PRAGMA user_version=%d", version + 1);
		if (db_exec(db, "BEGIN IMMEDIATE", why) < 0)
			return -1;
		if (db_exec(db, migrations[version], why) < 0 || db_exec(db, mark, why) < 0 ||
		    db_exec(db, "COMMIT", why) < 0) {
			sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
			return -1;
		}
	}
	return 0;
}

static int
open_handle(struct db *db, const char *path, int flags, struct fail *why)
{
	if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return sql_fail(db, "cannot open the alert store", why);
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	return 0;
}

struct db *
db_open(const char *dir, bool durable, struct fail *why)
{
	char path[PATH_SIZE];
	struct db *db = mem_zero(1, sizeof(*db));
	if (!db) {
		fail_set(why, "state", "no memory for the alert store");
		return NULL;
	}
	db->lock = -1;
	if ((size_t)snprintf(path, sizeof(path), "%s/picketd.db", dir) >= sizeof(path) - 16) {
		fail_set(why, "state", "the path of the state directory is too long");
		goto fail;
	}
	if (take_lock(db, dir, why) < 0 || make_private(path, why) < 0)
		goto fail;
	if (open_handle(db, path, SQLITE_OPEN_READWRITE, why) < 0 || db_exec(db, "PRAGMA journal_mode=WAL", why) < 0 ||
	    db_exec(db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", why) < 0 ||
	    db_exec(db, "PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF", why) < 0 ||
	    migrate(db, why) < 0)
		goto fail;
	return db;
fail:
	name_open_failure(why);
	db_close(db);
	return NULL;
}

struct db *
db_open_read(const char *path, struct fail *why)
{
	int version = 0;
	struct db *db = mem_zero(1, sizeof(*db));
	if (!db) {
		fail_set(why, "state", "no memory for the alert store");
		return NULL;
	}
	db->lock = -1;
	if (open_handle(db, path, SQLITE_OPEN_READONLY, why) == 0 && read_version(db, &version, why) == 0 &&
	    check_version(version, migrations_known(), why) == 0)
		return db;
	name_open_failure(why);
	db_close(db);
	return NULL;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	sqlite3_close(db->handle);
	if (db->lock >= 0)
		close(db->lock);
	mem_free(db);
}
