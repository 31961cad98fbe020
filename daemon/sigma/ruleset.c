#include "sigma/ruleset.h"

#include "base/mem.h"
#include "sigma/heading.h"
#include "sigma/ruleset_priv.h"

static bool
may_see(const struct ruleset *set, const struct rule_entry *entry, const struct source *source)
{
	return !entry->rule->correlation && (set->any_source || logsource_contains(&entry->logsource, source));
}

bool
ruleset_sees(const struct ruleset *set, const struct rule *rule, const struct source *source)
{
	return rule->index < set->count && may_see(set, &set->entries[rule->index], source);
}

static void
route_fini(struct rule_route *route)
{
	mem_free(route->rules);
	rule_index_free(route->index);
	*route = (struct rule_route){0};
}

static int
index_route(const struct ruleset *set, struct rule_route *route)
{
	const struct need **needs = mem_zero(route->len ? route->len : 1, sizeof(*needs));
	if (!needs)
		return -1;
	for (unsigned i = 0; i < route->len; i++)
		needs[i] = &set->entries[route->rules[i]].need;
	route->index = rule_index_new(&set->predicates, needs, route->len);
	mem_free(needs);
	return route->index ? 0 : -1;
}

static int
route_source(const struct ruleset *set, struct rule_route *route, const struct source *source)
{
	unsigned len = 0;
	for (unsigned i = 0; i < set->count; i++)
		len += may_see(set, &set->entries[i], source);
	unsigned *rules = mem_zero(len ? len : 1, sizeof(*rules));
	if (!rules)
		return -1;
	route_fini(route);
	route->rules = rules;
	for (unsigned i = 0; i < set->count; i++) {
		if (may_see(set, &set->entries[i], source))
			rules[route->len++] = i;
	}
	return index_route(set, route);
}

static void
drop_routes(struct ruleset *set)
{
	for (unsigned i = 0; i < set->route_count; i++)
		route_fini(&set->routes[i]);
	mem_free(set->routes);
	route_fini(&set->generic);
	set->routes = NULL;
	set->route_count = 0;
}

/* What each rule's condition needs, for the indices of the routes. */
static int
find_needs(struct ruleset *set)
{
	unsigned *uses = mem_zero(set->predicates.len + 1, sizeof(*uses));
	unsigned *last_rule = mem_zero(set->predicates.len + 1, sizeof(*last_rule));
	int failed = uses && last_rule ? 0 : -1;
	for (unsigned i = 0; i < set->count && !failed; i++)
		need_count(&set->entries[i].detection, uses, last_rule, i + 1);
	for (unsigned i = 0; i < set->count && !failed; i++) {
		struct rule_entry *entry = &set->entries[i];
		if (!entry->rule->correlation)
			failed = need_find(&set->arena, &set->predicates, &entry->detection, uses, &entry->need);
	}
	mem_free(uses);
	mem_free(last_rule);
	set->has_needs = !failed;
	return failed;
}

int
ruleset_route(struct ruleset *set, const struct source *const *sources, unsigned count)
{
	if (!set->has_needs && find_needs(set))
		return -1;
	drop_routes(set);
	set->routes = mem_zero(count ? count : 1, sizeof(*set->routes));
	if (!set->routes)
		return -1;
	set->route_count = count;
	for (unsigned i = 0; i < count; i++) {
		if (route_source(set, &set->routes[i], sources[i]))
			return -1;
	}
	return route_source(set, &set->generic, NULL);
}

void
ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	drop_routes(set);
	map_free(set->by_id);
	map_free(set->idle);
	mem_free(set->rules);
	mem_free(set->entries);
	program_code_fini(&set->code);
	predicate_set_fini(&set->predicates);
	fail_list_fini(&set->notes);
	arena_fini(&set->arena);
	mem_free(set);
}

const struct rule *const *
ruleset_rules(const struct ruleset *set, unsigned *count)
{
	*count = set->count;
	return set->rules;
}

const struct rule *
ruleset_find(const struct ruleset *set, struct str id)
{
	const struct rule_entry *entry = map_get(set->by_id, id);
	return entry ? entry->rule : NULL;
}

const struct rule *
ruleset_named(const struct ruleset *set, struct str text)
{
	char id[HEADING_ID_SIZE];
	const struct rule *found = ruleset_find(set, heading_id(text, id));
	for (unsigned i = 0; !found && i < set->count; i++) {
		if (set->rules[i]->name && str_eq(str_of(set->rules[i]->name), text))
			found = set->rules[i];
	}
	return found;
}

bool
ruleset_rests(const struct ruleset *set, struct str text)
{
	char id[HEADING_ID_SIZE];
	return map_get(set->idle, heading_id(text, id)) || map_get(set->idle, text);
}

const struct condition_names *
ruleset_selections(const struct ruleset *set, const struct rule *rule)
{
	return &set->entries[rule->index].detection.names;
}

static bool
stands_plain(const struct expr *e, unsigned selection, bool negated)
{
	bool found = e->kind == EXPR_SELECTION && e->index == selection && !negated;
	for (const struct expr *child = e->last; child && !found; child = child->prev)
		found = stands_plain(child, selection, negated != (e->kind == EXPR_NOT));
	return found;
}

bool
ruleset_needs_selection(const struct ruleset *set, const struct rule *rule, unsigned selection)
{
	const struct rule_entry *entry = &set->entries[rule->index];
	bool found = stands_plain(entry->detection.condition, selection, false);
	for (unsigned i = 0; i < entry->score.count && !found; i++)
		found = stands_plain(entry->score.conditions[i], selection, false);
	return found;
}

const struct named_window *
ruleset_windows(const struct ruleset *set, unsigned *count)
{
	*count = set->windows.count;
	return set->windows.windows;
}

const struct window_part *
ruleset_window_parts(const struct ruleset *set, unsigned *count)
{
	*count = set->windows.part_count;
	return set->windows.parts;
}

unsigned
ruleset_disabled(const struct ruleset *set)
{
	return set->disabled;
}

unsigned
ruleset_broken(const struct ruleset *set)
{
	return set->broken;
}

const char *
ruleset_digest(const struct ruleset *set)
{
	return set->digest;
}

bool
ruleset_wants_leaves(const struct ruleset *set)
{
	return set->predicates.wants_leaves;
}

const struct fail_list *
ruleset_notes(const struct ruleset *set)
{
	return &set->notes;
}
