/* The one line that people see first: the rule, the account, the source, and
 * for a burst by address how many accounts it touched. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alert/document.h"
#include "alert/json_value.h"
#include "base/buf.h"
#include "base/codec.h"
#include "detect/identity.h"

enum { TITLE_MAX = 200, NAME_MAX = 120 };

/* Adds at most max bytes of s, whole characters without control characters. */
static void
add_plain(struct buf *out, struct str s, size_t max)
{
	size_t begin = out->len, end = begin;
	while (s.len > 0) {
		size_t skip = codec_control_len(s), step = skip ? skip : 1;
		if (!skip && (out->len - begin >= max || buf_add(out, s.p, 1) < 0))
			break;
		s = str_make(s.p + step, s.len - step);
		if (!skip && (s.len == 0 || ((unsigned char)s.p[0] & 0xC0) != 0x80))
			end = out->len; /* a character is complete */
	}
	out->len = end;
}

static bool
grouped_by_ip(const struct finding *f)
{
	for (unsigned i = 0; i < f->group_count; i++) {
		if (str_eq_nocase(str_of(f->group[i].field), STR("ipAddress")))
			return true;
	}
	return false;
}

static void
add_counts(struct buf *out, const struct context_window *w)
{
	char text[96];
	uint32_t users = w->distinct, hits = w->successes;
	snprintf(text, sizeof(text), ": %" PRIu32 " user%s, %" PRIu32 " success%s", users, users == 1 ? "" : "s",
	    hits, hits == 1 ? "" : "es");
	add_plain(out, str_of(text), sizeof(text));
}

json_t *
document_title(const struct finding *f)
{
	struct buf title, clean;
	struct str user = identity_user_shown(f->event), ip = str_trim(event_text(f->event, FIELD_IP_ADDRESS));
	bool burst = grouped_by_ip(f);
	buf_init(&title, TITLE_MAX * 4);
	buf_init(&clean, TITLE_MAX + 8);
	add_plain(&title, str_of(f->rule->title), NAME_MAX);
	if (user.len > 0 && !burst) {
		add_plain(&title, STR(": "), 2);
		add_plain(&title, user, 80);
	}
	if (ip.len > 0) { /* a rule's title may say "from" already */
		bool says_from = str_find(str_of(f->rule->title), STR(" from ")) >= 0;
		add_plain(&title, says_from ? STR(" (") : STR(" from "), 6);
		add_plain(&title, ip, 46);
		add_plain(&title, says_from ? STR(")") : STR(""), 1);
	}
	if (burst && f->context && f->context->ip.present)
		add_counts(&title, &f->context->ip);
	add_plain(&clean, buf_str(&title), TITLE_MAX);
	json_t *text = json_text(buf_str(&clean));
	buf_fini(&title);
	buf_fini(&clean);
	return text;
}
