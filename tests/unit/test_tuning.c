#include "detect/tuning.h"

#include "unit.h"

#include "fuzz/fuzz.h"
#include "sigma_fixture.h"

/* ---- one rule set, one tuning, one event ---- */

struct tuned {
	struct fixture f;
	struct tuning *tuning;
	struct fail_list problems;
};

static void
tuned_open(struct tuned *t, const char *rules, const char *entries, bool other_rules)
{
	static const struct ruleset_options any = {.any_source = true, .max_regex_steps = 1000};
	fixture_load(&t->f, rules, &any);
	fixture_show(&t->f);
	ck_assert_uint_eq(t->f.problems.len, 0);
	struct tuning_options options = {.rules = t->f.set, .fields = t->f.fields, .other_rules = other_rules};
	fail_list_init(&t->problems);
	t->tuning = tuning_load_text(&options, "tuning.yaml", str_of(entries), &t->problems);
	ck_assert_ptr_nonnull(t->tuning);
}

static void
tuned_close(struct tuned *t)
{
	tuning_free(t->tuning);
	fail_list_fini(&t->problems);
	fixture_fini(&t->f);
}

/* The rule's match under tuning. */
static bool
judge(struct tuned *t, const char *event, int64_t event_ms, const char *id, struct match *out)
{
	const struct match *matches;
	unsigned count = fixture_run(&t->f, event, &matches);
	t->f.event.event_ms = event_ms;
	for (unsigned i = 0; i < count; i++) {
		struct tuning_effect effect;
		if (strcmp(matches[i].rule->id, id) != 0)
			continue;
		*out = matches[i];
		return !tuning_apply(t->tuning, t->f.matcher, &t->f.event, matches[i].rule, &effect) ||
		    matcher_judge(t->f.matcher, &t->f.event, matches[i].rule, &effect.off, out);
	}
	return false;
}

static const char seed[] =
    "title: seed\nid: seed\nname: seed_rule\nlogsource: {}\ndetection:\n  ok: {r: 0}\n  risk_level: {level: high}\n"
    "  risk_event_proxy: {risk: anonymizedIPAddress}\n  single: {auth: single}\n  same: {homeTenantId|fieldref: resource}\n"
    "  condition: ok and (1 of risk_* or (single and not same))\n"
    "picketd:\n  threat_score:\n    - {name: risk_level, when: risk_level, add: 1}\n"
    "    - {name: cross, when: single and not same, add: 1}\n---\n"
    "title: other\nid: other\nlogsource: {}\ndetection:\n  risk_event_proxy: {risk: anonymizedIPAddress}\n  condition: risk_event_proxy\n";

#define WHO "owner: soc, reason: agreed"

START_TEST(entry_takes_a_selection_from_some_users_only)
{
	struct tuned t;
	struct match m;
	tuned_open(&t, seed, "- {id: vpn, selections: [risk_event_proxy], match: {users: ['*@vpn.example', 'id-7']}, " WHO "}\n", false);
	ck_assert_uint_eq(tuning_count(t.tuning), 1);
	ck_assert(!judge(&t, "{\"r\":0,\"risk\":\"anonymizedIPAddress\",\"userPrincipalName\":\"Mia@VPN.example\"}", 0, "seed", &m));
	ck_assert(!judge(&t, "{\"r\":0,\"risk\":\"anonymizedIPAddress\",\"userId\":\"ID-7\"}", 0, "seed", &m));
	ck_assert(!judge(&t, "{\"r\":0,\"risk\":\"anonymizedIPAddress\",\"userId\":\"ID-7\"}", 0, "other", &m));
	ck_assert(judge(&t, "{\"r\":0,\"risk\":\"anonymizedIPAddress\",\"userPrincipalName\":\"leo@contoso.example\"}", 0, "seed", &m));
	ck_assert(judge(&t, "{\"r\":0,\"risk\":\"anonymizedIPAddress\"}", 0, "seed", &m));
	/* other signals still fire */
	ck_assert(judge(&t, "{\"r\":0,\"risk\":\"anonymizedIPAddress\",\"level\":\"high\",\"userId\":\"id-7\"}", 0, "seed", &m));
	ck_assert_int_eq(m.score, 1);
	tuned_close(&t);
}
END_TEST

