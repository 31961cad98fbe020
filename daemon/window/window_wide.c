#include "window/window_wide.h"

#include "window/window_log.h"

enum { PANES = 60, CODE_CELLS_MAX = 4 };

static struct cell_totals *
totals_of(const struct cells *c, uint32_t w)
{
	return &c->cell[wide_of(c, w)->totals].totals;
}

static int64_t
pane_width(const struct cell_window *w)
{
	return (w->span_ms + PANES - 1) / PANES;
}

static int64_t
pane_number(int64_t width, int64_t ts_ms)
{
	return ts_ms / width - (ts_ms % width < 0);
}

static uint32_t *
pane_slot(const struct cells *c, uint32_t w, int64_t number)
{
	unsigned slot = (unsigned)number % PANE_SLOTS;
	return &c->cell[wide_of(c, w)->rings[slot / CELL_SLOTS]].ring.panes[slot % CELL_SLOTS];
}

static bool
is_of_pane(const struct cell_pane *pane, int64_t width, int64_t ts_ms)
{
	return ts_ms >= pane->start_ms && ts_ms - pane->start_ms < width;
}

/* The pane of ts; 0 when there is none. */
static uint32_t
pane_find(const struct cells *c, uint32_t w, int64_t ts_ms)
{
	int64_t width = pane_width(&c->cell[w].window);
	uint32_t newest = wide_of(c, w)->panes;
	if (newest && is_of_pane(&c->cell[newest].pane, width, ts_ms))
		return newest;
	uint32_t i = *pane_slot(c, w, pane_number(width, ts_ms));
	return i && is_of_pane(&c->cell[i].pane, width, ts_ms) ? i : 0;
}

int
window_wide_begin(struct cells *c, uint32_t w)
{
	if (cells_left(c) < 2 + PANE_SLOTS / CELL_SLOTS)
		return -1;
	uint32_t wide = cells_take(c), totals = cells_take(c);
	for (unsigned k = 0; k < PANE_SLOTS / CELL_SLOTS; k++)
		c->cell[wide].wide.rings[k] = cells_take(c);
	c->cell[wide].wide.totals = totals;
	c->cell[totals].totals.oldest_end_ms = INT64_MAX;
	c->cell[totals].totals.due_ms = INT64_MAX;
	c->cell[totals].totals.lost_ms = INT64_MIN;
	c->cell[w].window.head = wide;
	c->cell[w].window.wide = true;
	return 0;
}

/* ---- values: in queues by the pane in which they are due ---- */

/* Which of a value's times is that of the list. */
static unsigned
time_of(unsigned list)
{
	return list < LIST_SECOND ? list : list == LIST_THIRD_FAILED ? 1 : 0;
}

static bool
is_stranger(unsigned in)
{
	return (in & (1u << LIST_FAILED | 1u << LIST_SUCCEEDED)) == 1u << LIST_FAILED;
}

static void
lists_set(struct cell_wide *wide, struct cell_value *v, unsigned in)
{
	wide->strangers -= is_stranger(v->in);
	wide->strangers += is_stranger(in);
	v->in = (uint8_t)in;
}

static int64_t
due_ms(const struct cell_value *v)
{
	int64_t due = INT64_MAX;
	for (unsigned in = v->in; in; in &= in - 1) {
		int64_t ts_ms = v->ts_ms[time_of((unsigned)__builtin_ctz(in))];
		due = ts_ms < due ? ts_ms : due;
	}
	return due;
}

static void
queue_remove(struct cells *c, uint32_t i)
{
	const struct cell_value *v = &c->cell[i].value;
	*(v->before ? &c->cell[v->before].value.behind : &c->cell[v->pane].pane.queue) = v->behind;
	if (v->behind)
		c->cell[v->behind].value.before = v->before;
	if (totals_of(c, v->owner)->last == i)
		totals_of(c, v->owner)->last = v->before;
}

