#include "command/explain_view.h"

#include "alert/json_value.h"
#include "sigma/correlation.h"

/* One document being made; any failure ends in bad. */
struct writer {
	const struct explain_view *view;
	json_t *selections; /* of the part: name -> node */
	bool bad;
};

static json_t *
path_of(struct writer *w, int slot)
{
	struct buf path;
	buf_init(&path, 4096);
	w->bad |= slot >= 0 && decoder_path(w->view->decoder, (unsigned)slot, &path) < 0;
	json_t *text = json_text_or_null(buf_str(&path));
	buf_fini(&path);
	return text;
}

static void
put_field(struct writer *w, json_t *object, const char *name, int slot)
{
	const struct value *v = event_value(w->view->event, slot);
	json_put(object, "field", json_text(str_of(name)), &w->bad);
	json_put(object, "present", json_boolean(v->type != VALUE_MISSING), &w->bad);
	json_put(object, "value", v->type == VALUE_MISSING ? json_null() : json_value(v), &w->bad);
	json_put(object, "path", path_of(w, slot), &w->bad);
}

static json_t *
others_of(struct writer *w, const struct explain_item *item)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < item->other_count; i++) {
		char name[300];
		struct str text = field_set_name(w->view->fields, (unsigned)item->others[i]);
		snprintf(name, sizeof name, "%.*s", (int)text.len, text.p);
		json_t *one = json_object();
		put_field(w, one, name, item->others[i]);
		w->bad |= json_array_append_new(list, one) < 0;
	}
	return list;
}

static void
put_item(struct writer *w, json_t *object, const struct explain_item *item)
{
	json_t *values = json_array(), *met = item->met ? json_array() : json_null();
	for (unsigned i = 0; i < item->text->count; i++) {
		w->bad |= json_array_append_new(values, json_text(item->text->values[i])) < 0;
		w->bad |= item->met && json_array_append_new(met, json_boolean(item->met[i])) < 0;
	}
	bool hit = item->hit && item->hit->type != VALUE_MISSING;
	json_put(object, "item", json_text(str_of(item->text->item)), &w->bad);
	json_put(object, "values", values, &w->bad);
	json_put(object, "met", met, &w->bad);
	put_field(w, object, item->field, item->slot);
	json_put(object, "hit", hit ? json_value(item->hit) : json_null(), &w->bad);
	json_put(object, "others", others_of(w, item), &w->bad);
	json_put(object, "limited", json_boolean(item->limited), &w->bad);
}

static json_t *
node_of(struct writer *w, const struct explain_node *n)
{
	static const char *const kinds[] = {[EXPLAIN_AND] = "and", [EXPLAIN_OR] = "or", [EXPLAIN_NOT] = "not",
	    [EXPLAIN_SELECTION] = "selection", [EXPLAIN_ITEM] = "item"};
	json_t *object = json_object();
	json_put(object, "kind", json_string(kinds[n->kind]), &w->bad);
	json_put(object, "holds", json_boolean(n->holds), &w->bad);
	json_put(object, "tuned", json_boolean(n->tuned), &w->bad);
	if (n->kind == EXPLAIN_ITEM) {
		put_item(w, object, n->item);
	} else if (n->kind == EXPLAIN_SELECTION) {
		json_put(object, "name", json_text(str_of(n->name)), &w->bad);
		if (!json_object_get(w->selections, n->name)) {
			json_put(w->selections, n->name, json_null(), &w->bad);
			json_put(w->selections, n->name, node_of(w, n->first), &w->bad);
		}
	} else {
		json_t *children = json_array();
		for (const struct explain_node *child = n->first; child; child = child->next)
			w->bad |= json_array_append_new(children, node_of(w, child)) < 0;
		json_put(object, "children", children, &w->bad);
	}
	return object;
}

static json_t *
source_of(struct writer *w, struct str product, struct str service, struct str category)
{
	json_t *object = json_object();
	json_put(object, "product", json_text_or_null(product), &w->bad);
	json_put(object, "service", json_text_or_null(service), &w->bad);
	json_put(object, "category", json_text_or_null(category), &w->bad);
	return object;
}

