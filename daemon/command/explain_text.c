#include "command/explain_view.h"

#include <string.h>

#include "base/clock.h"
#include "decode/describe.h"
#include "sigma/correlation.h"
#include "sigma/detection.h"

enum { SHOWN_MAX = 24 /* values of a list */, PATH_MAX_BYTES = 4096 };

struct printer {
	const struct explain_view *view;
	struct buf *out;
	bool shown[SELECTIONS_MAX]; /* selections of the part whose items stand above */
};

static int
indent(struct printer *p, unsigned depth)
{
	return buf_addf(p->out, "%*s", (int)depth * 2, "");
}

static int
end(struct printer *p, const struct explain_node *n)
{
	return buf_add_str(p->out, n->tuned ? STR(", made false by tuning\n") : STR("\n"));
}

static int
head(struct printer *p, const struct explain_node *n, unsigned depth)
{
	return buf_addf(p->out, "  %-7s", n->holds ? "true" : "false") || indent(p, depth) ? -1 : 0;
}

/* ---- an item and what the event has ---- */

static int
add_values(struct printer *p, const struct expr_text *text)
{
	bool list = text->count != 1;
	if (list && buf_add(p->out, "[", 1))
		return -1;
	for (unsigned i = 0; i < text->count && i < SHOWN_MAX; i++)
		if ((i && buf_add(p->out, ", ", 2)) || describe_text(str_make(text->values[i].p, text->values[i].len), p->out))
			return -1;
	if (text->count > SHOWN_MAX && buf_addf(p->out, ", and %u more", text->count - SHOWN_MAX))
		return -1;
	return list ? buf_add(p->out, "]", 1) : 0;
}

static int
add_place(struct printer *p, int slot)
{
	struct buf path;
	buf_init(&path, PATH_MAX_BYTES);
	int failed = decoder_path(p->view->decoder, (unsigned)slot, &path);
	if (!failed && path.len)
		failed = buf_add_str(p->out, STR("  from ")) || describe_text(buf_str(&path), p->out) ? -1 : 0;
	buf_fini(&path);
	return failed;
}

/* "is VALUE  from PATH", of the field or of one that it is compared with. */
static int
add_value_line(struct printer *p, const char *what, int slot, unsigned depth)
{
	const struct value *v = event_value(p->view->event, slot);
	if (buf_addf(p->out, "%9s", "") || indent(p, depth + 2) || describe_text(str_of(what), p->out))
		return -1;
	if (v->type == VALUE_MISSING)
		return buf_add_str(p->out, STR("is missing\n"));
	if (buf_add_str(p->out, STR("is ")) || describe_value(v, EXPLAIN_VALUE_MAX, p->out) || add_place(p, slot))
		return -1;
	return buf_add(p->out, "\n", 1);
}

static int
add_others(struct printer *p, const struct explain_item *item, unsigned depth)
{
	for (unsigned i = 0; i < item->other_count; i++) {
		char what[300];
		struct str name = field_set_name(p->view->fields, (unsigned)item->others[i]);
		snprintf(what, sizeof what, "%.*s ", (int)name.len, name.p);
		if (add_value_line(p, what, item->others[i], depth))
			return -1;
	}
	return 0;
}

/* Which value of the event met which of the rule, where that is not plain to see. */
static int
add_meeting(struct printer *p, const struct explain_item *item, unsigned depth)
{
	const struct value *whole = item->field[0] ? event_value(p->view->event, item->slot) : NULL;
	bool several = item->met && item->text->count > 1;
	unsigned named = 0;
	if (item->limited)
		return buf_addf(p->out, "%9s", "") || indent(p, depth + 2) ||
			buf_add_str(p->out, STR("hit a limit of comparison, which counts as false\n"))
		    ? -1
		    : 0;
	if (!item->hit || item->hit->type == VALUE_MISSING || (!several && item->hit == whole))
		return 0;
	if (buf_addf(p->out, "%9s", "") || indent(p, depth + 2) || describe_value(item->hit, EXPLAIN_VALUE_MAX, p->out) ||
	    buf_add_str(p->out, STR(" meets it")))
		return -1;
	for (unsigned i = 0; several && i < item->text->count && named < SHOWN_MAX; i++)
		if (item->met[i] && (buf_add_str(p->out, named++ ? STR(", ") : STR(": ")) ||
					describe_text(item->text->values[i], p->out)))
			return -1;
	return buf_add(p->out, "\n", 1);
}