/* At the front, or in order where the queue has one: from its end on, where most belong. */
static void
queue_insert(struct cells *c, struct cell_totals *totals, uint32_t pane, uint32_t i, int64_t due)
{
	struct cell_value *v = &c->cell[i].value;
	uint32_t before = 0, behind = c->cell[pane].pane.queue;
	v->pane = pane;
	v->due = (uint32_t)(due - c->cell[pane].pane.start_ms);
	if (pane == totals->sorted) {
		behind = 0;
		for (before = totals->last; before && c->cell[before].value.due > v->due; before = c->cell[before].value.before)
			behind = before;
		if (!behind)
			totals->last = i;
	}
	v->before = before;
	v->behind = behind;
	*(before ? &c->cell[before].value.behind : &c->cell[pane].pane.queue) = i;
	if (behind)
		c->cell[behind].value.before = i;
	if (due < totals->due_ms)
		totals->due_ms = due;
}

static void
value_free(struct cells *c, uint32_t w, uint32_t i)
{
	struct cell_wide *wide = wide_of(c, w);
	struct cell_value *v = &c->cell[i].value;
	for (unsigned in = v->in; in; in &= in - 1)
		wide->len[__builtin_ctz(in)]--;
	lists_set(wide, v, 0);
	cells_unlink_value(c, i);
	cells_give(c, i);
}

/* A value that is in no queue leaves the lists that are over for it; then it waits for the next, or is gone. */
static void
value_settle(struct cells *c, uint32_t w, uint32_t i, int64_t from_ms)
{
	struct cell_wide *wide = wide_of(c, w);
	struct cell_value *v = &c->cell[i].value;
	unsigned left = v->in;
	for (unsigned in = v->in; in; in &= in - 1) {
		unsigned list = (unsigned)__builtin_ctz(in);
		if (v->ts_ms[time_of(list)] < from_ms) {
			left &= ~(1u << list);
			wide->len[list]--;
		}
	}
	lists_set(wide, v, left);
	if (left == 0) {
		value_free(c, w, i);
		return;
	}
	int64_t due = due_ms(v);
	queue_insert(c, totals_of(c, w), pane_find(c, w, due), i, due);
}

/* Merges two queues in order; only `behind` is set. */
static uint32_t
queue_merge(struct cells *c, uint32_t a, uint32_t b)
{
	uint32_t first = 0, *link = &first;
	while (a && b) {
		uint32_t *least = c->cell[b].value.due < c->cell[a].value.due ? &b : &a;
		*link = *least;
		link = &c->cell[*least].value.behind;
		*least = *link;
	}
	*link = a ? a : b;
	return first;
}

/* The pane that the span's end has reached: its queue in order, those that are due later elsewhere. */
static void
queue_sort(struct cells *c, uint32_t w, uint32_t pane)
{
	enum { RUNS = 32 }; /* run k: 2^k values, in order */
	uint32_t runs[RUNS] = {0}, i = c->cell[pane].pane.queue;
	c->cell[pane].pane.queue = 0;
	totals_of(c, w)->sorted = pane;
	while (i) {
		struct cell_value *v = &c->cell[i].value;
		uint32_t behind = v->behind, run = i;
		int64_t due = due_ms(v);
		uint32_t there = pane_find(c, w, due);
		if (there != pane) {
			queue_insert(c, totals_of(c, w), there, i, due);
		} else {
			unsigned k = 0;
			v->due = (uint32_t)(due - c->cell[pane].pane.start_ms);
			v->behind = 0;
			for (; k < RUNS - 1 && runs[k]; k++) {
				run = queue_merge(c, runs[k], run);
				runs[k] = 0;
			}
			runs[k] = run;
		}
		i = behind;
	}
	uint32_t sorted = 0, before = 0;
	for (unsigned k = 0; k < RUNS; k++)
		sorted = queue_merge(c, runs[k], sorted);
	c->cell[pane].pane.queue = sorted;
	for (; sorted; sorted = c->cell[sorted].value.behind) {
		c->cell[sorted].value.before = before;
		before = sorted;
	}
	totals_of(c, w)->last = before;
}

