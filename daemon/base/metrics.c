#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/codec.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics_series.h"

enum {
	SERIES_MAX = 4096,
	SERIES_ROOM = 1 + SERIES_MAX + METRIC_COUNT, /* the sink; and an "other" for each metric beside the 4,096 */
	HISTOGRAM_CELLS = METRIC_BUCKETS + 1,        /* the sum last, as bits of a double */
	PAGE_CELLS = 512,
	PAGES = SERIES_ROOM * HISTOGRAM_CELLS / (PAGE_CELLS - HISTOGRAM_CELLS) + 1,
	LABEL_MAX = 128
};

#define COUNTER METRIC_COUNTER
#define GAUGE METRIC_GAUGE
#define HISTOGRAM METRIC_HISTOGRAM
const struct metric_info metric_infos[METRIC_COUNT] = {
#define X(id, name, type, label1, label2, help) [METRIC_##id] = {(name), (label1), (label2), (help), (type)},
#include "base/metrics.def"
#undef X
};
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
const double metric_bounds[METRIC_BUCKETS - 1] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

typedef _Atomic uint64_t cell_t;
struct page {
	cell_t cells[PAGE_CELLS];
};
/* One thread's figures. Only the owner writes them, so that adding needs no
 * locked instruction; a scrape reads. */
