/* What the windows of this source and this user said at that moment. A count
 * that is a floor says so: distinct_exact, window_state. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alert/document.h"
#include "alert/json_value.h"
#include "detect/named.h"

static json_t *
codes_json(const struct context_window *w)
{
	bool bad = false;
	json_t *object = json_object();
	for (unsigned i = 0; i < w->code_count && i < CONTEXT_CODES_MAX; i++) {
		char key[24];
		snprintf(key, sizeof(key), "%" PRId64, w->codes[i].code);
		json_put(object, key, json_integer(w->codes[i].count), &bad);
	}
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *
names_json(const char names[][CONTEXT_NAME_SIZE], unsigned count)
{
	bool bad = false;
	json_t *array = json_array();
	for (unsigned i = 0; i < count && i < CONTEXT_NAMES_MAX; i++)
		bad |= json_array_append_new(array, json_text(str_of(names[i]))) < 0;
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static void
put_counts(json_t *o, const struct context_window *w, bool *bad)
{
	json_put(o, "key", json_text(str_of(w->key)), bad);
	json_put(o, "window_s", json_number((double)w->window_ms / 1000.0), bad);
	json_put(o, "attempts", json_integer(w->attempts), bad);
	json_put(o, "failures", json_integer(w->failures), bad);
	json_put(o, "interrupted", json_integer(w->interrupted), bad);
	json_put(o, "successes", json_integer(w->successes), bad);
}

static void
put_times(json_t *o, const struct context_window *w, bool *bad)
{
	json_put(o, "distinct_exact", json_boolean(w->distinct_exact), bad);
	json_put(o, "error_codes", codes_json(w), bad);
	json_put(o, "first_seen", w->attempts > 0 ? json_time(w->first_ms) : json_null(), bad);
	json_put(o, "last_seen", w->attempts > 0 ? json_time(w->last_ms) : json_null(), bad);
}

static void
put_state(json_t *o, const struct context_window *w, bool *bad)
{
	json_put(o, "window_state", json_string(w->partial ? "partial" : "complete"), bad);
}

static json_t *
ip_json(const struct context *c)
{
	const struct context_window *w = &c->ip;
	if (!w->present)
		return json_null();
	bool bad = false;
	json_t *o = json_object();
	put_counts(o, w, &bad);
	json_put(o, "distinct_users", json_integer(w->distinct), &bad);
	json_put(o, "failed_users", json_integer(w->failed), &bad);
	json_put(o, "successful_users", json_integer(w->successful), &bad);
	json_put(o, "strangers", json_integer(w->strangers), &bad);
	json_put(o, "stranger_ratio", json_number(w->stranger_ratio), &bad);
	put_times(o, w, &bad);
	json_put(o, "users_sample", names_json(c->names.sample, c->names.sample_count), &bad);
	json_put(o, "compromised", names_json(c->names.compromised, c->names.compromised_count), &bad);
	put_state(o, w, &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *
user_json(const struct context_window *w)
{
	if (!w->present)
		return json_null();
	bool bad = false;
	json_t *o = json_object();
	put_counts(o, w, &bad);
	json_put(o, "distinct_ips", json_integer(w->distinct), &bad);
	json_put(o, "distinct_asns", json_integer(w->distinct_asns), &bad);
	put_times(o, w, &bad);
	put_state(o, w, &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *
key_json(const struct named *named, unsigned window)
{
	bool bad = false;
	json_t *o = json_object();
	for (unsigned i = 0; i < named_key_count(named, window); i++) {
		char text[NAMED_TEXT_SIZE];
		const char *field = named_key(named, window, i, text);
		json_put(o, field, json_text(str_of(text)), &bad);
	}
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static void
put_figures(json_t *o, const struct named_figures *f, bool *bad)
{
	for (unsigned i = 0; i < WINDOW_FIGURES; i++) {
		if (i == FIGURE_AGE)
			json_put(o, "age_s", json_number((double)f->counts[i] / 1000.0), bad);
		else if (i == FIGURE_STRANGER_RATIO)
			json_put(o, window_figure_name(i), json_number((double)f->counts[i] / 1e6), bad);
		else
			json_put(o, window_figure_name(i), json_integer((json_int_t)f->counts[i]), bad);
	}
}

static json_t *
named_json(const struct named *named, unsigned window)
{
	struct named_figures f;
	if (!named_read(named, window, &f))
		return json_null();
	bool bad = false, any = f.counts[FIGURE_ATTEMPTS] > 0;
	json_t *o = json_object();
	json_put(o, "key", key_json(named, window), &bad);
	json_put(o, "window_s", json_number((double)f.span_ms / 1000.0), &bad);
	put_figures(o, &f, &bad);
	json_put(o, "distinct_exact", json_boolean(f.exact), &bad);
	json_put(o, "first_seen", any ? json_time(f.first_ms) : json_null(), &bad);
	json_put(o, "last_seen", any ? json_time(f.last_ms) : json_null(), &bad);
	json_put(o, "window_state", json_string(f.partial ? "partial" : "complete"), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* A filter may test a window of the configuration that has the name of the rule's own, which stands before it. */
static bool
is_named_before(const struct rule *rule, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (strcmp(rule->windows[i].name, rule->windows[at].name) == 0)
			return true;
	return false;
}

static json_t *
windows_json(const struct named *named, const struct rule *rule)
{
	bool bad = false;
	json_t *o = json_object();
	for (unsigned i = 0; i < rule->window_count; i++)
		if (!is_named_before(rule, i))
			json_put(o, rule->windows[i].name, named_json(named, rule->windows[i].window), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *
document_context(const struct context *context, const struct rule *rule)
{
	bool bad = false;
	json_t *o = json_object();
	json_put(o, "ip", context ? ip_json(context) : json_null(), &bad);
	json_put(o, "user", context ? user_json(&context->user) : json_null(), &bad);
	if (context && context->named && rule->window_count)
		json_put(o, "windows", windows_json(context->named, rule), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *
document_outcome(const struct finding *f)
{
	bool bad = false;
	json_t *o = json_object();
	const struct context *c = f->context;
	json_put(o, "result", json_string(outcome_class_name(c ? c->outcome : OUTCOME_OTHER)), &bad);
	json_put(o, "error_code", c && c->code >= 0 ? json_integer(c->code) : json_null(), &bad);
	json_put(o, "reason", json_text_or_null(event_text(f->event, FIELD_RESULT_DESCRIPTION)), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}