static void
values_expire(struct cells *c, uint32_t w, int64_t from_ms)
{
	struct cell_totals *totals = totals_of(c, w);
	if (from_ms <= totals->due_ms)
		return;
	int64_t width = pane_width(&c->cell[w].window), next_ms = INT64_MAX;
	for (uint32_t p = totals->oldest; p; p = c->cell[p].pane.newer) {
		const struct cell_pane *pane = &c->cell[p].pane;
		bool whole = pane->start_ms + width <= from_ms;
		if (!whole && pane->start_ms < from_ms && totals->sorted != p)
			queue_sort(c, w, p);
		uint32_t i;
		while ((i = pane->queue) && (whole || pane->start_ms + c->cell[i].value.due < from_ms)) {
			queue_remove(c, i);
			value_settle(c, w, i, from_ms);
		}
		if (i) {
			next_ms = pane->start_ms + (totals->sorted == p ? c->cell[i].value.due : 0);
			break;
		}
	}
	totals->due_ms = next_ms;
}

/* Of those that are due first, the one longest not seen goes. */
static void
value_drop_oldest(struct cells *c, uint32_t w)
{
	enum { LOOK = 8 };
	struct cell_totals *totals = totals_of(c, w);
	uint32_t p = totals->oldest, oldest = 0;
	while (p && !oldest) {
		if (totals->sorted != p && c->cell[p].pane.queue)
			queue_sort(c, w, p);
		oldest = c->cell[p].pane.queue;
		p = c->cell[p].pane.newer;
	}
	if (!oldest)
		return;
	uint32_t i = oldest;
	for (unsigned look = 0; look < LOOK && i; look++, i = c->cell[i].value.behind)
		if (c->cell[i].value.ts_ms[0] < c->cell[oldest].value.ts_ms[0])
			oldest = i;
	if (c->cell[oldest].value.ts_ms[0] > totals->lost_ms)
		totals->lost_ms = c->cell[oldest].value.ts_ms[0];
	queue_remove(c, oldest);
	value_free(c, w, oldest);
}

static void
value_lost(struct cells *c, uint32_t w, int64_t ts_ms)
{
	struct cell_totals *totals = totals_of(c, w);
	if (ts_ms > totals->lost_ms)
		totals->lost_ms = ts_ms;
}

/* The value's cell, a new one if need be; 0 when there is no room: then it is noted that a value is missing. */
static uint32_t
value_get(struct cells *c, uint32_t w, uint32_t value, unsigned rank, int64_t ts_ms)
{
	static const enum wide_list seen[] = {LIST_SEEN, LIST_SECOND, LIST_THIRD};
	uint32_t i = cells_find_value(c, w, value, rank);
	if (i)
		return i;
	if (wide_of(c, w)->len[seen[rank]] >= WINDOW_VALUES_MAX)
		value_drop_oldest(c, w);
	i = cells_take(c);
	if (!i) {
		value_lost(c, w, ts_ms);
		return 0;
	}
	struct cell_value *v = &c->cell[i].value;
	v->owner = w;
	v->value = value;
	v->rank = (uint8_t)rank;
	cells_link_value(c, i);
	return i;
}

struct sighting {
	uint32_t value;
	unsigned rank, lists; /* bits of those that the value is in now */
};

