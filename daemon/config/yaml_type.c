/* Types of plain scalars: YAML 1.2.2 section 10.3.2, core schema. */
#include <math.h>
#include <stdlib.h>

#include "config/yaml.h"

static bool
plain(const struct yaml_node *n)
{
	return n && n->kind == YAML_SCALAR && n->plain;
}

static bool
one_of(struct str text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(text, str_of(words[i])))
			return true;
	return false;
}

bool
yaml_is_null(const struct yaml_node *n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	return !n || (plain(n) && one_of(n->text, words, sizeof(words) / sizeof(*words)));
}

bool
yaml_as_bool(const struct yaml_node *n, bool *out)
{
	static const char *const yes[] = {"true", "True", "TRUE"}, *const no[] = {"false", "False", "FALSE"};
	if (!plain(n))
		return false;
	bool is_true = one_of(n->text, yes, 3);
	if (!is_true && !one_of(n->text, no, 3))
		return false;
	*out = is_true;
	return true;
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* digits in base, at least one, up to max. */
static bool
read_digits(struct str text, unsigned base, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)digit_value(text.p[i]);
		if (digit >= base || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*out = value;
	return true;
}

bool
yaml_as_int(const struct yaml_node *n, int64_t *out)
{
	if (!plain(n))
		return false;
	struct str text = n->text;
	uint64_t value;
	unsigned base = str_starts(text, STR("0x")) ? 16 : str_starts(text, STR("0o")) ? 8 : 10;
	if (base != 10) {
		if (!read_digits(str_make(text.p + 2, text.len - 2), base, INT64_MAX, &value))
			return false;
		*out = (int64_t)value;
		return true;
	}
	bool negative = text.len > 0 && text.p[0] == '-';
	if (negative || (text.len > 0 && text.p[0] == '+'))
		text = str_make(text.p + 1, text.len - 1);
	if (!read_digits(text, 10, (uint64_t)INT64_MAX + (negative ? 1 : 0), &value))
		return false;
	*out = negative ? (int64_t)(~value + 1) : (int64_t)value;
	return true;
}

static size_t
skip_digits(struct str text, size_t at)
{
	while (at < text.len && text.p[at] >= '0' && text.p[at] <= '9')
		at++;
	return at;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
is_float(struct str text)
{
	size_t at = 0, digits;
	if (at < text.len && (text.p[at] == '-' || text.p[at] == '+'))
		at++;
	size_t end = skip_digits(text, at);
	digits = end - at;
	at = end;
	if (at < text.len && text.p[at] == '.') {
		end = skip_digits(text, at + 1);
		digits += end - at - 1;
		at = end;
	}
	if (digits == 0)
		return false;
	if (at < text.len && (text.p[at] == 'e' || text.p[at] == 'E')) {
		at++;
		if (at < text.len && (text.p[at] == '-' || text.p[at] == '+'))
			at++;
		end = skip_digits(text, at);
		if (end == at)
			return false;
		at = end;
	}
	return at == text.len;
}

bool
yaml_as_double(const struct yaml_node *n, double *out)
{
	int64_t integer;
	if (yaml_as_int(n, &integer)) {
		*out = (double)integer;
		return true;
	}
	/* The text is NUL-terminated and is_float lets no byte through but digits, sign, point and e; the daemon
	 * runs in the C locale, where strtod reads exactly these. */
	if (!plain(n) || !is_float(n->text))
		return false;
	double value = strtod(n->text.p, NULL);
	if (!isfinite(value))
		return false;
	*out = value;
	return true;
}

bool
yaml_is_text(const struct yaml_node *n)
{
	bool boolean;
	double number;
	if (!n || n->kind != YAML_SCALAR)
		return false;
	return !n->plain || !(yaml_is_null(n) || yaml_as_bool(n, &boolean) || yaml_as_double(n, &number));
}
