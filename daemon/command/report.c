#include "command/report.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

struct report {
	struct sink sink;
	struct report_entry *entries;
	size_t count, size;
	struct map *ids; /* alert id -> any non-NULL: an alert is told once */
	const char *file;
	unsigned long line;
	struct report_entry *marks; /* places of the alerts that a batch holds */
	size_t mark_count, mark_size;
};

static int
push(struct report_entry **list, size_t *count, size_t *size, struct report_entry entry)
{
	if (*count == *size) {
		size_t more = *size ? *size * 2 : 64;
		struct report_entry *grown = mem_resize(*list, more, sizeof **list);
		if (!grown)
			return -1;
		*list = grown;
		*size = more;
	}
	(*list)[(*count)++] = entry;
	return 0;
}

static int
keep(struct report *r, struct alert *a, const struct report_entry *place)
{
	struct str id = str_of(alert_id(a));
	if (map_get(r->ids, id))
		return 0;
	if (map_set(r->ids, id, r) < 0 || push(&r->entries, &r->count, &r->size, *place) < 0)
		return -1;
	r->entries[r->count - 1].alert = alert_ref(a);
	return 0;
}

static enum sink_result
report_append(struct sink *sink, struct batch *b)
{
	struct report *r = sink->ctx;
	report_mark(r, b);
	b->result = BATCH_DONE;
	for (uint32_t i = 0; i < b->alert_count; i++)
		if (keep(r, b->alerts[i], &r->marks[i]) < 0)
			b->result = BATCH_FAILED;
	r->mark_count = 0;
	return SINK_SETTLED;
}

struct report *
report_new(void)
{
	struct report *r = mem_zero(1, sizeof *r);
	if (!r)
		return NULL;
	r->sink = (struct sink){report_append, r};
	r->file = "";
	r->ids = map_new();
	if (r->ids)
		return r;
	report_free(r);
	return NULL;
}

void
report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		alert_unref(r->entries[i].alert);
	map_free(r->ids);
	mem_free(r->entries);
	mem_free(r->marks);
	mem_free(r);
}

struct sink *
report_sink(struct report *r)
{
	return &r->sink;
}

void
report_place(struct report *r, const char *file, unsigned long line)
{
	r->file = file;
	r->line = line;
}

void
report_mark(struct report *r, const struct batch *b)
{
	struct report_entry place = {NULL, r->file, r->line};
	while (r->mark_count < b->alert_count)
		if (push(&r->marks, &r->mark_count, &r->mark_size, place) < 0)
			return;
}

const struct report_entry *
report_entries(const struct report *r, size_t *count)
{
	*count = r->count;
	return r->entries;
}

static int
print_ndjson(const struct report_entry *e, FILE *out)
{
	struct str data = alert_data(e->alert);
	json_t *place = json_pack("{s:s, s:I}", "file", e->file, "line", (json_int_t)e->line);
	char *text = place ? json_dumps(place, JSON_COMPACT) : NULL;
	json_decref(place);
	if (!text)
		return -1;
	int failed = fwrite(data.p, 1, data.len - 1, out) != data.len - 1;
	failed |= fprintf(out, ",\"replay\":%s}\n", text) < 0;
	free(text);
	return failed ? -1 : 0;
}

static int
by_score_then_time(const void *a, const void *b)
{
	const struct alert *x = (*(const struct report_entry *const *)a)->alert;
	const struct alert *y = (*(const struct report_entry *const *)b)->alert;
	if (alert_score(x) != alert_score(y))
		return alert_score(x) < alert_score(y) ? 1 : -1;
	if (alert_event_ms(x) != alert_event_ms(y))
		return alert_event_ms(x) < alert_event_ms(y) ? 1 : -1;
	return strcmp(alert_id(x), alert_id(y));
}

static void
print_reasons(const json_t *data, FILE *out)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(data, "matched"), i, item)
	{
		const char *selection, *field, *value;
		if (json_unpack(item, "{s:s, s:s, s:s}", "selection", &selection, "field", &field, "value", &value))
			continue;
		fprintf(out, "       %-20s %s = %s\n", selection, field, value);
	}
}

static int
print_row(const struct report_entry *e, FILE *out)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(alert_event_ms(e->alert), time);
	struct str text = alert_data(e->alert);
	json_t *data = json_loadb(text.p, text.len, 0, NULL);
	if (!data)
		return -1;
	const char *title = json_string_value(json_object_get(data, "title"));
	fprintf(out, "%5d  %s  %-32s  %s  (%s:%lu)\n", alert_score(e->alert), time, alert_rule_id(e->alert),
	    title ? title : "", e->file, e->line);
	print_reasons(data, out);
	json_decref(data);
	return ferror(out) ? -1 : 0;
}

static int
print_table(const struct report *r, FILE *out)
{
	const struct report_entry **rows = mem_zero(r->count + 1, sizeof *rows);
	if (!rows)
		return -1;
	for (size_t i = 0; i < r->count; i++)
		rows[i] = &r->entries[i];
	qsort(rows, r->count, sizeof *rows, by_score_then_time);
	fprintf(out, "score  event time                rule                              title\n");
	int failed = 0;
	for (size_t i = 0; i < r->count && !failed; i++)
		failed = print_row(rows[i], out);
	fprintf(out, "%zu alerts\n", r->count);
	mem_free(rows);
	return failed;
}

int
report_print(const struct report *r, enum report_format format, FILE *out)
{
	if (format == REPORT_TABLE)
		return print_table(r, out);
	for (size_t i = 0; i < r->count; i++)
		if (print_ndjson(&r->entries[i], out) < 0)
			return -1;
	return 0;
}