/* n: the item, or the NOT of its neq. */
static int
add_item(struct printer *p, const struct explain_node *n, const struct explain_item *item, unsigned depth)
{
	if (head(p, n, depth) || describe_text(item->field[0] ? str_of(item->text->item) : STR("keywords"), p->out) ||
	    buf_add(p->out, ": ", 2) || add_values(p, item->text) || end(p, n))
		return -1;
	if (item->field[0] && (add_value_line(p, "", item->slot, depth) || add_others(p, item, depth)))
		return -1;
	return add_meeting(p, item, depth);
}

/* ---- the tree ---- */

static bool
is_neq(const struct explain_node *n)
{
	const struct explain_item *item = n->kind == EXPLAIN_NOT ? n->first->item : NULL;
	return item && str_find(str_of(item->text->item), STR("|neq")) >= 0;
}

static int
add_node(struct printer *p, const struct explain_node *n, unsigned depth)
{
	static const char *const words[] = {[EXPLAIN_AND] = "and", [EXPLAIN_OR] = "or", [EXPLAIN_NOT] = "not"};
	if (n->kind == EXPLAIN_ITEM || is_neq(n))
		return add_item(p, n, n->kind == EXPLAIN_ITEM ? n->item : n->first->item, depth);
	bool known = n->kind == EXPLAIN_SELECTION && p->shown[n->index];
	bool alone = (n->kind == EXPLAIN_AND || n->kind == EXPLAIN_OR) && n->first && !n->first->next && !n->tuned;
	if (alone) /* a map of one item, a pattern that means one selection */
		return add_node(p, n->first, depth);
	if (head(p, n, depth))
		return -1;
	if (n->kind != EXPLAIN_SELECTION && buf_add_str(p->out, str_of(words[n->kind])))
		return -1;
	if (n->kind == EXPLAIN_SELECTION) {
		p->shown[n->index] = true;
		if (buf_add_str(p->out, STR("selection ")) || describe_text(str_of(n->name), p->out) ||
		    (known && buf_add_str(p->out, STR(", as above"))))
			return -1;
	}
	if (end(p, n))
		return -1;
	for (const struct explain_node *child = known ? NULL : n->first; child; child = child->next)
		if (add_node(p, child, depth + 1))
			return -1;
	return 0;
}

/* ---- what stands above and around it ---- */

static int
add_source(struct printer *p, struct str product, struct str service, struct str category)
{
	const struct {
		const char *name;
		struct str value;
	} parts[] = {{"product", product}, {"service", service}, {"category", category}};
	bool some = false;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (!parts[i].value.len)
			continue;
		if (buf_addf(p->out, "%s%s=", some ? " " : "", parts[i].name) || describe_text(parts[i].value, p->out))
			return -1;
		some = true;
	}
	return some ? 0 : buf_add_str(p->out, STR("any"));
}

static int
add_rule(struct printer *p, const char *label, const struct rule *rule)
{
	return buf_addf(p->out, "%-11s%s  ", label, rule->id) || describe_text(str_of(rule->title), p->out) ||
		buf_addf(p->out, "\n%11s%s:%u\n", "", rule->file, rule->line)
	    ? -1
	    : 0;
}

static int
add_event(struct printer *p)
{
	const struct event *e = p->view->event;
	char time[CLOCK_TEXT_SIZE];
	clock_text(e->event_ms, time);
	if (buf_addf(p->out, "%-11s", "event") || describe_text(e->id, p->out) ||
	    buf_addf(p->out, "\n%11s%s, shape %s, ", "", time, e->shape))
		return -1;
	if (!e->source)
		return buf_add_str(p->out, STR("of no known log source\n"));
	return add_source(p, e->source->product, e->source->service, e->source->category) || buf_add(p->out, "\n", 1) ? -1 : 0;
}

