/* The part of codec.h that needs no library: UTF-8 and CRC32C. */
#include <pthread.h>

#include "base/codec.h"

/* Unicode 15, table 3-7: the range of the second byte depends on the first.
 * Returns the length of the sequence at p, or 0 when it is ill-formed; then
 * *bad is the length of the maximal subpart (at least 1). */
static size_t
utf8_step(const unsigned char *p, size_t n, size_t *bad)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t want;
	*bad = 1;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	want = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (p[0] == 0xE0)
		low = 0xA0;
	else if (p[0] == 0xED)
		high = 0x9F;
	else if (p[0] == 0xF0)
		low = 0x90;
	else if (p[0] == 0xF4)
		high = 0x8F;
	for (size_t i = 1; i < want; i++) {
		if (i == n || p[i] < low || p[i] > high)
			return 0;
		*bad = i + 1;
		low = 0x80;
		high = 0xBF;
	}
	return want;
}

/* Length of the well-formed start of s. */
static size_t
utf8_span(const unsigned char *p, size_t n, size_t *bad)
{
	size_t i = 0;
	*bad = 0;
	while (i < n) {
		uint64_t word;
		if (n - i >= sizeof word) {
			memcpy(&word, p + i, sizeof word);
			if ((word & 0x8080808080808080U) == 0) {
				i += sizeof word;
				continue;
			}
		}
		size_t step = utf8_step(p + i, n - i, bad);
		if (step == 0)
			return i;
		i += step;
	}
	return i;
}

bool
codec_utf8_valid(struct str s)
{
	size_t bad;
	return utf8_span((const unsigned char *)s.p, s.len, &bad) == s.len;
}

int
codec_utf8_repair(struct str s, struct buf *out)
{
	size_t before = out->len;
	while (s.len > 0) {
		size_t bad, good = utf8_span((const unsigned char *)s.p, s.len, &bad);
		if (buf_add(out, s.p, good) != 0)
			goto full;
		s = str_make(s.p + good, s.len - good);
		if (s.len == 0)
			break;
		if (buf_add(out, "\xEF\xBF\xBD", 3) != 0)
			goto full;
		s = str_make(s.p + bad, s.len - bad);
	}
	return 0;
full:
	out->len = before;
	if (out->data)
		out->data[before] = '\0';
	return -1;
}

/* Slicing by eight: table[k][b] is the remainder of byte b followed by k zero bytes. */
static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void
make_table(void)
{
	uint32_t const polynomial = 0x82F63B78; /* RFC 3720 appendix B.4, reflected */
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t r = b;
		for (int bit = 0; bit < 8; bit++)
			r = r >> 1 ^ (r & 1 ? polynomial : 0);
		table[0][b] = r;
	}
	for (int k = 1; k < 8; k++)
		for (int b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
}

uint32_t
codec_crc32c(uint32_t crc, const void *data, size_t n)
{
	const unsigned char *p = data;
	pthread_once(&table_once, make_table);
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = table[7][crc & 255] ^ table[6][crc >> 8 & 255] ^ table[5][crc >> 16 & 255] ^
		    table[4][crc >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	for (; n > 0; n--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
	return ~crc;
}

size_t
codec_control_len(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	if (s.len == 0)
		return 0;
	if (p[0] < 0x20 || p[0] == 0x7F)
		return 1;
	if (s.len >= 2 && p[0] == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0)
		return 2;
	if (s.len < 3 || p[0] != 0xE2)
		return 0;
	if (p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE)))
		return 3;
	return p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9 ? 3 : 0;
}
