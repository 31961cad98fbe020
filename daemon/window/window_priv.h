/* A window inside its shard: log or wide mode behind one set of verbs. Only for
 * window_table.c; always under the shard's lock. For a window in log mode the
 * scratch must hold its log (window_log_load), before and after. */
#ifndef WINDOW_WINDOW_PRIV_H
#define WINDOW_WINDOW_PRIV_H

#include "window/cells.h"
#include "window/window_log.h"
#include "window/window_wide.h"

/* Before an event of now_ms is judged: a wide window forgets what the span that ends now leaves behind, and is a log
 * again when that is all. */
void window_turn(struct cells *c, uint32_t w, struct scratch *s, int64_t now_ms);
/* Never fails: what finds no room makes the window partial. */
void window_add(struct cells *c, uint32_t w, struct scratch *s, const struct window_update *u, int64_t lateness_ms);
/* Gives all its cells back, the head too. */
void window_release(struct cells *c, uint32_t w);
void window_figures(struct cells *c, uint32_t w, struct scratch *s, int64_t at_ms, struct window_figures *out);
/* Time of the newest event not later than at + span; at_ms when there is none after it. */
int64_t window_best_end(const struct cells *c, uint32_t w, const struct scratch *s, int64_t at_ms);
/* Sets all of *out but before and after. */
bool window_holds(struct cells *c, uint32_t w, struct scratch *s, const struct window_probe *probe,
    struct window_verdict *out);

#endif
