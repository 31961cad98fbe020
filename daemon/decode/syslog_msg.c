#include "decode/syslog_msg.h"

#include "base/timestamp.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str
drop(struct str s, size_t n)
{
	return str_make(s.p + n, s.len - n);
}

static struct str
drop_spaces(struct str s)
{
	while (s.len > 0 && (*s.p == ' ' || *s.p == '\t'))
		s = drop(s, 1);
	return s;
}

/* Also the NUL that some senders end a message with. */
static struct str
drop_ending(struct str s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r' || s.p[s.len - 1] == '\0' ||
	    s.p[s.len - 1] == ' '))
		s.len--;
	return s;
}

static struct str
drop_mark(struct str s)
{
	return str_starts(s, STR("\xEF\xBB\xBF")) ? drop(s, 3) : s;
}

static bool
starts_json(struct str s)
{
	return s.len > 0 && (*s.p == '{' || *s.p == '[');
}

/* <0> to <191>; false leaves *s. */
static bool
take_priority(struct str *s)
{
	size_t n = 1;
	unsigned value = 0;

	if (s->len < 3 || *s->p != '<')
		return false;
	while (n < s->len && n <= 3 && is_digit(s->p[n]))
		value = value * 10 + (unsigned)(s->p[n++] - '0');
	if (n == 1 || n >= s->len || s->p[n] != '>' || value > 191)
		return false;
	*s = drop(*s, n + 1);
	return true;
}

/* One word and the space behind it; "-" is no value. */
static struct str
take_header(struct str *s)
{
	struct str word = str_split(s, ' ');

	return str_eq(word, STR("-")) ? str_make(word.p, 0) : word;
}

/* RFC 5424 section 6.3: "-" or [id name="value" ...]..., in a value \" \\ \] are escaped. */
static bool
skip_structured_data(struct str *s)
{
	bool quoted = false;
	size_t i = 0;

	if (s->len > 0 && *s->p == '-') {
		*s = drop(*s, 1);
		return true;
	}
	if (s->len == 0 || *s->p != '[')
		return false;
	for (i = 1; i < s->len; i++) {
		char c = s->p[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == ']' && !(i + 1 < s->len && s->p[i + 1] == '['))
			break;
	}
	if (i >= s->len)
		return false;
	*s = drop(*s, i + 1);
	return true;
}

static bool
is_rfc5424(struct str s)
{
	return s.len > 2 && *s.p >= '1' && *s.p <= '9' && (s.p[1] == ' ' || (is_digit(s.p[1]) && s.p[2] == ' '));
}

static const char *
parse_rfc5424(struct str s, struct syslog_msg *out)
{
	take_header(&s); /* version */
	struct str time = take_header(&s);
	out->has_time = timestamp_parse(time, &out->time_ms);
	out->host = take_header(&s);
	out->app = take_header(&s);
	take_header(&s); /* procid */
	take_header(&s); /* msgid */
	if (!skip_structured_data(&s))
		return "the structured data of the message is broken";
	out->msg = drop_mark(drop_spaces(s));
	return NULL;
}

/* RFC 3164 section 4.1: time, host and tag, each as far as it is there. */
static void
parse_rfc3164(struct str s, int64_t now_ms, struct syslog_msg *out)
{
	size_t used = 0;
	struct str rest = s, word;

	if (timestamp_parse_rfc3164(s, now_ms, &out->time_ms, &used)) {
		out->has_time = true;
		rest = drop_spaces(drop(s, used));
	} else { /* rsyslog's RSYSLOG_ForwardFormat has an RFC 3339 time */
		word = str_split(&rest, ' ');
		out->has_time = timestamp_parse(word, &out->time_ms);
		rest = out->has_time ? drop_spaces(rest) : s;
	}
	out->msg = rest;
	if (!out->has_time || starts_json(rest) || str_starts(rest, STR("@cee:")))
		return;
	out->host = str_split(&rest, ' ');
	out->msg = rest = drop_spaces(rest);
	if (starts_json(rest) || str_starts(rest, STR("@cee:")))
		return;
	size_t n = 0;
	while (n < rest.len && rest.p[n] != ':' && rest.p[n] != '[' && rest.p[n] != ' ' && rest.p[n] != '{')
		n++;
	out->app = str_make(rest.p, n);
	ptrdiff_t colon = str_find(rest, STR(":"));
	ptrdiff_t brace = str_find(rest, STR("{"));
	if (colon >= 0 && (brace < 0 || colon < brace))
		out->msg = drop_spaces(drop(rest, (size_t)colon + 1));
}

static const char *
find_json(struct syslog_msg *out)
{
	struct str s = out->msg;
	ptrdiff_t cookie = str_find(s, STR("@cee:")), brace = str_find(s, STR("{"));

	if (cookie >= 0 && (brace < 0 || cookie < brace))
		s = drop_spaces(drop(s, (size_t)cookie + strlen("@cee:")));
	else if (!starts_json(s) && brace >= 0)
		s = drop(s, (size_t)brace);
	if (!starts_json(s))
		return "the message carries no JSON object or array";
	out->json = s;
	return NULL;
}

const char *
syslog_msg_parse(struct str text, int64_t now_ms, struct syslog_msg *out)
{
	const char *reason = NULL;
	struct str s = drop_spaces(drop_mark(drop_ending(text)));

	*out = (struct syslog_msg){.msg = s};
	if (s.len == 0)
		return "the message is empty";
	if (starts_json(s)) {
		out->json = s;
		return NULL;
	}
	if (!take_priority(&s))
		out->msg = s;
	else if (is_rfc5424(s))
		reason = parse_rfc5424(s, out);
	else
		parse_rfc3164(s, now_ms, out);
	return reason ? reason : find_json(out);
}
