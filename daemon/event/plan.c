#include "event/plan.h"

#include "base/arena.h"
#include "base/mem.h"
#include "event/schema_find.h"
#include "event/shape.h"

enum { REFS_MAX = 64, ARENA_MAX = 256 << 20, NAME_BYTES = 512 };

struct plan {
	struct arena arena;
	struct trie *trie, *elements;
	const struct field_set *fields;
	struct shape *shapes;
	unsigned shape_len;
	struct shape generic;
	struct plan_wrapper *wrappers;
	unsigned wrapper_len;
	unsigned *own_slots;
	unsigned own_slot_len;
	bool leaves;
};

/* One list being put together. */
struct refs_builder {
	struct plan *plan;
	struct shape_ref items[REFS_MAX];
	unsigned len;
	bool failed;
};

static const struct {
	const char *path, *needs;
	bool text, object, base64;
} wrapper_table[] = {
    {"_raw", NULL, true, false, false},                           /* Cribl, Splunk */
    {"event.original", NULL, true, false, false},                 /* Elastic */
    {"ContentData", NULL, true, true, true},                      /* Logic Apps, Event Hub trigger */
    {"ContentData.$content", NULL, true, true, true},             /* the same with its content type */
    {"$content", "$content-type", true, true, true},
    {"CloudTrailEvent", NULL, true, false, false},                /* aws cloudtrail lookup-events */
    {"Events", "Events.CloudTrailEvent", false, true, false},     /* its whole answer */
    {"detail", "detail-type", true, true, false},                 /* EventBridge */
    {"data.events", "data.events.published", false, true, false}, /* Okta event hook */
    {"data", "data.protoPayload", true, true, false},             /* a LogEntry that Pub/Sub has carried */
    {"data", "data.event_type_id", false, true, false},           /* OneLogin's interface */
    {"response.authlogs", NULL, false, true, false},              /* Duo's interface, and its first version */
    {"response", "response.txid", false, true, false},
    {"items", "items.auditID", false, true, false},               /* Kubernetes EventList */
    {"items", "items.id.applicationName", false, true, false},    /* Google's Reports API */
    {"receivedMessages", "receivedMessages.message", false, true, false}, /* Pub/Sub pull */
    {"message.data", "message.messageId", true, true, true},      /* Pub/Sub push */
    {"data", "specversion", true, true, false},                   /* CloudEvents */
    {"data", "eventType", true, true, false},                     /* Event Grid */
    {"data", NULL, true, false, false},
    {"message", NULL, true, false, false}, /* Logstash, Vector, CloudWatch logEvents */
    {"log", NULL, true, false, false},     /* Fluent Bit, container logs */
    {"body", NULL, true, true, false},     /* Azure Functions, Logic Apps, OpenTelemetry */
};
enum { WRAPPERS = sizeof(wrapper_table) / sizeof(wrapper_table[0]) };

static uint32_t
want(struct plan *plan, struct str path)
{
	uint32_t node = trie_add(plan->trie, path);

	if (node != TRIE_NONE)
		trie_want(plan->trie, node);
	return node;
}

static void
add_ref(struct refs_builder *b, const struct schema_path *path)
{
	if (b->len == REFS_MAX) {
		b->failed = true;
		return;
	}
	struct shape_ref *ref = &b->items[b->len++];
	*ref = (struct shape_ref){.kind = path->kind, .node = want(b->plan, path->path), .with = TRIE_NONE, .name = TRIE_NONE,
	    .path = path->kind == PATH_PLAIN ? NULL : path};
	if (path->kind == PATH_JOINED) {
		ref->with = want(b->plan, path->with);
		b->failed |= ref->with == TRIE_NONE;
	} else if (path->kind == PATH_SELECTED) {
		ref->with = trie_add(b->plan->elements, path->with);
		ref->name = trie_add(b->plan->elements, path->name);
		trie_want(b->plan->elements, ref->with);
		b->failed |= ref->with == TRIE_NONE || ref->name == TRIE_NONE;
	}
	b->failed |= ref->node == TRIE_NONE;
}

static void
add_paths(struct refs_builder *b, const struct schema_paths *paths)
{
	for (unsigned i = 0; i < paths->len; i++)
		add_ref(b, &paths->items[i]);
}

