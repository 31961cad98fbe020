#include "sigma/need.h"

#include "sigma/needles.h"
#include "sigma/plain_json.h"

/* Guesses of how often a fact stands in an event; only their order matters. */
enum { COST_NOTHING = 1 << 20, COST_PRESENT = 400, COST_LIST_MAX = 350, COST_SHORT = 40, COST_LITERAL = 4, SHORT_LEN = 4 };
enum { TABLE_LONG = 1000 };

/* ---- facts of a predicate ---- */

static bool
is_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((uint8_t)text.p[i] & 0x80)
			return false;
	}
	return true;
}

/* The longest stretch of bytes that belong. */
static struct str
longest_run(struct str text, bool (*belongs)(unsigned char c))
{
	struct str best = {"", 0};
	for (size_t i = 0; i < text.len;) {
		size_t from = i;
		while (i < text.len && belongs((unsigned char)text.p[i]))
			i++;
		if (i - from > best.len)
			best = str_make(text.p + from, i - from);
		i += i < text.len;
	}
	return best;
}

/* Not one of the bytes that stand for other characters in a glob: none of those is in well-formed UTF-8. */
static bool
is_literal(unsigned char c)
{
	return c < 0xF8;
}

static struct str
longest_literal(const struct pattern *pattern)
{
	if (pattern->kind != PATTERN_GLOB)
		return pattern->literal;
	struct str best = {"", 0};
	for (unsigned i = 0; i < pattern->piece_count; i++) {
		struct str run = longest_run(pattern->pieces[i], is_literal);
		if (run.len > best.len)
			best = run;
	}
	return best;
}

/* Of a keyword: what stands in the record's own text, unless it is written with escapes. */
static bool
keyword_fact(const struct predicate_text *t, struct fact *out)
{
	struct str text = longest_run(longest_literal(&t->pattern), plain_json_char);
	*out = (struct fact){.kind = FACT_KEYWORD, .text = text};
	return !t->numeric && text.len >= NEEDLE_LEN_MIN;
}

static struct fact
text_fact(const struct predicate *p, const struct predicate_text *t)
{
	struct str text = longest_literal(&t->pattern);
	/* A literal with case may begin within a character that folds to another: only ASCII folds by itself. */
	if (p->cased && !is_ascii(text))
		return (struct fact){.kind = FACT_PRESENT};
	if (t->pattern.kind == PATTERN_EQUALS && !p->cased)
		return (struct fact){.kind = FACT_TEXT, .text = text};
	if (t->pattern.kind == PATTERN_ANY || text.len < NEEDLE_LEN_MIN)
		return (struct fact){.kind = FACT_PRESENT};
	return (struct fact){.kind = FACT_PART, .text = text};
}

static bool
give_text(const struct predicate *p, const struct predicate_text *t, fact_take_f *take, void *ctx)
{
	struct fact fact;
	if (p->slot == PREDICATE_LEAVES)
		return keyword_fact(t, &fact) && take(&fact, ctx);
	fact = text_fact(p, t);
	if (!take(&fact, ctx))
		return false;
	fact = (struct fact){.kind = FACT_NUMBER, .number = t->number.d};
	return !t->numeric || take(&fact, ctx);
}

/* Of values that must all be met: the longest is the rarest. */
static const struct predicate_text *
rarest_text(const struct predicate *p)
{
	const struct predicate_text *best = &p->texts[0];
	for (unsigned i = 1; i < p->count; i++) {
		if (longest_literal(&p->texts[i].pattern).len > longest_literal(&best->pattern).len)
			best = &p->texts[i];
	}
	return best;
}

/* To ask its table is one look-up, too; its texts again in the index of every log source would be many megabytes. */
static bool
is_long_table(const struct predicate *p)
{
	return p->slot >= 0 && p->table && p->table->rest_count == 0 && p->count > TABLE_LONG;
}

bool
need_facts(const struct predicate *p, fact_take_f *take, void *ctx)
{
	const struct fact present = {.kind = FACT_PRESENT};
	switch (p->op) {
	case PREDICATE_TEXT:
		if (p->all)
			return give_text(p, rarest_text(p), take, ctx);
		if (is_long_table(p))
			return take(&present, ctx);
		for (unsigned i = 0; i < p->count; i++) {
			if (!give_text(p, &p->texts[i], take, ctx))
				return false;
		}
		return true;
	case PREDICATE_EXISTS:
		return p->exists && p->slot >= 0 && take(&present, ctx);
	case PREDICATE_REGEX:
	case PREDICATE_CIDR:
	case PREDICATE_FIELDREF:
	case PREDICATE_ORDER:
	case PREDICATE_DATE:
		return p->slot >= 0 && take(&present, ctx);
	case PREDICATE_NULL:
		break;
	}
	return false;
}