START_TEST(entry_takes_a_term_from_score_and_condition)
{
	struct tuned t;
	struct match m;
	tuned_open(&t, seed, "- {id: partner, rules: [SEED], terms: [cross], match: {tenants: [p1, p2]}, " WHO "}\n", false);
	ck_assert(!judge(&t, "{\"r\":0,\"auth\":\"single\",\"homeTenantId\":\"P1\",\"resource\":\"us\"}", 0, "seed", &m));
	ck_assert(judge(&t, "{\"r\":0,\"auth\":\"single\",\"homeTenantId\":\"p3\",\"resource\":\"us\"}", 0, "seed", &m));
	ck_assert_int_eq(m.score, 1);
	ck_assert(judge(&t, "{\"r\":0,\"level\":\"high\",\"auth\":\"single\",\"homeTenantId\":\"p2\",\"resource\":\"us\"}", 0, "seed", &m));
	ck_assert_int_eq(m.score, 1);
	ck_assert_uint_eq(m.terms, 1);
	tuned_close(&t);
}
END_TEST

START_TEST(entry_holds_from_its_start_to_just_before_its_end)
{
	struct tuned t;
	tuned_open(&t, seed,
	    "- {id: red, suppress: true, match: {users: [red@contoso.example], networks: [198.51.100.0/24]}, "
	    "start: 1970-01-01T00:00:10Z, end: '1970-01-01T01:00:20+01:00', " WHO "}\n", false);
	static const struct {
		const char *user, *ip;
		int64_t ms;
		bool suppressed;
	} rows[] = {{"red@contoso.example", "198.51.100.9", 10000, true}, {"red@contoso.example", "198.51.100.9", 9999, false},
	    {"red@contoso.example", "198.51.100.9", 19999, true}, {"red@contoso.example", "198.51.100.9", 20000, false},
	    {"red@contoso.example", "198.51.101.9", 15000, false}, {"blue@contoso.example", "198.51.100.9", 15000, false}};
	unsigned count;
	const struct rule *const *rules = ruleset_rules(t.f.set, &count);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char event[256];
		snprintf(event, sizeof(event), "{\"userPrincipalName\":\"%s\",\"ipAddress\":\"%s\"}", rows[i].user, rows[i].ip);
		fixture_event(&t.f, event);
		t.f.event.event_ms = rows[i].ms;
		for (unsigned k = 0; k < count; k++) {
			const struct tuning_entry *entry = tuning_suppresses(t.tuning, &t.f.event, rules[k]);
			ck_assert_msg(!entry == !rows[i].suppressed, "row %zu", i);
			ck_assert(!entry || strcmp(entry->id, "red") == 0);
			ck_assert(!entry || entry->end_ms == 20000);
		}
	}
	ck_assert(!tuning_masks(t.tuning));
	tuned_close(&t);
}
END_TEST

START_TEST(entry_counts_only_where_it_takes_something_away)
{
	struct tuned t;
	struct match m;
	tuned_open(&t, seed, "- {id: counted-once, selections: [risk_*], match: {users: ['*']}, " WHO "}\n", false);
	ck_assert(judge(&t, "{\"r\":0,\"auth\":\"single\",\"userId\":\"u\",\"homeTenantId\":\"p\"}", 0, "seed", &m));
	ck_assert(metrics_value(METRIC_TUNING_APPLIED, "counted-once", NULL) == 0.0);
	ck_assert(judge(&t, "{\"r\":0,\"auth\":\"single\",\"userId\":\"u\",\"level\":\"high\",\"homeTenantId\":\"p\"}", 0, "seed", &m));
	ck_assert_int_eq(m.score, 1);
	ck_assert(metrics_value(METRIC_TUNING_APPLIED, "counted-once", NULL) == 1.0);
	tuned_close(&t);
}
END_TEST

