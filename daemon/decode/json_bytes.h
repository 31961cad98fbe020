/* The two byte searches on which the speed of reading JSON rests, with SSE2
 * where the machine has it. The portable forms are always there: they finish
 * the last bytes, and tests hold both equal. Pure; no byte at or behind end
 * is read. */
#ifndef DECODE_JSON_BYTES_H
#define DECODE_JSON_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline const char *
json_bytes_special_portable(const char *p, const char *end, bool *high)
{
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high |= c >= 0x80;
	}
	return p;
}

/* Inside a string: the first quote, backslash or control byte, or end. Sets *high when a byte
 * before it is not ASCII. */
static inline const char *
json_bytes_special(const char *p, const char *end, bool *high)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
	while (end - p >= 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash)),
		    _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
		unsigned stops = (unsigned)_mm_movemask_epi8(stop), highs = (unsigned)_mm_movemask_epi8(block);
		if (stops) {
			unsigned n = (unsigned)__builtin_ctz(stops);
			*high |= (highs & ((1U << n) - 1)) != 0;
			return p + n;
		}
		*high |= highs != 0;
		p += 16;
	}
#endif
	return json_bytes_special_portable(p, end, high);
}

static inline const char *
json_bytes_bracket_portable(const char *p, const char *end)
{
	/* '[' and '{', ']' and '}' differ in one bit */
	for (; p < end; p++)
		if (*p == '"' || (*p | 0x20) == '{' || (*p | 0x20) == '}')
			break;
	return p;
}

/* Outside strings: the first quote or bracket of either kind, or end. */
static inline const char *
json_bytes_bracket(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
	const __m128i bit = _mm_set1_epi8(0x20);
	while (end - p >= 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)p), folded = _mm_or_si128(block, bit);
		__m128i stop = _mm_or_si128(_mm_cmpeq_epi8(block, quote),
		    _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close)));
		unsigned stops = (unsigned)_mm_movemask_epi8(stop);
		if (stops)
			return p + __builtin_ctz(stops);
		p += 16;
	}
#endif
	return json_bytes_bracket_portable(p, end);
}

static inline bool
json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *
json_skip_space(const char *p, const char *end)
{
	while (p < end && json_is_space(*p))
		p++;
	return p;
}

#endif
