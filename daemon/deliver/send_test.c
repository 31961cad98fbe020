#include "deliver/send_test.h"

#include <inttypes.h>

#include "alert/notice.h"
#include "base/clock.h"
#include "deliver/request.h"
#include "store/delivery.h"

static int
test_body(const struct target_config *target, const struct alert_producer *producer, const char *id, struct buf *out)
{
	struct notice notice = {.id = id, .code = "test", .detail = "A test from the command line; no action is needed.",
	    .target = target->name};
	struct delivery envelope = {.type = "system.test", .created_ms = clock_wall_ms()};
	struct buf data;
	buf_init(&data, DELIVERY_ENVELOPE_MAX);
	int result = notice_data(&notice, producer, &data);
	envelope.data = data.data;
	envelope.data_len = data.len;
	if (result == 0)
		result = delivery_envelope(&envelope, out);
	buf_fini(&data);
	return result;
}

/* What came back may hold anything: only printable ASCII reaches a terminal. */
static void
print_plain(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(*text == '\n' || (*text >= 0x20 && *text < 0x7F) ? *text : '.', out);
}

static void
print_answer(const struct target_config *target, const struct answer *a, FILE *out)
{
	if (a->status > 0)
		fprintf(out, "%s: HTTP %d in %.3f s (%s)\n", target->name, a->status, a->seconds,
		    a->outcome == ANSWER_ACCEPTED ? "accepted" : outcome_name(a->outcome));
	else
		fprintf(out, "%s: no answer in %.3f s (%s)\n", target->name, a->seconds, outcome_name(a->outcome));
	print_plain(a->status > 0 ? a->body : a->error, out);
	if (a->status <= 0 || a->body[0])
		fputc('\n', out);
}

int
send_test(const struct target_config *target, const struct alert_producer *producer, FILE *out, bool *accepted,
    struct fail *why)
{
	char id[ALERT_ID_SIZE], webhook_id[ALERT_ID_SIZE], now[24];
	struct answer answer;
	int result = -1;
	struct buf body;
	snprintf(now, sizeof(now), "%" PRId64, clock_wall_ms());
	const struct str parts[] = {STR("test/1"), str_of(target->name), str_of(now)};
	alert_make_id(id, "sys_", parts, 3);
	delivery_webhook_id(id, target->name, webhook_id);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fail_set(why, "memory", "no memory for a delivery");
	buf_init(&body, DELIVERY_ENVELOPE_MAX);
	struct request *request = request_new(target, why);
	if (!request)
		goto out;
	CURL *easy = NULL;
	if (test_body(target, producer, id, &body) == 0) {
		struct request_message message = {.webhook_id = webhook_id, .attempt = 1, .body = buf_str(&body)};
		easy = request_begin(request, &message);
	}
	if (!easy) {
		fail_set(why, "memory", "no memory for a delivery");
		goto out;
	}
	request_end(request, curl_easy_perform(easy), &answer);
	print_answer(target, &answer, out);
	*accepted = answer.outcome == ANSWER_ACCEPTED;
	result = 0;
out:
	buf_fini(&body);
	request_free(request);
	curl_global_cleanup();
	return result;
}