/* Each entry is the only one, is broken, and says this. */
START_TEST(broken_entry_is_told_with_its_place_and_left_out)
{
	static const struct {
		const char *entry, *place, *words;
	} rows[] = {
	    {"- {id: a, suppress: true, match: {users: [x]}, owner: o}", "1:3", "needs 'reason'"},
	    {"- {id: a, suppress: true, match: {users: [x]}, reason: o}", "1:3", "needs 'owner'"},
	    {"- {suppress: true, match: {users: [x]}, " WHO "}", "1:3", "needs 'id'"},
	    {"- {id: a b, suppress: true, match: {users: [x]}, " WHO "}", "1:8", "letters"},
	    {"- {id: a, suppres: true, match: {users: [x]}, " WHO "}", "1:11", "did you mean 'suppress'"},
	    {"- {id: a, suppress: false, match: {users: [x]}, " WHO "}", "1:21", "'suppress' is true"},
	    {"- {id: a, suppress: true, terms: [cross], match: {users: [x]}, " WHO "}", "1:11", "one of"},
	    {"- {id: a, match: {users: [x]}, " WHO "}", "1:3", "one of"},
	    {"- {id: a, suppress: true, " WHO "}", "1:3", "needs 'match'"},
	    {"- {id: a, suppress: true, match: {}, " WHO "}", "1:34", "needs 'match'"},
	    {"- {id: a, suppress: true, match: {user: [x]}, " WHO "}", "1:35", "did you mean 'users'"},
	    {"- {id: a, suppress: true, match: {users: {x: y}}, " WHO "}", "1:42", "list"},
	    {"- {id: a, suppress: true, match: {users: [[x]]}, " WHO "}", "1:43", "text"},
	    {"- {id: a, suppress: true, match: {users: ['%nobody%']}, " WHO "}", "1:43", "no list is called '%nobody%'"},
	    {"- {id: a, suppress: true, match: {networks: [10.0.0.1/8]}, " WHO "}", "1:46", "no address and no network"},
	    {"- {id: a, suppress: true, match: {users: [x]}, start: 2026-11-22, " WHO "}", "1:55", "'start' is a time"},
	    {"- {id: a, suppress: true, match: {users: [x]}, end: '2026-11-22T20:00:00', " WHO "}", "1:53", "with its zone"},
	    {"- {id: a, suppress: true, match: {users: [x]}, start: 2026-11-22T20:00:00Z, end: 2026-11-22T20:00:00Z, " WHO "}",
		"1:82", "not after"},
	    {"- {id: a, rules: [sed], suppress: true, match: {users: [x]}, " WHO "}", "1:19", "did you mean 'seed'"},
	    {"- {id: a, rules: [], suppress: true, match: {users: [x]}, " WHO "}", "1:18", "list of 1"},
	    {"- {id: a, rules: null, suppress: true, match: {users: [x]}, " WHO "}", "1:18", "id or name of a rule"},
	    {"- {id: a, rules: [seed], selections: [risk_event_prxy], match: {users: [x]}, " WHO "}", "1:39",
		"did you mean 'risk_event_proxy'"},
	    {"- {id: a, selections: [nothing_*], match: {users: [x]}, " WHO "}", "1:24", "no rule of this entry has a selection"},
	    {"- {id: a, selections: [], match: {users: [x]}, " WHO "}", "1:23", "list of 1"},
	    {"- {id: a, terms: [crss], match: {users: [x]}, " WHO "}", "1:19", "did you mean 'cross'"},
	    {"- {id: a, selections: [same], match: {users: [x]}, " WHO "}", "1:24", "only behind 'not'"},
	    {"id: a", "1:1", "list of entries"},
	    {"- a", "1:3", "is a map"},
	    {"- {id: a, id: b}", "1:", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tuned t;
		char line[1024] = "no problem", place[64];
		tuned_open(&t, seed, rows[i].entry, false);
		if (t.problems.len > 0)
			fail_print(&t.problems.items[0], line, sizeof(line));
		snprintf(place, sizeof(place), "tuning.yaml:%s%s", rows[i].place, strlen(rows[i].place) > 2 ? ":" : "");
		ck_assert_msg(strstr(line, place) && strstr(line, rows[i].words), "%s\ngave %s", rows[i].entry, line);
		ck_assert_uint_eq(tuning_count(t.tuning), 0);
		ck_assert_uint_eq(tuning_broken(t.tuning), 1);
		tuned_close(&t);
	}
}
END_TEST

START_TEST(broken_entry_stops_no_other)
{
	struct tuned t;
	tuned_open(&t, seed, "- {id: a, rules: [seed, gone], suppress: true, match: {users: ['*']}, " WHO "}\n"
	    "- {id: b, rules: other, suppress: true, match: {users: ['*']}, " WHO "}\n"
	    "- {id: b, suppress: true, match: {users: ['*']}, " WHO "}\n", false);
	ck_assert_uint_eq(t.problems.len, 2);
	ck_assert_uint_eq(tuning_count(t.tuning), 1);
	fixture_event(&t.f, "{\"userId\":\"x\"}");
	ck_assert_ptr_null(tuning_suppresses(t.tuning, &t.f.event, ruleset_find(t.f.set, STR("seed"))));
	ck_assert_str_eq(tuning_suppresses(t.tuning, &t.f.event, ruleset_find(t.f.set, STR("other")))->id, "b");
	tuned_close(&t);
}
END_TEST

START_TEST(entries_for_rules_that_are_not_there_are_passed_over_when_asked)
{
	struct tuned t;
	tuned_open(&t, seed, "- {id: a, rules: [gone], selections: [x], match: {users: ['*']}, " WHO "}\n"
	    "- {id: b, terms: [gone], match: {users: ['*']}, " WHO "}\n", true);
	ck_assert_uint_eq(t.problems.len, 0);
	ck_assert_uint_eq(tuning_broken(t.tuning), 0);
	tuned_close(&t);
}
END_TEST

START_TEST(entry_for_a_disabled_rule_is_no_error)
{
	static const char *const off[] = {"other"};
	struct tuned t;
	struct ruleset_options options = {.any_source = true, .disabled = off, .disabled_count = 1};
	fixture_load(&t.f, seed, &options);
	struct tuning_options how = {.rules = t.f.set, .fields = t.f.fields};
	fail_list_init(&t.problems);
	t.tuning = tuning_load_text(&how, "t", STR("- {id: a, rules: [Other], selections: [risk_event_proxy], "
	    "match: {users: [x]}, " WHO "}\n"), &t.problems);
	ck_assert_uint_eq(t.problems.len, 0);
	tuned_close(&t);
}
END_TEST

START_TEST(empty_list_matches_nobody)
{
	struct tuned t;
	struct match m;
	tuned_open(&t, seed, "- {id: a, selections: [risk_*], match: {users: []}, " WHO "}\n", false);
	ck_assert_uint_eq(t.problems.len, 0);
	ck_assert(judge(&t, "{\"r\":0,\"level\":\"high\",\"userId\":\"u\"}", 0, "seed", &m));
	tuned_close(&t);
}
END_TEST

/* The example of the manual and the files of conf/tuning fit the rules that are shipped. */
START_TEST(shipped_examples_load)
{
	static const char *const rule_dirs[] = {SRCDIR "/conf/rules"}, *const dirs[] = {SRCDIR "/conf/tuning"};
	static char page[1 << 17];
	char name[] = "vpn_users", empty[] = SRCDIR "/conf/rules/lists/tor_exits.txt", tor[] = "tor_exits";
	struct list_config configured[] = {{name, empty}, {tor, empty}};
	struct config config = {.rules = {.lists = configured, .list_count = 2}};
	FILE *f = fopen(SRCDIR "/conf/picketd-rules.5", "r");
	ck_assert(f && fread(page, 1, sizeof(page) - 1, f) > 0);
	fclose(f);
	char *example = strstr(page, "\n- id: "), *end = example ? strstr(example, ".Ed\n") : NULL;
	ck_assert(end);
	*end = '\0';
	struct fail_list problems;
	fail_list_init(&problems);
	struct field_set *fields = field_set_new();
	struct list_set *lists = list_set_load(&config, &problems);
	struct ruleset_options how = {.dirs = rule_dirs, .dir_count = 1, .lists = lists, .max_regex_steps = 10000};
	struct ruleset *rules = ruleset_load(&how, fields, &problems);
	struct tuning_options options = {.dirs = dirs, .dir_count = 1, .rules = rules, .lists = lists, .fields = fields};
	struct tuning *files = tuning_load(&options, &problems);
	struct tuning *manual = tuning_load_text(&options, "picketd-rules.5", str_of(example), &problems);
	ck_assert_msg(problems.len == 0, "%s", problems.len ? problems.items[0].text : "");
	ck_assert_uint_eq(tuning_count(files), 5);
	ck_assert_uint_eq(tuning_count(manual), 1);
	tuning_free(files);
	tuning_free(manual);
	ruleset_free(rules);
	list_set_free(lists);
	field_set_free(fields);
	fail_list_fini(&problems);
}
END_TEST

START_TEST(tuning_allocates_nothing_per_event)
{
	struct tuned t;
	struct match m;
	tuned_open(&t, seed, "- {id: vpn, selections: [risk_event_proxy], match: {users: ['*@vpn.example', u], networks: [10.0.0.0/8]}, " WHO "}\n"
	    "- {id: red, suppress: true, match: {users: [x]}, " WHO "}\n", false);
	const char *event = "{\"r\":0,\"risk\":\"anonymizedIPAddress\",\"userId\":\"U\",\"ipAddress\":\"10.1.1.1\"}";
	ck_assert(!judge(&t, event, 0, "seed", &m)); /* metrics have their block now */
	struct tuning_effect effect;
	const struct rule *rule = ruleset_find(t.f.set, STR("seed"));
	uint64_t before = mem_count();
	ck_assert(tuning_apply(t.tuning, t.f.matcher, &t.f.event, rule, &effect));
	ck_assert(!matcher_judge(t.f.matcher, &t.f.event, rule, &effect.off, &m));
	ck_assert_ptr_null(tuning_suppresses(t.tuning, &t.f.event, rule));
	ck_assert_uint_eq(mem_count(), before);
	tuned_close(&t);
}
END_TEST

/* ---- random entries on random events, against a model that shares no code with the daemon ---- */

enum { SELECTIONS = 5, TERMS = 3, ENTRIES = 4, NODES = 64, DEPTH = 3 };
enum kind { LEAF, NOT, AND, OR };

struct node {
	enum kind kind;
	unsigned leaf, count;
	struct node *children[4];
};

struct model {
	struct node pool[NODES];
	unsigned used;
	struct node *condition, *terms[TERMS];
	struct {
		unsigned selections; /* bits */
		unsigned terms;
		unsigned users; /* bits of u0 to u3 */
		int64_t start, end;
	} entries[ENTRIES];
};

static uint64_t state = 20261122;

static unsigned
random_below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

static struct node *
grow(struct model *m, unsigned depth)
{
	struct node *n = &m->pool[m->used++];
	*n = (struct node){.kind = LEAF, .leaf = random_below(SELECTIONS)};
	if (depth == 0 || m->used > NODES - 20)
		return n;
	n->kind = (enum kind)random_below(4);
	n->count = n->kind == LEAF ? 0 : n->kind == NOT ? 1 : 2 + random_below(2);
	for (unsigned i = 0; i < n->count; i++)
		n->children[i] = grow(m, n->kind == NOT ? 0 : depth - 1);
	return n;
}

static void
add(char *out, size_t size, const char *text)
{
	size_t len = strlen(out);
	snprintf(out + len, size - len, "%s", text);
}

static void
print_node(const struct node *n, char *out, size_t size)
{
	static const char *const leaves[SELECTIONS] = {"s0", "s1", "s2", "s3", "s4"};
	if (n->kind == LEAF) {
		add(out, size, leaves[n->leaf]);
		return;
	}
	add(out, size, n->kind == NOT ? "not " : "(");
	for (unsigned i = 0; i < n->count; i++) {
		add(out, size, i == 0 ? "" : n->kind == AND ? " and " : " or ");
		print_node(n->children[i], out, size);
	}
	add(out, size, n->kind == NOT ? "" : ")");
}

static bool
same(const struct node *a, const struct node *b);

/* Each of the first's children is among the second's. */
static bool
covers(const struct node *a, const struct node *b)
{
	for (unsigned i = 0; i < a->count; i++) {
		bool found = false;
		for (unsigned k = 0; k < b->count; k++)
			found = found || same(a->children[i], b->children[k]);
		if (!found)
			return false;
	}
	return true;
}

static unsigned
times(const struct node *child, const struct node *in)
{
	unsigned n = 0;
	for (unsigned i = 0; i < in->count; i++)
		n += same(child, in->children[i]);
	return n;
}

static bool
same(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count || (a->kind == LEAF && a->leaf != b->leaf))
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (times(a->children[i], a) != times(a->children[i], b))
			return false;
	return true;
}

