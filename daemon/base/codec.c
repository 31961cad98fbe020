/* The one-piece SHA256_* calls of OpenSSL neither allocate nor fail, which the
 * EVP interface cannot promise; a digest here has no way to report either. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/codec.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

enum { SHA256_BLOCK = 64 };

void
codec_sha256_pieces(const struct str *pieces, size_t n, uint8_t out[SHA256_SIZE])
{
	SHA256_CTX state;
	SHA256_Init(&state);
	for (size_t i = 0; i < n; i++)
		SHA256_Update(&state, pieces[i].p, pieces[i].len);
	SHA256_Final(out, &state);
}

void
codec_sha256(struct str data, uint8_t out[SHA256_SIZE])
{
	codec_sha256_pieces(&data, 1, out);
}

/* RFC 2104. */
void
codec_hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_SIZE])
{
	uint8_t pad[SHA256_BLOCK] = {0}, inner[SHA256_SIZE];
	if (key.len > SHA256_BLOCK)
		codec_sha256(key, pad);
	else if (key.len > 0)
		memcpy(pad, key.p, key.len);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	codec_sha256_pieces((struct str[]){str_make((const char *)pad, sizeof pad), data}, 2, inner);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5C;
	codec_sha256_pieces(
	    (struct str[]){str_make((const char *)pad, sizeof pad), str_make((const char *)inner, sizeof inner)}, 2, out);
	OPENSSL_cleanse(pad, sizeof pad);
}

void
codec_hex(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

void
codec_base64(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t bits = (uint32_t)p[i] << 16;
		if (left > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

ptrdiff_t
codec_base64_decode(struct str text, uint8_t *out, size_t out_size)
{
	if (text.len % 4 != 0)
		return -1;
	size_t padding = 0;
	while (padding < 2 && text.len > padding && text.p[text.len - 1 - padding] == '=')
		padding++;
	size_t digits = text.len - padding, size = text.len / 4 * 3 - padding;
	if (size > out_size)
		return -1;
	uint32_t bits = 0;
	unsigned have = 0; /* bits not yet written */
	size_t written = 0;
	for (size_t i = 0; i < digits; i++) {
		int digit = base64_digit(text.p[i]);
		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[written++] = (uint8_t)(bits >> have);
		}
	}
	/* Section 3.5: bits behind the last byte must be zero, so that one text stands for one value. */
	return (bits & ((1U << have) - 1)) == 0 ? (ptrdiff_t)written : -1;
}

bool
codec_equal_const(const void *a, const void *b, size_t n)
{
	return n == 0 || CRYPTO_memcmp(a, b, n) == 0;
}

int
codec_netstring(struct buf *out, struct str s)
{
	size_t before = out->len;
	if (buf_addf(out, "%zu:", s.len) == 0 && buf_add_str(out, s) == 0 && buf_add(out, ",", 1) == 0)
		return 0;
	out->len = before;
	if (out->data)
		out->data[before] = '\0';
	return -1;
}
