#include "detect/advice.h"

#include "unit/unit.h"

static struct source source = {.product = {"azure", 5}, .service = {"signinlogs", 10}};

static struct event
sign_in(const char *tenant, const char *risk, struct value *slots)
{
	memset(slots, 0, FIELD_FIXED_COUNT * sizeof *slots);
	slots[FIELD_RISK_LEVEL] = (struct value){.text = str_of(risk), .type = VALUE_STRING};
	return (struct event){.slots = slots,
	    .slot_count = FIELD_FIXED_COUNT,
	    .source = &source,
	    .shape = "entra-diagnostic",
	    .tenant = str_of(tenant),
	    .is_sign_in = true};
}

START_TEST(advice_tells_of_unknown_shapes_once)
{
	struct advisor *a = advisor_new();
	struct event e = {.shape = "generic"};
	ck_assert_int_eq(advisor_see(a, &e), ADVICE_UNKNOWN_SHAPE);
	ck_assert_int_eq(advisor_see(a, &e), ADVICE_NONE);
	advisor_free(a);
}
END_TEST

START_TEST(advice_tells_of_a_tenant_whose_risk_is_always_hidden_once)
{
	struct advisor *a = advisor_new();
	struct value slots[FIELD_FIXED_COUNT];
	struct event e = sign_in("t1", "hidden", slots);
	int told = 0;
	for (int i = 0; i < 100; i++)
		told += advisor_see(a, &e) == ADVICE_RISK_HIDDEN;
	ck_assert_int_eq(told, 1);
	advisor_free(a);
}
END_TEST

START_TEST(advice_is_silent_about_a_tenant_that_shows_its_risk)
{
	struct advisor *a = advisor_new();
	struct value shown_slots[FIELD_FIXED_COUNT], hidden_slots[FIELD_FIXED_COUNT];
	struct event shown = sign_in("t1", "none", shown_slots);
	struct event hidden = sign_in("t1", "hidden", hidden_slots);
	ck_assert_int_eq(advisor_see(a, &shown), ADVICE_NONE);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(advisor_see(a, &hidden), ADVICE_NONE);
	advisor_free(a);
}
END_TEST

START_TEST(advice_keeps_tenants_apart)
{
	struct advisor *a = advisor_new();
	struct value shown_slots[FIELD_FIXED_COUNT], hidden_slots[FIELD_FIXED_COUNT];
	struct event shown = sign_in("t1", "none", shown_slots);
	struct event hidden = sign_in("t2", "hidden", hidden_slots);
	int told = 0;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(advisor_see(a, &shown), ADVICE_NONE);
		told += advisor_see(a, &hidden) == ADVICE_RISK_HIDDEN;
	}
	ck_assert_int_eq(told, 1);
	advisor_free(a);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {advice_tells_of_unknown_shapes_once,
	    advice_tells_of_a_tenant_whose_risk_is_always_hidden_once,
	    advice_is_silent_about_a_tenant_that_shows_its_risk, advice_keeps_tenants_apart, NULL};
	return unit_run("advice", tests);
}
