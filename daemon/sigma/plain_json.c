#include "sigma/plain_json.h"

#include <string.h>

#include "sigma/fold.h"

bool
plain_json_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c > 0 && strchr(" -./:@_", c));
}

static uint32_t
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	uint32_t letter = (uint32_t)(c | 0x20) - 'a';
	return letter < 6 ? letter + 10 : 0;
}

static bool
stands_for_plain(uint32_t c)
{
	uint32_t folded = fold_char(c);
	return folded < 0x80 && plain_json_char((unsigned char)folded);
}

/* *at is behind a backslash; moves behind the escape. */
static bool
escape_is_plain(struct str text, size_t *at)
{
	char kind = *at < text.len ? text.p[*at] : '"';
	++*at;
	if (kind != 'u')
		return kind != '/';
	if (text.len - *at < 4)
		return false;
	uint32_t c = 0;
	for (int i = 0; i < 4; i++)
		c = c << 4 | hex_digit(text.p[(*at)++]);
	return !stands_for_plain(c);
}

static bool
escapes_are_plain(struct str text)
{
	for (size_t at = 0; at < text.len;) {
		const char *slash = memchr(text.p + at, '\\', text.len - at);
		if (!slash)
			return true;
		at = (size_t)(slash - text.p) + 1;
		if (!escape_is_plain(text, &at))
			return false;
	}
	return true;
}

static bool
is_ascii(struct str text)
{
	uint64_t high = 0, word;
	size_t i = 0;
	for (; i + 8 <= text.len; i += 8) {
		memcpy(&word, text.p + i, 8);
		high |= word;
	}
	for (; i < text.len; i++)
		high |= (uint8_t)text.p[i];
	return !(high & UINT64_C(0x8080808080808080));
}

/* By the first byte, which is rare even where texts are not in English. */
static bool
has_sequence(struct str text, struct str sequence)
{
	for (const char *at = text.p, *end = text.p + text.len; at < end; at++) {
		at = memchr(at, sequence.p[0], (size_t)(end - at));
		if (!at)
			return false;
		if (str_starts(str_make(at, (size_t)(end - at)), sequence))
			return true;
	}
	return false;
}

/* The long s and the Kelvin sign are all that folds to ASCII from beyond it. */
static bool
has_far_letter(struct str text)
{
	return has_sequence(text, STR("\xC5\xBF")) || has_sequence(text, STR("\xE2\x84\xAA"));
}

bool
plain_json(struct str text)
{
	return escapes_are_plain(text) && (is_ascii(text) || !has_far_letter(text));
}
