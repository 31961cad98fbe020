#include "window/window_priv.h"

static void
blind_before(struct cell_window *w, int64_t ms)
{
	if (w->blind_ms < ms)
		w->blind_ms = ms;
}

/* ---- adding ---- */

static void
forget_all(struct cells *c, uint32_t w)
{
	struct cell_window *window = &c->cell[w].window;
	if (window->wide)
		window_wide_free(c, w);
	else
		window_log_free(c, window);
}

/* Too many events for a log: the span that ends at the newest goes on in wide mode. */
static bool
log_to_wide(struct cells *c, uint32_t w, struct scratch *s)
{
	struct cell_window *window = &c->cell[w].window;
	window_log_free(c, window);
	s->cell_count = 0;
	if (window_wide_begin(c, w) < 0)
		return false;
	for (unsigned i = 0; i < s->n; i++) {
		struct window_update u = window_log_get(s, i);
		window_wide_add(c, w, &u);
	}
	return true;
}

/* s holds the log of w; drops the oldest n. */
static void
log_prune(struct cell_window *w, struct scratch *s, unsigned n)
{
	if (n == 0)
		return;
	blind_before(w, window_log_ms(s, n - 1) + 1);
	window_log_drop(s, n);
}

/* How many of the oldest no event within the lateness can ask for any more, once they are worth the trouble: a cell
 * of them, or one too many or too old for the log. */
static unsigned
log_over(const struct scratch *s, int64_t now_ms, int64_t keep_ms)
{
	if (s->n == 0 || window_log_ms(s, 0) >= now_ms - keep_ms)
		return 0;
	unsigned over = window_log_after(s, now_ms - keep_ms - 1);
	return over >= CELL_ENTRIES || s->n == WINDOW_LOG_MAX || now_ms - window_log_ms(s, 0) > INT32_MAX ? over : 0;
}

static void
log_add(struct cells *c, uint32_t w, struct scratch *s, const struct window_update *u, int64_t lateness_ms)
{
	struct cell_window *window = &c->cell[w].window;
	int64_t keep_ms = window->span_ms + lateness_ms;
	unsigned pruned = 0;
	if (window->n == 0 || u->ts_ms > window->newest_ms) {
		pruned = log_over(s, u->ts_ms, keep_ms);
		log_prune(window, s, pruned);
		s->newest_ms = window->newest_ms = u->ts_ms;
	} else if (u->ts_ms < window->newest_ms - keep_ms) {
		blind_before(window, u->ts_ms + 1);
		return;
	} else if (s->n == WINDOW_LOG_MAX) {
		pruned = log_over(s, window->newest_ms, keep_ms);
		log_prune(window, s, pruned);
	}
	if (s->n == WINDOW_LOG_MAX) {
		if (log_to_wide(c, w, s)) {
			window_wide_add(c, w, u);
			return;
		}
		log_prune(window, s, 1); /* no room: the oldest goes */
		pruned = 1;
	}
	unsigned at = window_log_insert(s, u);
	int64_t last_ms = window_log_ms(s, s->n - 1);
	if (window_log_store(c, window, s, pruned ? 0 : at) < 0)
		blind_before(window, last_ms + 1);
}

void
window_turn(struct cells *c, uint32_t w, struct scratch *s, int64_t now_ms)
{
	struct cell_window *window = &c->cell[w].window;
	if (!window->wide)
		return;
	if (now_ms <= window->newest_ms + window->span_ms) {
		window_wide_advance(c, w, now_ms);
		return;
	}
	/* nothing of it lies within the span that ends now: a log again */
	blind_before(window, window->newest_ms + 1);
	window_wide_free(c, w);
	window_log_load(c, window, s);
}

void
window_add(struct cells *c, uint32_t w, struct scratch *s, const struct window_update *u, int64_t lateness_ms)
{
	window_turn(c, w, s, u->ts_ms);
	if (c->cell[w].window.wide)
		window_wide_add(c, w, u);
	else
		log_add(c, w, s, u, lateness_ms);
}

void
window_release(struct cells *c, uint32_t w)
{
	forget_all(c, w);
	cells_unlink_window(c, w);
	cells_give(c, w);
}

/* ---- asking ---- */

void
window_figures(struct cells *c, uint32_t w, struct scratch *s, int64_t at_ms, struct window_figures *out)
{
	const struct cell_window *window = &c->cell[w].window;
	if (window->wide) {
		window_wide_figures(c, w, out);
		out->exact = out->exact && at_ms == window->newest_ms;
		out->partial = at_ms < window->newest_ms - window->span_ms;
	} else {
		window_log_figures(s, at_ms, window->span_ms, out);
		out->exact = true;
	}
	out->partial = out->partial || at_ms - window->span_ms < window->blind_ms;
}

int64_t
window_best_end(const struct cells *c, uint32_t w, const struct scratch *s, int64_t at_ms)
{
	const struct cell_window *window = &c->cell[w].window;
	if (window->wide)
		return window->newest_ms > at_ms ? window->newest_ms : at_ms;
	unsigned end = window_log_after(s, at_ms + window->span_ms);
	return end > 0 && window_log_ms(s, end - 1) > at_ms ? window_log_ms(s, end - 1) : at_ms;
}

bool
window_holds(struct cells *c, uint32_t w, struct scratch *s, const struct window_probe *probe,
    struct window_verdict *out)
{
	const struct cell_window *window = &c->cell[w].window;
	out->partial = probe->at_ms - window->span_ms < window->blind_ms;
	out->exact = true;
	out->newest_ms = window->newest_ms;
	if (!window->wide)
		return window_log_holds(s, window->span_ms, probe, &out->value, &out->events);
	/* judged against the window that ends at the newest event, if the event lies within */
	struct window_figures figures;
	window_wide_figures(c, w, &figures);
	out->exact = !probe->distinct || figures.exact;
	out->events = figures.attempts;
	out->value = probe->distinct ? figures.distinct : figures.attempts;
	return probe->at_ms >= window->newest_ms - window->span_ms && probe->holds(out->value, probe->ctx);
}
