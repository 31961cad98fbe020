#include <stdio.h>

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
		unsigned k = 0;
		while (k < count && all[k].window != filter->windows[i].window)
			k++;
		if (k == count)
			all[count++] = filter->windows[i];
	}
	rule->windows = all;
	rule->window_count = count;
	return 0;
}

static void
apply_filter(struct loader *l, struct draft *filter, struct draft *draft)
{
	struct fail why = {0};
	if (draft->heading.kind != HEADING_RULE || draft->state != DRAFT_GOOD)
		return;
	if (add_windows(l, &filter->rule, &draft->rule) ||
	    filter_apply(&filter->filter, &l->set->arena, &draft->entry.detection)) {
		fail_set(&why, "memory", "out of memory");
		loader_break(l, draft, &why);
	}
	draft->filtered = true;
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

void
loader_apply_filters(struct loader *l)
{
	for (struct draft *f = l->first; f; f = f->next) {
		if (f->heading.kind != HEADING_FILTER || f->state != DRAFT_GOOD)
			continue;
		if (f->filter.rules)
			apply_named(l, f);
		for (struct draft *d = f->filter.rules ? NULL : l->first; d; d = d->next)
			if (filter_covers(&f->filter, &d->entry.logsource))
				apply_filter(l, f, d);
	}
	for (struct draft *d = l->first; d; d = d->next) {
		struct fail why = {0};
		if (d->filtered && d->state == DRAFT_GOOD && loader_compile(l, d, &why))
			loader_break(l, d, &why);
	}
}
