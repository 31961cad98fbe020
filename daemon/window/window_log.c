#include "window/window_log.h"

static struct cell_entry
encode(const struct window_update *u)
{
	uint32_t code = u->code < WINDOW_CODE_NONE ? u->code : WINDOW_CODE_NONE;
	return (struct cell_entry){u->value, u->value2, code | (uint32_t)u->class << 29, (uint32_t)u->ts_ms};
}

static uint32_t
code_of(const struct cell_entry *e)
{
	return e->code_class & WINDOW_CODE_NONE;
}

static enum window_class
class_of(const struct cell_entry *e)
{
	return (enum window_class)(e->code_class >> 29);
}

int64_t
window_log_ms(const struct scratch *s, unsigned i)
{
	return s->newest_ms - (int64_t)(uint32_t)((uint32_t)s->newest_ms - s->log[i].ts);
}

struct window_update
window_log_get(const struct scratch *s, unsigned i)
{
	const struct cell_entry *e = &s->log[i];
	return (struct window_update){
		.ts_ms = window_log_ms(s, i),
		.value = e->value,
		.value2 = e->value2,
		.value3 = s->triple ? s->thirds[i] : 0,
		.code = code_of(e),
		.class = class_of(e),
		.triple = s->triple,
	};
}

/* ---- in cells and out of them ---- */

static unsigned
entries_a_cell(const struct cell_window *w)
{
	return w->triple ? CELL_TRIPLES : CELL_ENTRIES;
}

void
window_log_load(const struct cells *c, const struct cell_window *w, struct scratch *s)
{
	unsigned i = 0;
	s->n = w->n;
	s->newest_ms = w->newest_ms;
	s->cell_count = 0;
	s->asked.n = 0;
	s->triple = w->triple;
	if (w->n == 0)
		return;
	if (!w->triple)
		s->log[i++] = w->first;
	for (uint32_t cell = w->head; i < w->n; cell = c->next[cell]) {
		const union cell *from = &c->cell[cell];
		s->cells[s->cell_count++] = cell;
		if (!w->triple) {
			unsigned count = w->n - i < CELL_ENTRIES ? w->n - i : CELL_ENTRIES;
			memcpy(&s->log[i], from->entries, count * sizeof(from->entries[0]));
			i += count;
			continue;
		}
		for (unsigned k = 0; k < CELL_TRIPLES && i < w->n; k++, i++) {
			s->log[i] = from->triples[k].entry;
			s->thirds[i] = from->triples[k].value3;
		}
	}
}

/* The k-th cell of the log, a new one at its end if need be; 0 when there is none. */
static uint32_t
cell_at(struct cells *c, struct cell_window *w, struct scratch *s, unsigned k)
{
	if (k < s->cell_count)
		return s->cells[k];
	uint32_t cell = cells_take(c);
	if (!cell)
		return 0;
	*(k ? &c->next[s->cells[k - 1]] : &w->head) = cell; /* w is a cell of a fixed array: it does not move */
	s->cells[s->cell_count++] = cell;
	return cell;
}

