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

static int
add_item(const struct explain_view *v, const struct explain_node *n, struct buf *out)
{
	const struct explain_item *item = n->item;
	if (!item->field[0])
		return buf_add_str(out, n->holds ? STR("the keywords are there") : STR("no value has the keywords"));
	const struct value *value = event_value(v->event, item->slot);
	if (describe_text(str_of(item->field), out))
		return -1;
	if (item->limited)
		return buf_add_str(out, STR(" could not be compared within the limits"));
	if (value->type == VALUE_MISSING)
		return buf_add_str(out, STR(" is missing"));
	return buf_add_str(out, STR(" = ")) || describe_value(item->hit ? item->hit : value, EXPLAIN_VALUE_MAX, out) ? -1 : 0;
}

static int add_reason(const struct explain_view *v, const struct explain_node *n, struct buf *out);

/* The children that make their parent what it is: of an `and` that is false the first false one, of one that is true
 * each; of an `or` the other way round. */
static int
add_children(const struct explain_view *v, const struct explain_node *n, struct buf *out)
{
	bool each = n->holds == (n->kind == EXPLAIN_AND);
	unsigned named = 0, more = 0;
	for (const struct explain_node *child = n->first; child && (each || !named); child = child->next) {
		if (child->holds != n->holds)
			continue;
		if (named == NAMED_MAX) {
			more++;
			continue;
		}
		if ((named && buf_add_str(out, STR("; "))) || add_reason(v, child, out))
			return -1;
		named++;
	}
	return more ? buf_addf(out, "; and %u more", more) : 0;
}

static int
add_reason(const struct explain_view *v, const struct explain_node *n, struct buf *out)
{
	if (n->tuned && n->kind != EXPLAIN_SELECTION)
		return buf_add_str(out, STR("a part of the condition is made false by tuning"));
	if (n->tuned)
		return buf_add_str(out, STR("selection ")) || describe_text(str_of(n->name), out) ||
			buf_add_str(out, STR(" is made false by tuning"))
		    ? -1
		    : 0;
	switch (n->kind) {
	case EXPLAIN_AND:
	case EXPLAIN_OR:
		return add_children(v, n, out);
	case EXPLAIN_NOT:
		return add_reason(v, n->first, out);
	case EXPLAIN_SELECTION:
		return buf_add_str(out, STR("selection ")) || describe_text(str_of(n->name), out) ||
			buf_addf(out, " is %s because ", n->holds ? "true" : "false") || add_reason(v, n->first, out)
		    ? -1
		    : 0;
	case EXPLAIN_ITEM:
		return add_item(v, n, out);
	}
	return -1;
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
	return add_reason(v, part->condition, out);
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
