/* The exposition formats: Prometheus text 0.0.4 and OpenMetrics 1.0. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "base/metrics_series.h"

/* Shortest of the usual precisions that reads back as the same number. */
static int
add_number(struct buf *out, double v, bool openmetrics)
{
	char text[40];
	if (isnan(v))
		return buf_add_str(out, STR("NaN"));
	if (isinf(v))
		return buf_add_str(out, v > 0 ? STR("+Inf") : STR("-Inf"));
	for (int precision = 15; precision <= 17; precision++) {
		double back;
		snprintf(text, sizeof text, "%.*g", precision, v);
		if (str_to_double(str_of(text), &back) && !(back < v) && !(back > v))
			break;
	}
	/* OpenMetrics wants a float to look like one. */
	bool plain = !strpbrk(text, ".e");
	return buf_addf(out, "%s%s", text, openmetrics && plain ? ".0" : "");
}

static int
add_label(struct buf *out, const char *name, const char *value)
{
	if (buf_addf(out, "%s=\"", name) != 0)
		return -1;
	for (const char *p = value; *p; p++) {
		int failed;
		if (*p == '\n')
			failed = buf_add_str(out, STR("\\n"));
		else if (*p == '"' || *p == '\\')
			failed = buf_addf(out, "\\%c", *p);
		else
			failed = buf_add(out, p, 1);
		if (failed)
			return -1;
	}
	return buf_add(out, "\"", 1);
}

/* name suffix {labels, le} and a space. */
static int
add_head(struct buf *out, const struct metric_info *info, const struct series_view *view, const char *suffix,
    const char *le)
{
	const char *sep = "{";
	const char *names[] = {info->label1, info->label2, le ? "le" : NULL};
	const char *values[] = {view->value1, view->value2, le};
	if (buf_addf(out, "%s%s", info->name, suffix) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (!names[i])
			continue;
		if (buf_addf(out, "%s", sep) != 0 || add_label(out, names[i], values[i]) != 0)
			return -1;
		sep = ",";
	}
	return buf_add_str(out, *sep == ',' ? STR("} ") : STR(" "));
}

static int
add_histogram(struct buf *out, const struct metric_info *info, const struct series_view *view, bool openmetrics)
{
	uint64_t below = 0;
	for (int i = 0; i < METRIC_BUCKETS; i++) {
		struct buf le;
		buf_init(&le, 64);
		below += view->buckets[i];
		int failed = add_number(&le, i < METRIC_BUCKETS - 1 ? metric_bounds[i] : (double)INFINITY, openmetrics) != 0 ||
		    add_head(out, info, view, "_bucket", le.data) != 0 || buf_addf(out, "%ju\n", (uintmax_t)below) != 0;
		buf_fini(&le);
		if (failed)
			return -1;
	}
	if (add_head(out, info, view, "_sum", NULL) != 0 || add_number(out, view->value, openmetrics) != 0 ||
	    buf_add(out, "\n", 1) != 0 || add_head(out, info, view, "_count", NULL) != 0)
		return -1;
	return buf_addf(out, "%ju\n", (uintmax_t)view->count);
}

static int
add_series(struct buf *out, const struct metric_info *info, const struct series_view *view, bool openmetrics)
{
	if (info->type == METRIC_HISTOGRAM)
		return add_histogram(out, info, view, openmetrics);
	if (add_head(out, info, view, "", NULL) != 0)
		return -1;
	if (info->type == METRIC_COUNTER)
		return buf_addf(out, "%ju\n", (uintmax_t)view->count);
	return add_number(out, view->value, openmetrics) != 0 ? -1 : buf_add(out, "\n", 1);
}

static int
add_family(struct buf *out, enum metric m, bool openmetrics)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	const struct metric_info *info = &metric_infos[m];
	struct str name = str_of(info->name);
	/* OpenMetrics names the family without what its samples add. */
	if (openmetrics && info->type == METRIC_COUNTER && str_ends(name, STR("_total")))
		name.len -= strlen("_total");
	if (buf_addf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)name.len, name.p, info->help, (int)name.len, name.p,
	        types[info->type]) != 0)
		return -1;
	struct series_view view;
	for (metrics_series s = 0; (s = metrics_next(m, s, &view)) != 0;)
		if (add_series(out, info, &view, openmetrics) != 0)
			return -1;
	return 0;
}

int
metrics_write(struct buf *out, bool openmetrics)
{
	int result = 0;
	metrics_lock();
	for (unsigned m = 0; m < METRIC_COUNT && result == 0; m++)
		result = add_family(out, (enum metric)m, openmetrics);
	metrics_unlock();
	if (result == 0 && openmetrics)
		result = buf_add_str(out, STR("# EOF\n"));
	return result;
}
