#include "command/report_table.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "decode/describe.h"

enum { LINE_MAX_BYTES = 256 * 1024, INDENT = 7, DETAIL_INDENT = 9 };

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

/* ---- one line ---- */

/* Bytes of the first max characters. */
static size_t
fitting(struct str s, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (((unsigned char)s.p[i] & 0xC0U) != 0x80U && n++ == max)
			return i;
	}
	return s.len;
}

/* Prints what line holds, without control characters and cut to the width, and empties it. */
static int
put_line(struct buf *line, int indent, FILE *out)
{
	struct str text = buf_str(line);
	size_t room = (size_t)(REPORT_TABLE_WIDTH - indent), n = fitting(text, room);
	bool cut = n < text.len;
	if (cut)
		n = fitting(text, room - 3);
	int failed = fprintf(out, "%*s", indent, "") < 0;
	failed |= n > 0 && fwrite(text.p, 1, n, out) != n;
	failed |= fprintf(out, cut ? "...\n" : "\n") < 0;
	buf_clear(line);
	return failed ? -1 : 0;
}

static int
add_text(struct buf *line, const json_t *text)
{
	return describe_text(str_make(json_string_value(text), json_string_length(text)), line);
}

/* ---- one alert ---- */

static int
print_matched(const json_t *data, struct buf *line, FILE *out)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(data, "matched"), i, item)
	{
		const json_t *selection = json_object_get(item, "selection"), *field = json_object_get(item, "field");
		if (add_text(line, selection))
			return -1;
		int pad = 20 - (int)fitting(buf_str(line), SIZE_MAX);
		if (buf_addf(line, "%*s ", pad > 0 ? pad : 0, ""))
			return -1;
		bool keywords = !json_string_length(field);
		if (keywords ? buf_add_str(line, STR("keywords")) : add_text(line, field))
			return -1;
		if (buf_add_str(line, STR(" = ")) || add_text(line, json_object_get(item, "value")) ||
		    put_line(line, DETAIL_INDENT, out))
			return -1;
	}
	return 0;
}

static int
print_correlation(const json_t *data, struct buf *line, FILE *out)
{
	const json_t *c = json_object_get(data, "correlation"), *value = json_object_get(c, "value");
	const char *key;
	json_t *text;
	if (!json_is_object(c))
		return 0;
	if (add_text(line, json_object_get(c, "type")) ||
	    (json_is_number(value) && buf_addf(line, " %.15g", json_number_value(value))) ||
	    buf_addf(line, " in %" JSON_INTEGER_FORMAT "s", json_integer_value(json_object_get(c, "timespan_s"))))
		return -1;
	json_object_foreach(json_object_get(c, "group_by"), key, text)
	{
		if (buf_add_str(line, STR(", ")) || describe_text(str_of(key), line) || buf_add_str(line, STR(" = ")) ||
		    add_text(line, text))
			return -1;
	}
	return put_line(line, DETAIL_INDENT, out);
}

static int
print_related(const json_t *data, struct buf *line, FILE *out)
{
	const json_t *related = json_object_get(data, "related");
	if (!json_is_object(related))
		return 0;
	if (buf_add_str(line, STR("joins ")) || add_text(line, json_object_get(related, "alert_id")) ||
	    buf_add_str(line, STR(" by event ")) || add_text(line, json_object_get(related, "event_id")))
		return -1;
	return put_line(line, DETAIL_INDENT, out);
}

static int
print_head(const struct report_entry *e, const json_t *data, struct buf *line, FILE *out)
{
	char time[CLOCK_TEXT_SIZE];
	const char *kind = alert_kind(e->alert);
	bool suppressed = json_is_true(json_object_get(data, "suppressed"));
	clock_text(alert_event_ms(e->alert), time);
	if (buf_addf(line, "%5d  %s  %s", alert_score(e->alert), time, alert_rule_id(e->alert)) ||
	    (strcmp(kind, "trigger") != 0 && buf_addf(line, "  %s", kind)) ||
	    (suppressed && buf_add_str(line, STR("  suppressed"))) || put_line(line, 0, out))
		return -1;
	if (add_text(line, json_object_get(data, "title")) || put_line(line, INDENT, out))
		return -1;
	return describe_text(str_of(e->file), line) || buf_addf(line, ":%lu", e->line) || put_line(line, INDENT, out) ? -1 : 0;
}

static int
print_alert(const struct report_entry *e, struct buf *line, FILE *out)
{
	struct str text = alert_data(e->alert);
	json_t *data = json_loadb(text.p, text.len, JSON_ALLOW_NUL, NULL);
	if (!data)
		return -1;
	int failed = print_head(e, data, line, out) || print_correlation(data, line, out) ||
	    print_related(data, line, out) || print_matched(data, line, out);
	json_decref(data);
	return failed ? -1 : 0;
}

int
report_table(const struct report *r, FILE *out)
{
	size_t count;
	const struct report_entry *entries = report_entries(r, &count);
	const struct report_entry **rows = mem_zero(count + 1, sizeof *rows);
	struct buf line;
	if (!rows)
		return -1;
	buf_init(&line, LINE_MAX_BYTES);
	for (size_t i = 0; i < count; i++)
		rows[i] = &entries[i];
	qsort(rows, count, sizeof *rows, by_score_then_time);
	int failed = fprintf(out, "score  event time                rule\n") < 0;
	for (size_t i = 0; i < count && !failed; i++)
		failed = print_alert(rows[i], &line, out);
	failed |= fprintf(out, "%zu %s\n", count, count == 1 ? "alert" : "alerts") < 0;
	buf_fini(&line);
	mem_free(rows);
	return failed ? -1 : 0;
}