/* userPrincipalName, riskEventTypes_v2 -> user_principal_name, risk_event_types_v2. Cut to size. */
static size_t
put_name(char *out, size_t at, struct str name, bool snake)
{
	for (size_t i = 0; i < name.len && at + 2 < NAME_BYTES; i++) {
		char c = name.p[i];
		bool upper = c >= 'A' && c <= 'Z';
		if (snake && upper && i > 0 && name.p[i - 1] != '.' && name.p[i - 1] != '_' &&
		    !(name.p[i - 1] >= 'A' && name.p[i - 1] <= 'Z'))
			out[at++] = '_';
		out[at++] = snake && upper ? (char)(c + ('a' - 'A')) : c;
	}
	return at;
}

/* A field without paths of its own: below the schema's prefixes, then where its name says. A name that is
 * no path (Sigma allows any text) has no place in a record. */
static void
add_own_paths(struct refs_builder *b, const struct schema *s, struct str name)
{
	char text[NAME_BYTES];

	for (unsigned i = 0; s && i < s->prefix_len; i++) {
		size_t len = put_name(text, 0, s->prefixes[i].text, false);
		len = put_name(text, len, name, s->prefixes[i].snake);
		uint32_t node = trie_add(b->plan->trie, str_make(text, len));
		if (node != TRIE_NONE)
			add_ref(b, &(struct schema_path){.path = str_make(text, len)});
	}
	if (trie_add(b->plan->trie, name) != TRIE_NONE)
		add_ref(b, &(struct schema_path){.path = name});
}

static struct shape_refs
finish_refs(struct refs_builder *b)
{
	struct shape_ref *copy = b->failed ? NULL : arena_alloc(&b->plan->arena, (b->len + 1) * sizeof(*copy));

	if (!copy) {
		b->failed = true;
		return (struct shape_refs){NULL, 0};
	}
	memcpy(copy, b->items, b->len * sizeof(*copy));
	return (struct shape_refs){copy, b->len};
}

static int
compile_paths(struct plan *plan, const struct schema_paths *paths, struct shape_refs *out)
{
	struct refs_builder b = {.plan = plan};

	add_paths(&b, paths);
	*out = finish_refs(&b);
	return b.failed ? -1 : 0;
}

/* Where the field that a name means may stand. */
static struct shape_refs
compile_field(struct refs_builder *b, const struct schema *s, struct str name, const struct schema_field *field)
{
	b->len = 0;
	if (field && field->paths.len > 0)
		add_paths(b, &field->paths);
	else
		add_own_paths(b, s, name);
	return finish_refs(b);
}

static int
compile_also(struct refs_builder *b, const struct schema *s, const struct schema_field *field, struct shape_slot *out)
{
	struct shape_refs *also = arena_alloc(&b->plan->arena, (field->also_len + 1) * sizeof(*also));
	const struct schema_field *words;

	for (unsigned i = 0; also && i < field->also_len; i++) {
		struct str name = field->also[i];
		const struct schema_field *other = schema_follow(s, &name, &words);
		also[i] = compile_field(b, s, name, other);
	}
	out->also = also;
	out->also_len = field->also_len;
	return also && !b->failed ? 0 : -1;
}

static int
compile_slot(struct plan *plan, const struct schema *s, unsigned slot, struct shape_slot *out)
{
	struct refs_builder b = {.plan = plan};
	struct str name = field_set_name(plan->fields, slot), own = name;
	const struct schema_field *words, *first = schema_find_field(s, own);
	const struct schema_field *field = schema_follow(s, &name, &words);

	*out = (struct shape_slot){.slot = slot, .words = words};
	if (field && field->from.len > 0) {
		out->derived = field;
		name = field->from;
		field = schema_follow(s, &name, &words);
	}
	out->refs = compile_field(&b, s, name, field);
	if (first && first->also_len > 0 && compile_also(&b, s, first, out))
		return -1;
	return b.failed ? -1 : 0;
}

static int
compile_slots(struct plan *plan, const struct schema *s, struct shape *out)
{
	unsigned count = field_set_len(plan->fields);
	struct shape_slot *slots = arena_alloc(&plan->arena, (count + 1) * sizeof(*slots));

	if (!slots)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		if (field_is_own(field_set_name(plan->fields, i)))
			continue;
		if (compile_slot(plan, s, i, &slots[out->slot_len]))
			return -1;
		if (slots[out->slot_len].refs.len > 0)
			out->slot_len++;
	}
	out->slots = slots;
	return 0;
}

