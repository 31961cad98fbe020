/* Log mode: the events of a window, sorted by time, and every question answered
 * by looking at them. Works on a copy in the thread's scratch. Exact for any
 * instant. */
#ifndef WINDOW_WINDOW_LOG_H
#define WINDOW_WINDOW_LOG_H

#include "window/cells.h"

enum { SET_SLOTS = 128, SETS = 3, LOG_CELLS = (WINDOW_LOG_MAX + CELL_TRIPLES - 1) / CELL_TRIPLES };

struct scratch_set { /* open addressing; at most half full */
	struct {
		uint32_t value, stamp, data;
	} slots[SET_SLOTS]; /* of the current question when stamp is its number */
};

struct scratch { /* one a thread */
	struct cell_entry log[WINDOW_LOG_MAX + 1];
	uint32_t thirds[WINDOW_LOG_MAX + 1]; /* of a triple window */
	uint32_t cells[LOG_CELLS];           /* where they came from */
	unsigned n, cell_count;
	bool triple;       /* of the window */
	int64_t newest_ms; /* of the window: times of the log are not after it */
	struct scratch_set sets[SETS];
	uint32_t stamp;
	struct { /* the last question of window_log_holds that no later event had a part in; n 0 = none */
		unsigned n;
		int64_t at_ms;
		uint32_t distinct, events;
	} asked;
};

void window_log_load(const struct cells *c, const struct cell_window *w, struct scratch *s);
/* Writes entries from `from` on back; takes and gives cells. -1, with the last entry dropped from s, when a cell lacks. */
int window_log_store(struct cells *c, struct cell_window *w, struct scratch *s, unsigned from)
    __attribute__((warn_unused_result));
void window_log_free(struct cells *c, struct cell_window *w);
int64_t window_log_ms(const struct scratch *s, unsigned i); /* time of entry i */
struct window_update window_log_get(const struct scratch *s, unsigned i);
void window_log_drop(struct scratch *s, unsigned n); /* the oldest n */
/* Puts the event behind those not later; it is not after the newest, and there is room. Returns its position. */
unsigned window_log_insert(struct scratch *s, const struct window_update *u);
/* Position of the first entry later than ts. */
unsigned window_log_after(const struct scratch *s, int64_t ts_ms);
/* Over [to - span, to]; leaves exact and partial alone. */
void window_log_figures(struct scratch *s, int64_t to_ms, int64_t span_ms, struct window_figures *out);
/* Time of the second failure in [to - span, to]; INT64_MAX when there are fewer. */
int64_t window_log_second_failure(const struct scratch *s, int64_t to_ms, int64_t span_ms);
/* Every window of the span that contains at_ms: true when one holds; *value and *events of that one, else of the
 * fullest. Asked before and after the insertion of an event of at_ms that is the newest, it looks at the log once. */
bool window_log_holds(struct scratch *s, int64_t span_ms, const struct window_probe *probe, double *value, uint32_t *events);
/* Keeps the WINDOW_CODES_MAX most frequent, equal counts by code. */
void window_codes_rank(struct window_figures *out, struct window_code code);

#endif
