/* The shipped schemas, a set of fields and a decoder over them, for the tests
 * of plan and decoder. */
#ifndef TESTS_DECODE_FIXTURE_H
#define TESTS_DECODE_FIXTURE_H

#include <check.h>
#include <stdio.h>

#include "decode/decoder.h"
#include "event/field.h"
#include "event/plan.h"
#include "event/schema.h"

struct decode_fixture {
	struct field_set *fields;
	struct schema_set *schemas;
	struct plan *plan;
	struct decoder *decoder;
	struct decoder_origin origin;
	struct event event;
	struct str inner;
	struct fail why;
};

enum { FIXTURE_DAY_MS = 86400000 };
static const int64_t fixture_now = 1795392000000; /* 2026-11-23T00:00:00Z */

static inline void
decode_fixture_open(struct decode_fixture *f, const char *const *names, const struct plan_options *options)
{
	const char *const dirs[] = {SRCDIR "/conf/schemas"};
	const struct decoder_limits limits = {.max_depth = 64, .max_text = 4 << 20, .max_future_ms = 600000};
	struct fail_list problems;
	char text[700];

	*f = (struct decode_fixture){.fields = field_set_new()};
	fail_list_init(&problems);
	f->schemas = schema_set_load(dirs, 1, &problems);
	if (problems.len > 0)
		fail_print(&problems.items[0], text, sizeof(text));
	ck_assert_msg(f->schemas != NULL, "%s", problems.len > 0 ? text : "");
	fail_list_fini(&problems);
	for (; names && *names; names++)
		ck_assert_int_ge(field_set_intern(f->fields, str_of(*names)), 0);
	f->plan = plan_compile(f->fields, f->schemas, options, &f->why);
	ck_assert_ptr_nonnull(f->plan);
	f->decoder = decoder_new(f->plan, &limits);
	ck_assert_ptr_nonnull(f->decoder);
	f->origin.received_ms = fixture_now;
}

static inline void
decode_fixture_close(struct decode_fixture *f)
{
	decoder_free(f->decoder);
	plan_free(f->plan);
	schema_set_free(f->schemas);
	field_set_free(f->fields);
}

static inline enum decode_result
decode_fixture_read(struct decode_fixture *f, struct str record)
{
	return decoder_read(f->decoder, record, &f->origin, &f->event, &f->inner, &f->why);
}

static inline struct str
decode_fixture_text(const struct decode_fixture *f, const char *name)
{
	return event_text(&f->event, field_set_find(f->fields, str_of(name)));
}

static inline const struct value *
decode_fixture_value(const struct decode_fixture *f, const char *name)
{
	return event_value(&f->event, field_set_find(f->fields, str_of(name)));
}

#endif