static bool
is_term(const struct node *n, const struct node *term)
{
	return same(n, term) || (n->kind == AND && term->kind == AND && covers(term, n));
}

static bool
eval(const struct model *m, const struct node *n, unsigned truth, unsigned selections_off, unsigned terms_off)
{
	for (unsigned i = 0; i < TERMS; i++)
		if (terms_off >> i & 1 && is_term(n, m->terms[i]))
			return false;
	if (n->kind == LEAF)
		return (truth & ~selections_off) >> n->leaf & 1;
	if (n->kind == NOT)
		return !eval(m, n->children[0], truth, selections_off, terms_off);
	bool any = n->kind == OR, result = !any;
	for (unsigned i = 0; i < n->count; i++)
		if (eval(m, n->children[i], truth, selections_off, terms_off) == any)
			result = any;
	return result;
}

static bool
stands_plain(const struct node *n, unsigned leaf, bool negated)
{
	bool found = n->kind == LEAF && n->leaf == leaf && !negated;
	for (unsigned i = 0; i < n->count; i++)
		found = found || stands_plain(n->children[i], leaf, negated != (n->kind == NOT));
	return found;
}

static unsigned
plain_selections(const struct model *m)
{
	unsigned bits = 0;
	for (unsigned i = 0; i < SELECTIONS; i++) {
		bool plain = stands_plain(m->condition, i, false);
		for (unsigned k = 0; k < TERMS; k++)
			plain = plain || stands_plain(m->terms[k], i, false);
		bits |= (unsigned)plain << i;
	}
	return bits;
}