/* ---- the need of a condition ---- */

struct item { /* one predicate of a need */
	unsigned predicate;
	struct item *next;
};

struct wish { /* a need being put together */
	struct item *first, **last; /* last: NULL while it is empty */
	unsigned count, cost;
};

struct finder {
	struct arena *arena;
	const struct predicate_set *set;
	const struct detection *detection;
	const unsigned *uses;
	bool failed;
};

static bool
add_cost(const struct fact *fact, void *ctx)
{
	unsigned *cost = ctx;
	bool is_short = fact->text.len < SHORT_LEN || str_eq(fact->text, STR("true")) || str_eq(fact->text, STR("false"));
	if (fact->kind == FACT_PRESENT)
		*cost += COST_PRESENT;
	else if (fact->kind != FACT_NUMBER)
		*cost += is_short ? COST_SHORT : COST_LITERAL;
	return true;
}

static struct wish
wish_for(struct finder *f, unsigned index)
{
	struct wish w = {.cost = COST_NOTHING};
	unsigned cost = 0;
	if (!need_facts(f->set->items[index], add_cost, &cost))
		return w;
	struct item *item = arena_alloc(f->arena, sizeof(*item));
	if (!item) {
		f->failed = true;
		return w;
	}
	if (cost < COST_PRESENT && cost > COST_LIST_MAX)
		cost = COST_LIST_MAX;
	*item = (struct item){index, NULL};
	w = (struct wish){item, &item->next, 1, cost + 2 * f->uses[index]};
	return w;
}

static void
join(struct wish *w, const struct wish *more)
{
	if (!more->last)
		return;
	if (!w->last)
		w->first = more->first;
	else
		*w->last = more->first;
	w->last = more->last;
	w->count += more->count;
	w->cost += more->cost;
}

/* With negated: the need of its opposite. Depth is bounded by the condition's. */
static struct wish
wish(struct finder *f, const struct expr *e, bool negated)
{
	struct wish best = {.cost = COST_NOTHING}, all = {0};
	bool any = (e->kind == EXPR_OR) != negated;
	switch (e->kind) {
	case EXPR_TEST:
		return negated ? best : wish_for(f, e->index);
	case EXPR_SELECTION:
		return wish(f, f->detection->selections[e->index], negated);
	case EXPR_NOT:
		return wish(f, e->last, !negated);
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	for (const struct expr *child = e->last; child && !f->failed; child = child->prev) {
		struct wish one = wish(f, child, negated);
		if (any && one.cost >= COST_NOTHING)
			return one;
		if (any)
			join(&all, &one);
		else if (one.cost < best.cost)
			best = one;
	}
	return any ? all : best;
}

int
need_find(struct arena *arena, const struct predicate_set *set, const struct detection *detection, const unsigned *uses,
    struct need *out)
{
	struct arena scratch;
	arena_init(&scratch, 64 << 20, 0);
	struct finder f = {&scratch, set, detection, uses, false};
	struct wish w = wish(&f, detection->condition, false);
	bool nothing = w.cost >= COST_NOTHING;
	unsigned *predicates = f.failed || nothing ? NULL : arena_alloc(arena, (w.count + 1) * sizeof(*predicates));
	*out = (struct need){.predicates = predicates, .nothing = nothing};
	for (const struct item *item = predicates ? w.first : NULL; item && out->count < w.count; item = item->next)
		predicates[out->count++] = item->predicate;
	arena_fini(&scratch);
	return f.failed || (!nothing && !predicates) ? -1 : 0;
}

static void
count_tests(const struct expr *e, unsigned *uses, unsigned *last_rule, unsigned rule)
{
	if (e->kind == EXPR_TEST && last_rule[e->index] != rule) {
		last_rule[e->index] = rule;
		uses[e->index]++;
	}
	for (const struct expr *child = e->kind == EXPR_TEST ? NULL : e->last; child; child = child->prev)
		count_tests(child, uses, last_rule, rule);
}

void
need_count(const struct detection *detection, unsigned *uses, unsigned *last_rule, unsigned rule)
{
	for (unsigned i = 0; i < detection->names.count; i++)
		count_tests(detection->selections[i], uses, last_rule, rule);
}
