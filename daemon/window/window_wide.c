#include "window/window_wide.h"

#include "window/window_log.h"

enum { PANES = 60, CODE_CELLS_MAX = 4 };

static struct cell_wide *
wide_of(const struct cells *c, uint32_t w)
{
	return &c->cell[c->cell[w].window.head].wide;
}

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

int
window_wide_begin(struct cells *c, uint32_t w)
{
	bool triple = c->cell[w].window.triple;
	uint32_t wide = cells_take(c), totals = cells_take(c), thirds = triple ? cells_take(c) : 0;
	if (!wide || !totals || (triple && !thirds)) {
		if (wide)
			cells_give(c, wide);
		if (totals)
			cells_give(c, totals);
		return -1;
	}
	c->cell[wide].wide.totals = totals;
	c->cell[totals].totals.thirds = thirds;
	c->cell[totals].totals.oldest_end_ms = INT64_MAX;
	c->cell[totals].totals.expire_ms = INT64_MAX;
	c->cell[totals].totals.lost_ms = INT64_MIN;
	c->cell[w].window.head = wide;
	c->cell[w].window.wide = true;
	return 0;
}

/* ---- values: lists by last time ---- */

static unsigned
link_of(enum wide_list list)
{
	return list < LIST_SECOND ? list : list == LIST_THIRD_FAILED ? 1 : 0;
}

static struct cell_list *
list_of(struct cells *c, struct cell_wide *wide, enum wide_list list)
{
	if (list < LIST_THIRD)
		return &wide->lists[list];
	return &c->cell[c->cell[wide->totals].totals.thirds].thirds[list - LIST_THIRD];
}

static unsigned
list_count(const struct cells *c, const struct cell_wide *wide)
{
	return c->cell[wide->totals].totals.thirds ? WIDE_LISTS : LIST_THIRD;
}

static bool
is_stranger(const struct cell_value *v)
{
	return (v->in & (1u << LIST_FAILED | 1u << LIST_SUCCEEDED)) == 1u << LIST_FAILED;
}

static void
list_remove(struct cells *c, struct cell_wide *wide, enum wide_list list, uint32_t i)
{
	struct cell_value *v = &c->cell[i].value;
	struct cell_list *ends = list_of(c, wide, list);
	unsigned k = link_of(list);
	uint32_t newer = v->links[k].newer, older = v->links[k].older;
	*(newer ? &c->cell[newer].value.links[k].older : &ends->newest) = older;
	*(older ? &c->cell[older].value.links[k].newer : &ends->oldest) = newer;
	ends->len--;
	wide->strangers -= is_stranger(v);
	v->in &= (uint8_t)~(1u << list);
	wide->strangers += is_stranger(v);
}

static void
list_insert(struct cells *c, struct cell_wide *wide, enum wide_list list, uint32_t i, int64_t ts_ms)
{
	struct cell_value *v = &c->cell[i].value;
	struct cell_list *ends = list_of(c, wide, list);
	unsigned k = link_of(list);
	uint32_t newer = 0, older = ends->newest;
	while (older && c->cell[older].value.ts_ms[k] > ts_ms) {
		newer = older;
		older = c->cell[older].value.links[k].older;
	}
	v->ts_ms[k] = ts_ms;
	v->links[k].newer = newer;
	v->links[k].older = older;
	*(newer ? &c->cell[newer].value.links[k].older : &ends->newest) = i;
	*(older ? &c->cell[older].value.links[k].newer : &ends->oldest) = i;
	ends->len++;
	wide->strangers -= is_stranger(v);
	v->in |= (uint8_t)(1u << list);
	wide->strangers += is_stranger(v);
}

static void
value_touch(struct cells *c, struct cell_wide *wide, enum wide_list list, uint32_t i, int64_t ts_ms)
{
	const struct cell_value *v = &c->cell[i].value;
	if (v->in & 1u << list) {
		if (v->ts_ms[link_of(list)] >= ts_ms)
			return;
		list_remove(c, wide, list, i);
	}
	list_insert(c, wide, list, i, ts_ms);
}

static void
value_free(struct cells *c, struct cell_wide *wide, uint32_t i)
{
	for (unsigned list = 0; list < WIDE_LISTS; list++)
		if (c->cell[i].value.in & 1u << list)
			list_remove(c, wide, (enum wide_list)list, i);
	cells_unlink_value(c, i);
	cells_give(c, i);
}

static int64_t
value_ms(const struct cells *c, uint32_t i, enum wide_list list)
{
	return c->cell[i].value.ts_ms[link_of(list)];
}

static void
values_expire(struct cells *c, uint32_t w, int64_t from_ms)
{
	struct cell_wide *wide = wide_of(c, w);
	struct cell_totals *totals = totals_of(c, w);
	if (from_ms <= totals->expire_ms)
		return;
	totals->expire_ms = INT64_MAX;
	for (unsigned k = 0; k < list_count(c, wide); k++) {
		enum wide_list list = (enum wide_list)k;
		const struct cell_list *ends = list_of(c, wide, list);
		uint32_t i;
		while ((i = ends->oldest) && value_ms(c, i, list) < from_ms) {
			list_remove(c, wide, list, i);
			if (c->cell[i].value.in == 0)
				value_free(c, wide, i);
		}
		if (i && value_ms(c, i, list) < totals->expire_ms)
			totals->expire_ms = value_ms(c, i, list);
	}
}