/* At ts, an instant of the pane. */
static void
value_add(struct cells *c, uint32_t w, uint32_t pane, int64_t ts_ms, struct sighting sighting)
{
	uint32_t i = value_get(c, w, sighting.value, sighting.rank, ts_ms);
	if (!i)
		return;
	unsigned lists = sighting.lists;
	struct cell_wide *wide = wide_of(c, w);
	struct cell_value *v = &c->cell[i].value;
	unsigned fresh = lists & ~(unsigned)v->in;
	for (unsigned in = lists; in; in &= in - 1) {
		unsigned list = (unsigned)__builtin_ctz(in), k = time_of(list);
		wide->len[list] += fresh >> list & 1;
		if (fresh >> list & 1 || v->ts_ms[k] < ts_ms)
			v->ts_ms[k] = ts_ms;
	}
	if (!fresh)
		return;
	lists_set(wide, v, v->in | lists);
	if (v->pane && c->cell[v->pane].pane.start_ms + v->due <= ts_ms)
		return;
	if (v->pane)
		queue_remove(c, i);
	queue_insert(c, totals_of(c, w), pane, i, ts_ms);
}

static void
values_add(struct cells *c, uint32_t w, uint32_t pane, const struct window_update *u)
{
	static const unsigned lists[WINDOW_CLASSES] = {
		[WINDOW_OTHER] = 1u << LIST_SEEN,
		[WINDOW_FAILURE] = 1u << LIST_SEEN | 1u << LIST_FAILED,
		[WINDOW_INTERRUPTED] = 1u << LIST_SEEN,
		[WINDOW_SUCCESS] = 1u << LIST_SEEN | 1u << LIST_SUCCEEDED,
	};
	unsigned third = 1u << LIST_THIRD | (u->class == WINDOW_FAILURE ? 1u << LIST_THIRD_FAILED : 0);
	if (u->value)
		value_add(c, w, pane, u->ts_ms, (struct sighting){u->value, 0, lists[u->class]});
	if (u->value2)
		value_add(c, w, pane, u->ts_ms, (struct sighting){u->value2, 1, 1u << LIST_SECOND});
	if (u->value3 && c->cell[w].window.triple)
		value_add(c, w, pane, u->ts_ms, (struct sighting){u->value3, 2, third});
}

/* ---- counts: panes ---- */

/* The code's item among n, else a free one in *empty (if there was none yet). */
static struct window_code *
code_among(struct window_code *items, unsigned n, uint32_t code, struct window_code **empty)
{
	for (unsigned k = 0; k < n; k++) {
		if (items[k].count && items[k].code == code)
			return &items[k];
		if (!items[k].count && !*empty)
			*empty = &items[k];
	}
	return NULL;
}

/* The item of the code in a chain of cell_codes, a free one if it has none yet (or *empty, if set); NULL at
 * CODE_CELLS_MAX or without a cell. */
static struct window_code *
code_item(struct cells *c, uint32_t *head, uint32_t code, struct window_code *empty)
{
	unsigned cells = 0;
	for (; *head; head = &c->next[*head], cells++) {
		struct window_code *item = code_among(c->cell[*head].codes.items, CELL_CODES, code, &empty);
		if (item)
			return item;
	}
	if (!empty && cells < CODE_CELLS_MAX && (*head = cells_take(c)) != 0)
		empty = &c->cell[*head].codes.items[0];
	if (empty)
		empty->code = code;
	return empty;
}

static struct window_code *
pane_code(struct cells *c, struct cell_pane *pane, uint32_t code)
{
	struct window_code *empty = NULL, *item = code_among(pane->items, PANE_CODES, code, &empty);
	return item ? item : code_item(c, &pane->codes, code, empty);
}

/* A code without room in either list is in neither, so that panes can be taken off again. */
static void
codes_add(struct cells *c, uint32_t w, struct cell_pane *pane, uint32_t code)
{
	if (code == 0 || code == WINDOW_CODE_NONE)
		return;
	struct window_code *total = code_item(c, &wide_of(c, w)->codes, code, NULL);
	struct window_code *item = total ? pane_code(c, pane, code) : NULL;
	if (item) {
		item->count++;
		total->count++;
	}
}

