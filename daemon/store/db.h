/* The SQLite file of the state directory: opening, pragmas, migrations, and
 * the few calls that the store's tables are written with. Belongs to the
 * store's thread; readers open their own (db_open_read). A writer holds an
 * exclusive lock beside the file, so that two daemons cannot share a state. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

struct db;

/* Creates DIR/picketd.db (0600) when missing and brings its tables up to date. durable: every commit is synced.
 * Codes of *why: "state-locked" (another process; exit 75), "state-newer", "state-corrupt", "state" (exit 73). */
struct db *db_open(const char *dir, bool durable, struct fail *why);
/* Read-only, beside a running daemon. */
struct db *db_open_read(const char *path, struct fail *why);
void db_close(struct db *db); /* statements were finalized by then */

/* Codes: "storage". */
int db_exec(struct db *db, const char *sql, struct fail *why) __attribute__((warn_unused_result));
sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct fail *why);

/* Values from the second parameter on by format: i int64_t, s struct str, z const char *, b struct str as a blob. Resets the
 * statement first. */
void db_bind(sqlite3_stmt *statement, const char *format, ...);
/* Runs a statement that returns no row. */
int db_run(struct db *db, sqlite3_stmt *statement, struct fail *why) __attribute__((warn_unused_result));
/* 1 with a row, 0 at the end, -1 with *why; the caller resets after use. */
int db_step(struct db *db, sqlite3_stmt *statement, struct fail *why) __attribute__((warn_unused_result));
struct str db_text(sqlite3_stmt *statement, int column); /* until the next step */
int64_t db_changes(struct db *db);
/* Of the last failure, e.g. "FULL", "IOERR": for metrics. */
const char *db_error_name(struct db *db);

#endif