static void
invent(struct model *m)
{
	m->used = 0;
	m->condition = grow(m, DEPTH);
	for (unsigned i = 0; i < TERMS; i++) {
		m->terms[i] = grow(m, 1);
		if (random_below(2) == 0) /* often a part of the condition */
			m->terms[i] = &m->pool[random_below(m->used)];
		if (m->terms[i]->kind == AND && m->terms[i]->count == 3) { /* some of what an `and` of the condition joins */
			m->pool[m->used] = *m->terms[i];
			m->pool[m->used].count = 2;
			m->terms[i] = &m->pool[m->used++];
		}
	}
	unsigned plain = plain_selections(m);
	for (unsigned i = 0; i < ENTRIES; i++) {
		m->entries[i].selections = random_below(2) ? random_below(1 << SELECTIONS) & plain : 0;
		m->entries[i].terms = m->entries[i].selections ? 0 : 1 + random_below((1 << TERMS) - 1);
		m->entries[i].users = random_below(16);
		m->entries[i].start = random_below(4);
		m->entries[i].end = m->entries[i].start + 1 + random_below(4);
	}
}

static void
write_rule(const struct model *m, char *out, size_t size)
{
	char text[2048] = "";
	print_node(m->condition, text, sizeof(text));
	size_t len = (size_t)snprintf(out, size, "title: t\nid: t\nlogsource: {}\ndetection:\n");
	for (unsigned i = 0; i < SELECTIONS; i++)
		len += (size_t)snprintf(out + len, size - len, "  s%u: {x%u: 1}\n", i, i);
	len += (size_t)snprintf(out + len, size - len, "  condition: %s\npicketd:\n  threat_score:\n", text);
	for (unsigned i = 0; i < TERMS; i++) {
		text[0] = '\0';
		print_node(m->terms[i], text, sizeof(text));
		len += (size_t)snprintf(out + len, size - len, "    - {name: t%u, when: %s, add: %u}\n", i, text, 1U << i);
	}
}

