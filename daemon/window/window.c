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
	if (window_wide_begin(c, w) < 0)
		return false;
	for (unsigned i = 0; i < s->n; i++)
		window_wide_add(c, w, &s->log[i]);
	return true;
}

/* s holds the log of w; drops what no event within the lateness can ask for any more. Returns how many. */
static unsigned
log_prune(struct cell_window *w, struct scratch *s, int64_t keep_from_ms)
{
	unsigned gone = window_log_after(s, keep_from_ms - 1);
	if (gone == 0)
		return 0;
	blind_before(w, s->log[gone - 1].ts_ms + 1);
	s->n -= gone;
	memmove(s->log, s->log + gone, s->n * sizeof(s->log[0]));
	return gone;
}

static void
log_add(struct cells *c, uint32_t w, struct scratch *s, const struct window_update *u, int64_t lateness_ms)
{
	struct cell_window *window = &c->cell[w].window;
	int64_t keep_ms = window->span_ms + lateness_ms;
	unsigned pruned = 0;
	if (window->n == 0 || u->ts_ms > window->newest_ms) {
		window->newest_ms = u->ts_ms;
		pruned = log_prune(window, s, u->ts_ms - keep_ms);
	} else if (u->ts_ms < window->newest_ms - keep_ms) {
		blind_before(window, u->ts_ms + 1);
		return;
	}
	if (s->n == WINDOW_LOG_MAX) {
		if (log_to_wide(c, w, s)) {
			window_wide_add(c, w, u);
			return;
		}
		pruned += log_prune(window, s, s->log[0].ts_ms + 1); /* no room: the oldest goes */
	}
	unsigned at = window_log_after(s, u->ts_ms);
	memmove(&s->log[at + 1], &s->log[at], (s->n - at) * sizeof(s->log[0]));
	s->log[at] = *u;
	s->n++;
	int64_t last_ms = s->log[s->n - 1].ts_ms;
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
	s->n = 0;
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
	return end > 0 && s->log[end - 1].ts_ms > at_ms ? s->log[end - 1].ts_ms : at_ms;
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
