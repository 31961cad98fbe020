/* The store: one thread that alone writes the SQLite file of the state
 * directory. Batches come in by mailbox, a group of them is one transaction
 * (commit_interval or commit_alerts, whichever is first), and each goes back
 * to its owner when it is on disk. Also hands rows of the outbox to the
 * dispatcher and takes back what became of them. Owned by the daemon. Memory:
 * what is in flight, at most STORE_BATCHES_MAX batches. Contract: delivery
 * page section 1, operations page `state`. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/incidents.h"
#include "alert/sink.h"
#include "base/fail.h"
#include "config/config.h"
#include "loop/mailbox.h"
#include "store/delivery.h"

struct store;

enum { STORE_BATCHES_MAX = 4096 };

struct store_options { /* all borrowed, until store_free */
	const struct state_config *state;
	const struct target_config *targets;
	size_t target_count;
};

/* Opens the state directory; nothing runs yet. Codes of *why: "state-locked" (exit 75); "state-newer", "state-corrupt",
 * "state" (exit 73). */
struct store *store_new(const struct store_options *options, struct fail *why);
/* Tells the table of the alerts of earlier lives. Before store_start; -1: it knows some of them, or none. */
int store_recall(struct store *s, struct incidents *incidents, struct fail *why) __attribute__((warn_unused_result));
void store_free(struct store *s); /* after store_stop; NULL is fine */
int store_start(struct store *s, struct fail *why) __attribute__((warn_unused_result));
/* Takes no more batches, commits what it has, answers, ends the thread. The dispatcher has stopped before; the
 * workers still run or are stopped, their mailboxes exist. */
void store_stop(struct store *s);
/* For tests that turn it themselves instead of store_start. */
struct loop *store_loop(struct store *s);

/* Takes batches with alerts from any thread; a full store refuses. Belongs to the store. */
struct sink *store_sink(struct store *s);

enum store_pressure { STORE_OK, STORE_BUSY, STORE_OUTBOX_FULL, STORE_DISK_LOW, STORE_STOPPING };
/* Whether more should be taken in: queue above 80 %, a required target's outbox above 90 %, disk below its reserve. Any
 * thread, cheap. */
enum store_pressure store_pressure(const struct store *s);
const char *store_pressure_name(enum store_pressure p); /* "ok", "queue", "outbox", "disk", "stopping" */
/* Writable, and the disk above its reserve. Any thread. */
bool store_ready(const struct store *s);
/* Alerts that wait for the target (index in the configuration). Any thread. */
uint32_t store_outbox_len(const struct store *s, unsigned target);

/* A question of the dispatcher's; the store owns it until it is posted to reply. */
struct claim {
	/* set by the asker */
	unsigned target, max; /* max 0: only expire */
	bool fifo;            /* in order of seq */
	int64_t expire_before_ms; /* rows made before become dead letters (at most 256 a claim); 0 = none */
	struct mailbox *reply;
	/* the answer */
	struct delivery *rows; /* by next; the asker's from now on */
	int64_t next_due_ms;   /* no row: when one will be due; INT64_MAX: none waits */
	unsigned expired;
	bool failed;
	struct claim *next;
};
/* Any thread. -1: the box is full, the claim stays the caller's. What was settled before is not claimed again. */
int store_claim(struct store *s, struct claim *c) __attribute__((warn_unused_result));
/* Hands the row back with its verdict, to be written durably; -1: the box is full. */
int store_settle(struct store *s, struct delivery *d) __attribute__((warn_unused_result));
/* The store posts itself to this box (of capacity 1: full is fine) when targets have new rows; NULL ends it. Any thread. */
void store_watch(struct store *s, struct mailbox *news);
/* Which targets have: bit i is target i. Clears. Any thread. */
uint32_t store_take_news(struct store *s);

#endif
