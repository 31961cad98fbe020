#include "detect/awaited.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sigma/correlation.h"

struct span { /* part of an array */
	unsigned first, count;
};

struct waiter {
	uint64_t definition;
	struct span rules; /* of seen: what is waited for, each set of log sources once */
};

struct awaited {
	struct waiter *waiters;
	struct span *seen;    /* of identities: what a rule may see */
	uint64_t *identities; /* ascending within a span */
	unsigned waiter_count, seen_count, identity_count;
};

struct build {
	struct awaited *out;
	const struct correlation_rules *from;
	bool *visited; /* by rule.index */
	bool failed;
};

static int
cmp_identity(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool
is_known(const struct awaited *a, const struct span *rules, const struct span *seen)
{
	for (unsigned i = 0; i < rules->count; i++) {
		const struct span *other = &a->seen[rules->first + i];
		if (other->count == seen->count &&
		    memcmp(a->identities + other->first, a->identities + seen->first, seen->count * sizeof(uint64_t)) == 0)
			return true;
	}
	return false;
}

/* The log sources of an event rule. */
static void
add_rule(struct build *b, struct waiter *w, const struct rule *rule)
{
	struct awaited *a = b->out;
	const struct correlation_rules *from = b->from;
	struct span seen = {a->identity_count, 0};
	uint64_t *identities = mem_resize(a->identities, seen.first + from->source_count + 1, sizeof(*identities));
	struct span *all = mem_resize(a->seen, a->seen_count + 1, sizeof(*all));
	a->identities = identities ? identities : a->identities;
	a->seen = all ? all : a->seen;
	b->failed |= !identities || !all;
	if (b->failed)
		return;
	if (from->sees(rule, NULL, from->ctx))
		identities[seen.first + seen.count++] = 0;
	for (unsigned i = 0; i < from->source_count; i++)
		if (from->sees(rule, from->sources[i], from->ctx))
			identities[seen.first + seen.count++] = from->sources[i]->identity;
	qsort(identities + seen.first, seen.count, sizeof(*identities), cmp_identity);
	if (is_known(a, &w->rules, &seen))
		return;
	all[a->seen_count++] = seen;
	a->identity_count += seen.count;
	w->rules.count++;
}

/* A correlation comes true by the rules that it names. */
static void
add_rules(struct build *b, struct waiter *w, const struct rule *rule)
{
	const struct correlation *c = rule->correlation;
	if (rule->index >= b->from->count || b->visited[rule->index] || b->failed)
		return;
	b->visited[rule->index] = true;
	if (!c)
		add_rule(b, w, rule);
	for (unsigned i = 0; c && i < c->feed_count; i++)
		add_rules(b, w, c->feeds[i].rule);
}

/* For absence only what must be absent can change the answer, elsewhere all that is counted. */
static void
add_waiter(struct build *b, const struct rule *rule)
{
	struct awaited *a = b->out;
	const struct correlation *c = rule->correlation;
	struct waiter *waiters = mem_resize(a->waiters, a->waiter_count + 1, sizeof(*waiters));
	if (!waiters) {
		b->failed = true;
		return;
	}
	a->waiters = waiters;
	struct waiter *w = &waiters[a->waiter_count++];
	*w = (struct waiter){rule->definition, {a->seen_count, 0}};
	memset(b->visited, 0, b->from->count * sizeof(*b->visited));
	for (unsigned i = 0; i < c->feed_count; i++)
		if (c->when != CORRELATION_ABSENCE || (c->absent >> i & 1))
			add_rules(b, w, c->feeds[i].rule);
}

struct awaited *
awaited_new(const struct correlation_rules *from)
{
	struct build b = {.out = mem_zero(1, sizeof(*b.out)), .from = from};
	b.visited = mem_zero(from->count + 1, sizeof(*b.visited));
	b.failed = !b.out || !b.visited;
	for (unsigned i = 0; i < from->count && !b.failed; i++)
		if (from->rules[i]->correlation && from->rules[i]->correlation->when != CORRELATION_ON_ARRIVAL)
			add_waiter(&b, from->rules[i]);
	mem_free(b.visited);
	if (!b.failed)
		return b.out;
	awaited_free(b.out);
	return NULL;
}

void
awaited_free(struct awaited *a)
{
	if (!a)
		return;
	mem_free(a->waiters);
	mem_free(a->seen);
	mem_free(a->identities);
	mem_free(a);
}

static const struct waiter *
find(const struct awaited *a, uint64_t definition)
{
	for (unsigned i = 0; i < a->waiter_count; i++)
		if (a->waiters[i].definition == definition)
			return &a->waiters[i];
	return NULL;
}

static struct lateness_question
question_of(const struct awaited *a, const struct awaited_question *q, unsigned rule)
{
	const struct span *seen = &a->seen[rule];
	return (struct lateness_question){q->tenant, a->identities + seen->first, seen->count, q->now_ms};
}

int64_t
awaited_newest(const struct awaited *a, const struct awaited_question *q)
{
	const struct waiter *w = find(a, q->definition);
	int64_t oldest_ms = INT64_MAX;
	for (unsigned i = 0; w && i < w->rules.count; i++) {
		struct lateness_question question = question_of(a, q, w->rules.first + i);
		int64_t newest_ms = lateness_newest(q->feeds, &question);
		oldest_ms = newest_ms < oldest_ms ? newest_ms : oldest_ms;
	}
	return oldest_ms == INT64_MAX ? INT64_MIN : oldest_ms;
}

bool
awaited_is_silent(const struct awaited *a, const struct awaited_question *q)
{
	const struct waiter *w = find(a, q->definition);
	for (unsigned i = 0; w && i < w->rules.count; i++) {
		struct lateness_question question = question_of(a, q, w->rules.first + i);
		if (lateness_is_silent(q->feeds, &question))
			return true;
	}
	return false;
}
