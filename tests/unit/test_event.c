#include "unit/unit.h"

#include <stdio.h>

#include "event/batch.h"
#include "event/event.h"
#include "event/field.h"

START_TEST(field_set_starts_with_the_canonical_names)
{
	struct field_set *set = field_set_new();
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(field_set_len(set), FIELD_FIXED_COUNT);
	ck_assert_int_eq(field_set_find(set, STR("resultType")), FIELD_RESULT_TYPE);
	ck_assert_int_eq(field_set_find(set, STR("window.user.age")), FIELD_WIN_USER_AGE);
	field_set_free(set);
}
END_TEST

START_TEST(field_names_compare_without_case_and_keep_their_first_spelling)
{
	struct field_set *set = field_set_new();
	ck_assert_int_eq(field_set_intern(set, STR("RESULTTYPE")), FIELD_RESULT_TYPE);
	int slot = field_set_intern(set, STR("Some.Other"));
	ck_assert_int_eq(slot, FIELD_FIXED_COUNT);
	ck_assert_int_eq(field_set_intern(set, STR("some.other")), slot);
	ck_assert(str_eq(field_set_name(set, (unsigned)slot), STR("Some.Other")));
	ck_assert_int_eq(field_set_find(set, STR("unknown")), -1);
	ck_assert_ptr_null(field_set_name(set, 4000).p);
	field_set_free(set);
}
END_TEST

START_TEST(field_set_refuses_more_than_its_cap)
{
	char name[32];
	struct field_set *set = field_set_new();
	for (int i = FIELD_FIXED_COUNT; i < FIELD_SLOTS_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ck_assert_int_eq(field_set_intern(set, str_of(name)), i);
	}
	ck_assert_int_eq(field_set_intern(set, STR("one more")), -1);
	ck_assert_int_eq(field_set_intern(set, STR("f100")), 100);
	ck_assert_int_eq(field_set_intern(set, STR("")), -1);
	field_set_free(set);
}
END_TEST

START_TEST(value_of_no_slot_is_missing)
{
	struct value slots[1] = {{.type = VALUE_NULL}};
	struct event e = {.slots = slots, .slot_count = 1};
	ck_assert_int_eq(event_value(&e, 0)->type, VALUE_NULL);
	ck_assert_int_eq(event_value(&e, 1)->type, VALUE_MISSING);
	ck_assert_int_eq(event_value(&e, -1)->type, VALUE_MISSING);
	ck_assert_uint_eq(event_text(&e, 0).len, 0);
}
END_TEST

START_TEST(text_of_an_array_is_that_of_its_first_element)
{
	struct value second = {.type = VALUE_STRING, .text = STR("b")};
	struct value first = {.type = VALUE_STRING, .text = STR("a"), .next = &second};
	struct value nested = {.type = VALUE_ARRAY, .elements = &first};
	struct value slots[] = {{.type = VALUE_ARRAY, .text = STR("[]")}, {.type = VALUE_ARRAY, .elements = &nested},
	    {.type = VALUE_NUMBER, .text = STR("50126")}, {.type = VALUE_OBJECT, .text = STR("{}")}};
	struct event e = {.slots = slots, .slot_count = 4};
	ck_assert_uint_eq(event_text(&e, 0).len, 0);
	ck_assert(str_eq(event_text(&e, 1), STR("a")));
	ck_assert(str_eq(event_text(&e, 2), STR("50126")));
	ck_assert_uint_eq(event_text(&e, 3).len, 0);
}
END_TEST

START_TEST(every_anomaly_has_a_name)
{
	for (unsigned bit = 1; bit <= ANOMALY_FIELD_CUT; bit <<= 1)
		ck_assert_ptr_nonnull(event_anomaly_name(bit));
	ck_assert_ptr_null(event_anomaly_name(ANOMALY_FIELD_CUT << 1));
	ck_assert_ptr_null(event_anomaly_name(3));
}
END_TEST

START_TEST(batch_counts_all_rejects_and_keeps_the_first)
{
	struct batch b;
	batch_init(&b);
	ck_assert_ptr_null(b.errors);
	for (uint32_t i = 0; i < 150; i++)
		batch_reject(&b, i, "depth", STR("/properties"), STR("too deep"));
	ck_assert_uint_eq(b.rejected, 150);
	ck_assert_uint_eq(b.error_count, BATCH_ERRORS_MAX);
	ck_assert_uint_eq(b.errors[99].index, 99);
	ck_assert_str_eq(b.errors[0].pointer, "/properties");
	ck_assert_str_eq(b.errors[0].code, "depth");
	batch_fini(&b);
}
END_TEST

START_TEST(batch_cuts_long_texts_between_characters)
{
	struct batch b;
	char text[400];
	batch_init(&b);
	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	batch_reject(&b, 0, "json", str_make(text, 399), str_make(text, 399));
	ck_assert_uint_eq(strlen(b.errors[0].pointer), 127);
	ck_assert_uint_eq(strlen(b.errors[0].detail), 159);
	batch_reject(&b, 1, "json", str_make(text + 1, 398), STR(""));
	ck_assert_uint_eq(strlen(b.errors[1].pointer), 126);
	batch_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    field_set_starts_with_the_canonical_names,
	    field_names_compare_without_case_and_keep_their_first_spelling,
	    field_set_refuses_more_than_its_cap,
	    value_of_no_slot_is_missing,
	    text_of_an_array_is_that_of_its_first_element,
	    every_anomaly_has_a_name,
	    batch_counts_all_rejects_and_keeps_the_first,
	    batch_cuts_long_texts_between_characters,
	    NULL,
	};
	return unit_run("event", tests);
}
