/* base64, UTF-8 and numbers over any bytes: decoding is the inverse of
 * encoding, a repaired text is well-formed and needs no second repair, a
 * number is what the C library reads. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "fuzz/fuzz.h"

static void
check_base64(struct str text)
{
	uint8_t *out = malloc(text.len / 4 * 3 + 1);
	char *back = malloc(text.len + 5);
	if (!out || !back)
		abort();
	ptrdiff_t n = codec_base64_decode(text, out, text.len / 4 * 3);
	if (n >= 0) {
		codec_base64(out, (size_t)n, back);
		if (!str_eq(str_of(back), text))
			abort();
	}
	free(out);
	free(back);
}

static void
check_utf8(struct str text)
{
	struct buf once, twice;
	buf_init(&once, 3 * text.len);
	buf_init(&twice, 3 * text.len);
	if (codec_utf8_repair(text, &once) != 0 || codec_utf8_repair(buf_str(&once), &twice) != 0)
		abort();
	if (!codec_utf8_valid(buf_str(&once)) || !str_eq(buf_str(&once), buf_str(&twice)) ||
	    codec_utf8_valid(text) != str_eq(text, buf_str(&once)))
		abort();
	buf_fini(&once);
	buf_fini(&twice);
}

static void
check_numbers(struct str text)
{
	int64_t whole;
	double number;
	char *end, *copy = strndup(text.p, text.len);
	if (!copy)
		abort();
	if (str_to_i64(text, &whole) && (whole != strtoll(copy, &end, 10) || *end))
		abort();
	if (str_to_double(text, &number) && (!isfinite(number) || number < strtod(copy, &end) ||
	                                        number > strtod(copy, &end) || *end))
		abort();
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	check_base64(text);
	check_utf8(text);
	check_numbers(text);
	return 0;
}
