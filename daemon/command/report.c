#include "command/report.h"

#include <jansson.h>

#include "alert/json_value.h"
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
	json_t *place = json_pack("{s:o, s:I}", "file", json_text(str_of(e->file)), "line", (json_int_t)e->line);
	char *text = place ? json_dumps(place, JSON_COMPACT) : NULL;
	json_decref(place);
	if (!text)
		return -1;
	int failed = fwrite(data.p, 1, data.len - 1, out) != data.len - 1;
	failed |= fprintf(out, ",\"replay\":%s}\n", text) < 0;
	free(text);
	return failed ? -1 : 0;
}

int
report_ndjson(const struct report *r, FILE *out)
{
	for (size_t i = 0; i < r->count; i++)
		if (print_ndjson(&r->entries[i], out) < 0)
			return -1;
	return 0;
}
