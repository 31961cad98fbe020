#include "alert/ident.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"

static void
add(struct ident *ident, struct str part)
{
	if (ident->count < IDENT_PARTS_MAX)
		ident->parts[ident->count++] = part;
}

static void
add_number(struct ident *ident, int64_t number)
{
	int n = snprintf(ident->number, sizeof(ident->number), "%" PRId64, number);
	add(ident, str_make(ident->number, (size_t)n));
}

static void
begin(struct ident *ident, struct str kind, const struct finding *f)
{
	memset(ident, 0, sizeof(*ident));
	add(ident, kind);
	add(ident, f->event->tenant);
	add(ident, str_of(f->rule->id));
}

void
ident_alert(const struct finding *f, struct ident *out)
{
	begin(out, STR("alert/1"), f);
	add(out, f->event->id);
	/* What joins alerts has one id, whether it finds one to join or not: the same report is one alert. */
	bool escalates = f->kind == FINDING_TRIGGER && f->rule->dedup_joins;
	add(out, str_of(finding_kind_name(escalates ? FINDING_ESCALATE : f->kind)));
	for (unsigned i = 0; i < f->group_count; i++)
		add(out, f->group[i].value);
	if (f->begin_ms)
		add_number(out, f->begin_ms);
}

/* One field of the dedup key. Values compare without case, so that every shape of an account is one key. */
static void
add_folded(struct ident *ident, unsigned slot, const char *field, struct str value)
{
	char *copy = ident->folded[slot];
	size_t len = value.len < sizeof(ident->folded[slot]) ? value.len : sizeof(ident->folded[slot]);
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)(value.p[i] >= 'A' && value.p[i] <= 'Z' ? value.p[i] + ('a' - 'A') : value.p[i]);
	add(ident, str_of(field));
	/* A longer value keeps all its bytes as received: cutting it would join strangers. */
	add(ident, value.len <= sizeof(ident->folded[slot]) ? str_make(copy, len) : value);
}

/* The alert document's own names stand for the canonical fields. */
static int
slot_of(const struct rule_field *field)
{
	static const struct {
		const char *name;
		int slot;
	} names[] = {{"src.ip", FIELD_IP_ADDRESS}, {"user.id", FIELD_USER_ID}, {"user.name", FIELD_USER_PRINCIPAL_NAME},
	    {"app.id", FIELD_APP_ID}};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(field->name, names[i].name) == 0)
			return names[i].slot;
	}
	return field->slot;
}

static void
add_default_key(struct ident *ident, const struct event *e)
{
	static const struct {
		const char *name;
		int slot;
	} choices[] = {{"user.id", FIELD_USER_ID}, {"user.name", FIELD_USER_PRINCIPAL_NAME},
	    {"user.id", FIELD_SERVICE_PRINCIPAL_ID}, {"src.ip", FIELD_IP_ADDRESS}};
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct str value = str_trim(event_text(e, choices[i].slot));
		if (value.len > 0) {
			add_folded(ident, 0, choices[i].name, value);
			return;
		}
	}
}

void
ident_dedup(const struct finding *f, struct ident *out)
{
	const struct rule *rule = f->rule;
	begin(out, STR("dedup/1"), f);
	if (rule->dedup_rule)
		out->parts[out->count - 1] = str_of(rule->dedup_rule);
	if (rule->dedup_count > 0) {
		for (unsigned i = 0; i < rule->dedup_count && i < RULE_GROUP_MAX; i++)
			add_folded(out, i, rule->dedup_by[i].name, event_text(f->event, slot_of(&rule->dedup_by[i])));
	} else if (f->group_count > 0) {
		for (unsigned i = 0; i < f->group_count && i < RULE_GROUP_MAX; i++)
			add_folded(out, i, f->group[i].field, f->group[i].value);
	} else {
		add_default_key(out, f->event);
	}
}

/* Windows before 1970 are windows too: round down, not to zero. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b < 0 ? q - 1 : q;
}

void
ident_group(const struct finding *f, struct ident *out)
{
	begin(out, STR("group/1"), f);
	for (unsigned i = 0; i < f->group_count; i++)
		add(out, f->group[i].value);
	int64_t span = f->timespan_ms > 0 ? f->timespan_ms : 1;
	add_number(out, floor_div(f->event->event_ms, span));
}

void
ident_text(const struct ident *ident, const char prefix[4], char *out)
{
	alert_make_id(out, prefix, ident->parts, ident->count);
}

void
alert_make_id(char *out, const char prefix[4], const struct str *parts, unsigned count)
{
	struct str pieces[3 * IDENT_PARTS_MAX];
	char lengths[IDENT_PARTS_MAX][24];
	if (count > IDENT_PARTS_MAX)
		count = IDENT_PARTS_MAX;
	for (unsigned i = 0; i < count; i++) {
		int n = snprintf(lengths[i], sizeof(lengths[i]), "%zu:", parts[i].len);
		pieces[3 * i] = str_make(lengths[i], (size_t)n);
		pieces[3 * i + 1] = parts[i].p ? parts[i] : STR("");
		pieces[3 * i + 2] = STR(",");
	}
	uint8_t digest[SHA256_SIZE];
	codec_sha256_pieces(pieces, (size_t)count * 3, digest);
	memcpy(out, prefix, 4);
	codec_hex(digest, 16, out + 4);
}
