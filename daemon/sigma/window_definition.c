#include "sigma/window_definition.h"

#include <string.h>

#include "base/map.h"
#include "sigma/keep.h"
#include "sigma/program.h"
#include "sigma/read.h"

enum { NAME_BYTES = 32 };

/* ---- identity: equal definitions have equal hashes, in every process and after every reload ---- */

static uint64_t
mix(uint64_t before, uint64_t kind, struct str text)
{
	uint64_t key[2] = {before, kind};
	uint8_t bytes[sizeof(key)];
	memcpy(bytes, key, sizeof(bytes));
	return siphash(bytes, text.p ? text.p : "", text.len);
}

struct condition_hash {
	struct window_names *windows;
	const struct yaml_node *const *selections; /* by the index that the condition has */
	uint64_t hash, needs;
	struct fail *why;
};

static bool
is_pending(const struct window_names *w, struct str name)
{
	for (const struct yaml_node *n = w->pending; n; n = n->next) {
		const struct yaml_node *pending = yaml_get(n, "name");
		if (pending && pending->kind == YAML_SCALAR && str_eq_nocase(pending->text, name))
			return true;
	}
	return false;
}

/* A condition that tests another window is another one when that window is. */
static int
mix_reference(struct condition_hash *h, const struct yaml_node *place, struct str field)
{
	struct str name, figure;
	if (!window_field_split(field, &name, &figure))
		return 0;
	if (is_pending(h->windows, name))
		return yaml_fail(h->why, place, "window-order",
		    "the condition of a window can test windows that stand before it, not window.%.*s", (int)name.len, name.p);
	int i = window_names_find(h->windows, name);
	if (i < 0)
		return 0; /* ip or user; or unknown, which is told when the selection is read */
	unsigned window = h->windows->names[i].window;
	h->needs |= UINT64_C(1) << window | h->windows->needs[window];
	uint64_t definition = h->windows->windows[window].definition;
	h->hash = mix(h->hash, 1, str_make((const char *)&definition, sizeof(definition)));
	return 0;
}

static int
mix_node(struct condition_hash *h, const struct yaml_node *node, bool names_fields)
{
	if (node->kind == YAML_SCALAR) {
		h->hash = mix(h->hash, yaml_is_text(node) ? 2 : 3, node->text);
		return names_fields ? mix_reference(h, node, node->text) : 0;
	}
	h->hash = mix(h->hash, node->kind == YAML_MAP ? 4 : 5, STR(""));
	for (const struct yaml_node *n = node->first; n; n = n->next) {
		bool inner = names_fields;
		if (n->key) {
			h->hash = mix(h->hash, 6, n->key->text);
			inner = str_find(n->key->text, STR("|fieldref")) >= 0;
			if (mix_reference(h, n->key, n->key->text))
				return -1;
		}
		if (mix_node(h, n, inner))
			return -1;
	}
	h->hash = mix(h->hash, 7, STR(""));
	return 0;
}

static bool
is_selection(const struct yaml_node *n)
{
	return !str_eq(n->key->text, STR("condition")) && !str_eq(n->key->text, STR("timeframe"));
}

/* Selections by what they hold, so that their names do not matter. */
static int
mix_condition(struct condition_hash *h, const struct expr *e)
{
	h->hash = mix(h->hash, 8 + (uint64_t)e->kind, STR(""));
	if (e->kind == EXPR_SELECTION)
		return mix_node(h, h->selections[e->index], false);
	for (const struct expr *child = e->last; child; child = child->prev)
		if (mix_condition(h, child))
			return -1;
	h->hash = mix(h->hash, 7, STR(""));
	return 0;
}

/* ---- definitions ---- */