/* The value's cell, a new one if need be; 0 when there is no room: then it is noted that a value is missing. */
static uint32_t
value_get(struct cells *c, uint32_t w, uint32_t value, unsigned rank, int64_t ts_ms)
{
	static const enum wide_list seen[] = {LIST_SEEN, LIST_SECOND, LIST_THIRD};
	uint32_t i = cells_find_value(c, w, value, rank);
	if (i)
		return i;
	struct cell_wide *wide = wide_of(c, w);
	struct cell_totals *totals = totals_of(c, w);
	const struct cell_list *ends = list_of(c, wide, seen[rank]);
	if (ends->len >= WINDOW_VALUES_MAX) {
		uint32_t oldest = ends->oldest;
		int64_t lost_ms = c->cell[oldest].value.ts_ms[0];
		if (lost_ms > totals->lost_ms)
			totals->lost_ms = lost_ms;
		value_free(c, wide, oldest);
	}
	i = cells_take(c);
	if (!i) {
		if (ts_ms > totals->lost_ms)
			totals->lost_ms = ts_ms;
		return 0;
	}
	struct cell_value *v = &c->cell[i].value;
	v->owner = w;
	v->value = value;
	v->rank = (uint8_t)rank;
	cells_link_value(c, i);
	return i;
}

static void
values_add(struct cells *c, uint32_t w, const struct window_update *u)
{
	struct cell_wide *wide = wide_of(c, w);
	struct cell_totals *totals = totals_of(c, w);
	if (u->ts_ms < totals->expire_ms)
		totals->expire_ms = u->ts_ms;
	uint32_t i = u->value ? value_get(c, w, u->value, 0, u->ts_ms) : 0;
	if (i) {
		value_touch(c, wide, LIST_SEEN, i, u->ts_ms);
		if (u->class == WINDOW_FAILURE)
			value_touch(c, wide, LIST_FAILED, i, u->ts_ms);
		if (u->class == WINDOW_SUCCESS)
			value_touch(c, wide, LIST_SUCCEEDED, i, u->ts_ms);
	}
	i = u->value2 ? value_get(c, w, u->value2, 1, u->ts_ms) : 0;
	if (i)
		value_touch(c, wide, LIST_SECOND, i, u->ts_ms);
	i = u->value3 && totals->thirds ? value_get(c, w, u->value3, 2, u->ts_ms) : 0;
	if (i) {
		value_touch(c, wide, LIST_THIRD, i, u->ts_ms);
		if (u->class == WINDOW_FAILURE)
			value_touch(c, wide, LIST_THIRD_FAILED, i, u->ts_ms);
	}
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

static void
panes_expire(struct cells *c, uint32_t w, int64_t from_ms)
{
	struct cell_totals *totals = totals_of(c, w);
	if (totals->oldest_end_ms >= from_ms)
		return;
	int64_t width = pane_width(&c->cell[w].window);
	totals->oldest_end_ms = INT64_MAX;
	totals->oldest = 0;
	uint32_t *link = &wide_of(c, w)->panes;
	while (*link && c->cell[*link].pane.start_ms + width - 1 >= from_ms) {
		totals->oldest_end_ms = c->cell[*link].pane.start_ms + width - 1;
		totals->oldest = *link;
		link = &c->next[*link];
	}
	uint32_t dead = *link;
	*link = 0;
	while (dead) {
		uint32_t following = c->next[dead];
		pane_free(c, w, dead);
		dead = following;
	}
}

/* The pane of ts, a new one if need be; without a cell the next newer one (never under) or, marked as loss, older. */
static uint32_t
pane_get(struct cells *c, uint32_t w, int64_t ts_ms)
{
	int64_t width = pane_width(&c->cell[w].window);
	int64_t start_ms = ts_ms - ((ts_ms % width) + width) % width;
	uint32_t *link = &wide_of(c, w)->panes, near = 0;
	while (*link && c->cell[*link].pane.start_ms > start_ms) {
		near = *link;
		link = &c->next[*link];
	}
	if (*link && c->cell[*link].pane.start_ms == start_ms)
		return *link;
	uint32_t i = cells_take(c);
	if (!i) {
		struct cell_window *window = &c->cell[w].window;
		if (!near && window->blind_ms <= ts_ms)
			window->blind_ms = ts_ms + 1;
		return near ? near : *link;
	}
	struct cell_pane *pane = &c->cell[i].pane;
	pane->start_ms = start_ms;
	pane->first = UINT32_MAX;
	c->next[i] = *link;
	*link = i;
	struct cell_totals *totals = totals_of(c, w);
	if (start_ms + width - 1 < totals->oldest_end_ms) {
		totals->oldest_end_ms = start_ms + width - 1;
		totals->oldest = i;
	}
	return i;
}

void
window_wide_free(struct cells *c, uint32_t w)
{
	struct cell_wide *wide = wide_of(c, w);
	for (unsigned list = 0; list < list_count(c, wide); list++)
		for (const struct cell_list *ends = list_of(c, wide, (enum wide_list)list); ends->oldest;)
			value_free(c, wide, ends->oldest);
	if (totals_of(c, w)->thirds)
		cells_give(c, totals_of(c, w)->thirds);
	for (uint32_t i = wide->panes; i;) {
		uint32_t following = c->next[i];
		cells_give_chain(c, c->cell[i].pane.codes);
		cells_give(c, i);
		i = following;
	}
	cells_give_chain(c, wide->codes);
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
	values_add(c, w, u);
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
	out->distinct = wide->lists[LIST_SEEN].len;
	out->failed = wide->lists[LIST_FAILED].len;
	out->successful = wide->lists[LIST_SUCCEEDED].len;
	out->strangers = wide->strangers;
	out->distinct2 = wide->lists[LIST_SECOND].len;
	if (totals->thirds) {
		const struct cell_list *thirds = c->cell[totals->thirds].thirds;
		out->distinct3 = thirds[0].len;
		out->failed3 = thirds[LIST_THIRD_FAILED - LIST_THIRD].len;
	}
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
