#include "window/window_log.h"

static struct window_update
decode(const struct cell_entry *e, int64_t newest_ms)
{
	return (struct window_update){
		.ts_ms = newest_ms - (int64_t)(uint32_t)((uint32_t)newest_ms - e->ts),
		.value = e->value,
		.value2 = e->value2,
		.code = e->code_class & WINDOW_CODE_NONE,
		.class = (enum window_class)(e->code_class >> 29),
	};
}

static struct cell_entry
encode(const struct window_update *u)
{
	uint32_t code = u->code < WINDOW_CODE_NONE ? u->code : WINDOW_CODE_NONE;
	return (struct cell_entry){u->value, u->value2, code | (uint32_t)u->class << 29, (uint32_t)u->ts_ms};
}

static struct window_update
decode_at(const struct cells *c, const struct cell_window *w, uint32_t cell, unsigned k)
{
	if (!w->triple)
		return decode(&c->cell[cell].entries[k], w->newest_ms);
	struct window_update u = decode(&c->cell[cell].triples[k].entry, w->newest_ms);
	u.value3 = c->cell[cell].triples[k].value3;
	return u;
}

static void
encode_at(union cell *cell, const struct cell_window *w, unsigned k, const struct window_update *u)
{
	if (w->triple)
		cell->triples[k] = (struct cell_triple){encode(u), u->value3};
	else
		cell->entries[k] = encode(u);
}

static unsigned
entries_a_cell(const struct cell_window *w)
{
	return w->triple ? CELL_TRIPLES : CELL_ENTRIES;
}

void
window_log_load(const struct cells *c, const struct cell_window *w, struct scratch *s)
{
	s->n = w->n;
	if (w->n == 0)
		return;
	unsigned i = 0, per_cell = entries_a_cell(w);
	if (!w->triple)
		s->log[i++] = decode(&w->first, w->newest_ms);
	for (uint32_t cell = w->head; i < w->n; cell = c->next[cell])
		for (unsigned k = 0; k < per_cell && i < w->n; k++, i++)
			s->log[i] = decode_at(c, w, cell, k);
}

int
window_log_store(struct cells *c, struct cell_window *w, struct scratch *s, unsigned from)
{
	int result = 0;
	unsigned i = w->triple ? 0 : 1, per_cell = entries_a_cell(w);
	if (from == 0 && s->n > 0 && !w->triple)
		w->first = encode(&s->log[0]);
	uint32_t *link = &w->head;
	while (i < s->n) {
		if (!*link)
			*link = cells_take(c); /* w is a cell of a fixed array: it does not move */
		if (!*link) {
			s->n = i; /* at most the last: one is added at a time */
			result = -1;
			break;
		}
		union cell *cell = &c->cell[*link];
		for (unsigned k = 0; k < per_cell && i < s->n; k++, i++)
			if (i >= from)
				encode_at(cell, w, k, &s->log[i]);
		link = &c->next[*link];
	}
	cells_give_chain(c, *link);
	*link = 0;
	w->n = (uint16_t)s->n;
	return result;
}

void
window_log_free(struct cells *c, struct cell_window *w)
{
	cells_give_chain(c, w->head);
	w->head = 0;
	w->n = 0;
}

