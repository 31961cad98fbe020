/* Wide mode: a key with more events than a log holds. Per value the last time it
 * was seen, failed and succeeded (exact up to WINDOW_VALUES_MAX values), counts by
 * class and code in 60 panes a span (never under; at most one pane too much).
 * Answers for the instant of the newest event; every figure is kept up to date, so
 * that a question costs nothing. Steps per update: amortised constant, also for a
 * late event: a value is put in order once, when the span's end reaches its pane. */
#ifndef WINDOW_WINDOW_WIDE_H
#define WINDOW_WINDOW_WIDE_H

#include "window/cells.h"

/* Cells that the first update after a log may need. */
enum { WINDOW_WIDE_CELLS = 3 * WINDOW_LOG_MAX + 64 + 64 + 8 };

/* Makes an empty w (no entries) wide; -1 when cells lack. */
int window_wide_begin(struct cells *c, uint32_t w) __attribute__((warn_unused_result));
void window_wide_free(struct cells *c, uint32_t w);
/* Forgets what is older than the span before now; now becomes the newest. */
void window_wide_advance(struct cells *c, uint32_t w, int64_t now_ms);
/* False when it lies before the span that ends at the newest: not counted. */
bool window_wide_add(struct cells *c, uint32_t w, const struct window_update *u);
/* Over the span that ends at the newest; leaves partial alone; exact is about values. */
void window_wide_figures(const struct cells *c, uint32_t w, struct window_figures *out);
/* Time of the second failure in that span, to the pane; INT64_MAX when there are fewer. */
int64_t window_wide_second_failure(const struct cells *c, uint32_t w);

static inline struct cell_wide *
wide_of(const struct cells *c, uint32_t w)
{
	return &c->cell[c->cell[w].window.head].wide;
}

#endif
