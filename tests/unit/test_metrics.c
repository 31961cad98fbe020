#include "unit/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "base/metrics.h"

static bool
near(double a, double b)
{
	return a - b < 1e-9 && b - a < 1e-9;
}

static struct buf out;

static const char *
scrape(bool openmetrics)
{
	buf_fini(&out);
	buf_init(&out, 8 << 20);
	ck_assert_int_eq(metrics_write(&out, openmetrics), 0);
	return out.data;
}

START_TEST(metrics_counter_is_summed_and_labels_are_escaped)
{
	metrics_series s = metrics_get(METRIC_RULE_ERRORS, "a\"b\\c\nd\xFF", "limit");
	ck_assert_uint_ne(s, 0);
	ck_assert_uint_eq(s, metrics_get(METRIC_RULE_ERRORS, "a\"b\\c\nd\xFF", "limit"));
	metrics_add(s, 2);
	metrics_count(METRIC_RULE_ERRORS, "a\"b\\c\nd\xFF", "limit", 3);
	ck_assert(near(metrics_value(METRIC_RULE_ERRORS, "a\"b\\c\nd\xFF", "limit"), 5));
	ck_assert_ptr_nonnull(strstr(scrape(false),
	    "\npicketd_rule_errors_total{rule=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\",reason=\"limit\"} 5\n"));
	ck_assert_ptr_nonnull(strstr(out.data,
	    "# HELP picketd_rule_errors_total Evaluations that hit a limit.\n# TYPE picketd_rule_errors_total counter\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "\npicketd_events_duplicate_total 0\n"));
}
END_TEST

START_TEST(metrics_gauge_keeps_the_last_value_and_moves_by_adds)
{
	metrics_series s = metrics_get(METRIC_CONNECTIONS, "http", NULL);
	metrics_set(s, 1763841600.412);
	ck_assert_ptr_nonnull(strstr(scrape(false), "\npicketd_connections{listener=\"http\"} 1763841600.412\n"));
	metrics_set(s, 0);
	metrics_add(s, 5);
	metrics_add(s, (uint64_t)-2);
	ck_assert(near(metrics_value(METRIC_CONNECTIONS, "http", NULL), 3));
	ck_assert_ptr_nonnull(strstr(scrape(true), "\npicketd_connections{listener=\"http\"} 3.0\n"));
}
END_TEST

START_TEST(metrics_histogram_has_cumulative_buckets_sum_and_count)
{
	metrics_series s = metrics_get(METRIC_COMMIT_DURATION, NULL, NULL);
	metrics_observe(s, 0.001);
	metrics_observe(s, 0.0011);
	metrics_observe(s, 3);
	metrics_observe(s, 100);
	ck_assert_ptr_nonnull(strstr(scrape(false),
	    "# TYPE picketd_commit_duration_seconds histogram\n"
	    "picketd_commit_duration_seconds_bucket{le=\"0.001\"} 1\n"
	    "picketd_commit_duration_seconds_bucket{le=\"0.005\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(out.data,
	    "picketd_commit_duration_seconds_bucket{le=\"2.5\"} 2\n"
	    "picketd_commit_duration_seconds_bucket{le=\"5\"} 3\n"
	    "picketd_commit_duration_seconds_bucket{le=\"10\"} 3\n"
	    "picketd_commit_duration_seconds_bucket{le=\"+Inf\"} 4\n"
	    "picketd_commit_duration_seconds_sum 103.0021\n"
	    "picketd_commit_duration_seconds_count 4\n"));
	ck_assert_ptr_nonnull(strstr(scrape(true), "_bucket{le=\"10.0\"} 3\n"));
	ck_assert(near(metrics_value(METRIC_COMMIT_DURATION, NULL, NULL), 4));
}
END_TEST

START_TEST(metrics_openmetrics_names_counter_families_without_total_and_ends)
{
	metrics_count(METRIC_LOST, "alert", NULL, 1);
	const char *text = scrape(true);
	ck_assert_ptr_nonnull(strstr(text, "# TYPE picketd_lost counter\npicketd_lost_total{what=\"alert\"} 1\n"));
	ck_assert_ptr_null(strstr(text, "# TYPE picketd_lost_total"));
	ck_assert_str_eq(text + out.len - 6, "# EOF\n");
	ck_assert_ptr_null(strstr(scrape(false), "# EOF"));
}
END_TEST

START_TEST(metrics_families_are_described_once)
{
	metrics_count(METRIC_LOST, "a", NULL, 1);
	metrics_count(METRIC_LOST, "b", NULL, 1);
	const char *first = strstr(scrape(false), "# TYPE picketd_lost_total");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "# TYPE picketd_lost_total"));
}
END_TEST

