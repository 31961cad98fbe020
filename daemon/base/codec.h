/* Encodings and digests over byte slices. Pure; any thread. Digests and HMAC
 * by OpenSSL. Output sizes are said at each call; nothing allocates. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { SHA256_SIZE = 32 };
void codec_sha256(struct str data, uint8_t out[SHA256_SIZE]);
void codec_hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_SIZE]);
/* Incremental SHA-256 over several pieces. */
void codec_sha256_pieces(const struct str *pieces, size_t n, uint8_t out[SHA256_SIZE]);
/* Lower-case hex, 2n characters and NUL. */
void codec_hex(const uint8_t *p, size_t n, char *out);
/* RFC 4648 section 4, with padding. Encoded size is 4*((n+2)/3), plus NUL. */
void codec_base64(const uint8_t *p, size_t n, char *out);
/* Strict; -1 on a bad character, length or padding, or when out_size is short; else bytes written. */
ptrdiff_t codec_base64_decode(struct str text, uint8_t *out, size_t out_size);
/* Well-formed per RFC 3629 (no surrogates, no overlong, up to U+10FFFF). */
bool codec_utf8_valid(struct str s);
/* Writes s with each ill-formed maximal subpart as U+FFFD. */
int codec_utf8_repair(struct str s, struct buf *out) __attribute__((warn_unused_result));
/* Bytes of the character that s begins with, if it is none to print: C0, DEL, C1, line and paragraph separators, and
 * what turns the direction of text; else 0. */
size_t codec_control_len(struct str s);
/* Time depends on n only. */
bool codec_equal_const(const void *a, const void *b, size_t n);
/* Netstring "len:bytes,". */
int codec_netstring(struct buf *out, struct str s) __attribute__((warn_unused_result));
uint32_t codec_crc32c(uint32_t crc, const void *p, size_t n);

#endif