static int
read_name(struct window_definition *d)
{
	const struct yaml_node *n = yaml_get(d->item, "name");
	const char *name;
	if (read_text(d->windows->loader->arena, n, NAME_BYTES, &name, d->why))
		return -1;
	size_t len = strlen(name);
	if (name[0] < 'a' || name[0] > 'z' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
		return yaml_fail(d->why, n, "window-name",
		    "the name of a window has lower-case letters, digits and _, and begins with a letter");
	if (strcmp(name, "ip") == 0 || strcmp(name, "user") == 0)
		return yaml_fail(d->why, n, "window-name", "the windows ip and user are always there; another name is needed");
	d->window.name = name;
	return 0;
}

static int
add_part(struct window_definition *d, const struct yaml_node *n, const struct window_part *part)
{
	struct window_names *w = d->windows;
	unsigned i = 0;
	while (i < w->part_count && (w->parts[i].slot != part->slot || w->parts[i].prefix != part->prefix))
		i++;
	if (i == WINDOW_PARTS_MAX)
		return yaml_fail(d->why, n, "too-many-windows", "windows have more than %d different key fields",
		    WINDOW_PARTS_MAX);
	if (i == w->part_count)
		w->parts[w->part_count++] = *part;
	for (unsigned k = 0; k < d->window.key_count; k++)
		if (d->window.keys[k] == i)
			return yaml_fail(d->why, n, "window-key", "'%.100s' is there twice", n->text.p);
	d->window.keys[d->window.key_count++] = i;
	return 0;
}

static int
read_key(struct window_definition *d, const struct yaml_node *n)
{
	const struct detection_loader *loader = d->windows->loader;
	struct window_part part = {.kind = WINDOW_PART_TEXT};
	if (read_text(loader->arena, n, 256, &part.name, d->why))
		return -1;
	struct str field = n->text, name, figure;
	if (window_field_split(field, &name, &figure))
		return yaml_fail(d->why, n, "window-key", "a figure of a window is no key of another");
	if (read_network(n, &field, &part.prefix, d->why) || field_scope_slot(loader->fields, field, n, &part.slot, d->why))
		return -1;
	if (part.slot == FIELD_USER_PRINCIPAL_NAME)
		part.kind = WINDOW_PART_USER;
	else if (part.slot == FIELD_IP_ADDRESS)
		part.kind = WINDOW_PART_ADDRESS;
	return add_part(d, n, &part);
}

static int
read_keys_of(struct window_definition *d)
{
	const struct yaml_node *by = yaml_get(d->item, "by");
	bool list = by->kind == YAML_LIST;
	if (by->kind == YAML_MAP || (list && (by->len == 0 || by->len > WINDOW_KEYS_MAX)))
		return yaml_fail(d->why, by, "window-key", "'by' is a list of 1 to %d fields", WINDOW_KEYS_MAX);
	for (const struct yaml_node *n = list ? by->first : by; n; n = list ? n->next : NULL)
		if (read_key(d, n))
			return -1;
	return 0;
}

static int
read_condition(struct window_definition *d)
{
	const struct detection_loader *loader = d->windows->loader;
	struct detection names = {0};
	struct str *texts = keep_zero(loader->arena, d->selections->len, sizeof(*texts));
	const struct yaml_node **selections = keep_zero(loader->arena, d->selections->len, sizeof(*selections));
	if (!texts || !selections)
		return fail_set(d->why, "memory", "out of memory");
	names.names.names = texts;
	for (const struct yaml_node *n = d->selections->first; n; n = n->next)
		if (is_selection(n)) {
			selections[names.names.count] = n;
			texts[names.names.count++] = n->key->text;
		}
	d->expr = detection_condition(loader, &names, d->condition, d->why);
	if (!d->expr)
		return -1;
	struct condition_hash h = {d->windows, selections, 0, 0, d->why};
	if (mix_condition(&h, d->expr))
		return -1;
	d->window.definition = mix(d->window.definition, h.hash, STR("where"));
	d->needs = h.needs;
	return 0;
}

static void
hash_key(struct window_definition *d)
{
	const struct window_names *w = d->windows;
	int64_t span_ms = d->window.span_ms;
	uint64_t hash = mix(0, 0, str_make((const char *)&span_ms, sizeof(span_ms)));
	for (unsigned i = 0; i < d->window.key_count; i++) {
		const struct window_part *part = &w->parts[d->window.keys[i]];
		char lower[256];
		struct str name = field_set_name(w->loader->fields->fields, (unsigned)part->slot);
		for (size_t k = 0; k < name.len && k < sizeof(lower); k++)
			lower[k] = (char)(name.p[k] >= 'A' && name.p[k] <= 'Z' ? name.p[k] + 32 : name.p[k]);
		hash = mix(hash, part->prefix, str_make(lower, name.len < sizeof(lower) ? name.len : sizeof(lower)));
	}
	d->window.definition = hash;
}

/* The window of that definition; a new one if there is none yet. */
static int
add_window(struct window_definition *d, unsigned *window)
{
	struct window_names *w = d->windows;
	for (*window = 0; *window < w->count; ++*window)
		if (w->windows[*window].definition == d->window.definition)
			return 0;
	if (w->count == NAMED_WINDOWS_MAX)
		return yaml_fail(d->why, d->item, "too-many-windows", "more than %d different windows", NAMED_WINDOWS_MAX);
	for (unsigned i = 0; i < WINDOW_FIGURES; i++)
		d->window.slots[i] = -1;
	d->window.where = PROGRAM_ACCEPT;
	w->needs[w->count] = d->needs;
	w->conditions[w->count] = d->expr;
	w->windows[w->count++] = d->window;
	return 0;
}

static int
add_name(struct window_definition *d, unsigned window)
{
	struct window_names *w = d->windows;
	int known = window_names_find(w, str_of(d->window.name));
	if (known >= (int)w->config_count)
		return yaml_fail(d->why, yaml_get(d->item, "name"), "window-name", "two windows are called '%s'",
		    d->window.name);
	if (known >= 0)
		w->hides = d->window.name;
	if (w->name_count - w->config_count == NAMED_WINDOWS_MAX)
		return yaml_fail(d->why, d->item, "too-many-windows", "more than %d windows", NAMED_WINDOWS_MAX);
	w->used[w->name_count] = false;
	w->names[w->name_count++] = (struct window_name){d->window.name, window};
	return 0;
}

/* The span is there already when it is the configuration's. */
int
window_definition_add(struct window_definition *d)
{
	unsigned window;
	if (read_name(d) || read_keys_of(d))
		return -1;
	const struct yaml_node *span = yaml_get(d->item, "span");
	if (span && read_span(span, &d->window.span_ms, d->why))
		return -1;
	if (d->window.span_ms > d->windows->max_span_ms)
		return yaml_fail(d->why, span ? span : d->item, "span", "the window '%s' is longer than windows.max_span",
		    d->window.name);
	hash_key(d);
	if (d->condition && read_condition(d))
		return -1;
	return add_window(d, &window) || add_name(d, window) ? -1 : 0;
}
