#include "command/explain_view.h"

#include "decode/describe.h"

enum { NAMED_MAX = 3 /* of several reasons */ };

bool
explain_matches(const struct explain_view *v)
{
	bool any = false;
	for (unsigned i = 0; i < v->part_count; i++)
		any = any || v->parts[i].matches;
	return any;
}

/* Reasons being listed: the first few, then how many more. */
struct telling {
	const struct explain_view *view;
	struct buf *out;
	const char *separator;
	unsigned named, more;
};

static int
add_item(const struct telling *t, const struct explain_node *n)
{
	const struct explain_item *item = n->item;
	if (!item->field[0])
		return buf_add_str(t->out, n->holds ? STR("the keywords are there") : STR("no value has the keywords"));
	const struct value *value = event_value(t->view->event, item->slot);
	if (describe_text(str_of(item->field), t->out))
		return -1;
	if (item->limited)
		return buf_add_str(t->out, STR(" could not be compared within the limits"));
	if (value->type == VALUE_MISSING)
		return buf_add_str(t->out, STR(" is missing"));
	if (buf_add_str(t->out, STR(" = ")))
		return -1;
	return describe_value(item->hit ? item->hit : value, EXPLAIN_VALUE_MAX, t->out);
}

static int add_reasons(struct telling *t, const struct explain_node *n);

static int
end_reasons(struct telling *t)
{
	return t->more ? buf_addf(t->out, "%sand %u more", t->separator, t->more) : 0;
}

static int
add_selection(const struct telling *t, const struct explain_node *n)
{
	struct telling inner = {t->view, t->out, ", ", 0, 0};
	if (buf_add_str(t->out, STR("selection ")) || describe_text(str_of(n->name), t->out))
		return -1;
	if (n->tuned)
		return buf_add_str(t->out, STR(" is made false by tuning"));
	if (buf_addf(t->out, " is %s because ", n->holds ? "true" : "false"))
		return -1;
	return add_reasons(&inner, n->first) || end_reasons(&inner) ? -1 : 0;
}

static int
add_reason(struct telling *t, const struct explain_node *n)
{
	if (t->named == NAMED_MAX) {
		t->more++;
		return 0;
	}
	if (t->named++ && buf_add_str(t->out, str_of(t->separator)))
		return -1;
	if (n->kind == EXPLAIN_SELECTION)
		return add_selection(t, n);
	return n->tuned ? buf_add_str(t->out, STR("a part of it is made false by tuning")) : add_item(t, n);
}

/* What makes a node what it is: of an `and` that is false the first false child, of one that is true each; of an `or`
 * the other way round. */
static int
add_reasons(struct telling *t, const struct explain_node *n)
{
	bool joins = n->kind == EXPLAIN_AND || n->kind == EXPLAIN_OR || n->kind == EXPLAIN_NOT;
	if (!joins || n->tuned)
		return add_reason(t, n);
	bool each = n->holds == (n->kind == EXPLAIN_AND);
	for (const struct explain_node *child = n->first; child; child = child->next) {
		if (n->kind != EXPLAIN_NOT && child->holds != n->holds)
			continue;
		if (add_reasons(t, child))
			return -1;
		if (!each)
			break;
	}
	return 0;
}

static int
add_part(const struct explain_view *v, const struct explanation *part, struct buf *out)
{
	if (part->matches)
		return part->rule->term_count ? buf_addf(out, "matches: score %d", part->score) : buf_add_str(out, STR("matches"));
	if (buf_add_str(out, STR("does not match: ")))
		return -1;
	if (!part->sees)
		return buf_addf(out, "the rule does not see events of this log source (its condition is %s)",
		    part->condition->holds ? "true" : "false");
	struct telling t = {v, out, "; ", 0, 0};
	return add_reasons(&t, part->condition) || end_reasons(&t) ? -1 : 0;
}

static int
add_correlation(const struct explain_view *v, struct buf *out)
{
	unsigned count = 0;
	for (unsigned i = 0; i < v->part_count; i++)
		count += v->parts[i].matches;
	if (!count)
		return buf_add_str(out, STR("does not count: none of its rules matches this event"));
	return buf_addf(out, "counts this event (%u of %u rules match); whether it fires is decided by its windows", count,
	    v->part_count);
}

int
explain_verdict(const struct explain_view *v, struct buf *out)
{
	return v->rule->correlation ? add_correlation(v, out) : add_part(v, &v->parts[0], out);
}

/* ---- notes ---- */

static bool
asks_window(const struct explain_node *n)
{
	if (n->kind == EXPLAIN_ITEM)
		return str_starts(str_of(n->item->field), STR("window.")) || str_starts(str_of(n->item->field), STR("travel."));
	for (const struct explain_node *child = n->first; child; child = child->next)
		if (asks_window(child))
			return true;
	return false;
}

static bool
some_asks_window(const struct explain_view *v)
{
	for (unsigned i = 0; i < v->part_count; i++) {
		if (asks_window(v->parts[i].condition))
			return true;
		for (unsigned k = 0; k < v->parts[i].rule->term_count; k++)
			if (asks_window(v->parts[i].terms[k].condition))
				return true;
	}
	return false;
}

const char *
explain_note(const struct explain_view *v, unsigned i)
{
	const struct {
		bool holds;
		const char *text;
	} notes[] = {
	    {some_asks_window(v), "window.* and travel.* are those of a fresh state: nothing came before this event"},
	    {v->rule->burst.span_ms > 0, "the rule alerts once per burst (picketd: burst), not at every match"},
	    {v->rule->silent, "the rule does not alert by itself: correlations count its matches"},
	};
	for (size_t k = 0; k < sizeof notes / sizeof notes[0]; k++)
		if (notes[k].holds && i-- == 0)
			return notes[k].text;
	return NULL;
}