static json_t *
tuning_of(struct writer *w, const struct tuning_effect *tuned)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < tuned->count; i++)
		w->bad |= json_array_append_new(list, json_text(str_of(tuned->entries[i]->id))) < 0;
	return list;
}

static json_t *
part_of(struct writer *w, const struct explanation *part)
{
	const struct logsource *l = &part->logsource;
	json_t *object = json_object(), *terms = json_array();
	w->selections = json_object();
	json_put(object, "rule", json_string(part->rule->id), &w->bad);
	json_put(object, "logsource", source_of(w, l->product, l->service, l->category), &w->bad);
	json_put(object, "tuning", tuning_of(w, &w->view->tuned[part - w->view->parts]), &w->bad);
	json_put(object, "sees", json_boolean(part->sees), &w->bad);
	json_put(object, "matches", json_boolean(part->matches), &w->bad);
	json_put(object, "score", json_integer(part->score), &w->bad);
	json_put(object, "condition", node_of(w, part->condition), &w->bad);
	for (unsigned i = 0; i < part->rule->term_count; i++) {
		json_t *term = json_object();
		json_put(term, "name", json_text(str_of(part->terms[i].term->name)), &w->bad);
		json_put(term, "add", json_integer(part->terms[i].term->add), &w->bad);
		json_put(term, "condition", node_of(w, part->terms[i].condition), &w->bad);
		w->bad |= json_array_append_new(terms, term) < 0;
	}
	json_put(object, "terms", terms, &w->bad);
	json_put(object, "selections", w->selections, &w->bad);
	return object;
}

static json_t *
rule_of(struct writer *w)
{
	const struct rule *r = w->view->rule;
	json_t *object = json_object();
	json_put(object, "id", json_string(r->id), &w->bad);
	json_put(object, "title", json_text(str_of(r->title)), &w->bad);
	json_put(object, "file", json_text(str_of(r->file)), &w->bad);
	json_put(object, "line", json_integer(r->line), &w->bad);
	json_put(object, "correlation", r->correlation ? json_string(r->correlation->type_name) : json_null(), &w->bad);
	return object;
}

static json_t *
event_of(struct writer *w)
{
	const struct event *e = w->view->event;
	const struct source *s = e->source;
	json_t *object = json_object();
	json_put(object, "id", json_text(e->id), &w->bad);
	json_put(object, "shape", json_text(str_of(e->shape)), &w->bad);
	json_put(object, "time", json_time(e->event_ms), &w->bad);
	json_put(object, "source", s ? source_of(w, s->product, s->service, s->category) : json_null(), &w->bad);
	return object;
}

static void
put_ending(struct writer *w, json_t *object)
{
	struct buf verdict;
	json_t *notes = json_array();
	const char *note;
	for (unsigned i = 0; (note = explain_note(w->view, i)); i++)
		w->bad |= json_array_append_new(notes, json_string(note)) < 0;
	json_put(object, "notes", notes, &w->bad);
	buf_init(&verdict, 1 << 20);
	w->bad |= explain_verdict(w->view, &verdict) < 0;
	json_put(object, "verdict", json_text(buf_str(&verdict)), &w->bad);
	buf_fini(&verdict);
}

int
explain_json(const struct explain_view *v, struct buf *out)
{
	struct writer w = {.view = v};
	json_t *object = json_object(), *parts = json_array();
	json_put(object, "rule", rule_of(&w), &w.bad);
	json_put(object, "event", event_of(&w), &w.bad);
	json_put(object, "matches", json_boolean(explain_matches(v)), &w.bad);
	for (unsigned i = 0; i < v->part_count; i++)
		w.bad |= json_array_append_new(parts, part_of(&w, &v->parts[i])) < 0;
	json_put(object, "parts", parts, &w.bad);
	json_put(object, "suppressed_by", v->silence ? json_text(str_of(v->silence->id)) : json_null(), &w.bad);
	put_ending(&w, object);
	char *text = w.bad ? NULL : json_dumps(object, JSON_VALUE_DUMP);
	int failed = !text || buf_add_str(out, str_of(text)) || buf_add(out, "\n", 1) ? -1 : 0;
	free(text);
	json_decref(object);
	return failed;
}
