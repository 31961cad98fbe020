#include "store/delivery.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"

const char *
dead_reason_name(enum dead_reason reason)
{
	static const char *const names[DEAD_REASONS] = {
	    [DEAD_EXPIRED] = "expired", [DEAD_REFUSED] = "refused", [DEAD_TOO_LARGE] = "too_large", [DEAD_OVERFLOW] = "overflow"};
	return (unsigned)reason < DEAD_REASONS ? names[reason] : "unknown";
}

void
delivery_free(struct delivery *d)
{
	if (!d)
		return;
	mem_free(d->data);
	mem_free(d);
}

int
delivery_envelope(const struct delivery *d, struct buf *out)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(d->created_ms, time);
	if (buf_addf(out, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"seq\":%" PRId64 ",\"data\":", d->type, time, d->seq) < 0 ||
	    buf_add(out, d->data, d->data_len) < 0)
		return -1;
	return buf_add(out, "}", 1);
}

void
delivery_webhook_id(const char *alert_id, const char *target, char *out)
{
	const struct str parts[] = {STR("msg/1"), str_of(alert_id), str_of(target)};
	alert_make_id(out, "msg_", parts, 3);
}
