/* What a window costs: nanoseconds and bytes of memory per update and key, for
 * populations of keys that stress one thing each. An update is what the daemon
 * does for one window of an event: the key is hashed, the event counted and
 * the question answered. Prints one line a case; medians of rounds, in CPU time.
 *
 *   windows [CASE|all [ROUNDS [SHRINK]]]     SHRINK divides keys, updates and rate, for callgrind:
 *   valgrind --tool=callgrind --toggle-collect=bench_updates tests/bench/windows zipf 1 20 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "window/window_table.h"

enum { MINUTE = 60000, ROUNDS_MAX = 21, START_MS = 1700000000, BATCH = 32 };

enum question { FIGURES, COUNT, DISTINCT };

struct plan {
	const char *name;
	uint32_t keys;
	double zipf;           /* exponent; 0: each key as often as any other */
	uint32_t values;       /* of all keys; 0: a value is asked for again by chance of the key only */
	uint32_t updates;      /* of a round */
	uint32_t warm;         /* before the first round: the state that it meets */
	uint32_t per_second;   /* of event time */
	unsigned late_percent; /* events that come up to 5 minutes late */
	enum question question;
	uint64_t memory_mib;
};

static const struct plan plans[] = {
	{"zipf", 1000000, 0.99, 1000000, 1000000, 4000000, 5000, 5, FIGURES, 1024},
	{"zipf-count", 1000000, 0.99, 1000000, 1000000, 4000000, 5000, 5, COUNT, 1024},
	{"zipf-distinct", 1000000, 0.99, 1000000, 1000000, 4000000, 5000, 5, DISTINCT, 1024},
	{"logs", 1000000, 0, 1000000, 1000000, 8000000, 5000, 5, FIGURES, 2048},
	{"full-logs", 40000, 0, 1000000, 500000, 2000000, 1000, 5, FIGURES, 1024},
	{"full-logs-distinct", 40000, 0, 1000000, 500000, 2000000, 1000, 5, DISTINCT, 1024},
	{"cold-1", 6000000, -1, 1000000, 6000000, 0, 100000, 0, FIGURES, 1024},
	{"cold-2", 6000000, -1, 1000000, 12000000, 0, 100000, 0, FIGURES, 2048},
	{"wide", 200, 0, 20000, 1000000, 500000, 1000, 5, FIGURES, 1024},
	{"wide-distinct", 200, 0, 20000, 1000000, 500000, 1000, 5, DISTINCT, 1024},
};

struct event {
	uint32_t key, value;
	int64_t ts_ms;
};

/* ---- draws: the same in every run ---- */

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static double
random_unit(uint64_t *state)
{
	return (double)(random_next(state) >> 11) / 9007199254740992.0;
}

/* Rejection-free approximation: the inverse of the integral of x^-s. */
static uint32_t
draw_zipf(uint64_t *state, uint32_t n, double s)
{
	double top = pow((double)n + 1, 1 - s) - 1;
	double x = pow(random_unit(state) * top + 1, 1 / (1 - s));
	uint32_t rank = (uint32_t)x - 1;
	return rank < n ? rank : n - 1;
}

static uint32_t
draw_key(const struct plan *p, uint64_t *state, uint32_t i)
{
	if (p->zipf > 0)
		return draw_zipf(state, p->keys, p->zipf);
	return p->zipf < 0 ? i % p->keys : (uint32_t)(random_next(state) >> 32) % p->keys;
}

static void
draw(const struct plan *p, uint64_t *state, uint32_t first, struct event *events, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct event *e = &events[i];
		e->key = draw_key(p, state, first + i);
		e->value = (uint32_t)(random_next(state) >> 32) % p->values + 1;
		e->ts_ms = (int64_t)START_MS * 1000 + (int64_t)((double)(first + i) * 1000 / p->per_second);
		if ((random_next(state) >> 32) % 100 < p->late_percent)
			e->ts_ms -= (int64_t)(random_next(state) >> 32) % (5 * MINUTE);
	}
}

/* ---- updates ---- */

static bool
at_least(double value, const void *ctx)
{
	return value >= *(const double *)ctx;
}

static uint64_t
key_of(const struct window_table *t, const struct event *e)
{
	char text[16] = "key of ";
	memcpy(text + 8, &e->key, sizeof(e->key));
	return window_table_key(t, 1, (struct str[]){STR("tenant of the bench"), str_make(text, 12)}, 2);
}

