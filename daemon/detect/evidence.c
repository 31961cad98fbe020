#include "detect/evidence.h"

#include "base/codec.h"
#include "base/inet.h"
#include "detect/identity.h"

struct detail_table *
evidence_new(uint64_t memory_bytes)
{
	struct detail_options options = {memory_bytes, sizeof(struct evidence), EVIDENCE_KEPT};
	return detail_table_new(&options);
}

const struct evidence *
evidence_of(struct evidence_current *current)
{
	const struct event *e = current->event;
	struct evidence *out = &current->item;
	uint8_t digest[SHA256_SIZE];
	if (current->ready)
		return out;
	struct str ip = str_trim(event_text(e, FIELD_IP_ADDRESS));
	struct inet address;
	identity_cut(e->id, out->event_id, sizeof(out->event_id));
	identity_cut(identity_user_shown(e), out->user, sizeof(out->user));
	if (inet_parse(ip, &address))
		inet_text(&address, out->ip);
	else
		identity_cut(ip, out->ip, sizeof(out->ip));
	out->time_ms = e->event_ms;
	out->code = current->code;
	codec_sha256(e->raw, digest);
	codec_hex(digest, sizeof(digest), out->sha256);
	current->ready = true;
	return out;
}

void
evidence_note(struct detail_table *t, uint64_t key, const struct evidence *item, int64_t forget_ms)
{
	struct detail *d = detail_enter(t, key, true);
	if (!d)
		return;
	const struct evidence *kept;
	uint32_t cursor = 0;
	for (unsigned i = 0; (kept = detail_next(t, d, &cursor));) {
		if (kept->time_ms >= forget_ms) {
			i++;
			continue;
		}
		detail_drop(t, d, i);
		cursor = 0; /* from the start: at most EVIDENCE_KEPT times */
		i = 0;
	}
	if (detail_count(d) == EVIDENCE_KEPT)
		detail_drop(t, d, EVIDENCE_FIRST);
	struct evidence *place = detail_add(t, d, 0);
	if (place)
		*place = *item;
	detail_leave(t, d);
}

unsigned
evidence_read(struct detail_table *t, const struct evidence_question *q, struct evidence out[EVIDENCE_MAX])
{
	unsigned n = 0;
	struct detail *d = detail_enter(t, q->key, false);
	const struct evidence *kept;
	uint32_t cursor = 0;
	while (d && n < EVIDENCE_KEPT && (kept = detail_next(t, d, &cursor))) {
		if (kept->time_ms < q->forget_ms || strcmp(kept->event_id, q->last->event_id) == 0)
			continue;
		unsigned at = n++;
		for (; at > 0 && out[at - 1].time_ms > kept->time_ms; at--)
			out[at] = out[at - 1];
		out[at] = *kept;
	}
	detail_leave(t, d);
	out[n++] = *q->last;
	return n;
}
