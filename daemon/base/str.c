#include "base/str.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* Longer numbers are refused: no sender writes them, and the copy for strtod stays on the stack. */
enum { NUMBER_MAX = 400 };

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static unsigned char
fold(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common > 0 ? memcmp(a.p, b.p, common) : 0;
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	    (suffix.len == 0 || memcmp(s.p + (s.len - suffix.len), suffix.p, suffix.len) == 0);
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return -1;
	const char *hit = memmem(s.p, s.len, needle.p, needle.len);
	return hit ? hit - s.p : -1;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

struct str
str_split(struct str *rest, char sep)
{
	struct str piece = *rest;
	const char *hit = rest->len > 0 ? memchr(rest->p, sep, rest->len) : NULL;
	if (!hit) {
		if (rest->p)
			rest->p += rest->len;
		rest->len = 0;
		return piece;
	}
	piece.len = (size_t)(hit - rest->p);
	rest->p = hit + 1;
	rest->len -= piece.len + 1;
	return piece;
}

bool
str_to_i64(struct str s, int64_t *out)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	size_t i = negative;
	if (i == s.len)
		return false;
	/* Summed below zero: INT64_MIN has no positive twin. */
	int64_t value = 0;
	for (; i < s.len; i++) {
		if (!is_digit(s.p[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, s.p[i] - '0', &value))
			return false;
	}
	if (!negative) {
		if (value == INT64_MIN)
			return false;
		value = -value;
	}
	*out = value;
	return true;
}

static size_t
skip_digits(struct str s, size_t i)
{
	while (i < s.len && is_digit(s.p[i]))
		i++;
	return i;
}

/* RFC 8259 section 6. */
static bool
is_json_number(struct str s)
{
	size_t i = s.len > 0 && s.p[0] == '-' ? 1 : 0;
	size_t whole = i;
	i = skip_digits(s, i);
	if (i == whole || (s.p[whole] == '0' && i > whole + 1))
		return false;
	if (i < s.len && s.p[i] == '.') {
		size_t fraction = i + 1;
		i = skip_digits(s, fraction);
		if (i == fraction)
			return false;
	}
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.len && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		size_t exponent = i;
		i = skip_digits(s, exponent);
		if (i == exponent)
			return false;
	}
	return i == s.len;
}

static void
make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool
str_to_double(struct str s, double *out)
{
	char text[NUMBER_MAX + 1];
	if (s.len > NUMBER_MAX || !is_json_number(s))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	pthread_once(&c_locale_once, make_c_locale);
	if (!c_locale)
		return false;
	double value = strtod_l(text, NULL, c_locale);
	if (!isfinite(value))
		return false;
	*out = value;
	return true;
}