static int
compile_checks(struct plan *plan, const struct schema_check *checks, unsigned len, const struct shape_check **out)
{
	struct shape_check *compiled = arena_alloc(&plan->arena, (len + 1) * sizeof(*compiled));

	for (unsigned i = 0; compiled && i < len; i++) {
		compiled[i] = (struct shape_check){&checks[i], trie_add(plan->trie, checks[i].path)};
		if (compiled[i].node == TRIE_NONE)
			return -1;
	}
	*out = compiled;
	return compiled ? 0 : -1;
}

static int
compile_clauses(struct plan *plan, const struct schema *s, struct shape *out)
{
	struct shape_clause *clauses = arena_alloc(&plan->arena, (s->clause_len + 1) * sizeof(*clauses));

	for (unsigned i = 0; clauses && i < s->clause_len; i++) {
		const struct schema_clause *from = &s->clauses[i];
		clauses[i] = (struct shape_clause){.check_len = from->check_len, .any_len = from->any_len,
		    .exact = from->exact};
		if (compile_checks(plan, from->checks, from->check_len, &clauses[i].checks) ||
		    compile_checks(plan, from->any, from->any_len, &clauses[i].any))
			return -1;
	}
	out->clauses = clauses;
	out->clause_len = s->clause_len;
	return clauses ? 0 : -1;
}

static int
compile_frame(struct plan *plan, const struct schema *s, struct shape *out)
{
	struct shape_refs *ids = arena_alloc(&plan->arena, (s->id_len + 1) * sizeof(*ids));

	if (!ids)
		return -1;
	for (unsigned i = 0; i < s->id_len; i++)
		if (compile_paths(plan, &s->ids[i], &ids[i]))
			return -1;
	out->ids = ids;
	out->id_len = s->id_len;
	out->has_category = schema_find_field(s, STR("category")) != NULL;
	return compile_paths(plan, &s->time, &out->time) || compile_paths(plan, &s->category, &out->category) ||
	    compile_paths(plan, &s->tenant, &out->tenant);
}

static int
compile_shapes(struct plan *plan, const struct schema_set *schemas, bool any_source)
{
	unsigned count = 0;
	const struct schema *const *list = schema_set_schemas(schemas, &count);
	const struct schema *generic = schema_set_find(schemas, STR("generic"));

	plan->shapes = mem_zero(count + 1, sizeof(*plan->shapes));
	if (!plan->shapes)
		return -1;
	for (unsigned i = 0; i < count && !any_source; i++) {
		struct shape *shape = &plan->shapes[plan->shape_len];
		if (list[i]->clause_len == 0)
			continue;
		shape->name = list[i]->name;
		shape->schema = list[i];
		if (compile_clauses(plan, list[i], shape) || compile_frame(plan, list[i], shape) ||
		    compile_slots(plan, list[i], shape))
			return -1;
		plan->shape_len++;
	}
	plan->generic.name = "generic";
	if (generic && compile_frame(plan, generic, &plan->generic))
		return -1;
	plan->generic.schema = any_source ? NULL : generic;
	return compile_slots(plan, plan->generic.schema, &plan->generic);
}

static int
compile_wrappers(struct plan *plan)
{
	plan->wrappers = mem_zero(WRAPPERS, sizeof(*plan->wrappers));
	if (!plan->wrappers)
		return -1;
	for (size_t i = 0; i < WRAPPERS; i++) {
		struct plan_wrapper *w = &plan->wrappers[i];
		*w = (struct plan_wrapper){.node = trie_add(plan->trie, str_of(wrapper_table[i].path)), .needs = TRIE_NONE,
		    .text = wrapper_table[i].text, .object = wrapper_table[i].object, .base64 = wrapper_table[i].base64};
		if (wrapper_table[i].needs) {
			w->needs = trie_add(plan->trie, str_of(wrapper_table[i].needs));
			if (w->needs == TRIE_NONE)
				return -1;
		}
		if (w->node == TRIE_NONE)
			return -1;
	}
	plan->wrapper_len = WRAPPERS;
	return 0;
}

/* Counts the readers of each node, or, when there is a place for them, writes them before where their list ends. */
static void
add_readers(const struct shape_refs *refs, uint32_t slot, uint32_t *at, uint32_t *readers)
{
	for (unsigned i = refs->len; i-- > 0;) {
		uint32_t node = refs->items[i].node;
		if (readers)
			readers[--at[node]] = slot;
		else
			at[node]++;
	}
}

