/* Log mode: the events of a window, sorted by time, and every question answered
 * by looking at them. Works on a decoded copy in the thread's scratch. Exact for
 * any instant. */
#ifndef WINDOW_WINDOW_LOG_H
#define WINDOW_WINDOW_LOG_H

#include "window/cells.h"

enum { SCRATCH_SLOTS = 256 };

struct scratch { /* one a thread */
	struct window_update log[WINDOW_LOG_MAX + 1];
	unsigned n;
	struct {
		uint32_t value, stamp, data;
	} set[SCRATCH_SLOTS]; /* open addressing; of the current question when stamp is its number */
	uint32_t stamp;
};

void window_log_load(const struct cells *c, const struct cell_window *w, struct scratch *s);
/* Writes entries from `from` on back; takes and gives cells. -1, with the last entry dropped from s, when a cell lacks. */
int window_log_store(struct cells *c, struct cell_window *w, struct scratch *s, unsigned from)
    __attribute__((warn_unused_result));
void window_log_free(struct cells *c, struct cell_window *w);
/* Position of the first entry later than ts. */
unsigned window_log_after(const struct scratch *s, int64_t ts_ms);
/* Over [to - span, to]; leaves exact and partial alone. */
void window_log_figures(struct scratch *s, int64_t to_ms, int64_t span_ms, struct window_figures *out);
/* Time of the second failure in [to - span, to]; INT64_MAX when there are fewer. */
int64_t window_log_second_failure(const struct scratch *s, int64_t to_ms, int64_t span_ms);
/* Every window of the span that contains at_ms: true when one holds; *value and *events of that one, else of the fullest. */
bool window_log_holds(struct scratch *s, int64_t span_ms, const struct window_probe *probe, double *value, uint32_t *events);
/* Keeps the WINDOW_CODES_MAX most frequent, equal counts by code. */
void window_codes_rank(struct window_figures *out, struct window_code code);

#endif
