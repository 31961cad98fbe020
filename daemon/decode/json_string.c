#include "decode/json_string.h"

#include "base/codec.h"
#include "decode/json_bytes.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind \u, or -1. */
static int
hex_quad(const char *p, const char *end)
{
	int code = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(p[i]);
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

static bool
is_high_surrogate(int code)
{
	return code >= 0xD800 && code < 0xDC00;
}

static bool
is_low_surrogate(int code)
{
	return code >= 0xDC00 && code < 0xE000;
}

/* p is behind \u and its four digits were code: the low half of the pair, or -1. */
static int
pair_half(const char *p, const char *end)
{
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	int code = hex_quad(p + 2, end);
	return is_low_surrogate(code) ? code : -1;
}

/* p is at a backslash: behind the escape, or NULL when it is none. */
static const char *
escape_end(const char *p, const char *end, unsigned *flags)
{
	if (end - p < 2)
		return NULL;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return p + 2;
	case 'u':
		break;
	default:
		return NULL;
	}
	int code = hex_quad(p + 2, end);
	if (code < 0)
		return NULL;
	p += 6;
	if (is_high_surrogate(code) && pair_half(p, end) >= 0)
		return p + 6;
	if (code >= 0xD800 && code < 0xE000)
		*flags |= JSON_LONE;
	return p;
}

const char *
json_string_end(const char *p, const char *end, unsigned *flags, const char **bad)
{
	bool high = false;

	*flags = 0;
	for (;;) {
		p = json_bytes_special(p, end, &high);
		if (p == end || *p != '\\')
			break;
		const char *next = escape_end(p, end, flags);
		if (!next)
			break;
		*flags |= JSON_ESCAPED;
		p = next;
	}
	if (high)
		*flags |= JSON_HIGH;
	if (p < end && *p == '"')
		return p;
	*bad = p;
	return NULL;
}

int
json_utf8_step(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char low = 0x80, high = 0xBF; /* bounds of the second byte: Unicode table 3-7 */
	int length;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return -1;
	length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (s[0] == 0xE0)
		low = 0xA0;
	else if (s[0] == 0xED)
		high = 0x9F;
	else if (s[0] == 0xF0)
		low = 0x90;
	else if (s[0] == 0xF4)
		high = 0x8F;
	for (int i = 1; i < length; i++) {
		if (end - p <= i || s[i] < low || s[i] > high)
			return -i;
		low = 0x80;
		high = 0xBF;
	}
	return length;
}

