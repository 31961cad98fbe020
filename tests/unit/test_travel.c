#include "detect/travel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

struct bench {
	struct window_table *windows;
	struct travels *travels;
	struct value slots[FIELD_FIXED_COUNT];
	struct event event;
	struct travel_text text;
};

static void
bench_init(struct bench *b, uint64_t bytes)
{
	struct window_table_options windows = {1 << 20, HOUR, "0123456789abcdef", true};
	memset(b, 0, sizeof(*b));
	b->windows = window_table_new(&windows);
	b->travels = travels_new(b->windows, bytes);
	ck_assert(b->windows && b->travels);
	ck_assert(travels_bytes(b->travels) <= bytes + 4096);
}

static void
bench_fini(struct bench *b)
{
	travels_free(b->travels);
	window_table_free(b->windows);
}

static void
set(struct bench *b, int field, const char *text)
{
	b->slots[field] = (struct value){.text = str_of(text), .type = text ? VALUE_STRING : VALUE_MISSING};
}

/* A sign-in; returns travel.speed_kmh, -1 when it is missing. */
static double
sign_in(struct bench *b, int64_t ts, const char *user, const char *lat, const char *lon, bool success)
{
	b->event = (struct event){.slots = b->slots, .slot_count = FIELD_FIXED_COUNT, .tenant = STR("t"),
		.event_ms = ts, .window_ms = ts, .is_sign_in = true};
	set(b, FIELD_USER_PRINCIPAL_NAME, user);
	set(b, FIELD_LATITUDE, lat);
	set(b, FIELD_LONGITUDE, lon);
	travel_observe(b->travels, &b->event, success, true, &b->text);
	struct str text = event_text(&b->event, FIELD_TRAVEL_SPEED);
	return text.len ? strtod(text.p, NULL) : -1;
}

static double
slot(const struct bench *b, int field)
{
	return strtod(event_text(&b->event, field).p, NULL);
}

START_TEST(distance_equals_published_ones_within_half_a_percent)
{
	/* Paris - New York, London - Sydney, and along the equator */
	ck_assert(fabs(travel_distance_km(48.8566, 2.3522, 40.7128, -74.0060) / 5837 - 1) < 0.005);
	ck_assert(fabs(travel_distance_km(51.5074, -0.1278, -33.8688, 151.2093) / 16994 - 1) < 0.005);
	ck_assert(fabs(travel_distance_km(0, 179.5, 0, -179.5) / 111.2 - 1) < 0.005);
	ck_assert(travel_distance_km(52, 4, 52, 4) == 0);
	ck_assert(fabs(travel_distance_km(90, 0, -90, 0) / 20015 - 1) < 0.005);
}
END_TEST

START_TEST(travel_is_known_from_the_second_success_on)
{
	struct bench b;
	bench_init(&b, 1 << 16);
	ck_assert(sign_in(&b, HOUR, "ada@contoso.example", "48.8566", "2.3522", true) == -1);
	ck_assert(fabs(sign_in(&b, 3 * HOUR, " ADA@contoso.example ", "40.7128", "-74.0060", true) - 5837 / 2.0) < 15);
	ck_assert(fabs(slot(&b, FIELD_TRAVEL_DISTANCE) - 5837) < 30);
	ck_assert(slot(&b, FIELD_TRAVEL_MINUTES) == 120);
	ck_assert(sign_in(&b, 3 * HOUR + MINUTE, "ada@contoso.example", "40.7128", "-74.0060", true) == 0);
	ck_assert(sign_in(&b, 4 * HOUR, "bob@contoso.example", "48.8566", "2.3522", true) == -1);
	bench_fini(&b);
}
END_TEST

START_TEST(failures_and_sign_ins_without_coordinates_neither_count_nor_are_measured)
{
	struct bench b;
	bench_init(&b, 1 << 16);
	sign_in(&b, HOUR, "ada@contoso.example", "48.8566", "2.3522", true);
	ck_assert(sign_in(&b, 2 * HOUR, "ada@contoso.example", "40.7128", "-74.0060", false) == -1);
	static const char *const odd[][2] = {{NULL, "1"}, {"", "1"}, {"1", NULL}, {"91", "1"}, {"1", "-181"}, {"nan", "1"},
	    {"inf", "1"}, {"1,5", "1"}, {"north", "1"}};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		ck_assert(sign_in(&b, 2 * HOUR, "ada@contoso.example", odd[i][0], odd[i][1], true) == -1);
	ck_assert(sign_in(&b, 2 * HOUR, "ada@contoso.example", "48.8566", "2.3522", true) == 0);
	ck_assert(sign_in(&b, 2 * HOUR, NULL, "48.8566", "2.3522", true) == -1);
	bench_fini(&b);
}
END_TEST

START_TEST(a_late_sign_in_is_measured_and_not_kept)
{
	struct bench b;
	bench_init(&b, 1 << 16);
	sign_in(&b, 10 * HOUR, "ada@contoso.example", "48.8566", "2.3522", true);
	ck_assert(fabs(sign_in(&b, 9 * HOUR, "ada@contoso.example", "40.7128", "-74.0060", true) - 5837) < 30);
	ck_assert(sign_in(&b, 11 * HOUR, "ada@contoso.example", "48.8566", "2.3522", true) == 0);
	bench_fini(&b);
}
END_TEST

START_TEST(a_repeated_event_is_measured_and_not_kept)
{
	struct bench b;
	bench_init(&b, 1 << 16);
	sign_in(&b, HOUR, "ada@contoso.example", "48.8566", "2.3522", true);
	set(&b, FIELD_LATITUDE, "40.7128");
	set(&b, FIELD_LONGITUDE, "-74.0060");
	b.event.window_ms = 2 * HOUR;
	travel_observe(b.travels, &b.event, true, false, &b.text);
	ck_assert(slot(&b, FIELD_TRAVEL_SPEED) > 5000);
	ck_assert(sign_in(&b, 3 * HOUR, "ada@contoso.example", "48.8566", "2.3522", true) == 0);
	bench_fini(&b);
}
END_TEST

START_TEST(where_memory_is_full_the_oldest_user_is_forgotten_and_nobody_is_confused)
{
	struct bench b;
	bench_init(&b, 16 * 128); /* 64 places */
	unsigned known = 0;
	for (int i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "u%d@contoso.example", i);
		ck_assert(sign_in(&b, HOUR + i, name, "48.8566", "2.3522", true) == -1);
	}
	for (int i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "u%d@contoso.example", i);
		double speed = sign_in(&b, HOUR + i, name, "48.8566", "2.3522", false);
		ck_assert(speed == -1);
		travel_observe(b.travels, &b.event, true, false, &b.text);
		struct str text = event_text(&b.event, FIELD_TRAVEL_SPEED);
		known += text.len > 0;
		ck_assert(text.len == 0 || str_eq(text, STR("0")));
	}
	ck_assert_uint_eq(known, 64);
	bench_fini(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		distance_equals_published_ones_within_half_a_percent,
		travel_is_known_from_the_second_success_on,
		failures_and_sign_ins_without_coordinates_neither_count_nor_are_measured,
		a_late_sign_in_is_measured_and_not_kept,
		a_repeated_event_is_measured_and_not_kept,
		where_memory_is_full_the_oldest_user_is_forgotten_and_nobody_is_confused,
		NULL,
	};
	return unit_run("travel", tests);
}