static void
write_entries(const struct model *m, char *out, size_t size)
{
	size_t len = 0;
	for (unsigned i = 0; i < ENTRIES; i++) {
		bool terms = m->entries[i].terms != 0;
		unsigned names = terms ? m->entries[i].terms : m->entries[i].selections;
		len += (size_t)snprintf(out + len, size - len, "- {id: e%u, %s: [", i, terms ? "terms" : "selections");
		for (unsigned k = 0; k < SELECTIONS; k++)
			if (names >> k & 1)
				len += (size_t)snprintf(out + len, size - len, "%s%u,", terms ? "t" : "s", k);
		len += (size_t)snprintf(out + len, size - len, "], match: {users: [");
		for (unsigned k = 0; k < 4; k++)
			if (m->entries[i].users >> k & 1)
				len += (size_t)snprintf(out + len, size - len, "U%u,", k);
		len += (size_t)snprintf(out + len, size - len,
		    "]}, start: 1970-01-01T00:00:%02dZ, end: 1970-01-01T00:00:%02dZ, " WHO "}\n", (int)m->entries[i].start,
		    (int)m->entries[i].end);
	}
}

/* One event: what the model says of it. */
static void
compare(struct tuned *t, const struct model *m, unsigned *tuned_out, unsigned *changed)
{
	unsigned truth = random_below(1 << SELECTIONS), user = random_below(4), off = 0, terms_off = 0;
	int64_t at = random_below(8);
	char event[256] = "{";
	struct match got;
	for (unsigned i = 0; i < SELECTIONS; i++)
		snprintf(event + strlen(event), sizeof(event) - strlen(event), "\"x%u\":%u,", i, truth >> i & 1);
	snprintf(event + strlen(event), sizeof(event) - strlen(event), "\"userPrincipalName\":\"u%u\"}", user);
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (!(m->entries[i].users >> user & 1) || at < m->entries[i].start || at >= m->entries[i].end)
			continue;
		off |= m->entries[i].selections;
		terms_off |= m->entries[i].terms;
	}
	/* a term that is false already is nothing that an entry takes away */
	for (unsigned i = 0; i < TERMS; i++)
		if (!eval(m, m->terms[i], truth, 0, 0))
			terms_off &= ~(1U << i);
	bool before = eval(m, m->condition, truth, 0, 0), want = before && eval(m, m->condition, truth, off, terms_off);
	int score = 0, score_before = 0;
	for (unsigned i = 0; i < TERMS; i++) {
		score_before += (int)eval(m, m->terms[i], truth, 0, 0) << i;
		if (!(terms_off >> i & 1)) /* a term is not made false inside another */
			score += (int)eval(m, m->terms[i], truth, off, 0) << i;
	}
	bool matched = judge(t, event, at * 1000, "t", &got);
	ck_assert_msg(matched == want, "%s: matched %d", event, matched);
	ck_assert_msg(!matched || got.score == score, "%s: score %d, wanted %d", event, got.score, score);
	*tuned_out += before && !want;
	*changed += want && score != score_before;
}

