#include "sigma/window_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/option_value.h"
#include "sigma/keep.h"
#include "sigma/program.h"
#include "sigma/read.h"
#include "sigma/window_definition.h"
#include "sigma/word.h"

enum { CONFIG_TEXT_MAX = 1 << 20 };

static const char *const figures[] = {
#define X(id, name) name,
#include "sigma/window_figure.def"
#undef X
    NULL};

static const char *const fixed[] = { /* all canonical fields; those of the windows ip and user among them */
#define X(id, name) name,
#include "event/field.def"
#undef X
    NULL};

const char *
window_figure_name(enum window_figure figure)
{
	return figures[figure];
}

/* ---- names ---- */

int
window_names_find(const struct window_names *w, struct str name)
{
	for (unsigned i = w->name_count; i-- > 0;) /* a rule's own hides the configuration's */
		if (str_eq_nocase(name, str_of(w->names[i].name)))
			return (int)i;
	return -1;
}

bool
window_field_split(struct str field, struct str *name, struct str *figure)
{
	static const struct str window = {"window.", 7};
	struct str rest = str_split(&field, '|');
	if (rest.len <= window.len || !str_eq_nocase(str_make(rest.p, window.len), window))
		return false;
	rest = str_make(rest.p + window.len, rest.len - window.len);
	*name = str_split(&rest, '.');
	*figure = rest;
	return true;
}

/* ---- of a rule ---- */

void
window_names_begin(struct window_names *w)
{
	w->name_count = w->config_count;
	memset(w->used, 0, sizeof(w->used));
	w->hides = NULL;
	w->pending = NULL;
}

static int
declare(struct window_names *w, const struct yaml_node *item, const struct yaml_node *detection, struct fail *why)
{
	static const char *const keys[] = {"name", "by", "span", "where", NULL};
	if (read_keys(item, keys, "windows", why))
		return -1;
	for (unsigned i = 0; i < 3; i++)
		if (!yaml_get(item, keys[i]))
			return yaml_fail(why, item, "window", "a window needs 'name', 'by' and 'span'");
	const struct yaml_node *where = yaml_get(item, "where");
	if (where && yaml_is_null(where))
		where = NULL;
	if (where && (!detection || detection->kind != YAML_MAP))
		return yaml_fail(why, where, "window", "'where' needs selections");
	struct window_definition d = {.windows = w, .item = item, .selections = detection, .condition = where, .why = why};
	return window_definition_add(&d);
}

int
window_names_declare(struct window_names *w, const struct yaml_node *list, const struct yaml_node *detection,
    struct fail *why)
{
	if (list->kind != YAML_LIST)
		return yaml_fail(why, list, "window", "'windows' is a list of windows");
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		w->pending = n;
		if (declare(w, n, detection, why))
			return -1;
	}
	w->pending = NULL;
	return 0;
}

int
window_names_compile(struct window_names *w, const struct detection *detection, struct fail *why)
{
	for (unsigned i = 0; i < w->count; i++) {
		if (w->conditions[i] && program_compile(w->loader->code, w->conditions[i], detection->selections,
					    &w->windows[i].where, why))
			return -1;
		w->conditions[i] = NULL;
	}
	return 0;
}

/* ---- of the configuration ---- */

/* As YAML, so that both kinds are read alike; the span is a number already. */
static int
config_text(const struct window_config *config, struct buf *out)
{
	int bad = buf_add_str(out, STR("{name: ")) | option_quote(config->name, out) | buf_add_str(out, STR(", by: ["));
	for (size_t i = 0; i < config->by.len; i++)
		bad |= (i ? buf_add(out, ", ", 2) : 0) | option_quote(config->by.items[i], out);
	bad |= buf_add(out, "]", 1);
	if (config->where)
		bad |= buf_add_str(out, STR(", where: ")) | buf_add_str(out, str_of(config->where));
	return bad | buf_add(out, "}", 1);
}

static int
configure(struct window_names *w, const struct window_config *config, const struct yaml_node *item, struct fail *why)
{
	const struct yaml_node *where = yaml_get(item, "where");
	struct detection detection = {0};
	struct window_definition d = {.windows = w, .item = item, .window.span_ms = config->span_ms, .why = why};
	window_names_begin(w);
	d.selections = where;
	d.condition = where ? yaml_get(where, "condition") : NULL;
	if (where && !d.condition)
		return yaml_fail(why, where, "missing-condition", "'where' has no 'condition'");
	/* the names are visible only while it has none itself: no condition can test its own window */
	if (where && detection_parse(w->loader, where, &detection, why))
		return -1;
	if (window_definition_add(&d) || window_names_compile(w, &detection, why))
		return -1;
	w->config_count = w->name_count;
	return 0;
}

