#include "detect/tuning_match.h"

#include "base/mem.h"
#include "base/timestamp.h"
#include "config/suggest.h"
#include "sigma/keep.h"
#include "sigma/read.h"

enum { VALUES_MAX = 10000 };

struct owned { /* every set, and which list it was made of */
	struct value_set *set;
	const struct list *list; /* NULL: the values of one entry */
	enum value_set_kind kind;
	bool bad; /* the list holds what is none of the kind */
	struct owned *next;
};

struct tuning_sets {
	const struct list_set *lists;
	struct owned *first;
};

struct side_reader {
	struct tuning_sets *sets;
	struct arena *arena;
	enum value_set_kind kind;
	const char *name;
	struct fail_list *problems;
	const struct value_set **out; /* room for all values and the NULL */
	unsigned count;
	struct owned *own; /* of values that are no list */
	bool bad;
};

static const char *const side_names[] = {"users", "apps", "networks", "tenants", NULL};
enum { SIDE_USERS, SIDE_APPS, SIDE_NETWORKS, SIDE_TENANTS };

struct tuning_sets *
tuning_sets_new(const struct list_set *lists)
{
	struct tuning_sets *sets = mem_zero(1, sizeof(*sets));
	if (sets)
		sets->lists = lists;
	return sets;
}

void
tuning_sets_free(struct tuning_sets *sets)
{
	if (!sets)
		return;
	while (sets->first) {
		struct owned *next = sets->first->next;
		value_set_free(sets->first->set);
		mem_free(sets->first);
		sets->first = next;
	}
	mem_free(sets);
}

static int
complain(struct side_reader *r, const struct yaml_node *n, const char *code, const char *text, const char *more)
{
	r->bad = true;
	return fail_list_at(r->problems, n->file, n->line, n->column, code, "%s%s", text, more);
}

static struct owned *
own_set(struct side_reader *r, const struct list *list)
{
	struct owned *owned = mem_zero(1, sizeof(*owned));
	if (!owned)
		return NULL;
	*owned = (struct owned){value_set_new(r->kind), list, r->kind, false, r->sets->first};
	if (!owned->set) {
		mem_free(owned);
		return NULL;
	}
	r->sets->first = owned;
	return owned;
}

/* The list as a set of this kind, made when it is first named. */
static int
add_list(struct side_reader *r, const struct yaml_node *n, const struct list *list)
{
	struct owned *owned = r->sets->first;
	while (owned && (owned->list != list || owned->kind != r->kind))
		owned = owned->next;
	if (!owned) {
		struct fail why = {0};
		owned = own_set(r, list);
		if (!owned)
			return complain(r, n, "memory", "out of memory", "");
		for (size_t i = 0; i < list->count && !owned->bad; i++) {
			owned->bad = value_set_add(owned->set, list->items[i], &why) < 0;
			if (owned->bad)
				complain(r, n, why.code, "the list has a value that cannot stand here: ", why.text);
		}
	}
	r->bad |= owned->bad;
	r->out[r->count++] = owned->set;
	return 0;
}

static int
unknown_list(struct side_reader *r, const struct yaml_node *n, struct str name)
{
	struct suggest s;
	const struct list *list;
	r->bad = true;
	suggest_init(&s, name);
	for (size_t i = 0; (list = list_set_at(r->sets->lists, i)); i++)
		suggest_add(&s, list->name);
	return fail_list_at(r->problems, n->file, n->line, n->column, "unknown-list",
	    "no list is called '%.64s' (rules.lists), or it could not be read%s%.*s%s", name.len ? n->text.p : "",
	    s.best.p ? "; did you mean '%" : "", (int)s.best.len, s.best.p ? s.best.p : "", s.best.p ? "%'?" : "");
}

/* A value, or %list%. */
static int
add_value(struct side_reader *r, const struct yaml_node *n)
{
	struct fail why = {0};
	struct str text = n->text;
	if (n->kind != YAML_SCALAR || yaml_is_null(n) || text.len == 0)
		return complain(r, n, "text", "a text is expected in ", r->name);
	if (text.len > 2 && text.p[0] == '%' && text.p[text.len - 1] == '%') {
		struct str name = str_make(text.p + 1, text.len - 2);
		const struct list *list = list_set_find(r->sets->lists, name);
		return list ? add_list(r, n, list) : unknown_list(r, n, name);
	}
	if (!r->own) {
		r->own = own_set(r, NULL);
		if (!r->own)
			return complain(r, n, "memory", "out of memory", "");
		r->out[r->count++] = r->own->set;
	}
	if (value_set_add(r->own->set, text, &why) < 0)
		return complain(r, n, why.code, why.text, "");
	return 0;
}

static int
parse_side(struct side_reader *r, const struct yaml_node *node)
{
	bool list = node->kind == YAML_LIST;
	size_t count = list ? node->len : 1;
	if (node->kind == YAML_MAP || count > VALUES_MAX)
		return complain(r, node, "list", "a list of at most 10,000 values is expected in ", r->name);
	r->out = keep_zero(r->arena, count + 1, sizeof(*r->out));
	if (!r->out)
		return complain(r, node, "memory", "out of memory", "");
	for (const struct yaml_node *n = list ? node->first : node; n; n = list ? n->next : NULL)
		(void)add_value(r, n);
	return r->bad ? -1 : 0;
}

