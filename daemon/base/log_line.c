#include "base/log_line.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/fail.h"

enum { VALUE_MAX = 1024 };

static const char *const level_names[] = {"crit", "err", "warn", "notice", "info", "debug"};

/* The value of a tag as valid UTF-8, cut; in memory of out. */
static struct str
value_text(const struct log_tag *tag, struct buf *out)
{
	char text[VALUE_MAX];
	struct str value = tag->text;
	buf_clear(out);
	if (tag->type == LOG_TAG_INT) {
		int n = snprintf(text, sizeof text, "%lld", (long long)tag->number);
		value = str_make(text, (size_t)n);
	} else if (tag->type == LOG_TAG_FAIL) {
		fail_print(tag->fail, text, sizeof text);
		value = str_of(text);
	} else if (tag->type == LOG_TAG_SECRET) {
		value = STR("***");
	}
	if (value.len > VALUE_MAX) {
		value.len = VALUE_MAX;
		while (value.len > 0 && ((unsigned char)value.p[value.len] & 0xC0) == 0x80)
			value.len--;
	}
	return codec_utf8_repair(value, out) == 0 ? buf_str(out) : STR("?");
}

/* As in a JSON string: also DEL and the C1 controls, which a terminal obeys. */
static int
add_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned char next = i + 1 < s.len ? (unsigned char)s.p[i + 1] : 0;
		int failed;
		if (c == '"' || c == '\\')
			failed = buf_addf(out, "\\%c", c);
		else if (c == '\n')
			failed = buf_add_str(out, STR("\\n"));
		else if (c < 0x20 || c == 0x7F)
			failed = buf_addf(out, "\\u%04x", c);
		else if (c == 0xC2 && next >= 0x80 && next < 0xA0)
			failed = buf_addf(out, "\\u%04x", (unsigned)s.p[++i] & 0xFFU);
		else
			failed = buf_add(out, &s.p[i], 1);
		if (failed)
			return -1;
	}
	return 0;
}

static int
add_quoted(struct buf *out, struct str s)
{
	if (buf_add(out, "\"", 1) != 0 || add_escaped(out, s) != 0)
		return -1;
	return buf_add(out, "\"", 1);
}

static bool
is_bare(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= 0x20 || c >= 0x7F || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return s.len > 0;
}

static int
add_pair_logfmt(struct buf *out, const char *key, struct str value)
{
	if (buf_addf(out, " %s=", key) != 0)
		return -1;
	return is_bare(value) ? buf_add_str(out, value) : add_quoted(out, value);
}

/* A tag that does not fit is taken back whole. */
static void
undo(struct buf *out, size_t len)
{
	out->len = len;
	if (out->data)
		out->data[len] = '\0';
}

void
log_line_logfmt(const struct log_line *line, struct buf *out)
{
	char time[CLOCK_TEXT_SIZE];
	struct buf value;
	buf_init(&value, 4 * VALUE_MAX);
	clock_text(line->wall_ms, time);
	if (buf_addf(out, "time=%s level=%s", time, level_names[line->level]) != 0 ||
	    add_pair_logfmt(out, "msg", str_of(line->message)) != 0)
		goto out;
	for (const struct log_tag *tag = line->tags; tag->key; tag++) {
		size_t before = out->len;
		if (add_pair_logfmt(out, tag->key, value_text(tag, &value)) != 0)
			undo(out, before);
	}
out:
	buf_fini(&value);
}

void
log_line_json(const struct log_line *line, struct buf *out)
{
	char time[CLOCK_TEXT_SIZE];
	struct buf value;
	buf_init(&value, 4 * VALUE_MAX);
	clock_text(line->wall_ms, time);
	if (buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time, level_names[line->level]) != 0 ||
	    add_quoted(out, str_of(line->message)) != 0)
		goto out;
	for (const struct log_tag *tag = line->tags; tag->key; tag++) {
		size_t before = out->len;
		struct str text = value_text(tag, &value);
		int failed = buf_addf(out, ",\"%s\":", tag->key);
		if (!failed)
			failed = tag->type == LOG_TAG_INT ? buf_add_str(out, text) : add_quoted(out, text);
		/* The closing brace keeps its place. */
		if (failed || buf_reserve(out, 1) != 0)
			undo(out, before);
	}
out:
	if (buf_add(out, "}", 1) != 0)
		buf_clear(out);
	buf_fini(&value);
}

static void
add_key(struct buf *out, const char *key)
{
	for (const char *p = key; *p; p++) {
		char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
		if (buf_add(out, &c, 1) != 0)
			return;
	}
}

/* Ends the field that started at `from`; its memory may still move, so the place is kept as an offset. */
static int
end_field(const struct buf *out, size_t from, struct iovec fields[], size_t offsets[], int n)
{
	offsets[n] = from;
	fields[n].iov_len = out->len - from;
	return n + 1;
}

/* The id of a kind of event follows from its constant message, so that it is the same in every build. */
static int
add_identity(const struct log_line *line, struct buf *out, struct iovec fields[], size_t offsets[])
{
	static const int priorities[] = {2, 3, 4, 5, 6, 7};
	uint8_t digest[SHA256_SIZE];
	char id[2 * SHA256_SIZE + 1];
	const char *file = strstr(line->file, "daemon/");
	int n = 0;
	size_t from = out->len;
	codec_sha256(str_of(line->message), digest);
	codec_hex(digest, 16, id);
	if (buf_addf(out, "MESSAGE=%s", line->message) == 0)
		n = end_field(out, from, fields, offsets, n);
	from = out->len;
	if (buf_addf(out, "PRIORITY=%d", priorities[line->level]) == 0)
		n = end_field(out, from, fields, offsets, n);
	from = out->len;
	if (buf_addf(out, "MESSAGE_ID=%s", id) == 0)
		n = end_field(out, from, fields, offsets, n);
	from = out->len;
	if (buf_addf(out, "CODE_FILE=%s", file ? file : line->file) == 0)
		n = end_field(out, from, fields, offsets, n);
	from = out->len;
	if (buf_addf(out, "CODE_LINE=%d", line->line) == 0)
		n = end_field(out, from, fields, offsets, n);
	from = out->len;
	if (buf_addf(out, "SYSLOG_IDENTIFIER=picketd") == 0)
		n = end_field(out, from, fields, offsets, n);
	from = out->len;
	if (buf_addf(out, "PICKETD_EVENT=%s", line->message) == 0) {
		for (size_t i = from; i < out->len; i++)
			if (out->data[i] == ' ')
				out->data[i] = '_';
		n = end_field(out, from, fields, offsets, n);
	}
	return n;
}

int
log_line_journal(const struct log_line *line, struct buf *out, struct iovec fields[LOG_FIELDS_MAX])
{
	size_t offsets[LOG_FIELDS_MAX];
	struct buf value;
	buf_init(&value, 4 * VALUE_MAX);
	int n = add_identity(line, out, fields, offsets);
	for (const struct log_tag *tag = line->tags; tag->key && n < LOG_FIELDS_MAX; tag++) {
		size_t from = out->len;
		if (buf_add_str(out, STR("PICKETD_")) != 0)
			break;
		add_key(out, tag->key);
		if (buf_add(out, "=", 1) != 0 || add_escaped(out, value_text(tag, &value)) != 0) {
			undo(out, from);
			break;
		}
		n = end_field(out, from, fields, offsets, n);
	}
	for (int i = 0; i < n; i++)
		fields[i].iov_base = out->data + offsets[i];
	buf_fini(&value);
	return n;
}