unsigned
window_log_after(const struct scratch *s, int64_t ts_ms)
{
	unsigned lo = 0, hi = s->n;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		if (s->log[mid].ts_ms <= ts_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Empties the set by a new stamp. */
static void
set_begin(struct scratch *s)
{
	if (++s->stamp == 0) {
		memset(s->set, 0, sizeof(s->set));
		s->stamp = 1;
	}
}

static uint32_t *
set_data(struct scratch *s, uint32_t value)
{
	uint32_t i = (value * UINT32_C(0x9e3779b1)) >> 24; /* upper 8 bits: SCRATCH_SLOTS */
	while (s->set[i].stamp == s->stamp && s->set[i].value != value)
		i = (i + 1) % SCRATCH_SLOTS;
	if (s->set[i].stamp != s->stamp) {
		s->set[i].stamp = s->stamp;
		s->set[i].value = value;
		s->set[i].data = 0;
	}
	return &s->set[i].data;
}

void
window_codes_rank(struct window_figures *out, struct window_code code)
{
	unsigned at = out->code_count;
	while (at > 0 && (out->codes[at - 1].count < code.count ||
	    (out->codes[at - 1].count == code.count && out->codes[at - 1].code > code.code)))
		at--;
	if (at == WINDOW_CODES_MAX)
		return;
	unsigned last = out->code_count < WINDOW_CODES_MAX ? out->code_count++ : WINDOW_CODES_MAX - 1;
	memmove(&out->codes[at + 1], &out->codes[at], (last - at) * sizeof(out->codes[0]));
	out->codes[at] = code;
}

static void
figures_codes(struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	set_begin(s);
	for (unsigned i = lo; i < hi; i++)
		if (s->log[i].code != 0 && s->log[i].code != WINDOW_CODE_NONE)
			(*set_data(s, s->log[i].code))++;
	for (unsigned i = lo; i < hi; i++) {
		if (s->log[i].code == 0 || s->log[i].code == WINDOW_CODE_NONE)
			continue;
		uint32_t *count = set_data(s, s->log[i].code);
		if (*count)
			window_codes_rank(out, (struct window_code){s->log[i].code, *count});
		*count = 0; /* ranked */
	}
}

enum { SEEN = 1, FAILED = 2, SUCCEEDED = 4 };

static void
figures_value(struct scratch *s, const struct window_update *u, struct window_figures *out)
{
	uint32_t *data = set_data(s, u->value);
	uint32_t had = *data, has = had | SEEN;
	if (u->class == WINDOW_FAILURE)
		has |= FAILED;
	if (u->class == WINDOW_SUCCESS)
		has |= SUCCEEDED;
	*data = has;
	uint32_t fresh = has & ~had;
	out->distinct += fresh & SEEN ? 1 : 0;
	out->failed += fresh & FAILED ? 1 : 0;
	out->successful += fresh & SUCCEEDED ? 1 : 0;
	out->strangers += (has & (FAILED | SUCCEEDED)) == FAILED ? 1 : 0;
	out->strangers -= (had & (FAILED | SUCCEEDED)) == FAILED ? 1 : 0;
}

static void
figures_second(struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	set_begin(s);
	for (unsigned i = lo; i < hi; i++)
		if (s->log[i].value2 && !(*set_data(s, s->log[i].value2))++)
			out->distinct2++;
}

static void
figures_third(struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	set_begin(s);
	for (unsigned i = lo; i < hi; i++) {
		if (!s->log[i].value3)
			continue;
		uint32_t *data = set_data(s, s->log[i].value3);
		uint32_t had = *data, has = had | SEEN | (s->log[i].class == WINDOW_FAILURE ? FAILED : 0);
		*data = has;
		out->distinct3 += has & ~had & SEEN ? 1 : 0;
		out->failed3 += has & ~had & FAILED ? 1 : 0;
	}
}

void
window_log_figures(struct scratch *s, int64_t to_ms, int64_t span_ms, struct window_figures *out)
{
	memset(out, 0, sizeof(*out));
	unsigned lo = window_log_after(s, to_ms - span_ms - 1), hi = window_log_after(s, to_ms);
	if (lo == hi)
		return;
	out->attempts = hi - lo;
	out->first_ms = s->log[lo].ts_ms;
	out->last_ms = s->log[hi - 1].ts_ms;
	bool second = false, third = false;
	set_begin(s);
	for (unsigned i = lo; i < hi; i++) {
		const struct window_update *u = &s->log[i];
		out->classes[u->class]++;
		if (u->value)
			figures_value(s, u, out);
		second |= u->value2 != 0;
		third |= u->value3 != 0;
	}
	if (second)
		figures_second(s, lo, hi, out);
	if (third)
		figures_third(s, lo, hi, out);
	figures_codes(s, lo, hi, out);
}

int64_t
window_log_second_failure(const struct scratch *s, int64_t to_ms, int64_t span_ms)
{
	unsigned failures = 0;
	for (unsigned i = window_log_after(s, to_ms - span_ms - 1); i < s->n && s->log[i].ts_ms <= to_ms; i++)
		if (s->log[i].class == WINDOW_FAILURE && ++failures == 2)
			return s->log[i].ts_ms;
	return INT64_MAX;
}

/* The fullest windows that contain at_ms end at at_ms or at a later event within
 * the span: any other can be moved there without losing an event. */
bool
window_log_holds(struct scratch *s, int64_t span_ms, const struct window_probe *probe, double *value, uint32_t *events)
{
	unsigned lo = window_log_after(s, probe->at_ms - span_ms - 1), hi = lo;
	uint32_t distinct = 0;
	int64_t end_ms = probe->at_ms;
	*value = -1;
	*events = 0;
	set_begin(s);
	for (;;) {
		for (; hi < s->n && s->log[hi].ts_ms <= end_ms; hi++)
			if (probe->distinct && s->log[hi].value && !(*set_data(s, s->log[hi].value))++)
				distinct++;
		for (; lo < hi && s->log[lo].ts_ms < end_ms - span_ms; lo++)
			if (probe->distinct && s->log[lo].value && !--(*set_data(s, s->log[lo].value)))
				distinct--;
		double here = probe->distinct ? distinct : hi - lo;
		bool holds = probe->holds(here, probe->ctx);
		if (here > *value || holds) {
			*value = here;
			*events = hi - lo;
		}
		if (holds)
			return true;
		if (hi == s->n || s->log[hi].ts_ms > probe->at_ms + span_ms)
			return false;
		end_ms = s->log[hi].ts_ms;
	}
}