int
window_log_store(struct cells *c, struct cell_window *w, struct scratch *s, unsigned from)
{
	int result = 0;
	unsigned head = w->triple ? 0 : 1, per_cell = entries_a_cell(w);
	if (from == 0 && s->n > 0 && !w->triple)
		w->first = s->log[0];
	unsigned k = from < head ? 0 : (from - head) / per_cell, i = head + k * per_cell;
	for (; i < s->n; i += per_cell, k++) {
		uint32_t cell = cell_at(c, w, s, k);
		if (!cell) {
			s->n = i; /* at most the last: one is added at a time */
			result = -1;
			break;
		}
		union cell *to = &c->cell[cell];
		unsigned count = s->n - i < per_cell ? s->n - i : per_cell;
		if (!w->triple)
			memcpy(to->entries, &s->log[i], count * sizeof(s->log[0]));
		else
			for (unsigned t = 0; t < count; t++)
				to->triples[t] = (struct cell_triple){s->log[i + t], s->thirds[i + t]};
	}
	if (k < s->cell_count) {
		cells_give_chain(c, s->cells[k]);
		*(k ? &c->next[s->cells[k - 1]] : &w->head) = 0;
		s->cell_count = k;
	}
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

void
window_log_drop(struct scratch *s, unsigned n)
{
	s->n -= n;
	memmove(s->log, s->log + n, s->n * sizeof(s->log[0]));
	if (s->triple)
		memmove(s->thirds, s->thirds + n, s->n * sizeof(s->thirds[0]));
}

unsigned
window_log_insert(struct scratch *s, const struct window_update *u)
{
	unsigned at = window_log_after(s, u->ts_ms), behind = s->n - at;
	memmove(&s->log[at + 1], &s->log[at], behind * sizeof(s->log[0]));
	s->log[at] = encode(u);
	if (s->triple) {
		memmove(&s->thirds[at + 1], &s->thirds[at], behind * sizeof(s->thirds[0]));
		s->thirds[at] = u->value3;
	}
	s->n++;
	return at;
}

unsigned
window_log_after(const struct scratch *s, int64_t ts_ms)
{
	unsigned lo = 0, hi = s->n;
	if (hi == 0 || window_log_ms(s, hi - 1) <= ts_ms)
		return hi;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		if (window_log_ms(s, mid) <= ts_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- questions ---- */

/* Empties the sets by a new stamp. */
static void
sets_begin(struct scratch *s)
{
	s->asked.n = 0;
	if (++s->stamp == 0) {
		memset(s->sets, 0, sizeof(s->sets));
		s->stamp = 1;
	}
}

static uint32_t *
set_data(struct scratch *s, unsigned set, uint32_t value)
{
	struct scratch_set *in = &s->sets[set];
	uint32_t i = (value * UINT32_C(0x9e3779b1)) >> 25; /* upper 7 bits: SET_SLOTS */
	while (in->slots[i].stamp == s->stamp && in->slots[i].value != value)
		i = (i + 1) % SET_SLOTS;
	if (in->slots[i].stamp != s->stamp) {
		in->slots[i].stamp = s->stamp;
		in->slots[i].value = value;
		in->slots[i].data = 0;
	}
	return &in->slots[i].data;
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

/* Few codes: a row of them, the one met last is tried first. */
static void
figures_codes(const struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	struct window_code codes[WINDOW_LOG_MAX + 1];
	unsigned count = 0, last = 0;
	for (unsigned i = lo; i < hi; i++) {
		uint32_t code = code_of(&s->log[i]);
		if (code == 0 || code == WINDOW_CODE_NONE)
			continue;
		if (count == 0 || codes[last].code != code)
			for (last = 0; last < count && codes[last].code != code;)
				last++;
		if (last == count)
			codes[count++] = (struct window_code){code, 0};
		codes[last].count++;
	}
	for (unsigned k = 0; k < count; k++)
		window_codes_rank(out, codes[k]);
}

enum { SEEN = 1, FAILED = 2, SUCCEEDED = 4 };

static void
figures_values(struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	static const uint8_t marks[8] = {[WINDOW_OTHER] = SEEN, [WINDOW_FAILURE] = SEEN | FAILED, [WINDOW_INTERRUPTED] = SEEN,
	    [WINDOW_SUCCESS] = SEEN | SUCCEEDED};
	uint32_t seen = 0, failed = 0, successful = 0, both = 0;
	for (unsigned i = lo; i < hi; i++) {
		const struct cell_entry *e = &s->log[i];
		enum window_class class = class_of(e);
		out->classes[class]++;
		if (!e->value)
			continue;
		uint32_t *data = set_data(s, 0, e->value), had = *data, has = had | marks[class];
		uint32_t fresh = has & ~had;
		if (!fresh)
			continue;
		*data = has;
		seen += fresh & 1;
		failed += fresh >> 1 & 1;
		successful += fresh >> 2;
		both += (has & (FAILED | SUCCEEDED)) == (FAILED | SUCCEEDED) && (fresh & (FAILED | SUCCEEDED)) != 0;
	}
	out->distinct = seen;
	out->failed = failed;
	out->successful = successful;
	out->strangers = failed - both;
}

static void
figures_second(struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	uint32_t last = 0;
	for (unsigned i = lo; i < hi; i++) {
		uint32_t value = s->log[i].value2;
		if (value != 0 && value != last && !(*set_data(s, 1, value))++)
			out->distinct2++;
		last = value;
	}
}

static void
figures_third(struct scratch *s, unsigned lo, unsigned hi, struct window_figures *out)
{
	for (unsigned i = lo; i < hi; i++) {
		if (!s->thirds[i])
			continue;
		uint32_t *data = set_data(s, 2, s->thirds[i]);
		uint32_t had = *data, has = had | SEEN | (class_of(&s->log[i]) == WINDOW_FAILURE ? FAILED : 0);
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
	out->first_ms = window_log_ms(s, lo);
	out->last_ms = window_log_ms(s, hi - 1);
	sets_begin(s);
	figures_values(s, lo, hi, out);
	figures_second(s, lo, hi, out);
	if (s->triple)
		figures_third(s, lo, hi, out);
	figures_codes(s, lo, hi, out);
}

int64_t
window_log_second_failure(const struct scratch *s, int64_t to_ms, int64_t span_ms)
{
	unsigned failures = 0, hi = window_log_after(s, to_ms);
	for (unsigned i = window_log_after(s, to_ms - span_ms - 1); i < hi; i++)
		if (class_of(&s->log[i]) == WINDOW_FAILURE && ++failures == 2)
			return window_log_ms(s, i);
	return INT64_MAX;
}

static bool
verdict_of(const struct window_probe *probe, uint32_t distinct, uint32_t n, double *value, uint32_t *events)
{
	double here = probe->distinct ? distinct : n;
	bool holds = probe->holds(here, probe->ctx);
	if (here > *value || holds) {
		*value = here;
		*events = n;
	}
	return holds;
}

/* The same question once more, after the event of its instant has come to the end of the log. */
static bool
holds_again(struct scratch *s, const struct window_probe *probe, double *value, uint32_t *events)
{
	uint32_t last = s->log[s->n - 1].value;
	s->asked.n = 0;
	if (probe->distinct && last && !(*set_data(s, 0, last)))
		s->asked.distinct++;
	return verdict_of(probe, s->asked.distinct, s->asked.events + 1, value, events);
}

/* The fullest windows that contain at_ms end at at_ms or at a later event within
 * the span: any other can be moved there without losing an event. */
bool
window_log_holds(struct scratch *s, int64_t span_ms, const struct window_probe *probe, double *value, uint32_t *events)
{
	*value = -1;
	*events = 0;
	if (s->asked.n && s->asked.n + 1 == s->n && s->asked.at_ms == probe->at_ms)
		return holds_again(s, probe, value, events);
	unsigned lo = window_log_after(s, probe->at_ms - span_ms - 1), hi = lo, end = window_log_after(s, probe->at_ms);
	uint32_t distinct = 0;
	int64_t end_ms = probe->at_ms;
	sets_begin(s);
	for (;;) {
		for (; probe->distinct && hi < end; hi++)
			if (s->log[hi].value && !(*set_data(s, 0, s->log[hi].value))++)
				distinct++;
		hi = end;
		for (; lo < hi && window_log_ms(s, lo) < end_ms - span_ms; lo++)
			if (probe->distinct && s->log[lo].value && !--(*set_data(s, 0, s->log[lo].value)))
				distinct--;
		bool holds = verdict_of(probe, distinct, hi - lo, value, events);
		if (hi == s->n && end_ms == probe->at_ms) {
			s->asked.n = s->n;
			s->asked.at_ms = probe->at_ms;
			s->asked.distinct = distinct;
			s->asked.events = hi - lo;
		}
		if (holds)
			return true;
		if (hi == s->n || window_log_ms(s, hi) > probe->at_ms + span_ms)
			return false;
		end_ms = window_log_ms(s, hi);
		end = window_log_after(s, end_ms);
	}
}