static void
add_all_readers(const struct shape *shape, uint32_t *at, uint32_t *readers)
{
	for (unsigned i = shape->slot_len; i-- > 0;) {
		const struct shape_slot *slot = &shape->slots[i];
		add_readers(&slot->refs, i, at, readers);
		for (unsigned k = 0; k < slot->also_len; k++)
			add_readers(&slot->also[k], i, at, readers);
	}
}

/* Once all paths are in the trie: the slots by the nodes that fill them. */
static int
index_readers(struct plan *plan, struct shape *shape)
{
	uint32_t nodes = trie_len(plan->trie), sum = 0;
	uint32_t *from = arena_alloc(&plan->arena, (nodes + 1) * sizeof(*from));

	if (!from)
		return -1;
	memset(from, 0, (nodes + 1) * sizeof(*from));
	add_all_readers(shape, from, NULL);
	for (uint32_t node = 0; node <= nodes; node++) { /* where the list of each node ends */
		sum += from[node];
		from[node] = sum;
	}
	uint32_t *readers = arena_alloc(&plan->arena, (sum + 1) * sizeof(*readers));
	if (!readers)
		return -1;
	add_all_readers(shape, from, readers);
	shape->reader_from = from;
	shape->readers = readers;
	return 0;
}

static bool
fills(const struct shape *shape, unsigned slot)
{
	for (unsigned i = 0; i < shape->slot_len; i++)
		if (shape->slots[i].slot == slot)
			return true;
	return false;
}

static int
index_slots(struct plan *plan)
{
	unsigned count = field_set_len(plan->fields);

	plan->own_slots = arena_alloc(&plan->arena, (count + 1) * sizeof(*plan->own_slots));
	if (!plan->own_slots || index_readers(plan, &plan->generic))
		return -1;
	for (unsigned i = 0; i < plan->shape_len; i++)
		if (index_readers(plan, &plan->shapes[i]))
			return -1;
	for (unsigned slot = 0; slot < count; slot++) {
		bool filled = fills(&plan->generic, slot);
		for (unsigned i = 0; i < plan->shape_len && !filled; i++)
			filled = fills(&plan->shapes[i], slot);
		if (!filled)
			plan->own_slots[plan->own_slot_len++] = slot;
	}
	return 0;
}

struct plan *
plan_compile(const struct field_set *fields, const struct schema_set *schemas, const struct plan_options *options,
    struct fail *why)
{
	struct plan *plan = mem_zero(1, sizeof(*plan));
	bool any = options && options->any_source;

	if (!plan)
		goto fail;
	arena_init(&plan->arena, ARENA_MAX, 0);
	plan->fields = fields;
	plan->leaves = options && options->leaves;
	plan->trie = trie_new();
	plan->elements = trie_new();
	if (plan->trie && plan->elements && compile_shapes(plan, schemas, any) == 0 &&
	    (any || compile_wrappers(plan) == 0) && index_slots(plan) == 0)
		return plan;
fail:
	plan_free(plan);
	fail_set(why, "plan", "the fields of the rules and schemas make too many paths, or memory is out");
	return NULL;
}

void
plan_free(struct plan *plan)
{
	if (!plan)
		return;
	trie_free(plan->trie);
	trie_free(plan->elements);
	mem_free(plan->shapes);
	mem_free(plan->wrappers);
	arena_fini(&plan->arena);
	mem_free(plan);
}

const struct trie *
plan_trie(const struct plan *plan)
{
	return plan->trie;
}

const struct trie *
plan_elements(const struct plan *plan)
{
	return plan->elements;
}

const struct field_set *
plan_fields(const struct plan *plan)
{
	return plan->fields;
}

bool
plan_leaves(const struct plan *plan)
{
	return plan->leaves;
}

const struct shape *
plan_shapes(const struct plan *plan, unsigned *count)
{
	*count = plan->shape_len;
	return plan->shapes;
}

const unsigned *
plan_own_slots(const struct plan *plan, unsigned *count)
{
	*count = plan->own_slot_len;
	return plan->own_slots;
}

const struct shape *
plan_generic(const struct plan *plan)
{
	return &plan->generic;
}

const struct plan_wrapper *
plan_wrappers(const struct plan *plan, unsigned *count)
{
	*count = plan->wrapper_len;
	return plan->wrappers;
}
