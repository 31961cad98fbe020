/* What correlations remember of a group beyond counts: its hits by time, each with
 * a number and the stage (referenced rule) that it met. Groups live in locked
 * shards of a memory taken at birth; the group idle longest goes first, counted,
 * and what a group born later may therefore lack lies before its blind_ms. A
 * group is read and written whole: its caller keeps others from it in between.
 * Contract: windows page sections 2 and 3. */
#ifndef WINDOW_HITS_H
#define WINDOW_HITS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HITS_MAX = 1024,      /* of a group; beyond, the oldest goes and the group is partial */
	HITS_STAGE_MAX = 64,  /* of one stage of a group: a busy rule does not push out the others */
	HIT_NO_STAGE = 255,   /* a stage without that bound */
};

struct hit {
	int64_t ts_ms;
	double value;
	uint32_t event; /* hash: hits of one event are one event */
	uint8_t stage;
	bool checked; /* a check waits, or has waited, for this time */
	bool waits;   /* it waits still: the hit is kept until hits_waited */
	bool held;    /* it found its condition true */
};

struct hits { /* one group, by value; big: not for a deep stack */
	struct hit items[HITS_MAX]; /* n of them, by time */
	unsigned n;
	int64_t blind_ms; /* what lies before may be missing */
	int64_t closed_ms; /* end of the last window that was decided; INT64_MIN = none */
	int64_t held_ms;   /* end of the last window that met its condition, and none since did not; INT64_MIN = none */
	uint32_t waiting; /* of its checks */
};

struct hit_table;

/* whole_story: nothing happened before the first event; else what lies before start_ms may be missing. */
struct hit_table *hit_table_new(uint64_t memory_bytes, bool whole_story, int64_t start_ms);
void hit_table_free(struct hit_table *t); /* NULL is fine */
uint64_t hit_table_bytes(const struct hit_table *t);
/* The group; an empty one when it is not there. */
void hits_load(struct hit_table *t, uint64_t key, struct hits *out);
void hits_store(struct hit_table *t, uint64_t key, const struct hits *h);

/* Puts the hit at its place, behind those of its time; drops what is older than retention_ms before the newest and
 * before what waits. */
void hits_insert(struct hits *h, const struct hit *hit, int64_t retention_ms);
/* The first hit later than ts_ms; h->n when there is none. */
unsigned hits_after(const struct hits *h, int64_t ts_ms);
/* Does a check wait, or has it waited, for the hit of that index or another of its time? */
bool hits_is_checked(const struct hits *h, unsigned at);
void hits_await(struct hits *h, unsigned at);
/* It waits no more, and the condition held or not. */
void hits_waited(struct hits *h, int64_t ts_ms, bool held);
/* Did a condition hold at a time from begin to end, both included? */
bool hits_held(const struct hits *h, int64_t begin_ms, int64_t end_ms);

#endif