static void
codes_subtract(struct cells *c, uint32_t w, const struct window_code *items, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		if (items[k].count)
			code_item(c, &wide_of(c, w)->codes, items[k].code, NULL)->count -= items[k].count;
}

static void
pane_free(struct cells *c, uint32_t w, uint32_t i)
{
	struct cell_pane *pane = &c->cell[i].pane;
	struct cell_totals *totals = totals_of(c, w);
	for (unsigned class = 0; class < WINDOW_CLASSES; class++)
		totals->classes[class] -= pane->classes[class];
	codes_subtract(c, w, pane->items, PANE_CODES);
	for (uint32_t cell = pane->codes; cell; cell = c->next[cell])
		codes_subtract(c, w, c->cell[cell].codes.items, CELL_CODES);
	cells_give_chain(c, pane->codes);
	cells_give(c, i);
}

/* Their queues are empty: values went before. */
static void
panes_expire(struct cells *c, uint32_t w, int64_t from_ms)
{
	struct cell_totals *totals = totals_of(c, w);
	if (totals->oldest_end_ms >= from_ms)
		return;
	int64_t width = pane_width(&c->cell[w].window);
	uint32_t i;
	while ((i = totals->oldest) && c->cell[i].pane.start_ms + width <= from_ms) {
		totals->oldest = c->cell[i].pane.newer;
		*(totals->oldest ? &c->next[totals->oldest] : &wide_of(c, w)->panes) = 0;
		if (totals->sorted == i)
			totals->sorted = totals->last = 0;
		*pane_slot(c, w, pane_number(width, c->cell[i].pane.start_ms)) = 0;
		pane_free(c, w, i);
	}
	totals->oldest_end_ms = i ? c->cell[i].pane.start_ms + width - 1 : INT64_MAX;
}

/* The pane of ts, a new one if need be; without a cell the next newer one (never under) or, marked as loss, older. */
static uint32_t
pane_get(struct cells *c, uint32_t w, int64_t ts_ms)
{
	uint32_t i = pane_find(c, w, ts_ms), near = 0;
	if (i)
		return i;
	struct cell_wide *wide = wide_of(c, w);
	int64_t width = pane_width(&c->cell[w].window), number = pane_number(width, ts_ms);
	uint32_t *link = &wide->panes;
	while (*link && c->cell[*link].pane.start_ms > ts_ms) {
		near = *link;
		link = &c->next[*link];
	}
	i = cells_take(c);
	if (!i) {
		struct cell_window *window = &c->cell[w].window;
		if (!near && window->blind_ms <= ts_ms)
			window->blind_ms = ts_ms + 1;
		return near ? near : *link;
	}
	struct cell_pane *pane = &c->cell[i].pane;
	pane->start_ms = number * width;
	pane->first = UINT32_MAX;
	pane->newer = near;
	if (*link)
		c->cell[*link].pane.newer = i;
	c->next[i] = *link;
	*link = i;
	*pane_slot(c, w, number) = i;
	struct cell_totals *totals = totals_of(c, w);
	if (pane->start_ms + width - 1 < totals->oldest_end_ms) {
		totals->oldest_end_ms = pane->start_ms + width - 1;
		totals->oldest = i;
	}
	return i;
}

void
window_wide_free(struct cells *c, uint32_t w)
{
	struct cell_wide *wide = wide_of(c, w);
	for (uint32_t i = wide->panes; i;) {
		uint32_t following = c->next[i];
		for (uint32_t value = c->cell[i].pane.queue; value;) {
			uint32_t behind = c->cell[value].value.behind;
			cells_unlink_value(c, value);
			cells_give(c, value);
			value = behind;
		}
		cells_give_chain(c, c->cell[i].pane.codes);
		cells_give(c, i);
		i = following;
	}
	cells_give_chain(c, wide->codes);
	for (unsigned k = 0; k < PANE_SLOTS / CELL_SLOTS; k++)
		cells_give(c, wide->rings[k]);
	cells_give(c, wide->totals);
	cells_give(c, c->cell[w].window.head);
	c->cell[w].window.head = 0;
	c->cell[w].window.n = 0;
	c->cell[w].window.wide = false;
}

