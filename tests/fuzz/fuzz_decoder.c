/* A record through the shipped schemas: what comes out is well-formed, bounded
 * and the same when the same record is read again; an inner text is split and
 * read in turn. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/codec.h"
#include "decode/decoder.h"
#include "decode/describe.h"
#include "decode/envelope.h"
#include "event/plan.h"
#include "fuzz/fuzz.h"

enum { TEXT_MAX = 64 * 1024, INNER_LEVELS = 3 };

static struct plan *plan;
static struct decoder *decoders[INNER_LEVELS];
static struct envelope *envelopes[INNER_LEVELS];

static void
set_up(void)
{
	static const char *const dirs[] = {SRCDIR "/conf/schemas"};
	static const char *const names[] = {"riskEventTypes_v2", "Status", "properties.message", "targetResources.modifiedProperties.newValue",
	    "list", "list.x", "a.b.c", "setting_name", "ConsentContext.IsAdminConsent", "RequestType", "riskEventType", "data.protoPayload.logName",
	    "identity.type", "eventService"};
	const struct decoder_limits limits = {.max_depth = 64, .max_text = 1 << 20, .max_future_ms = 600000};
	const struct envelope_limits split = {1 << 20, 1 << 20, 64};
	struct fail_list problems;
	struct fail why;

	if (plan)
		return;
	fail_list_init(&problems);
	static struct schema_set *schemas; /* the plan borrows them */
	schemas = schema_set_load(dirs, 1, &problems);
	static struct field_set *fields;
	fields = field_set_new();
	for (size_t i = 0; fields && i < sizeof(names) / sizeof(names[0]); i++)
		field_set_intern(fields, str_of(names[i]));
	if (!schemas || !fields || !(plan = plan_compile(fields, schemas, &(struct plan_options){.leaves = true}, &why)))
		abort();
	for (int i = 0; i < INNER_LEVELS; i++) {
		decoders[i] = decoder_new(plan, &limits);
		envelopes[i] = envelope_new(&split);
	}
}

static void
check_text(struct str text)
{
	if (text.len > TEXT_MAX || !codec_utf8_valid(text))
		abort();
}

static void
check_event(const struct event *e, struct buf *out)
{
	if (e->id.len == 0 || e->category.len == 0 || !e->shape || e->event_ms < INT64_MIN / 2)
		abort();
	if (e->window_ms > e->received_ms + 600000)
		abort();
	for (unsigned i = 0; i < e->slot_count; i++) {
		if (i >= FIELD_WIN_IP_ATTEMPTS && i <= FIELD_WIN_USER_AGE && e->slots[i].type != VALUE_MISSING)
			abort();
		check_text(e->slots[i].type == VALUE_STRING ? e->slots[i].text : STR(""));
		check_text(event_text(e, (int)i));
		for (const struct value *v = e->slots[i].elements; v; v = v->next)
			check_text(v->type == VALUE_STRING ? v->text : STR(""));
	}
	for (const struct value *v = event_leaves(e); v; v = v->next)
		check_text(v->text);
	if (describe_event(e, plan, out))
		abort();
}

static void
read_record(struct str record, int level)
{
	const struct decoder_origin origin = {.tenant = STR("tenant"), .received_ms = 1795392000000};
	struct event e;
	struct str inner, part;
	struct fail why;
	struct buf first, again;
	const char *code, *detail;

	buf_init(&first, 1 << 26);
	buf_init(&again, 1 << 26);
	enum decode_result result = decoder_read(decoders[level], record, &origin, &e, &inner, &why);
	if (result == DECODE_EVENT)
		check_event(&e, &first);
	if (result == DECODE_INNER && level + 1 < INNER_LEVELS) {
		while (envelope_next(envelopes[level], &inner, &part, &code, &detail) != ENVELOPE_MORE)
			read_record(part, level + 1);
		while (envelope_end(envelopes[level], &part, &code, &detail) != ENVELOPE_END)
			;
	}
	if (decoder_read(decoders[level], record, &origin, &e, &inner, &why) != result)
		abort();
	if (result == DECODE_EVENT)
		check_event(&e, &again);
	if (!str_eq(buf_str(&first), buf_str(&again)))
		abort();
	buf_fini(&first);
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	set_up();
	if (size < 1 << 16)
		read_record(str_make((const char *)data, size), 0);
	return 0;
}
