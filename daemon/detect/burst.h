/* Which bursts have fired: per group whether it is hot and when it last alerted,
 * and the firings that are not yet on disk. Locked shards, any thread; memory is
 * taken at birth; the entry idle longest goes first, but not one that waits for
 * its batch; what it still had to say is counted. Contract: windows page "Re-arm", tree page "Loss and repeats". */
#ifndef DETECT_BURST_H
#define DETECT_BURST_H

#include <stdbool.h>
#include <stdint.h>

struct burst_table;

struct burst_state { /* plain value; what a rollback restores */
	int64_t last_alert_ms; /* event time */
	uint8_t step;          /* the next repeat comes span << step after it */
	bool hot;
	bool owed; /* a firing was rolled back: the next event of the burst fires, too */
	bool muted; /* its trigger was one that nobody hears: the next event that is heard fires, too */
};

struct burst_mark { /* one firing until its batch is on disk */
	uint64_t key, event; /* of the group; hash of the event's tenant and id */
	struct burst_state before;
	uint32_t version; /* of the state that the firing made; 0 = it changed none */
	bool repeat;
};

struct burst_question { /* about one group, one event */
	uint64_t key, event;
	int64_t at_ms, span_ms;
	int64_t newest_ms; /* of the group's events, this one among them */
	bool counted; /* false: the event was counted before; only an unfinished firing fires again */
	bool before, after; /* does the condition hold without and with the event */
	bool by_time;       /* time alone can make it true: old values leave a mean */
	bool muted;         /* an alert about this event would be kept as suppressed */
};

enum burst_answer { BURST_QUIET, BURST_TRIGGER, BURST_REPEAT };

struct burst_table *burst_table_new(uint64_t memory_bytes);
void burst_table_free(struct burst_table *t);
uint64_t burst_table_bytes(const struct burst_table *t);
/* The group's shard is locked between these two, so that windows and state change together. */
void burst_lock(struct burst_table *t, uint64_t key);
void burst_unlock(struct burst_table *t, uint64_t key);
/* Locked. Other than QUIET: *mark is what to commit or roll back. */
enum burst_answer burst_judge(struct burst_table *t, const struct burst_question *q, struct burst_mark *mark);
void burst_undo(struct burst_table *t, const struct burst_mark *mark); /* locked rollback */
bool burst_is_hot(struct burst_table *t, uint64_t key); /* locked */
/* Lock themselves. Marks of a batch are rolled back last first. */
void burst_commit(struct burst_table *t, const struct burst_mark *mark);
void burst_rollback(struct burst_table *t, const struct burst_mark *mark);

#endif