int
window_names_configure(struct window_names *w, const struct window_config *config, const char *file, struct fail *why)
{
	struct buf text;
	int failed = -1;
	unsigned count = w->count, name_count = w->config_count;
	buf_init(&text, CONFIG_TEXT_MAX);
	struct yaml_docs *docs = NULL;
	if (config_text(config, &text))
		fail_set(why, "memory", "out of memory");
	else
		docs = yaml_parse(buf_str(&text), file, NULL, why);
	if (docs)
		failed = configure(w, config, docs->roots[0], why);
	yaml_docs_free(docs);
	buf_fini(&text);
	if (failed) {
		struct fail inner = *why;
		w->count = count;
		w->name_count = name_count;
		fail_at(why, file, config->line, 0, inner.code, "windows.contexts: %.64s: %.300s", config->name, inner.text);
	}
	return failed;
}

/* ---- names in rules ---- */

static int
fail_name(const struct window_names *w, struct str name, const struct yaml_node *place, struct fail *why)
{
	const char *words[2 * NAMED_WINDOWS_MAX + 3] = {"ip", "user"};
	for (unsigned i = 0; i < w->name_count; i++)
		words[2 + i] = w->names[i].name;
	const char *near = word_near(name, words);
	return yaml_fail(why, place, "unknown-window", "there is no window of the name '%.*s'%s%s%s",
	    (int)(name.len < 64 ? name.len : 64), name.p, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int
fail_figure(struct str field, struct str figure, const char *const *words, const struct yaml_node *place,
    struct fail *why)
{
	const char *near = word_near(words == fixed ? field : figure, words);
	return yaml_fail(why, place, "unknown-figure", "the window has no figure '%.*s'%s%s%s",
	    (int)(figure.len < 64 ? figure.len : 64), figure.p, near ? "; did you mean '" : "", near ? near : "",
	    near ? "'?" : "");
}

static int
figure_of(struct str text)
{
	for (int i = 0; figures[i]; i++)
		if (str_eq_nocase(text, str_of(figures[i])))
			return i;
	return -1;
}

/* A slot of its own for each window and figure, whatever names rules have for it. */
static int
slot_of(struct window_names *w, unsigned window, int figure, const struct yaml_node *place, struct fail *why)
{
	struct named_window *named = &w->windows[window];
	char field[96];
	if (named->slots[figure] >= 0)
		return named->slots[figure];
	int len = snprintf(field, sizeof(field), "window.%s@%016" PRIx64 ".%s", named->name, named->definition,
	    figures[figure]);
	named->slots[figure] = field_set_intern(w->loader->fields->fields, str_make(field, (size_t)len));
	if (named->slots[figure] < 0)
		yaml_fail(why, place, "too-many-fields", "the rules name more than %d fields", FIELD_SLOTS_MAX);
	return named->slots[figure];
}

int
window_names_slot(struct window_names *w, struct str field, const struct yaml_node *place, int *slot, struct fail *why)
{
	struct str name, figure;
	if (!window_field_split(field, &name, &figure))
		return -1;
	if (str_eq_nocase(name, STR("ip")) || str_eq_nocase(name, STR("user"))) {
		*slot = field_set_find(w->loader->fields->fields, field);
		bool known = *slot >= 0 && *slot < FIELD_FIXED_COUNT;
		return known ? 0 : fail_figure(field, figure, fixed, place, why);
	}
	int i = window_names_find(w, name), which = figure_of(figure);
	if (i < 0)
		return fail_name(w, name, place, why);
	if (which < 0)
		return fail_figure(field, figure, figures, place, why);
	w->used[i] = true;
	*slot = slot_of(w, w->names[i].window, which, place, why);
	return *slot < 0 ? -1 : 0;
}

int
window_names_keep(struct window_names *w, struct rule *rule, struct fail *why)
{
	unsigned count = 0;
	struct rule_window *windows = keep_zero(w->loader->arena, w->name_count, sizeof(*windows));
	if (!windows)
		return fail_set(why, "memory", "out of memory");
	for (unsigned i = 0; i < w->name_count; i++)
		if (w->used[i])
			windows[count++] = (struct rule_window){w->names[i].name, w->names[i].window};
	rule->windows = windows;
	rule->window_count = count;
	return 0;
}

int
window_names_finish(struct window_names *w, const struct rule *const *rules, unsigned count, struct window_set *out)
{
	uint64_t wanted = 0;
	unsigned place[NAMED_WINDOWS_MAX] = {0};
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < rules[i]->window_count; k++)
			wanted |= UINT64_C(1) << rules[i]->windows[k].window | w->needs[rules[i]->windows[k].window];
	*out = (struct window_set){.windows = keep_zero(w->loader->arena, w->count, sizeof(*out->windows)),
	    .parts = keep_zero(w->loader->arena, w->part_count, sizeof(*out->parts)), .part_count = w->part_count};
	if (!out->windows || !out->parts)
		return -1;
	memcpy(out->parts, w->parts, w->part_count * sizeof(*out->parts));
	for (unsigned i = 0; i < w->count; i++) {
		if (!(wanted >> i & 1))
			continue;
		place[i] = out->count;
		out->windows[out->count++] = w->windows[i];
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < rules[i]->window_count; k++)
			rules[i]->windows[k].window = place[rules[i]->windows[k].window];
	return 0;
}
