/* The table of alerts: what was found, kept `alerts_keep` long. Store thread
 * only, inside its transactions; alerts_list opens a connection of its own. */
#ifndef STORE_ALERTS_H
#define STORE_ALERTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "alert/alert.h"
#include "alert/incidents.h"
#include "base/fail.h"
#include "store/db.h"

struct alerts;

struct alerts *alerts_new(struct db *db, struct fail *why); /* db is borrowed */
void alerts_free(struct alerts *alerts);

/* 1 added, or it was there as suppressed and is no more; 0 an alert of this id is there: *stored_score is its score; -1
 * with *why. */
int alerts_add(struct alerts *alerts, const struct alert *a, int64_t now_ms, int *stored_score, struct fail *why)
    __attribute__((warn_unused_result));
/* Deletes at most max alerts stored before the time, never one that is still queued. How many, or -1. */
int alerts_trim(struct alerts *alerts, int64_t before_ms, unsigned max, struct fail *why);

/* Tells the table of all that were sent, or are to be, and can still be joined; oldest first, as many as it may hold.
 * Before the store's thread runs. */
int alerts_recall(struct alerts *alerts, struct incidents *incidents, int64_t now_ms, struct fail *why)
    __attribute__((warn_unused_result));

/* Prints the alerts of the database at path whose event is not older than since_ms, highest score first, then newest event
 * first: a table, or NDJSON of their `data`. Beside a running daemon; never writes. */
int alerts_list(const char *path, int64_t since_ms, bool json, FILE *out, struct fail *why);

#endif