void
window_wide_advance(struct cells *c, uint32_t w, int64_t now_ms)
{
	struct cell_window *window = &c->cell[w].window;
	if (now_ms <= window->newest_ms)
		return;
	window->newest_ms = now_ms;
	values_expire(c, w, now_ms - window->span_ms);
	panes_expire(c, w, now_ms - window->span_ms);
}

bool
window_wide_add(struct cells *c, uint32_t w, const struct window_update *u)
{
	struct cell_window *window = &c->cell[w].window;
	window_wide_advance(c, w, u->ts_ms);
	if (u->ts_ms < window->newest_ms - window->span_ms)
		return false;
	uint32_t i = pane_get(c, w, u->ts_ms);
	if (i) {
		struct cell_pane *pane = &c->cell[i].pane;
		pane->classes[u->class]++;
		totals_of(c, w)->classes[u->class]++;
		int64_t first = u->ts_ms < pane->start_ms ? 0 : u->ts_ms - pane->start_ms;
		if (first < pane->first)
			pane->first = (uint32_t)first;
		codes_add(c, w, pane, u->code);
	}
	if (i && is_of_pane(&c->cell[i].pane, pane_width(window), u->ts_ms))
		values_add(c, w, i, u);
	else
		value_lost(c, w, u->ts_ms);
	return true;
}

static int64_t
pane_first_ms(const struct cells *c, uint32_t w, uint32_t pane)
{
	int64_t from_ms = c->cell[w].window.newest_ms - c->cell[w].window.span_ms;
	int64_t first_ms = c->cell[pane].pane.start_ms + c->cell[pane].pane.first;
	return first_ms > from_ms ? first_ms : from_ms;
}

int64_t
window_wide_second_failure(const struct cells *c, uint32_t w)
{
	uint32_t left = totals_of(c, w)->classes[WINDOW_FAILURE];
	if (left < 2)
		return INT64_MAX;
	uint32_t i = wide_of(c, w)->panes;
	/* from the newest back to the pane before which fewer than two lie */
	while (c->next[i] && left - c->cell[i].pane.classes[WINDOW_FAILURE] >= 2) {
		left -= c->cell[i].pane.classes[WINDOW_FAILURE];
		i = c->next[i];
	}
	return pane_first_ms(c, w, i);
}

void
window_wide_figures(const struct cells *c, uint32_t w, struct window_figures *out)
{
	const struct cell_wide *wide = wide_of(c, w);
	const struct cell_totals *totals = totals_of(c, w);
	memset(out, 0, sizeof(*out));
	for (unsigned class = 0; class < WINDOW_CLASSES; class++) {
		out->classes[class] = totals->classes[class];
		out->attempts += totals->classes[class];
	}
	out->distinct = wide->len[LIST_SEEN];
	out->failed = wide->len[LIST_FAILED];
	out->successful = wide->len[LIST_SUCCEEDED];
	out->strangers = wide->strangers;
	out->distinct2 = wide->len[LIST_SECOND];
	out->distinct3 = wide->len[LIST_THIRD];
	out->failed3 = wide->len[LIST_THIRD_FAILED];
	for (uint32_t cell = wide->codes; cell; cell = c->next[cell])
		for (unsigned k = 0; k < CELL_CODES; k++)
			if (c->cell[cell].codes.items[k].count)
				window_codes_rank(out, c->cell[cell].codes.items[k]);
	if (out->attempts > 0) {
		out->first_ms = pane_first_ms(c, w, totals->oldest);
		out->last_ms = c->cell[w].window.newest_ms;
	}
	out->exact = totals->lost_ms < c->cell[w].window.newest_ms - c->cell[w].window.span_ms;
}
