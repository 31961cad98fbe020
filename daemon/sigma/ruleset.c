#include "sigma/ruleset.h"

#include "base/mem.h"
#include "sigma/ruleset_priv.h"

static bool
may_see(const struct ruleset *set, const struct rule_entry *entry, const struct source *source)
{
	return !entry->rule->correlation && (set->any_source || logsource_contains(&entry->logsource, source));
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
	mem_free(route->rules);
	*route = (struct rule_route){rules, 0};
	for (unsigned i = 0; i < set->count; i++) {
		if (may_see(set, &set->entries[i], source))
			rules[route->len++] = i;
	}
	return 0;
}

static void
drop_routes(struct ruleset *set)
{
	for (unsigned i = 0; i < set->route_count; i++)
		mem_free(set->routes[i].rules);
	mem_free(set->routes);
	mem_free(set->generic.rules);
	set->routes = NULL;
	set->route_count = 0;
	set->generic = (struct rule_route){0};
}

int
ruleset_route(struct ruleset *set, const struct source *const *sources, unsigned count)
{
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

int
ruleset_selection(const struct ruleset *set, const struct rule *rule, struct str name)
{
	const struct condition_names *names = &set->entries[rule->index].detection.names;
	for (unsigned i = 0; i < names->count; i++) {
		if (str_eq(names->names[i], name))
			return (int)i;
	}
	return -1;
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
