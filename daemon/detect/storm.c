#include "detect/storm.h"

enum { KEY_STORM = 19 }; /* of window_table_key */

struct storm
storm_of(const struct storm_limit *l, const struct rule *rule, struct str tenant, int64_t at_ms)
{
	struct str parts[] = {tenant, str_of(rule->id),
		str_make((const char *)&rule->definition, sizeof(rule->definition))};
	return (struct storm){window_table_key(l->windows, KEY_STORM, parts, 3), at_ms};
}

static bool
is_above(double value, const void *ctx)
{
	return value > *(const uint32_t *)ctx;
}

static bool
is_at_least(double value, const void *ctx)
{
	return value >= *(const uint32_t *)ctx;
}

bool
storm_is_full(const struct storm_limit *l, const struct storm *s)
{
	struct window_probe probe = {s->at_ms, false, is_at_least, &l->alerts};
	struct window_verdict v;
	if (l->alerts == 0)
		return false;
	window_table_probe(l->windows, s->key, l->span_ms, NULL, &probe, &v);
	return v.after;
}

uint32_t
storm_count(const struct storm_limit *l, const struct storm *s, bool *begins)
{
	struct window_update update = {.ts_ms = s->at_ms, .code = WINDOW_CODE_NONE};
	struct window_probe probe = {s->at_ms, false, is_above, &l->alerts};
	struct window_verdict v;
	*begins = false;
	if (l->alerts == 0)
		return 0;
	window_table_probe(l->windows, s->key, l->span_ms, &update, &probe, &v);
	*begins = v.after && !v.before;
	return v.after && v.events > l->alerts ? v.events - l->alerts : v.after;
}