static char *
put_code(char *out, int code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xC0 | (code >> 6));
		*out++ = (char)(0x80 | (code & 0x3F));
	} else if (code < 0x10000) {
		*out++ = (char)(0xE0 | (code >> 12));
		*out++ = (char)(0x80 | ((code >> 6) & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	} else {
		*out++ = (char)(0xF0 | (code >> 18));
		*out++ = (char)(0x80 | ((code >> 12) & 0x3F));
		*out++ = (char)(0x80 | ((code >> 6) & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	}
	return out;
}

/* *p is at a backslash; moves it behind the escape. The text was checked. */
static int
take_escape(const char **p, const char *end)
{
	static const char names[] = "bfnrt", codes[] = "\b\f\n\r\t";
	char c = (*p)[1];

	*p += 2;
	if (c != 'u') {
		const char *name = strchr(names, c);
		return name ? codes[name - names] : c;
	}
	int code = hex_quad(*p, end);
	*p += 4;
	if (is_high_surrogate(code)) {
		int low = pair_half(*p, end);
		if (low < 0)
			return 0xFFFD;
		*p += 6;
		return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	return is_low_surrogate(code) ? 0xFFFD : code;
}

/* One character that is no escape, repaired. */
static char *
put_utf8(char *out, const char **p, const char *end)
{
	int step = json_utf8_step(*p, end);

	if (step < 0) {
		*p -= step;
		return put_code(out, 0xFFFD);
	}
	memcpy(out, *p, (size_t)step);
	*p += step;
	return out + step;
}

struct str
json_string_decode(struct arena *arena, struct str raw, unsigned flags, bool *replaced)
{
	bool broken = (flags & JSON_HIGH) && !codec_utf8_valid(raw);
	const char *p = raw.p, *end = raw.p + raw.len;

	*replaced |= broken || (flags & JSON_LONE);
	if (!broken && !(flags & JSON_ESCAPED))
		return raw;
	char *text = arena_alloc(arena, broken ? raw.len * 3 : raw.len);
	if (!text)
		return (struct str){NULL, 0};
	char *out = text;
	while (p < end) {
		bool high = false;
		const char *plain = json_bytes_special(p, end, &high);
		if (broken && high) {
			while (p < plain)
				out = put_utf8(out, &p, plain);
		} else if (plain > p) {
			memcpy(out, p, (size_t)(plain - p));
			out += plain - p;
			p = plain;
		}
		if (p < end)
			out = put_code(out, take_escape(&p, end));
	}
	return str_make(text, (size_t)(out - text));
}

/* p is at an opening quote of a valid text. */
static const char *
quoted_end(const char *p, const char *end, unsigned *flags)
{
	const char *bad, *close = json_string_end(p + 1, end, flags, &bad);

	return close ? close + 1 : end;
}

struct str
json_compact(struct arena *arena, struct str text)
{
	const char *p = text.p, *end = text.p + text.len;
	unsigned flags;
	char *copy = NULL, *out = NULL;

	while (p < end) {
		const char *from = p;
		p = *p == '"' ? quoted_end(p, end, &flags) : p + 1;
		if (json_is_space(*from)) {
			if (copy)
				continue;
			copy = out = arena_alloc(arena, text.len);
			if (!copy)
				return (struct str){NULL, 0};
			memcpy(out, text.p, (size_t)(from - text.p));
			out += from - text.p;
		} else if (copy) {
			memcpy(out, from, (size_t)(p - from));
			out += p - from;
		}
	}
	return copy ? str_make(copy, (size_t)(out - copy)) : text;
}

static char *
put_shortest(char *out, int code)
{
	static const char hex[] = "0123456789abcdef", names[] = "bfnrt", codes[] = "\b\f\n\r\t";

	if (code == '"' || code == '\\') {
		*out++ = '\\';
		*out++ = (char)code;
		return out;
	}
	if (code >= 0x20)
		return put_code(out, code);
	const char *known = code ? strchr(codes, code) : NULL;
	*out++ = '\\';
	if (known) {
		*out++ = names[known - codes];
		return out;
	}
	memcpy(out, "u00", 3);
	out[3] = hex[code >> 4 & 15];
	out[4] = hex[code & 15];
	return out + 5;
}

/* The string between p and close with its shortest escapes; never longer, but for repaired bytes. */
static char *
put_string(char *out, const char *p, const char *close)
{
	while (p < close) {
		if (*p == '\\')
			out = put_shortest(out, take_escape(&p, close));
		else
			out = put_utf8(out, &p, close);
	}
	return out;
}

struct str
json_canonical(struct arena *arena, struct str text)
{
	const char *p = text.p, *end = text.p + text.len;
	bool escaped = memchr(text.p, '\\', text.len) != NULL, valid = codec_utf8_valid(text);
	unsigned flags;

	if (!escaped && valid)
		return json_compact(arena, text);
	char *copy = arena_alloc(arena, valid ? text.len : text.len * 3), *out = copy;
	if (!copy)
		return (struct str){NULL, 0};
	while (p < end) {
		const char *from = p;
		if (*p == '"') {
			p = quoted_end(p, end, &flags);
			*out++ = '"';
			out = put_string(out, from + 1, p - 1);
			*out++ = '"';
		} else {
			p++;
			if (!json_is_space(*from))
				*out++ = *from;
		}
	}
	return str_make(copy, (size_t)(out - copy));
}