static uint64_t
update(struct window_table *t, const struct plan *p, const struct event *e, uint64_t key)
{
	static const double threshold = 1000000;
	struct window_update u = {
		.ts_ms = e->ts_ms,
		.value = e->value * UINT32_C(0x9e3779b1),
		.value2 = e->value % 8 + 1,
		.code = e->value % 4 ? 50126 : 0,
		.class = e->value % 4 ? WINDOW_FAILURE : WINDOW_SUCCESS,
	};
	if (p->question == FIGURES) {
		struct window_answer answer;
		window_table_observe(t, key, 10 * MINUTE, &u, e->ts_ms, &answer);
		return answer.best.distinct;
	}
	struct window_probe probe = {e->ts_ms, p->question == DISTINCT, at_least, &threshold};
	struct window_verdict verdict;
	window_table_probe(t, key, 10 * MINUTE, &u, &probe, &verdict);
	return (uint64_t)verdict.value;
}

/* The name is that of callgrind's toggle. */
__attribute__((noinline)) static uint64_t
bench_updates(struct window_table *t, const struct plan *p, const struct event *events, uint32_t n)
{
	uint64_t sum = 0, keys[BATCH];
	for (uint32_t i = 0; i < n; i += BATCH) {
		uint32_t batch = n - i < BATCH ? n - i : BATCH;
		for (uint32_t k = 0; k < batch; k++) {
			keys[k] = key_of(t, &events[i + k]);
			window_table_prefetch(t, keys[k]);
		}
		for (uint32_t k = 0; k < batch; k++)
			sum += update(t, p, &events[i + k], keys[k]);
		if (i % 4096 == 0)
			window_table_set_horizon(t, events[i].ts_ms - 15 * MINUTE);
	}
	return sum;
}

static uint64_t
warm_up(struct window_table *t, const struct plan *p, const struct event *events, uint32_t n)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		sum += update(t, p, &events[i], key_of(t, &events[i]));
		if (i % 4096 == 0)
			window_table_set_horizon(t, events[i].ts_ms - 15 * MINUTE);
	}
	return sum;
}

static int64_t
now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void
run(const struct plan *p, unsigned rounds)
{
	struct window_table_options options = {p->memory_mib << 20, 15 * MINUTE, "0123456789abcdef", true};
	struct window_table *t = window_table_new(&options);
	uint32_t updates = p->updates, most = updates > p->warm ? updates : p->warm, first = 0;
	struct event *events = malloc(most * sizeof(*events));
	if (!t || !events)
		exit(EXIT_FAILURE);
	uint64_t state = 88172645463325252u, sum = 0;
	draw(p, &state, first, events, p->warm);
	sum += warm_up(t, p, events, p->warm);
	first += p->warm;
	double ns[ROUNDS_MAX];
	for (unsigned r = 0; r < rounds; r++) {
		draw(p, &state, first, events, updates);
		int64_t begun = now_ns();
		sum += bench_updates(t, p, events, updates);
		ns[r] = (double)(now_ns() - begun) / updates;
		first += updates;
	}
	qsort(ns, rounds, sizeof(ns[0]), by_size);
	uint64_t keys = window_table_keys(t), bytes = window_table_bytes(t);
	printf("%-20s %10u %8.0f %9.2f %10llu %9.1f %9llu %016llx\n", p->name, updates, ns[rounds / 2], 1000 / ns[rounds / 2],
	    (unsigned long long)keys, (double)bytes / (double)keys, (unsigned long long)window_table_evictions(t), (unsigned long long)sum);
	fflush(stdout);
	free(events);
	window_table_free(t);
}

static struct plan
shrunk(const struct plan *p, uint32_t by)
{
	struct plan small = *p;
	small.keys = p->keys / by;
	small.values = p->values / by;
	small.updates = p->updates / by;
	small.warm = p->warm / by;
	small.per_second = p->per_second / by;
	small.memory_mib = p->memory_mib / by;
	return small;
}

int
main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5, shrink = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	if (rounds < 1 || rounds > ROUNDS_MAX || shrink < 1 || shrink > 100) {
		fprintf(stderr, "usage: windows [CASE|all [ROUNDS [SHRINK]]]\n");
		return 64;
	}
	printf("%-20s %10s %8s %9s %10s %9s %9s %s\n", "case", "updates", "ns", "M/s", "keys", "B/key", "evicted", "sum of answers");
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct plan p = shrunk(&plans[i], (uint32_t)shrink);
		if (argc < 2 || strcmp(argv[1], "all") == 0 || strcmp(argv[1], p.name) == 0)
			run(&p, p.zipf < 0 ? 1 : (unsigned)rounds);
	}
	return 0;
}