static int
add_sees(struct printer *p, const struct explanation *part)
{
	const struct logsource *l = &part->logsource;
	if (part->sees)
		return 0;
	if (buf_addf(p->out, "%-11sthe rule does not see this event: it asks for ", "log source") ||
	    add_source(p, l->product, l->service, l->category))
		return -1;
	return buf_add_str(p->out, STR("\n"));
}

static int
add_entry(struct printer *p, const struct tuning_entry *entry, const char *does)
{
	return buf_addf(p->out, "%-11s", "tuning") || describe_text(str_of(entry->id), p->out) ||
		buf_addf(p->out, " %s: ", does) || describe_text(str_of(entry->reason), p->out) ||
		buf_add_str(p->out, STR(" (")) || describe_text(str_of(entry->owner), p->out) || buf_add_str(p->out, STR(")\n"))
	    ? -1
	    : 0;
}

static int
add_entries(struct printer *p, const struct tuning_effect *tuned)
{
	for (unsigned i = 0; i < tuned->count; i++)
		if (add_entry(p, tuned->entries[i], "makes a part of it false"))
			return -1;
	return 0;
}

static int
add_part(struct printer *p, const struct explanation *part)
{
	memset(p->shown, 0, sizeof p->shown);
	if (add_sees(p, part) || add_entries(p, &p->view->tuned[part - p->view->parts]) || buf_add_str(p->out, STR("\ncondition\n")) || add_node(p, part->condition, 0))
		return -1;
	for (unsigned i = 0; i < part->rule->term_count; i++) {
		const struct explain_term *t = &part->terms[i];
		if (buf_addf(p->out, "\nthreat_score %+d for ", t->term->add) || describe_text(str_of(t->term->name), p->out) ||
		    buf_add(p->out, "\n", 1) || add_node(p, t->condition, 0))
			return -1;
	}
	return 0;
}

/* By what a correlation would count this event. */
static int
add_groups(struct printer *p, const struct correlation *c, const struct rule *rule)
{
	for (unsigned i = 0; i < c->feed_count; i++) {
		for (unsigned k = 0; c->feeds[i].rule == rule && k < c->group_count; k++) {
			char what[300];
			snprintf(what, sizeof what, "group-by %s ", c->group_by[k].name);
			if (add_value_line(p, what, c->feeds[i].group_by[k].slot, 0))
				return -1;
		}
	}
	return 0;
}

static int
add_parts(struct printer *p)
{
	const struct explain_view *v = p->view;
	if (!v->rule->correlation)
		return add_part(p, &v->parts[0]);
	if (buf_addf(p->out, "%-11s%s of %u rules; each of them for this event:\n", "correlation",
		v->rule->correlation->type_name, v->part_count))
		return -1;
	for (unsigned i = 0; i < v->part_count; i++) {
		const struct explanation *part = &v->parts[i];
		if (buf_add(p->out, "\n", 1) || add_rule(p, part->matches ? "matches" : "no match", part->rule) ||
		    add_groups(p, v->rule->correlation, part->rule) || add_part(p, part))
			return -1;
	}
	return 0;
}

int
explain_text(const struct explain_view *v, struct buf *out)
{
	struct printer p = {.view = v, .out = out};
	const char *note;
	if (add_rule(&p, "rule", v->rule) || add_event(&p) ||
	    (v->silence && add_entry(&p, v->silence, "keeps its alerts as suppressed")) || add_parts(&p) || buf_add(out, "\n", 1))
		return -1;
	for (unsigned i = 0; (note = explain_note(v, i)); i++)
		if (buf_addf(out, "note: %s\n", note))
			return -1;
	return explain_verdict(v, out) || buf_add(out, "\n", 1) ? -1 : 0;
}