START_TEST(entries_do_what_a_naive_model_says)
{
	static struct model m;
	unsigned gone = 0, changed = 0;
	for (unsigned round = 0; round < 400; round++) {
		char rule[8192], entries[4096];
		struct tuned t;
		invent(&m);
		bool usable = true;
		for (unsigned i = 0; i < ENTRIES; i++)
			usable = usable && (m.entries[i].terms || m.entries[i].selections);
		if (!usable)
			continue;
		write_rule(&m, rule, sizeof(rule));
		write_entries(&m, entries, sizeof(entries));
		tuned_open(&t, rule, entries, false);
		char line[1024] = "";
		if (t.problems.len > 0)
			fail_print(&t.problems.items[0], line, sizeof(line));
		ck_assert_msg(t.problems.len == 0, "%s%s%s", rule, entries, line);
		for (unsigned i = 0; i < 60; i++)
			compare(&t, &m, &gone, &changed);
		tuned_close(&t);
	}
	printf("tuned out %u, another score %u\n", gone, changed);
	ck_assert_uint_gt(gone, 500);
	ck_assert_uint_gt(changed, 200);
}
END_TEST

START_TEST(tuning_survives_odd_bytes)
{
	static const char text[] = "- {id: a, terms: [cross], match: {users: ['*'], networks: [10.0.0.0/8]}, owner: o, reason: r}\n";
	char odd[sizeof(text)];
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		for (int c = 0; c < 256; c += 17) {
			memcpy(odd, text, sizeof(text));
			odd[i] = (char)c;
			LLVMFuzzerTestOneInput((const uint8_t *)odd, sizeof(odd) - 1);
		}
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {entry_takes_a_selection_from_some_users_only,
	    entry_takes_a_term_from_score_and_condition, entry_holds_from_its_start_to_just_before_its_end,
	    entry_counts_only_where_it_takes_something_away, broken_entry_is_told_with_its_place_and_left_out,
	    broken_entry_stops_no_other, entries_for_rules_that_are_not_there_are_passed_over_when_asked,
	    entry_for_a_disabled_rule_is_no_error, shipped_examples_load, tuning_allocates_nothing_per_event, empty_list_matches_nobody, entries_do_what_a_naive_model_says,
	    tuning_survives_odd_bytes, NULL};
	return unit_run("tuning", tests);
}
