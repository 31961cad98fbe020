#include "detect/correlation_index.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "sigma/correlation.h"

struct correlation_index {
	unsigned rules;
	unsigned *first;           /* rules + 1 of them: rule i feeds fed[first[i] .. first[i + 1]) */
	const struct rule **fed;
	metrics_series *ungrouped; /* by rule */
	struct awaited *awaited;
};

/* Calls for every edge rule -> correlation: counts into first[], or fills fed[]. */
static void
walk(struct correlation_index *index, const struct rule *const *rules, unsigned *at)
{
	for (unsigned i = 0; i < index->rules; i++) {
		const struct correlation *correlation = rules[i]->correlation;
		for (unsigned k = 0; correlation && k < correlation->feed_count; k++) {
			unsigned from = correlation->feeds[k].rule->index;
			if (from >= index->rules)
				continue;
			if (index->fed)
				index->fed[at[from]] = rules[i];
			at[from]++;
		}
	}
}

struct correlation_index *
correlation_index_new(const struct correlation_rules *from)
{
	const struct rule *const *rules = from->rules;
	unsigned count = from->count;
	struct correlation_index *index = mem_zero(1, sizeof(*index));
	unsigned *at = mem_zero((size_t)count + 1, sizeof(*at));
	if (!index || !at)
		goto fail;
	index->rules = count;
	index->first = mem_zero((size_t)count + 1, sizeof(*index->first));
	index->ungrouped = mem_zero((size_t)count + 1, sizeof(*index->ungrouped));
	index->awaited = awaited_new(from);
	if (!index->first || !index->ungrouped || !index->awaited)
		goto fail;
	for (unsigned i = 0; i < count; i++)
		if (rules[i]->burst.by_count || (rules[i]->correlation && rules[i]->correlation->group_count))
			index->ungrouped[i] = metrics_get(METRIC_RULE_ERRORS, rules[i]->id, "group_field_missing");
	walk(index, rules, at);
	for (unsigned i = 0; i < count; i++) {
		index->first[i + 1] = index->first[i] + at[i];
		at[i] = index->first[i];
	}
	index->fed = mem_zero(index->first[count], sizeof(const struct rule *));
	if (!index->fed)
		goto fail;
	walk(index, rules, at);
	mem_free(at);
	return index;
fail:
	mem_free(at);
	correlation_index_free(index);
	return NULL;
}

void
correlation_index_free(struct correlation_index *index)
{
	if (!index)
		return;
	mem_free(index->first);
	mem_free(index->fed);
	mem_free(index->ungrouped);
	awaited_free(index->awaited);
	mem_free(index);
}

const struct rule *const *
correlation_index_fed(const struct correlation_index *index, const struct rule *rule, unsigned *count)
{
	if (rule->index >= index->rules) {
		*count = 0;
		return NULL;
	}
	*count = index->first[rule->index + 1] - index->first[rule->index];
	return index->fed + index->first[rule->index];
}

const struct awaited *
correlation_index_awaited(const struct correlation_index *index)
{
	return index->awaited;
}

void
correlation_index_ungrouped(const struct correlation_index *index, const struct rule *rule)
{
	if (rule->index < index->rules)
		metrics_add(index->ungrouped[rule->index], 1);
}
