#include "event/event.h"

static const struct value missing_value = {.type = VALUE_MISSING};

const struct value *
event_value(const struct event *e, int slot)
{
	if (slot < 0 || (unsigned)slot >= e->slot_count)
		return &missing_value;
	return &e->slots[slot];
}

const struct value *
event_leaves(const struct event *e)
{
	return e->leaf_source ? e->leaf_source->gather(e->leaf_source) : e->leaves;
}

struct str
event_text(const struct event *e, int slot)
{
	const struct value *v = event_value(e, slot);

	/* an array that a path gathered may hold arrays again: bounded by the nesting of the record */
	while (v && v->type == VALUE_ARRAY)
		v = v->elements;
	if (!v)
		return (struct str){NULL, 0};
	switch ((enum value_type)v->type) {
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_STRING:
		return v->text;
	case VALUE_MISSING:
	case VALUE_NULL:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		break;
	}
	return (struct str){NULL, 0};
}

const char *
event_anomaly_name(unsigned bit)
{
	switch (bit) {
	case ANOMALY_DUPLICATE_KEY:
		return "duplicate_key";
	case ANOMALY_INVALID_UTF8:
		return "invalid_utf8";
	case ANOMALY_NUMBER_RANGE:
		return "number_range";
	case ANOMALY_LATE:
		return "late";
	case ANOMALY_FUTURE:
		return "future";
	case ANOMALY_CLOCK_JUMP:
		return "clock_jump";
	case ANOMALY_FIELD_CUT:
		return "field_cut";
	default:
		return NULL;
	}
}
