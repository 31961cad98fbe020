#include <stdio.h>
#include <string.h>

#include "sigma/keep.h"
#include "sigma/loader_priv.h"

/* What the filter tests, the rule tests from now on: the windows of the configuration that it names are the rule's, too. */
static int
add_windows(struct loader *l, const struct rule *filter, struct rule *rule)
{
	unsigned count = rule->window_count;
	struct rule_window *all = keep_zero(&l->set->arena, count + filter->window_count, sizeof(*all));
	if (!all)
		return -1;
	for (unsigned i = 0; i < count; i++)
		all[i] = rule->windows[i];
	for (unsigned i = 0; i < filter->window_count; i++) {
		unsigned k = 0, same = 0;
		while (k < count && all[k].window != filter->windows[i].window)
			k++;
		if (k < count)
			continue;
		while (same < count && strcmp(all[same].name, filter->windows[i].name) != 0)
			same++;
		if (same < count)
			loader_note(l, rule, "window-hides",
			    "has a window of its own, which alerts show, and a filter that tests the configuration's ", filter->windows[i].name);
		all[count++] = filter->windows[i];
	}
	rule->windows = all;
	rule->window_count = count;
	return 0;
}

static void
apply_filter(struct loader *l, struct draft *filter, struct draft *draft)
{
	struct rule_filter *record = &l->set->filters[l->set->filter_count];
	struct fail why = {0};
	if (draft->heading.kind != HEADING_RULE || draft->state != DRAFT_GOOD)
		return;
	if (add_windows(l, &filter->rule, &draft->rule) ||
	    filter_apply(&filter->filter, &l->set->arena, &draft->entry.detection)) {
		fail_set(&why, "memory", "out of memory");
		loader_break(l, draft, &why);
	}
	draft->filtered = true;
	record->rules[record->count++] = &draft->rule;
	draft->rule.definition ^= filter->rule.definition;
}

static void
apply_named(struct loader *l, struct draft *filter)
{
	const struct yaml_node *list = filter->filter.rules;
	bool many = list->kind == YAML_LIST;
	for (const struct yaml_node *n = many ? list->first : list; n; n = many ? n->next : NULL) {
		struct draft *draft = loader_find(l, n->text);
		char name[128];
		snprintf(name, sizeof(name), "%.100s", n->text.p);
		if (!draft)
			loader_note(l, &filter->rule, "unknown-rule", "names no rule that is here: ", name);
		else if (draft->heading.kind == HEADING_CORRELATION)
			loader_note(l, &filter->rule, "filter-correlation", "names a correlation; filter the rules that it counts: ", name);
		else if (draft->state == DRAFT_GOOD && !filter_covers(&filter->filter, &draft->entry.logsource))
			loader_note(l, &filter->rule, "filter-logsource", "is not for the log source of the rule that it names: ", name);
		else
			apply_filter(l, filter, draft);
	}
}

static int
begin_record(struct loader *l, const struct draft *filter)
{
	size_t named = filter->filter.rules && filter->filter.rules->kind == YAML_LIST ? filter->filter.rules->len : 1;
	struct rule_filter *record = &l->set->filters[l->set->filter_count];
	*record = (struct rule_filter){.rule = &filter->rule, .detection = &filter->filter.detection};
	record->rules = keep_zero(&l->set->arena, filter->filter.rules ? named : l->count, sizeof(struct rule *));
	return record->rules ? 0 : -1;
}

static int
apply_filters(struct loader *l)
{
	size_t count = 0;
	for (const struct draft *f = l->first; f; f = f->next)
		count += f->heading.kind == HEADING_FILTER;
	l->set->filters = keep_zero(&l->set->arena, count, sizeof(struct rule_filter));
	for (struct draft *f = l->first; f && l->set->filters; f = f->next) {
		if (f->heading.kind != HEADING_FILTER || f->state != DRAFT_GOOD)
			continue;
		if (begin_record(l, f))
			return -1;
		if (f->filter.rules)
			apply_named(l, f);
		for (struct draft *d = f->filter.rules ? NULL : l->first; d; d = d->next)
			if (filter_covers(&f->filter, &d->entry.logsource))
				apply_filter(l, f, d);
		if (!f->filter.rules && l->set->filters[l->set->filter_count].count == 0)
			loader_note(l, &f->rule, "filter-logsource", "filters nothing: no rule here has its log source", "");
		l->set->filter_count++;
	}
	return l->set->filters ? 0 : -1;
}

int
loader_apply_filters(struct loader *l)
{
	if (apply_filters(l))
		return -1;
	for (struct draft *d = l->first; d; d = d->next) {
		struct fail why = {0};
		if (d->filtered && d->state == DRAFT_GOOD && loader_compile(l, d, &why))
			loader_break(l, d, &why);
	}
	return 0;
}
