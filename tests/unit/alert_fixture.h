/* A finding to build alerts from: the spray of the delivery page's example.
 * Everything may be changed before fixture_alert() is called. */
#ifndef TESTS_ALERT_FIXTURE_H
#define TESTS_ALERT_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "alert/alert.h"
#include "sigma/correlation.h"
#include "unit/unit.h"

#define FIXTURE_TENANT "8f0c1d2e-0000-4000-8000-000000000001"
#define FIXTURE_EVENT "SignInLogs/0231f922-93fa-4005-bb11-b344eca03c01"

enum { FIXTURE_SLOTS = FIELD_FIXED_COUNT + 8 };

struct fixture {
	struct finding finding;
	struct event event;
	struct value slots[FIXTURE_SLOTS];
	struct context context;
	struct rule rule, base;
	struct correlation_feed bases[1];
	struct correlation correlation;
	const char *tags[8], *references[8];
	struct rule_field group_by[1], dedup_by[2];
	struct rule_term terms[2];
	struct rule_column columns[8];
	struct match_reason reasons[4];
	struct evidence evidence[EVIDENCE_MAX];
	char id[64];
};

static inline void
fixture_set(struct fixture *x, int slot, enum value_type type, const char *text)
{
	x->slots[slot] = (struct value){.text = str_of(text), .type = (uint8_t)type};
}

static inline void
fixture_event(struct fixture *x)
{
	x->event = (struct event){.slots = x->slots, .slot_count = FIXTURE_SLOTS, .shape = "entra-diagnostic",
	    .category = STR("SignInLogs"), .id = STR(FIXTURE_EVENT), .tenant = STR(FIXTURE_TENANT),
	    .raw = STR("{\"category\":\"SignInLogs\"}"), .event_ms = INT64_C(1795377598000), .has_time = true,
	    .is_sign_in = true};
	fixture_set(x, FIELD_USER_PRINCIPAL_NAME, VALUE_STRING, "user46@contoso.example");
	fixture_set(x, FIELD_USER_ID, VALUE_STRING, "6b1f0c44-0000-4000-8000-00000000002e");
	fixture_set(x, FIELD_USER_DISPLAY_NAME, VALUE_STRING, "User 46");
	fixture_set(x, FIELD_IP_ADDRESS, VALUE_STRING, "203.0.113.7");
	fixture_set(x, FIELD_COUNTRY, VALUE_STRING, "NL");
	fixture_set(x, FIELD_ASN, VALUE_NUMBER, "64500");
	fixture_set(x, FIELD_APP_DISPLAY_NAME, VALUE_STRING, "Office 365");
	fixture_set(x, FIELD_CLIENT_APP_USED, VALUE_STRING, "Other clients");
	fixture_set(x, FIELD_USER_AGENT, VALUE_STRING, "python-requests/2.32");
	fixture_set(x, FIELD_RESULT_TYPE, VALUE_STRING, "0");
}

static inline void
fixture_context(struct fixture *x)
{
	struct context_window *ip = &x->context.ip, *user = &x->context.user;
	x->context.outcome = OUTCOME_SUCCESS;
	*ip = (struct context_window){.present = true, .distinct_exact = true, .key = "203.0.113.7", .window_ms = 600000,
	    .attempts = 97, .failures = 96, .successes = 1, .distinct = 46, .failed = 46, .successful = 1, .strangers = 45,
	    .stranger_ratio = 45, .first_ms = INT64_C(1795377063000), .last_ms = INT64_C(1795377598000),
	    .codes = {{50126, 90}, {50053, 6}}, .code_count = 2};
	*user = (struct context_window){.present = true, .distinct_exact = true, .key = "user46@contoso.example",
	    .window_ms = 600000, .attempts = 3, .failures = 2, .successes = 1, .distinct = 1, .distinct_asns = 1,
	    .first_ms = INT64_C(1795377160000), .last_ms = INT64_C(1795377598000), .codes = {{50126, 2}}, .code_count = 1};
	snprintf(x->context.names.sample[0], CONTEXT_NAME_SIZE, "user1@contoso.example");
	snprintf(x->context.names.sample[1], CONTEXT_NAME_SIZE, "user2@contoso.example");
	x->context.names.sample_count = 2;
	snprintf(x->context.names.compromised[0], CONTEXT_NAME_SIZE, "user46@contoso.example");
	x->context.names.compromised_count = 1;
}