START_TEST(metrics_beyond_the_limit_go_to_other)
{
	char rule[32];
	for (int i = 0; i < 4200; i++) {
		snprintf(rule, sizeof rule, "rule-%d", i);
		metrics_count(METRIC_RULE_MATCHES, rule, NULL, 1);
	}
	ck_assert(near(metrics_value(METRIC_RULE_MATCHES, "rule-4095", NULL), 1));
	ck_assert(near(metrics_value(METRIC_RULE_MATCHES, "rule-4096", NULL), 0));
	ck_assert(near(metrics_value(METRIC_RULE_MATCHES, "other", NULL), 104));
	metrics_count(METRIC_ALERTS, "r", "event", 1);
	ck_assert(near(metrics_value(METRIC_ALERTS, "other", "other"), 1));
	metrics_series h = metrics_get(METRIC_DETECTION_LATENCY, NULL, NULL);
	metrics_observe(h, 1);
	ck_assert(near(metrics_value(METRIC_DETECTION_LATENCY, NULL, NULL), 1));
	metrics_add(0, 1);
	metrics_set(0, 1);
	metrics_observe(0, 1);
}
END_TEST

static void *
add_many(void *ctx)
{
	metrics_series counter = metrics_get(METRIC_EVENTS_DUPLICATE, NULL, NULL);
	metrics_series histogram = metrics_get(METRIC_EVENT_LAG, ctx, NULL);
	for (int i = 0; i < 20000; i++) {
		metrics_add(counter, 1);
		metrics_observe(histogram, 0.25);
		metrics_set(metrics_get(METRIC_READY, NULL, NULL), i);
	}
	return NULL;
}

START_TEST(metrics_of_threads_are_kept_after_their_end)
{
	static char name[] = "lag";
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, name), 0);
	double seen = 0;
	for (int i = 0; i < 50; i++) {
		double now = metrics_value(METRIC_EVENTS_DUPLICATE, NULL, NULL);
		ck_assert(now >= seen);
		seen = now;
		scrape(i & 1);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert(near(metrics_value(METRIC_EVENTS_DUPLICATE, NULL, NULL), 80000));
	ck_assert(near(metrics_value(METRIC_EVENT_LAG, "lag", NULL), 80000));
	ck_assert_ptr_nonnull(strstr(scrape(false), "picketd_event_lag_seconds_sum{category=\"lag\"} 20000\n"));
}
END_TEST

START_TEST(metrics_write_says_when_there_is_no_room)
{
	struct buf small;
	buf_init(&small, 100);
	ck_assert_int_eq(metrics_write(&small, false), -1);
	buf_fini(&small);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {metrics_counter_is_summed_and_labels_are_escaped,
	    metrics_gauge_keeps_the_last_value_and_moves_by_adds, metrics_histogram_has_cumulative_buckets_sum_and_count,
	    metrics_openmetrics_names_counter_families_without_total_and_ends, metrics_families_are_described_once,
	    metrics_beyond_the_limit_go_to_other, metrics_of_threads_are_kept_after_their_end,
	    metrics_write_says_when_there_is_no_room, NULL};
	return unit_run("metrics", tests);
}