/* RFC 3339 section 5.6 in full, with its zone. */
static bool
is_rfc3339(struct str s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t at = sizeof(form) - 1;
	if (s.len <= at)
		return false;
	for (size_t i = 0; i < at; i++)
		if (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : (s.p[i] & ~(form[i] == 'T' ? 0x20 : 0)) != form[i])
			return false;
	char last = s.p[s.len - 1];
	return last == 'Z' || last == 'z' || (s.len >= at + 6 && (s.p[s.len - 6] == '+' || s.p[s.len - 6] == '-'));
}

static int
parse_time(const struct yaml_node *entry, const char *key, int64_t *out_ms, struct fail_list *problems)
{
	const struct yaml_node *n = yaml_get(entry, key);
	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR && is_rfc3339(n->text) && timestamp_parse(n->text, out_ms))
		return 0;
	return fail_list_at(problems, n->file, n->line, n->column, "time",
	    "'%s' is a time with its zone: 2026-11-22T20:00:00Z or 2026-11-22T21:00:00+01:00", key);
}

static int
parse_sides(struct tuning_sets *sets, struct arena *arena, const struct yaml_node *match, struct tuning_match *out,
    struct fail_list *problems)
{
	struct fail why = {0};
	int failed = 0;
	if (read_keys(match, side_names, "match", &why) < 0) {
		fail_list_add(problems, &why);
		failed = -1;
	}
	for (unsigned i = 0; i < TUNING_SIDES; i++) {
		const struct yaml_node *node = yaml_get(match, side_names[i]);
		if (!node)
			continue;
		struct side_reader r = {.sets = sets, .arena = arena, .name = side_names[i], .problems = problems};
		r.kind = i == SIDE_NETWORKS ? VALUE_SET_NETWORKS : VALUE_SET_TEXTS;
		failed |= parse_side(&r, node);
		out->sides[i] = r.out;
	}
	return failed;
}

int
tuning_match_parse(struct tuning_sets *sets, struct arena *arena, struct field_set *fields,
    const struct yaml_node *entry, struct tuning_match *out, struct fail_list *problems)
{
	const struct yaml_node *match = yaml_get(entry, "match");
	*out = (struct tuning_match){.start_ms = INT64_MIN, .end_ms = INT64_MAX, .home_tenant = -1};
	int failed = parse_time(entry, "start", &out->start_ms, problems) | parse_time(entry, "end", &out->end_ms, problems);
	if (!failed && out->end_ms <= out->start_ms) {
		const struct yaml_node *end = yaml_get(entry, "end");
		failed = fail_list_at(problems, end->file, end->line, end->column, "time", "'end' is not after 'start'");
	}
	if (!match || (match->kind == YAML_MAP && match->len == 0))
		return fail_list_at(problems, entry->file, match ? match->line : entry->line,
		    match ? match->column : entry->column, "match",
		    "an entry needs 'match' with users, apps, networks or tenants; for everybody write users: ['*']");
	failed |= parse_sides(sets, arena, match, out, problems);
	if (out->sides[SIDE_TENANTS]) {
		out->home_tenant = field_set_intern(fields, STR("homeTenantId"));
		if (out->home_tenant < 0)
			failed = fail_list_at(problems, match->file, match->line, match->column, "too-many-fields",
			    "the rules name more than %d fields", FIELD_SLOTS_MAX);
	}
	return failed;
}

static bool
has_any(const struct value_set *const *sets, const struct event *e, const int *slots, unsigned count)
{
	for (; *sets; sets++)
		for (unsigned i = 0; i < count; i++)
			if (value_set_has(*sets, event_text(e, slots[i])))
				return true;
	return false;
}

bool
tuning_match_holds(const struct tuning_match *m, const struct event *e)
{
	static const int users[] = {FIELD_USER_PRINCIPAL_NAME, FIELD_USER_ID, FIELD_SERVICE_PRINCIPAL_ID};
	static const int apps[] = {FIELD_APP_DISPLAY_NAME, FIELD_APP_ID};
	static const int networks[] = {FIELD_IP_ADDRESS};
	if (e->event_ms < m->start_ms || e->event_ms >= m->end_ms)
		return false;
	return (!m->sides[SIDE_USERS] || has_any(m->sides[SIDE_USERS], e, users, 3)) &&
	    (!m->sides[SIDE_APPS] || has_any(m->sides[SIDE_APPS], e, apps, 2)) &&
	    (!m->sides[SIDE_NETWORKS] || has_any(m->sides[SIDE_NETWORKS], e, networks, 1)) &&
	    (!m->sides[SIDE_TENANTS] || has_any(m->sides[SIDE_TENANTS], e, &m->home_tenant, 1));
}
