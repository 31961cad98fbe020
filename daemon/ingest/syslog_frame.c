#include "ingest/syslog_frame.h"

#include <string.h>

enum { COUNT_DIGITS_MAX = 9 };

void
syslog_frame_init(struct syslog_frame *f, enum framing_config framing, size_t max_frame)
{
	*f = (struct syslog_frame){.framing = framing, .max_frame = max_frame, .state = FRAME_START};
}

static bool
is_filler(char ch)
{
	return ch == '\n' || ch == '\r' || ch == '\0';
}

/* MSG-LEN SP (RFC 6587 section 3.4.1): its length and value. 0: more bytes are needed; -1: not a count. */
static int
read_count(struct str in, size_t *value)
{
	size_t n = 0;
	size_t count = 0;
	for (; n < in.len && in.p[n] >= '0' && in.p[n] <= '9'; n++) {
		if (n >= COUNT_DIGITS_MAX || (n == 0 && in.p[n] == '0'))
			return -1;
		count = count * 10 + (size_t)(in.p[n] - '0');
	}
	if (n == in.len)
		return 0;
	if (n == 0 || in.p[n] != ' ')
		return -1;
	*value = count;
	return (int)n + 1;
}

/* As rsyslog and syslog-ng do: a number and a space in front is a count. */
static enum framing_config
detect(struct str in)
{
	size_t value = 0;
	int n = read_count(in, &value);
	return n < 0 ? FRAMING_LF : n > 0 ? FRAMING_OCTET : FRAMING_AUTO;
}

static enum frame_result
fail(const char **reason, const char *text)
{
	*reason = text;
	return FRAME_ERROR;
}

static struct str
trim_end(struct str s)
{
	while (s.len && is_filler(s.p[s.len - 1]))
		s.len--;
	return s;
}

static enum frame_result
skip_octets(struct syslog_frame *f, struct str in, size_t *used)
{
	size_t n = in.len - *used < f->remaining ? in.len - *used : f->remaining;
	f->remaining -= n;
	*used += n;
	if (f->remaining == 0)
		f->state = FRAME_START;
	return FRAME_MORE;
}

static enum frame_result
start_octets(struct syslog_frame *f, struct str in, size_t *used, const char **reason)
{
	while (*used < in.len && is_filler(in.p[*used]))
		++*used;
	size_t value = 0;
	int n = read_count(str_make(in.p + *used, in.len - *used), &value);
	if (n < 0) {
		f->state = FRAME_BROKEN;
		return fail(reason, "bad_count");
	}
	if (n == 0)
		return FRAME_MORE;
	*used += (size_t)n;
	f->remaining = value;
	f->state = value > f->max_frame ? FRAME_SKIP : FRAME_BODY;
	return value > f->max_frame ? fail(reason, "too_long") : FRAME_TEXT;
}

static enum frame_result
next_octets(struct syslog_frame *f, struct str in, size_t *used, struct str *frame, const char **reason)
{
	for (;;) {
		if (f->state == FRAME_SKIP)
			skip_octets(f, in, used);
		if (f->state == FRAME_START) {
			enum frame_result r = start_octets(f, in, used, reason);
			if (r != FRAME_TEXT)
				return r;
		}
		if (f->state == FRAME_SKIP || in.len - *used < f->remaining)
			return FRAME_MORE;
		*frame = trim_end(str_make(in.p + *used, f->remaining));
		*used += f->remaining;
		f->state = FRAME_START;
		if (frame->len)
			return FRAME_TEXT;
	}
}

/* The unused input starts a line; scanned bytes of it hold no LF. */
static enum frame_result
next_line(struct syslog_frame *f, struct str in, size_t *used, struct str *frame, const char **reason)
{
	for (;;) {
		const char *from = in.p + *used + f->scanned;
		size_t left = in.len - *used - f->scanned;
		const char *lf = left ? memchr(from, '\n', left) : NULL;
		size_t len = lf ? (size_t)(lf - in.p) - *used : in.len - *used;
		bool skipping = f->state == FRAME_SKIP;
		/* One more for the CR, so that a part and the whole are judged alike. */
		bool too_long = !skipping && len > f->max_frame + 1;
		if (lf || skipping || too_long) {
			struct str text = trim_end(str_make(in.p + *used, len));
			*used += len + (lf ? 1 : 0);
			f->scanned = 0;
			f->state = lf ? FRAME_START : FRAME_SKIP;
			if (too_long || (lf && !skipping && text.len > f->max_frame))
				return fail(reason, "too_long");
			if (!lf)
				return FRAME_MORE;
			if (!skipping && text.len) {
				*frame = text;
				return FRAME_TEXT;
			}
			continue;
		}
		f->scanned = len;
		return FRAME_MORE;
	}
}

enum frame_result
syslog_frame_next(struct syslog_frame *f, struct str in, size_t *used, struct str *frame, const char **reason)
{
	*used = 0;
	*frame = str_make(in.p, 0);
	*reason = NULL;
	if (f->state == FRAME_BROKEN)
		return fail(reason, "bad_count");
	if (in.len == 0)
		return FRAME_MORE;
	if (f->framing == FRAMING_AUTO)
		f->framing = detect(in);
	if (f->framing == FRAMING_AUTO)
		return FRAME_MORE;
	if (f->framing == FRAMING_OCTET)
		return next_octets(f, in, used, frame, reason);
	return next_line(f, in, used, frame, reason);
}

enum frame_result
syslog_frame_end(struct syslog_frame *f, struct str in, struct str *frame, const char **reason)
{
	*frame = str_make(in.p, 0);
	*reason = NULL;
	if (f->state == FRAME_BROKEN || (f->state == FRAME_SKIP && f->framing == FRAMING_LF))
		return FRAME_MORE; /* was reported */
	bool inside = f->state == FRAME_BODY || f->state == FRAME_SKIP;
	if (f->framing == FRAMING_OCTET)
		return inside || in.len ? fail(reason, "truncated") : FRAME_MORE;
	struct str text = trim_end(in);
	if (text.len == 0)
		return FRAME_MORE;
	if (text.len > f->max_frame)
		return fail(reason, "too_long");
	*frame = text;
	return FRAME_TEXT;
}