struct block {
	struct block *next; /* guarded by mu */
	_Atomic(struct page *) pages[PAGES];
};
struct series {
	enum metric metric;
	uint32_t cell;       /* number of its first cell, in every block */
	metrics_series next; /* of the same metric */
	char *value1, *value2;
	cell_t gauge; /* bits of a double */
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static _Thread_local struct block *own;
/* Guarded by mu; an entry of series never changes once its number is given out, but for next. */
static struct block *blocks, retired; /* retired: the sums of threads that ended */
static struct series series[SERIES_ROOM];
static metrics_series first[METRIC_COUNT], last[METRIC_COUNT], series_count;
static size_t labelled_count;
static uint32_t cell_count;
static struct map *names;
static struct buf key_text; /* metric, label, label: what a series is looked up by */

static double
to_double(uint64_t bits)
{
	double d;
	memcpy(&d, &bits, sizeof d);
	return d;
}

static uint64_t
to_bits(double d)
{
	uint64_t bits;
	memcpy(&bits, &d, sizeof bits);
	return bits;
}

static cell_t *
find_cell(struct block *b, uint32_t cell, bool make)
{
	struct page *page = atomic_load_explicit(&b->pages[cell / PAGE_CELLS], memory_order_acquire);
	if (!page && make) {
		page = mem_zero(1, sizeof *page);
		atomic_store_explicit(&b->pages[cell / PAGE_CELLS], page, memory_order_release);
	}
	return page ? &page->cells[cell % PAGE_CELLS] : NULL;
}

static bool
is_sum(const struct series *s, uint32_t i)
{
	return metric_infos[s->metric].type == METRIC_HISTOGRAM && i == METRIC_BUCKETS;
}

static uint32_t
cells_of(enum metric m)
{
	return metric_infos[m].type == METRIC_HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

/* By the owner of the block. */
static void
raise_cell(struct block *b, uint32_t cell, uint64_t n, double d, bool sum)
{
	cell_t *c = find_cell(b, cell, true);
	if (!c)
		return;
	uint64_t now = atomic_load_explicit(c, memory_order_relaxed);
	atomic_store_explicit(c, sum ? to_bits(to_double(now) + d) : now + n, memory_order_relaxed);
}

static void
retire(void *ended)
{
	struct block *b = ended;
	own = NULL;
	pthread_mutex_lock(&mu);
	for (metrics_series s = 1; s <= series_count; s++) {
		for (uint32_t i = 0; i < cells_of(series[s].metric); i++) {
			cell_t *c = find_cell(b, series[s].cell + i, false);
			uint64_t v = c ? atomic_load_explicit(c, memory_order_relaxed) : 0;
			if (v != 0)
				raise_cell(&retired, series[s].cell + i, v, to_double(v), is_sum(&series[s], i));
		}
	}
	for (struct block **link = &blocks; *link; link = &(*link)->next) {
		if (*link == b) {
			*link = b->next;
			break;
		}
	}
	pthread_mutex_unlock(&mu);
	for (size_t i = 0; i < PAGES; i++)
		mem_free(atomic_load_explicit(&b->pages[i], memory_order_relaxed));
	mem_free(b);
}

static struct block *
own_block(void)
{
	if (own)
		return own;
	struct block *b = mem_zero(1, sizeof *b);
	if (!b || pthread_setspecific(at_thread_end, b) != 0) {
		mem_free(b);
		return NULL;
	}
	pthread_mutex_lock(&mu);
	b->next = blocks;
	blocks = b;
	pthread_mutex_unlock(&mu);
	own = b;
	return b;
}

/* Under mu. */
static metrics_series
add_series(enum metric m, const char *value1, const char *value2, struct str key)
{
	uint32_t need = cells_of(m), cell = cell_count;
	if (cell / PAGE_CELLS != (cell + need - 1) / PAGE_CELLS) /* a histogram lies in one page */
		cell = (cell / PAGE_CELLS + 1) * PAGE_CELLS;
	metrics_series id = series_count + 1;
	if (id >= SERIES_ROOM)
		return 0;
	struct series *s = &series[id];
	s->value1 = mem_copy_str(str_of(value1));
	s->value2 = mem_copy_str(str_of(value2));
	if (!s->value1 || !s->value2 || map_set(names, key, s) != 0) {
		mem_free(s->value1);
		mem_free(s->value2);
		return 0;
	}
	s->metric = m;
	s->cell = cell;
	cell_count = cell + need;
	series_count = id;
	if (last[m])
		series[last[m]].next = id;
	else
		first[m] = id;
	last[m] = id;
	return id;
}

enum find_mode { FIND, ADD, ADD_OTHER }; /* each metric's "other" has a place beside the 4,096 */

/* Under mu. A series that is known is found without an allocation: key_text keeps its memory. */
static metrics_series
find_or_add(enum metric m, const char *value1, const char *value2, enum find_mode mode)
{
	const struct metric_info *info = &metric_infos[m];
	struct buf *text = &key_text;
	metrics_series found = 0;
	value1 = info->label1 && value1 ? value1 : "";
	value2 = info->label2 && value2 ? value2 : "";
	buf_clear(text);
	if (!names || buf_addf(text, "%d", (int)m) != 0 || buf_add(text, "", 1) != 0 ||
	    codec_utf8_repair(str_make(value1, strnlen(value1, LABEL_MAX)), text) != 0)
		return 0;
	size_t second = text->len + 1, start = strlen(text->data) + 1;
	if (buf_add(text, "", 1) != 0 ||
	    codec_utf8_repair(str_make(value2, strnlen(value2, LABEL_MAX)), text) != 0)
		return 0;
	const struct series *s = map_get(names, buf_str(text));
	if (s) {
		found = (metrics_series)(s - series);
	} else if (mode == ADD_OTHER || (mode == ADD && (!info->label1 || labelled_count < SERIES_MAX))) {
		found = add_series(m, text->data + start, text->data + second, buf_str(text));
		labelled_count += mode == ADD && info->label1 && found;
	}
	return found;
}

static void
start(void)
{
	names = map_new();
	buf_init(&key_text, 16 + 8 * LABEL_MAX);
	pthread_key_create(&at_thread_end, retire);
	pthread_mutex_lock(&mu);
	/* A counter that nothing has touched is 0, not absent. */
	for (unsigned m = 0; m < METRIC_COUNT; m++)
		if (!metric_infos[m].label1 && metric_infos[m].type != METRIC_GAUGE)
			find_or_add((enum metric)m, NULL, NULL, ADD);
	pthread_mutex_unlock(&mu);
}

metrics_series
metrics_get(enum metric m, const char *value1, const char *value2)
{
	metrics_lock();
	metrics_series s = find_or_add(m, value1, value2, ADD);
	if (!s && metric_infos[m].label1 && labelled_count >= SERIES_MAX)
		s = find_or_add(m, "other", "other", ADD_OTHER);
	metrics_unlock();
	return s;
}

void
metrics_add(metrics_series s, uint64_t n)
{
	struct block *b = s ? own_block() : NULL;
	if (b)
		raise_cell(b, series[s].cell, n, 0, false);
}

void
metrics_set(metrics_series s, double value)
{
	if (s)
		atomic_store_explicit(&series[s].gauge, to_bits(value), memory_order_relaxed);
}

void
metrics_observe(metrics_series s, double seconds)
{
	struct block *b = s ? own_block() : NULL;
	uint32_t i = 0;
	if (!b || metric_infos[series[s].metric].type != METRIC_HISTOGRAM)
		return;
	while (i < METRIC_BUCKETS - 1 && seconds > metric_bounds[i])
		i++;
	raise_cell(b, series[s].cell + i, 1, 0, false);
	raise_cell(b, series[s].cell + METRIC_BUCKETS, 0, seconds, true);
}

void
metrics_count(enum metric m, const char *value1, const char *value2, uint64_t n)
{
	metrics_add(metrics_get(m, value1, value2), n);
}

void
metrics_lock(void)
{
	pthread_once(&once, start);
	pthread_mutex_lock(&mu);
}

void
metrics_unlock(void)
{
	pthread_mutex_unlock(&mu);
}

static void
add_block(struct block *b, const struct series *s, uint64_t cells[HISTOGRAM_CELLS])
{
	for (uint32_t i = 0; i < cells_of(s->metric); i++) {
		cell_t *c = find_cell(b, s->cell + i, false);
		uint64_t v = c ? atomic_load_explicit(c, memory_order_relaxed) : 0;
		cells[i] = is_sum(s, i) ? to_bits(to_double(cells[i]) + to_double(v)) : cells[i] + v;
	}
}

/* Under mu. */
static void
look(metrics_series id, struct series_view *out)
{
	struct series *s = &series[id];
	uint64_t cells[HISTOGRAM_CELLS] = {0};
	add_block(&retired, s, cells);
	for (struct block *b = blocks; b; b = b->next)
		add_block(b, s, cells);
	*out = (struct series_view){.value1 = s->value1, .value2 = s->value2};
	if (metric_infos[s->metric].type == METRIC_HISTOGRAM) {
		for (int i = 0; i < METRIC_BUCKETS; i++)
			out->count += out->buckets[i] = cells[i];
		out->value = to_double(cells[METRIC_BUCKETS]);
		return;
	}
	out->count = cells[0];
	out->value = to_double(atomic_load_explicit(&s->gauge, memory_order_relaxed)) + (double)(int64_t)cells[0];
}

metrics_series
metrics_next(enum metric m, metrics_series s, struct series_view *out)
{
	s = s ? series[s].next : first[m];
	if (s)
		look(s, out);
	return s;
}

double
metrics_value(enum metric m, const char *value1, const char *value2)
{
	struct series_view view = {0};
	metrics_lock();
	metrics_series s = find_or_add(m, value1, value2, FIND);
	if (s)
		look(s, &view);
	metrics_unlock();
	return metric_infos[m].type == METRIC_GAUGE ? view.value : (double)view.count;
}
