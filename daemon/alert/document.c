#include "alert/document.h"

#include <stdio.h>
#include <string.h>

#include "alert/attack.h"
#include "alert/ident.h"
#include "alert/incidents.h"
#include "alert/json_value.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/inet.h"
#include "detect/tuning.h"
#include "sigma/correlation.h"

enum { REASONS_MAX = 16, MATCHED_MAX = 32 };

static json_t *
strings_json(const char *const *items)
{
	bool bad = false;
	json_t *array = json_array();
	for (; *items; items++)
		bad |= json_array_append_new(array, json_text(str_of(*items))) < 0;
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *
cstring_or_null(const char *text)
{
	return json_text_or_null(str_of(text));
}

/* A term's name as words; with what was seen when a selection of that name is among the reasons. */
static json_t *
term_text(const struct finding *f, const char *name)
{
	char text[256];
	size_t n = 0;
	for (; n < 100 && name[n]; n++)
		text[n] = (char)(name[n] == '_' || name[n] == '-' ? ' ' : name[n]);
	text[n] = '\0';
	for (unsigned i = 0; i < f->reason_count; i++) {
		const struct match_reason *r = &f->reasons[i];
		if (strcmp(r->selection, name) != 0 || !r->field[0])
			continue;
		snprintf(text + n, sizeof(text) - n, ": %.60s %.*s", r->field,
		    (int)(r->value.len < 80 ? r->value.len : 80), r->value.p ? r->value.p : "");
		break;
	}
	return json_text(str_of(text));
}

static json_t *
score_reasons(const struct finding *f)
{
	bool bad = false;
	json_t *array = json_array();
	for (unsigned i = 0; i < f->rule->term_count && i < REASONS_MAX; i++) {
		if (!(f->terms & (UINT32_C(1) << i)))
			continue;
		json_t *reason = json_object();
		json_put(reason, "code", json_text(str_of(f->rule->terms[i].name)), &bad);
		json_put(reason, "points", json_integer(f->rule->terms[i].add), &bad);
		json_put(reason, "text", term_text(f, f->rule->terms[i].name), &bad);
		bad |= json_array_append_new(array, reason) < 0;
	}
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *
matched(const struct finding *f)
{
	bool bad = false;
	json_t *array = json_array();
	for (unsigned i = 0; i < f->reason_count && i < MATCHED_MAX; i++) {
		const struct match_reason *r = &f->reasons[i];
		json_t *entry = json_object();
		json_put(entry, "selection", json_text(str_of(r->selection)), &bad);
		json_put(entry, "field", json_text(str_of(r->field)), &bad);
		json_put(entry, "value", json_text(r->value), &bad);
		bad |= json_array_append_new(array, entry) < 0;
	}
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *
fields(const struct finding *f)
{
	bool bad = false;
	json_t *object = json_object();
	for (unsigned i = 0; i < f->rule->column_count; i++) {
		const struct rule_column *c = &f->rule->columns[i];
		switch (c->kind) {
		case COLUMN_FIELD:
			json_put(object, c->name, json_value(event_value(f->event, c->slot)), &bad);
			break;
		case COLUMN_MESSAGE_TIME:
			json_put(object, c->name, json_time(f->event->event_ms), &bad);
			break;
		case COLUMN_THREAT_SCORE:
			json_put(object, c->name, json_integer(f->score), &bad);
			break;
		}
	}
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *
rule_json(const struct rule *rule)
{
	bool bad = false;
	json_t *object = json_object();
	json_put(object, "id", json_text(str_of(rule->id)), &bad);
	json_put(object, "name", json_text(str_of(rule->title)), &bad);
	json_put(object, "author", cstring_or_null(rule->author), &bad);
	json_put(object, "version", json_integer(rule->version), &bad);
	json_put(object, "tags", strings_json(rule->tags), &bad);
	json_put(object, "references", strings_json(rule->references), &bad);
	json_put(object, "runbook_url", cstring_or_null(rule->runbook_url), &bad);
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *
user_json(const struct event *e)
{
	struct str id = event_text(e, FIELD_USER_ID), name = event_text(e, FIELD_USER_PRINCIPAL_NAME);
	struct str display = event_text(e, FIELD_USER_DISPLAY_NAME);
	if (id.len == 0)
		id = event_text(e, FIELD_SERVICE_PRINCIPAL_ID);
	if (id.len + name.len + display.len == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "id", json_text_or_null(id), "name", json_text_or_null(name), "display",
	    json_text_or_null(display));
}

static json_t *
whole_or_null(struct str text)
{
	int64_t n;
	return str_to_i64(str_trim(text), &n) && n >= INT32_MIN && n <= UINT32_MAX ? json_integer(n) : json_null();
}

static json_t *
src_json(const struct event *e)
{
	struct str ip = event_text(e, FIELD_IP_ADDRESS), asn = event_text(e, FIELD_ASN);
	struct inet address;
	char text[INET_TEXT_SIZE];
	if (ip.len == 0)
		return json_null();
	if (inet_parse(str_trim(ip), &address)) {
		inet_text(&address, text);
		ip = str_of(text);
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "ip", json_text(ip), "country",
	    json_text_or_null(event_text(e, FIELD_COUNTRY)), "city", json_text_or_null(event_text(e, FIELD_CITY)), "asn",
	    whole_or_null(asn));
}

static json_t *
app_json(const struct event *e)
{
	struct str id = event_text(e, FIELD_APP_ID), name = event_text(e, FIELD_APP_DISPLAY_NAME);
	if (id.len + name.len == 0)
		return json_null();
	return json_pack("{s:o, s:o}", "id", json_text_or_null(id), "name", json_text_or_null(name));
}

/* Only what the event tells. */
static json_t *
client_json(const struct event *e)
{
	static const struct {
		const char *key;
		int slot;
	} members[] = {{"app_used", FIELD_CLIENT_APP_USED}, {"user_agent", FIELD_USER_AGENT}, {"device_id", FIELD_DEVICE_ID},
	    {"os", FIELD_DEVICE_OS}, {"browser", FIELD_DEVICE_BROWSER}};
	bool bad = false;
	json_t *object = json_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct str text = event_text(e, members[i].slot);
		if (text.len > 0)
			json_put(object, members[i].key, json_text(text), &bad);
	}
	if (bad || json_object_size(object) == 0) {
		json_decref(object);
		return bad ? NULL : json_null();
	}
	return object;
}

static json_t *
correlation_rules(const struct rule *rule)
{
	bool bad = false;
	json_t *array = json_array();
	const struct correlation *c = rule->correlation;
	for (unsigned i = 0; c && i < c->feed_count; i++)
		bad |= json_array_append_new(array, json_text(str_of(c->feeds[i].rule->id))) < 0;
	if (!c)
		bad |= json_array_append_new(array, json_text(str_of(rule->id))) < 0;
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

/* A burst rule is what an event_count gte 1 correlation around it would be, and reads the same. */
static json_t *
correlation_json(const struct finding *f)
{
	if (!f->rule->correlation && f->rule->burst.span_ms <= 0)
		return json_null();
	const struct correlation *c = f->rule->correlation;
	struct ident ident;
	char group_id[ALERT_ID_SIZE];
	ident_group(f, &ident);
	ident_text(&ident, "grp_", group_id);
	bool bad = false;
	json_t *object = json_object(), *group = json_object();
	for (unsigned i = 0; i < f->group_count; i++)
		json_put(group, f->group[i].field, json_text(f->group[i].value), &bad);
	json_put(object, "type", json_string(c ? c->type_name : "event_count"), &bad);
	json_put(object, "timespan_s", json_number((double)f->timespan_ms / 1000.0), &bad);
	json_put(object, "group_by", group, &bad);
	json_put(object, "group_id", json_string(group_id), &bad);
	json_put(object, "value", json_number(c || f->value >= 1 ? f->value : 1), &bad);
	json_put(object, "threshold", json_number(c ? f->threshold : 1), &bad);
	json_put(object, "rel_err", json_integer(0), &bad);
	json_put(object, "state", json_string(f->partial ? "partial" : "complete"), &bad);
	json_put(object, "rules", correlation_rules(f->rule), &bad);
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *
evidence_entry(const struct evidence *e)
{
	bool bad = false;
	json_t *object = json_object();
	json_put(object, "event_id", json_text(str_of(e->event_id)), &bad);
	json_put(object, "time", json_time(e->time_ms), &bad);
	json_put(object, "user", cstring_or_null(e->user), &bad);
	json_put(object, "ip", cstring_or_null(e->ip), &bad);
	json_put(object, "error_code", e->code >= 0 ? json_integer(e->code) : json_null(), &bad);
	json_put(object, "sha256", cstring_or_null(e->sha256), &bad);
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static void
copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.len < size ? s.len : size - 1;
	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

/* The completing event itself, when detection kept no list. */
static json_t *
own_evidence(const struct event *e)
{
	struct evidence own = {.time_ms = e->event_ms, .code = -1};
	uint8_t digest[SHA256_SIZE];
	copy_text(own.event_id, sizeof(own.event_id), e->id);
	copy_text(own.user, sizeof(own.user), event_text(e, FIELD_USER_PRINCIPAL_NAME));
	copy_text(own.ip, sizeof(own.ip), event_text(e, FIELD_IP_ADDRESS));
	int64_t code;
	if (str_to_i64(str_trim(event_text(e, FIELD_RESULT_TYPE)), &code) && code >= 0)
		own.code = code;
	codec_sha256(e->raw, digest);
	codec_hex(digest, sizeof(digest), own.sha256);
	return evidence_entry(&own);
}

static json_t *
evidence_json(const struct finding *f)
{
	bool bad = false;
	json_t *array = json_array();
	for (unsigned i = 0; i < f->evidence_count && i < EVIDENCE_MAX; i++)
		bad |= json_array_append_new(array, evidence_entry(&f->evidence[i])) < 0;
	if (f->evidence_count == 0)
		bad |= json_array_append_new(array, own_evidence(f->event)) < 0;
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *
anomalies(const struct event *e)
{
	bool bad = false;
	json_t *array = json_array();
	for (unsigned bit = 1; bit != 0 && bit <= e->anomalies; bit <<= 1) {
		const char *name = e->anomalies & bit ? event_anomaly_name(bit) : NULL;
		if (name)
			bad |= json_array_append_new(array, json_string(name)) < 0;
	}
	if (bad) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *
suppression(const struct finding *f)
{
	const struct tuning_entry *entry = f->suppressed_by;
	bool bad = false;
	json_t *o = json_object();
	json_put(o, "reason", json_text_or_null(str_of(alert_suppressed(f))), &bad);
	json_put(o, "until", entry && entry->end_ms != INT64_MAX ? json_time(entry->end_ms) : json_null(), &bad);
	json_put(o, "count", json_integer(entry ? 0 : f->held_back), &bad);
	json_put(o, "silence_id", entry ? json_text(str_of(entry->id)) : json_null(), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *
tuning_entry(const struct tuning_entry *entry, const char *effect)
{
	bool bad = false;
	json_t *o = json_object();
	json_put(o, "entry", json_text(str_of(entry->id)), &bad);
	json_put(o, "effect", json_string(effect), &bad);
	json_put(o, "owner", json_text(str_of(entry->owner)), &bad);
	json_put(o, "reason", json_text(str_of(entry->reason)), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Every entry that has a part in this alert; most alerts have none, and no such member. */
static void
put_tuning(json_t *o, const struct finding *f, bool *bad)
{
	json_t *array;
	if (f->tuning_count == 0 && !f->suppressed_by)
		return;
	array = json_array();
	for (unsigned i = 0; i < f->tuning_count; i++)
		*bad |= json_array_append_new(array, tuning_entry(f->tuning[i], "exempted")) < 0;
	if (f->suppressed_by)
		*bad |= json_array_append_new(array, tuning_entry(f->suppressed_by, "suppressed")) < 0;
	json_put(o, "tuning", array, bad);
}

/* The alert that this one joins, or the report that came before it; null when a rule looked for one in vain. Most
 * alerts have none, and no such member. */
static void
put_related(json_t *o, const struct finding *f, bool *bad)
{
	const struct incident_place *place = f->place;
	if (place && place->related[0]) {
		json_t *related = json_object();
		json_put(related, "alert_id", json_string(place->related), bad);
		json_put(related, "event_id", json_text(str_of(place->event_id)), bad);
		json_put(o, "related", related, bad);
	} else if (f->rule->dedup_joins) {
		json_put(o, "related", json_null(), bad);
	}
}

static void
put_what(json_t *o, const struct finding *f, const struct document_ids *ids, bool *bad)
{
	json_put(o, "schema", json_string("alert/1"), bad);
	json_put(o, "id", json_string(ids->alert), bad);
	json_put(o, "dedup_key", json_string(ids->dedup_key), bad);
	json_put(o, "kind", json_string(finding_kind_name(f->kind)), bad);
	json_put(o, "title", document_title(f), bad);
	json_put(o, "threat_score", json_integer(f->score), bad);
	json_put(o, "severity", json_string(rule_level_name(f->rule->level)), bad);
	json_put(o, "confidence", cstring_or_null(f->silent ? "low" : f->rule->confidence), bad);
	json_put(o, "score_reasons", score_reasons(f), bad);
	json_put(o, "matched", matched(f), bad);
	json_put(o, "fields", fields(f), bad);
}

static void
put_who(json_t *o, const struct finding *f, bool *bad)
{
	json_put(o, "rule", rule_json(f->rule), bad);
	json_put(o, "mitre", attack_json(f->rule->tags), bad);
	json_put(o, "tenant_id", json_text_or_null(f->event->tenant), bad);
	json_put(o, "user", user_json(f->event), bad);
	json_put(o, "src", src_json(f->event), bad);
	json_put(o, "app", app_json(f->event), bad);
	json_put(o, "client", client_json(f->event), bad);
	json_put(o, "outcome", document_outcome(f), bad);
	json_put(o, "context", document_context(f->context, f->rule), bad);
	json_put(o, "correlation", correlation_json(f), bad);
	put_related(o, f, bad);
}

json_t *
document_json(const struct finding *f, const struct alert_producer *producer, const struct document_ids *ids,
    int64_t detected_ms)
{
	bool bad = false;
	json_t *o = json_object();
	put_what(o, f, ids, &bad);
	json_put(o, "event_time", json_time(f->event->event_ms), &bad);
	json_put(o, "detected_at", json_time(detected_ms), &bad);
	put_who(o, f, &bad);
	json_put(o, "evidence", evidence_json(f), &bad);
	uint64_t total = f->evidence_total > 0 ? f->evidence_total : 1;
	json_put(o, "evidence_total", json_integer((json_int_t)total), &bad);
	json_put(o, "suppressed", json_boolean(alert_suppressed(f)), &bad);
	json_put(o, "suppression", suppression(f), &bad);
	put_tuning(o, f, &bad);
	json_put(o, "anomalies", anomalies(f->event), &bad);
	json_put(o, "truncated", json_array(), &bad);
	json_put(o, "producer",
	    json_pack("{s:s, s:s, s:s, s:s}", "name", "picketd", "version", producer->version, "instance",
	        producer->instance, "ruleset", producer->ruleset), &bad);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}
