#include "sigma/fold.h"

#include <string.h>

struct fold_range {
	uint32_t first, last, step;
	int32_t delta;
};

static const struct fold_range ranges[] = {
#define X(first, last, step, delta) {first, last, step, delta},
#include "sigma/fold.def"
#undef X
};

uint32_t
fold_char(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c > ranges[mid].last)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == sizeof(ranges) / sizeof(ranges[0]) || c < ranges[low].first ||
	    (c - ranges[low].first) % ranges[low].step)
		return c;
	return (uint32_t)((int32_t)c + ranges[low].delta);
}

size_t
fold_char_len(const char *p, size_t n)
{
	uint8_t lead = (uint8_t)p[0];
	size_t len = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
	if (len > n)
		return 1;
	for (size_t i = 1; i < len; i++) {
		if (((uint8_t)p[i] & 0xC0) != 0x80)
			return 1;
	}
	return len;
}

static uint32_t
char_read(const char *p, size_t len)
{
	uint32_t c = (uint8_t)p[0] & (0xFFu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3F);
	return c;
}

static size_t
char_write(uint32_t c, char out[4])
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	if (len == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (size_t i = len; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	out[0] = (char)((0xF00u >> len & 0xFF) | c);
	return len;
}

/* Lower case of eight ASCII bytes at once: 0x20 is added to each byte from A to Z. */
static uint64_t
lower_eight(uint64_t word)
{
	uint64_t above = word + UINT64_C(0x3F3F3F3F3F3F3F3F); /* high bit: byte >= 'A' */
	uint64_t behind = word + UINT64_C(0x2525252525252525); /* high bit: byte > 'Z' */
	return word | ((above & ~behind & UINT64_C(0x8080808080808080)) >> 2);
}

/* The ASCII beginning of text; returns its length. */
static size_t
fold_ascii(struct str text, char *out)
{
	size_t i = 0;
	for (; i + 8 <= text.len; i += 8) {
		uint64_t word;
		memcpy(&word, text.p + i, 8);
		if (word & UINT64_C(0x8080808080808080))
			break;
		word = lower_eight(word);
		memcpy(out + i, &word, 8);
	}
	for (; i < text.len && !((uint8_t)text.p[i] & 0x80); i++)
		out[i] = (char)fold_char((uint8_t)text.p[i]);
	return i;
}

size_t
fold_text(struct str text, char *out, size_t size)
{
	size_t used = 0;
	while (text.len > 0) {
		struct str head = {text.p, text.len < size - used ? text.len : size - used};
		size_t ascii = fold_ascii(head, out + used);
		used += ascii;
		text = str_make(text.p + ascii, text.len - ascii);
		if (text.len == 0 || used == size)
			break;
		size_t len = fold_char_len(text.p, text.len), folded_len = 1;
		char folded[4] = {text.p[0]};
		if (len > 1)
			folded_len = char_write(fold_char(char_read(text.p, len)), folded);
		if (folded_len > size - used)
			break;
		memcpy(out + used, folded, folded_len);
		used += folded_len;
		text = str_make(text.p + len, text.len - len);
	}
	return used;
}
