/* Memory of one shard: 64-byte cells, handed out and taken back in O(1), so that
 * an update never asks the heap and what one key gives back any other can use.
 * Index 0 is no cell. All under the shard's lock. The cells of a window: */
#ifndef WINDOW_CELLS_H
#define WINDOW_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "window/window.h"

enum { CELL_ENTRIES = 4, CELL_TRIPLES = 3, CELL_CODES = 8, PANE_CODES = 3, CELL_SLOTS = 16, PANE_SLOTS = 64 };

struct cell_entry { /* an event in log mode */
	uint32_t value, value2;
	uint32_t code_class; /* code in the lower 29 bits, class above */
	uint32_t ts;         /* ms mod 2^32, not after the window's newest */
};

struct cell_triple { /* the same with a third value; a window of these has none in its head */
	struct cell_entry entry;
	uint32_t value3;
};

struct cell_window { /* head of a window; next chains its hash bucket */
	uint64_t key;
	uint32_t older, newer; /* by last use */
	int64_t newest_ms, blind_ms; /* what lies before blind_ms may be missing */
	uint32_t span_ms;
	uint32_t used; /* the shard's tick when it last moved in the order of use */
	uint32_t head; /* log: cells of entries 1.., or of all triples; wide: the cell_wide */
	uint16_t n;    /* log: entries */
	bool wide, triple;
	struct cell_entry first; /* log: entry 0, the oldest */
};

enum wide_list { LIST_SEEN, LIST_FAILED, LIST_SUCCEEDED, LIST_SECOND, LIST_THIRD, LIST_THIRD_FAILED, WIDE_LISTS };

struct cell_wide { /* head of the wide mode */
	uint32_t len[WIDE_LISTS]; /* values seen, failed, ... within the span */
	uint32_t strangers;
	uint32_t panes;  /* newest first, chained by next */
	uint32_t codes;  /* cell_codes: counts over all panes */
	uint32_t totals; /* cell_totals */
	uint32_t rings[PANE_SLOTS / CELL_SLOTS]; /* cell_ring: where each pane is */
};

struct cell_ring { /* panes by start / width modulo PANE_SLOTS; 0 = none */
	uint32_t panes[CELL_SLOTS];
};

struct cell_totals {
	uint32_t classes[WINDOW_CLASSES];
	uint32_t oldest;       /* pane */
	uint32_t sorted, last; /* the pane whose queue is in order, and the last value of that queue; 0 = none */
	int64_t oldest_end_ms; /* last ms of the oldest pane */
	int64_t due_ms, lost_ms; /* no value of any queue is due before; latest time of one that found no room */
};

struct cell_pane {
	int64_t start_ms;
	uint32_t first; /* ms after start of its first event; UINT32_MAX = none */
	uint32_t classes[WINDOW_CLASSES];
	uint32_t codes; /* cell_codes, when there are more than */
	uint32_t newer; /* pane; the older one is its next */
	uint32_t queue; /* first of the values that are due in it */
	struct window_code items[PANE_CODES];
};

struct cell_codes { /* count 0 = free */
	struct window_code items[CELL_CODES];
};

struct cell_value { /* a value of a wide window; next chains its hash bucket */
	uint32_t owner, value;
	uint8_t rank; /* 0 a value, 1 a second one, 2 a third one */
	uint8_t in;   /* bit per list */
	/* Of the queue that it waits in: where the first of its times lay when last looked. Later times leave it there. */
	uint32_t pane, due, before, behind; /* due: ms after the pane's start */
	int64_t ts_ms[3]; /* last times; of second and third values from 0 on for their lists */
};

union cell {
	struct cell_window window;
	struct cell_entry entries[CELL_ENTRIES];
	struct cell_triple triples[CELL_TRIPLES];
	struct cell_wide wide;
	struct cell_ring ring;
	struct cell_totals totals;
	struct cell_pane pane;
	struct cell_codes codes;
	struct cell_value value;
};

struct cells {
	union cell *cell;
	uint32_t *next; /* one a cell: free list, chains */
	uint32_t cap, high, in_use, free;
	uint32_t *windows, *values; /* hash buckets, mask + 1 of each */
	uint32_t mask;
};

/* As many cells as fit into bytes; -1 without memory. */
int cells_init(struct cells *c, uint64_t bytes) __attribute__((warn_unused_result));
void cells_fini(struct cells *c);
uint32_t cells_take(struct cells *c); /* zeroed; 0 when there is none */
void cells_give(struct cells *c, uint32_t i);
void cells_give_chain(struct cells *c, uint32_t head);
uint32_t cells_left(const struct cells *c);
uint64_t cells_bytes(const struct cells *c); /* touched so far */

uint32_t cells_find_window(const struct cells *c, uint64_t key);
void cells_link_window(struct cells *c, uint32_t i);
void cells_unlink_window(struct cells *c, uint32_t i);
uint32_t cells_find_value(const struct cells *c, uint32_t owner, uint32_t value, unsigned rank);
void cells_link_value(struct cells *c, uint32_t i);
void cells_unlink_value(struct cells *c, uint32_t i);

#endif