static inline void
fixture_rule(struct fixture *x)
{
	x->tags[0] = "attack.t1110.003";
	x->group_by[0] = (struct rule_field){"ipAddress", FIELD_IP_ADDRESS, NULL, 0};
	x->dedup_by[0] = (struct rule_field){"src.ip", -1, NULL, 0};
	x->terms[0] = (struct rule_term){"many_users", 1};
	x->terms[1] = (struct rule_term){"success_after_failures", 1};
	x->columns[0] = (struct rule_column){"_messageTime", "_messageTime", -1, COLUMN_MESSAGE_TIME};
	x->columns[1] = (struct rule_column){"user", "userPrincipalName", FIELD_USER_PRINCIPAL_NAME, COLUMN_FIELD};
	x->columns[2] = (struct rule_column){"src_ip", "ipAddress", FIELD_IP_ADDRESS, COLUMN_FIELD};
	x->columns[3] = (struct rule_column){"threat_score", "threat_score", -1, COLUMN_THREAT_SCORE};
	x->base = (struct rule){.id = "entra-failed-sign-in", .title = "Failed sign-in", .tags = x->tags,
	    .references = x->references};
	x->bases[0].rule = &x->base;
	x->correlation = (struct correlation){.type = CORRELATION_VALUE_COUNT, .type_name = "value_count", .feeds = x->bases,
	    .feed_count = 1, .group_by = x->group_by, .group_count = 1, .timespan_ms = 600000,
	    .range = {.ops = RANGE_GTE, .gte = 10}};
	x->rule = (struct rule){.id = "spray-ip-distinct-users", .title = "Password spray", .author = "picketd",
	    .confidence = "high", .runbook_url = "https://runbooks.example/spray", .tags = x->tags,
	    .references = x->references, .version = 3, .level = LEVEL_HIGH, .columns = x->columns, .column_count = 4,
	    .dedup_by = x->dedup_by, .dedup_count = 1, .terms = x->terms, .term_count = 2, .correlation = &x->correlation};
}

static inline void
fixture_init(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	fixture_event(x);
	fixture_context(x);
	fixture_rule(x);
	x->reasons[0] = (struct match_reason){"window_spray", "window.ip.failed_users", STR("46")};
	x->finding = (struct finding){.rule = &x->rule, .kind = FINDING_TRIGGER, .event = &x->event, .score = 2, .terms = 3,
	    .reasons = x->reasons, .reason_count = 1, .context = &x->context,
	    .group = {{"ipAddress", STR("203.0.113.7")}}, .group_count = 1, .timespan_ms = 600000, .value = 46,
	    .threshold = 10, .evidence_total = 97};
}

/* An alert of a plain rule about event number n, with so many points. */
static inline struct alert *
fixture_plain(struct fixture *x, unsigned n, int score)
{
	static const struct alert_producer producer = {"1.0.0", "det-1", "sha256:9f2c01d4"};
	fixture_init(x);
	snprintf(x->id, sizeof(x->id), "SignInLogs/%u", n);
	x->event.id = str_of(x->id);
	x->event.event_ms += (int64_t)n * 1000;
	x->rule.correlation = NULL;
	x->finding.group_count = 0;
	x->terms[0].add = score;
	x->finding.terms = 1;
	x->finding.score = score;
	struct alert *a = alert_build(&x->finding, &producer, NULL);
	ck_assert_ptr_nonnull(a);
	return a;
}

static inline struct alert *
fixture_alert(struct fixture *x)
{
	static const struct alert_producer producer = {"1.0.0", "det-1", "sha256:9f2c01d4"};
	struct alert *a = alert_build(&x->finding, &producer, NULL);
	ck_assert_ptr_nonnull(a);
	return a;
}

#endif
