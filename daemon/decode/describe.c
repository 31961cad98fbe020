#include "decode/describe.h"

#include "base/clock.h"
#include "base/codec.h"
#include "event/shape.h"

int
describe_text(struct str s, struct buf *out)
{
	while (s.len > 0) {
		const unsigned char *p = (const unsigned char *)s.p;
		size_t control = codec_control_len(s), step = control ? control : 1;
		unsigned point = control == 3 ? (p[0] & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU)
		    : control == 2	      ? (p[0] & 0x1FU) << 6 | (p[1] & 0x3FU)
					      : p[0];
		if (control ? buf_addf(out, "\\u%04x", point) : buf_add(out, s.p, 1))
			return -1;
		s = str_make(s.p + step, s.len - step);
	}
	return 0;
}

/* With quotes, so that blanks at the ends and numbers sent as text can be seen. */
static int
add_quoted(struct buf *out, struct str s)
{
	return buf_add(out, "\"", 1) || describe_text(s, out) || buf_add(out, "\"", 1) ? -1 : 0;
}

/* On a boundary of characters. */
static struct str
cut_text(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xC0U) == 0x80U)
		max--;
	return str_make(s.p, max);
}

static int
add_scalar(struct buf *out, const struct value *v, size_t max)
{
	struct str text = cut_text(v->text, max);
	switch ((enum value_type)v->type) {
	case VALUE_MISSING:
		return 0;
	case VALUE_NULL:
		return buf_add_str(out, STR("null"));
	case VALUE_STRING:
		if (add_quoted(out, text))
			return -1;
		break;
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		if (describe_text(text, out))
			return -1;
		break;
	}
	return text.len < v->text.len || v->flags & VALUE_CUT ? buf_add_str(out, STR(" (cut)")) : 0;
}

int
describe_value(const struct value *v, size_t max, struct buf *out)
{
	size_t start = out->len;
	if (!(v->flags & VALUE_FANOUT))
		return add_scalar(out, v, max);
	if (buf_add_str(out, STR("gathered:")))
		return -1;
	for (const struct value *e = v->elements; e; e = e->next) {
		if (out->len - start > max)
			return buf_add_str(out, STR(" (cut)"));
		if (buf_add(out, " ", 1) || add_scalar(out, e, max))
			return -1;
	}
	return 0;
}

static int
add_line(struct buf *out, const char *name, struct str text)
{
	return buf_addf(out, "%-12s", name) || describe_text(text.len ? text : STR("-"), out) || buf_add(out, "\n", 1) ? -1 : 0;
}

static int
add_source(struct buf *out, const struct source *s)
{
	if (!s)
		return add_line(out, "log source", STR("generic"));
	return buf_addf(out, "%-12sproduct=%.*s service=%.*s category=%.*s\n", "log source", (int)s->product.len,
	    s->product.p ? s->product.p : "", (int)s->service.len, s->service.p ? s->service.p : "",
	    (int)s->category.len, s->category.p ? s->category.p : "");
}

static int
add_head(struct buf *out, const struct event *e)
{
	char time[CLOCK_TEXT_SIZE];

	clock_text(e->event_ms, time);
	if (add_line(out, "shape", str_of(e->shape)) || add_source(out, e->source) ||
	    add_line(out, "sign-in", e->is_sign_in ? STR("yes") : STR("no")) || add_line(out, "category", e->category) ||
	    add_line(out, "id", e->id) || add_line(out, "tenant", e->tenant) ||
	    buf_addf(out, "%-12s%s%s\n", "time", time, e->has_time ? "" : " (arrival: the record has no time)"))
		return -1;
	for (unsigned bit = 1; event_anomaly_name(bit); bit <<= 1)
		if ((e->anomalies & bit) && buf_addf(out, "%-12s%s\n", "anomaly", event_anomaly_name(bit)))
			return -1;
	return 0;
}

int
describe_event(const struct event *e, const struct plan *plan, struct buf *out)
{
	const struct field_set *fields = plan_fields(plan);

	if (add_head(out, e))
		return -1;
	for (unsigned i = 0; i < e->slot_count; i++) {
		struct str name = field_set_name(fields, i);
		if (e->slots[i].type == VALUE_MISSING)
			continue;
		if (buf_addf(out, "  %.*s = ", (int)name.len, name.p) || describe_value(&e->slots[i], SIZE_MAX, out) || buf_add(out, "\n", 1))
			return -1;
	}
	for (unsigned i = 0; i < e->slot_count; i++) {
		struct str name = field_set_name(fields, i);
		bool own = str_starts(name, STR("window.")) || str_eq(name, STR("threat_score"));
		if (e->slots[i].type == VALUE_MISSING && !own && buf_addf(out, "  %.*s is missing\n", (int)name.len, name.p))
			return -1;
	}
	return 0;
}
