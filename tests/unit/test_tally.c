#include "event/tally.h"

#include <stdio.h>

#include "base/metrics.h"
#include "unit/unit.h"

static struct event
event_of(const char *category)
{
	return (struct event){.shape = "entra-diagnostic",
	    .category = str_of(category),
	    .event_ms = 1000,
	    .received_ms = 3500,
	    .has_time = true};
}

START_TEST(tally_counts_by_listener_and_shape)
{
	struct tally *t = tally_new();
	struct event e = event_of("SignInLogs");
	double before = metrics_value(METRIC_EVENTS_RECEIVED, "http", "entra-diagnostic");
	tally_event(t, "http", &e);
	tally_event(t, "http", &e);
	ck_assert(metrics_value(METRIC_EVENTS_RECEIVED, "http", "entra-diagnostic") - before == 2.0);
	tally_free(t);
}
END_TEST

START_TEST(tally_knows_a_shape_that_took_the_place_of_another)
{
	struct tally *t = tally_new();
	char name[] = "shape-before";
	struct event e = event_of("SignInLogs");
	e.shape = name;
	tally_event(t, "http", &e);
	tally_forget_shapes(t);
	memcpy(name, "shape-behind", sizeof name);
	tally_event(t, "http", &e);
	ck_assert(metrics_value(METRIC_EVENTS_RECEIVED, "http", "shape-before") == 1.0);
	ck_assert(metrics_value(METRIC_EVENTS_RECEIVED, "http", "shape-behind") == 1.0);
	tally_free(t);
}
END_TEST

START_TEST(tally_keeps_the_arrival_of_the_last_event_of_a_category)
{
	struct tally *t = tally_new();
	struct event e = event_of("AuditLogs");
	tally_event(t, "http", &e);
	ck_assert(metrics_value(METRIC_SOURCE_LAST_EVENT, "AuditLogs", NULL) == 3.5);
	tally_free(t);
}
END_TEST

START_TEST(tally_gives_only_so_many_categories_a_label)
{
	struct tally *t = tally_new();
	char name[32];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "Invented%d", i);
		struct event e = event_of(name);
		tally_event(t, "http", &e);
	}
	ck_assert(metrics_value(METRIC_SOURCE_LAST_EVENT, "Invented99", NULL) == 0.0);
	ck_assert(metrics_value(METRIC_SOURCE_LAST_EVENT, "other", NULL) == 3.5);
	tally_free(t);
}
END_TEST

START_TEST(tally_counts_each_anomaly)
{
	struct tally *t = tally_new();
	struct event e = event_of("SignInLogs");
	e.anomalies = ANOMALY_FUTURE | ANOMALY_DUPLICATE_KEY;
	double before = metrics_value(METRIC_EVENTS_ANOMALOUS, "future", NULL);
	tally_event(t, "syslog", &e);
	ck_assert(metrics_value(METRIC_EVENTS_ANOMALOUS, "future", NULL) - before == 1.0);
	tally_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {tally_counts_by_listener_and_shape,
	    tally_knows_a_shape_that_took_the_place_of_another,
	    tally_keeps_the_arrival_of_the_last_event_of_a_category, tally_gives_only_so_many_categories_a_label,
	    tally_counts_each_anomaly, NULL};
	return unit_run("tally", tests);
}
